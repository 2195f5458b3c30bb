package dp_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"pgregory.net/rapid"
)

// problem is a forest over the cells of some releases of sizes.
type problem struct {
	rs   []dp.Release
	sums []dp.Sum
}

// forestOf draws trees of any shape over at most four releases.
func forestOf(t *rapid.T) problem {
	var p problem
	var refs []dp.Ref
	for e := range rapid.IntRange(1, 4).Draw(t, "releases") {
		var values []int64
		for range rapid.IntRange(2, 6).Draw(t, "cells") {
			values = append(values, rapid.Int64Range(-20, 400).Draw(t, "value"))
		}
		r := sizesOf(uint64(e+1), monday, rapid.SampledFrom([]float64{0.5, 5, 5.3, 9, 40, 700}).Draw(t, "sigma"), values...)
		p.rs = append(p.rs, r)
		for i := range r.Len() {
			refs = append(refs, dp.Ref{Entry: uint64(e + 1), Segment: r.At(i).Segment})
		}
	}
	refs = rapid.Permutation(refs).Draw(t, "order")
	parts := map[int][]dp.Ref{}
	for i := 1; i < len(refs); i++ {
		if up := rapid.IntRange(-1, i-1).Draw(t, "part of"); up >= 0 {
			parts[up] = append(parts[up], refs[i])
		}
	}
	for i, r := range refs {
		if parts[i] != nil {
			p.sums = append(p.sums, dp.Sum{Total: r, Parts: parts[i]})
		}
	}
	return p
}

func refOf(c dp.Estimate) dp.Ref { return dp.Ref{Entry: c.Entry, Segment: c.Segment, Item: c.Item} }

// TestConsistentIsTheProjection compares values, variances and what intervals are made
// from with the dense projection y - V A'(A V A')^-1 A y, and holds that sums hold,
// before rounding and after.
func TestConsistentIsTheProjection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := forestOf(t)
		e, err := dp.Consistent(p.rs, p.sums)
		if len(p.sums) == 0 {
			if err != dp.ErrSums {
				t.Fatal(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		at := map[dp.Ref]int{}
		n := len(e.Cells)
		y, v, sigma := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, c := range e.Cells {
			at[refOf(c)] = i
			r := p.rs[c.Entry-1]
			for k := range r.Len() {
				if r.At(k).Segment == c.Segment {
					y[i] = float64(r.At(k).Value)
				}
			}
			sigma[i] = r.Header().Sigma
			v[i] = math.Pow(r.Header().StdDev, 2)
		}
		a := make([][]float64, len(p.sums))
		for s, sum := range p.sums {
			a[s] = make([]float64, n)
			a[s][at[sum.Total]] = 1
			for _, part := range sum.Parts {
				a[s][at[part]] = -1
			}
		}
		ava := make([][]float64, len(a))
		for s := range ava {
			ava[s] = make([]float64, len(a))
			for r := range a {
				for i := range n {
					ava[s][r] += a[s][i] * v[i] * a[r][i]
				}
			}
		}
		inverse := invert(ava)
		sums, tops := e.MadeOf()
		for i, c := range e.Cells {
			value, variance, sum, top := 0.0, 0.0, 0.0, 0.0
			for j := range n {
				coef := 0.0
				if i == j {
					coef = 1
				}
				for s := range a {
					for r := range a {
						coef -= v[i] * a[s][i] * inverse[s][r] * a[r][j]
					}
				}
				value += coef * y[j]
				variance += coef * coef * v[j]
				sum += math.Abs(coef)
				top = max(top, math.Abs(coef)*sigma[j])
			}
			if math.Abs(c.Value-value) > 1e-6*(1+math.Abs(value)) || math.Abs(c.StdDev-math.Sqrt(variance)) > 1e-6*(1+c.StdDev) {
				t.Fatalf("%+v: value %v, deviation %v", c, value, math.Sqrt(variance))
			}
			if math.Abs(sums[i]-sum) > 1e-6*sum || math.Abs(tops[i]-top) > 1e-6*top {
				t.Fatalf("%+v: made of %v, %v; not %v, %v", c, sums[i], tops[i], sum, top)
			}
			if c.StdDev > math.Sqrt(v[i])*(1+1e-9) || c.Low >= c.High {
				t.Fatalf("%+v is less exact than released, %v", c, math.Sqrt(v[i]))
			}
		}
		whole := e.Whole()
		for _, s := range p.sums {
			left, left2 := e.Cells[at[s.Total]].Value, whole.Cells[at[s.Total]].Value
			for _, part := range s.Parts {
				left -= e.Cells[at[part]].Value
				left2 -= whole.Cells[at[part]].Value
			}
			if math.Abs(left) > 1e-7 || left2 != 0 {
				t.Fatalf("a sum is off by %v, rounded by %v", left, left2)
			}
		}
		for _, c := range whole.Cells {
			if c.Value < 0 || c.Value != math.Floor(c.Value) || c.Low < 0 || c.High < c.Low || c.Low != math.Floor(c.Low) {
				t.Fatalf("%+v", c)
			}
		}
		// No order decides anything.
		mixed := problem{rapid.Permutation(p.rs).Draw(t, "releases again"), rapid.Permutation(p.sums).Draw(t, "sums again")}
		for i := range mixed.sums {
			mixed.sums[i].Parts = rapid.Permutation(mixed.sums[i].Parts).Draw(t, "parts again")
		}
		again, err := dp.Consistent(mixed.rs, mixed.sums)
		if err != nil || asJSON(t, again) != asJSON(t, e) || asJSON(t, again.Whole()) != asJSON(t, whole) {
			t.Fatal("the order decides", err)
		}
	})
}

// TestConsistentRowsFormula holds the closed form of one level.
func TestConsistentRowsFormula(t *testing.T) {
	totals, parts := sizesOf(1, monday, 20, 1000, 60), itemsOf(2, monday, 10, 3, 300, 320, 350, 0, 10, 80)
	e, err := dp.ConsistentRows(totals, parts)
	if err != nil {
		t.Fatal(err)
	}
	v0, v := 400+1.0/12, 100+1.0/12
	all := v0 + 3*v
	r := 1000.0 - 970
	if got := e.Cells[0]; got.Item != "" || math.Abs(got.Value-(1000-r*v0/all)) > 1e-9 || math.Abs(got.StdDev*got.StdDev-(v0-v0*v0/all)) > 1e-9 {
		t.Errorf("%+v", got)
	}
	if got := e.Cells[3]; got.Item != "i0001" || got.Entry != 2 || math.Abs(got.Value-(320+r*v/all)) > 1e-9 || math.Abs(got.StdDev*got.StdDev-(v-v*v/all)) > 1e-9 {
		t.Errorf("%+v", got)
	}
	w := e.Whole()
	if w.Cells[1].Value != w.Cells[5].Value+w.Cells[6].Value+w.Cells[7].Value || w.Cells[0].Value != 983 {
		t.Errorf("%+v", w.Cells)
	}
}

// TestTreeVariance compares with reference values of other code: the variance of a
// leaf, where all cells of a tree but its root are released with noise of variance 1.
func TestTreeVariance(t *testing.T) {
	for _, c := range []struct {
		branches, levels int
		want             float64
	}{{2, 5, 0.6073732718894009}, {4, 4, 0.7899159663865545}, {16, 2, 0.9411764705882354}} {
		var rs []dp.Release
		var sums []dp.Sum
		cells := 1
		name := func(i int) string { return fmt.Sprintf("s%06d", i) }
		for level := range c.levels {
			cells *= c.branches
			rs = append(rs, sizesOf(uint64(level+1), monday, 30, make([]int64, cells)...))
			for i := range cells {
				part := dp.Ref{Entry: uint64(level + 1), Segment: name(i)}
				if level > 0 {
					if i%c.branches == 0 {
						sums = append(sums, dp.Sum{Total: dp.Ref{Entry: uint64(level), Segment: name(i / c.branches)}})
					}
					s := &sums[len(sums)-1]
					s.Parts = append(s.Parts, part)
				}
			}
		}
		e, err := dp.Consistent(rs, sums)
		if err != nil {
			t.Fatal(err)
		}
		leaf := e.Cells[len(e.Cells)-1]
		if got := leaf.StdDev * leaf.StdDev / (900 + 1.0/12); math.Abs(got/c.want-1) > 1e-8 {
			t.Errorf("%d branches, %d levels: %v, not %v", c.branches, c.levels, got, c.want)
		}
	}
}

func TestConsistentRefuses(t *testing.T) {
	a, b := sizesOf(1, monday, 10, 5, 6, 7, 8), sizesOf(2, monday, 10, 5, 6, 7, 8)
	ref := func(entry uint64, i int) dp.Ref { return dp.Ref{Entry: entry, Segment: fmt.Sprintf("s%06d", i)} }
	sum := func(total dp.Ref, parts ...dp.Ref) dp.Sum { return dp.Sum{Total: total, Parts: parts} }
	both := []dp.Release{a, b}
	normed := func(h *dp.Header) { h.Norm, h.LInf, h.Per = 2048, 1024, 1024 }
	for _, c := range []struct {
		name string
		rs   []dp.Release
		sums []dp.Sum
		want error
	}{
		{"no sums", both, nil, dp.ErrSums},
		{"no parts", both, []dp.Sum{sum(ref(1, 0))}, dp.ErrSums},
		{"total twice", both, []dp.Sum{sum(ref(1, 0), ref(1, 1)), sum(ref(1, 0), ref(1, 2))}, dp.ErrSums},
		{"part twice", both, []dp.Sum{sum(ref(1, 0), ref(1, 1), ref(1, 1))}, dp.ErrSums},
		{"part of two", both, []dp.Sum{sum(ref(1, 0), ref(1, 1)), sum(ref(1, 2), ref(1, 1))}, dp.ErrSums},
		{"itself", both, []dp.Sum{sum(ref(1, 0), ref(1, 0))}, dp.ErrSums},
		{"cycle", both, []dp.Sum{sum(ref(1, 0), ref(1, 1)), sum(ref(1, 1), ref(1, 2)), sum(ref(1, 2), ref(1, 0))}, dp.ErrSums},
		{"unknown total", both, []dp.Sum{sum(ref(3, 0), ref(1, 1))}, dp.ErrCells},
		{"unknown part", both, []dp.Sum{sum(ref(1, 0), ref(1, 9))}, dp.ErrCells},
		{"other item", both, []dp.Sum{sum(ref(1, 0), dp.Ref{Entry: 1, Segment: "s000001", Item: "x"})}, dp.ErrCells},
		{"none", nil, []dp.Sum{sum(ref(1, 0), ref(1, 1))}, dp.ErrReleases},
		{"twice", []dp.Release{a, a}, []dp.Sum{sum(ref(1, 0), ref(1, 1))}, dp.ErrSame},
		{"days", []dp.Release{a, sizesOf(2, tuesday, 10, 5)}, []dp.Sum{sum(ref(1, 0), ref(1, 1))}, dp.ErrMeasures},
		{"a norm", []dp.Release{altered(a, normed), altered(b, normed)}, []dp.Sum{sum(ref(1, 0), ref(1, 1))}, dp.ErrMeasures},
		{"windows", []dp.Release{a, altered(b, func(h *dp.Header) { h.Window++ })}, []dp.Sum{sum(ref(1, 0), ref(1, 1))}, dp.ErrMeasures},
	} {
		if e, err := dp.Consistent(c.rs, c.sums); err != c.want || e.Cells != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := dp.ConsistentRows(sizesOf(1, monday, 10, 5), itemsOf(2, monday, 10, 1, 1, 2)); err != dp.ErrCells {
		t.Errorf("a row without total: %v", err)
	}
}

// TestShareOut holds that parts are whole, not negative, add up, and are near.
func TestShareOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "parts")
		total := rapid.Int64Range(0, 5000).Draw(t, "total")
		values, variances := make([]float64, n), make([]float64, n)
		sum := 0.0
		for i := range values {
			values[i] = rapid.Float64Range(-200, 600).Draw(t, "value")
			variances[i] = rapid.Float64Range(0.01, 100).Draw(t, "variance")
			sum += values[i]
		}
		got := dp.ShareOut(total, values, variances)
		left := total
		for _, v := range got {
			left -= v
			if v < 0 {
				t.Fatal("below zero", got)
			}
		}
		if left != 0 {
			t.Fatal("they do not add up", got, total)
		}
		// Among those above zero and not rounded, value - part is variance times one number.
		low, high := math.Inf(-1), math.Inf(1)
		for i, v := range got {
			x := (values[i] - float64(v)) / variances[i]
			slack := 1 / variances[i]
			if v > 1 {
				low, high = max(low, x-slack), min(high, x+slack)
			}
		}
		if low > high+1e-9 {
			t.Fatal("they are not the nearest", got, values, variances)
		}
	})
	for _, c := range []struct {
		total     int64
		values    []float64
		variances []float64
		want      string
	}{
		{10, []float64{3.4, 3.3, 3.3}, []float64{1, 1, 1}, "[4 3 3]"},
		{0, []float64{3, -3}, []float64{1, 1}, "[0 0]"},
		{5, []float64{-100, 3, 4}, []float64{1, 1, 1}, "[0 2 3]"},
		{7, []float64{-5}, []float64{1}, "[7]"},
		{12, []float64{5, 5}, []float64{1, 3}, "[6 6]"},
		{13, []float64{5, 5}, []float64{1, 2}, "[6 7]"},
	} {
		if got := fmt.Sprint(dp.ShareOut(c.total, c.values, c.variances)); got != c.want {
			t.Errorf("%d over %v: %s, not %s", c.total, c.values, got, c.want)
		}
	}
}
