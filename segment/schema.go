package segment

import (
	"bytes"
	_ "embed" // definition.schema.json
)

//go:embed definition.schema.json
var definitionSchema []byte

// DefinitionSchema returns the JSON Schema, draft 2020-12, of what
// [ParseDefinitions] reads, for editors and for checks before a deployment. Its
// description says what the parser refuses beyond it.
func DefinitionSchema() []byte { return bytes.Clone(definitionSchema) }
