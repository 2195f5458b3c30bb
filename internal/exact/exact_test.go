package exact_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/internal/exact"
	"pgregory.net/rapid"
)

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("bad constant " + s)
	}
	return r
}

func inside(t *testing.T, what string, lo, hi *big.Rat, want string, bits uint) {
	t.Helper()
	w := rat(want)
	slack := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), bits))
	slack.Mul(slack, new(big.Rat).Abs(w))
	if new(big.Rat).Sub(lo, slack).Cmp(w) > 0 || new(big.Rat).Add(hi, slack).Cmp(w) < 0 {
		t.Errorf("%s: [%s, %s] does not hold %s", what, lo.FloatString(40), hi.FloatString(40), want)
	}
	if d := new(big.Rat).Sub(hi, lo); d.Cmp(slack) > 0 {
		t.Errorf("%s: enclosure is wider than asked", what)
	}
}

// Decimal constants from the usual tables, to 50 digits.
func TestKnownConstants(t *testing.T) {
	p := exact.Pi(150)
	inside(t, "pi", p.Lo(), p.Hi(), "3.14159265358979323846264338327950288419716939937510", 145)
	e := exact.Exp(big.NewRat(1, 1), 150)
	inside(t, "e", e.Lo(), e.Hi(), "2.71828182845904523536028747135266249775724709369995", 145)
	r := exact.Of(big.NewRat(2, 1), 150).Sqrt()
	inside(t, "sqrt 2", r.Lo(), r.Hi(), "1.41421356237309504880168872420969807856967187537694", 145)
}

func TestExpSquaresAndInverts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := big.NewRat(rapid.Int64Range(-1<<24, 1<<24).Draw(t, "n"), 1<<16)
		neg := new(big.Rat).Neg(x)
		a, b := exact.Exp(x, 600), exact.Exp(neg, 600)
		if x.Sign() < 0 {
			a, b = b, a
		}
		lo := new(big.Rat).Mul(a.Lo(), b.Lo())
		hi := new(big.Rat).Mul(a.Hi(), b.Hi())
		unit := big.NewRat(1, 1)
		if lo.Cmp(unit) > 0 || hi.Cmp(unit) < 0 {
			t.Fatal("e^x e^-x does not enclose 1")
		}
		f, _ := x.Float64()
		if g := exact.FloatUp(exact.Exp(x, 600).Hi()); f > -300 && math.Abs(g/math.Exp(f)-1) > 1e-12 {
			t.Fatalf("e^%g: %g", f, g)
		}
	})
}

// Complementary error function values: Q(z) = erfc(z/sqrt 2)/2.
func TestTailAgainstErfc(t *testing.T) {
	for z := -20.0; z <= 36; z += 0.37 {
		lo, hi := exact.Tail(new(big.Rat).SetFloat64(z))
		want := math.Erfc(z/math.Sqrt2) / 2
		l, h := exact.FloatDown(lo), exact.FloatUp(hi)
		// math.Erfc and its argument are off by about z^2 units in the last place.
		tol := want * (z*z + 4) * 0x1p-52
		if l > want+tol || h < want-tol || l > h {
			t.Errorf("Q(%g) in [%g, %g], erfc says %g", z, l, h, want)
		}
		if !exact.Tight(lo, hi) {
			t.Errorf("Q(%g): wide enclosure", z)
		}
	}
}

// Q(z) + Q(-z) = 1, and the enclosures of nearby points are ordered.
func TestTailReflects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := big.NewRat(rapid.Int64Range(-1<<20, 1<<20).Draw(t, "n"), 1<<16)
		lo, hi := exact.Tail(z)
		lo2, hi2 := exact.Tail(new(big.Rat).Neg(z))
		unit := big.NewRat(1, 1)
		if new(big.Rat).Add(lo, lo2).Cmp(unit) > 0 || new(big.Rat).Add(hi, hi2).Cmp(unit) < 0 {
			t.Fatal("Q(z) + Q(-z) does not enclose 1")
		}
	})
}

func TestTailFarOut(t *testing.T) {
	lo, hi := exact.Tail(big.NewRat(1000, 1))
	if lo.Sign() != 0 || hi.Sign() <= 0 || exact.FloatUp(hi) > math.SmallestNonzeroFloat64 {
		t.Error("the far upper tail is not [0, tiny]")
	}
	lo, hi = exact.Tail(big.NewRat(-1000, 1))
	if lo.Cmp(big.NewRat(1, 1)) >= 0 || hi.Cmp(big.NewRat(1, 1)) != 0 {
		t.Error("the far lower tail is not [1 - tiny, 1]")
	}
}

func TestCeilSqrtAndQuo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "n"))
		r := exact.CeilSqrt(n)
		below := new(big.Int).Sub(r, big.NewInt(1))
		if new(big.Int).Mul(r, r).Cmp(n) < 0 || r.Sign() > 0 && below.Mul(below, below).Cmp(n) >= 0 {
			t.Fatal("not the smallest root")
		}
		d := big.NewInt(rapid.Int64Range(1, 1<<40).Draw(t, "d"))
		q := exact.CeilQuo(n, d)
		if new(big.Int).Mul(q, d).Cmp(n) < 0 {
			t.Fatal("quotient too small")
		}
	})
}

func TestFloatsAreDirected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := big.NewRat(rapid.Int64().Draw(t, "n"), rapid.Int64Range(1, math.MaxInt64).Draw(t, "d"))
		u, d := exact.FloatUp(r), exact.FloatDown(r)
		if new(big.Rat).SetFloat64(u).Cmp(r) < 0 || new(big.Rat).SetFloat64(d).Cmp(r) > 0 || u > math.Nextafter(d, math.Inf(1)) {
			t.Fatal("not directed")
		}
	})
	tiny := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 3000))
	if exact.FloatUp(tiny) != math.SmallestNonzeroFloat64 || exact.FloatDown(tiny) != 0 {
		t.Error("underflow is not directed")
	}
}
