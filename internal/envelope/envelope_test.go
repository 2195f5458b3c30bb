package envelope_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/internal/envelope"
)

func TestEdges(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, in := range map[string]struct {
		in           func(x float64) bool
		least, most  float64
		neverAllowed []float64
	}{
		"epsilon": {envelope.Epsilon, 1e-6, 64, []float64{0, -1, nan, inf, -inf}},
		"delta":   {envelope.Delta, 1e-15, 1e-3, []float64{0, -1e-6, 0.1, 1, nan, inf, -inf}},
	} {
		if !in.in(in.least) || !in.in(in.most) {
			t.Errorf("%s: an edge is refused", name)
		}
		for _, x := range append(in.neverAllowed, math.Nextafter(in.least, 0), math.Nextafter(in.most, inf)) {
			if in.in(x) {
				t.Errorf("%s: %g is accepted", name, x)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	for _, c := range []struct {
		l0, lInf int64
		want     bool
	}{
		{1, 1, true}, {1 << 16, 1 << 20, true}, {0, 1, false}, {1, 0, false}, {-1, 1, false}, {1, -1, false},
		{1<<16 + 1, 1, false}, {1, 1<<20 + 1, false}, {math.MaxInt64, math.MaxInt64, false}, {math.MinInt64, 1, false},
	} {
		if got := envelope.Bounds(c.l0, c.lInf); got != c.want {
			t.Errorf("Bounds(%d, %d) is %v", c.l0, c.lInf, got)
		}
	}
	// Products at the edge, in exact arithmetic.
	l0, lInf := big.NewInt(envelope.MaxL0), big.NewInt(envelope.MaxLInf)
	l2 := new(big.Int).Mul(l0, new(big.Int).Mul(lInf, lInf))
	sum := new(big.Int).Mul(lInf, new(big.Int).Lsh(big.NewInt(1), 42))
	if l2.BitLen() > 57 || !sum.IsInt64() {
		t.Errorf("L2^2 has %d bits, a sum %d", l2.BitLen(), sum.BitLen())
	}
}
