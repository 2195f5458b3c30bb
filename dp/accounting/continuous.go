package accounting

import (
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// ContinuousLaplaceThreshold returns the real number that a count with continuous
// Laplace noise of scale b has to reach, rounded up by less than 1e-11 of it, so that of
// l0 keys that one person alone holds any comes out with probability at most delta:
//
//	1 - b ln(2 p),   p = 1 - (1 - delta)^(1/l0)
//
// It is for comparisons with other libraries; the noise of package dp/noise is
// discrete, for which there is [LaplaceThreshold].
func ContinuousLaplaceThreshold(b *big.Rat, l0 int, delta Units) (float64, error) {
	if err := checkCells(b, l0); err != nil {
		return 0, err
	}
	if delta.IsZero() || delta.Cmp(oneHalf) >= 0 {
		return 0, ErrDelta
	}
	p := lone(delta.Rat(), l0)
	least, _ := ln(p.Add(p, p))
	t := new(big.Rat).SetFloat64(-least)
	return exact.FloatUp(t.Mul(t, b).Add(t, big.NewRat(1, 1))), nil
}

// maxWeighted bounds the cells of [ContinuousWeightedThreshold], which looks at each.
const maxWeighted = 1 << 12

// ContinuousWeightedThreshold returns the real number that a weighted count with normal
// noise has to reach, rounded up by less than 1e-11 of it, where a person who holds j
// of at most l0 keys adds 1/sqrt(j) to each, so that the L2 sensitivity is 1: of
// the keys that one person alone holds any comes out with probability at most delta,
//
//	max over j = 1..l0 of  1/sqrt(j) + sigma z_j,   Q(z_j) = 1 - (1 - delta)^(1/j)
//
// (Gopi and others, Differentially private set union, ICML 2020). For rounded noise
// see [Threshold]. L0 is at most 4096; it takes about a millisecond for each.
func ContinuousWeightedThreshold(sigma *big.Rat, l0 int, delta Units) (float64, error) {
	if err := checkCells(sigma, l0); err != nil {
		return 0, err
	}
	if l0 > maxWeighted {
		return 0, ErrSensitivity
	}
	if delta.IsZero() || delta.Cmp(oneHalf) >= 0 {
		return 0, ErrDelta
	}
	most := new(big.Rat)
	for j := 1; j <= l0; j++ {
		z, err := tailAt(lone(delta.Rat(), j))
		if err != nil {
			return 0, err
		}
		t := new(big.Rat).SetFloat64(z)
		t.Mul(t, sigma)
		t.Add(t, exact.Of(big.NewRat(1, int64(j)), 160).Sqrt().Hi())
		most = maxRat(most, t)
	}
	return exact.FloatUp(most), nil
}
