package accounting

import (
	"math"
	"math/big"
)

// part is the loss of one mechanism on the grid, and how often it occurs. Masses
// are rounded up by less than eta of them.
type part struct {
	first int       // index of p[0]
	p     []float64 // masses at indices first, first+1, ...
	inf   float64   // mass moved to infinity
	split bool      // losses lay between grid points, and were split
	eta   float64
	drift float64 // part of the mass that rounding moved up, by one step at most
	count int
}

// grid is a composition whose losses are at base + step*index; where rounding
// placed a composed loss too low, it is by at most off.
type grid struct {
	step, base, off float64
	parts           []part
}

const (
	// tailSigmas is where tails of Gaussian noise are cut: Q(13) < 2^-126.
	tailSigmas = 13
	cutMass    = 0x1p-118 // bounds both tails together, also of discrete noise: 2 e^(-13^2/2)
	unit       = 0x1p-53
)

// split is a part whose losses are placed on multiples of step, a power of two.
type split struct {
	part
	step, inv float64 // inv is 1/(1 - e^-step)
}

func newSplit(step, low, high float64, count int) *split {
	first, last := int(math.Floor(low/step))-1, int(math.Ceil(high/step))+1
	s := &split{step: step, inv: -1 / math.Expm1(-step)}
	s.part = part{first: first, p: make([]float64, last-first+2), split: true, count: count, eta: 1e-13}
	// Of a loss that is off by 8 roundings, that much of a step.
	s.drift = 32 * unit * (1 + math.Max(math.Abs(low), math.Abs(high))/step)
	return s
}

// atom adds mass at a loss: at its two neighbours on the grid, so that its
// probability in both worlds stays what it is. Rounding moves mass up.
func (s *split) atom(loss, mass float64) {
	loss += 8 * unit * math.Abs(loss)
	j := math.Floor(loss / s.step)
	up := -math.Expm1(-(loss - j*s.step)) * s.inv * (1 + 8*unit)
	up = math.Min(up, 1)
	at := int(j) - s.first
	s.p[at] += mass * (1 - up)
	s.p[at+1] += mass * up
}

// bin adds mass between grid points j and j+1, of which the part up belongs up.
func (s *split) bin(j int, mass, up float64) {
	up = math.Min(up, mass)
	s.p[j-s.first] += mass - up
	s.p[j-s.first+1] += up
}

// gaussianPart has the loss N(mu^2/2, mu^2) in one world and N(-mu^2/2, mu^2) in
// the other.
func gaussianPart(mu, step float64) part {
	mean := mu * mu / 2
	low, high := mean-tailSigmas*mu, mean+tailSigmas*mu
	s := newSplit(step, low, high, 1)
	s.inf = cutMass
	from, to := int(math.Floor(low/step)), int(math.Ceil(high/step))
	// tail returns Q(x) - Q(y), x < y, and a bound of its error.
	tail := func(x, y float64) (float64, float64) {
		if x < 0 {
			x, y = -y, -x
		}
		a, b := math.Erfc(x/math.Sqrt2)/2, math.Erfc(y/math.Sqrt2)/2
		return a - b, (16 + 4*math.Max(x*x, y*y)) * unit * math.Max(a, b)
	}
	for j := from; j < to; j++ {
		x, y := float64(j)*step, float64(j+1)*step
		p, ep := tail((x-mean)/mu, (y-mean)/mu)
		q, eq := tail((x+mean)/mu, (y+mean)/mu)
		g := math.Exp(x)
		up := (p - q*g) * s.inv
		slack := (ep + eq*g + 4*unit*p) * s.inv
		mass := math.Max(p+ep, math.SmallestNonzeroFloat64)
		s.bin(j, mass, math.Max(0, up+slack))
		if p > 0 {
			s.eta = math.Max(s.eta, 2*ep/p)
			s.drift = math.Max(s.drift, 2*slack/p)
		}
	}
	s.p[from-s.first] += cutMass // the lower tail
	return s.part
}

// laplacePart: for noise of scale b and shift r b the loss is r with probability
// 1/2, -r with e^-r/2, and between them has the density e^(-(r-l)/2)/4.
func laplacePart(r, step float64, count int) part {
	s := newSplit(step, -r, r, count)
	s.atom(r, 0.5*(1+4*unit))
	s.atom(-r, 0.5*math.Exp(-r)*(1+8*unit))
	from, to := int(math.Floor(-r/step)), int(math.Ceil(r/step))
	for j := from; j < to; j++ {
		g := float64(j) * step
		a, b := math.Max(0, -r-g), math.Min(step, r-g)
		if b <= a {
			continue
		}
		e := math.Exp(-(r - g) / 2)
		mass := e * math.Exp(a/2) * math.Expm1((b-a)/2) / 2
		up := e * 2 * math.Sinh((a+b)/4) * math.Sinh((b-a)/4) * s.inv
		s.bin(j, mass*(1+64*unit), up*(1+128*unit))
	}
	return s.part
}

// atoms lists the losses of a discrete mechanism, highest first, as
// top - step*i, with masses rounded up by less than eta.
type atoms struct {
	top, step float64
	p         []float64
	inf, eta  float64
}

func (g group) atoms() atoms {
	switch g.kind {
	case BlackBox:
		e := math.Exp(-g.epsilon)
		return atoms{
			top: g.epsilon, step: 2 * g.epsilon, eta: 1e-14,
			p: []float64{1 / (1 + e) * (1 + 8*unit), e / (1 + e) * (1 + 8*unit)},
		}
	case DiscreteLaplaceNoise:
		// Noise of at most 0 has probability 1/(1+q); i has (1-q)/(1+q) q^i; the
		// shift or more has q^shift/(1+q).
		shift := int(g.shift.Num().Int64())
		lambda, _ := new(big.Rat).Inv(g.scale).Float64()
		q := math.Exp(-lambda)
		a := atoms{top: lambda * float64(shift), step: 2 * lambda, p: make([]float64, shift+1), eta: 1e-12}
		for i := range a.p {
			a.p[i] = math.Exp(-lambda*float64(i)) / (1 + q) * (1 + 4e-13)
			if i > 0 && i < shift {
				a.p[i] *= -math.Expm1(-lambda)
			}
		}
		return a
	}
	// Discrete Gaussian noise x has loss shift^2/(2 sigma^2) - x shift/sigma^2; the
	// normalizer is bounded by what is summed here.
	s, _ := g.scale.Float64()
	square := new(big.Rat).Mul(g.scale, g.scale)
	f, _ := new(big.Rat).Inv(square).Float64()
	shift := float64(g.shift.Num().Int64())
	reach := int(math.Ceil(tailSigmas * s))
	a := atoms{p: make([]float64, 2*reach+1), inf: cutMass, eta: 1e-12}
	a.step = shift * f
	a.top = shift*shift*f/2 + float64(reach)*a.step
	half := make([]float64, reach+1)
	sum, lost := 0.0, 0.0 // what a sum of hundreds of thousands of terms rounds off is kept beside it
	for x := reach; x >= 0; x-- {
		half[x] = math.Exp(-float64(x) * float64(x) * f / 2)
		add := half[x]
		if x > 0 {
			add *= 2
		}
		next := sum + (add - lost)
		lost = (next - sum) - (add - lost)
		sum = next
	}
	for i := range a.p {
		x := i - reach
		a.p[i] = half[max(x, -x)] / sum * (1 + 4e-13)
	}
	a.p[len(a.p)-1] += cutMass // the lower tail
	return a
}

// gridPart places the group on multiples of step.
func (g group) gridPart(step float64) part {
	if g.kind == LaplaceNoise {
		return laplacePart(g.ratio, step, g.count)
	}
	a := g.atoms()
	s := newSplit(step, a.top-a.step*float64(len(a.p)), a.top, g.count)
	s.inf, s.eta = a.inf, a.eta
	// The loss of an atom is off by roundings of its own and of top.
	off := 8 * unit * (math.Abs(a.top) + a.step*float64(len(a.p)))
	for i, m := range a.p {
		s.atom(a.top-a.step*float64(i)+off, m)
	}
	s.drift += 4 * off / step
	return s.part
}

// lattice returns the composition of one group alone on the lattice of its own
// losses: nothing is split.
func (g group) lattice() grid {
	a := g.atoms()
	n := len(a.p)
	p := part{p: make([]float64, n), inf: a.inf, eta: a.eta, count: g.count}
	for i, m := range a.p {
		p.p[n-1-i] = m
	}
	bottom := a.top - a.step*float64(n-1)
	reach := float64(g.count) * (math.Abs(a.top) + math.Abs(bottom))
	return grid{step: a.step, base: float64(g.count) * bottom, off: 16 * unit * reach, parts: []part{p}}
}
