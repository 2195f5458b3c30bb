package main

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

// fairnessCell is a setting of the simulation of audits: a group that is reached at a
// ratio of the rate of the others, and what a pure epsilon costs as Gaussian DP.
type fairnessCell struct {
	base          float64 // rate of the others
	epsilon       float64 // 0: a weekly audit of the budget sheet
	group, others int
	power         float64 // with Laplace noise and normal counts, at a ratio of 0.6; 0: not known
}

// The power was found by simulation, with 8,000 runs a cell, of the rule that takes counts and noise
// for normal, with Laplace noise of scale 1/epsilon on each count.
func fairnessCells() []fairnessCell {
	return []fairnessCell{
		{0.10, 0.1, 300, 300, 0.05}, {0.10, 0.1, 3000, 3000, 0.78},
		{0.10, 0.5, 100, 100, 0.11}, {0.10, 0.5, 1000, 1000, 0.56}, {0.10, 0.5, 3000, 3000, 0.94},
		{0.10, 1.0, 10000, 10000, 1},
		{0.02, 0.5, 3000, 3000, 0.37}, {0.02, 0.5, 10000, 10000, 0.81}, {0.02, 0.1, 30000, 30000, 0.98},
		{0.10, 0.5, 100, 9900, 0}, {0.10, 0.5, 1000, 99000, 0}, {0.02, 0.5, 100, 9900, 0}, {0.02, 0.5, 1000, 99000, 0},
		{0.10, 0.1, 100, 9900, 0}, {0.02, 0.1, 1000, 99000, 0},
		{0.10, 0, 3000, 3000, 0}, {0.10, 0, 30000, 30000, 0}, {0.02, 0, 30000, 30000, 0}, {0.10, 0, 1000, 99000, 0},
	}
}

const (
	knownRuns      = 8000 // behind each power that is known
	weeklyAudit    = 0.03 // share of the window's mu^2, of 15 % for audits and bounds
	auditCampaigns = 5    // that a person counts in, in the weekly audit
)

// fairnesses simulates audits, and audits what is known.
func fairnesses(ctx context.Context, b *bench) error {
	if err := simulateAudits(ctx, b); err != nil {
		return err
	}
	return auditData(ctx, b)
}

// auditNoise is the noise of an audit's cells.
type auditNoise struct {
	mu     float64
	sd     float64
	source *noise.Gaussian
	drawn  []int64
}

// newAuditNoise returns the noise that a loss buys for people who count in l0 cells.
func newAuditNoise(mu float64, l0 int) (*auditNoise, error) {
	sigma := math.Sqrt(float64(l0)) / mu
	scale, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		return nil, err
	}
	n := &auditNoise{mu: mu}
	if n.sd, err = accounting.StdDev(scale.Rat()); err != nil {
		return nil, err
	}
	n.source, err = noise.NewGaussian(scale)
	return n, err
}

// next returns the noise of one cell.
func (n *auditNoise) next() (int64, error) {
	if len(n.drawn) == 0 {
		n.drawn = make([]int64, 4096)
		if err := n.source.Fill(n.drawn); err != nil {
			return 0, err
		}
	}
	v := n.drawn[0]
	n.drawn = n.drawn[1:]
	return v, nil
}

// auditCount is a count of people in a cell of a table of groups.
type auditCount struct {
	group, part string
	people      int64
}

// release adds noise to counts of one campaign and makes the table of them.
func (n *auditNoise) release(list []auditCount) (*fairness.Table, error) {
	cells := make([]proof.Cell, len(list))
	for i, c := range list {
		v, err := n.next()
		if err != nil {
			return nil, err
		}
		cells[i] = proof.Cell{Item: "campaign", Group: c.group, Part: c.part, Value: c.people + v}
	}
	return fairness.Read(proof.NewRelease(proof.Header{
		Format: "discreet-release/1", Account: "bench", Name: "audit", Measure: "reach", Kind: "groups", Partitions: "public", Mechanism: "rounded-gaussian",
		Entry: 1, AsOf: "2026-06-30", StdDev: n.sd, Mu: n.mu, LInf: 1, Epsilon: 2, WindowDelta: 1e-6, Level: dp.Level,
	}, cells, nil))
}

// noiseOf returns the noise of a cell of the simulation.
func (c *fairnessCell) noiseOf() (*auditNoise, error) {
	if c.epsilon > 0 {
		mu, err := accounting.MuOfPure(c.epsilon)
		if err != nil {
			return nil, err
		}
		return newAuditNoise(float64(mu), 1)
	}
	window, err := accounting.MuFor(accounting.Target{Epsilon: 2, Delta: 1e-6})
	if err != nil {
		return nil, err
	}
	return newAuditNoise(float64(window)*math.Sqrt(weeklyAudit), auditCampaigns)
}

// auditRuns is what simulated audits of one cell at one ratio come to.
type auditRuns struct {
	flagged, open float64 // shares of the runs: Fail, Inconclusive
	covered       float64 // the least share, over the intervals of a report, that hold the truth
}

// simulate audits n times, and looks at intervals in some of the runs.
func (c *fairnessCell) simulate(ctx context.Context, src *rand.Rand, n *auditNoise, ratio float64, runs, looked int) (auditRuns, error) {
	rule := fairness.Default()
	rule.Reference = "others"
	flagged, open, held := 0, 0, map[string]int{}
	for i := range runs {
		if err := ctx.Err(); err != nil {
			return auditRuns{}, err
		}
		g, o := successes(src, c.group, ratio*c.base), successes(src, c.others, c.base)
		table, err := n.release([]auditCount{
			{"group", "reached", g}, {"group", "missed", int64(c.group) - g},
			{"others", "reached", o}, {"others", "missed", int64(c.others) - o},
		})
		if err != nil {
			return auditRuns{}, err
		}
		audit := fairness.Decide
		if i < looked {
			audit = fairness.Audit
		}
		report, err := audit(table, rule)
		if err != nil {
			return auditRuns{}, err
		}
		switch report.Verdict {
		case fairness.Fail:
			flagged++
		case fairness.Inconclusive:
			open++
		}
		if i >= looked {
			continue
		}
		x := &report.Comparisons[0]
		for name, e := range map[string]struct {
			fairness.Estimate
			truth float64
		}{
			"rate": {x.Rate, ratio * c.base}, "reference": {x.ReferenceRate, c.base},
			"ratio": {x.Ratio, ratio}, "difference": {x.Difference, (ratio - 1) * c.base},
		} {
			if e.Low <= e.truth && (e.Open || e.truth <= e.High) {
				held[name]++
			}
		}
	}
	out := auditRuns{flagged: float64(flagged) / float64(runs), open: float64(open) / float64(runs), covered: 1}
	for _, name := range []string{"rate", "reference", "ratio", "difference"} {
		out.covered = min(out.covered, float64(held[name])/float64(looked))
	}
	return out, nil
}

// simulateAudits reports how often audits are wrong, and how often they see something.
func simulateAudits(ctx context.Context, b *bench) error {
	runs, looked := 20000, 2000
	if b.short {
		runs, looked = 400, 50
	}
	src := rand.New(rand.NewPCG(4, 5))
	worst := map[float64]float64{}
	coverage, gain, gainError, undecided := 1.0, math.Inf(1), 0.0, 0.0
	within := 1.0
	for _, c := range fairnessCells() {
		n, err := c.noiseOf()
		if err != nil {
			return err
		}
		name := fmt.Sprintf("base-%g-eps-%g-%d-%d", c.base, c.epsilon, c.group, c.others)
		if c.epsilon == 0 {
			name = fmt.Sprintf("base-%g-weekly-%d-%d", c.base, c.group, c.others)
		}
		list := []result{{Metric: "noise_sd", Value: n.sd}}
		for _, ratio := range []float64{1, 0.8, 0.6} {
			r, err := c.simulate(ctx, src, n, ratio, runs, looked)
			if err != nil {
				return err
			}
			coverage = min(coverage, r.covered)
			list = append(list, result{Metric: fmt.Sprintf("flag_rate_at_%.1f", ratio), Value: r.flagged},
				result{Metric: fmt.Sprintf("inconclusive_at_%.1f", ratio), Value: r.open}, result{Metric: fmt.Sprintf("coverage_at_%.1f", ratio), Value: r.covered})
			worst[ratio] = max(worst[ratio], r.flagged)
			undecided = max(undecided, r.open)
			if limit := map[float64]float64{0.8: 0.05, 1: 0.025}[ratio]; limit > 0 && r.flagged > limit+4*math.Sqrt(limit*(1-limit)/float64(runs)) {
				within = 0
			}
			if ratio == 0.6 && c.power > 0 {
				ratio := r.flagged / c.power
				spread := math.Sqrt(r.flagged*(1-r.flagged)/float64(runs)+c.power*(1-c.power)/knownRuns) / c.power
				list = append(list, result{Metric: "power_gain", Value: ratio}, result{Metric: "power_gain_standard_error", Value: spread})
				if ratio < gain {
					gain, gainError = ratio, spread
				}
			}
		}
		if err := b.reports(name, "", list...); err != nil {
			return err
		}
	}
	return b.reports("simulation", "",
		result{Metric: "runs", Value: float64(runs)},
		result{Metric: "max_flag_rate_at_0.8", Value: worst[0.8]},
		result{Metric: "max_flag_rate_at_1.0", Value: worst[1]},
		result{Metric: "within_limits", Value: within}, // 1: every cell, at most 5 % and 2.5 % and four standard errors
		result{Metric: "min_power_gain_at_0.6", Value: gain},
		result{Metric: "min_power_gain_standard_error", Value: gainError},
		result{Metric: "inconclusive_share", Value: undecided}, // in the cell and at the ratio where it is largest
		result{Metric: "min_coverage", Value: coverage},
	)
}

// successes draws how many of n people are reached.
func successes(src *rand.Rand, n int, p float64) (k int64) {
	step := math.Log1p(-p)
	for i := 0; ; k++ {
		if i += int(math.Log(1-src.Float64())/step) + 1; i > n {
			return k
		}
	}
}
