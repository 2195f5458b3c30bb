package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// Selection says with which probability a key comes out that a number of people
// hold, when the list of keys is all that is released. Keys that nobody holds never
// do. It is immutable.
type Selection struct {
	keep []*big.Rat // of 1 person, 2, ...; 1 after the last
	pre  int64      // people needed besides
}

const (
	maxSelection  = 1 << 20 // steps of a rule
	selectionBits = 160     // of its probabilities
)

// OptimalSelection returns the rule that keeps the most keys of all that are
// (Epsilon, Delta)-DP by an equal split over the l0 keys that one person may hold:
// with e = Epsilon/l0 and d = Delta/l0,
//
//	p(n+1) = min(e^e p(n) + d, 1 - e^-e (1 - p(n) - d), 1),   p(0) = 0
//
// each rounded down. Proof: docs/proofs/selection.md. Source: Desfontaines, Voss,
// Gipson and Mandayam (2022). [ErrRange] for more than a million steps.
func OptimalSelection(t Target, l0 int) (*Selection, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if l0 < 1 || l0 > maxCells {
		return nil, ErrSensitivity
	}
	cells, one := big.NewRat(int64(l0), 1), big.NewRat(1, 1)
	e := new(big.Rat).Quo(new(big.Rat).SetFloat64(t.Epsilon), cells)
	d := new(big.Rat).Quo(new(big.Rat).SetFloat64(t.Delta), cells)
	grow := exact.Exp(e, 200).Lo()
	shrink := exact.Exp(e.Neg(e), 200).Hi()
	return newSelection(func(p *big.Rat) (*big.Rat, error) {
		up := new(big.Rat).Mul(grow, p)
		up.Add(up, d)
		down := new(big.Rat).Sub(one, p)
		down.Sub(down, d)
		down.Sub(one, down.Mul(down, shrink))
		if down.Cmp(up) < 0 {
			return down, nil
		}
		return up, nil
	})
}

// GDPSelection returns the rule that keeps the most keys of all that cost l
// in a Gaussian DP account by an equal split over the l0 keys that one person
// may hold: with m = sqrt(Mu2/l0) and d = Delta/l0,
//
//	p(n+1) = d + (1-d) Q(z - m)  with  Q(z) = p(n)/(1-d),   p(1) = d
//
// and 1 once p(n) >= 1-d, each rounded down. Proof: docs/proofs/selection.md. It
// takes about a tenth of a millisecond a step. Errors: [ErrUnits], [ErrDelta],
// [ErrSensitivity], [ErrRange].
func GDPSelection(l Charge, l0 int) (*Selection, error) {
	if l0 < 1 || l0 > maxCells {
		return nil, ErrSensitivity
	}
	if l.Mu2.IsZero() || l.Mu2.Cmp(Units{hi: 1 << (2*5 + unitBits - 64)}) > 0 { // mu <= 32
		return nil, ErrUnits
	}
	if l.Delta.IsZero() || l.Delta.Cmp(oneHalf) >= 0 {
		return nil, ErrDelta
	}
	cells, one := big.NewRat(int64(l0), 1), big.NewRat(1, 1)
	d := new(big.Rat).Quo(l.Delta.Rat(), cells)
	rest := new(big.Rat).Sub(one, d)
	m := exact.Of(new(big.Rat).Quo(l.Mu2.Rat(), cells), 160).Sqrt().Lo()
	return newSelection(func(p *big.Rat) (*big.Rat, error) {
		switch {
		case p.Sign() == 0:
			return d, nil
		case p.Cmp(rest) >= 0:
			return one, nil
		}
		z, err := quantileUp(new(big.Rat).Quo(p, rest))
		if err != nil {
			return nil, err
		}
		q, _ := exact.Tail(z.Sub(z, m))
		return q.Add(q.Mul(q, rest), d), nil
	})
}

// newSelection follows a rule from 0 to 1.
func newSelection(next func(*big.Rat) (*big.Rat, error)) (*Selection, error) {
	s, p, one := &Selection{}, new(big.Rat), big.NewRat(1, 1)
	for len(s.keep) < maxSelection {
		q, err := next(p)
		if err != nil {
			return nil, err
		}
		if q.Cmp(one) >= 0 {
			return s, nil
		}
		if q = exact.Of(q, selectionBits).Lo(); q.Cmp(p) <= 0 {
			return nil, ErrRange // the steps drown in the rounding
		}
		s.keep, p = append(s.keep, q), q
	}
	return nil, ErrRange
}

// quantileUp returns a z, above the exact one by little, with Q(z) <= q < 1.
func quantileUp(q *big.Rat) (*big.Rat, error) {
	one := big.NewRat(1, 1)
	far := new(big.Rat).Sub(one, q) // the smaller side is solved for
	upper := q.Cmp(far) <= 0
	guess, _ := far.Float64()
	if upper {
		guess, _ = q.Float64()
	}
	z := tailGuess(guess)
	for slack := 0x1p-50; slack < 1; slack *= 2 {
		if upper {
			up := new(big.Rat).SetFloat64(z + (math.Abs(z)+1)*slack)
			if _, hi := exact.Tail(up); hi.Cmp(q) <= 0 {
				return up, nil
			}
			continue
		}
		low := new(big.Rat).SetFloat64(z - (math.Abs(z)+1)*slack)
		if lo, _ := exact.Tail(low); lo.Cmp(far) >= 0 { // Q(-low) = 1 - Q(low)
			return low.Neg(low), nil
		}
	}
	return nil, ErrRange
}

// Behind returns the rule that takes only keys that at least pre people hold, and
// as many more as s wants: Keep(n) of it is Keep(n - pre + 1) of s, and 0 below
// pre. It has the same privacy. Pre is at least 1, else [ErrSensitivity].
func (s *Selection) Behind(pre int64) (*Selection, error) {
	if pre < 1 || pre > 1<<60 {
		return nil, ErrSensitivity
	}
	return &Selection{keep: s.keep, pre: s.pre + pre - 1}, nil
}

// Keep returns the probability with which a key that people hold comes out.
func (s *Selection) Keep(people int64) *big.Rat {
	n := people - min(s.pre, 1<<61)
	switch {
	case people < 1 || n < 1:
		return new(big.Rat)
	case n > int64(len(s.keep)):
		return big.NewRat(1, 1)
	}
	return new(big.Rat).Set(s.keep[n-1])
}

// Sure returns the smallest number of people whose key always comes out.
func (s *Selection) Sure() int64 { return int64(len(s.keep)) + 1 + s.pre }
