package accounting

import (
	"errors"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// ErrProbability is returned for a probability outside its range.
var ErrProbability = errors.New("accounting: a probability is at least 1e-300 and below 1")

// PowerForMu bounds how often a test can be right, under mu-GDP, that one person
// is in the data, when it may be wrong with probability alarms for data without
// them:
//
//	Phi(mu + Phi^-1(alarms)),
//
// rounded up by less than 1e-11 of it. Gaussian noise itself reaches it. It is 1
// minus the trade-off function of Dong, Roth and Su (2022), definition 2.6. Mu is
// above 0 and at most [MaxMu], else [ErrMu]; alarms are in [1e-300, 1), else
// [ErrProbability].
func PowerForMu(alarms float64, mu Mu) (float64, error) {
	if !(mu > 0 && mu <= MaxMu) {
		return 0, ErrMu
	}
	z, _, err := tailBetween(alarms)
	if err != nil {
		return 0, err
	}
	_, hi := exact.Tail(z.Sub(z, new(big.Rat).SetFloat64(float64(mu))))
	return math.Min(1, exact.FloatUp(hi)), nil
}

// AlarmsForMu inverts [PowerForMu]: a test that is right with probability power
// about data with the person is wrong about data without them at least that often,
//
//	Phi(Phi^-1(power) - mu),
//
// rounded down by less than 1e-11 of it, and to 0 below 1e-300. The range of power
// is that of alarms.
func AlarmsForMu(power float64, mu Mu) (float64, error) {
	if !(mu > 0 && mu <= MaxMu) {
		return 0, ErrMu
	}
	_, z, err := tailBetween(power)
	if err != nil {
		return 0, err
	}
	lo, _ := exact.Tail(z.Add(z, new(big.Rat).SetFloat64(float64(mu))))
	a := exact.FloatDown(lo)
	if a < 1e-300 {
		return 0, nil
	}
	return a, nil
}

// tailBetween encloses the z with Q(z) = q: Q(lo) >= q >= Q(hi).
func tailBetween(q float64) (lo, hi *big.Rat, err error) {
	if !(q >= 1e-300 && q < 1) {
		return nil, nil, ErrProbability
	}
	target := new(big.Rat).SetFloat64(q)
	if q > 0.5 { // Q(-z) = 1 - Q(z): take the tail that is small
		target.Sub(big.NewRat(1, 1), target)
		lo, hi, err = smallTailBetween(target)
		if err != nil {
			return nil, nil, err
		}
		return hi.Neg(hi), lo.Neg(lo), nil
	}
	return smallTailBetween(target)
}

// smallTailBetween is tailBetween for a target of at most 1/2.
func smallTailBetween(target *big.Rat) (lo, hi *big.Rat, err error) {
	q, _ := target.Float64()
	z := tailGuess(q)
	// One Newton step on Q, whose derivative is minus the density.
	_, up := exact.Tail(new(big.Rat).SetFloat64(z))
	z += exact.FloatUp(up.Sub(up, target)) * math.Sqrt(2*math.Pi) * math.Exp(z*z/2)
	at := func(slack float64) *big.Rat { return new(big.Rat).SetFloat64(z + (z+1e-7)*slack) }
	for slack := 0x1p-48; ; slack *= 2 {
		lo = at(-slack)
		if q, _ := exact.Tail(lo); q.Cmp(target) >= 0 {
			break
		}
		if slack > 1 {
			return nil, nil, ErrRange
		}
	}
	for slack := 0x1p-48; ; slack *= 2 {
		hi = at(slack)
		if _, q := exact.Tail(hi); q.Cmp(target) <= 0 {
			return lo, hi, nil
		}
		if slack > 1 {
			return nil, nil, ErrRange
		}
	}
}
