package plan

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// MaxTimes is the most releases of one line in a period.
const MaxTimes = 10_000

// LeastRest is the part of mu^2 that targets must leave to the lines with a weight,
// where there are any: those would otherwise be of no use.
const LeastRest = 0.01

const leastRest = nano / 100

// Errors of a [Period].
var (
	ErrLine   = errors.New("plan: a line has a measure, a name of printable text, is released 1 to 10000 times, and has one of Weight, Target and Share; lists of keys, quantiles and variances have a Share")
	ErrTarget = errors.New("plan: a target is a standard deviation, or a part of at most 1 at a count, that the measure has and some loss within the envelope reaches")
	ErrKeep   = errors.New("plan: Period.Keep is from 0 to 0.9")
)

// Period declares everything that is to be released in one window of the budget, and
// how exact it is to be.
type Period struct {
	Budget   dp.Budget
	Segments map[string][]string // purpose -> the names of its segments
	Lines    []Line

	// Keep is the part of mu^2 that is given to no line, 0 to 0.9: for what is asked
	// for later. Optional.
	Keep float64

	// ReserveShare is that of [Config], and of the engine's Config. Optional.
	ReserveShare *float64
}

// Line declares the releases of one measure. Of Weight, Target and Share exactly one
// is set.
type Line struct {
	Name    string     // of the line, unlike the others. Optional: the name of the measure
	Measure dp.Measure // whatever Share it has; declared once for all of its lines
	Times   int        // how often it is released in the window, 1 to MaxTimes

	// Weight is what a unit of variance of this line's values matters, relative to the
	// other lines with a weight: they share what targets and shares leave, such that the
	// sum over all releases of Weight times variance is the least. Above 0, finite. Lists
	// of keys, quantiles and variances have none.
	Weight float64

	// Target is how exact each release has to be. It gets the smallest share with
	// which it is.
	Target Target

	// Share is the part of mu^2 that each release gets, in (0, 1]; steps of 1e-9.
	Share float64
}

// Target is StdDev, or Relative and At. A list of keys has neither, and neither has what
// another library draws.
type Target struct {
	// StdDev is the most that the standard deviation of a released value around the
	// bounded exact number may be, in the steps of the value: see [Prediction.Step]. Of
	// means it is that of a sum.
	StdDev float64

	// A count of At people or events, and more, is to be known within the part Relative
	// of it, in (0, 1], with about probability [dp.Level], and is to reach the threshold
	// of a discovered table at least half the time. So Relative 0.1 and At 500 are 10 %
	// at 500. Of means it is a count of the people; other amounts have none.
	Relative float64
	At       int64
}

func (t Target) isZero() bool { return t == Target{} }

// check holds the ranges, and that the measure has what the target is about; whether any
// loss meets it is seen later.
func (t Target) check(s *contrib.Spec) error {
	relative := t.Relative != 0 || t.At != 0
	switch {
	case relative && (t.StdDev != 0 || t.At < 1 || relativeNano(t.Relative) == 0):
		return ErrTarget
	case !relative && !(t.StdDev > 0 && t.StdDev <= math.MaxInt64):
		return ErrTarget
	case s.Kind == contrib.KindKeys, s.External(): // of no error, or one that nobody knows
		return ErrTarget
	}
	if unit, _, _ := s.Unit(); relative && s.Parts() == 1 && unit != contrib.UnitPeople && unit != contrib.UnitEvents {
		return ErrTarget
	}
	return nil
}

// times returns a target that is met with about k times the noise.
func (t Target) times(k float64) Target {
	t.StdDev *= k
	t.At = int64(math.Min(math.Ceil(float64(t.At)*k), 1<<62))
	return t
}

// sigma is a first guess at the scale of noise with which the target is met.
func (t Target) sigma() float64 {
	if t.StdDev != 0 {
		return math.Sqrt(math.Max(t.StdDev*t.StdDev-1.0/12, 1.0/16))
	}
	return (t.Relative*float64(t.At) + 0.5) / 2
}

// ImpossibleError says that the targets of a period need more than its budget, and
// what would do. Each of the two numbers does alone.
type ImpossibleError struct {
	// Need is the part of the window's mu^2 that the period needs, above 1.
	Need float64
	// Epsilon is the smallest with which everything fits at the same delta, in five
	// digits, rounded up; 0 where accounting.MaxEpsilon is too small.
	Epsilon float64
	// Scale is the smallest factor, in five digits, rounded up, with which everything
	// fits at the same epsilon when StdDev and At of every Target are multiplied by it.
	Scale float64
}

// Error tells the numbers that would do.
func (e *ImpossibleError) Error() string {
	if e.Epsilon == 0 {
		return fmt.Sprintf("plan: the targets need %.4g times the budget, and no epsilon would do; standard deviations and counts times %.5g fit", e.Need, e.Scale)
	}
	return fmt.Sprintf("plan: the targets need %.4g times the budget; epsilon %.5g would do, or standard deviations and counts times %.5g", e.Need, e.Epsilon, e.Scale)
}

// task is a line that was checked.
type task struct {
	line  Line
	spec  contrib.Spec // its share is 0
	nano  int64        // of a fixed share
	pull  float64      // of a line with a weight: sqrt(weight times what noise is made for)
	need  float64      // of a target of a public measure, the least mu^2; of another one, a guess
	loose float64      // factor on the target; 1 but while a factor is looked for
}

func (t *task) target() bool { return !t.line.Target.isZero() }

// met reports whether noise is as exact as the target asks.
func (t *task) met(n dp.Noise) bool {
	want := t.line.Target
	if want.StdDev != 0 {
		return n.StdDev <= want.StdDev*t.loose
	}
	q := predictionOf(&t.spec, n)
	c, ok := q.counts()
	if !ok {
		return false
	}
	count, ok := c.within(relativeNano(want.Relative), c.margin)
	return ok && float64(count) <= float64(want.At)*t.loose
}

// work is a period that was checked.
type work struct {
	period    Period
	tasks     []task
	fixed     int64 // sum of the fixed shares, in billionths
	keep      int64
	allTimes  int64
	targets   bool
	discovers bool
	pull      float64 // sum over all releases; 0 without weights
}

// check resolves the lines of a period whose budget was checked.
func (p Period) check() (*work, error) {
	if !(p.Keep >= 0 && p.Keep <= 0.9) {
		return nil, ErrKeep
	}
	w := &work{period: p, keep: int64(math.Round(p.Keep * nano))}
	for i, l := range p.Lines {
		t, err := p.task(l)
		if err != nil {
			return nil, fmt.Errorf("plan: line %d: %w", i, err)
		}
		for _, o := range w.tasks {
			if o.line.Name == t.line.Name || o.spec.Name == t.spec.Name && !reflect.DeepEqual(o.spec, t.spec) {
				return nil, ErrDuplicate
			}
		}
		w.tasks = append(w.tasks, t)
		w.fixed += t.nano * int64(l.Times)
		w.allTimes += int64(l.Times)
		w.pull += t.pull * float64(l.Times)
		w.targets = w.targets || t.target()
		w.discovers = w.discovers || t.spec.Discovered
	}
	room := nano - w.keep
	if w.targets || w.pull > 0 {
		room -= 2 * leastRest
	}
	if w.fixed > room {
		return nil, &SharesError{Sum: float64(w.fixed+w.keep) / nano, Scale: fitting(room-w.allTimes, w.fixed)}
	}
	return w, nil
}

func (p Period) task(l Line) (task, error) {
	spec, err := dp.NewSpec(dp.Planned(l.Measure, 1), p.Segments[purposeOf(l.Measure)])
	if err != nil {
		return task{}, err
	}
	spec.ShareNano = 0
	if l.Name == "" {
		l.Name = spec.Name
	}
	t := task{line: l, spec: spec, loose: 1}
	set := 0
	if l.Weight != 0 {
		set++
		t.pull = math.Sqrt(l.Weight * float64(spec.JointSquared()))
		if spec.External() || spec.Kind == contrib.KindKeys {
			return task{}, ErrLine // a weight is on a variance
		}
		if !(l.Weight > 0) || !(t.pull > 0 && t.pull <= math.MaxFloat64/1e12) {
			return task{}, ErrLine
		}
	}
	if !l.Target.isZero() {
		set++
		if err := l.Target.check(&spec); err != nil {
			return task{}, err
		}
	}
	if l.Share != 0 {
		set++
		if t.nano, err = contrib.ShareNano(l.Share); err != nil {
			return task{}, err
		}
	}
	if set != 1 || l.Times < 1 || l.Times > MaxTimes || !contrib.ValidKey(l.Name) {
		return task{}, ErrLine
	}
	if t.target() && !spec.Discovered {
		t.need, err = leastMu2(&t, accounting.Units{}, 0)
	}
	return t, err
}

func purposeOf(m dp.Measure) string {
	if m == nil {
		return ""
	}
	return contrib.PurposeOf(m)
}
