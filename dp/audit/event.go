package audit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// kind is the sort of thing a feature is.
type kind int

const (
	aDirection kind = iota // a combination of all numbers
	aNumber                // one number of the output
	aProbe                 // a probe
	kinds
)

// feature is a number computed from an output.
type feature struct {
	name string
	kind kind
	of   func(out []float64) float64
	// hard says how hard the feature is to picture. Of two that tell about as
	// much, the easier one is judged; each unit costs a fiftieth of the score.
	hard float64
}

// value is the feature of an output. NaN, which only a probe can give, counts
// as plus infinity, so that all values have an order.
func (f feature) value(out []float64) float64 {
	v := f.of(out)
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}

// event is a set of outputs: those whose feature is at least at, or equal to it.
type event struct {
	feature
	exact bool
	at    float64
	// towards says that the event was seen more often with the person.
	towards bool
	score   float64
}

func (e event) hit(out []float64) bool {
	v := e.value(out)
	if e.exact {
		return v == e.at
	}
	return v >= e.at
}

// String describes the event, or the outputs outside of it.
func (e event) describe(complement bool) string {
	op := map[[2]bool]string{
		{false, false}: "is at least", {false, true}: "is below",
		{true, false}: "is exactly", {true, true}: "is not",
	}[[2]bool{e.exact, complement}]
	return fmt.Sprintf("%s %s %.6g", e.name, op, e.at)
}

// same reports whether two events are of one feature and shape, so that trying
// both gains little.
func (e event) same(f event) bool { return e.name == f.name && e.exact == f.exact }

// thresholds bounds how many thresholds are looked at in each tail and between.
const (
	tailThresholds = 64
	midThresholds  = 512
)

// best returns the most telling event of a feature: the best threshold and the
// best exact value, by the bound that they would give on pairs if nothing had
// been chosen. Pairs are others than those that the feature was learned from.
func (f feature) best(c Claim, pairs []pair, z float64) (events []event) {
	with, without := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		with[i], without[i] = f.value(p.with), f.value(p.without)
	}
	slices.Sort(with)
	slices.Sort(without)
	n := len(pairs)
	tail := event{feature: f, score: math.Inf(-1)}
	exact := tail
	exact.exact = true
	consider := func(e *event, at float64, a, b int) {
		s, towards := guess(c, a, b, n, z)
		if s > e.score {
			e.at, e.towards, e.score = at, towards, s
		}
	}
	distinct := 0
	for i, j := 0, 0; i < n || j < n; distinct++ {
		i, j, _ = run(with, without, i, j)
	}
	step := max(1, distinct/midThresholds)
	at := 0
	for i, j := 0, 0; i < n || j < n; at++ {
		i2, j2, v := run(with, without, i, j)
		if at < tailThresholds || at >= distinct-tailThresholds || at%step == 0 {
			consider(&tail, v, n-i, n-j)
		}
		if i2-i+j2-j >= 5 { // a value that comes back
			consider(&exact, v, i2-i, j2-j)
		}
		i, j = i2, j2
	}
	for _, e := range []event{tail, exact} {
		if !math.IsInf(e.score, -1) {
			events = append(events, e)
		}
	}
	return events
}

// run returns the smallest value at or after i and j, and where it ends.
func run(a, b []float64, i, j int) (i2, j2 int, v float64) {
	v = math.Inf(1)
	if i < len(a) {
		v = a[i]
	}
	if j < len(b) {
		v = min(v, b[j])
	}
	for i < len(a) && a[i] == v {
		i++
	}
	for j < len(b) && b[j] == v {
		j++
	}
	return i, j, v
}

// guess estimates what an event proves that was seen a and b times in n, by
// Wilson's bounds, which are quick and close. Events that prove nothing are
// ordered by how clearly they differ.
func guess(c Claim, a, b, n int, z float64) (score float64, towards bool) {
	towards = a >= b
	if !towards {
		a, b = b, a
	}
	wilson := func(k int, sign float64) float64 {
		p, m := float64(k)/float64(n), float64(n)
		mid := (p + z*z/(2*m)) / (1 + z*z/m)
		half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
		return min(1, max(0, mid+sign*half))
	}
	l := likelier{wilson(a, -1), wilson(b, 1)}
	quick := func(p float64) float64 { return -math.Sqrt2 * math.Erfinv(1-2*min(1-1e-12, max(1e-12, p))) }
	if c.Mu > 0 {
		score = max(quick(l.more-c.Delta)-quick(l.less), quick(1-l.less-c.Delta)-quick(1-l.more))
	} else {
		score, _ = l.epsilon(c.Delta)
	}
	if score <= 0 {
		score = float64(a-b)/math.Sqrt(float64(a+b)+1) - 1e6
	}
	return score, towards
}

// tried is how many events are judged on the held-out runs, at most.
const tried = 4

// choose keeps the best event and those that come close to it, of every kind.
func choose(events []event) []event {
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(b.score, a.score) })
	var chosen []event
	var per [kinds]int
	for _, e := range events {
		if len(chosen) == tried {
			break
		}
		if len(chosen) > 0 && (e.score <= 0 || e.score < 0.7*chosen[0].score) {
			break
		}
		if per[e.kind] >= 2 || slices.ContainsFunc(chosen, e.same) {
			continue
		}
		per[e.kind]++
		chosen = append(chosen, e)
	}
	return chosen
}
