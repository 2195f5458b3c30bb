package noise

import (
	"math/big"
	"math/bits"
)

// Laplace draws discrete Laplace noise: the integer n with probability
//
//	(1-q)/(1+q) q^|n|,   q = e^(-1/b)
//
// where b is the scale. Adding it to each cell of an integer vector that one
// person changes by at most Delta in L1 is epsilon-DP with epsilon = Delta/b. It
// holds no state: any number of goroutines may use one, and draws are independent
// of all others. Proof: docs/proofs/discrete-laplace.md.
type Laplace struct {
	scale Scale
	m     uint64 // b = m * 2^e
	shift uint   // of the high word in floor
}

// NewLaplace returns the sampler for a scale, which here is b and not a standard
// deviation; [ErrScale] for the zero Scale. It costs nothing.
func NewLaplace(b Scale) (*Laplace, error) {
	if !b.valid() {
		return nil, ErrScale
	}
	m, e := b.fixed()
	return &Laplace{scale: b, m: m, shift: uint(waitBits - e - 64)}, nil
}

// Scale returns the scale b.
func (l *Laplace) Scale() Scale { return l.scale }

// Fill sets dst to independent noise. Cost and errors as [Gaussian.Fill].
func (l *Laplace) Fill(dst []int64) error { return fill(dst, l.m != 0, l) }

// AddTo adds independent noise to each cell. Cost and errors as [Gaussian.AddTo].
func (l *Laplace) AddTo(cells []int64) error { return addTo(cells, l.m != 0, l) }

// draw returns a sign and the floor of b times an exponential variable, which is
// geometric: P(floor(b x) >= n) = e^(-n/b). Of the two zeros one is drawn afresh.
func (l *Laplace) draw(s *stream) (int64, error) {
	for {
		var p wait
		bit := p.draw(s)
		n, err := l.floor(&p, s)
		if n == 0 && bit == 1 && err == nil {
			continue
		}
		return signed(n, bit), err
	}
}

// floor returns floor(b x); compare nearest.
func (l *Laplace) floor(p *wait, s *stream) (int64, error) {
	if p.digits == nil && p.turns < maxFastTurns {
		hi, lo := bits.Mul64(p.width, p.u)
		x := (p.turns*expEdge[strips]+p.left+hi)<<(waitBits-edgeBits) | lo>>(64-(waitBits-edgeBits))
		// The exact x is in [x, x+2) * 2^-waitBits.
		hi, lo = bits.Mul64(l.m, x)
		_, carry := bits.Add64(lo, l.m<<1, 0)
		if a := hi >> l.shift; a == (hi+l.m>>63+carry)>>l.shift {
			return int64(a), nil
		}
	}
	if p.digits == nil {
		p.digits = newReal(p.u, 64)
	}
	return l.scale.settleFloor(p, func() (uint64, uint) { return s.next(), 64 })
}

func (s Scale) settleFloor(p *wait, more func() (uint64, uint)) (int64, error) {
	return settleInteger(s, new(big.Rat), p.span, p.digits, more)
}
