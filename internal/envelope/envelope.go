// Package envelope holds the only privacy parameters and contribution bounds
// that budgets, accounts, black boxes and measures accept: one place to look, and
// one to change. What solves equations, as accounting.MuFor does, may be asked
// about more.
package envelope

import "github.com/discreet-go/discreet/internal/loud"

// A smaller epsilon gives noise that no count survives; a larger one, or a
// larger delta, promises nothing worth the name; a smaller delta is beyond what
// the ledger's units resolve with a margin.
const (
	MinEpsilon = 1e-6
	MaxEpsilon = 64
	MinDelta   = 1e-15
	MaxDelta   = 1e-3
)

// Limits of what one person may contribute to one release.
const (
	MaxL0   = 1 << 16 // cells
	MaxLInf = 1 << 20 // in each cell
)

// Epsilon reports whether epsilon lies in the envelope. NaN does not.
func Epsilon(epsilon float64) bool { return epsilon >= MinEpsilon && epsilon <= MaxEpsilon }

// Delta reports whether delta lies in the envelope, for what needs a delta; 0
// and NaN do not. Tests that audit may widen it: see package loud.
func Delta(delta float64) bool { return delta >= MinDelta && delta <= loud.MaxDelta(MaxDelta) }

// Bounds reports whether one person may contribute to l0 cells, at most lInf to
// each. The squared L2 sensitivity, l0*lInf^2, is then at most 2^56, and the sum
// of a cell over 2^42 people fits into 64 bits.
func Bounds(l0, lInf int64) bool { return l0 >= 1 && l0 <= MaxL0 && lInf >= 1 && lInf <= MaxLInf }
