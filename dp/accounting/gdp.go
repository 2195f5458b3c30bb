package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/exact"
)

// Mu is the parameter of Gaussian differential privacy.
type Mu float64

// MaxMu is the largest mu that conversions accept.
const MaxMu Mu = 32

// The range in which [MuFor] solves: wider than the envelope, for tests,
// audits and parts of a budget.
const (
	minSolveDelta = 1e-300
	maxSolveDelta = 0.5
)

// DeltaForMu returns the smallest delta, rounded up by less than 2^-50 of it,
// with which every mu-GDP mechanism is (epsilon, delta)-DP. Epsilon is at least
// 0. Source: Dong, Roth and Su (2022), corollary 1; Balle and Wang (2018),
// theorem 8.
func DeltaForMu(epsilon float64, mu Mu) (float64, error) {
	if !finite(epsilon) || epsilon < 0 {
		return 0, ErrEpsilon
	}
	if !(mu > 0 && mu <= MaxMu) {
		return 0, ErrMu
	}
	d := gdpDelta(epsilon, float64(mu))
	return math.Min(1, exact.FloatUp(d.hi)), nil
}

// enclosure holds delta(epsilon) of mu-GDP between lo and hi. The rest is in
// floats, for Newton steps only: delta/phi(s) and Q(t)/phi(t), where
// s = epsilon/mu - mu/2, t = s + mu, and phi and Q are the normal density and
// upper tail.
type enclosure struct {
	lo, hi       *big.Rat
	gap, millsUp float64
}

// gdpDelta encloses delta(epsilon) = Q(s) - e^epsilon Q(t). Because
// e^epsilon = phi(s)/phi(t), it equals phi(s) (M(s) - M(t)) with Mills ratios M,
// in which the cancellation costs only the digits that log2(1/mu) says, and
// precision is raised until those are there.
func gdpDelta(epsilon, mu float64) enclosure {
	m := new(big.Rat).SetFloat64(mu)
	s := new(big.Rat).SetFloat64(epsilon)
	s.Quo(s, m)
	s.Sub(s, new(big.Rat).Quo(m, big.NewRat(2, 1)))
	t := new(big.Rat).Add(s, m)
	if t.Cmp(big.NewRat(exact.MaxTail, 1)) > 0 {
		// delta is at most Q(s); where s is far out too, Q(MaxTail) bounds that.
		_, hi := exact.Tail(s)
		return enclosure{lo: new(big.Rat), hi: hi, gap: math.Inf(1)}
	}
	for p := uint(128); ; p *= 2 {
		ms, mt, d := exact.Mills(s, p), exact.Mills(t, p), exact.InverseDensity(s, p)
		gap := ms.Sub(mt)
		e := enclosure{lo: new(big.Rat).Quo(gap.Lo(), d.Hi()), hi: new(big.Rat).Quo(gap.Hi(), d.Lo())}
		if exact.Tight(e.lo, e.hi) {
			e.gap, e.millsUp = exact.FloatUp(gap.Hi()), exact.FloatUp(mt.Hi())
			return e
		}
	}
}

// excess returns delta/target - 1 in floats.
func (e enclosure) excess(target *big.Rat) float64 {
	r := new(big.Rat).Quo(e.hi, target)
	return exact.FloatUp(r.Sub(r, big.NewRat(1, 1)))
}

// MuFor returns the largest mu, rounded down by less than 1e-12 of it, such that
// mu-GDP implies the target. It solves for Epsilon in [MinEpsilon, MaxEpsilon]
// and Delta in [1e-300, 0.5], wider than the envelope that [Mu2For] holds.
func MuFor(t Target) (Mu, error) {
	if !envelope.Epsilon(t.Epsilon) {
		return 0, ErrEpsilon
	}
	if !(t.Delta >= minSolveDelta && t.Delta <= maxSolveDelta) {
		return 0, ErrDelta
	}
	target := new(big.Rat).SetFloat64(t.Delta)
	mu := muGuess(t)
	// Newton steps; d delta/d mu = phi(s), so that a step is
	// (delta - target)/phi(s) = gap * (1 - target/delta).
	for range 8 {
		e := gdpDelta(t.Epsilon, mu)
		if e.lo.Sign() == 0 {
			return 0, ErrRange
		}
		x := e.excess(target)
		step := e.gap * x / (1 + x)
		mu -= step
		if math.Abs(step) < 1e-14*mu {
			break
		}
	}
	// Proof: the enclosure's upper end is at most the target. Delta grows with
	// mu, so that any smaller mu would do as well.
	for slack := 0x1p-44; slack < 1; slack *= 2 {
		m := mu * (1 - slack)
		if gdpDelta(t.Epsilon, m).hi.Cmp(target) <= 0 {
			return Mu(m), nil
		}
	}
	return 0, ErrRange
}

// EpsilonForMu returns the smallest epsilon >= 0, rounded up by less than 1e-12
// of it (or of 1e-3, if it is smaller), such that mu-GDP implies
// (epsilon, delta)-DP, for delta in [1e-300, 0.5].
func EpsilonForMu(mu Mu, delta float64) (float64, error) {
	if !(mu > 0 && mu <= MaxMu) {
		return 0, ErrMu
	}
	if !(delta >= minSolveDelta && delta <= maxSolveDelta) {
		return 0, ErrDelta
	}
	target := new(big.Rat).SetFloat64(delta)
	m := float64(mu)
	if gdpDelta(0, m).hi.Cmp(target) <= 0 {
		return 0, nil
	}
	eps := epsilonGuess(m, delta)
	// d delta/d epsilon = -e^epsilon Q(t) = -phi(s) M(t).
	for range 8 {
		e := gdpDelta(eps, m)
		if e.lo.Sign() == 0 {
			return 0, ErrRange
		}
		x := e.excess(target)
		step := e.gap / e.millsUp * x / (1 + x)
		eps = math.Max(0, eps+step)
		if math.Abs(step) < 1e-14*eps {
			break
		}
	}
	for slack := 0x1p-44; slack < 1; slack *= 2 {
		up := eps + math.Max(eps, 1e-3)*slack
		if gdpDelta(up, m).hi.Cmp(target) <= 0 {
			return up, nil
		}
	}
	return 0, ErrRange
}

// Mu2For returns the budget for the target, mu^2 rounded down: everything that
// is charged to it, taken together, is (Epsilon, Delta)-DP. This is the door
// that holds the envelope: [ErrEpsilon], [ErrDelta].
func Mu2For(t Target) (Units, error) {
	if err := t.Check(); err != nil {
		return Units{}, err
	}
	mu, err := MuFor(t)
	if err != nil {
		return Units{}, err
	}
	r := new(big.Rat).SetFloat64(float64(mu))
	return UnitsDown(r.Mul(r, r))
}

// MuUp returns the square root of mu2, rounded up: the mu of everything charged.
func MuUp(mu2 Units) Mu {
	const shift = 128 // so that the root has more bits than a float
	n := new(big.Int).Lsh(mu2.int(), shift)
	root := exact.CeilSqrt(n)
	return Mu(exact.FloatUp(new(big.Rat).SetFrac(root, new(big.Int).Lsh(big.NewInt(1), (unitBits+shift)/2))))
}
