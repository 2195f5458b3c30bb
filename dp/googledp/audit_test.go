package googledp_test

import (
	"context"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/googledp"
)

// tables draws a table of rows, as dp does, and returns all its numbers.
func tables(r row, rows ...[]number) audit.Sample {
	x := googledp.Mechanisms()
	return func(context.Context) (out []float64, err error) {
		for _, numbers := range rows {
			r.Numbers = numbers
			values, err := x.Draw(r)
			if err != nil {
				return nil, err
			}
			out = append(out, values...)
		}
		return out, nil
	}
}

// TestAudit looks at the way from bounded numbers to what is drawn, at a loud epsilon: one
// person in as many rows as are stated is within the claim; one in more of them, or with
// several numbers in one, is noticed. Each audit is wrong with a probability of at
// most 1e-7.
func TestAudit(t *testing.T) {
	const epsilon = 2
	quantiles := row{Epsilon: epsilon, Rows: 2, Span: 15, Ranks: []int64{500_000, 1_000_000}}
	variance := row{Variance: true, Epsilon: epsilon, Rows: 1, Span: 15}
	single := quantiles
	single.Rows = 1
	nobody, one, six := people(), people(15, 1), people(15, 6)
	few, and, andMany := people(0, 20), people(0, 20, 15, 1), people(0, 20, 15, 12)
	// In how many rows the highest quantile is as high as the person's number.
	high := audit.Probe{Name: "high rows", Of: func(out []float64) (n float64) {
		for i := 1; i < len(out); i += 2 {
			if out[i] == 15 {
				n++
			}
		}
		return n
	}}
	for name, c := range map[string]struct {
		with, without audit.Sample
		violated      bool
	}{
		"quantiles, as bounded":    {tables(quantiles, one, one), tables(quantiles, nobody, nobody), false},
		"quantiles, eight rows":    {tables(single, one, one, one, one, one, one, one, one), tables(single, nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody), true},
		"quantiles, six in a row":  {tables(quantiles, six, six), tables(quantiles, nobody, nobody), true},
		"variance, as bounded":     {tables(variance, and), tables(variance, few), false},
		"variance, twelve numbers": {tables(variance, andMany), tables(variance, few), true},
	} {
		o := audit.Options{Runs: 2000, Alpha: 1e-7}
		if len(name) > 9 && name[:9] == "quantiles" {
			o.Probes = []audit.Probe{high}
		}
		report, err := audit.Run(t.Context(), audit.Claim{Epsilon: epsilon}, c.with, c.without, o)
		if err != nil {
			t.Fatal(name, err)
		}
		if (report.Verdict == audit.Violated) != c.violated {
			t.Errorf("%s: %s", name, report)
		}
	}
}
