package audit_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/audit"
)

// TestSupportsEqual enumerates the outputs of a selection of one key: a person who alone
// holds it, and one who holds it with others.
func TestSupportsEqual(t *testing.T) {
	target := accounting.Target{Epsilon: 1, Delta: 1e-3}
	rule, err := accounting.OptimalSelection(target, 1)
	if err != nil {
		t.Fatal(err)
	}
	delta := new(big.Rat).SetFloat64(target.Delta)
	outputs := func(keep *big.Rat) map[bool]*big.Rat {
		out := map[bool]*big.Rat{}
		if stay := new(big.Rat).Sub(big.NewRat(1, 1), keep); stay.Sign() > 0 {
			out[false] = stay
		}
		if keep.Sign() > 0 {
			out[true] = keep
		}
		return out
	}
	for n := int64(1); n <= rule.Sure(); n++ {
		if err := audit.SupportsEqual(outputs(rule.Keep(n)), outputs(rule.Keep(n-1)), delta); err != nil {
			t.Errorf("%d people: %v", n, err)
		}
	}
	always := outputs(big.NewRat(1, 1)) // a rule that forgets its threshold
	if err := audit.SupportsEqual(always, outputs(rule.Keep(0)), delta); !errors.Is(err, audit.ErrSupport) {
		t.Errorf("a key that one person makes appear: %v", err)
	}
	if err := audit.SupportsEqual(outputs(rule.Keep(0)), always, delta); !errors.Is(err, audit.ErrSupport) {
		t.Errorf("the other way round: %v", err)
	}
	if err := audit.SupportsEqual(outputs(rule.Keep(1)), outputs(rule.Keep(0)), nil); !errors.Is(err, audit.ErrSupport) {
		t.Errorf("delta where none is allowed: %v", err)
	}
	for _, bad := range []map[bool]*big.Rat{nil, {true: big.NewRat(1, 2)}, {true: nil}, {true: big.NewRat(3, 2), false: big.NewRat(-1, 2)}} {
		if err := audit.SupportsEqual(bad, always, delta); !errors.Is(err, audit.ErrFit) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
