package mustfail

import (
	"encoding"

	"github.com/discreet-go/discreet/pseudonym"
)

// A Link cannot be read back from storage.
var _ encoding.TextUnmarshaler = (*pseudonym.Link)(nil) // want: missing method UnmarshalText
