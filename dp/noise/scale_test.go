package noise_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
	"pgregory.net/rapid"
)

func TestScaleRoundsUp(t *testing.T) {
	one := big.NewRat(1, 1)
	excess := new(big.Rat).Add(one, new(big.Rat).SetFloat64(0x1p-52))
	rapid.Check(t, func(t *rapid.T) {
		f := math.Exp(rapid.Float64Range(math.Log(0x1p-6), math.Log(0x1p40)).Draw(t, "ln sigma"))
		r := new(big.Rat).SetFloat64(math.Min(math.Max(f, 0x1p-6), 0x1p39))
		r.Mul(r, new(big.Rat).Add(one, big.NewRat(rapid.Int64Range(0, 1000).Draw(t, "extra"), 1e18)))
		s, err := noise.NewScale(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Rat().Cmp(r) < 0 {
			t.Fatal("rounded down")
		}
		if s.Rat().Cmp(new(big.Rat).Mul(r, excess)) >= 0 {
			t.Fatal("rounded up too far")
		}
		if new(big.Rat).SetFloat64(s.Float64Up()).Cmp(s.Rat()) != 0 {
			t.Fatal("the float is not the scale")
		}
		again, err := noise.NewScale(s.Rat())
		if err != nil || again != s {
			t.Fatal("a scale is not its own scale")
		}
	})
}

func TestScaleEnvelope(t *testing.T) {
	tiny := new(big.Rat).SetFloat64(0x1p-90)
	low, high := new(big.Rat).SetFloat64(0x1p-6), new(big.Rat).SetFloat64(0x1p40)
	almost := new(big.Rat).Sub(big.NewRat(8, 1), tiny) // rounds up to a power of two
	for _, c := range []struct {
		sigma *big.Rat
		want  float64
	}{
		{low, 0x1p-6}, {high, 0x1p40}, {almost, 8}, {big.NewRat(50, 1), 50}, {big.NewRat(3, 10), 0.3 + 0x1p-54},
	} {
		s, err := noise.NewScale(c.sigma)
		if err != nil || s.Float64Up() != c.want {
			t.Errorf("%s: %v, %v; want %v", c.sigma.RatString(), s.Float64Up(), err, c.want)
		}
	}
	for _, r := range []*big.Rat{nil, new(big.Rat), big.NewRat(-1, 1), new(big.Rat).Sub(low, tiny), new(big.Rat).Add(high, tiny)} {
		if s, err := noise.NewScale(r); err != noise.ErrScale || s != (noise.Scale{}) {
			t.Errorf("a bad sigma: %v", err)
		}
	}
}
