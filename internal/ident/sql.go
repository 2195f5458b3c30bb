package ident

// Scan reads the 20-byte form, or the canonical text, and refuses everything
// else with [ErrID], NULL included: it implements sql.Scanner. What writes an ID
// to a database is pseudonymsql.Column.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case []byte:
		if len(v) == IDSize {
			return id.UnmarshalBinary(v)
		}
		return id.UnmarshalText(v)
	case string:
		return id.UnmarshalText([]byte(v))
	}
	return ErrID
}
