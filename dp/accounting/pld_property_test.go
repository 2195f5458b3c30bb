package accounting_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"math/cmplx"
	"os"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

func TestTransform(t *testing.T) {
	for n := 4; n <= 512; n *= 2 {
		x := make([]complex128, n)
		norm := 0.0
		for i := range x {
			x[i] = complex(math.Sin(float64(i*i)), math.Cos(float64(3*i*i+1)))
			norm += real(x[i])*real(x[i]) + imag(x[i])*imag(x[i])
		}
		f, back, opposite := accounting.Transform(x)
		wrong := 0.0
		for i := range x {
			if cmplx.Abs(back[i]-x[i]) > 1e-13 {
				t.Fatalf("n %d: back at %d: %v, was %v", n, i, back[i], x[i])
			}
			k := int(bits.Reverse64(uint64(i)) >> (64 - bits.Len(uint(n-1))))
			sum := 0i
			for j, v := range x {
				sum += v * cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
			}
			d := cmplx.Abs(sum - f[i])
			wrong += d * d
			o := int(bits.Reverse64(uint64(opposite[i])) >> (64 - bits.Len(uint(n-1))))
			if (o+k)%n != 0 {
				t.Fatalf("n %d: frequency %d is not opposite to %d", n, o, k)
			}
		}
		if e := math.Sqrt(wrong / float64(n) / norm); e > 1e-14*float64(bits.Len(uint(n))) {
			t.Errorf("n %d: relative error %g", n, e)
		}
	}
}

// Gaussians composed on a grid, each split, hold the closed form between their
// bounds: the Gaussian part, powers, tails and windows, and the smear.
func TestGaussiansOnGridHoldTheClosedForm(t *testing.T) {
	for _, c := range []struct {
		mu           float64
		count        int
		theta, step  float64
		delta, apart float64
	}{
		{1, 1, 5, 0x1p-10, 1e-6, 1e-3},
		{0.05, 100, 12, 0x1p-14, 1e-6, 1e-3},
		{0.05, 100, 3, 0x1p-13, 1e-9, 1}, // a poor aim
		{0.05, 100, 40, 0x1p-13, 1e-6, 1},
		{0.02, 1000, 18, 0x1p-15, 1e-15, 1e-3},
		{0.02, 1000, 8, 0x1p-9, 1e-6, 10}, // a coarse grid
		{4, 3, 0.9, 0x1p-7, 1e-9, 1e-3},
		{0.3, 10, 11.6, 0x1p-11, 1e-28, 1e-3},
	} {
		b, err := accounting.GaussiansOnGrid(c.mu, c.count, c.theta, c.step, c.delta)
		if err != nil {
			t.Fatal(err)
		}
		want := epsilonOf(t, c.delta, noise(accounting.GaussianNoise, 1/c.mu, 1, c.count))
		if b.Upper < want.Lower*(1-1e-9) || b.Lower > want.Upper*(1+1e-9) {
			t.Errorf("%+v: %v does not hold %v", c, b, want)
		}
		if b.Upper-b.Lower > c.apart*want.Upper && b.Lower > 0 || b.Lower == 0 && c.apart < 1 {
			t.Errorf("%+v: %v is wide", c, b)
		}
	}
}

// exactDelta convolves losses on multiples of 1/b directly: discrete Laplace
// noise of scale b with several shifts, and boxes of epsilon n/b.
func exactDelta(epsilon, b float64, shifts, boxes []int) float64 {
	q := math.Exp(-1 / b)
	p, low := []float64{1}, 0
	add := func(m []float64) {
		out := make([]float64, len(p)+len(m)-1)
		for i, x := range p {
			for j, y := range m {
				out[i+j] += x * y
			}
		}
		p, low = out, low-(len(m)-1)/2
	}
	for _, s := range shifts {
		m := make([]float64, 2*s+1) // loss (s - 2x)/b, x clipped to 0..s
		m[2*s] = 1 / (1 + q)
		for x := 1; x < s; x++ {
			m[2*s-2*x] = (1 - q) / (1 + q) * math.Pow(q, float64(x))
		}
		m[0] = math.Pow(q, float64(s)) / (1 + q)
		add(m)
	}
	for _, n := range boxes {
		m := make([]float64, 2*n+1)
		e := math.Exp(-float64(n) / b)
		m[2*n], m[0] = 1/(1+e), e/(1+e)
		add(m)
	}
	d := 0.0
	for i, m := range p {
		if l := float64(low+i) / b; l > epsilon {
			d -= m * math.Expm1(epsilon-l)
		}
	}
	return d
}

// Never below the exact lattice, and the lower bound never above it, in the
// production path and on grids that do not fit.
func TestMixturesHoldTheExactLattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := float64(rapid.IntRange(2, 60).Draw(t, "b"))
		shifts := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 12).Draw(t, "shifts")
		boxes := rapid.SliceOfN(rapid.IntRange(1, 6), 0, 8).Draw(t, "boxes")
		var ms []accounting.Mechanism
		most := 0.0
		for _, s := range shifts {
			ms = append(ms, noise(accounting.DiscreteLaplaceNoise, b, float64(s), 1))
			most += float64(s) / b
		}
		for _, n := range boxes {
			ms = append(ms, box(float64(n)/b, 0, 1))
			most += float64(n) / b
		}
		l, err := accounting.Compose(ms)
		if err != nil {
			t.Fatal(err)
		}
		epsilon := most * rapid.Float64Range(0, 1.05).Draw(t, "part")
		want := exactDelta(epsilon, b, shifts, boxes)
		got, err := l.Delta(context.Background(), epsilon)
		if err != nil {
			t.Fatal(err)
		}
		// 1e-13: roundings of the exact values and of the epsilons of boxes.
		if got.Upper < want*(1-1e-9)-1e-13 || got.Lower > want*(1+1e-9)+1e-13 {
			t.Fatalf("delta %g is not in %v", want, got)
		}
		if want > 1e-10 && got.Upper > want*1.1 {
			t.Fatalf("delta %g: upper bound %g", want, got.Upper)
		}
		theta := math.Exp(rapid.Float64Range(-3, 4).Draw(t, "theta"))
		step := math.Ldexp(1, rapid.IntRange(-10, -4).Draw(t, "step"))
		got, err = l.OnGrid(theta, step, epsilon)
		if err != nil {
			t.Fatal(err)
		}
		if got.Upper < want*(1-1e-9)-1e-13 || got.Lower > want*(1+1e-9)+1e-13 {
			t.Fatalf("theta %g, step %g: delta %g is not in %v", theta, step, want, got)
		}
	})
}

// Discrete Gaussians off their lattice hold what they cost on it.
func TestDiscreteGaussiansOffTheirLattice(t *testing.T) {
	for _, sigma := range []float64{0.7, 3, 24.3} {
		l := loss(t, noise(accounting.DiscreteGaussianNoise, sigma, 2, 7))
		for _, part := range []float64{0.5, 2, 6} {
			epsilon := part * 2 / sigma
			want, err := l.Delta(context.Background(), epsilon)
			if err != nil {
				t.Fatal(err)
			}
			got, err := l.OnGrid(math.Max(0.1, math.Min(3, sigma*sigma*epsilon/28-0.5)), 0x1p-9, epsilon) // near the saddle
			if err != nil {
				t.Fatal(err)
			}
			if got.Upper < want.Lower || got.Lower > want.Upper || got.Upper > want.Upper*1.01 {
				t.Errorf("sigma %g, epsilon %g: %v, on the lattice %v", sigma, epsilon, got, want)
			}
		}
	}
}

// Many quiet mechanisms are nearly Gaussian: with the variance of the loss, and
// never below it by more than the central limit theorem allows.
func TestManyMechanisms(t *testing.T) {
	const n = 1 << 16
	b := epsilonOf(t, 1e-6, noise(accounting.LaplaceNoise, 256, 1, n), box(0, 1e-13, n))
	mu := math.Sqrt(n) / 256 // the loss of one has the variance 1/256^2 and half that as mean
	want := epsilonOf(t, 1e-6, noise(accounting.GaussianNoise, 1/mu, 1, 1))
	if math.Abs(b.Upper/want.Upper-1) > 0.01 || b.Upper/b.Lower > 1.001 {
		t.Errorf("%v, Gaussian %v", b, want)
	}
}

// Bounds move with epsilon and with the count as the exact values do, and Delta
// and Epsilon agree.
func TestLossIsMonotone(t *testing.T) {
	kinds := []accounting.MechanismKind{
		accounting.GaussianNoise, accounting.LaplaceNoise, accounting.DiscreteLaplaceNoise, accounting.DiscreteGaussianNoise,
	}
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; checks > 12/slow && os.Getenv("DISCREET_LONG") == "" {
			return
		}
		var ms []accounting.Mechanism
		for range rapid.IntRange(1, 4).Draw(t, "mechanisms") {
			scale := float64(rapid.IntRange(12, 4000).Draw(t, "scale")) / 8
			ms = append(ms, noise(rapid.SampledFrom(kinds).Draw(t, "kind"), scale, float64(rapid.IntRange(1, 3).Draw(t, "shift")), rapid.IntRange(1, 30).Draw(t, "count")))
		}
		more := append([]accounting.Mechanism(nil), ms...)
		more[0].Count += 3
		delta := math.Pow(10, -rapid.Float64Range(2, 15).Draw(t, "delta"))
		of := func(ms []accounting.Mechanism, delta float64) accounting.Bounds {
			l, err := accounting.Compose(ms)
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Epsilon(context.Background(), delta)
			if err != nil {
				t.Fatal(err)
			}
			apart, count := 1e-3, 0
			for _, m := range ms {
				count += m.Count
			}
			if count < 10 || delta < 1e-9 { // a window of the grid may end at the largest loss
				apart = 1e-2
			}
			if !(b.Lower <= b.Upper) || b.Upper > b.Lower*(1+apart)+1e-9 {
				t.Errorf("bounds %v are apart", b)
			}
			if b.Upper > 0 && b.Upper < accounting.MaxEpsilon {
				d, err := l.Delta(context.Background(), b.Upper)
				if err != nil || d.Lower > delta {
					t.Fatalf("at epsilon %g: delta %v, want %g: %v", b.Upper, d, delta, err)
				}
			}
			return b
		}
		b := of(ms, delta)
		if c := of(more, delta); c.Upper < b.Lower {
			t.Fatalf("more mechanisms cost less: %v, %v", b, c)
		}
		if c := of(ms, delta/2); c.Upper < b.Lower {
			t.Fatalf("a smaller delta costs less: %v, %v", b, c)
		}
	})
}

// Where few mechanisms meet a small delta, the whole costs about what its largest
// losses add up to: bounds stay close there, and above it only Gaussian noise counts.
func TestLargestLoss(t *testing.T) {
	pure := []accounting.Mechanism{
		noise(accounting.LaplaceNoise, 3, 3, 3), noise(accounting.DiscreteLaplaceNoise, 15, 3, 4),
	}
	if b := epsilonOf(t, 1e-15, pure...); b.Upper > 3.8*(1+1e-13) || b.Lower < 3.799 {
		t.Errorf("%v: losses end at 3.8", b)
	}
	if d, err := loss(t, pure...).Delta(context.Background(), 3.8*(1+1e-13)); err != nil || d != (accounting.Bounds{}) {
		t.Errorf("delta %v above every loss: %v", d, err)
	}
	gauss := noise(accounting.GaussianNoise, 203.25, 1, 1)
	laplace := noise(accounting.LaplaceNoise, 1.5, 2, 1)
	apart := epsilonOf(t, 1e-15, gauss).Upper + 4.0/3
	b := epsilonOf(t, 1e-15, gauss, laplace)
	if b.Upper > apart*(1+1e-12) || b.Upper > b.Lower*(1+2e-3) {
		t.Errorf("%v: apart %g", b, apart)
	}
	d, err := loss(t, gauss, laplace).Delta(context.Background(), apart*(1+1e-12))
	if err != nil || d.Upper > 1e-15*(1+1e-6) {
		t.Errorf("delta %v at %g: %v", d, apart, err)
	}
	box := epsilonOf(t, 1e-6, accounting.Mechanism{Kind: accounting.BlackBox, Epsilon: 1, Delta: 1e-7, Count: 2})
	if box.Upper > 2*(1+1e-13) {
		t.Errorf("%v: two boxes of 1", box)
	}
}

func TestComposeRefuses(t *testing.T) {
	one := big.NewRat(1, 1)
	for name, c := range map[string]struct {
		m    accounting.Mechanism
		want error
	}{
		"no kind":        {accounting.Mechanism{Scale: one, Count: 1}, accounting.ErrMechanism},
		"no scale":       {accounting.Mechanism{Kind: accounting.LaplaceNoise, Count: 1}, accounting.ErrMechanism},
		"negative":       {noise(accounting.LaplaceNoise, -1, 1, 1), accounting.ErrMechanism},
		"half a shift":   {noise(accounting.DiscreteLaplaceNoise, 2, 0.5, 1), accounting.ErrMechanism},
		"no count":       {noise(accounting.LaplaceNoise, 1, 1, 0), accounting.ErrCount},
		"large count":    {noise(accounting.LaplaceNoise, 1, 1, 1<<17+1), accounting.ErrCount},
		"box with scale": {accounting.Mechanism{Kind: accounting.BlackBox, Scale: one, Count: 1}, accounting.ErrMechanism},
		"box NaN":        {box(math.NaN(), 0, 1), accounting.ErrMechanism},
		"box delta":      {box(1, 0.2, 1), accounting.ErrMechanism},
	} {
		if _, err := accounting.Compose([]accounting.Mechanism{c.m}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := loss(t, box(0.1, 1e-6, 10))
	if _, err := l.Epsilon(context.Background(), 9e-6); !errors.Is(err, accounting.ErrNoEpsilon) {
		t.Error(err)
	}
	if _, err := l.Epsilon(context.Background(), 0); !errors.Is(err, accounting.ErrDelta) {
		t.Error(err)
	}
	if _, err := l.Delta(context.Background(), math.NaN()); !errors.Is(err, accounting.ErrEpsilon) {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := loss(t, noise(accounting.LaplaceNoise, 10, 1, 30)).Epsilon(ctx, 1e-6); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
