package plan_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"pgregory.net/rapid"
)

// anything draws a period of up to four lines of any sort.
func anything(r *rapid.T) plan.Period {
	p := period()
	p.Budget.Epsilon = math.Exp(rapid.Float64Range(-3, 2.5).Draw(r, "ln epsilon"))
	p.Budget.Delta = math.Pow(10, rapid.Float64Range(-12, -4).Draw(r, "log delta"))
	p.Keep = rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(r, "keep")
	for i := range rapid.IntRange(1, 4).Draw(r, "lines") {
		name, most := fmt.Sprint("m", i), rapid.IntRange(1, 20).Draw(r, "most")
		l := plan.Line{
			Measure: rapid.SampledFrom([]dp.Measure{
				openSizes(name, most), openItems(name, dp.Discovered{}, most), openItems(name, dp.Public{"x"}, most),
			}).Draw(r, "measure"),
			Times: rapid.SampledFrom([]int{1, 4, 30, 365}).Draw(r, "times"),
		}
		switch rapid.IntRange(0, 3).Draw(r, "wanted") {
		case 0:
			l.Weight = math.Exp(rapid.Float64Range(-5, 5).Draw(r, "ln weight"))
		case 1:
			l.Target.StdDev = math.Exp(rapid.Float64Range(0, 8).Draw(r, "ln StdDev"))
		case 2:
			l.Target.Relative = rapid.Float64Range(0.01, 1).Draw(r, "relative")
			l.Target.At = int64(math.Exp(rapid.Float64Range(2, 9).Draw(r, "ln at")))
		default:
			l.Share = 0.2 / float64(l.Times)
		}
		p.Lines = append(p.Lines, l)
	}
	return p
}

// TestAnything allocates any period: it fits, or the refusal names a rule, or numbers
// that do. It takes a second for each period.
func TestAnything(t *testing.T) {
	if os.Getenv("DISCREET_LONG") == "" {
		t.Skip("set DISCREET_LONG to run it")
	}
	rapid.Check(t, func(r *rapid.T) {
		p := anything(r)
		_, err := plan.Allocate(p)
		var impossible *plan.ImpossibleError
		switch {
		case errors.As(err, &impossible):
		case err == nil, errors.As(err, new(*plan.SharesError)), errors.Is(err, plan.ErrTarget), errors.Is(err, plan.ErrShare):
			return
		default:
			r.Fatal(err)
		}
		q := p
		if impossible.Epsilon > 0 {
			q.Budget.Epsilon = impossible.Epsilon
			if _, err := plan.Allocate(q); err != nil {
				r.Fatalf("%+v: the epsilon does not fit: %v", impossible, err)
			}
			q.Budget.Epsilon = impossible.Epsilon * 0.999
			if _, err := plan.Allocate(q); err == nil {
				r.Fatalf("%+v: a smaller epsilon fits", impossible)
			}
		}
		q = p
		q.Lines = append([]plan.Line(nil), p.Lines...)
		for i := range q.Lines {
			target := &q.Lines[i].Target
			target.StdDev *= impossible.Scale
			target.At = int64(math.Ceil(float64(target.At) * impossible.Scale))
		}
		if _, err := plan.Allocate(q); err != nil {
			r.Fatalf("%+v: the scale does not fit: %v", impossible, err)
		}
	})
}
