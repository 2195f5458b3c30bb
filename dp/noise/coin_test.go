package noise

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The fast comparison decides as the slow one does, near the boundary and away
// from it, on exponents of all sizes.
func TestFastAndSlowTossAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		den := big.NewInt(r.Int64N(1<<40) + 1)
		num := big.NewInt(r.Int64N(1 << 40))
		num.Mul(num, big.NewInt(int64(i%50))).Rsh(num, uint(i%7))
		f, _ := new(big.Rat).SetFrac(num, den).Float64()
		edge := math.Exp(-f) * 0x1p64
		w := r.Uint64()
		if i%3 > 0 && edge < 0x1p64 {
			w = uint64(edge) + r.Uint64N(1<<14) - 1<<13 // wraps at the ends: also a word
		}
		var c coin
		got := c.toss(num, den, tape(w, 5, 6, 7))
		rest := []uint64{5, 6, 7}
		want := settleCoin(newReal(w, 64), new(big.Rat).SetFrac(num, den), func() (uint64, uint) {
			d := rest[0]
			rest = rest[1:]
			return d, 64
		})
		if got != want {
			t.Fatalf("word %#x, exponent %g: %v, want %v", w, f, got, want)
		}
	}
}

// A coin and a choice with an exponent wrong by 2 % are told from right ones, and
// right ones pass. The limit is 5.2 standard deviations, a false alarm of 2e-7;
// n makes the 2 % 10 of them and more: 0.02 sqrt(n/(e-1)) and 0.02 sqrt(2.25 n).
func TestCoinAndChoiceTell2Percent(t *testing.T) {
	s, err := newStream(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.wipe()
	far := func(n int, p float64, f func() bool) float64 {
		k := 0.0
		for range n {
			if f() {
				k++
			}
		}
		return math.Abs(k-float64(n)*p) / math.Sqrt(float64(n)*p*(1-p))
	}
	var c coin
	scores := make([]int64, 21) // 20 of 0, and one whose weight is e^3
	scores[4] = 30
	for _, wrong := range []int64{98, 100, 102} {
		x := big.NewRat(wrong, 100)
		if z := far(500_000, math.Exp(-1), func() bool { return c.toss(x.Num(), x.Denom(), s) }); z > 5.2 != (wrong != 100) {
			t.Errorf("coin at %d %% of the exponent: %g deviations", wrong, z)
		}
		rate := big.NewRat(wrong, 1000)
		p := math.Exp(3) / (20 + math.Exp(3))
		if z := far(120_000, p, func() bool { return choose(scores, 30, rate, &c, s) == 4 }); z > 5.2 != (wrong != 100) {
			t.Errorf("choice at %d %% of the rate: %g deviations", wrong, z)
		}
	}
}

// Every index is as likely, and words that make one more likely than the others are
// refused.
func TestBelowIsUniform(t *testing.T) {
	s, err := newStream(1 << 16)
	if err != nil {
		t.Fatal(err)
	}
	const n = 90_000
	var count [7]float64
	for range n {
		count[s.below(7)]++
	}
	var stat float64
	for _, k := range count {
		stat += (k - n/7.0) * (k - n/7.0) / (n / 7.0)
	}
	if stat > 6+2*math.Sqrt(6*16.1)+2*16.1 {
		t.Errorf("the statistic is %g: %v", stat, count)
	}
	// With n = 3 * 2^62, a quarter of all words are refused: those whose low
	// product is below 2^64 mod n = 2^62.
	if got := tape(0, 1<<63|1).below(3 << 62); got != 3<<61 {
		t.Errorf("a word that tips the balance was taken: %d", got)
	}
}

// The sampler of Canonne, Kamath and Steinke (2020), written
// from their algorithms 1 to 3 on rationals with coins of uniform integers alone,
// follows the same law as DiscreteGaussian. The limit of the two-sample statistic
// on 9 cells is exceeded by chance with probability below 1e-6.
func TestDiscreteTwin(t *testing.T) {
	const n = 30_000
	s, err := newStream(n)
	if err != nil {
		t.Fatal(err)
	}
	defer s.wipe()
	scale, err := NewScale(big.NewRat(17, 10))
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewDiscreteGaussian(scale)
	if err != nil {
		t.Fatal(err)
	}
	ours := make([]int64, n)
	if err := g.Fill(ours); err != nil {
		t.Fatal(err)
	}
	// x = num/den.
	var coinOf func(num, den uint64) bool
	coinOf = func(num, den uint64) bool {
		for ; num > den; num -= den {
			if !coinOf(1, 1) {
				return false
			}
		}
		k := uint64(1)
		for s.below(den) < num && s.below(k) == 0 { // Bernoulli(num/(den k))
			k++
		}
		return k%2 == 1
	}
	const p, q, t2 = 289, 100, 2 // sigma^2 = p/q, t = floor(sigma) + 1
	twin := func() int64 {
		for {
			u := s.below(t2)
			if !coinOf(u, t2) {
				continue
			}
			v := uint64(0)
			for coinOf(1, 1) {
				v++
			}
			y, negative := int64(u+t2*v), s.next()>>63 == 1
			if y == 0 && negative {
				continue
			}
			d := y*t2*q - p
			if !coinOf(uint64(d*d), 2*p*q*t2*t2) {
				continue
			}
			if negative {
				y = -y
			}
			return y
		}
	}
	var a, b [9]float64
	for i := range n {
		a[min(max(ours[i], -4), 4)+4]++
		b[min(max(twin(), -4), 4)+4]++
	}
	var stat float64
	for i := range a {
		stat += (a[i] - b[i]) * (a[i] - b[i]) / (a[i] + b[i])
	}
	if limit := 9 + 2*math.Sqrt(9*16.1) + 2*16.1; stat > limit {
		t.Errorf("the samplers differ: %g, %v, %v", stat, a, b)
	}
}

// The discrete Laplace sampler of the same paper (algorithm 2), on coins alone,
// follows the same law as Laplace. False alarms as above.
func TestLaplaceTwin(t *testing.T) {
	const n = 30_000
	s, err := newStream(n)
	if err != nil {
		t.Fatal(err)
	}
	defer s.wipe()
	scale, err := NewScale(big.NewRat(17, 10)) // b = num/den
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLaplace(scale)
	if err != nil {
		t.Fatal(err)
	}
	ours := make([]int64, n)
	if err := l.Fill(ours); err != nil {
		t.Fatal(err)
	}
	const num, den = 17, 10
	expOf := func(a, b uint64) bool { // Bernoulli(e^(-a/b)), a <= b
		k := uint64(1)
		for s.below(b) < a && s.below(k) == 0 {
			k++
		}
		return k%2 == 1
	}
	twin := func() int64 {
		for {
			u := s.below(num)
			if !expOf(u, num) {
				continue
			}
			v := uint64(0)
			for expOf(1, 1) {
				v++
			}
			y := int64((u + num*v) / den)
			negative := s.next()>>63 == 1
			if y == 0 && negative {
				continue
			}
			if negative {
				y = -y
			}
			return y
		}
	}
	var a, b, wrong [9]float64
	for i := range n {
		a[min(max(ours[i], -4), 4)+4]++
		y := twin()
		b[min(max(y, -4), 4)+4]++
		if y == 0 && i%5 == 0 { // a law with fewer zeros
			y = 1
		}
		wrong[min(max(y, -4), 4)+4]++
	}
	differ := func(a, b [9]float64) bool {
		var stat float64
		for i := range a {
			stat += (a[i] - b[i]) * (a[i] - b[i]) / (a[i] + b[i])
		}
		return stat > 9+2*math.Sqrt(9*16.1)+2*16.1
	}
	if differ(a, b) {
		t.Errorf("the samplers differ: %v, %v", a, b)
	}
	if !differ(a, wrong) {
		t.Error("another law was accepted")
	}
}
