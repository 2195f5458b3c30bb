package ledger

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Loss is a privacy loss: squared mu of Gaussian differential privacy, rho of
// zero-concentrated differential privacy, and an additive delta. All are exact.
// accounting.MaxUnits stands for no limit in a total, and in a sum for a part
// that is not known of every charge.
type Loss struct{ Mu2, Rho, Delta accounting.Units }

// add returns the sum, each part at most MaxUnits.
func (l Loss) add(m Loss) Loss {
	return Loss{plus(l.Mu2, m.Mu2), plus(l.Rho, m.Rho), plus(l.Delta, m.Delta)}
}

// less returns l - m, each part at least zero; no limit stays none.
func (l Loss) less(m Loss) Loss {
	return Loss{minus(l.Mu2, m.Mu2), minus(l.Rho, m.Rho), minus(l.Delta, m.Delta)}
}

// within reports whether l fits in total, in every part.
func (l Loss) within(total Loss) bool {
	return l.Mu2.Cmp(total.Mu2) <= 0 && l.Rho.Cmp(total.Rho) <= 0 && l.Delta.Cmp(total.Delta) <= 0
}

// atLeast returns the larger of both, part by part.
func (l Loss) atLeast(m Loss) Loss {
	larger := func(u, v accounting.Units) accounting.Units {
		if u.Cmp(v) < 0 {
			return v
		}
		return u
	}
	return Loss{larger(l.Mu2, m.Mu2), larger(l.Rho, m.Rho), larger(l.Delta, m.Delta)}
}

func (l Loss) isZero() bool { return l == Loss{} }

// pure returns the largest epsilon of a mechanism without delta that costs at
// most l: zero for none, and where nothing limits l.
func (l Loss) pure() float64 {
	none := accounting.MaxUnits()
	switch {
	case l.Mu2 != none:
		return accounting.PureWithin(l.Mu2)
	case l.Rho == none:
		return 0
	}
	// epsilon-DP is (epsilon^2/2)-zCDP.
	rho, _ := l.Rho.Rat().Float64()
	low, high := 0.0, up(math.Sqrt(2*rho))*2
	for range 64 {
		mid := (low + high) / 2
		if cost, err := accounting.RhoOfPure(mid); err == nil && units(float64(cost)).Cmp(l.Rho) <= 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// units returns f in units, rounded up.
func units(f float64) accounting.Units {
	u, err := accounting.UnitsUp(new(big.Rat).SetFloat64(f))
	if err != nil {
		return accounting.MaxUnits()
	}
	return u
}

func plus(u, v accounting.Units) accounting.Units {
	sum, err := u.Add(v)
	if err != nil {
		return accounting.MaxUnits()
	}
	return sum
}

func minus(u, v accounting.Units) accounting.Units {
	if u == accounting.MaxUnits() {
		return u
	}
	rest, err := u.Sub(v)
	if err != nil {
		return accounting.Units{}
	}
	return rest
}
