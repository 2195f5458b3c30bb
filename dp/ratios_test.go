package dp_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
)

// ratiosOver divides the cells of one release by those of another, in their order.
func ratiosOver(t testing.TB, top, bottom dp.Release) []dp.Ratio {
	t.Helper()
	list := make([]dp.Quotient, top.Len())
	for i := range list {
		list[i] = dp.Quotient{
			Top:    dp.Ref{Entry: top.Header().Entry, Segment: top.At(i).Segment},
			Bottom: dp.Ref{Entry: bottom.Header().Entry, Segment: bottom.At(i).Segment},
		}
	}
	r, err := dp.RatiosOf(list, top, bottom)
	if err != nil {
		t.Fatal(err)
	}
	return r.Rows
}

// TestRatiosHold draws the noise of both numbers and counts the quotients whose interval
// misses the exact one: at most 5 %, and hardly less where the noise is well above one. The
// same count finds noise that is a third larger than stated. Some 50 counts, each a false
// alarm with probability below 4e-7.
func TestRatiosHold(t *testing.T) {
	const rows = 8000
	for _, sigma := range []float64{0.6, 5.3, 12, 40} {
		for _, below := range []int64{1, int64(3 * sigma), int64(8 * sigma), 5000} {
			for _, above := range []int64{0, 70, 20_000} {
				if below < 1 {
					continue
				}
				missed := func(real float64) (n, none int) {
					top := sizesOf(1, monday, 3*sigma, drawn(t, real*3*sigma, repeat(rows, above))...)
					bottom := sizesOf(2, monday, sigma, drawn(t, real*sigma, repeat(rows, below))...)
					exact := float64(above) / float64(below)
					for _, r := range ratiosOver(t, top, bottom) {
						switch {
						case r.None:
							none++
						case r.Value < r.Low || r.Value > r.High || math.IsNaN(r.Value) || math.IsInf(r.High, 0):
							t.Fatalf("%+v", r)
						case r.Low > exact+1e-9 || r.High < exact-1e-9:
							n++
						}
					}
					return n, none
				}
				n, none := missed(1)
				if off(n, rows, 0, 0.05) {
					t.Errorf("sigma %v, %d over %d: %d of %d miss", sigma, above, below, n, rows)
				}
				if float64(below) > 60*sigma && sigma >= 5 {
					if off(n, rows, 0.035, 0.05) || none > 0 {
						t.Errorf("sigma %v, %d over %d: %d of %d miss, %d have none", sigma, above, below, n, rows, none)
					}
					if wrong, _ := missed(4.0 / 3); !off(wrong, rows, 0, 0.05) {
						t.Errorf("sigma %v: noise of a third more passes: %d miss", sigma, wrong)
					}
				}
			}
		}
	}
}

// TestRatiosOfUnits: values are numbers in the units of their releases, whatever steps
// they are in; and a cell may be divided by another of its own release.
func TestRatiosOfUnits(t *testing.T) {
	weighted := altered(sizesOf(1, monday, 1024, 500*1024, 40*1024), func(h *dp.Header) { h.Kind, h.Step, h.Per, h.Unit = "events", 1, 1024, "events" })
	people := sizesOf(2, monday, 1, 1000, 80)
	for i, r := range ratiosOver(t, weighted, people) {
		if r.None || math.Abs(r.Value-0.5) > 1e-9 || r.Low < 0.4 || r.High > 0.6 {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	own, err := dp.RatiosOf([]dp.Quotient{{Top: dp.Ref{Entry: 1, Segment: "s000001"}, Bottom: dp.Ref{Entry: 1, Segment: "s000000"}}}, weighted)
	if err != nil || math.Abs(own.Rows[0].Value-0.08) > 1e-9 {
		t.Errorf("%+v, %v", own, err)
	}
	if s := own.Statement(); !strings.Contains(s, "cost nothing") || (dp.Ratios{}).Statement() == s {
		t.Error(s)
	}
}

func TestRatiosRefuse(t *testing.T) {
	a, b := sizesOf(1, monday, 5, 100), sizesOf(2, monday, 5, 100)
	at := func(entry uint64) dp.Ref { return dp.Ref{Entry: entry, Segment: "s000000"} }
	one := []dp.Quotient{{Top: at(1), Bottom: at(2)}}
	for name, c := range map[string]struct {
		list     []dp.Quotient
		releases []dp.Release
		want     error
	}{
		"none":         {one, nil, dp.ErrReleases},
		"zero":         {one, []dp.Release{a, {}}, dp.ErrReleases},
		"twice":        {one, []dp.Release{a, a}, dp.ErrSame},
		"another day":  {one, []dp.Release{a, sizesOf(2, tuesday, 5, 100)}, dp.ErrMeasures},
		"unknown cell": {[]dp.Quotient{{Top: at(1), Bottom: at(3)}}, []dp.Release{a, b}, dp.ErrCells},
		"by itself":    {[]dp.Quotient{{Top: at(1), Bottom: at(1)}}, []dp.Release{a, b}, dp.ErrCells},
		"discovered":   {one, []dp.Release{a, altered(b, func(h *dp.Header) { h.Partitions = "discovered" })}, dp.ErrDiscovered},
		"Laplace":      {one, []dp.Release{a, altered(b, func(h *dp.Header) { h.Mechanism = "discrete-laplace" })}, dp.ErrNoiseLaw},
	} {
		if r, err := dp.RatiosOf(c.list, c.releases...); !errors.Is(err, c.want) || r.Rows != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// How many events a person of each segment has: released events over released people.
func ExampleRatiosOf() {
	events, people := sizesOf(1, "2026-11-23", 60, 8120, 95), sizesOf(2, "2026-11-23", 20, 1015, 12)
	var list []dp.Quotient
	for i := range events.Len() {
		segment := events.At(i).Segment
		list = append(list, dp.Quotient{Top: dp.Ref{Entry: 1, Segment: segment}, Bottom: dp.Ref{Entry: 2, Segment: segment}})
	}
	ratios, err := dp.RatiosOf(list, events, people)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range ratios.Rows {
		if r.None {
			fmt.Println(r.Top.Segment, "too few people for their noise")
			continue
		}
		fmt.Printf("%s %.2f, %.2f to %.2f\n", r.Top.Segment, r.Value, r.Low, r.High)
	}
	// Output:
	// s000000 8.00, 7.68 to 8.35
	// s000001 too few people for their noise
}
