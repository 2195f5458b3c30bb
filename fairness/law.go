package fairness

import "math"

// law is the distribution of a weighted difference of two shares, around its mean:
//
//	S = a (K1 - n1 p1) - b (K2 - n2 p2) + N(0, noise)
//
// where K1 and K2 are binomial counts of n1 and n2 people with probabilities p1 and p2,
// and all three are independent. With b of zero it is that of one share. The noise of
// released counts enters with its variance: rounded Gaussian noise, added up over cells,
// is taken for a normal number of the same variance.
type law struct {
	a, n1, p1 float64
	b, n2, p2 float64
	noise     float64 // variance, in units of S
}

// sd is the standard deviation of S.
func (l *law) sd() float64 {
	return math.Sqrt(l.a*l.a*l.n1*l.p1*(1-l.p1) + l.b*l.b*l.n2*l.p2*(1-l.p2) + l.noise)
}

// at returns the cumulant generating function of S, and its first two derivatives. It is
// exact.
func (l *law) at(t float64) (k, k1, k2 float64) {
	k, k1, k2 = l.noise*t*t/2, l.noise*t, l.noise
	for _, c := range [2]struct{ w, n, p float64 }{{l.a, l.n1, l.p1}, {-l.b, l.n2, l.p2}} {
		if c.w == 0 {
			continue
		}
		x := c.w * t
		var tilted, log float64 // the probability under the tilt, log(1-p+p e^x)
		if x > 0 {
			d := c.p + (1-c.p)*math.Exp(-x)
			tilted, log = c.p/d, x+math.Log(d)
		} else {
			log = math.Log1p(c.p * math.Expm1(x))
			tilted = c.p * math.Exp(x-log)
		}
		k += c.n * (log - x*c.p)
		k1 += c.n * c.w * (tilted - c.p)
		k2 += c.n * c.w * c.w * tilted * (1 - tilted)
	}
	return k, k1, k2
}

// below returns P(S <= s), by the saddlepoint approximation of Lugannani and Rice (1980)
// in the form of Barndorff-Nielsen (1986), which is how tests of rare outcomes in very
// unequal groups are done elsewhere (Dey and others, 2017). Its error is a small part of
// the probability itself, in both tails; at the centre, where the form is 0/0, the second
// term of Edgeworth's expansion stands in for it.
func (l *law) below(s float64) float64 {
	sd := l.sd()
	z := s / sd
	if math.Abs(z) < 0.05 {
		third := 0.0
		for _, c := range [2]struct{ w, n, p float64 }{{l.a, l.n1, l.p1}, {-l.b, l.n2, l.p2}} {
			third += c.w * c.w * c.w * c.n * c.p * (1 - c.p) * (1 - 2*c.p)
		}
		skew := third / (sd * sd * sd)
		return normal(z) - skew*(z*z-1)/6*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
	}
	// The tilt under which the mean is s: Newton's steps within a bracket, in units of 1/sd.
	lo, hi := 0.0, 1.0
	if z < 0 {
		lo, hi = -1, 0
	}
	for range 60 {
		end := hi
		if z < 0 {
			end = lo
		}
		if _, k1, _ := l.at(end / sd); (k1 < s) != (z > 0) {
			break
		}
		lo, hi = 2*lo, 2*hi
	}
	x := min(max(z, lo), hi)
	var k, k1, k2 float64
	for range 100 {
		k, k1, k2 = l.at(x / sd)
		if k1 > s {
			hi = x
		} else {
			lo = x
		}
		if math.Abs(k1-s) <= 1e-11*sd {
			break
		}
		next := x - (k1-s)*sd/k2
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if next == x {
			break
		}
		x = next
	}
	t := x / sd
	w := math.Copysign(math.Sqrt(max(0, 2*(t*s-k))), z)
	u := t * math.Sqrt(k2)
	if w == 0 || !(u/w > 0) {
		return normal(z)
	}
	return normal(w + math.Log(u/w)/w)
}

// above returns P(S >= s), which is P(S > s): S is continuous.
func (l *law) above(s float64) float64 {
	m := law{l.b, l.n2, l.p2, l.a, l.n1, l.p1, l.noise}
	return m.below(-s)
}

// normal is the distribution function of the standard normal distribution.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
