package noise

import (
	"math/big"
)

// DiscreteGaussian draws the discrete Gaussian: the integer n with probability
// proportional to e^(-n^2/(2 sigma^2)). Adding it to each cell of an integer vector
// that one person changes by at most Delta in L2 is rho-zCDP with
// rho = Delta^2/(2 sigma^2). Proof: docs/proofs/discrete-gaussian.md.
//
// It is for accounts in zCDP and for plans whose loss is computed from the law
// itself. It is NOT mu-GDP with mu = Delta/sigma: to charge it so to an account in
// Gaussian DP is an error, and [Gaussian] is what such an account wants.
//
// It holds no state: any number of goroutines may use one, and draws are
// independent of all others.
type DiscreteGaussian struct {
	scale   Scale
	p, q    *big.Int // sigma^2 = p/q
	tq, den *big.Int // t q and 2 p q t^2
	laplace *Laplace // of the integer scale t, about sigma
}

// NewDiscreteGaussian returns the sampler for a scale, which here is the
// parameter sigma of the law; [ErrScale] for the zero Scale.
func NewDiscreteGaussian(s Scale) (*DiscreteGaussian, error) {
	if !s.valid() {
		return nil, ErrScale
	}
	sigma := s.Rat()
	t := floor(sigma)
	if t.Sign() == 0 {
		t.SetInt64(1)
	}
	scale, err := NewScale(new(big.Rat).SetInt(t)) // exact: t has at most 41 bits
	if err != nil {
		return nil, err
	}
	laplace, err := NewLaplace(scale)
	if err != nil {
		return nil, err
	}
	square := new(big.Rat).Mul(sigma, sigma)
	g := &DiscreteGaussian{scale: s, p: square.Num(), q: square.Denom(), laplace: laplace}
	g.tq = new(big.Int).Mul(t, g.q)
	g.den = new(big.Int).Mul(g.p, g.tq)
	g.den.Mul(g.den, t).Lsh(g.den, 1)
	return g, nil
}

// Scale returns the scale.
func (g *DiscreteGaussian) Scale() Scale { return g.scale }

// Fill sets dst to independent noise, at about a microsecond a draw. Errors as
// [Gaussian.Fill].
func (g *DiscreteGaussian) Fill(dst []int64) error {
	return fill(dst, g.den != nil, &discreteDraw{g: g})
}

// AddTo adds independent noise to each cell. Cost as Fill, errors as
// [Gaussian.AddTo].
func (g *DiscreteGaussian) AddTo(cells []int64) error {
	return addTo(cells, g.den != nil, &discreteDraw{g: g})
}

// discreteDraw draws for one call; it holds integers that draws use over again.
type discreteDraw struct {
	g    *DiscreteGaussian
	a    big.Int
	coin coin
}

// draw returns discrete Laplace noise y of scale t, kept with probability
// e^(-(|y| t q - p)^2/(2 p q t^2)).
func (d *discreteDraw) draw(s *stream) (int64, error) {
	for {
		y, err := d.g.laplace.draw(s)
		if err != nil {
			return 0, err
		}
		d.a.SetInt64(max(y, -y))
		d.a.Mul(&d.a, d.g.tq).Sub(&d.a, d.g.p)
		d.a.Mul(&d.a, &d.a)
		if d.coin.toss(&d.a, d.g.den, s) {
			return y, nil
		}
	}
}
