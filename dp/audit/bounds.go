package audit

import "math"

// phi returns the standard normal distribution function.
func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// phiInv returns the x with phi(x) = p; minus and plus infinity at 0 and 1. It
// is exact to about 1e-12 for p below 1/2. Above, 1-p carries the error, so
// callers give the smaller of two complementary probabilities where they can.
func phiInv(p float64) float64 {
	switch {
	case math.IsNaN(p) || p <= 0:
		return math.Inf(-1)
	case p >= 1:
		return math.Inf(1)
	case p > 0.5:
		return -phiInv(1 - p)
	}
	lo, hi := -40.0, 0.0
	for range 64 {
		if mid := (lo + hi) / 2; phi(mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// lower and upper bound the probability of an event that happened k times in n
// from below and above: Clopper and Pearson (1934), each wrong with
// probability at most alpha.
func lower(k, n int, alpha float64) float64 {
	if k <= 0 {
		return 0
	}
	// P[Bin(n, p) >= k] = I_p(k, n-k+1) = alpha
	a, b := float64(k), float64(n-k+1)
	lo, hi := 0.0, float64(k)/float64(n)
	for range 60 {
		if mid := (lo + hi) / 2; betaInc(a, b, mid) <= alpha {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo * (1 - 1e-9) // more than the error of betaInc moves the end
}

func upper(k, n int, alpha float64) float64 {
	if k >= n {
		return 1
	}
	// P[Bin(n, p) <= k] = 1 - I_p(k+1, n-k) = I_(1-p)(n-k, k+1) = alpha
	a, b := float64(n-k), float64(k+1)
	lo, hi := float64(k)/float64(n), 1.0
	for range 60 {
		if mid := (lo + hi) / 2; betaInc(a, b, 1-mid) <= alpha {
			hi = mid
		} else {
			lo = mid
		}
	}
	return min(1, hi*(1+1e-9))
}

// betaInc returns the regularised incomplete beta function I_x(a, b), by its
// continued fraction (Lentz's method; Abramowitz and Stegun 26.5.8).
func betaInc(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - betaInc(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	f, c, d := 1.0, 1.0, 0.0
	for i := range 100_000 {
		m := float64(i / 2)
		var num float64
		switch {
		case i == 0:
			num = 1
		case i%2 == 0:
			num = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			num = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		d = 1 + num*d
		if math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		c = 1 + num/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}

// likelier holds bounds of the probabilities of an event that happens more
// often on one input than on the other.
type likelier struct {
	more float64 // a lower bound of the larger probability
	less float64 // an upper bound of the smaller one
}

// mu returns the largest mu that the bounds rule out everything below of, and
// whether the complement of the event gives it. For mu-GDP up to delta both
//
//	more     <= G(less) + delta       G(x) = Phi(PhiInv(x) + mu)
//	1 - less <= G(1 - more) + delta
//
// hold. The result is 0 where nothing is ruled out.
func (l likelier) mu(delta float64) (mu float64, complement bool) {
	gap := func(more, less float64) float64 {
		if more <= less { // also where both ends are infinite
			return 0
		}
		return max(0, phiInv(more)-phiInv(less))
	}
	a, b := gap(l.more-delta, l.less), gap(1-l.less-delta, 1-l.more)
	return max(a, b), b > a
}

// epsilon does the same for (epsilon, delta)-DP.
func (l likelier) epsilon(delta float64) (epsilon float64, complement bool) {
	gap := func(more, less float64) float64 {
		if more <= less {
			return 0
		}
		return math.Log(more / less)
	}
	a, b := gap(l.more-delta, l.less), gap(1-l.less-delta, 1-l.more)
	return max(a, b), b > a
}

// loss returns the bound in the unit of the claim.
func (c Claim) loss(l likelier) (loss float64, complement bool) {
	if c.Mu > 0 {
		return l.mu(c.Delta)
	}
	return l.epsilon(c.Delta)
}

// size returns the claimed loss, a mu or an epsilon.
func (c Claim) size() float64 { return max(c.Mu, c.Epsilon) }

// power returns the smallest loss, at least the claimed one, which the audit
// would have certified in about nine of ten audits, if the learned event were
// the best there is. For Gaussian DP the loss is that of a Gaussian; for
// (epsilon, delta)-DP that of randomized response, the easiest to see. Infinite
// where so many runs can prove no violation at all.
func (c Claim) power(held, events int, alpha float64) float64 {
	alpha /= float64(2 * events)
	n := float64(held)
	nine := func(p, sign float64) int { // the count reached in nine of ten
		return int(math.Round(min(n, max(0, n*p+sign*1.6449*math.Sqrt(n*p*(1-p))))))
	}
	sees := func(loss float64) bool {
		for i := range 21 {
			var p, q float64
			if c.Mu > 0 {
				t := loss * (float64(i) - 5) / 10
				p, q = phi(loss-t), phi(-t)
			} else {
				q = (1 - c.Delta) / (1 + math.Exp(loss))
				p = 1 - q
				if i > 0 {
					q *= math.Pow(0.7, float64(i))
					p = q * math.Exp(loss)
				}
			}
			if p >= 1 {
				continue
			}
			got, _ := c.loss(likelier{lower(nine(p, -1), held, alpha), upper(nine(q, 1), held, alpha)})
			if got > c.size() {
				return true
			}
		}
		return false
	}
	lo, hi := c.size(), 2*c.size()+1
	for !sees(hi) {
		if hi *= 2; hi > 1000 {
			return math.Inf(1)
		}
	}
	for range 30 {
		if mid := (lo + hi) / 2; sees(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}
