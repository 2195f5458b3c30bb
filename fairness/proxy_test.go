package fairness_test

import (
	"errors"
	"math"
	"testing"

	"github.com/discreet-go/discreet/fairness"
)

// memberships are three segments: one of men, one of everybody, one that is small.
func memberships() counts {
	return counts{
		{"razors", "men"}: {4000, 6000}, {"razors", "women"}: {400, 9600},
		{"music", "men"}: {3000, 7000}, {"music", "women"}: {3010, 6990},
		{"sailing", "men"}: {30, 9970}, {"sailing", "women"}: {26, 9974},
	}
}

func TestProxy(t *testing.T) {
	tab := table(t, 10, memberships())
	r, err := fairness.Proxy(tab, fairness.DefaultProxy())
	if err != nil || len(r.Findings) != 6 || r.Source != tab.Source() {
		t.Fatal(r, err)
	}
	want := map[string]fairness.ProxyVerdict{"razors": fairness.Detected, "music": fairness.Clear, "sailing": fairness.Unclear}
	for _, f := range r.Findings {
		if f.Verdict != want[f.Segment] {
			t.Errorf("%+v", f)
		}
		if !(f.Phi.Low <= f.Phi.Value && f.Phi.Value <= f.Phi.High) {
			t.Errorf("%+v", f)
		}
		// Of a 2 x 2 table of halves, phi is (a d - b c) / sqrt of the product of the sums.
		if f.Segment == "razors" {
			phi := (4000.0*9600 - 6000*400) / math.Sqrt(10000*10000*4400.0*15600)
			if f.Group == "women" {
				phi = -phi
			}
			if math.Abs(f.Phi.Value-phi) > 1e-6 {
				t.Errorf("phi %v, want %v", f.Phi.Value, phi)
			}
			if ratio := f.Ratio.Value; f.Group == "men" && ratio != 10 || f.Group == "women" && ratio != 0.1 {
				t.Errorf("a ratio of %v", ratio)
			}
		}
	}
	one := fairness.DefaultProxy()
	one.Segments = []string{"music"}
	if r, err := fairness.Proxy(tab, one); err != nil || len(r.Findings) != 2 {
		t.Error(r, err)
	}
	one.Segments = []string{"chess"}
	if _, err := fairness.Proxy(tab, one); !errors.Is(err, fairness.ErrNames) {
		t.Error(err)
	}
	if _, err := fairness.Proxy(nil, fairness.DefaultProxy()); !errors.Is(err, fairness.ErrRelease) {
		t.Error(err)
	}
	for name, change := range map[string]func(r *fairness.ProxyRule){
		"zero": func(r *fairness.ProxyRule) { *r = fairness.ProxyRule{} }, "ratio": func(r *fairness.ProxyRule) { r.MaxRatio = 1 },
		"alpha": func(r *fairness.ProxyRule) { r.Alpha = 0.3 }, "level": func(r *fairness.ProxyRule) { r.Level = math.NaN() },
		"correction": func(r *fairness.ProxyRule) { r.Correction = "x" }, "twice": func(r *fairness.ProxyRule) { r.Segments = []string{"a", "a"} },
	} {
		rule := fairness.DefaultProxy()
		change(&rule)
		if _, err := fairness.Proxy(tab, rule); !errors.Is(err, fairness.ErrProxyRule) {
			t.Errorf("%s: %v", name, err)
		}
	}
	few, err := fairness.Proxy(table(t, 10, counts{{"s", "a"}: {1, 2}, {"s", "b"}: {100, 900}}), fairness.DefaultProxy())
	if err != nil || few.Findings[0].Verdict != fairness.Unclear || !few.Findings[0].Ratio.Open {
		t.Error(few, err)
	}
}

// TestProxyChance holds what is said of false verdicts, with the noise of releases. It fails
// by chance in less than one of 10^7 runs.
func TestProxyChance(t *testing.T) {
	runs := runsOf(3000)
	rule := fairness.DefaultProxy()
	for _, c := range []struct {
		sigma float64
		n, m  int
		base  float64
	}{{sigma05, 200, 200, 0.2}, {sigmaWeek, 3000, 3000, 0.1}, {sigma05, 100, 9900, 0.1}} {
		crowd := newCrowd(t, c.sigma)
		for _, x := range []struct{ ratio, detected, clear float64 }{{1, 0.025, 1}, {1.25, 0.05, 0.05}, {0.8, 0.05, 0.05}} {
			detected, clear := 0, 0
			for range runs {
				r, err := fairness.DecideProxy(table(t, crowd.sd, counts{{"s", "a"}: crowd.of(t, c.n, x.ratio*c.base), {"s", "b"}: crowd.of(t, c.m, c.base)}), rule)
				if err != nil {
					t.Fatal(err)
				}
				// Either of the two groups.
				if r.Findings[0].Verdict == fairness.Detected || r.Findings[1].Verdict == fairness.Detected {
					detected++
				}
				if r.Findings[0].Verdict == fairness.Clear {
					clear++
				}
			}
			if detected > most(runs, x.detected) || clear > most(runs, x.clear) {
				t.Errorf("%+v, %+v: %d of %d detected, %d clear", c, x, detected, runs, clear)
			}
		}
	}
}
