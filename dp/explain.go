package dp

import (
	"errors"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/exact"
)

// ExplanationFormat names the JSON form of an [Explanation]; docs/formats.md
// describes it.
const ExplanationFormat = "discreet-explanation/0"

// Limits of a [Loss].
const (
	MaxWindows     = 10_000
	MaxIdentifiers = 64
)

// ErrExplain is returned for a [Loss] outside its ranges.
var ErrExplain = errors.New("dp: a Loss has either Mu (above 0, at most 32) or Epsilon (1e-6 to 64), Delta from 0 to 0.5, 1 to 10000 windows, 1 to 64 identifiers")

// Loss is a bound on what releases reveal of one person, to be explained. No field
// has a default but Delta, for which 0 is a good value.
type Loss struct {
	// Mu is a loss in Gaussian DP, above 0 and at most 32: Header.Mu of a release, or of
	// a whole window Engine.Account().Mu(1). Delta is then the reserve,
	// Terms.ReserveDelta, or what of it was spent; 0 without discovered partitions.
	Mu float64 `json:"mu,omitempty"`

	// Epsilon, instead, is a loss in (Epsilon, Delta)-DP, as a Budget promises it.
	Epsilon float64 `json:"epsilon,omitempty"`
	Delta   float64 `json:"delta"` // 0 to 0.5

	// Windows with that loss each, 1 to MaxWindows, and identifiers under which the
	// person is known without their being linked, 1 to MaxIdentifiers.
	Windows     int `json:"windows"`
	Identifiers int `json:"identifiers"`
}

// Explanation says what somebody who knows everything else could learn of one
// person: whether that person's record was in the data. Every number is an upper
// bound, never below the exact one. It is a function of a [Loss] alone, and costs
// nothing.
type Explanation struct {
	Format string `json:"format"` // ExplanationFormat
	Of     Loss   `json:"of"`

	// The whole loss, over all windows and identifiers: Mu or Epsilon as in Of, and
	// Delta.
	Mu      float64 `json:"mu,omitempty"`
	Epsilon float64 `json:"epsilon,omitempty"`
	Delta   float64 `json:"delta"`

	// Advantage is the most by which any test is more often right about people who are
	// in the data than wrong about people who are not.
	Advantage float64  `json:"advantage"`
	Tests     []Test   `json:"tests"`
	Beliefs   []Belief `json:"beliefs"`
}

// Test is a point of the error trade-off.
type Test struct {
	Alarms float64 `json:"alarms"` // probability of being wrong about somebody who is not in the data
	Finds  float64 `json:"finds"`  // at most that probability of being right about somebody who is
}

// Belief says what the releases do to a belief held beforehand.
type Belief struct {
	Prior float64 `json:"prior"` // probability, beforehand, that the person is in the data

	// Before and Right are how often the best guess is right, without the releases and,
	// at most, with them.
	Before float64 `json:"right_before"`
	Right  float64 `json:"right"`

	// Mostly and Nearly bound the probability afterwards that the person is in the data:
	// if they are, it ends up at most there with probability 95 % and 99 %.
	Mostly float64 `json:"mostly"`
	Nearly float64 `json:"nearly"`
}

// What is shown: false alarms, odds against beforehand, and how rare an outcome is
// that may teach more.
const (
	alarmsOften  = 0.05
	alarmsSeldom = 0.01
	mostlyNot    = 0.05
	nearlyNot    = 0.01
)

// LossOf returns the loss of one release.
func LossOf(h Header) Loss {
	return Loss{Mu: h.Mu, Delta: h.Delta, Windows: 1, Identifiers: 1}
}

// Loss returns what the budget promises of one window.
func (b Budget) Loss() Loss {
	return Loss{Epsilon: b.Epsilon, Delta: b.Delta, Windows: 1, Identifiers: 1}
}

// Explain returns what a loss means, or [ErrExplain]. It takes some ten milliseconds. The
// formulas and their proofs are in docs/proofs/explained-loss.md.
//
// Explain the loss in Gaussian DP where it is known: the same releases explained
// by (Epsilon, Delta) look worse, because that promise is kept by worse mechanisms
// as well.
func Explain(l Loss) (Explanation, error) {
	if err := l.check(); err != nil {
		return Explanation{}, err
	}
	curve, err := l.curve()
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Format: ExplanationFormat, Of: l}
	e.Mu, e.Epsilon, e.Delta = curve.total()
	if e.Advantage, err = curve.excess(big.NewRat(1, 1)); err != nil {
		return Explanation{}, err
	}
	for _, alarms := range []float64{alarmsOften, alarmsSeldom} {
		finds, err := curve.power(alarms)
		if err != nil {
			return Explanation{}, err
		}
		e.Tests = append(e.Tests, Test{Alarms: alarms, Finds: finds})
	}
	mostly, err := factor(curve, mostlyNot)
	if err != nil {
		return Explanation{}, err
	}
	nearly, err := factor(curve, nearlyNot)
	if err != nil {
		return Explanation{}, err
	}
	for _, against := range []int64{1, 9, 99, 999} {
		odds := big.NewRat(against, 1)
		excess, err := curve.excess(odds)
		if err != nil {
			return Explanation{}, err
		}
		// Of one person in against+1: right about all who are not, and about those whom
		// the releases give away.
		right := new(big.Rat).SetFloat64(excess)
		right.Add(right, odds).Quo(right, big.NewRat(against+1, 1))
		e.Beliefs = append(e.Beliefs, Belief{
			Prior:  1 / float64(against+1),
			Before: float64(against) / float64(against+1),
			Right:  probabilityUp(right),
			Mostly: posterior(mostly, odds),
			Nearly: posterior(nearly, odds),
		})
	}
	return e, nil
}

func (l Loss) check() error {
	gaussian := l.Mu > 0 && l.Mu <= float64(accounting.MaxMu) && l.Epsilon == 0
	box := l.Mu == 0 && envelope.Epsilon(l.Epsilon)
	if gaussian == box || !(l.Delta >= 0 && l.Delta <= 0.5) ||
		l.Windows < 1 || l.Windows > MaxWindows || l.Identifiers < 1 || l.Identifiers > MaxIdentifiers {
		return ErrExplain
	}
	return nil
}

// factor bounds by how much the odds grow but in outcomes that come up with
// probability rare, if the person is in the data; nil where nothing bounds it. Where
// the odds grow by more than r, the outcomes have probability q for the person and
// less than q/r without them; a test for them finds q at q/r alarms.
func factor(c tradeoff, rare float64) (*big.Rat, error) {
	alarms, err := c.alarms(rare)
	if err != nil || alarms <= 0 {
		return nil, err
	}
	q := new(big.Rat).SetFloat64(rare)
	return q.Quo(q, new(big.Rat).SetFloat64(alarms)), nil
}

// posterior returns factor/(factor + odds), rounded up.
func posterior(factor, against *big.Rat) float64 {
	if factor == nil {
		return 1
	}
	sum := new(big.Rat).Add(factor, against)
	return probabilityUp(sum.Quo(factor, sum))
}

// probabilityUp rounds up to a float of at most 1.
func probabilityUp(r *big.Rat) float64 { return math.Min(1, exact.FloatUp(r)) }
