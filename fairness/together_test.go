package fairness_test

import (
	"math"
	"testing"

	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// TestTogether holds the corrections through whole audits with a pooled reference, where
// each group is in the reference of all others, so that p-values do not rise together:
// three small groups at the edge, one far below it, one that sets the rate, in two
// campaigns. The test fails by chance less
// than once in 10^7 runs.
func TestTogether(t *testing.T) {
	runs := runsOf(1500)
	groups := []pooledGroup{{"a", 2000, 0.8}, {"b", 3000, 0.8}, {"c", 2000, 0.8}, {"low", 3000, 0.4}, {"rest", 30000, 0}}
	rates := pooled(0.1, groups)
	crowd := newCrowd(t, sigma05)
	for _, correction := range []fairness.Correction{fairness.Holm, fairness.BH, fairness.Uncorrected} {
		rule := fairness.Default()
		rule.Correction = correction
		ever, share, found := 0, 0.0, 0
		for range runs {
			list := counts{}
			for i, g := range groups {
				for _, campaign := range []string{"x", "y"} {
					list[[2]string{campaign, g.name}] = crowd.of(t, g.people, rates[i])
				}
			}
			r, err := fairness.Decide(table(t, crowd.sd, list), rule)
			if err != nil {
				t.Fatal(err)
			}
			wrong, all := 0.0, 0.0
			for _, c := range r.Comparisons {
				if c.Verdict == fairness.Fail {
					all++
					if c.Group != "low" {
						wrong++
					} else {
						found++
					}
				}
			}
			if wrong > 0 {
				ever++
			}
			share += wrong / max(all, 1)
		}
		t.Logf("%s: a false Fail in %d of %d audits, %.4f of the Fails are false, %d found", correction, ever, runs, share/float64(runs), found)
		if found < 3*runs/2 {
			t.Errorf("%s: %d of %d are found", correction, found, 2*runs)
		}
		switch correction {
		case fairness.Holm:
			if ever > most(runs, rule.Alpha) {
				t.Errorf("a false Fail in %d of %d audits", ever, runs)
			}
		case fairness.BH:
			if share/float64(runs) > rule.Alpha+6*math.Sqrt(rule.Alpha/float64(runs)) {
				t.Errorf("%v of the Fails are false", share/float64(runs))
			}
		case fairness.Uncorrected:
			if ever <= most(runs, rule.Alpha) {
				t.Error("without correction there are no more: the test has no power")
			}
		}
	}
}

// pooledGroup is a group whose rate is that ratio to the one of all others together.
type pooledGroup struct {
	name   string
	people int
	ratio  float64
}

// pooled returns rates with which each group with a ratio has it to all others together,
// and the last one the given rate.
func pooled(rate float64, groups []pooledGroup) []float64 {
	rates := make([]float64, len(groups))
	for i := range rates {
		rates[i] = rate
	}
	for range 200 {
		for i, g := range groups[:len(groups)-1] {
			yes, all := 0.0, 0.0
			for j, o := range groups {
				if j != i {
					yes, all = yes+rates[j]*float64(o.people), all+float64(o.people)
				}
			}
			rates[i] = g.ratio * yes / all
		}
	}
	return rates
}

// TestLooks audits the same question on four days, of people who become more, and holds
// the chance of a false Fail on any of them. Looking as often with all of Alpha does not
// keep to it. The test fails by chance less than once in 10^7 runs.
func TestLooks(t *testing.T) {
	runs := runsOf(1500)
	days := []string{"2026-06-01", "2026-06-08", "2026-06-15", "2026-06-22"}
	crowd := newCrowd(t, sigma05)
	for _, spending := range []fairness.Spending{fairness.Even, fairness.OBrienFleming, fairness.Pocock} {
		rule, greedy := fairness.Default(), fairness.Default()
		rule.Reference, greedy.Reference = "others", "others"
		rule.Looks = fairness.Looks{Days: days, Spending: spending}
		ever, each := 0, 0
		for range runs {
			failed, often := false, false
			var g, o [2]int64 // without noise, so far
			for _, day := range days {
				list := counts{}
				for name, p := range map[string]struct {
					so   *[2]int64
					rate float64
				}{"group": {&g, 0.08}, "others": {&o, 0.1}} {
					reached := crowd.binomial(500, p.rate)
					p.so[0], p.so[1] = p.so[0]+int64(reached), p.so[1]+int64(500-reached)
					list[[2]string{"jobs", name}] = crowd.noisy(t, p.so[0], p.so[1])
				}
				tab := table(t, crowd.sd, list, func(h *proof.Header) { h.AsOf = day })
				for rule, flag := range map[*fairness.Rule]*bool{&rule: &failed, &greedy: &often} {
					r, err := fairness.Decide(tab, *rule)
					if err != nil {
						t.Fatal(err)
					}
					*flag = *flag || r.Verdict == fairness.Fail
				}
			}
			if failed {
				ever++
			}
			if often {
				each++
			}
		}
		t.Logf("%s: a false Fail in %d of %d schedules, %d with all of Alpha each time", spending, ever, runs, each)
		if ever > most(runs, rule.Alpha) {
			t.Errorf("%s: a false Fail in %d of %d schedules", spending, ever, runs)
		}
		if each <= most(runs, rule.Alpha) {
			t.Error("looking at will does no harm: the test has no power")
		}
	}
}

// TestForecastOfMany holds what is foreseen where several groups are asked about: at the
// detectable ratio a group fails in four of five audits at the least, also with the
// strictest step of Holm, while the others, which are treated alike, do not.
func TestForecastOfMany(t *testing.T) {
	runs := runsOf(800)
	rule := fairness.Default()
	rule.Reference = "others"
	crowd := newCrowd(t, sigmaWeek)
	of := func(low float64, noise bool) counts {
		list := counts{}
		for name, rate := range map[string]float64{"low": low * 0.1, "b": 0.1, "c": 0.1, "others": 0.1} {
			if n := 6000; noise {
				list[[2]string{"jobs", name}] = crowd.of(t, n, rate)
			} else {
				k := int64(math.Round(float64(n) * rate))
				list[[2]string{"jobs", name}] = []int64{k, int64(n) - k}
			}
		}
		return list
	}
	x := only(t, audit(t, table(t, crowd.sd, of(1, false)), rule), "low")
	if !(x.Detectable > 0.3 && x.Detectable < 0.8) {
		t.Fatalf("%+v", x)
	}
	single := rule
	single.Correction = fairness.Uncorrected
	if y := only(t, audit(t, table(t, crowd.sd, of(1, false)), single), "low"); y.Detectable <= x.Detectable {
		t.Error("asking several questions costs nothing")
	}
	failed := 0
	for range runs {
		r, err := fairness.Decide(table(t, crowd.sd, of(x.Detectable, true)), rule)
		if err != nil {
			t.Fatal(err)
		}
		if only(t, r, "low").Verdict == fairness.Fail {
			failed++
		}
	}
	if share := float64(failed) / float64(runs); math.Abs(share-0.8) > 0.03+6*math.Sqrt(0.16/float64(runs)) {
		t.Errorf("a ratio of %v fails in %v of audits", x.Detectable, share)
	} else {
		t.Logf("a ratio of %v fails in %v of audits", x.Detectable, share)
	}
}
