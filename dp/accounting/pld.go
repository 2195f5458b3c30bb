package accounting

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/big"
	"slices"

	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/exact"
)

// Errors of compositions.
var (
	ErrMechanism = errors.New("accounting: a mechanism lacks what its kind needs, or has it out of range")
	ErrCount     = errors.New("accounting: a count is at least 1, and all together at most 2^17")
	ErrNoEpsilon = errors.New("accounting: this much delta is spent whatever epsilon is")
)

// MechanismKind says what a mechanism does.
type MechanismKind uint8

// The kinds of mechanisms that [Compose] knows.
const (
	// GaussianNoise is normal noise with standard deviation Scale, rounded or
	// not, on numbers that one person changes by at most Sensitivity in L2.
	GaussianNoise MechanismKind = iota + 1
	// LaplaceNoise is continuous Laplace noise of scale Scale on one number that
	// a person changes by at most Sensitivity.
	LaplaceNoise
	// DiscreteLaplaceNoise is integer noise with probabilities proportional to
	// e^(-|x|/Scale), on one integer that a person changes by at most Sensitivity.
	DiscreteLaplaceNoise
	// DiscreteGaussianNoise is integer noise with probabilities proportional to
	// e^(-x^2/(2 Scale^2)), on one integer that a person changes by at most
	// Sensitivity.
	DiscreteGaussianNoise
	// BlackBox is any (Epsilon, Delta)-DP mechanism.
	BlackBox
)

// Mechanism is Count mechanisms of one kind, each run on the same people. A table
// in which a person changes c cells by 1 each is, under noise that is drawn per
// cell, c mechanisms.
type Mechanism struct {
	Kind        MechanismKind
	Scale       *big.Rat // of the noise: in [2^-20, 2^40]; discrete kinds: in [2^-6, 2^14]
	Sensitivity *big.Rat // nil for 1; discrete kinds: an integer, at most 2^14; Scale/Sensitivity in [2^-6, 2^30]
	Epsilon     float64  // of a BlackBox: 0, or in [MinEpsilon, MaxEpsilon]
	Delta       float64  // of a BlackBox: 0, or in [MinDelta, MaxDelta]
	Count       int      // at least 1
}

// Bounds holds an exact value between Lower and Upper. Upper is what to report
// and to charge; Lower tells how much of it the computation adds.
type Bounds struct{ Lower, Upper float64 }

const (
	maxLossCount = 1 << 17
	minLossDelta = 1e-30
	// keepSlack covers a sum of 2^17 logarithms, each rounded a few times.
	keepSlack = 0x1p-35
)

// Loss is the privacy loss of many mechanisms on the same people together. It
// is immutable and safe for concurrent use.
type Loss struct {
	mu2, mu2Low Units // of all Gaussian noise together
	groups      []group
	keep        float64 // ln of the mass that black boxes leave below infinity
	infinity    Bounds  // mass at infinity of black boxes
}

// group is count equal mechanisms that are not Gaussian.
type group struct {
	kind    MechanismKind
	scale   *big.Rat
	shift   *big.Rat
	epsilon float64
	delta   float64
	count   int
	ratio   float64 // shift/scale, rounded up; epsilon of a black box
}

// Compose puts the mechanisms together: all of them on the same people, each with
// noise of its own, the list fixed beforehand. Equal mechanisms are grouped; all
// Gaussian noise is one mechanism with mu^2 = mu_1^2 + ... . Proof:
// docs/proofs/pld.md. Errors: [ErrMechanism], [ErrCount].
func Compose(mechanisms []Mechanism) (*Loss, error) {
	l := &Loss{}
	total := 0
	lnKeep, deltas := 0.0, new(big.Rat)
	index := map[string]int{}
	for _, m := range mechanisms {
		if m.Count < 1 || m.Count > maxLossCount-total {
			return nil, ErrCount
		}
		total += m.Count
		g, err := m.group()
		if err != nil {
			return nil, err
		}
		if m.Kind == GaussianNoise {
			if err := l.addGaussian(g); err != nil {
				return nil, err
			}
			continue
		}
		if g.delta > 0 {
			lnKeep += float64(g.count) * math.Log1p(-g.delta)
			d := new(big.Rat).SetFloat64(g.delta)
			deltas.Add(deltas, d.Mul(d, big.NewRat(int64(g.count), 1)))
		}
		if g.kind == BlackBox && g.epsilon == 0 {
			continue
		}
		k := g.key()
		if i, ok := index[k]; ok {
			l.groups[i].count += g.count
			continue
		}
		index[k] = len(l.groups)
		l.groups = append(l.groups, g)
	}
	slices.SortStableFunc(l.groups, func(a, b group) int { return cmp.Compare(a.ratio, b.ratio) })
	if lnKeep < 0 {
		inf := -math.Expm1(lnKeep)
		l.infinity = Bounds{inf * (1 - keepSlack), math.Min(inf*(1+keepSlack), exact.FloatUp(deltas))}
		l.keep = lnKeep * (1 - keepSlack)
	}
	return l, nil
}

// key tells groups apart that are not equal; of black boxes Delta is accounted
// for beforehand.
func (g group) key() string {
	if g.kind == BlackBox {
		return big.NewRat(0, 1).SetFloat64(g.epsilon).String()
	}
	return string(rune('0'+g.kind)) + g.scale.String() + " " + g.shift.String()
}

func (m Mechanism) group() (group, error) {
	g := group{kind: m.Kind, scale: m.Scale, shift: m.Sensitivity, epsilon: m.Epsilon, delta: m.Delta, count: m.Count}
	if m.Kind == BlackBox {
		ok := (m.Epsilon == 0 || envelope.Epsilon(m.Epsilon)) && (m.Delta == 0 || envelope.Delta(m.Delta))
		if !ok || m.Scale != nil || m.Sensitivity != nil {
			return g, ErrMechanism
		}
		g.ratio = m.Epsilon
		return g, nil
	}
	if g.shift == nil {
		g.shift = big.NewRat(1, 1)
	}
	if m.Epsilon != 0 || m.Delta != 0 || m.Scale == nil || m.Scale.Sign() <= 0 || g.shift.Sign() <= 0 {
		return g, ErrMechanism
	}
	lo, hi := big.NewRat(1, 1<<20), big.NewRat(1<<40, 1)
	switch m.Kind {
	case GaussianNoise, LaplaceNoise:
	case DiscreteLaplaceNoise, DiscreteGaussianNoise:
		lo, hi = big.NewRat(1, 1<<6), big.NewRat(1<<14, 1)
		if !g.shift.IsInt() || g.shift.Cmp(hi) > 0 {
			return g, ErrMechanism
		}
	default:
		return g, ErrMechanism
	}
	ratio := new(big.Rat).Quo(g.shift, g.scale)
	if g.scale.Cmp(lo) < 0 || g.scale.Cmp(hi) > 0 || ratio.Cmp(big.NewRat(1<<6, 1)) > 0 || ratio.Cmp(big.NewRat(1, 1<<30)) < 0 {
		return g, ErrMechanism
	}
	g.ratio = exact.FloatUp(ratio)
	return g, nil
}

func (l *Loss) addGaussian(g group) error {
	r := new(big.Rat).Quo(g.shift, g.scale)
	r.Mul(r, r).Mul(r, big.NewRat(int64(g.count), 1))
	up, err := UnitsUp(r)
	if err != nil {
		return err
	}
	down, err := UnitsDown(r)
	if err != nil {
		return err
	}
	if l.mu2, err = l.mu2.Add(up); err != nil {
		return err
	}
	l.mu2Low, err = l.mu2Low.Add(down)
	return err
}

// Delta returns bounds on the least delta with which the composition is
// (epsilon, delta)-DP, for epsilon from 0 to [MaxEpsilon]. Cost: see [Loss.Epsilon].
func (l *Loss) Delta(ctx context.Context, epsilon float64) (Bounds, error) {
	if !(epsilon >= 0 && epsilon <= MaxEpsilon) {
		return Bounds{}, ErrEpsilon
	}
	if len(l.groups) == 0 {
		return l.gaussianDelta(epsilon)
	}
	c, err := l.curve(ctx, l.aimAtEpsilon(epsilon))
	if err != nil {
		return Bounds{}, err
	}
	b := c.delta(epsilon)
	b.Lower, b.Upper = math.Max(b.Lower, l.infinity.Lower), math.Min(b.Upper, 1)
	if rest := (epsilon - l.largest()) * (1 - 4*unit); rest >= 0 {
		apart, err := l.gaussianDelta(rest)
		if err != nil {
			return Bounds{}, err
		}
		b.Upper = math.Min(b.Upper, apart.Upper)
	}
	return b, nil
}

// Epsilon returns bounds on the least epsilon >= 0 with which the composition is
// (epsilon, delta)-DP, for delta in [1e-30, 0.5]. The bounds are further apart
// than 1e-3 of their value only where that would take too long: a few mechanisms
// at a delta so small that epsilon comes close to the sum of their largest losses. A thousand
// mechanisms of twenty different kinds and scales take some 50 ms, a thousand
// different ones a second. Errors: [ErrDelta], [ErrNoEpsilon], [ErrRange],
// and that of ctx.
func (l *Loss) Epsilon(ctx context.Context, delta float64) (Bounds, error) {
	if !(delta >= minLossDelta && delta <= maxSolveDelta) {
		return Bounds{}, ErrDelta
	}
	if delta <= l.infinity.Upper {
		return Bounds{}, ErrNoEpsilon
	}
	if len(l.groups) == 0 {
		return l.gaussianEpsilon(delta)
	}
	c, err := l.curve(ctx, l.aimAtDelta(delta-l.infinity.Upper))
	if err != nil {
		return Bounds{}, err
	}
	b, err := c.epsilon(delta)
	if err != nil {
		return Bounds{}, err
	}
	if most := l.largest(); !math.IsInf(most, 1) {
		apart, err := l.gaussianEpsilon(delta)
		if err != nil {
			return Bounds{}, err
		}
		b.Upper = math.Min(b.Upper, (most+apart.Upper)*(1+4*unit))
	}
	return b, nil
}

// largest returns what the losses of all mechanisms but the Gaussian never
// exceed together, mass at infinity apart: the sum of their pure epsilons,
// rounded up; infinite where discrete Gaussian noise is among them. With what
// the Gaussian noise costs by itself it bounds the whole (basic composition),
// and closely so where a few mechanisms end within a step of the grid, which the
// grid cannot tell.
func (l *Loss) largest() float64 {
	sum := 0.0
	for i := range l.groups {
		g := &l.groups[i]
		if g.kind == DiscreteGaussianNoise {
			return math.Inf(1)
		}
		sum += float64(g.count) * g.ratio * (1 + 4*unit)
	}
	return sum * (1 + float64(len(l.groups)+4)*unit)
}

// gaussianDelta is Delta where there is nothing but Gaussian noise: exact, but
// for rounding.
func (l *Loss) gaussianDelta(epsilon float64) (Bounds, error) {
	b := l.infinity
	if l.mu2.IsZero() {
		return b, nil
	}
	d, err := DeltaForMu(epsilon, MuUp(l.mu2))
	if err != nil {
		return Bounds{}, err
	}
	low, _ := DeltaForMu(epsilon, l.muLow())
	b.Lower += (1 - b.Upper) * low * (1 - 1e-12)
	b.Upper = math.Min(1, (b.Upper+(1-b.Upper)*d)*(1+1e-15))
	return b, nil
}

func (l *Loss) gaussianEpsilon(delta float64) (Bounds, error) {
	if l.mu2.IsZero() {
		return Bounds{}, nil
	}
	up, err := EpsilonForMu(MuUp(l.mu2), (delta-l.infinity.Upper)/(1-l.infinity.Upper)*(1-1e-15))
	if err != nil {
		return Bounds{}, err
	}
	low, err := EpsilonForMu(l.muLow(), math.Min(maxSolveDelta, (delta-l.infinity.Lower)/(1-l.infinity.Upper)*(1+1e-15)))
	return Bounds{math.Max(0, low*(1-2e-12)-2e-15), up}, err
}

// muLow is the mu of all Gaussian noise, rounded down.
func (l *Loss) muLow() Mu { return MuUp(l.mu2Low) * (1 - 0x1p-50) }
