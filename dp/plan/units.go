package plan

import (
	"fmt"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// tell fills in what a prediction says in the unit of its measure. Errors relative to a
// count are those of people or events: amounts have none, and neither has a list of keys;
// of what another library draws no error is known at all.
func (q *Prediction) tell(s *contrib.Spec) {
	q.Unit, q.Step, q.Per = s.Unit()
	q.Error100, q.Error1000, q.Error10000, q.Within10 = 0, 0, 0, 0
	c, ok := q.counts()
	if !ok {
		return
	}
	deviation := c.deviation / float64(c.per)
	q.Error100, q.Error1000, q.Error10000 = deviation/100, deviation/1000, deviation/10000
	if q.Within10, ok = c.within(nano/10, c.margin); !ok {
		q.Within10 = math.MaxInt64
	}
}

// counts is the noise of values that are numbers of people or events.
type counts struct {
	law                    string
	sigma, deviation       float64 // in steps
	margin, threshold, per int64   // in steps; people; steps that one person or event makes
}

// counts returns the noise of the values that are numbers of people or events, of means
// that of the people; false for amounts, lists of keys and what another library draws.
func (q *Prediction) counts() (counts, bool) {
	n := &q.Noise
	switch {
	case n.Sigma == 0: // keys, and what another library draws
		return counts{}, false
	case n.CountSigma > 0:
		return counts{law: n.Mechanism, sigma: n.CountSigma, deviation: n.CountStdDev, margin: n.CountMargin, per: 1}, true
	case q.amounts():
		return counts{}, false
	}
	return counts{n.Mechanism, n.Sigma, n.StdDev, n.Margin, n.Threshold, q.Per}, true
}

// marginOf returns the margin of a probability, in steps.
func (c counts) marginOf(level float64) (int64, error) {
	sigma := new(big.Rat).SetFloat64(c.sigma)
	switch {
	case level == dp.Level:
		return c.margin, nil
	case c.law == DiscreteLaplace.String():
		return accounting.LaplaceMargin(sigma, level)
	}
	return accounting.Margin(sigma, level)
}

// within returns the smallest count of which a margin is at most the given billionths,
// and which reaches the threshold; false where that is no int64.
func (c counts) within(relative, margin int64) (int64, bool) {
	part := new(big.Int).Mul(big.NewInt(relative), big.NewInt(c.per))
	n := new(big.Int).Mul(big.NewInt(margin), big.NewInt(nano))
	n.Add(n, part).Sub(n, big.NewInt(1)).Quo(n, part)
	if !n.IsInt64() {
		return 0, false
	}
	return max(1, n.Int64(), c.threshold), true
}

// inUnit returns a number of steps in the unit.
func (q *Prediction) inUnit(steps float64) float64 {
	return steps * float64(q.Step) / float64(q.Per)
}

// noiseTexts returns the scale of the noise, its margin and the threshold, as sheets
// show them: of amounts the standard deviation stands for the scale, with the unit.
func (q *Prediction) noiseTexts() []string {
	threshold := "-"
	if t := max(q.Noise.Threshold, q.Noise.Even); t > 0 {
		threshold = fmt.Sprint(t)
	}
	sigma, margin := fmt.Sprintf("%.4g", q.Noise.Sigma), fmt.Sprint(q.Noise.Margin)
	switch {
	case q.Noise.Sigma == 0:
		sigma, margin = "-", "-"
	case q.amounts():
		sigma = fmt.Sprintf("%.4g %s", q.inUnit(q.Noise.StdDev), q.Unit)
		margin = fmt.Sprintf("%.4g %s", q.inUnit(float64(q.Noise.Margin)), q.Unit)
	case q.Per > 1:
		sigma, margin = fmt.Sprintf("%.4g", q.inUnit(q.Noise.Sigma)), fmt.Sprintf("%.4g", q.inUnit(float64(q.Noise.Margin)))
	}
	return []string{sigma, margin, threshold}
}

// errorTexts returns the errors relative to a count and the smallest count known within
// 10 %, as the sheet shows them.
func (q *Prediction) errorTexts() []string {
	if q.Within10 == 0 {
		return []string{"-", "-", "-", "-"}
	}
	return []string{percent(q.Error100), percent(q.Error1000), percent(q.Error10000), fmt.Sprint(q.Within10)}
}

func (q *Prediction) amounts() bool {
	return q.Unit != contrib.UnitPeople && q.Unit != contrib.UnitEvents
}
