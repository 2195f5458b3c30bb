package pseudonymsql

import (
	"database/sql/driver"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
)

// Column is an ID as a query argument and as a destination of Scan. A column
// that may be NULL is an sql.Null[Column].
type Column struct{ pseudonym.ID }

// Value returns the 20-byte form. The zero ID fails, so that nobody's row is
// never written.
func (c Column) Value() (driver.Value, error) {
	if c.IsZero() {
		return nil, ident.ErrID
	}
	b := c.Bytes()
	return b[:], nil
}

// Scan reads 20 bytes or the canonical 32 characters and refuses everything
// else, NULL included.
func (c *Column) Scan(src any) error { return c.ID.Scan(src) }
