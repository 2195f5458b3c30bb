package googledp_test

import (
	"flag"
	"fmt"
	"math"
	"testing"

	"github.com/discreet-go/discreet/dp/googledp"
	"github.com/google/differential-privacy/go/v3/noise"
)

// quiet keeps the warnings of glog, which it writes of noise that is not Google's, off
// the disk for one test.
func quiet(t *testing.T) {
	t.Helper()
	if err := flag.Set("logtostderr", "true"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flag.Set("logtostderr", "false") })
}

// asked is what Google's aggregators ask noise for.
type asked struct {
	l0      int64
	lInf    float64
	epsilon float64
	delta   float64
}

// spy adds no noise, and notes what was asked for and of which values.
type spy struct {
	noise.Noise
	asked map[asked]int
	odd   []string
}

func (s *spy) AddNoiseFloat64(x float64, l0 int64, lInf, epsilon, delta float64) (float64, error) {
	s.asked[asked{l0, lInf, epsilon, delta}]++
	s.look(x, float64(l0)*lInf/epsilon)
	return x, nil
}

func (s *spy) AddNoiseInt64(x, l0, lInf int64, epsilon, delta float64) (int64, error) {
	s.asked[asked{l0, float64(lInf), epsilon, delta}]++
	s.look(float64(x), float64(l0*lInf)/epsilon)
	return x, nil
}

// look holds that a value lies on the grid of Google's Laplace noise of a scale, which is the
// power of two from scale/2^40 on, and is a whole number that floats hold.
func (s *spy) look(x, scale float64) {
	grid := math.Exp2(math.Ceil(math.Log2(scale / (1 << 40))))
	if grid > 1 || x != math.Trunc(x) || math.Abs(x) > 1<<53 {
		s.odd = append(s.odd, fmt.Sprintf("%g on a grid of %g", x, grid))
	}
}

// TestNoiseIsForOnePerson: the noise that Google's aggregators ask for is that of the
// bounds: for a tree, L1 sensitivity of its height in each of the rows; for a variance
// three parts of epsilon, each with the largest change in each of the rows. Every value
// that noise is added to lies on the grid of that noise, so that one person moves what
// is noised by no more than that.
func TestNoiseIsForOnePerson(t *testing.T) {
	quiet(t)
	for _, rows := range []int{1, 5, 1024} {
		for _, epsilon := range []float64{1e-6, 0.01, 1, 64} {
			for _, span := range []int64{1, 15, 300, 65_536} {
				numbers := people(0, 3, span/2, 500_000, span, 7)
				if span == 1 {
					numbers = people(0, 3, 1, 7)
				}
				s := &spy{Noise: noise.Laplace(), asked: map[asked]int{}}
				if _, err := googledp.Drawn(&row{Epsilon: epsilon, Rows: rows, Span: span, Ranks: []int64{500_000}, Numbers: numbers}, s); err != nil {
					t.Fatal(err)
				}
				h, _ := googledp.Height(span)
				if want := (asked{int64(h * rows), 1, epsilon, 0}); len(s.asked) != 1 || s.asked[want] == 0 {
					t.Errorf("a tree asks for %v, not %v", s.asked, want)
				}
				v := &spy{Noise: noise.Laplace(), asked: map[asked]int{}}
				r := row{Variance: true, Epsilon: epsilon, Rows: rows, Span: span, Numbers: numbers}
				if _, err := googledp.Drawn(&r, v); err != nil {
					t.Fatal(err)
				}
				shift, half, ok := googledp.Resolution(&r)
				if !ok || span>>shift > 2*half || half*half > 1<<22 {
					t.Fatalf("half a range of %d after %d bits", half, shift)
				}
				parts, most := 0.0, float64(half*half)
				seen := map[float64]bool{}
				for a, n := range v.asked {
					if a == (asked{1, 1, a.epsilon, 0}) && n <= 4 && rows > 1 {
						continue // probes of parameters
					}
					if a.l0 != int64(rows) || a.delta != 0 || a.lInf > most || a.epsilon > epsilon/3*(1+1e-15) {
						t.Errorf("a variance asks for %+v", a)
					}
					seen[a.lInf] = true
					parts = math.Max(parts, a.epsilon)
				}
				if !seen[1] || !seen[float64(half)] || !seen[most] || 3*parts > epsilon*(1+1e-15) {
					t.Errorf("a variance of rows %d, half %d asks for %v", rows, half, v.asked)
				}
				if len(s.odd)+len(v.odd) > 0 {
					t.Errorf("epsilon %g, %d rows, span %d: %v %v", epsilon, rows, span, s.odd, v.odd)
				}
			}
		}
	}
}

// TestResolutionIsTheFinest that keeps sums exact: one bit more would not.
func TestResolutionIsTheFinest(t *testing.T) {
	for _, rows := range []int{1, 3, 1024} {
		for e := -6.0; e < 2; e += 0.25 {
			for span := int64(1); span <= 65_536; span = span*3/2 + 1 {
				r := row{Variance: true, Epsilon: math.Min(math.Max(math.Pow(10, e), 1e-6), 64), Rows: rows, Span: span}
				shift, half, ok := googledp.Resolution(&r)
				if !ok {
					t.Fatalf("nothing for %+v", r)
				}
				fits := func(half int64) bool {
					scale := 3 * float64(rows) * float64(half*half) / r.Epsilon
					return half <= 1<<11 && math.Exp2(math.Ceil(math.Log2(scale/(1<<40)))) <= 1
				}
				if !fits(half) || half < (span>>shift+1)/2 {
					t.Errorf("%+v: half %d after %d bits", r, half, shift)
				}
				if finer := (span>>max(0, shift-2) + 1) / 2; shift >= 2 && fits(finer) {
					t.Errorf("%+v: %d bits were not needed", r, shift)
				}
				if float64(half*half)*googledp.MaxPeople > 1<<53 {
					t.Error("squares of all people are beyond a float")
				}
			}
		}
	}
}
