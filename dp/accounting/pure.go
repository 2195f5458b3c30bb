package accounting

import (
	"cmp"
	"context"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/exact"
)

// MuOfPure returns the smallest mu, rounded up by less than 1e-12 of it, such that
// every epsilon-DP mechanism is mu-GDP: what a discrete Laplace release costs in a
// GDP account. It is 2 z with Q(z) = 1/(1 + e^epsilon). Epsilon is in
// [MinEpsilon, MaxEpsilon]. Proof: docs/proofs/gdp-composition.md.
func MuOfPure(epsilon float64) (Mu, error) {
	if !envelope.Epsilon(epsilon) {
		return 0, ErrEpsilon
	}
	// The lower end of 1/(1 + e^epsilon).
	e := exact.Exp(new(big.Rat).SetFloat64(epsilon), 160).Hi()
	target := e.Inv(e.Add(e, big.NewRat(1, 1)))
	z, err := tailAt(target)
	return Mu(2 * z), err
}

// tailAt returns z, rounded up by less than 1e-12 of it, with Q(z) at most the
// target, which lies above 2^-1000 and is at most 1/2.
func tailAt(target *big.Rat) (float64, error) {
	q, _ := target.Float64()
	z := tailGuess(q)
	// One Newton step on Q, whose derivative is minus the density.
	_, hi := exact.Tail(new(big.Rat).SetFloat64(z))
	d := exact.FloatUp(hi.Sub(hi, target))
	z += d * math.Sqrt(2*math.Pi) * math.Exp(z*z/2)
	for slack := 0x1p-48; slack < 1; slack *= 2 {
		up := z + (z+1e-7)*slack
		if _, hi := exact.Tail(new(big.Rat).SetFloat64(up)); hi.Cmp(target) <= 0 {
			return up, nil
		}
	}
	return 0, ErrRange
}

// PureFor returns the largest epsilon, rounded down by less than 1e-9 of it, such
// that count mechanisms that are each epsilon-DP hold the target together, each
// chosen beforehand (the optimal composition of Kairouz, Oh and Viswanath, ICML
// 2015, inverted). Count is at least 1. The result lies in [MinEpsilon,
// MaxEpsilon], else there is [ErrRange]. Cost: some fifty compositions, a
// millisecond each for a count of a thousand. Errors: those of [Target.Check],
// [ErrCount], and of ctx.
func PureFor(ctx context.Context, t Target, count int) (float64, error) {
	if err := t.Check(); err != nil {
		return 0, err
	}
	holds := func(each float64) (bool, error) {
		l, err := Compose([]Mechanism{{Kind: BlackBox, Epsilon: each, Count: count}})
		if err != nil {
			return false, err
		}
		b, err := l.Epsilon(ctx, t.Delta)
		return b.Upper <= t.Epsilon, err
	}
	lo, hi := MinEpsilon, t.Epsilon
	if ok, err := holds(hi); ok || err != nil {
		return hi, err
	}
	if ok, err := holds(lo); !ok || err != nil {
		return 0, cmp.Or(err, ErrRange)
	}
	for hi-lo > 2e-10*lo {
		mid := math.Sqrt(lo * hi)
		ok, err := holds(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// LaplaceThreshold is [Threshold] for discrete Laplace noise of scale b: the
// smallest integer T with
//
//	l0 * q^(T-1)/(1+q) <= delta,   q = e^(-1/b)
//
// where q^k/(1+q) is the probability of noise of at least k >= 1.
func LaplaceThreshold(b *big.Rat, l0 int, delta Units) (int64, error) {
	if err := checkCells(b, l0); err != nil {
		return 0, err
	}
	if delta.IsZero() || delta.Cmp(oneHalf) >= 0 {
		return 0, ErrDelta
	}
	target := new(big.Rat).Quo(delta.Rat(), big.NewRat(int64(l0), 1))
	t, _ := target.Float64()
	s, _ := b.Float64()
	guess := 1 - s*math.Log(t*(1+math.Exp(-1/s)))
	return smallest(math.Max(2, guess), func(t int64) bool {
		return t >= 2 && laplaceTail(b, t-1).Cmp(target) <= 0
	})
}

// LaplaceThresholdDelta returns the delta that threshold t costs, rounded up, and
// at most 1.
func LaplaceThresholdDelta(b *big.Rat, l0 int, t int64) (Units, error) {
	if err := checkCells(b, l0); err != nil {
		return Units{}, err
	}
	q := big.NewRat(1, 1)
	if t >= 2 {
		q = laplaceTail(b, t-1)
		q.Mul(q, big.NewRat(int64(l0), 1))
		if one := big.NewRat(1, 1); q.Cmp(one) > 0 {
			q = one
		}
	}
	return UnitsUp(q)
}

// laplaceTail returns an upper bound of q^k/(1+q), for k >= 1: within 2^-60 of it,
// or below 2^-230.
func laplaceTail(b *big.Rat, k int64) *big.Rat {
	minus := func(n int64) exact.Interval {
		return exact.Exp(new(big.Rat).Quo(big.NewRat(-n, 1), b), 240)
	}
	den := minus(1).Lo()
	den.Add(den, big.NewRat(1, 1))
	top := minus(k).Hi()
	return top.Quo(top, den)
}
