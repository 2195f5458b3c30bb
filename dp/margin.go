package dp

import "math"

const (
	// z95 is the point which a standard normal number is within with probability Level.
	z95 = 1.959963984540054

	// smoothSigma is the sigma from which rounding a normal number is, for every sum of
	// two or more, like adding an independent uniform error.
	smoothSigma = 5

	// mixed is the size of a step, in standard deviations, below which a lattice does not
	// matter: half of it to either side leaves probabilities from 0.94 to 0.96.
	mixed = 0.158
)

// weights says what a linear combination of released numbers is made of: all that its
// interval needs.
type weights struct {
	sum         float64 // of the sizes of the coefficients
	coef, sigma float64 // of the number that brings most noise
}

func one(coef, sigma float64) weights { return weights{math.Abs(coef), math.Abs(coef), sigma} }

// scale multiplies the combination.
func (w weights) scale(f float64) weights {
	f = math.Abs(f)
	return weights{w.sum * f, w.coef * f, w.sigma}
}

// and adds a combination of other numbers.
func (w weights) and(o weights) weights {
	sum := w.sum + o.sum
	if o.coef*o.sigma > w.coef*w.sigma {
		w = o
	}
	return weights{sum, w.coef, w.sigma}
}

// reach returns the half width of the interval around a linear combination of values
// with rounded Gaussian noise, whose noise has the given variance; least is the
// smallest sigma in it. docs/proofs/post-processing.md has the argument.
func (w weights) reach(variance, least float64) float64 {
	sd := math.Sqrt(variance)
	if least < smoothSigma {
		return z95*sd + w.sum/2
	}
	if w.coef <= mixed*sd {
		return z95 * sd
	}
	// One number dominates: its lattice, smoothed by the others.
	rest := math.Sqrt(math.Max(0, variance-w.coef*w.coef*(w.sigma*w.sigma+1.0/12)))
	if rest < 1e-6*w.coef {
		return w.coef * (float64(wholeMargin(w.sigma)) + 0.5) // between two points of the lattice
	}
	lo, hi := 0.0, 10*sd
	for range 60 {
		mid := (lo + hi) / 2
		if w.holds(mid, rest) < Level {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// holds returns P(|coef*round(Z) + R| <= c), R normal with standard deviation rest.
func (w weights) holds(c, rest float64) float64 {
	p := 0.0
	n := math.Ceil(9 * w.sigma)
	for x := -n; x <= n; x++ {
		at := normal((x+0.5)/w.sigma) - normal((x-0.5)/w.sigma)
		p += at * (normal((c-w.coef*x)/rest) - normal((-c-w.coef*x)/rest))
	}
	return p
}

// wholeMargin is margin in floats.
func wholeMargin(sigma float64) int64 {
	holds := func(m float64) float64 { return math.Erf((m + 0.5) / sigma / math.Sqrt2) }
	m := math.Max(0, math.Ceil(z95*sigma-0.5))
	if m > 0 && holds(m) > levelMost && holds(m-1) >= levelLeast {
		m--
	}
	return int64(m)
}

// normal is the distribution function of the standard normal distribution.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
