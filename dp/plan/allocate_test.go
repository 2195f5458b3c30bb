package plan_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

// segmentsOf are the segments of purpose p.
var segmentsOf = map[string][]string{"p": {"a", "b", "c"}}

var euros = dp.Amount{Unit: "EUR", High: 100_000}

// Measures without a share.
func openSizes(name string, most int) dp.Measure {
	return dp.SegmentSizes{Name: name, Purpose: "p", MaxSegments: most}
}

func openItems(name string, p dp.Partitions, most int) dp.Measure {
	return dp.SegmentItems{Name: name, Purpose: "p", Items: p, MaxSegments: 2, MaxItems: most, MaxPerItem: 1, LookbackDays: 28}
}

func period(lines ...plan.Line) plan.Period {
	return plan.Period{Budget: budget, Segments: segmentsOf, Lines: lines}
}

func mustAllocate(t fatal, p plan.Period) *plan.Schedule {
	t.Helper()
	s, err := plan.Allocate(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAllocateRefuses(t *testing.T) {
	good := plan.Line{Measure: openSizes("sizes", 5), Times: 30, Weight: 1}
	with := func(f func(*plan.Line)) plan.Period {
		l := good
		f(&l)
		return period(l)
	}
	half := plan.Target{Relative: 0.1, At: 500}
	for name, c := range map[string]struct {
		p    plan.Period
		want error
	}{
		"no budget":         {plan.Period{Segments: segmentsOf, Lines: []plan.Line{good}}, dp.ErrEpsilon},
		"no segments":       {plan.Period{Budget: budget, Lines: []plan.Line{good}}, contrib.ErrPartitions},
		"no measure":        {with(func(l *plan.Line) { l.Measure = nil }), contrib.ErrPartitions},
		"bad measure":       {with(func(l *plan.Line) { l.Measure = openSizes("sizes", 0) }), contrib.ErrBound},
		"never":             {with(func(l *plan.Line) { l.Times = 0 }), plan.ErrLine},
		"too often":         {with(func(l *plan.Line) { l.Times = plan.MaxTimes + 1 }), plan.ErrLine},
		"name":              {with(func(l *plan.Line) { l.Name = "a\nb" }), plan.ErrLine},
		"nothing wanted":    {with(func(l *plan.Line) { l.Weight = 0 }), plan.ErrLine},
		"two things wanted": {with(func(l *plan.Line) { l.Share = 0.1 }), plan.ErrLine},
		"weight and target": {with(func(l *plan.Line) { l.Target = half }), plan.ErrLine},
		"negative weight":   {with(func(l *plan.Line) { l.Weight = -1 }), plan.ErrLine},
		"NaN weight":        {with(func(l *plan.Line) { l.Weight = math.NaN() }), plan.ErrLine},
		"infinite weight":   {with(func(l *plan.Line) { l.Weight = math.Inf(1) }), plan.ErrLine},
		"share":             {with(func(l *plan.Line) { l.Weight, l.Share = 0, 1.5 }), plan.ErrShare},
		"NaN share":         {with(func(l *plan.Line) { l.Weight, l.Share = 0, math.NaN() }), plan.ErrShare},
		"two targets":       {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{StdDev: 1, Relative: 0.1, At: 500} }), plan.ErrTarget},
		"negative StdDev":   {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{StdDev: -1} }), plan.ErrTarget},
		"NaN StdDev":        {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{StdDev: math.NaN()} }), plan.ErrTarget},
		"no count":          {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{Relative: 0.1} }), plan.ErrTarget},
		"no part":           {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{At: 500} }), plan.ErrTarget},
		"more than a whole": {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{Relative: 1.5, At: 500} }), plan.ErrTarget},
		"of nobody knows": {with(func(l *plan.Line) {
			l.Weight, l.Target = 0, plan.Target{StdDev: 1e9}
			l.Measure = dp.Variance{Name: "spread", Purpose: "personalize", By: dp.Everybody{}, Of: dp.QuantityEvents, MaxEvents: 9, LookbackDays: 7}
		}), plan.ErrTarget},
		"of no values": {with(func(l *plan.Line) {
			l.Weight, l.Target = 0, plan.Target{StdDev: 1e9}
			l.Measure = dp.Keys{Name: "list", Purpose: "personalize", MaxItems: 2, LookbackDays: 7}
		}), plan.ErrTarget},
		"a part of no values": {with(func(l *plan.Line) {
			l.Weight, l.Target = 0, plan.Target{Relative: 0.1, At: 500}
			l.Measure = dp.Keys{Name: "list", Purpose: "personalize", MaxItems: 2, LookbackDays: 7}
		}), plan.ErrTarget},
		"out of reach": {with(func(l *plan.Line) { l.Weight, l.Target = 0, plan.Target{StdDev: 1e-9} }), plan.ErrTarget},
		"below a threshold": {with(func(l *plan.Line) {
			l.Measure, l.Weight, l.Target = openItems("found", dp.Discovered{}, 1), 0, plan.Target{Relative: 1, At: 1}
		}), plan.ErrTarget},
		"weight of keys": {with(func(l *plan.Line) {
			l.Measure = dp.Keys{Name: "keys", Purpose: "p", MaxItems: 3, LookbackDays: 7}
		}), plan.ErrLine},
		"weight of a variance": {with(func(l *plan.Line) {
			l.Measure = dp.Variance{Name: "spread", Purpose: "p", By: dp.Everybody{}, Of: dp.QuantityEvents, MaxEvents: 9, LookbackDays: 7}
		}), plan.ErrLine},
		"a part of amounts": {with(func(l *plan.Line) {
			l.Measure, l.Weight, l.Target = dp.Sums{Name: "sums", Purpose: "p", By: dp.Everybody{}, Amount: euros, LookbackDays: 7}, 0, half
		}), plan.ErrTarget},
		"a part of sums of means": {with(func(l *plan.Line) {
			l.Measure, l.Weight, l.Target = dp.Means{Name: "means", Purpose: "p", By: dp.BySegment{Max: 1}, Amount: euros, LookbackDays: 7, Denominators: "sizes"}, 0, half
		}), plan.ErrTarget},
		"one line twice":   {period(good, good), plan.ErrDuplicate},
		"measure twice":    {period(good, plan.Line{Name: "other", Measure: openSizes("sizes", 4), Times: 1, Weight: 1}), plan.ErrDuplicate},
		"keep":             {plan.Period{Budget: budget, Segments: segmentsOf, Lines: []plan.Line{good}, Keep: 0.95}, plan.ErrKeep},
		"negative keep":    {plan.Period{Budget: budget, Segments: segmentsOf, Lines: []plan.Line{good}, Keep: -0.1}, plan.ErrKeep},
		"NaN keep":         {plan.Period{Budget: budget, Segments: segmentsOf, Lines: []plan.Line{good}, Keep: math.NaN()}, plan.ErrKeep},
		"reserve":          {plan.Period{Budget: budget, Segments: segmentsOf, Lines: []plan.Line{good}, ReserveShare: ptr(1)}, plan.ErrReserve},
		"weight of a mote": {period(good, plan.Line{Measure: openSizes("m", 1), Times: 1, Weight: 1e-24}), plan.ErrShare},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := plan.Allocate(c.p); !errors.Is(err, c.want) || s != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := plan.SmallestEpsilon(period(good)); !errors.Is(err, plan.ErrNoTarget) {
		t.Error("an epsilon for no target:", err)
	}
	impossible := period(plan.Line{Measure: openSizes("sizes", 5), Times: plan.MaxTimes, Target: plan.Target{StdDev: 0.3}})
	if _, err := plan.SmallestEpsilon(impossible); !errors.Is(err, plan.ErrNoEpsilon) {
		t.Error("an epsilon beyond the envelope:", err)
	}
	var e *plan.ImpossibleError
	if _, err := plan.Allocate(impossible); !errors.As(err, &e) || e.Epsilon != 0 || !strings.Contains(err.Error(), "no epsilon") {
		t.Error(err)
	}
	if s := mustAllocate(t, period()); len(s.Lines()) != 0 || len(s.Measures()) != 0 {
		t.Error("a period of nothing holds something")
	}
}

// TestTargetsOfKinds: a count is one of people or events, whatever steps values are in,
// and of means one of the people; each gets no more than it needs.
func TestTargetsOfKinds(t *testing.T) {
	half := plan.Target{Relative: 0.1, At: 500}
	lines := []plan.Line{
		{Measure: openSizes("sizes", 2), Times: 1, Target: half},
		{Measure: dp.SegmentSizes{Name: "normed", Purpose: "p", MaxSegments: 3, MaxNorm: 1}, Times: 1, Target: half},
		{Measure: dp.Events{Name: "weighted", Purpose: "p", By: dp.BySegment{Max: 2}, MaxEvents: 1, LookbackDays: 7, HalfLifeDays: 3}, Times: 1, Target: half},
		{Measure: dp.Means{Name: "means", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: euros, LookbackDays: 7}, Times: 1, Target: half},
	}
	p := period(lines...)
	p.Budget.Epsilon = 4
	s := mustAllocate(t, p)
	for _, l := range s.Lines() {
		if got := l.Each.Within10; got > 500 || got < 490 {
			t.Errorf("%s: 10 %% from %d on", l.Line, got)
		}
	}
	// Two values of the same noise and weight get the same variance: the sum of means has
	// 1.5 times the variance of the same sum alone, for what its people cost.
	sums := dp.Means{Name: "sums", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: euros, LookbackDays: 7, Denominators: "sizes"}
	s = mustAllocate(t, period(plan.Line{Measure: lines[3].Measure, Times: 1, Weight: 1}, plan.Line{Measure: sums, Times: 1, Weight: 1}))
	both, alone := s.Lines()[0].Each, s.Lines()[1].Each
	if got := both.Share() / alone.Share(); math.Abs(got-math.Sqrt(1.5)) > 1e-3 {
		t.Errorf("shares stand as %g", got)
	}
}

// TestFixedSharesAreToldWhatFits scales shares by the number of the error.
func TestFixedSharesAreToldWhatFits(t *testing.T) {
	lines := func(scale float64) plan.Period {
		p := period(
			plan.Line{Measure: openSizes("one", 1), Times: 7, Share: 0.1 * scale}, plan.Line{Measure: openSizes("two", 2), Times: 3, Share: 0.1 * scale},
			plan.Line{Measure: openSizes("three", 3), Times: 1, Weight: 1},
		)
		p.Keep = 0.2
		return p
	}
	_, err := plan.Allocate(lines(1))
	var tooMuch *plan.SharesError
	if !errors.As(err, &tooMuch) || tooMuch.Sum != 1.2 {
		t.Fatal(err)
	}
	mustAllocate(t, lines(tooMuch.Scale))
	if _, err := plan.Allocate(lines(tooMuch.Scale * 1.001)); err == nil {
		t.Error("more than that fits too")
	}
}

// TestWeightsAreTheOptimum holds the split against the closed form, and against other
// splits, none of which may be better.
func TestWeightsAreTheOptimum(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var p plan.Period
		var sensitivity, weight, times []float64
		names := []string{"m0", "m1", "m2", "m3", "m4"}
		n := rapid.IntRange(1, 5).Draw(r, "lines")
		for _, name := range names[:n] {
			most := rapid.IntRange(1, 60).Draw(r, "L0")
			l := plan.Line{
				Measure: openSizes(name, most),
				Times:   rapid.IntRange(1, 90).Draw(r, "times"), Weight: math.Exp(rapid.Float64Range(-3, 3).Draw(r, "weight")),
			}
			p.Lines = append(p.Lines, l)
			sensitivity, weight, times = append(sensitivity, math.Sqrt(float64(most))), append(weight, l.Weight), append(times, float64(l.Times))
		}
		p.Budget, p.Segments, p.Keep = budget, segmentsOf, rapid.Float64Range(0, 0.5).Draw(r, "keep")
		s := mustAllocate(r, p)
		total, _ := s.Plan().Totals()
		mu2 := total.Float64() * (1 - p.Keep)
		pull := 0.0
		for i := range weight {
			pull += times[i] * sensitivity[i] * math.Sqrt(weight[i])
		}
		cost, other, sum := 0.0, 0.0, 0.0
		shares := make([]float64, len(weight)) // another split
		all := 0.0
		for i := range shares {
			shares[i] = s.Lines()[i].Each.Share() * math.Exp(rapid.Float64Range(-1, 1).Draw(r, "off"))
			all += shares[i] * times[i]
		}
		for i, l := range s.Lines() {
			sigma := l.Each.Noise.Sigma
			want := sensitivity[i] / math.Sqrt(weight[i]) * pull / mu2
			if math.Abs(sigma*sigma/want-1) > 1e-4 {
				r.Fatalf("line %d: sigma^2 is %v, the closed form says %v", i, sigma*sigma, want)
			}
			cost += times[i] * weight[i] * sigma * sigma
			other += times[i] * weight[i] * sensitivity[i] * sensitivity[i] / (mu2 * shares[i] / all)
			sum += l.Each.Share() * times[i]
		}
		if cost > other*(1+1e-4) {
			r.Fatalf("another split costs %v, this one %v", other, cost)
		}
		if sum > 1-p.Keep+1e-9 || sum < (1-p.Keep)*(1-1e-4) {
			r.Fatalf("%v of %v is given out", sum, 1-p.Keep)
		}
	})
}

// month has lines of every sort.
func month() plan.Period {
	p := period(
		plan.Line{Name: "daily", Measure: openSizes("sizes", 3), Times: 30, Target: plan.Target{StdDev: 60}},
		plan.Line{Name: "yearly", Measure: openSizes("sizes", 3), Times: 1, Share: 0.02},
		plan.Line{Name: "weekly", Measure: openItems("found", dp.Discovered{}, 4), Times: 4, Target: plan.Target{Relative: 0.2, At: 350}},
		plan.Line{Name: "monthly", Measure: openItems("also", dp.Discovered{}, 2), Times: 1, Weight: 2},
		plan.Line{Measure: openItems("catalog", dp.Public{"x", "y"}, 5), Times: 4, Weight: 1},
	)
	p.Keep = 0.05
	return p
}

// TestTargetsGetTheLeast holds every target, and that a share that is 0.1 % smaller
// misses it.
func TestTargetsGetTheLeast(t *testing.T) {
	p := month()
	s := mustAllocate(t, p)
	met := func(l plan.Line, q plan.Prediction) bool {
		if l.Target.StdDev > 0 {
			return q.Noise.StdDev <= l.Target.StdDev
		}
		count, err := q.CountWithin(plan.Within{Relative: l.Target.Relative, Level: dp.Level})
		if err != nil {
			t.Fatal(err)
		}
		return count <= l.Target.At
	}
	for i, l := range s.Lines() {
		want := p.Lines[i]
		if want.Target == (plan.Target{}) {
			continue
		}
		if !met(want, l.Each) {
			t.Errorf("%s: the target is missed: %+v", l.Line, l.Each)
		}
		q, err := s.Plan().Predict(l.Each.Measure, l.Each.ShareNano-l.Each.ShareNano/1000)
		if err != nil {
			t.Fatal(err)
		}
		if met(want, q) {
			t.Errorf("%s: a smaller share would do", l.Line)
		}
	}
	if share, err := s.Share("yearly"); err != nil || share != 0.02 {
		t.Error("a fixed share is not what it is:", share, err)
	}
}

// TestScheduleFits charges every release: the sums stay within the totals of mu^2 and
// of the reserve, and hardly anything is left but what is kept.
func TestScheduleFits(t *testing.T) {
	s := mustAllocate(t, month())
	mu2, delta := s.Plan().Totals()
	var spent, reserve accounting.Units
	for _, l := range s.Lines() {
		for range l.Times {
			m, d, err := s.Plan().Charge(l.Each.Measure, l.Each.ShareNano)
			if err != nil || m != l.Each.Mu2 || d != l.Each.Delta {
				t.Fatal("a release is not charged as predicted:", err)
			}
			var err1, err2 error
			spent, err1 = spent.Add(m)
			reserve, err2 = reserve.Add(d)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
		}
	}
	kept, err := mu2.Share(50_000_000)
	if err != nil {
		t.Fatal(err)
	}
	most, err := mu2.Sub(kept)
	if err != nil {
		t.Fatal(err)
	}
	if spent.Cmp(most) > 0 || spent.Float64() < most.Float64()*(1-1e-6) {
		t.Error("mu^2 does not fit, or is given away")
	}
	if reserve.Cmp(delta) > 0 || reserve.Float64() < delta.Float64()*(1-1e-6) {
		t.Error("the reserve does not fit, or is given away")
	}
}

// TestScheduleIsThePlanOfItsMeasures makes the plan that an engine would make.
func TestScheduleIsThePlanOfItsMeasures(t *testing.T) {
	s := mustAllocate(t, month())
	var specs []contrib.Spec
	for _, m := range s.Measures() {
		specs = append(specs, spec(t, m))
	}
	p := mustNew(t, plan.Config{Budget: budget, Specs: specs})
	if p.Sheet() != s.Plan().Sheet() || len(specs) != 4 {
		t.Error("an engine would plan something else")
	}
	for _, l := range s.Lines() {
		share, err := s.Share(l.Line)
		if err != nil {
			t.Fatal(err)
		}
		nano, err := contrib.ShareNano(share) // as the engine does with a query
		if err != nil {
			t.Fatal(err)
		}
		if q, err := p.Predict(l.Each.Measure, nano); err != nil || q != l.Each {
			t.Errorf("%s: a query gets something else: %v", l.Line, err)
		}
	}
	for _, name := range []string{"", "other", "sizes", "Daily"} { // a measure is no line
		if _, err := s.Share(name); !errors.Is(err, plan.ErrUndeclared) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := s.Predict(name); !errors.Is(err, plan.ErrUndeclared) {
			t.Errorf("%q: %v", name, err)
		}
	}
	s.Lines()[0].Times = 7
	if s.Lines()[0].Times != 30 {
		t.Error("a caller changed the schedule")
	}
	for l := range strings.Lines(s.Sheet()) {
		if strings.HasSuffix(l, " \n") {
			t.Errorf("%q ends with a space", l)
		}
	}
}
