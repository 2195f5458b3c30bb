package accounting

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestLn compares with big floats: ln x = -2 atanh((1-x)/(1+x)), a series of 1200 bits.
func TestLn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := new(big.Rat).SetFloat64(math.Ldexp(rapid.Float64Range(0.5, 1).Draw(t, "mantissa"), -rapid.IntRange(0, 900).Draw(t, "exponent")))
		if rapid.Bool().Draw(t, "near one") && x.Cmp(big.NewRat(1, 1)) < 0 {
			x.Sub(big.NewRat(1, 1), x)
		}
		lo, hi := ln(x)
		if x.Cmp(big.NewRat(1, 1)) == 0 {
			if lo != 0 || hi != 0 {
				t.Fatal(lo, hi)
			}
			return
		}
		want := bigLn(x)
		if big.NewFloat(lo).Cmp(want) > 0 || big.NewFloat(hi).Cmp(want) < 0 {
			t.Fatalf("ln of %s is not in [%g, %g]", x.FloatString(20), lo, hi)
		}
		if lo < hi*(1+0x1p-46) {
			t.Fatalf("[%g, %g] is wide", lo, hi)
		}
	})
	if lo, hi := ln(new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 2000))); !math.IsInf(lo, -1) || hi > -692 {
		t.Error(lo, hi)
	}
}

func bigLn(x *big.Rat) *big.Float {
	f := func() *big.Float { return new(big.Float).SetPrec(1200) }
	atanh := func(y *big.Float) *big.Float { // y of at most 1/3
		sum, power, square := f(), f().Set(y), f().Mul(y, y)
		for k := int64(1); power.Sign() != 0 && power.MantExp(nil) > -2400; k += 2 {
			sum.Add(sum, f().Quo(power, f().SetInt64(k)))
			power.Mul(power, square)
		}
		return sum.Mul(sum, f().SetInt64(2))
	}
	v, one := f().SetRat(x), f().SetInt64(1)
	m := f()
	e := v.MantExp(m) // x = m 2^e, m in [1/2, 1)
	ratio := func(a, b *big.Float) *big.Float { return f().Quo(a, b) }
	if e == 0 && m.Cmp(f().SetFloat64(0.5)) >= 0 {
		rest := f().SetRat(new(big.Rat).Sub(big.NewRat(1, 1), x))
		return f().Neg(atanh(ratio(rest, f().Add(one, v))))
	}
	ln2 := atanh(ratio(one, f().SetInt64(3)))
	top := f().Neg(atanh(ratio(f().Sub(one, m), f().Add(one, m))))
	return top.Add(top, ln2.Mul(ln2, f().SetInt64(int64(e))))
}

// TestLone checks the definition exactly, for few keys.
func TestLone(t *testing.T) {
	one := big.NewRat(1, 1)
	for _, n := range []int{1, 2, 3, 10, 50} {
		for _, d := range []float64{0.49, 0.1, 1e-3, 1e-9, 0x1p-95} {
			delta := new(big.Rat).SetFloat64(d)
			p := lone(delta, n)
			any := func(p *big.Rat) *big.Rat {
				stay := big.NewRat(1, 1)
				for range n {
					stay.Mul(stay, new(big.Rat).Sub(one, p))
				}
				return stay.Sub(one, stay)
			}
			if any(p).Cmp(delta) > 0 {
				t.Errorf("n %d, delta %g: too large", n, d)
			}
			if any(p.Mul(p, new(big.Rat).SetFloat64(1+0x1p-39))).Cmp(delta) <= 0 {
				t.Errorf("n %d, delta %g: could be larger", n, d)
			}
		}
	}
}
