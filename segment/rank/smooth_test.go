package rank

import (
	"math"
	"math/rand/v2"
	"testing"
)

// solve solves a dense system by elimination: the slow, plain way.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	for i := range n {
		for k := i + 1; k < n; k++ {
			f := a[k][i] / a[i][i]
			for j := i; j < n; j++ {
				a[k][j] -= f * a[i][j]
			}
			b[k] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			b[i] -= a[i][j] * b[j]
		}
		b[i] /= a[i][i]
	}
	return b
}

func somethingAlike(rng *rand.Rand, items, words int) *features {
	names := make([][]string, items)
	for i := range names {
		for range 3 {
			names[i] = append(names[i], string(rune('a'+rng.IntN(words))))
		}
	}
	return newFeatures(names)
}

// The sparse solution must be the mean of the normal that it claims to be.
func TestSmoothIsThePosteriorMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 40
	f := somethingAlike(rng, n, 12)
	o := &observed{value: make([]float64, n), variance: make([]float64, n), prior: make([]float64, n)}
	for i := range n {
		o.value[i], o.prior[i], o.variance[i] = 30*rng.NormFloat64(), 10*rng.Float64(), 50+100*rng.Float64()
		if i%7 == 0 {
			o.variance[i] = math.Inf(1) // not released
		}
	}
	s := spread{shared: 90, own: 40}
	common := func(i, j int) (sum float64) {
		v := make([]float64, len(f.names))
		f.add(v, int32(i), 1)
		sum = s.shared * f.dot(int32(j), v)
		if i == j {
			sum += s.own
		}
		return sum
	}
	var known []int
	for i := range n {
		if !math.IsInf(o.variance[i], 1) {
			known = append(known, i)
		}
	}
	a, b := make([][]float64, len(known)), make([]float64, len(known))
	for x, i := range known {
		a[x] = make([]float64, len(known))
		for y, j := range known {
			a[x][y] = common(i, j)
		}
		a[x][x] += o.variance[i]
		b[x] = o.value[i] - o.prior[i]
	}
	x := solve(a, b)
	got := o.smooth(f, s)
	for i := range n {
		want := o.prior[i]
		for y, j := range known {
			want += common(i, j) * x[y]
		}
		if math.Abs(got[i]-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("item %d: %v, want %v", i, got[i], want)
		}
	}
}

// The spread is estimated without knowing it. Over 200 tables with seeds that are
// fixed the mean of the estimates lies near the truth; noise alone gives none.
func TestSpread(t *testing.T) {
	const n, tables = 400, 200
	for name, truth := range map[string]spread{"both": {100, 60}, "own": {0, 120}, "noise": {}} {
		shared, all := 0.0, 0.0
		for k := range tables {
			rng := rand.New(rand.NewPCG(uint64(k), 3))
			f := somethingAlike(rng, n, 25)
			word := make([]float64, len(f.names))
			for w := range word {
				word[w] = math.Sqrt(truth.shared) * rng.NormFloat64()
			}
			o := &observed{value: make([]float64, n), variance: make([]float64, n), prior: make([]float64, n)}
			for i := range n {
				o.variance[i] = 80
				o.value[i] = f.dot(int32(i), word) + math.Sqrt(truth.own)*rng.NormFloat64() + math.Sqrt(80)*rng.NormFloat64()
			}
			s := o.spread(f)
			shared += s.shared / tables
			all += s.all() / tables
		}
		if math.Abs(shared-truth.shared) > 12 || math.Abs(all-truth.all()) > 12 {
			t.Errorf("%s: shared %.1f of %.1f, want %v", name, shared, all, truth)
		}
	}
}

// A draw is normal. Of 100,000 numbers the mean is off by more than 0.016, or the
// square by more than 0.022, with a probability below 1e-6.
func TestDraw(t *testing.T) {
	const n = 100_000
	d := newDraw("monday")
	sum, square := 0.0, 0.0
	for i := range int32(n) {
		x := d.normal(i)
		sum += x
		square += x * x
	}
	if math.Abs(sum/n) > 0.016 || math.Abs(square/n-1) > 0.022 {
		t.Errorf("mean %v, square %v", sum/n, square/n)
	}
	if newDraw("monday").normal(7) != d.normal(7) || newDraw("tuesday").normal(7) == d.normal(7) {
		t.Error("a name gives one draw, another name another")
	}
}

func TestWords(t *testing.T) {
	names := [][]string{wordsOf("RED Lunch-Bags"), wordsOf("red lunch bag"), wordsOf("a lunch box"), wordsOf("")}
	f := newFeatures(names)
	v := make([]float64, len(f.names))
	f.add(v, 0, 1)
	if d := f.dot(1, v); math.Abs(d-1) > 1e-9 {
		t.Errorf("case, dashes and plurals matter: %v", d)
	}
	if d := f.dot(2, v); d <= 0 || d >= 0.5 {
		t.Errorf("one common word in three makes %v", d)
	}
	if len(f.of[3]) != 0 {
		t.Error("no title, but words")
	}
	var many []string
	for i := range 1000 {
		many = append(many, string(rune(0x4e00+i)))
	}
	if f := newFeatures([][]string{many, many, {"x"}}); len(f.of[0]) != maxFeatures {
		t.Errorf("%d features of one item", len(f.of[0]))
	}
}
