package ingest

import (
	"bytes"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// maxDecimal is the most bytes of an amount.
const maxDecimal = 32

// parseDecimal reads a decimal number, digits with a point among them or none, as
// whole thousandths. It is exact: a sign, an exponent, spaces, more than three places
// that are not zero, and more than segment.MaxAmount are refused.
func parseDecimal(b []byte) (milli int64, ok bool) {
	whole, places, pointed := bytes.Cut(b, []byte("."))
	if len(b) > maxDecimal || !digits(whole) || pointed && !digits(places) {
		return 0, false
	}
	add := func(c byte) bool {
		milli = milli*10 + int64(c-'0')
		return milli <= segment.MaxAmount
	}
	for _, c := range whole {
		if !add(c) {
			return 0, false
		}
	}
	for i := range max(3, len(places)) {
		c := byte('0')
		if i < len(places) {
			c = places[i]
		}
		if i >= 3 {
			if c != '0' {
				return 0, false
			}
			continue
		}
		if !add(c) {
			return 0, false
		}
	}
	return milli, true
}

// amounts reads the columns of amount and unit.
type amounts struct {
	value, unit int    // columns, -1 for none
	fixed       string // unit of every row
}

// amounts returns how to read them; col gives the place of a column.
func (m *Mapping) amounts(col func(name string) int) (amounts, bool) {
	a := amounts{value: col(m.Value), unit: -1}
	if (m.Value == "") != (m.Unit == "") {
		return a, false
	}
	fixed, ok := strings.CutPrefix(m.Unit, "=")
	if !ok {
		a.unit = col(m.Unit)
		return a, true
	}
	a.fixed = fixed
	return a, contrib.ValidUnit(fixed)
}

// read reads the amount of a row; an empty one is none.
func (a *amounts) read(v [][]byte, keep *interner, row *Row) (ok bool) {
	if a.value < 0 || len(v[a.value]) == 0 {
		return true
	}
	if row.Value, ok = parseDecimal(v[a.value]); !ok {
		return false
	}
	if row.Unit = a.fixed; a.unit >= 0 {
		row.Unit = keep.get(v[a.unit])
	}
	return contrib.ValidUnit(row.Unit)
}
