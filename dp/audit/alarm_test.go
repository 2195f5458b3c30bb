package audit_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// tight returns mechanisms that use up what they claim, to the last bit, so
// that every bound that is wrong shows as a false alarm.
func tight(t testing.TB) map[string]struct {
	claim         audit.Claim
	with, without audit.Sample
} {
	two := big.NewRat(2, 1)
	s, err := noise.NewScale(two)
	if err != nil {
		t.Fatal(err)
	}
	l, err := noise.NewLaplace(s)
	if err != nil {
		t.Fatal(err)
	}
	laplace := func(cell int64) audit.Sample {
		return floats(func() []float64 {
			cells := []int64{cell}
			if err := l.AddTo(cells); err != nil {
				t.Error(err)
			}
			return []float64{float64(cells[0])}
		})
	}
	response := func(truth float64) audit.Sample { // keeps its answer with probability e/(1+e)
		return floats(func() []float64 {
			if rand.Float64() < 1/(1+math.E) {
				return []float64{1 - truth}
			}
			return []float64{truth}
		})
	}
	box := func(truth float64) audit.Sample { // says the truth with probability 1/20
		return floats(func() []float64 {
			if rand.IntN(20) == 0 {
				return []float64{2 + truth}
			}
			if rand.Float64() < 1/(1+math.E) {
				return []float64{1 - truth}
			}
			return []float64{truth}
		})
	}
	return map[string]struct {
		claim         audit.Claim
		with, without audit.Sample
	}{
		"gaussian":   {audit.Claim{Mu: 1}, gaussian(t, two, 1, 1, 1, 1), gaussian(t, two, 0, 0, 0, 0)},
		"laplace":    {audit.Claim{Epsilon: 0.5}, laplace(1), laplace(0)},
		"response":   {audit.Claim{Epsilon: 1}, response(1), response(0)},
		"delta":      {audit.Claim{Epsilon: 1, Delta: 0.05}, box(1), box(0)},
		"equal":      {audit.Claim{Mu: 0.001}, gaussian(t, two, 5), gaussian(t, two, 5)},
		"sequential": {audit.Claim{Mu: 0.5}, gaussian(t, two, 1), gaussian(t, two, 0)},
	}
}

// TestFalseAlarms audits correct mechanisms at the default alpha of 1e-3 and
// allows 5 alarms in 1,000 audits, as many in the 48 of a short run. If every
// audit were wrong with its full alpha, the short test would fail with
// probability 2e-11 and the long one with 6e-4. Audits are wrong much less
// often, as both ends of an interval must miss in the same audit.
func TestFalseAlarms(t *testing.T) {
	each := 8
	if os.Getenv("DISCREET_LONG") != "" {
		each = 167
	}
	alarms := 0
	for name, m := range tight(t) {
		for range each {
			o := audit.Options{Runs: 2000, Workers: runtime.GOMAXPROCS(0)}
			if name == "sequential" {
				o.Runs, o.Sequential = 3000, true
			}
			if r := run(t, m.claim, m.with, m.without, o); r.Verdict == audit.Violated {
				alarms++
				t.Logf("%s:\n%s", name, r)
			}
		}
	}
	if alarms > 5 {
		t.Errorf("%d false alarms in %d audits", alarms, 6*each)
	}
}

// TestPower holds what Report.Power says: a mechanism whose loss is 10 %
// beyond it is caught. One audit misses with a probability of at most 0.1,
// nine of twelve with 220 * 0.1^9 = 2e-7.
func TestPower(t *testing.T) {
	for name, m := range tight(t) {
		if name == "equal" || name == "delta" || name == "laplace" || name == "sequential" {
			continue
		}
		first := run(t, m.claim, m.with, m.without, audit.Options{Runs: 4000})
		if !(first.Power > m.claim.Mu+m.claim.Epsilon) || math.IsInf(first.Power, 1) {
			t.Errorf("%s: a power of %g", name, first.Power)
			continue
		}
		// The same mechanism, said to leak less: the claim for which its loss
		// lies 10 % beyond what the audit can see, found by bisection.
		lo, hi := 0.0, 1.0
		at := func(f float64) audit.Claim {
			return audit.Claim{Mu: m.claim.Mu * f, Epsilon: m.claim.Epsilon * f, Delta: m.claim.Delta}
		}
		for range 6 {
			mid := (lo + hi) / 2
			r := run(t, at(mid), constant(0), constant(0), audit.Options{Runs: 4000})
			if 1.1*r.Power < m.claim.Mu+m.claim.Epsilon {
				lo = mid
			} else {
				hi = mid
			}
		}
		caught := 0
		for range 12 {
			if run(t, at(lo), m.with, m.without, audit.Options{Runs: 4000}).Verdict == audit.Violated {
				caught++
			}
		}
		if caught <= 3 {
			t.Errorf("%s: claimed %v, caught only %d of 12", name, at(lo), caught)
		}
		t.Logf("%s: a loss of %g is caught beside a claim of %v, %d of 12", name, m.claim.Mu+m.claim.Epsilon, at(lo), caught)
	}
}
