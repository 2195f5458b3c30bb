package audited

// Encode returns the canonical form of a row, for tests.
func Encode(p *Row) []byte { return p.encode() }
