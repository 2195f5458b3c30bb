package fairness

import "math"

// share is a number of people of whom some have a property, both with noise.
type share struct {
	yes, no       float64 // released, summed over cells
	varYes, varNo float64 // of their noise
}

func (s share) n() float64     { return s.yes + s.no }
func (s share) value() float64 { return s.yes / s.n() }

// noise is the variance that noise brings into yes - p*n.
func (s share) noise(p float64) float64 { return (1-p)*(1-p)*s.varYes + p*p*s.varNo }

// spread is the variance of the share, sampling and noise, where it is p.
func (s share) spread(p float64) float64 { return (s.n()*p*(1-p) + s.noise(p)) / (s.n() * s.n()) }

// counted reports whether the number of people stands well clear of its noise, and they are
// not so few that the approximations fail: only then is anything said about a share of them.
func (s share) counted() bool {
	n := s.n()
	return n >= fewest && n >= clear*math.Sqrt(s.varYes+s.varNo)
}

const (
	clear  = 4  // the number of standard deviations of noise that a denominator has at the least
	fewest = 20 // people in a denominator at the least
)

// pair compares the share of a group with a multiple of the share of a reference.
type pair struct{ group, reference share }

// fitted returns the share of the reference that fits both best where that of the group
// is ratio times it.
func (c pair) fitted(ratio float64) float64 {
	lo := 0.5 / (c.group.n() + c.reference.n())
	hi := min(1, 1/ratio) * (1 - 1e-9)
	p := min(max((c.group.yes+c.reference.yes)/(ratio*c.group.n()+c.reference.n()), lo), hi)
	for range 60 {
		w1 := ratio * ratio / c.group.spread(min(ratio*p, 1))
		w2 := 1 / c.reference.spread(p)
		next := min(max((w1*c.group.value()/ratio+w2*c.reference.value())/(w1+w2), lo), hi)
		if math.Abs(next-p) <= 1e-12*p {
			break
		}
		p = (p + next) / 2 // weights follow the share: a whole step may go to and fro
	}
	return p
}

// edge returns the distribution of the difference of shares where the share of the group
// is ratio times that of the reference, which is p.
func (c pair) edge(ratio, p float64) law {
	q := ratio * p
	a, b := 1/c.group.n(), ratio/c.reference.n()
	return law{a, c.group.n(), q, b, c.reference.n(), p, a*a*c.group.noise(q) + b*b*c.reference.noise(p)}
}

// difference is what is compared with zero: p_g - ratio*p_ref.
func (c pair) difference(ratio float64) float64 {
	return c.group.value() - ratio*c.reference.value()
}

// tails returns how probable a difference as low as the released one is where the shares
// have that ratio, and how probable one as high is.
func (c pair) tails(ratio float64) (below, above float64) {
	p := c.fitted(ratio)
	l := c.edge(ratio, p)
	d, grain := c.difference(ratio), c.grain(&l)
	return l.below(d + grain), l.above(d - grain)
}

// grain is what a difference is moved by because released counts are whole: up to half of
// what one person more makes. The law is a smooth one, and a count R of its own has
// P(R <= r) = P(count + noise <= r + 1/2). But where other numbers bring a spread of several
// steps into the difference, no grain is left: of the first wave of a lattice with steps of
// w, a normal spread of s leaves exp(-2 (pi s/w)^2).
func (c pair) grain(l *law) float64 {
	g := l.a * l.a * l.n1 * l.p1 * (1 - l.p1)
	r := l.b * l.b * l.n2 * l.p2 * (1 - l.p2)
	noise := func(w float64, s share, p float64) (yes, no float64) {
		return w * w * (1 - p) * (1 - p) * s.varYes, w * w * p * p * s.varNo
	}
	gy, gn := noise(l.a, c.group, l.p1)
	ry, rn := noise(l.b, c.reference, l.p2)
	most := 0.0
	for _, x := range [4]struct{ step, rest float64 }{ // of one count, and the variance of what is not in it
		{l.a * (1 - l.p1), gn + r + ry + rn}, {l.a * l.p1, gy + r + ry + rn},
		{l.b * (1 - l.p2), rn + g + gy + gn}, {l.b * l.p2, ry + g + gy + gn},
	} {
		if x.step > 0 {
			most = max(most, x.step/2*math.Exp(-2*math.Pi*math.Pi*x.rest/(x.step*x.step)))
		}
	}
	return most
}
