package googledp_test

import (
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/dp/googledp"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/google/differential-privacy/go/v3/noise"
)

type (
	row    = proof.ExternalRow
	number = proof.ExternalNumber
)

// people makes numbers of pairs: a number, and how many have it.
func people(pairs ...int64) (list []number) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, number{Number: pairs[i], People: pairs[i+1]})
	}
	return list
}

// loud is the largest epsilon of the envelope: noise of a node of a tree, or of a count, is
// then beyond 2 with a probability below 1e-12.
const loud = 64

func draw(t testing.TB, r row) []float64 {
	t.Helper()
	values, err := googledp.Mechanisms().Draw(r)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// TestQuantilesAreThose of known numbers: each from 0 to span of 40 people. A quantile is off
// by less than 2 but for noise beyond 40 in a node, a probability below 1e-100.
func TestQuantilesAreThose(t *testing.T) {
	for _, span := range []int64{1, 9, 15, 16, 100, 255, 256, 1000} {
		r := row{Epsilon: loud, Rows: 1, Span: span, Ranks: []int64{0, 100_000, 250_000, 500_000, 900_000, 1_000_000}}
		for n := range span + 1 {
			r.Numbers = append(r.Numbers, number{Number: n, People: 40})
		}
		last := -1.0
		for i, v := range draw(t, r) {
			rank := math.Min(math.Max(float64(r.Ranks[i])/1e6, 0.005), 0.995) // as Google's library does
			if want := rank * float64(span+1); v > want+1 || v < want-2 || v < last {
				t.Errorf("span %d: rank %d is %g", span, r.Ranks[i], v)
			}
			last = v
		}
	}
}

// TestNumbersHaveLeaves: where everybody has one number, every quantile is that number,
// for each there is; the last two share a leaf where there are more than leaves. Noise
// would have to be beyond 7 in one of some 60 nodes, at a scale of at most 1/16: below 1e-40.
func TestNumbersHaveLeaves(t *testing.T) {
	for _, span := range []int64{1, 2, 14, 15, 16, 17, 254, 255, 256, 4094, 4095, 4096, 65_535, 65_536} {
		h, leaves := googledp.Height(span)
		if h > 1 && math.Pow(16, float64(h-1)) > float64(span) || h < 4 && leaves <= span {
			t.Errorf("span %d has a tree of height %d", span, h)
		}
		for n := range span + 1 {
			if n > 20 && n < span-20 && n != span/2 {
				continue
			}
			r := row{Epsilon: loud, Rows: 1, Span: span, Ranks: []int64{1, 500_000, 999_999}, Numbers: people(n, 2000)}
			for _, v := range draw(t, r) {
				if v != float64(n) && (n < 65_535 || v < 65_535) {
					t.Fatalf("span %d: %d comes out as %g", span, n, v)
				}
			}
		}
	}
}

// TestVarianceIsThat of known numbers, within 2 %: noise would have to be 40 times its
// scale, below 1e-15.
func TestVarianceIsThat(t *testing.T) {
	for _, span := range []int64{1, 15, 100, 4096, 50_000, 65_536} {
		for name, numbers := range map[string][]number{
			"ends":  people(0, 60_000, span, 60_000),
			"ninth": people(0, 120_000, span, 15_000),
		} {
			sum, squares, n := 0.0, 0.0, 0.0
			for _, x := range numbers {
				sum += float64(x.Number * x.People)
				squares += float64(x.Number*x.Number) * float64(x.People)
				n += float64(x.People)
			}
			want := squares/n - sum/n*sum/n
			got := draw(t, row{Variance: true, Epsilon: loud, Rows: 1, Span: span, Numbers: numbers})
			if len(got) != 1 || math.Abs(got[0]-want) > 0.02*want {
				t.Errorf("span %d, %s: %v, not %g", span, name, got, want)
			}
		}
	}
}

// TestResultsStayInBounds, whatever noise does, also of rows that nobody is in.
func TestResultsStayInBounds(t *testing.T) {
	for range 30 {
		for _, span := range []int64{1, 13, 65_536} {
			for _, epsilon := range []float64{1e-6, 1e-3, 1} {
				for _, numbers := range [][]number{nil, people(0, 1), people(span, 3)} {
					last := 0.0
					for _, v := range draw(t, row{Epsilon: epsilon, Rows: 3, Span: span, Ranks: []int64{0, 500_000, 1_000_000}, Numbers: numbers}) {
						if !(v >= last && v <= float64(span)) || v != math.Trunc(v) {
							t.Fatalf("a quantile of %g", v)
						}
						last = v
					}
					v := draw(t, row{Variance: true, Epsilon: epsilon, Rows: 3, Span: span, Numbers: numbers})[0]
					if !(v >= 0 && v <= math.Ceil(float64(span*span)/4)) {
						t.Fatalf("a variance of %g", v)
					}
				}
			}
		}
	}
}

// TestEnvelope refuses every parameter outside of what was examined, before Google's library
// sees it.
func TestEnvelope(t *testing.T) {
	ok := row{Epsilon: 1, Rows: 1, Span: 10, Ranks: []int64{500_000}, Numbers: people(0, 1, 10, 2)}
	for name, f := range map[string]func(r *row){
		"epsilon of 0": func(r *row) { r.Epsilon = 0 }, "a small epsilon": func(r *row) { r.Epsilon = 9e-7 }, "a large epsilon": func(r *row) { r.Epsilon = 64.1 },
		"NaN": func(r *row) { r.Epsilon = math.NaN() }, "infinity": func(r *row) { r.Epsilon = math.Inf(1) }, "no rows": func(r *row) { r.Rows = 0 },
		"minus rows": func(r *row) { r.Rows = -1 }, "many rows": func(r *row) { r.Rows = 1025 }, "no span": func(r *row) { r.Span = 0 },
		"a long span": func(r *row) { r.Span = 65_537 }, "no ranks": func(r *row) { r.Ranks = nil }, "a low rank": func(r *row) { r.Ranks = []int64{-1} },
		"a high rank": func(r *row) { r.Ranks = []int64{1_000_001} }, "a rank twice": func(r *row) { r.Ranks = []int64{1, 1} }, "65 ranks": func(r *row) {
			r.Ranks = nil
			for i := range int64(65) {
				r.Ranks = append(r.Ranks, i)
			}
		},
		"ranks of a variance": func(r *row) { r.Variance = true }, "a number below 0": func(r *row) { r.Numbers = people(-1, 1) },
		"a number beyond": func(r *row) { r.Numbers = people(11, 1) }, "numbers out of order": func(r *row) { r.Numbers = people(5, 1, 4, 1) },
		"a number twice": func(r *row) { r.Numbers = people(5, 1, 5, 1) }, "nobody": func(r *row) { r.Numbers = people(5, 0) },
		"minus people": func(r *row) { r.Numbers = people(5, -1) }, "too many people": func(r *row) { r.Numbers = people(4, 1, 5, googledp.MaxPeople) },
		"an overflow": func(r *row) { r.Numbers = people(4, 1, 5, math.MaxInt64) },
	} {
		r := ok
		if f(&r); true {
			if v, err := googledp.Mechanisms().Draw(r); err == nil || v != nil {
				t.Errorf("%s: %v", name, v)
			}
		}
	}
	draw(t, ok)
}

// failing is noise that fails, or panics with a number in its text.
type failing struct {
	noise.Noise
	panics bool
}

func (f failing) AddNoiseFloat64(x float64, _ int64, _, _, _ float64) (float64, error) {
	if f.panics {
		panic(x)
	}
	return math.NaN(), nil
}

// TestFailuresSayNothing: an error, a panic or no number of Google's library comes out as one
// error without a text of its own.
func TestFailuresSayNothing(t *testing.T) {
	r := row{Epsilon: 1, Rows: 1, Span: 10, Ranks: []int64{500_000}, Numbers: people(7, 4711)}
	for _, variance := range []bool{false, true} {
		if r.Variance = variance; variance {
			r.Ranks = nil
		}
		for _, panics := range []bool{false, true} {
			quiet(t)
			v, err := googledp.Drawn(&r, failing{noise.Laplace(), panics})
			if err == nil && !math.IsNaN(v[0]) && !panics {
				continue // noise that is no number may lose itself in a tree
			}
			if err == nil || v != nil || strings.ContainsAny(err.Error(), "0123456789") {
				t.Errorf("%v, %v", v, err)
			}
		}
	}
}

// TestLibraryIsNamed: a release names the version that is required.
func TestLibraryIsNamed(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), googledp.Module+" "+googledp.Version+"\n") {
		t.Error("go.mod requires another version")
	}
	if got := googledp.Mechanisms().Module(); got != googledp.Module+" "+googledp.Version {
		t.Error(got)
	}
}

// TestDrawsAtOnce draws from many goroutines.
func TestDrawsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	x := googledp.Mechanisms()
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				r := row{Epsilon: 1, Rows: 1, Span: 10, Ranks: []int64{500_000}, Numbers: people(7, 100)}
				if r.Variance = i%2 == 1; r.Variance {
					r.Ranks = nil
				}
				if _, err := x.Draw(r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
