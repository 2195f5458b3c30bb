package plan

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
)

// The range in which a loss is looked for that meets a target.
const (
	mostMu2 = float64(accounting.MaxMu * accounting.MaxMu)
	tinyMu2 = 1e-24
)

// leastMu2 returns the least squared mu, rounded up by less than 1e-6 of it, with
// which a release with that delta meets the target of t. Near is a guess, or 0. It
// asks dp.Predict some fifteen times, and nothing else about the measure, so that it
// holds for any kind whose noise shrinks as the loss grows.
func leastMu2(t *task, delta accounting.Units, near float64) (float64, error) {
	met := func(mu2 float64) bool {
		u, err := accounting.UnitsDown(new(big.Rat).SetFloat64(mu2))
		if err != nil {
			return false
		}
		n, err := dp.Predict(&t.spec, u, delta)
		return err == nil && t.met(n)
	}
	step := 1 + 2e-6 // from a good guess, it is found at once
	if near == 0 {
		if !met(mostMu2) {
			return 0, ErrTarget
		}
		s := t.line.Target.sigma()
		near, step = float64(t.spec.JointSquared())/(s*s), 1.001
	}
	near = math.Min(math.Max(near, tinyMu2), mostMu2)
	lo, hi := near, near
	if met(near) {
		for lo /= step; lo > tinyMu2 && met(lo); lo /= step {
			hi, step = lo, math.Pow(step, 4)
		}
	} else {
		for hi *= step; !met(math.Min(hi, mostMu2)); hi *= step {
			if hi > mostMu2 {
				return 0, ErrTarget
			}
			lo, step = hi, math.Pow(step, 4)
		}
		hi = math.Min(hi, mostMu2)
	}
	for hi > lo*(1+1e-6) {
		if mid := math.Sqrt(lo * hi); met(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi, nil
}

// needs returns the least squared mu with which each release meets its target, 0 for
// lines without, and the sum over all releases. A discovered measure's threshold
// hangs on its part of the reserve of delta, which hangs on all shares: that is
// solved by repetition, which closes in since a threshold hardly moves with delta. With
// a limit above 0 it ends as soon as it is clear on which side of it the sum is.
func (w *work) needs(mu2, reserve, limit float64) (need []float64, sum float64, err error) {
	need = make([]float64, len(w.tasks))
	for i := range w.tasks {
		t := &w.tasks[i]
		switch {
		case !t.target():
		case !t.spec.Discovered:
			need[i] = t.need
		case t.need > 0: // solved before, for something near
			need[i] = t.need
		default: // with the most delta that it could get
			if need[i], err = leastMu2(t, unitsOf(reserve/float64(t.line.Times)), t.need); err != nil {
				return nil, 0, err
			}
		}
		sum += need[i] * float64(t.line.Times)
	}
	for range 12 {
		moved := 0.0
		all := w.discoveredOf(need, sum, mu2)
		for i := range w.tasks {
			t := &w.tasks[i]
			if !t.target() || !t.spec.Discovered {
				continue
			}
			old := need[i]
			if need[i], err = leastMu2(t, unitsOf(reserve*old/all), old); err != nil {
				return nil, 0, err
			}
			sum += (need[i] - old) * float64(t.line.Times)
			t.need = need[i] // where to look the next time
			moved = math.Max(moved, math.Abs(need[i]/old-1))
		}
		if moved < 1e-5 || limit > 0 && moved < math.Abs(sum/limit-1)/2 {
			break
		}
	}
	return need, sum, nil
}

// discoveredOf returns the squared mu of all releases of discovered measures, by
// which the reserve is split.
func (w *work) discoveredOf(need []float64, sum, mu2 float64) float64 {
	rest := math.Max(mu2*float64(nano-w.keep-w.fixed)/nano-sum, mu2*LeastRest)
	all := 0.0
	for i := range w.tasks {
		if t := &w.tasks[i]; t.spec.Discovered {
			each := need[i] + mu2*float64(t.nano)/nano
			if t.pull > 0 {
				each += rest * (t.pull / w.pull)
			}
			all += each * float64(t.line.Times)
		}
	}
	return all
}

// unitsOf rounds down, but not to zero.
func unitsOf(f float64) accounting.Units {
	u, err := accounting.UnitsDown(new(big.Rat).SetFloat64(f))
	if err != nil || u.IsZero() {
		u, _ = accounting.UnitsUp(big.NewRat(1, math.MaxInt64))
	}
	return u
}

// available returns the part of mu^2 that targets may have.
func (w *work) available() float64 {
	n := nano - w.keep - w.fixed
	if w.pull > 0 {
		n -= leastRest
	}
	return float64(n) / nano
}
