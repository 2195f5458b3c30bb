package accounting

import (
	"context"
	"math"
)

// A curve is a composed loss near an aim: masses at losses at(i), tilted by
// e^(theta (loss - ref)) and multiplied by e^-scale, and bounds of what they lack.
type curve struct {
	grid
	theta      float64
	lo         int // index of q[0] in the grid
	q          []float64
	scale, ref float64
	rel        float64 // masses are rounded up by less than rel of them
	miss       float64 // Euclidean norm of the error of q
	above      float64 // bounds the mass above the window
	alias      float64 // bounds the tilted mass that wrapped around into it
	below      float64 // the part of it that comes from below the window
	infinity   Bounds
	cut        float64 // mass of the tails that were cut
	spread     int     // mechanisms whose losses were split
	drift      float64 // bounds what rounding moved losses up by, on average
	sums       sums
}

const (
	maxWindow = 1 << 20
	maxDirect = 1 << 13 // points up to which masses are convolved directly
)

func (l *Loss) grid(a aim) grid {
	if len(l.groups) == 1 && l.mu2.IsZero() && l.groups[0].kind != LaplaceNoise {
		return l.groups[0].lattice()
	}
	g := grid{step: a.step}
	if !l.mu2.IsZero() {
		g.parts = append(g.parts, gaussianPart(float64(MuUp(l.mu2)), a.step))
	}
	for _, x := range l.groups {
		g.parts = append(g.parts, x.gridPart(a.step))
	}
	return g
}

// curve composes the mechanisms at the aim.
func (l *Loss) curve(ctx context.Context, a aim) (*curve, error) {
	return compose(ctx, l.grid(a), a, l.infinity, l.keep)
}

func compose(ctx context.Context, g grid, a aim, infinity Bounds, keep float64) (*curve, error) {
	c := &curve{grid: g, theta: a.theta, infinity: infinity, rel: 1e-11 - 2*keepSlack*keep}
	var mean, square, cut float64
	bottom, top, total, longest := 0, 0, 0, 0
	c.scale = keep + a.theta*g.base
	for i := range c.parts {
		p := &c.parts[i]
		k := float64(p.count)
		ln, m, v := p.tilt(a.theta * g.step)
		if math.IsInf(ln, 0) || math.IsNaN(ln) {
			return nil, ErrRange
		}
		c.scale += k * ln
		c.rel += k * (p.eta + 3e-13 + 16*unit*math.Abs(ln))
		mean, square, cut = mean+k*m, square+k*v, cut+k*p.inf
		bottom += p.count * p.first
		top += p.count * (p.first + len(p.p) - 1)
		total += p.count
		longest = max(longest, len(p.p))
		if p.split {
			c.spread += p.count
		}
		c.drift += k * p.drift * g.step
	}
	c.cut = cut
	c.infinity.Upper += cut
	width := math.Sqrt(square) + 1
	n := 16
	for n < maxWindow && float64(n) < 18*width {
		n *= 2
	}
	var over, under float64 // tilted mass outside the window
	for ; ; n *= 2 {
		c.lo = max(bottom, int(math.Floor(mean))-n/2)
		over, under = 0, 0
		// Powers down to e^-600 keep what they add up to from vanishing.
		h := min(float64(n)/2/(width*width), 16/width, 600/float64(longest))
		if c.lo+n <= top {
			over = c.chernoff(h, float64(c.lo+n))
		}
		if c.lo > bottom {
			under = c.chernoff(-h, float64(c.lo-1))
		}
		if over+under < 1e-11 || n >= maxWindow {
			break
		}
	}
	c.ref = g.base + g.step*mean
	c.scale -= a.theta * c.ref // then e^scale is the weight at ref
	c.alias, c.below = over+under, under
	c.above = over * math.Exp(-a.theta*(c.at(n)-c.ref))
	var err error
	if len(c.parts) == 1 && top-bottom < min(maxDirect, n) {
		p := c.parts[0]
		c.q, c.lo = direct(p.p, p.count), bottom
		c.miss, c.alias, c.above, c.below = 1e-280, 0, 0, 0
		c.rel += float64(p.count*(len(p.p)+2)*(levels(p.count)+2)) * 4 * unit
	} else if err = c.transform(ctx, n, total); err != nil {
		return nil, err
	}
	c.sum()
	return c, nil
}

// at returns the loss of point i.
func (c *curve) at(i int) float64 { return c.base + c.off + c.step*float64(c.lo+i) }

// tilt multiplies the masses by e^(x*index)/M, so that they sum to one, and
// returns ln M, the mean of the index and its variance.
func (p *part) tilt(x float64) (lnM, mean, variance float64) {
	last := len(p.p) - 1
	sum := 0.0
	for i, m := range p.p {
		if m != 0 {
			m *= math.Exp(x * float64(i-last))
			p.p[i] = m
			sum += m
		}
	}
	if !(sum > 1e-250) { // what vanished could matter
		return math.Inf(-1), 0, 0
	}
	for i, m := range p.p {
		m /= sum
		p.p[i] = m
		mean += m * float64(i)
	}
	for i, m := range p.p {
		d := float64(i) - mean
		variance += m * d * d
	}
	return math.Log(sum) + x*float64(p.first+last), mean + float64(p.first), variance
}

// chernoff bounds the tilted probability of an index of at least (h > 0) or at
// most (h < 0) place, by E e^(h (index - place)).
func (c *curve) chernoff(h, place float64) float64 {
	ln := 0.0
	for _, p := range c.parts {
		sum, edge := 0.0, float64(p.first)
		x := math.Exp(-math.Abs(h))
		if h > 0 {
			edge += float64(len(p.p) - 1)
			for _, m := range p.p {
				sum = sum*x + m
			}
		} else {
			for i := len(p.p) - 1; i >= 0; i-- {
				sum = sum*x + p.p[i]
			}
		}
		if !(sum > 1e-270) {
			return 1
		}
		// Horner's rule loses at most 2 n u of the sum, all terms being positive.
		ln += float64(p.count) * (math.Log(sum) + h*edge + float64(2*len(p.p)+4)*unit)
	}
	return math.Min(1, math.Exp(ln-h*place+1e-9))
}

// transform convolves the tilted masses cyclically over n points, two parts at a
// time in one complex transform, and bounds the error. Tilted masses sum to one,
// so that no factor is above one, errors add up, and what is computed is above
// one by no more than e^grow in all.
func (c *curve) transform(ctx context.Context, n, total int) error {
	plan := newFFTPlan(n)
	depth := fftLevel * float64(levels(n))
	product := make([]complex128, n)
	for i := range product {
		product[i] = 1
	}
	z := make([]complex128, n)
	grow := 0.0
	for at := 0; at < len(c.parts); at += 2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(z)
		a := c.parts[at]
		b := part{count: 1}
		norm := 0.0
		for i, m := range a.p {
			z[(a.first+i)&(n-1)] += complex(m, 0)
		}
		if at+1 < len(c.parts) {
			b = c.parts[at+1]
			for i, m := range b.p {
				z[(b.first+i)&(n-1)] += complex(0, m)
			}
		}
		for _, v := range z {
			norm += real(v)*real(v) + imag(v)*imag(v)
		}
		norm = math.Sqrt(norm) * (1 + float64(n)*unit)
		plan.forward(z)
		for i := range z {
			j := mirror(i)
			if j < i {
				continue
			}
			u, w := z[i], conj(z[j])
			f := power(complex(real(u+w)/2, imag(u+w)/2), a.count)
			if len(b.p) > 0 {
				d := u - w // 2i times the second
				f *= power(complex(imag(d)/2, -real(d)/2), b.count)
			}
			product[i] *= f
			if j != i {
				product[j] = conj(product[i])
			}
		}
		k := float64(a.count)
		if len(b.p) > 0 {
			k += float64(b.count)
		}
		c.miss += k * (depth + 4*unit) * norm
		grow += k * (depth*norm*math.Sqrt(float64(n)) + 1e-12)
	}
	if grow > 3 { // factors could be above one by too much
		return ErrRange
	}
	plan.inverse(product)
	// Each multiplication adds at most 3 u of the product; the inverse its share.
	c.miss = (c.miss+float64(total+2*len(c.parts))*3*unit+depth)*math.Exp(grow)*1.02 + 1e-290
	c.q = make([]float64, n)
	for i := range c.q {
		c.q[i] = math.Max(0, real(product[(c.lo+i)&(n-1)]))
	}
	return nil
}

// direct returns the k-fold convolution of p with itself. All terms are positive,
// so that every result is right but for as many roundings as terms.
func direct(p []float64, k int) []float64 {
	var r []float64
	for {
		if k%2 == 1 {
			r = convolve(r, p)
		}
		if k /= 2; k == 0 {
			return r
		}
		p = convolve(p, p)
	}
}

func convolve(a, b []float64) []float64 {
	if a == nil {
		return b
	}
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		if x < 1e-300 { // below every bound used here
			continue
		}
		row := out[i : i+len(b)]
		for j, y := range b {
			row[j] += x * y
		}
	}
	return out
}
