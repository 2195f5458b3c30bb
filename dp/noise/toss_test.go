package noise

import (
	"math"
	"math/big"
	"testing"
)

// TestTossExact plays every case of the first digits: among numbers that begin with
// the digits of p, exactly those below p win.
func TestTossExact(t *testing.T) {
	words := func(ws ...uint64) func() uint64 {
		return func() uint64 {
			w := ws[0] // one more than there are: the test panics
			ws = ws[1:]
			return w
		}
	}
	third := big.NewRat(1, 3) // digits 0x5555...
	const fives = 0x5555555555555555
	for _, c := range []struct {
		p     *big.Rat
		words []uint64
		want  bool
	}{
		{big.NewRat(1, 1), nil, true},
		{new(big.Rat), nil, false},
		{big.NewRat(1, 2), []uint64{1<<63 - 1}, true},
		{big.NewRat(1, 2), []uint64{1 << 63}, false}, // equal to p
		{third, []uint64{fives - 1}, true},
		{third, []uint64{fives + 1}, false},
		{third, []uint64{fives, fives, fives - 1}, true},
		{third, []uint64{fives, fives, fives + 1}, false},
		{new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 64)), []uint64{0}, true},
		{new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 65)), []uint64{0, 1<<63 - 1}, true},
		{new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 65)), []uint64{0, 1 << 63}, false},
	} {
		if got := toss(c.p, words(c.words...)); got != c.want {
			t.Errorf("p %v, digits %x: %v", c.p, c.words, got)
		}
	}
}

// Shares lie within 5.2 standard deviations, which a right coin leaves with
// probability 2e-7; a coin off by 2 % of 2/3 is 14 of them away.
func TestTossShare(t *testing.T) {
	const n = 1 << 18
	for _, p := range []*big.Rat{big.NewRat(2, 3), big.NewRat(999, 1000), big.NewRat(1, 50)} {
		wins := 0.0
		for range n {
			ok, err := Toss(p)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				wins++
			}
		}
		q, _ := p.Float64()
		away := func(q float64) float64 { return math.Abs(wins-n*q) / math.Sqrt(n*q*(1-q)) }
		if away(q) > 5.2 {
			t.Errorf("p %v: %g of %d", p, wins, n)
		}
		if q < 0.9 && q > 0.1 && away(q*1.02) < 5.2 {
			t.Errorf("p %v: 2 %% more passes too", p)
		}
	}
	for _, p := range []*big.Rat{nil, big.NewRat(-1, 5), big.NewRat(6, 5)} {
		if _, err := Toss(p); err != ErrProbability {
			t.Errorf("%v: %v", p, err)
		}
	}
}
