package proof

import (
	"fmt"
	"strings"
)

// String names the release, for logs. It says nothing that the Header does not.
func (r Release) String() string {
	if r.IsZero() {
		return "invalid release"
	}
	return fmt.Sprintf("release %s of %s as of %s, %d cells", r.header.Name, r.header.Measure, r.header.AsOf, len(r.cells))
}

// Statement says in plain sentences what the release shows, how exact it is,
// what it costs and whom it protects. It costs nothing, as every use of a
// release does. [Release.StatementJSON] says the same to machines.
func (r Release) Statement() string {
	if r.IsZero() {
		return "This is not a release."
	}
	h := &r.header
	var b strings.Builder
	what := "people"
	if h.LInf > 1 {
		what = "events"
	}
	fmt.Fprintf(&b, "Release %s counts %s ", h.Name, what)
	if h.Kind == "segment-sizes" {
		fmt.Fprintf(&b, "in each segment as of the end of %s (measure %s, declared on %s).", h.AsOf, h.Measure, h.Since)
	} else {
		fmt.Fprintf(&b, "in each segment and item within the %s up to the end of %s (measure %s, counting since %s).",
			plural(int64(h.Lookback), "day"), h.AsOf, h.Measure, h.Since)
	}
	fmt.Fprintf(&b, " One person counts in at most %s, with at most %d in each; what they have beyond that is left out.",
		plural(int64(h.L0), "cell"), h.LInf)
	fmt.Fprintf(&b, " Every value is the exact number so bounded plus rounded Gaussian noise of scale %.4g (standard deviation %.4g), drawn exactly from a cryptographic generator;",
		h.Sigma, h.StdDev)
	fmt.Fprintf(&b, " with probability of about %.4g%% the exact number lies within %d of it.", 100*h.Level, h.Margin)
	if h.Threshold > 0 {
		fmt.Fprintf(&b, " The items come from the data: a cell is shown if its noisy number of people is at least %d, so cells close to that tend to be overstated.", h.Threshold)
	} else {
		b.WriteString(" The cells were fixed beforehand, and every one is shown.")
	}
	fmt.Fprintf(&b, " The release is %.4g-Gaussian differentially private with respect to adding or removing everything that one person did", h.Mu)
	if h.Threshold > 0 {
		fmt.Fprintf(&b, ", but for a probability of at most %.3g that it shows a cell which only that person is in", h.Delta)
	}
	fmt.Fprintf(&b, ". All releases of the window from %s to the day before %s together are (%.4g, %.3g)-differentially private.",
		h.WindowFrom, h.WindowTo, h.Epsilon, h.WindowDelta)
	b.WriteString(" Not protected: facts about groups, and one person under several identifiers beyond the sum of their parts.")
	return b.String()
}

// plural writes a number with its unit.
func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
