package dp

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/exact"
)

// tradeoff bounds what a test can do. Results are rounded to the safe side.
type tradeoff interface {
	total() (mu, epsilon, delta float64)

	// power bounds the probability of being right, for a probability of false alarms.
	power(alarms float64) (float64, error)

	// alarms is the least probability of false alarms for a probability of being right.
	alarms(power float64) (float64, error)

	// excess bounds power - odds*alarms over all tests.
	excess(odds *big.Rat) (float64, error)
}

// curve returns the trade-off of the whole loss.
func (l Loss) curve() (tradeoff, error) {
	k := float64(l.Windows)
	each := timesUp(l.Delta, k)
	if l.Epsilon > 0 {
		return newBox(timesUp(l.Epsilon, k), each, l.Identifiers), nil
	}
	step := l.Mu
	if l.Windows > 1 {
		step = timesUp(l.Mu, upward(math.Sqrt(k)))
	}
	g := gaussian{mu: timesUp(step, float64(l.Identifiers)), delta: each}
	if !(g.mu <= float64(accounting.MaxMu)) {
		return anything{mu: g.mu}, nil
	}
	// From one identifier to the next, what the exception lets through is looked at by
	// the tests of those that follow.
	for i := 1; i < l.Identifiers && each > 0; i++ {
		if each >= 1 {
			return anything{mu: g.mu}, nil
		}
		more, err := accounting.PowerForMu(math.Max(each, leastDelta), accounting.Mu(timesUp(step, float64(i))))
		if err != nil {
			return nil, err
		}
		g.delta = upward(g.delta + more)
	}
	if g.delta >= 1 {
		return anything{mu: g.mu}, nil
	}
	return g, nil
}

// leastDelta is the least probability that tails are computed of.
const leastDelta = 1e-300

// gaussian is mu-GDP but for an additive delta.
type gaussian struct{ mu, delta float64 }

func (g gaussian) total() (mu, epsilon, delta float64) { return g.mu, 0, g.delta }

func (g gaussian) power(alarms float64) (float64, error) {
	p, err := accounting.PowerForMu(alarms, accounting.Mu(g.mu))
	return g.plus(p), err
}

func (g gaussian) alarms(power float64) (float64, error) {
	rest := new(big.Rat).SetFloat64(power)
	rest.Sub(rest, new(big.Rat).SetFloat64(g.delta))
	p := exact.FloatDown(rest)
	if p < leastDelta {
		return 0, nil
	}
	return accounting.AlarmsForMu(p, accounting.Mu(g.mu))
}

func (g gaussian) excess(odds *big.Rat) (float64, error) {
	// The logarithm of the odds, never above it: a smaller epsilon has a larger delta.
	f, _ := odds.Float64()
	epsilon := math.Log(f)
	for epsilon > 0 && exact.Exp(new(big.Rat).SetFloat64(epsilon), 128).Hi().Cmp(odds) > 0 {
		epsilon = math.Nextafter(epsilon, 0)
	}
	p, err := accounting.DeltaForMu(math.Max(0, epsilon), accounting.Mu(g.mu))
	return g.plus(p), err
}

// plus adds the exception.
func (g gaussian) plus(p float64) float64 {
	if g.delta == 0 {
		return p
	}
	return math.Min(1, upward(p+g.delta))
}

// box is (epsilon, delta)-DP: a test with a alarms is right with at most
// min(e^epsilon a + delta, 1 - e^-epsilon (1 - delta - a)).
type box struct {
	epsilon float64
	ratio   *big.Rat // e^epsilon, rounded up
	delta   *big.Rat
}

// maxBox is where e^epsilon leaves the floats.
const maxBox = 700

func newBox(epsilon, each float64, identifiers int) tradeoff {
	b := box{epsilon: timesUp(epsilon, float64(identifiers)), delta: new(big.Rat)}
	if !(b.epsilon <= maxBox) {
		return anything{epsilon: b.epsilon}
	}
	power := func(x float64) *big.Rat { return exact.Exp(new(big.Rat).SetFloat64(x), 192).Hi() }
	b.ratio = power(b.epsilon)
	if each > 0 {
		sum := big.NewRat(1, 1)
		for i := 1; i < identifiers; i++ {
			sum.Add(sum, power(timesUp(epsilon, float64(i))))
		}
		b.delta.Mul(sum, new(big.Rat).SetFloat64(each))
	}
	if b.delta.Cmp(big.NewRat(1, 1)) >= 0 {
		return anything{epsilon: b.epsilon}
	}
	return b
}

func (b box) total() (mu, epsilon, delta float64) { return 0, b.epsilon, exact.FloatUp(b.delta) }

func (b box) power(alarms float64) (float64, error) {
	a := new(big.Rat).SetFloat64(alarms)
	low := new(big.Rat).Mul(b.ratio, a)
	low.Add(low, b.delta)
	high := big.NewRat(1, 1)
	rest := new(big.Rat).Sub(high, b.delta)
	if rest.Sub(rest, a); rest.Sign() > 0 {
		high.Sub(high, rest.Quo(rest, b.ratio))
	}
	if high.Cmp(low) < 0 {
		low = high
	}
	return probabilityUp(low), nil
}

func (b box) alarms(power float64) (float64, error) {
	q := new(big.Rat).SetFloat64(power)
	low := new(big.Rat).Sub(q, b.delta)
	low.Quo(low, b.ratio)
	high := big.NewRat(1, 1)
	high.Sub(high, b.delta)
	miss := big.NewRat(1, 1)
	high.Sub(high, miss.Sub(miss, q).Mul(miss, b.ratio))
	if high.Cmp(low) > 0 {
		low = high
	}
	return math.Max(0, exact.FloatDown(low)), nil
}

func (b box) excess(odds *big.Rat) (float64, error) {
	sum := new(big.Rat).Set(b.delta)
	if gain := new(big.Rat).Sub(b.ratio, odds); gain.Sign() > 0 {
		// At the corner, where both lines meet: alarms are (1 - delta)/(1 + e^epsilon).
		one := big.NewRat(1, 1)
		corner := new(big.Rat).Sub(one, b.delta)
		corner.Quo(corner, one.Add(one, b.ratio))
		sum.Add(sum, gain.Mul(gain, corner))
	}
	return probabilityUp(sum), nil
}

// anything is the trade-off of a loss so large that nothing is ruled out.
type anything struct{ mu, epsilon float64 }

func (a anything) total() (mu, epsilon, delta float64) { return a.mu, a.epsilon, 1 }
func (anything) power(float64) (float64, error)        { return 1, nil }
func (anything) alarms(float64) (float64, error)       { return 0, nil }
func (anything) excess(*big.Rat) (float64, error)      { return 1, nil }

func upward(x float64) float64 { return math.Nextafter(x, math.Inf(1)) }

// timesUp returns x*n, rounded up; exactly x for n = 1.
func timesUp(x, n float64) float64 {
	if n == 1 || x == 0 {
		return x
	}
	return upward(x * n)
}
