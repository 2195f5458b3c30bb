package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// ln encloses ln x for x in (0, 1], to about 2^-48 of it. The guess is a float's;
// the ends are proven by the exponential. Below 2^-1000 the lower end is -Inf.
func ln(x *big.Rat) (lo, hi float64) {
	rest := new(big.Rat).Sub(big.NewRat(1, 1), x)
	if rest.Sign() == 0 {
		return 0, 0
	}
	if x.Cmp(new(big.Rat).SetFloat64(0x1p-1000)) < 0 {
		return math.Inf(-1), -693 // 1000 ln 2 is 693.147...
	}
	guess := 0.0
	if small, _ := rest.Float64(); small < 0.5 {
		guess = math.Log1p(-small)
	} else {
		near, _ := x.Float64()
		guess = math.Log(near)
	}
	// Enough bits to tell e^(guess (1 + 2^-60)) from x.
	near, _ := x.Float64()
	bits := uint(128 - min(0, math.Ilogb(near)) - min(0, math.Ilogb(guess)))
	exp := func(y float64) exact.Interval { return exact.Exp(new(big.Rat).SetFloat64(y), bits) }
	for slack := 0x1p-51; ; slack *= 2 { // ends: at slack 1 the upper end is 0
		if hi = guess * (1 - slack); exp(hi).Lo().Cmp(x) >= 0 {
			break
		}
	}
	for slack := 0x1p-51; ; slack *= 2 {
		if lo = guess * (1 + slack); exp(lo).Hi().Cmp(x) <= 0 {
			break
		}
	}
	return lo, hi
}

// lone returns a probability p, rounded down by less than 2^-40 of it, with
//
//	1 - (1 - p)^n <= delta:
//
// what each of n independent keys may come out with, if any of them may with
// delta, below 1/2.
func lone(delta *big.Rat, n int) *big.Rat {
	d, _ := delta.Float64()
	guess := -math.Expm1(math.Log1p(-d) / float64(n))
	stay := new(big.Rat).Sub(big.NewRat(1, 1), delta)
	for slack := 0x1p-50; ; slack *= 2 { // ends: at slack 1 p is 0
		p := new(big.Rat).SetFloat64(guess * (1 - slack))
		if powerDown(new(big.Rat).Sub(big.NewRat(1, 1), p), n).Cmp(stay) >= 0 {
			return p
		}
	}
}

// powerDown returns a lower end of x^n, for x from 0 to 1, by squaring in 512 bits
// with every rounding downwards.
func powerDown(x *big.Rat, n int) *big.Rat {
	down := func() *big.Float { return new(big.Float).SetPrec(512).SetMode(big.ToNegativeInf) }
	square, product := down().SetRat(x), down().SetInt64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			product = down().Mul(product, square)
		}
		square = down().Mul(square, square)
	}
	r, _ := product.Rat(nil)
	return r
}
