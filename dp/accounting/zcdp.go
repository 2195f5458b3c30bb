package accounting

import (
	"errors"
	"math"

	"github.com/discreet-go/discreet/internal/envelope"
)

// Rho is the parameter of zero-concentrated differential privacy (zCDP). Rho
// composes by addition, also adaptively. It is the currency for mechanisms that
// are not Gaussian DP at a good price: exponential mechanisms, discrete Gaussians.
// The functions on it work in floats, with a slack that covers their rounding.
type Rho float64

// MaxRho is the largest rho that conversions accept.
const MaxRho Rho = 512

// ErrRho is returned for a rho outside its range.
var ErrRho = errors.New("accounting: rho is a number above 0 and at most 512")

// zcdpSlack is the relative slack of conversions: a sum of five terms, each with
// an error of some 2^-52 of its size.
const zcdpSlack = 1e-12

// RhoOfMu returns the rho of a Gaussian release that is mu-GDP: mu^2/2. It is not
// true of every mu-GDP mechanism, only of Gaussian noise and its post-processing.
// Mu is above 0 and at most [MaxMu], else [ErrMu].
func RhoOfMu(mu Mu) (Rho, error) {
	if !(mu > 0 && mu <= MaxMu) {
		return 0, ErrMu
	}
	return Rho(mu) * Rho(mu) / 2 * (1 + 0x1p-51), nil
}

// RhoOfPure returns the rho of an epsilon-DP mechanism: epsilon^2/2. Source: Bun
// and Steinke (2016), proposition 1.4. Epsilon is in [MinEpsilon, MaxEpsilon], else
// [ErrEpsilon].
func RhoOfPure(epsilon float64) (Rho, error) {
	if !envelope.Epsilon(epsilon) {
		return 0, ErrEpsilon
	}
	return Rho(epsilon * epsilon / 2 * (1 + 0x1p-51)), nil
}

// RhoOfBoundedRange returns the rho of a mechanism of bounded range epsilon, such
// as the exponential mechanism that is epsilon-DP or better: epsilon^2/8. Source:
// Cesar and Rogers (2021), lemma 3. Errors as [RhoOfPure].
func RhoOfBoundedRange(epsilon float64) (Rho, error) {
	rho, err := RhoOfPure(epsilon)
	return rho / 4, err // exact
}

// EpsilonForRho returns an epsilon, rounded up, such that rho-zCDP implies
// (epsilon, delta)-DP, for delta in [1e-300, 0.5]: the least over a > 1 of
//
//	a rho + (ln(1/delta) + a ln(1 - 1/a) - ln(a-1)) / (a-1)
//
// and 0 if that is negative. Every a gives a valid epsilon, so that the search may
// be inexact. Source: Canonne, Kamath and Steinke (2020), proposition 12.
func EpsilonForRho(rho Rho, delta float64) (float64, error) {
	if !(rho > 0 && rho <= MaxRho) {
		return 0, ErrRho
	}
	if !(delta >= minSolveDelta && delta <= maxSolveDelta) {
		return 0, ErrDelta
	}
	return zcdpEpsilon(float64(rho), delta), nil
}

// RhoFor returns the largest rho, rounded down by less than 1e-8 of it, such that
// rho-zCDP implies the target. The range is that of [MuFor].
func RhoFor(t Target) (Rho, error) {
	if !envelope.Epsilon(t.Epsilon) {
		return 0, ErrEpsilon
	}
	if !(t.Delta >= minSolveDelta && t.Delta <= maxSolveDelta) {
		return 0, ErrDelta
	}
	lo, hi := math.Log(1e-30), math.Log(float64(MaxRho))
	if zcdpEpsilon(math.Exp(lo), t.Delta) > t.Epsilon {
		return 0, ErrRange
	}
	for hi-lo > 1e-11 {
		mid := (lo + hi) / 2
		if zcdpEpsilon(math.Exp(mid), t.Delta) <= t.Epsilon {
			lo = mid
		} else {
			hi = mid
		}
	}
	return Rho(math.Exp(lo)), nil
}

// zcdpEpsilon searches the least value over l = ln(a-1), in which it falls and
// then rises.
func zcdpEpsilon(rho, delta float64) float64 {
	at := func(l float64) float64 {
		b := math.Exp(l) // a - 1
		a := 1 + b
		terms := [4]float64{a * rho, -math.Log(delta) / b, -a / b * math.Log1p(1/b), -l / b}
		var sum, size float64
		for _, x := range terms {
			sum, size = sum+x, size+math.Abs(x)
		}
		return sum + size*zcdpSlack
	}
	const ratio = 0.6180339887498949
	lo, hi := math.Log(1e-3), math.Log(1e18)
	x, y := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fx, fy := at(x), at(y)
	for range 90 {
		if fx < fy {
			hi, y, fy = y, x, fx
			x = hi - ratio*(hi-lo)
			fx = at(x)
		} else {
			lo, x, fx = x, y, fy
			y = lo + ratio*(hi-lo)
			fy = at(y)
		}
	}
	return math.Max(0, math.Min(fx, fy))
}
