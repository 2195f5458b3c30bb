package accounting_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
)

// follows checks a rule against reference probabilities: never above them, but
// for the rounding of the reference, and below by at most 1e-8.
func follows(t *testing.T, id string, s *accounting.Selection, keep map[string]float64) {
	t.Helper()
	if len(keep) == 0 {
		t.Fatalf("%s: no probabilities", id)
	}
	for n, want := range keep {
		k, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := s.Keep(k).Float64()
		if got > want*(1+1e-9) || got < want*(1-1e-8) {
			t.Errorf("%s: %s people: %.15g, want %.15g", id, n, got, want)
		}
	}
}

func TestVectorsOptimalSelection(t *testing.T) {
	for _, e := range vectors(t, "partition_selection_optimal") {
		s, err := accounting.OptimalSelection(accounting.Target{Epsilon: e.Params.Epsilon, Delta: e.Params.Delta}, e.Params.L0)
		if err != nil {
			t.Fatal(err)
		}
		keep := map[string]float64{}
		if err := json.Unmarshal([]byte(e.Value.(string)), &keep); err != nil {
			t.Fatal(err)
		}
		follows(t, e.ID, s, keep)
	}
}

func gdpRule(t *testing.T, epsilon, delta float64, l0 int) *accounting.Selection {
	t.Helper()
	mu2, err := accounting.Mu2For(accounting.Target{Epsilon: epsilon, Delta: delta / 2})
	if err != nil {
		t.Fatal(err)
	}
	s, err := accounting.GDPSelection(accounting.Charge{Mu2: mu2, Delta: units(t, delta/2)}, l0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestVectorsGDPSelection(t *testing.T) {
	for _, e := range vectors(t, "partition_selection_approx_gdp") {
		s := gdpRule(t, e.Params.Epsilon, e.Params.Delta, e.Params.L0)
		median := int64(e.value())
		half := big.NewRat(1, 2)
		if s.Keep(median).Cmp(half) < 0 || s.Keep(median-1).Cmp(half) >= 0 {
			t.Errorf("%s: the median is not %d", e.ID, median)
		}
	}
}

// The rules keep their promise between exact probabilities of neighbouring
// counts, and are as large as it allows, within 1e-9.
func TestSelectionsKeepTheirPromise(t *testing.T) {
	s, err := accounting.OptimalSelection(accounting.Target{Epsilon: 0.3, Delta: 1e-5}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for n := range s.Sure() + 1 {
		p, _ := s.Keep(n).Float64()
		q, _ := s.Keep(n + 1).Float64()
		room := min(math.Exp(0.15)*p+5e-6-q, math.Exp(0.15)*(1-q)+5e-6-(1-p))
		if room < -1e-15 || q < p || room > 1e-9 && q < 1 {
			t.Errorf("%d people: room of %g", n, room)
		}
	}
	// The rule for GDP satisfies every epsilon at once: with d besides.
	g := gdpRule(t, 1, 1e-6, 1)
	mu, err := accounting.MuFor(accounting.Target{Epsilon: 1, Delta: 5e-7})
	if err != nil {
		t.Fatal(err)
	}
	for epsilon := 0.0; epsilon < 3; epsilon += 0.37 {
		bound, err := accounting.DeltaForMu(epsilon, mu)
		if err != nil {
			t.Fatal(err)
		}
		for n := range g.Sure() + 1 {
			p, _ := g.Keep(n).Float64()
			q, _ := g.Keep(n + 1).Float64()
			d := max(q-math.Exp(epsilon)*p, (1-p)-math.Exp(epsilon)*(1-q))
			if d > 5e-7+bound+1e-15 {
				t.Errorf("epsilon %g, %d people: %g above %g", epsilon, n, d, 5e-7+bound)
			}
		}
	}
}

func TestSelectionBehind(t *testing.T) {
	s := gdpRule(t, 1, 1e-6, 3)
	b, err := s.Behind(10)
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(-1); n < s.Sure()+12; n++ {
		if want := s.Keep(n - 9); b.Keep(n).Cmp(want) != 0 {
			t.Errorf("%d people: %v, want %v", n, b.Keep(n), want)
		}
	}
	if s.Keep(0).Sign() != 0 || b.Sure() != s.Sure()+9 {
		t.Error("wrong ends")
	}
	if _, err := s.Behind(0); err != accounting.ErrSensitivity {
		t.Error(err)
	}
}

// At the corner of the worst two-point pair the normal trade-off curve touches,
// and at no other pair of that range does it rise above.
func TestBoundedRangeIsDominated(t *testing.T) {
	q := func(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
	inv := func(a float64) float64 { // Q(z) = a
		lo, hi := -38.0, 38.0
		for range 200 {
			if mid := (lo + hi) / 2; q(mid) > a {
				lo = mid
			} else {
				hi = mid
			}
		}
		return hi
	}
	for _, epsilon := range []float64{0.01, 0.1, 1, 4, 20} {
		mu, err := accounting.MuOfBoundedRange(epsilon)
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for u := -10.0; u <= epsilon+10; u += max(epsilon/64, 0.02) {
			alpha, beta := 1/(1+math.Exp(u)), 1/(1+math.Exp(epsilon-u))
			if math.Min(alpha, beta) < 1e-6 && epsilon < 1 {
				continue // where floats cannot tell
			}
			most = max(most, inv(alpha)+inv(beta))
		}
		if most > float64(mu)*(1+1e-9) || most < float64(mu)*(1-1e-3) {
			t.Errorf("epsilon %g: mu %g, the worst pair needs %g", epsilon, mu, most)
		}
	}
	l, err := accounting.ChargeOfBlackBox(accounting.Target{Epsilon: 1, Delta: 1e-6})
	if mu := float64(accounting.MuUp(l.Mu2)); err != nil || math.Abs(mu-1.2320) > 1e-3 || l.Delta.Float64() < 1e-6 {
		t.Errorf("black box: %g, %v", mu, err)
	}
	if _, err := accounting.MuOfBoundedRange(65); err != accounting.ErrEpsilon {
		t.Error(err)
	}
	if _, err := accounting.ChargeOfBlackBox(accounting.Target{Epsilon: 1}); err != accounting.ErrDelta {
		t.Error(err)
	}
}

// The steps of the proof that the normal quantile of the logistic law is concave:
// m is first below 0 and then above, the slope of g changes its sign once, g is
// never below 0, and second differences of the quantile are below 0.
func TestLogisticQuantileIsConcave(t *testing.T) {
	changes := func(f func(z float64) float64) (n int, first float64) {
		last := 0.0
		for z := 1.0 / 64; z < 8; z += 1.0 / 64 {
			y := f(z)
			if last*y < 0 {
				n++
			}
			if last = y; first == 0 {
				first = y
			}
		}
		return n, first
	}
	phi := func(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
	tail := func(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
	d := func(z float64) float64 { return math.Erf(z / math.Sqrt2) }
	m := func(z float64) float64 { return d(z) - 4*z*phi(z) }
	slope := func(z float64) float64 { return 2*phi(z)*phi(z) - tail(z)*tail(-z) }
	g := func(z float64) float64 { return phi(z)*d(z) - z*tail(z)*tail(-z) }
	for name, c := range map[string]struct {
		f    func(float64) float64
		n    int
		sign float64
	}{"m": {m, 1, -1}, "slope": {slope, 1, 1}, "g": {g, 0, 1}} {
		if n, first := changes(c.f); n != c.n || first*c.sign <= 0 {
			t.Errorf("%s changes its sign %d times, from %g", name, n, first)
		}
	}
	const h = 1.0 / 256
	for z := h; z < 7; z += h {
		if got := (g(z+h) - g(z-h)) / (2 * h); math.Abs(got-slope(z)) > 1e-4 {
			t.Fatalf("z %g: g rises by %g, the proof says %g", z, got, slope(z))
		}
		if got := (slope(z+h) - slope(z-h)) / (2 * h); math.Abs(got-phi(z)*m(z)) > 1e-4 {
			t.Fatalf("z %g: the slope rises by %g, the proof says %g", z, got, phi(z)*m(z))
		}
	}
	quantile := func(u float64) float64 {
		mu, err := accounting.MuOfPure(u)
		if err != nil {
			t.Fatal(err)
		}
		return float64(mu) / 2
	}
	for u := 0.25; u < 60; u *= 1.5 {
		if c := quantile(1.1*u) + quantile(0.9*u) - 2*quantile(u); c >= 0 {
			t.Errorf("at %g the second difference is %g", u, c)
		}
	}
}
