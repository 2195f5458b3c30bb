package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// SparseCut is a histogram of discovered keys, each with a count of at least 1,
// noise on it, and released if the noisy count is at least Cut. One person counts in
// at most L0 keys, with 1 in each. Noise is normal with standard deviation Sigma. For
// rounded noise and an integer threshold T, put T - 1/2: rounding is post-processing.
type SparseCut struct {
	Sigma *big.Rat
	Cut   *big.Rat
	L0    int // at most 4096
}

// SparseDelta returns the smallest delta, rounded up by less than 1e-9 of it, with
// which one such release is (epsilon, delta)-DP: the largest, over the number j of its
// keys that others hold too, of
//
//	1 - q + q delta_j(epsilon - ln q)  and  delta_j(epsilon + ln q),   q = Phi((Cut-1)/Sigma)^(L0-j)
//
// where delta_j is that of mu-GDP with mu = sqrt(j)/Sigma. It is below the sum that
// [Threshold] and [DeltaForMu] give, but it is about one release and does not add up over
// many. Proof: docs/proofs/selection.md. It takes about a millisecond for each of L0.
func SparseDelta(h SparseCut, epsilon float64) (float64, error) {
	if err := checkCells(h.Sigma, h.L0); err != nil {
		return 0, err
	}
	if h.L0 > 4096 || h.Cut == nil {
		return 0, ErrSensitivity
	}
	if !finite(epsilon) || epsilon < 0 || epsilon > MaxEpsilon {
		return 0, ErrEpsilon
	}
	one := big.NewRat(1, 1)
	z := new(big.Rat).Sub(h.Cut, one)
	_, out := exact.Tail(z.Quo(z, h.Sigma)) // that one lone key comes out
	stay := exact.Of(new(big.Rat).Sub(one, out), 400)
	if stay.Lo().Sign() <= 0 {
		return 1, nil
	}
	variance := new(big.Rat).Mul(h.Sigma, h.Sigma)
	worst, power := new(big.Rat), exact.Of(one, 400)
	for j := h.L0; j >= 0; j-- { // power is stay^(L0-j)
		// Both terms fall with q, so that its lower end bounds them.
		q := power.Lo()
		some := new(big.Rat).Sub(one, q)
		least, most := ln(q)
		if j == 0 {
			// The pair is a coin of 1-q against nothing.
			worst = maxRat(worst, some)
			break
		}
		mu := exact.FloatUp(exact.Of(new(big.Rat).Quo(big.NewRat(int64(j), 1), variance), 400).Sqrt().Hi())
		if mu > float64(MaxMu) {
			return 0, ErrMu
		}
		there := deltaUp(math.Nextafter(epsilon-most, 0), mu)
		back := deltaUp(math.Nextafter(epsilon+least, math.Inf(-1)), mu)
		worst = maxRat(worst, some.Add(some, there.Mul(there, q)))
		worst = maxRat(worst, back)
		power = power.Mul(stay)
	}
	return math.Min(1, exact.FloatUp(worst)), nil
}

// deltaUp is an upper bound of delta(epsilon) of mu-GDP, also for epsilon below 0,
// where it is 1 - e^epsilon (1 - delta(-epsilon)).
func deltaUp(epsilon, mu float64) *big.Rat {
	one := big.NewRat(1, 1)
	switch {
	case epsilon >= 0:
		return gdpDelta(epsilon, mu).hi
	case epsilon < -MaxEpsilon:
		return one
	}
	e := exact.Exp(new(big.Rat).SetFloat64(epsilon), 200).Lo()
	rest := new(big.Rat).Sub(one, gdpDelta(-epsilon, mu).hi)
	return one.Sub(one, e.Mul(e, rest))
}

func maxRat(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
