package plan

import (
	"context"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
)

// The scales, per sensitivity, in which one is looked for: those of
// accounting.Mechanism.
const (
	leastScale = 0x1p-6
	mostScale  = 0x1p30
	mostDraws  = 1 << 17
)

// planned returns the scales with which Times releases and the mechanisms beside them
// hold the budget, by their privacy loss distributions: rounded up by less than 1e-5.
func (q *Question) planned(ctx context.Context) (mu2 accounting.Units, b float64, err error) {
	if q.Times < 1 || q.Times > MaxTimes {
		return mu2, 0, ErrQuestion
	}
	if err := q.Budget.Check(); err != nil {
		return mu2, 0, err
	}
	if _, err := accounting.Compose(q.Beside); err != nil {
		return mu2, 0, err
	}
	rest := q.Loss.Delta.Rat()
	rest.Mul(rest, big.NewRat(-int64(q.Times), 1))
	rest.Add(rest, new(big.Rat).SetFloat64(q.Budget.Delta))
	if rest.Sign() <= 0 {
		return mu2, 0, ErrReserve
	}
	target := accounting.Target{Epsilon: q.Budget.Epsilon, Delta: floatDown(rest)}

	// Gaussian noise of scale s for each unit of L2 sensitivity.
	s, err := q.least(ctx, target, func(s float64) accounting.Mechanism {
		return accounting.Mechanism{Kind: accounting.GaussianNoise, Scale: new(big.Rat).SetFloat64(s), Count: q.Times}
	})
	if err != nil {
		return mu2, 0, err
	}
	if s == 0 {
		return mu2, 0, accounting.ErrRange
	}
	square := new(big.Rat).SetFloat64(s)
	if mu2, err = accounting.UnitsDown(square.Inv(square.Mul(square, square))); err != nil {
		return mu2, 0, err
	}
	if q.Spec.L0() > mostDraws/q.Times || q.Spec.LInf() > 1<<14 {
		return mu2, 0, nil
	}
	lInf := new(big.Rat).SetInt64(q.Spec.LInf())
	s, err = q.least(ctx, target, func(s float64) accounting.Mechanism {
		b := new(big.Rat).SetFloat64(s)
		return accounting.Mechanism{
			Kind: accounting.DiscreteLaplaceNoise, Scale: b.Mul(b, lInf), Sensitivity: lInf, Count: q.Times * q.Spec.L0(),
		}
	})
	return mu2, s * float64(q.Spec.LInf()), err
}

// least returns the least scale of a mechanism that holds the target together with
// what is beside it; 0 where none does.
func (q *Question) least(ctx context.Context, target accounting.Target, of func(scale float64) accounting.Mechanism) (float64, error) {
	holds := func(s float64) bool {
		l, err := accounting.Compose(append([]accounting.Mechanism{of(s)}, q.Beside...))
		if err != nil {
			return false // out of range
		}
		bounds, err := l.Delta(ctx, target.Epsilon)
		return err == nil && bounds.Upper <= target.Delta
	}
	// Powers of two, up and then down, for a bracket.
	hi := 1.0
	for !holds(hi) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if hi *= 2; hi > mostScale {
			return 0, nil
		}
	}
	for hi/2 >= leastScale && holds(hi/2) {
		hi /= 2
	}
	for lo := hi / 2; hi > lo*(1+1e-5); {
		mid := math.Sqrt(lo * hi)
		if holds(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return hi, nil
}
