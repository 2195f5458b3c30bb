package fairness_test

import (
	"math"
	"os"
	"testing"

	"github.com/discreet-go/discreet/fairness"
)

// cell is a setting of the simulation: two groups, one of which is reached with a
// probability of base, and noise that (epsilon, 0) costs as Gaussian DP.
type cell struct {
	base          float64
	sigma         float64
	group, others int
}

// Noise of one over the mu that epsilon of 0.1, 0.5 and 1 costs, and of a weekly audit with
// 3 % of the reference service's budget and five campaigns a person.
const sigma01, sigma05, sigma1, sigmaWeek = 7.98, 1.603, 0.812, 29.3

// The cells are those with the smallest counts in the table of docs/proofs/fairness.md, and
// worse ones. `bench fairness` has them all.
var cells = []cell{
	{0.10, sigma01, 300, 300}, {0.10, sigma05, 100, 100}, {0.02, sigma05, 3000, 3000}, {0.10, sigma1, 1000, 1000},
	{0.10, sigma05, 100, 9900}, {0.02, sigma05, 1000, 99000}, {0.02, sigma05, 100, 9900}, {0.10, sigma01, 100, 9900},
	{0.05, sigmaWeek, 3000, 3000}, {0.90, sigma05, 200, 200}, {0.10, 0.3, 100, 100},
	{0.50, 0.8, 30, 1000}, {0.70, 0.3, 25, 1000}, // about as few as anything is said of
}

// runsOf returns the number of runs: with DISCREET_LONG enough to see a tenth of a percent.
func runsOf(n int) int {
	if os.Getenv("DISCREET_LONG") != "" {
		return 30 * n
	}
	return n
}

// most is above a number of successes in n trials of probability p but with a probability
// below 10^-8: six standard deviations, and ten for the skewness.
func most(n int, p float64) int { return int(float64(n)*p+6*math.Sqrt(float64(n)*p*(1-p))) + 10 }

// TestChance holds verdicts to their chances in every cell: at the edge at most 5 % fail and
// at most 5 % pass, and of groups that are reached alike at most 2.5 % fail. A rule that
// takes noise and counts for normal, as is usual, does not keep to them. The test fails by
// chance in less than one of 10^6 runs.
func TestChance(t *testing.T) {
	runs := runsOf(3000)
	rule := fairness.Default()
	rule.Reference = "others"
	caught := false
	for _, c := range cells {
		crowd := newCrowd(t, c.sigma)
		for _, ratio := range []float64{1, 0.8} {
			fails, passes, usual := 0, 0, 0
			for range runs {
				g, o := crowd.of(t, c.group, ratio*c.base), crowd.of(t, c.others, c.base)
				r, err := fairness.Decide(table(t, crowd.sd, counts{{"jobs", "group"}: g, {"jobs", "others"}: o}), rule)
				if err != nil {
					t.Fatal(err)
				}
				switch r.Verdict {
				case fairness.Fail:
					fails++
				case fairness.Pass:
					passes++
				}
				if wald(g, o, crowd.sd) {
					usual++
				}
			}
			limit := 0.05
			if ratio == 1 {
				limit = 0.025
			}
			if fails > most(runs, limit) {
				t.Errorf("%+v, ratio %v: %d of %d fail", c, ratio, fails, runs)
			}
			if ratio == 0.8 && passes > most(runs, limit) {
				t.Errorf("%+v, ratio %v: %d of %d pass", c, ratio, passes, runs)
			}
			caught = caught || usual > most(runs, limit)
			t.Logf("%+v, ratio %v: %.2f %% fail (%.2f %% with normal counts), %.2f %% pass", c, ratio, 100*float64(fails)/float64(runs), 100*float64(usual)/float64(runs), 100*float64(passes)/float64(runs))
		}
	}
	if !caught {
		t.Error("the usual rule keeps to the limits too: the test has no power")
	}
}

// wald is the usual decision: a normal difference with the variance of the estimates.
func wald(g, o []int64, sd float64) bool {
	spread := func(v []int64) (p, variance float64) {
		n := float64(v[0] + v[1])
		p = float64(v[0]) / n
		q := min(max(p, 1/n), 1)
		return p, (n*q*(1-q) + sd*sd*((1-q)*(1-q)+q*q)) / (n * n)
	}
	a, va := spread(g)
	b, vb := spread(o)
	return a-0.8*b < -1.6449*math.Sqrt(va+0.64*vb)
}

// TestCoverage holds intervals of 95 % to their level, and forecasts to what happens.
func TestCoverage(t *testing.T) {
	runs := runsOf(400)
	rule := fairness.Default()
	rule.Reference = "others"
	for _, c := range []cell{cells[0], cells[4], cells[8]} {
		crowd := newCrowd(t, c.sigma)
		for _, ratio := range []float64{1, 0.6} {
			missed := map[string]int{}
			for range runs {
				g, o := crowd.of(t, c.group, ratio*c.base), crowd.of(t, c.others, c.base)
				x := audit(t, table(t, crowd.sd, counts{{"jobs", "group"}: g, {"jobs", "others"}: o}), rule).Comparisons[0]
				reached, all := ratio*float64(c.group), float64(c.group)+float64(c.others)
				exposure := reached / (reached + float64(c.others))
				for name, e := range map[string]struct {
					fairness.Estimate
					truth float64
				}{
					"rate": {x.Rate, ratio * c.base}, "reference": {x.ReferenceRate, c.base}, "ratio": {x.Ratio, ratio},
					"difference": {x.Difference, (ratio - 1) * c.base}, "exposure": {x.Exposure, exposure},
					"eligible": {x.Eligible, float64(c.group) / all}, "gap": {x.Gap, exposure - float64(c.group)/all},
				} {
					if e.truth < e.Low || e.truth > e.High && !e.Open {
						missed[name]++
					}
				}
			}
			for name, n := range missed {
				if n > most(runs, 0.06) {
					t.Errorf("%+v, ratio %v: %s is missed %d times of %d", c, ratio, name, n, runs)
				}
			}
			if missed["rate"] < runs/200 {
				t.Errorf("%+v, ratio %v: intervals are far too wide: %v", c, ratio, missed)
			}
		}
	}
}

// TestForecast holds what is foreseen to what happens: at the detectable ratio four of five
// audits fail, at the passable one they pass, with the needed budget or people they decide.
func TestForecast(t *testing.T) {
	runs := runsOf(1000)
	rule := fairness.Default()
	rule.Reference = "others"
	near := func(n int) bool { return math.Abs(float64(n)/float64(runs)-0.8) < 0.03+6*math.Sqrt(0.16/float64(runs)) }
	decided := func(c cell, ratio float64, v fairness.Verdict) (n int) {
		crowd := newCrowd(t, c.sigma)
		for range runs {
			r, err := fairness.Decide(table(t, crowd.sd, counts{
				{"jobs", "group"}: crowd.of(t, c.group, ratio*c.base), {"jobs", "others"}: crowd.of(t, c.others, c.base),
			}), rule)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict == v {
				n++
			}
		}
		return n
	}
	for _, c := range []cell{{0.1, sigmaWeek, 2000, 2000}, {0.1, sigma05, 300, 29700}, {0.1, sigmaWeek, 4500, 4500}} {
		sd := math.Sqrt(c.sigma*c.sigma + 1.0/12)
		of := func(n int, p float64) []int64 {
			k := int64(math.Round(float64(n) * p))
			return []int64{k, int64(n) - k}
		}
		const truth = 0.65
		x := audit(t, table(t, sd, counts{{"jobs", "group"}: of(c.group, truth*c.base), {"jobs", "others"}: of(c.others, c.base)}), rule).Comparisons[0]
		if x.Verdict != fairness.Inconclusive {
			t.Fatalf("%+v: %+v", c, x)
		}
		if n := decided(c, x.Detectable, fairness.Fail); x.Detectable == 0 || !near(n) {
			t.Errorf("%+v: a ratio of %v fails %d times of %d", c, x.Detectable, n, runs)
		}
		if n := decided(c, x.Passable, fairness.Pass); x.Passable == 0 || !near(n) {
			t.Errorf("%+v: a ratio of %v passes %d times of %d", c, x.Passable, n, runs)
		}
		more := c
		more.group = int(x.NeedPeople)
		more.others = int(x.NeedPeople * float64(c.others) / float64(c.group))
		if n := decided(more, truth, fairness.Fail); x.NeedPeople == 0 || !near(n) {
			t.Errorf("%+v: with %v people %d of %d fail", c, x.NeedPeople, n, runs)
		}
		if budget := c.group == 4500; budget != (x.NeedMu > 0) || budget != (x.NeedShare > 0) {
			t.Errorf("%+v: a mu of %v would do, a share of %v", c, x.NeedMu, x.NeedShare)
		} else if budget {
			less := c
			less.sigma = c.sigma * (1 / sd) / x.NeedMu // the header's mu is one over the deviation
			if n := decided(less, truth, fairness.Fail); !near(n) {
				t.Errorf("%+v: with a mu of %v %d of %d fail", c, x.NeedMu, n, runs)
			}
		}
	}
}
