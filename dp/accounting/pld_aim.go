package accounting

import (
	"math"
	"math/big"
)

// An aim is where a composition is looked at closely: the exponent theta with
// which masses are tilted, and the step of the grid. It is chosen in floats by
// formulas that need not be exact: every aim gives valid bounds.
type aim struct {
	theta, step float64
}

// cumulant returns about ln E e^(theta L).
func (l *Loss) cumulant(theta float64) float64 {
	mu2 := l.mu2.Float64()
	sum := theta*(theta+1)*mu2/2 + l.keep
	for i := range l.groups {
		g := &l.groups[i]
		sum += float64(g.count) * g.cumulant(theta)
	}
	return sum
}

func (g *group) cumulant(theta float64) float64 {
	r := g.ratio
	switch g.kind {
	case BlackBox:
		e := math.Exp(-r)
		return theta*r + math.Log((1+math.Exp(-(2*theta+1)*r))/(1+e))
	case DiscreteGaussianNoise:
		return theta * (theta + 1) * r * r / 2
	case DiscreteLaplaceNoise:
		if one := big.NewRat(1, 1); g.shift.Cmp(one) == 0 {
			return theta*r + math.Log((1+math.Exp(-(2*theta+1)*r))/(1+math.Exp(-r)))
		}
	}
	// Laplace, also for discrete Laplace with a larger shift.
	e := math.Exp(-(2*theta + 1) * r)
	return theta*r + math.Log((1+e)/2-math.Expm1(-(2*theta+1)*r)/(4*theta+2))
}

// lnPeak is the logarithm of the largest value of (1 - e^-x) e^(-theta x), x > 0.
func lnPeak(theta float64) float64 {
	return -theta*math.Log1p(1/theta) - math.Log1p(theta)
}

// tightest returns the theta in its range at which f is about least; f falls and
// then rises.
func (l *Loss) tightest(f func(theta float64) float64) float64 {
	top := 8 * math.Sqrt(l.mu2.Float64())
	for _, g := range l.groups {
		if g.kind == DiscreteGaussianNoise {
			top = math.Max(top, 8*g.ratio)
		}
		top = math.Max(top, g.ratio)
	}
	lo, hi := math.Log(1e-2), math.Log(math.Min(1e7, 200/(top+1e-9)+1))
	const ratio = 0.6180339887498949
	x, y := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fx, fy := f(math.Exp(x)), f(math.Exp(y))
	for range 24 {
		if fx < fy {
			hi, y, fy = y, x, fx
			x = hi - ratio*(hi-lo)
			fx = f(math.Exp(x))
		} else {
			lo, x, fx = x, y, fy
			y = lo + ratio*(hi-lo)
			fy = f(math.Exp(y))
		}
	}
	return math.Exp((lo + hi) / 2)
}

// aimAtDelta aims at the epsilon for which delta is asked.
func (l *Loss) aimAtDelta(delta float64) aim {
	renyi := func(theta float64) float64 {
		return (l.cumulant(theta) + lnPeak(theta) - math.Log(delta)) / theta
	}
	theta := l.tightest(renyi)
	return l.aim(theta, 4e-4*math.Max(renyi(theta), 1e-9))
}

// aimAtEpsilon aims at epsilon.
func (l *Loss) aimAtEpsilon(epsilon float64) aim {
	theta := l.tightest(func(theta float64) float64 {
		return l.cumulant(theta) + lnPeak(theta) - theta*epsilon
	})
	return l.aim(theta, 1e-3/(theta+1))
}

// aim chooses a step with which epsilon is off by about excess at most, and with
// which there are enough points, but not too many.
func (l *Loss) aim(theta, excess float64) aim {
	n := 0
	for _, g := range l.groups {
		n += g.count
	}
	if !l.mu2.IsZero() {
		n++
	}
	const h = 0.05
	c := l.cumulant(theta*(1+h)) - 2*l.cumulant(theta) + l.cumulant(theta*(1-h))
	width := math.Sqrt(math.Max(c, 0)) / (h * theta)
	for _, g := range l.groups {
		width = math.Max(width, g.ratio/8)
	}
	step := math.Sqrt(excess / (1.2 * float64(n) * (theta + 1)))
	step = math.Min(math.Max(step, width*0x1p-15), width*0x1p-9)
	return aim{theta, math.Ldexp(1, math.Ilogb(step))}
}
