package plan

import (
	"errors"
	"fmt"
	"math"

	"github.com/discreet-go/discreet/internal/contrib"
)

// errShort says that a period does not fit.
var errShort = errors.New("plan: the targets do not fit")

// Allocate splits the budget of a period over its lines, before anything is spent.
//
// A fixed share is what it is. A release with a target gets the least share that
// meets it. What is left goes to the lines with a weight w and an L2 sensitivity s, a
// share in proportion to s*sqrt(w) for each release: with Gaussian noise of variance
// s^2/(mu^2 share), that makes the sum over all releases of w times variance the
// least, as the shares are to add up (by the inequality of Cauchy and Schwarz). Of means
// with both parts it is the variance of a sum; Laplace noise and lists of keys get the
// same share as Gaussian noise for their bounds.
//
// It returns an error of [dp.Budget.Check], ErrLine, ErrTarget, ErrKeep, ErrDuplicate
// or ErrReserve, the error of a measure, a [*SharesError], or, where the targets need
// more than there is, an [*ImpossibleError] with the numbers that would do. It takes
// some milliseconds for each line, and a few hundred to find those numbers.
func Allocate(p Period) (*Schedule, error) {
	if err := p.Budget.Check(); err != nil {
		return nil, err
	}
	w, err := p.check()
	if err != nil {
		return nil, err
	}
	s, err := w.allocate()
	if err == errShort {
		return nil, w.impossible()
	}
	return s, err
}

// totals returns a plan with the totals of the period and no measures.
func (w *work) totals() (*Plan, error) {
	p := &Plan{budget: w.period.Budget}
	if w.discovers {
		p.discovered = 1
	}
	return p, p.totals(w.period.ReserveShare)
}

// allocate returns errShort where the targets do not fit.
func (w *work) allocate() (*Schedule, error) {
	totals, err := w.totals()
	if err != nil {
		return nil, err
	}
	mu2 := totals.mu2.Float64()
	need, sum, err := w.needs(mu2, totals.reserve.Float64(), 0)
	if err != nil {
		return nil, err
	}
	if sum > w.available()*mu2 {
		return nil, errShort
	}
	each := make([]int64, len(w.tasks))
	for i, t := range w.tasks {
		each[i] = t.nano
		if t.target() {
			each[i] = int64(math.Ceil(need[i] / mu2 * nano))
		}
	}
	// What was solved in floats is held against the plan itself, and mended by what
	// rounding took.
	for range 64 {
		if !w.weigh(each) {
			return nil, errShort
		}
		s, short, err := w.schedule(each)
		if err != nil || len(short) == 0 {
			return s, err
		}
		for _, i := range short {
			each[i] += 1 + each[i]>>22
		}
	}
	return nil, errShort
}

// weigh gives the lines with a weight what the others leave: integers, rounded down,
// so that the sum fits whatever the floats were. It reports whether it does.
func (w *work) weigh(each []int64) bool {
	rest := nano - w.keep
	for i, t := range w.tasks {
		if t.pull == 0 {
			rest -= each[i] * int64(t.line.Times)
		}
	}
	if w.pull == 0 {
		return rest >= 0
	}
	if rest < leastRest {
		return false
	}
	left := rest
	for i, t := range w.tasks {
		if t.pull > 0 {
			each[i] = int64(float64(rest) * (t.pull / w.pull) * (1 + 1e-12)) // so that a whole number stays one
			left -= each[i] * int64(t.line.Times)
		}
	}
	for i := 0; left < 0; i = (i + 1) % len(w.tasks) {
		if t := w.tasks[i]; t.pull > 0 && each[i] > 0 {
			each[i]--
			left += int64(t.line.Times)
		}
	}
	return true
}

// schedule makes the plan of these shares, and returns the lines whose target it
// misses.
func (w *work) schedule(each []int64) (s *Schedule, short []int, err error) {
	c := Config{Budget: w.period.Budget, ReserveShare: w.period.ReserveShare}
	at := map[string]int{}
	s = &Schedule{}
	for i, t := range w.tasks {
		if each[i] < 1 {
			return nil, nil, fmt.Errorf("plan: line %d: %w", i, contrib.ErrShare)
		}
		n := each[i] * int64(t.line.Times)
		if j, ok := at[t.spec.Name]; ok {
			c.Specs[j].ShareNano += n
			continue
		}
		at[t.spec.Name] = len(c.Specs)
		spec := t.spec
		spec.ShareNano = n
		c.Specs = append(c.Specs, spec)
		s.measures = append(s.measures, t.line.Measure)
	}
	if s.plan, err = New(c); err != nil {
		return nil, nil, err
	}
	for i, t := range w.tasks {
		q, err := s.plan.Predict(t.spec.Name, each[i])
		if err != nil {
			return nil, nil, fmt.Errorf("plan: line %d: %w", i, err)
		}
		if t.target() && !t.met(q.Noise) {
			short = append(short, i)
		}
		s.lines = append(s.lines, Allocated{Line: t.line.Name, Times: t.line.Times, Each: q})
	}
	return s, short, nil
}
