package plan

import (
	"fmt"

	"github.com/discreet-go/discreet/internal/contrib"
)

// tell fills in what a prediction says in the unit of its measure. Errors relative to a
// count are those of people or events: amounts have none, and neither has a list of keys;
// of what another library draws no error is known at all.
func (q *Prediction) tell(s *contrib.Spec) {
	q.Unit, q.Step, q.Per = s.Unit()
	q.Error100, q.Error1000, q.Error10000, q.Within10 = 0, 0, 0, 0
	deviation, margin, per := q.Noise.StdDev, q.Noise.Margin, q.Per
	switch {
	case s.Kind == contrib.KindKeys, s.External():
		return
	case s.Parts() > 1: // of people
		deviation, margin, per = q.Noise.CountStdDev, q.Noise.CountMargin, 1
	case s.Amount.Unit != "" && s.Kind != contrib.KindHistogram:
		return
	}
	deviation /= float64(per)
	q.Error100, q.Error1000, q.Error10000 = deviation/100, deviation/1000, deviation/10000
	q.Within10 = max(1, (10*margin+per-1)/per, q.Noise.Threshold)
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
