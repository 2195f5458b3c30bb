package fairness_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// jobs is one campaign whose reach of women is so many of a thousand, of men 100.
func jobs(women int64) counts {
	return counts{{"jobs", "men"}: {1000, 9000}, {"jobs", "women"}: {10 * women, 10 * (1000 - women)}}
}

// only is the comparison of one group in a report.
func only(t *testing.T, r fairness.Report, group string) fairness.Comparison {
	t.Helper()
	i := slices.IndexFunc(r.Comparisons, func(c fairness.Comparison) bool { return c.Group == group })
	if i < 0 {
		t.Fatal("no comparison of ", group)
	}
	return r.Comparisons[i]
}

func audit(t testing.TB, table *fairness.Table, r fairness.Rule) fairness.Report {
	t.Helper()
	report, err := fairness.Audit(table, r)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestAudit takes large groups through the three verdicts, with figures worked out by hand.
func TestAudit(t *testing.T) {
	rule := fairness.Default()
	rule.Reference = "men"
	for _, c := range []struct {
		women   int64
		verdict fairness.Verdict
		why     fairness.Why
		fail    bool
	}{
		{60, fairness.Fail, fairness.Below, true}, {79, fairness.Inconclusive, fairness.Uncertain, false},
		{81, fairness.Inconclusive, fairness.Uncertain, false}, {95, fairness.Pass, fairness.Above, false}, {150, fairness.Pass, fairness.Above, false},
	} {
		r := audit(t, table(t, 12, jobs(c.women)), rule)
		if r.Verdict != c.verdict || len(r.Comparisons) != 1 || r.Look != 1 || r.Alpha != 0.05 {
			t.Fatalf("%d: %+v", c.women, r)
		}
		x := only(t, r, "women")
		if x.Verdict != c.verdict || x.Why != c.why || x.Campaign != "jobs" || x.Metric != fairness.Selection || x.Reference != "men" {
			t.Errorf("%d: %+v", c.women, x)
		}
		share := float64(c.women) / (100 + float64(c.women))
		for name, e := range map[string]struct {
			fairness.Estimate
			want, reach float64 // reach is the normal half width, give or take a tenth
		}{
			"people":     {x.People, 10000, 1.96 * 12 * math.Sqrt2},
			"reach":      {x.Reach, 10 * float64(c.women), 1.96 * 12},
			"rate":       {x.Rate, float64(c.women) / 1000, 1.96 * math.Sqrt(float64(c.women)/1000*(1-float64(c.women)/1000)/10000+144e-8)},
			"difference": {x.Difference, float64(c.women-100) / 1000, 0},
			"ratio":      {x.Ratio, float64(c.women) / 100, 0},
			"exposure":   {x.Exposure, share, 0}, "eligible": {x.Eligible, 0.5, 1.96 * 12 / 20000},
			"gap": {x.Gap, share - 0.5, 0},
		} {
			if math.Abs(e.Value-e.want) > 1e-6 || !(e.Low < e.Value && e.Value < e.High) {
				t.Errorf("%d: %s is %+v, want %v", c.women, name, e.Estimate, e.want)
			}
			if e.reach != 0 && (math.Abs((e.High-e.Low)/2-e.reach) > 0.1*e.reach) {
				t.Errorf("%d: %s has an interval of ±%v, want %v", c.women, name, (e.High-e.Low)/2, e.reach)
			}
		}
		// The decision is that of the interval of twice alpha.
		wide := rule
		wide.Level = 0.90
		ratio := only(t, audit(t, table(t, 12, jobs(c.women)), wide), "women").Ratio
		if got := ratio.High < 0.8; got != (c.verdict == fairness.Fail) {
			t.Errorf("%d: a ratio of %+v, and %s", c.women, ratio, c.verdict)
		}
		if got := ratio.Low > 0.8; got != (c.verdict == fairness.Pass) {
			t.Errorf("%d: a ratio of %+v, and %s", c.women, ratio, c.verdict)
		}
		if undecided := c.verdict == fairness.Inconclusive; undecided != (x.NeedPeople > 0) || !undecided && x.NeedMu != 0 {
			t.Errorf("%d: needs %v people, mu of %v", c.women, x.NeedPeople, x.NeedMu)
		}
		if !(x.Detectable > 0.6 && x.Detectable < 0.8 && x.Passable > 0.8 && x.Passable < 1) {
			t.Errorf("%d: detectable %v, passable %v", c.women, x.Detectable, x.Passable)
		}
	}
}

// TestReference holds that a pooled reference is all other groups, and a declared one
// itself only.
func TestReference(t *testing.T) {
	list := counts{{"jobs", "a"}: {100, 900}, {"jobs", "b"}: {200, 800}, {"jobs", "c"}: {300, 1700}}
	pooled := audit(t, table(t, 2, list), fairness.Default())
	if len(pooled.Comparisons) != 3 {
		t.Fatalf("%+v", pooled.Comparisons)
	}
	if got := only(t, pooled, "a"); got.Reference != "" || math.Abs(got.ReferenceRate.Value-500.0/3000) > 1e-6 {
		t.Errorf("%+v", got)
	}
	rule := fairness.Default()
	rule.Reference = "b"
	declared := audit(t, table(t, 2, list), rule)
	if len(declared.Comparisons) != 2 || only(t, declared, "c").ReferenceRate.Value != 0.2 {
		t.Errorf("%+v", declared.Comparisons)
	}
	// Shares of exposure are of everybody, whatever is compared with.
	if a, b := only(t, pooled, "a"), only(t, declared, "a"); a.Exposure != b.Exposure || a.Gap != b.Gap || math.Abs(a.Gap.Value-(100.0/600-0.25)) > 1e-6 {
		t.Errorf("%+v\n%+v", a, b)
	}
}

// TestOpportunity compares those with a good outcome only.
func TestOpportunity(t *testing.T) {
	list := counts{ // everybody is reached alike; of those with a good outcome, women less often
		{"jobs", "men"}: {900, 100, 3600, 5400}, {"jobs", "women"}: {400, 600, 4100, 4900},
	}
	rule := fairness.Default()
	rule.Metrics, rule.Reference = []fairness.Metric{fairness.Selection, fairness.Opportunity}, "men"
	r := audit(t, table(t, 5, list), rule)
	if len(r.Comparisons) != 2 {
		t.Fatal(len(r.Comparisons))
	}
	if c := r.Comparisons[0]; c.Metric != fairness.Selection || c.Verdict != fairness.Pass || c.Rate.Value != 0.1 || c.People.Value != 10000 {
		t.Errorf("%+v", c)
	}
	if c := r.Comparisons[1]; c.Metric != fairness.Opportunity || c.Verdict != fairness.Fail || c.People.Value != 4500 || math.Abs(c.Ratio.Value-4.0/9) > 1e-6 {
		t.Errorf("%+v", c)
	}
	if r.Verdict != fairness.Fail {
		t.Error(r.Verdict)
	}
	if _, err := fairness.Audit(table(t, 5, jobs(60)), rule); !errors.Is(err, fairness.ErrNames) {
		t.Errorf("outcomes that are not there: %v", err)
	}
}

// TestFew says nothing where the number of people is not clear of its noise.
func TestFew(t *testing.T) {
	list := counts{{"jobs", "men"}: {1000, 9000}, {"jobs", "none"}: {-3, 2}, {"jobs", "women"}: {0, 40}}
	r := audit(t, table(t, 10, list), fairness.Default())
	few := audit(t, table(t, 0.5, counts{{"jobs", "men"}: {1000, 9000}, {"jobs", "nineteen"}: {15, 4}, {"jobs", "twenty"}: {15, 5}}), fairness.Default())
	if c := only(t, few, "twenty"); c.Verdict != fairness.Pass {
		t.Errorf("%+v", c)
	}
	for g, r := range map[string]fairness.Report{"none": r, "women": r, "nineteen": few} {
		c := only(t, r, g)
		if c.Verdict != fairness.Inconclusive || c.Why != fairness.Few || !c.Ratio.Open || c.Rate.High != 1 || c.PFail != 1 || c.Detectable != 0 {
			t.Errorf("%+v", c)
		}
	}
	if r.Verdict == fairness.Pass {
		t.Error("passed")
	}
}

// TestSame holds that a report follows from release and rule alone.
func TestSame(t *testing.T) {
	tab := table(t, 5, jobs(79))
	rule := fairness.Default()
	first := audit(t, tab, rule)
	if again := audit(t, table(t, 5, jobs(79)), rule); !reflect.DeepEqual(first, again) {
		t.Error("two reports of one table differ")
	}
	first.Comparisons[0].Group, tab.Groups()[0], tab.Campaigns()[0] = "changed", "changed", "changed"
	if c := audit(t, tab, rule).Comparisons[0]; c.Group != "men" || c.Campaign != "jobs" {
		t.Error("a caller changed the table")
	}
}

// TestRead refuses what is no whole table of groups.
func TestRead(t *testing.T) {
	good := released(5, jobs(80))
	if tab, err := fairness.Read(good); err != nil || !slices.Equal(tab.Groups(), []string{"men", "women"}) || tab.Outcomes() || tab.Source().Entry != 7 {
		t.Fatal(tab, err)
	}
	if _, err := fairness.Read(dp.Release{}); !errors.Is(err, fairness.ErrRelease) {
		t.Error(err)
	}
	for name, change := range map[string]func(h *proof.Header){
		"kind":       func(h *proof.Header) { h.Kind = "segment-sizes" },
		"discovered": func(h *proof.Header) { h.Partitions, h.Threshold = "discovered", 20 },
		"threshold":  func(h *proof.Header) { h.Threshold = 1 },
		"events":     func(h *proof.Header) { h.LInf = 2 },
		"no noise":   func(h *proof.Header) { h.StdDev = 0 },
		"no number":  func(h *proof.Header) { h.StdDev = math.NaN() },
		"infinite":   func(h *proof.Header) { h.StdDev = math.Inf(1) },
		"no loss":    func(h *proof.Header) { h.Mu = 0 },
		"no entry":   func(h *proof.Header) { h.Entry = 0 },
		"no day":     func(h *proof.Header) { h.AsOf = "2026-6-8" },
		"account":    func(h *proof.Header) { h.Account = "" },
		"measure":    func(h *proof.Header) { h.Measure = "A b" },
		"name":       func(h *proof.Header) { h.Name = "" },
	} {
		if _, err := fairness.Read(released(5, jobs(80), change)); !errors.Is(err, fairness.ErrRelease) {
			t.Errorf("%s: %v", name, err)
		}
	}
	laplace := func(h *proof.Header) { h.Mechanism = "discrete-laplace" }
	if _, err := fairness.Read(released(5, jobs(80), laplace)); !errors.Is(err, fairness.ErrNoise) {
		t.Errorf("other noise: %v", err)
	}
	for name, change := range map[string]func(c []proof.Cell) []proof.Cell{
		"one cell less": func(c []proof.Cell) []proof.Cell { return c[1:] },
		"twice":         func(c []proof.Cell) []proof.Cell { return append(c, c[0]) },
		"another part":  func(c []proof.Cell) []proof.Cell { c[0].Part = "seen"; return c },
		"a segment":     func(c []proof.Cell) []proof.Cell { c[0].Segment = "runners"; return c },
		"a category":    func(c []proof.Cell) []proof.Cell { c[0].Category = "sport"; return c },
		"two items":     func(c []proof.Cell) []proof.Cell { c[0].With = "cars"; return c },
		"no group":      func(c []proof.Cell) []proof.Cell { c[0].Group = ""; return c },
		"no campaign":   func(c []proof.Cell) []proof.Cell { c[0].Item = ""; return c },
		"too large":     func(c []proof.Cell) []proof.Cell { c[0].Value = 1 << 60; return c },
		"too small":     func(c []proof.Cell) []proof.Cell { c[0].Value = math.MinInt64; return c },
		"one group": func(c []proof.Cell) []proof.Cell {
			return slices.DeleteFunc(c, func(c proof.Cell) bool { return c.Group == "men" })
		},
		"nothing": func(c []proof.Cell) []proof.Cell { return nil },
		"half outcomes": func(c []proof.Cell) []proof.Cell {
			for i := range c {
				c[i].Part += "-yes"
			}
			return c
		},
	} {
		if _, err := fairness.Read(proof.NewRelease(good.Header(), change(good.Cells()), nil)); !errors.Is(err, fairness.ErrRelease) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var zero fairness.Table
	for _, tab := range []*fairness.Table{nil, &zero} {
		if r, err := fairness.Audit(tab, fairness.Default()); !errors.Is(err, fairness.ErrRelease) || r.Verdict != "" {
			t.Errorf("a table of nothing: %+v, %v", r, err)
		}
	}
}

// TestRule refuses rules that say nothing, and names that are not there.
func TestRule(t *testing.T) {
	tab := table(t, 5, jobs(80))
	for name, c := range map[string]struct {
		change func(r *fairness.Rule)
		want   error
	}{
		"zero":           {func(r *fairness.Rule) { *r = fairness.Rule{} }, fairness.ErrRule},
		"no ratio":       {func(r *fairness.Rule) { r.MinRatio = 0 }, fairness.ErrRule},
		"ratio 1":        {func(r *fairness.Rule) { r.MinRatio = 1 }, fairness.ErrRule},
		"ratio NaN":      {func(r *fairness.Rule) { r.MinRatio = math.NaN() }, fairness.ErrRule},
		"no alpha":       {func(r *fairness.Rule) { r.Alpha = 0 }, fairness.ErrRule},
		"half":           {func(r *fairness.Rule) { r.Alpha = 0.5 }, fairness.ErrRule},
		"level":          {func(r *fairness.Rule) { r.Level = 1 }, fairness.ErrRule},
		"correction":     {func(r *fairness.Rule) { r.Correction = "bonferroni" }, fairness.ErrRule},
		"spending":       {func(r *fairness.Rule) { r.Looks.Spending = "all" }, fairness.ErrRule},
		"no metric":      {func(r *fairness.Rule) { r.Metrics = nil }, fairness.ErrRule},
		"metric":         {func(r *fairness.Rule) { r.Metrics = []fairness.Metric{"clicks"} }, fairness.ErrRule},
		"metric twice":   {func(r *fairness.Rule) { r.Metrics = []fairness.Metric{"selection", "selection"} }, fairness.ErrRule},
		"campaign twice": {func(r *fairness.Rule) { r.Campaigns = []string{"jobs", "jobs"} }, fairness.ErrRule},
		"campaign":       {func(r *fairness.Rule) { r.Campaigns = []string{"homes"} }, fairness.ErrNames},
		"reference":      {func(r *fairness.Rule) { r.Reference = "others" }, fairness.ErrNames},
		"days":           {func(r *fairness.Rule) { r.Looks.Days = []string{"2026-06-08", "2026-06-08"} }, fairness.ErrSchedule},
		"no date":        {func(r *fairness.Rule) { r.Looks.Days = []string{"June"} }, fairness.ErrSchedule},
		"too many":       {func(r *fairness.Rule) { r.Looks.Days = make([]string, 401) }, fairness.ErrSchedule},
		"another day":    {func(r *fairness.Rule) { r.Looks.Days = []string{"2026-06-07", "2026-06-09"} }, fairness.ErrSchedule},
	} {
		r := fairness.Default()
		c.change(&r)
		if _, err := fairness.Audit(tab, r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := fairness.Default()
	r.Looks = fairness.Looks{Days: []string{"2026-06-01", "2026-06-08"}}
	if report := audit(t, tab, r); report.Look != 2 || report.Alpha != 0.025 {
		t.Errorf("%+v", report)
	}
}
