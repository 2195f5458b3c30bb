package proof

import "sync/atomic"

// Charge proves that a loss was charged to an account, durably, for one release.
// Package dp/ledger makes it; it is good for one draw. The zero Charge is
// invalid.
type Charge struct{ c *charge }

type charge struct {
	fields ChargeFields
	taken  atomic.Bool
}

// ChargeFields say what was charged. Losses are in the text form of
// accounting.Units.
type ChargeFields struct {
	Account    string
	Entry      uint64
	Name       string
	Window     int32
	AsOf       int32
	Mu2, Delta string
}

// NewCharge makes a Charge. Package dp/ledger and tests of package dp alone
// call it.
func NewCharge(f ChargeFields) Charge { return Charge{&charge{fields: f}} }

// Is reports whether this is what was charged.
func (c Charge) Is(f ChargeFields) bool { return c.c != nil && c.c.fields == f }

// Take reports true once.
func (c Charge) Take() bool { return c.c != nil && !c.c.taken.Swap(true) }
