package accounting

import "math"

// sums holds, for every point i of a curve, sums over the points j above it of
// masses without their tilt, relative to what the tilt is at i:
//
//	kink[i] = sum over j > i of  q[j] e^(-theta (l_j - l_i)) (1 - e^-(l_j - l_i))
//	body[i] = sum over j >= i of q[j] e^(-(theta + 1) (l_j - l_i))
//	mass[i] = sum over j >= i of q[j] e^(-theta (l_j - l_i))
//
// They are made by recurrences of positive terms, and have one more point, 0.
type sums struct{ kink, body, mass []float64 }

func (c *curve) sum() {
	n := len(c.q)
	c.rel += float64(n+16) * 10 * unit
	s := sums{make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)}
	down, one := math.Exp(-c.theta*c.step), -math.Expm1(-c.step)
	both := math.Exp(-(c.theta + 1) * c.step)
	for i := n - 1; i >= 0; i-- {
		s.kink[i] = down * (s.kink[i+1] + s.body[i+1]*one)
		s.body[i] = c.q[i] + both*s.body[i+1]
		s.mass[i] = c.q[i] + down*s.mass[i+1]
	}
	c.sums = s
}

// weight is what the sums at point i are to be multiplied by.
func (c *curve) weight(i int) float64 {
	return math.Exp(c.scale - c.theta*(c.at(i)-c.ref))
}

// noise bounds, in units of the weight at a point, what the error of the
// masses at and above it may add: Cauchy's inequality.
func (c *curve) noise() float64 { return c.miss / math.Sqrt(-math.Expm1(-2*c.theta*c.step)) }

// fixed bounds the delta that is there whatever epsilon is, near the aim.
func (c *curve) fixed() float64 { return c.infinity.Upper + c.above*math.Exp(c.scale)*(1+c.rel) }

// upper bounds delta at epsilon = at(i) - x, for 0 <= x <= step, or any x for
// i = 0.
func (c *curve) upper(i int, x float64) float64 {
	if i >= len(c.q) {
		return c.fixed() * (1 + 1e-14)
	}
	d := (c.sums.kink[i] - c.sums.body[i]*math.Expm1(-x)) * (1 + c.rel)
	d += c.noise()
	if i == 0 && x > 0 && c.below > 0 {
		// What lies between epsilon and the window: it has wrapped around, to
		// where less is made of it when the tilt is taken back.
		d += c.below * math.Exp(c.theta*x)
	}
	return (c.fixed() + c.weight(i)*d) * (1 + 1e-14)
}

// lower bounds delta from below at epsilon = at(i) - 2 off - x. What splitting
// losses added is bounded by gap.
func (c *curve) lower(i int, x, gap float64) float64 {
	if i >= len(c.q) {
		return c.infinity.Lower
	}
	d := (c.sums.kink[i] - c.sums.body[i]*math.Expm1(-x)) * (1 - c.rel)
	d -= c.noise() + c.alias*math.Exp(c.theta*c.step) + gap
	if !(d > 0) {
		return c.infinity.Lower
	}
	return c.infinity.Lower + c.weight(i)*d*(1-1e-14) - c.cut - farGap
}

// farGap bounds what splitting losses adds further away than a smear reaches:
// sigma G(12) for step and sigma below 1.
const farGap = 1e-31

// point returns the first point whose loss is above epsilon.
func (c *curve) point(epsilon float64) int {
	i := int(math.Max(0, math.Min(float64(len(c.q)), math.Floor((epsilon-c.at(0))/c.step)+1)))
	for i < len(c.q) && c.at(i) <= epsilon {
		i++
	}
	for i > 0 && c.at(i-1) > epsilon {
		i--
	}
	return i
}

func (c *curve) delta(epsilon float64) Bounds {
	var b Bounds
	i := c.point(epsilon)
	b.Upper = c.upper(i, c.at(i)-epsilon)
	e := epsilon + 2*c.off
	i = c.point(e)
	b.Lower = c.lower(i, c.at(i)-e, c.smear().gap(i))
	return b
}

func (c *curve) epsilon(delta float64) (Bounds, error) {
	if !(c.fixed() < delta) {
		return Bounds{}, ErrNoEpsilon
	}
	// The first point from above below which the bound exceeds delta.
	i := len(c.q)
	for i > 0 && !(c.upper(i, c.step) > delta) && !(c.upper(i-1, 0) > delta) {
		i--
	}
	x := 0.0
	switch {
	case i == len(c.q):
		if i > 0 {
			i--
		}
	case i > 0 && !(c.upper(i, c.step) > delta):
		i-- // the bound jumps above delta at the next point
	case i == 0 && c.below > 0:
		no := math.Max(0, c.at(0))
		for range 60 {
			if mid := (x + no) / 2; c.upper(0, mid) > delta {
				no = mid
			} else {
				x = mid
			}
		}
	default:
		// delta = fixed + weight ((kink + body (1 - e^-x)) (1 + rel) + noise)
		room := (delta*(1-1e-13)-c.fixed())/c.weight(i) - c.noise()
		r := (room/(1+c.rel) - c.sums.kink[i]) / c.sums.body[i]
		switch {
		case r >= 1:
			x = math.Inf(1)
		case r > 0:
			x = -math.Log1p(-r) * (1 - 1e-13)
		}
		if i > 0 {
			x = math.Min(x, c.step)
		}
	}
	up := c.at(i) - x
	up += 1e-15 * (math.Abs(c.at(i)) + c.step)
	b := Bounds{Upper: math.Max(0, up)}
	b.Lower = c.lowerEpsilon(i, delta)
	return b, nil
}

// lowerEpsilon returns an epsilon, or 0, at which delta is proven to be larger
// than what is given. It looks from point i downwards.
func (c *curve) lowerEpsilon(i int, delta float64) float64 {
	s := c.smear()
	for last := max(0, i-1<<13); i > last; i-- {
		gap := s.gap(i)
		if !(c.lower(i, c.step, gap) > delta) {
			continue
		}
		no, yes := 0.0, c.step
		for range 50 {
			if x := (no + yes) / 2; c.lower(i, x, gap) > delta {
				yes = x
			} else {
				no = x
			}
		}
		e := c.at(i) - 2*c.off - yes
		return math.Max(0, e-1e-15*(math.Abs(c.at(i))+c.step))
	}
	return 0
}

// A smear bounds what splitting losses between grid points adds to delta. With n
// splits the sum of the displacements has a mean in [0, n step^2/8] and, by
// Hoeffding's inequality, tails like a normal variable with standard deviation
// sqrt(n) step/2.
type smear struct {
	c      *curve
	reach  int
	weight []float64 // at distances -reach..reach, relative to the weight at the centre
	noise  float64
	drift  float64
}

func (c *curve) smear() *smear {
	if c.spread == 0 {
		return &smear{c: c}
	}
	n := float64(c.spread)
	sigma := math.Sqrt(n) * c.step / 2 * (1 + 1e-9)
	mean := n*c.step*c.step/8 + 1.1*c.drift
	g := func(r float64) float64 {
		return math.Min(sigma/2+mean, sigma*math.Sqrt(math.Pi/2)*math.Erfc((r-mean)/sigma/math.Sqrt2)) * (1 + 1e-9)
	}
	radius := 2*sigma + mean
	s := &smear{c: c, reach: int(math.Ceil((radius+mean+14*sigma)/c.step)) + 2}
	square := 0.0
	for k := -s.reach; k <= s.reach; k++ {
		far := math.Max(0, math.Abs(float64(k))-1) * c.step
		w := g(math.Max(0, far-radius)) / 0.75 * math.Exp(-c.theta*float64(k)*c.step) * (1 + c.rel)
		s.weight = append(s.weight, w)
		square += w * w
	}
	s.noise = c.miss * math.Sqrt(square)
	s.drift = c.drift * math.Exp(c.theta*float64(s.reach)*c.step)
	return s
}

// gap bounds, relative to the weight at point i, what splitting added to delta
// between points i-1 and i.
func (s *smear) gap(i int) float64 {
	if s.c.spread == 0 {
		return 0
	}
	if i+s.reach >= len(s.c.q) && s.c.above > 0 {
		return math.Inf(1)
	}
	sum := s.noise
	for k, w := range s.weight {
		if at := i + k - s.reach; at >= 0 && at < len(s.c.q) {
			sum += s.c.q[at] * w
		}
	}
	return sum + s.drift*(s.c.sums.mass[max(0, i-s.reach)]*(1+s.c.rel)+s.c.noise())
}
