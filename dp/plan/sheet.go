package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/discreet-go/discreet/dp/accounting"
)

// Sheet returns the budget sheet, a text table: for every declared measure its
// share of mu^2, the scale of its noise, the 95 % margin, the threshold of
// discovered cells, the relative error of cells of 100, 1,000 and 10,000, and
// the smallest count known within 10 %. Where a measure adds amounts up, the standard
// deviation and the margin stand in their unit, and no error is relative to a count;
// the threshold of a list of keys is the number of people with which one is on it at
// least half the time.
func (p *Plan) Sheet() string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%.4g, %.3g)-DP for everything released in a window of %s: mu %.4g",
		p.budget.Epsilon, p.budget.Delta, days(p.budget.WindowDays), float64(accounting.MuUp(p.mu2)))
	if !p.reserve.IsZero() {
		fmt.Fprintf(&b, ", and delta %.3g kept for thresholds", p.reserve.Float64())
	}
	b.WriteString("\n\n")
	rows := [][]string{{"measure", "share of mu^2", "sigma", "± at 95 %", "threshold", "error at 100", "1,000", "10,000", "within 10 % from"}}
	var planned int64
	for _, q := range p.predictions {
		planned += q.ShareNano
		row := append([]string{q.Measure, percent(q.Share())}, q.noiseTexts()...)
		rows = append(rows, append(row, q.errorTexts()...))
	}
	rows = append(rows, []string{"not planned", percent(float64(nano-planned) / nano)})
	align(&b, rows)
	return b.String()
}

// align writes rows in columns, the first to the left and the others to the
// right.
func align(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			width[i] = max(width[i], utf8.RuneCountInString(v))
		}
	}
	for _, row := range rows {
		for i, v := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(v))
			if i == 0 {
				b.WriteString(v + pad)
			} else {
				b.WriteString("  " + pad + v)
			}
		}
		b.WriteByte('\n')
	}
}

func percent(x float64) string { return fmt.Sprintf("%.3g %%", 100*x) }

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
