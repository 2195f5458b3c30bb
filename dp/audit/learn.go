package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// learn chooses events that tell the two inputs apart. It fits directions on
// one half of the pairs and chooses thresholds on the other, so that a
// direction that fits only its own half is not preferred.
func learn(p pool, c Claim, alpha float64, probes []Probe) []event {
	var fit, sel []pair
	for i, q := range p.pairs {
		if i%2 == 0 {
			fit = append(fit, q)
		} else {
			sel = append(sel, q)
		}
	}
	features := directions(fit, p.dim)
	for i := range p.dim {
		features = append(features, feature{name: fmt.Sprintf("number %d", i), kind: aNumber, of: func(out []float64) float64 { return out[i] }})
	}
	for _, pr := range append(standard(sel, p.dim), probes...) {
		features = append(features, feature{name: pr.Name, kind: aProbe, of: pr.Of})
	}
	z := -phiInv(alpha / (2 * tried))
	var events []event
	for _, f := range features {
		for _, e := range f.best(c, sel, z) {
			e.score -= f.hard / 50 * math.Abs(e.score)
			events = append(events, e)
		}
	}
	return choose(events)
}

// moments are the mean and variance of each number on both inputs.
type moments struct{ mean, vari [2][]float64 }

func momentsOf(pairs []pair, dim int) (m moments) {
	for s := range 2 {
		m.mean[s], m.vari[s] = make([]float64, dim), make([]float64, dim)
	}
	for n, p := range pairs {
		for s, out := range [2][]float64{p.with, p.without} {
			for i, x := range out { // Welford's sums
				d := x - m.mean[s][i]
				m.mean[s][i] += d / float64(n+1)
				m.vari[s][i] += d * (x - m.mean[s][i])
			}
		}
	}
	for s := range 2 {
		for i := range dim {
			m.vari[s][i] /= float64(max(1, len(pairs)-1))
		}
	}
	return m
}

// widest is how many numbers a direction combines with their correlations.
const widest = 128

// directions returns combinations of the numbers that tell the inputs apart:
// the mean difference in units of the noise, the same with correlations undone
// (Fisher's linear discriminant) as sharply and as carefully as the number of
// pairs allows, and the ratio of two normal densities, which sees changes of
// the noise itself.
func directions(fit []pair, dim int) []feature {
	if dim == 1 && len(fit) == 0 {
		return nil
	}
	m := momentsOf(fit, dim)
	type coord struct {
		i          int
		mean, t, s float64 // shift in units of s, the standard deviation
	}
	var live []coord
	for i := range dim {
		v := (m.vari[0][i] + m.vari[1][i]) / 2
		if !(v > 0) || math.IsInf(v, 0) {
			continue // constant, or too large to sum: its own threshold sees it
		}
		s := math.Sqrt(v)
		live = append(live, coord{i, (m.mean[0][i] + m.mean[1][i]) / 2, (m.mean[0][i] - m.mean[1][i]) / s, s})
	}
	if len(live) == 0 {
		return nil
	}
	features := []feature{ratio(m, dim)}
	if len(live) == 1 {
		return features // its threshold is the direction
	}
	add := func(name string, hard float64, live []coord, w []float64) {
		for _, x := range w {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return
			}
		}
		features = append(features, feature{name: name, kind: aDirection, hard: hard, of: func(out []float64) float64 {
			sum := 0.0
			for k, l := range live {
				sum += w[k] * ((out[l.i] - l.mean) / l.s)
			}
			return sum
		}})
	}
	diff := make([]float64, len(live))
	for k, l := range live {
		diff[k] = l.t
	}
	add("the weighted sum of all numbers", 1, live, diff)

	// Correlations of the numbers that differ most, and of others up to widest.
	wide := slices.Clone(live)
	if len(wide) > widest {
		slices.SortStableFunc(wide, func(a, b coord) int { return cmp.Compare(math.Abs(b.t), math.Abs(a.t)) })
		wide = wide[:widest]
	}
	k := len(wide)
	corr := make([][]float64, k)
	for i := range corr {
		corr[i] = make([]float64, k)
	}
	x := make([]float64, k)
	some := fit[:min(len(fit), 8192)]
	for _, p := range some {
		for s, out := range [2][]float64{p.with, p.without} {
			for j, l := range wide {
				x[j] = (out[l.i] - m.mean[s][l.i]) / l.s
			}
			for i := range k {
				for j := range i + 1 {
					corr[i][j] += x[i] * x[j]
				}
			}
		}
	}
	t := make([]float64, k)
	for i, l := range wide {
		t[i] = l.t
		for j := range i + 1 {
			corr[i][j] /= float64(2 * len(some))
		}
	}
	for _, ridge := range []float64{1e-9, 0.02, 0.5} {
		add("the combination of numbers that separates best", 2, wide, solve(corr, ridge, t))
	}
	return features
}

// ratio is the logarithm of the ratio of two normal densities with independent
// numbers. A number with no variance on one input is left to its threshold.
func ratio(m moments, dim int) feature {
	var use []int
	for i := range dim {
		ok := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
		if ok(m.vari[0][i]) && ok(m.vari[1][i]) {
			use = append(use, i)
		}
	}
	return feature{name: "the likelihood ratio of mean and spread", kind: aDirection, hard: 3, of: func(out []float64) float64 {
		sum := 0.0
		for _, i := range use {
			a, b := out[i]-m.mean[0][i], out[i]-m.mean[1][i]
			sum += b*b/m.vari[1][i] - a*a/m.vari[0][i]
		}
		return sum
	}}
}

// solve returns (a + ridge I)^-1 b for a symmetric matrix given by its lower
// triangle, by Cholesky. NaN where it is not positive definite.
func solve(a [][]float64, ridge float64, b []float64) []float64 {
	n := len(b)
	l := make([][]float64, n)
	for i := range n {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			sum := a[i][j]
			if i == j {
				sum += ridge
			}
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(sum)
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	x := slices.Clone(b)
	for i := range n {
		for k := range i {
			x[i] -= l[i][k] * x[k]
		}
		x[i] /= l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= l[k][i] * x[k]
		}
		x[i] /= l[i][i]
	}
	return x
}
