package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDefinitionsJSON bounds what ParseDefinitions reads, in bytes.
const maxDefinitionsJSON = 16 << 20

// ParseDefinitions reads a JSON list of definitions:
//
//	[{"name": "runners", "purpose": "personalize", "version": 1,
//	  "title": "Runs regularly",
//	  "all": [{"frequency": {"category": "sports.running", "at_least": 3, "within_days": 30}}]}]
//
// It is strict: an unknown, misspelled or double field, null, or text after the
// list is refused. Categories, and segments that In names, are checked by
// [NewRules], which knows a taxonomy and all definitions. An error says where, by
// byte or by the places of definition and predicate, and which rule, and quotes
// nothing. Errors: [ErrSyntax], [ErrDefinition], [ErrPredicates],
// [ErrPredicate], [ErrWindow], [ErrReference], [ErrUnknown] for no category.
func ParseDefinitions(data []byte) ([]Definition, error) {
	if len(data) > maxDefinitionsJSON {
		return nil, fmt.Errorf("segment: definitions: more than %d bytes: %w", maxDefinitionsJSON, ErrSyntax)
	}
	if err := walkJSON(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var defs []Definition
	if err := dec.Decode(&defs); err != nil {
		return nil, syntax(jsonOffset(dec, err), "not of the documented form")
	}
	for i := range defs {
		if err := defs[i].check(); err != nil {
			return nil, numbered(i, err)
		}
	}
	return defs, nil
}

func syntax(at int64, what string) error {
	return fmt.Errorf("segment: definitions: byte %d: %s: %w", at, what, ErrSyntax)
}

func jsonOffset(dec *json.Decoder, err error) int64 {
	var (
		se *json.SyntaxError
		te *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &se):
		return se.Offset
	case errors.As(err, &te):
		return te.Offset
	}
	return dec.InputOffset()
}

// walkJSON holds what package json lets pass: that the outermost value is one
// list with nothing after it, that no object has a key twice or in another
// spelling, and that nothing is null.
func walkJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var open []map[string]bool // of each open object its keys; nil for a list
	key := false               // the next string is a key
	for first := true; ; first = false {
		tok, err := dec.Token()
		if err == io.EOF && !first {
			return nil
		}
		at := dec.InputOffset()
		switch {
		case err != nil:
			return syntax(jsonOffset(dec, err), "no JSON")
		case tok == nil:
			return syntax(at, "null")
		case first && tok != json.Delim('['):
			return syntax(at, "not a list")
		case !first && len(open) == 0:
			return syntax(at, "text after the list")
		}
		switch v := tok.(type) {
		case json.Delim:
			switch v {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			if len(open) > 8 {
				return syntax(at, "nested too deeply")
			}
		case string:
			if key {
				keys := open[len(open)-1]
				if keys[v] {
					return syntax(at, "a field is given twice")
				}
				if !knownField(v) {
					return syntax(at, "unknown field")
				}
				keys[v] = true
				key = false
				continue
			}
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}

func knownField(name string) bool {
	switch name {
	case "name", "purpose", "version", "title", "all", "any", "none",
		"score", "recency", "frequency", "sum", "unit", "distinct", "subtree", "in",
		"category", "half_life_days", "at_least_milli", "within_days", "at_least", "days", "calendar", "segment":
		return true
	}
	return false
}
