package accounting_test

import (
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"pgregory.net/rapid"
)

func anyUnits(t *rapid.T, name string) accounting.Units {
	n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, name+" high"))
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(rapid.Uint64().Draw(t, name+" low")))
	u, err := accounting.UnitsDown(new(big.Rat).SetFrac(n, new(big.Int).Lsh(big.NewInt(1), 96)))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUnitsArithmeticIsExact(t *testing.T) {
	limit := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 32))
	rapid.Check(t, func(t *rapid.T) {
		u, v := anyUnits(t, "u"), anyUnits(t, "v")
		a, b := u.Rat(), v.Rat()
		if u.Cmp(v) != a.Cmp(b) || (u == v) != (a.Cmp(b) == 0) || u.IsZero() != (a.Sign() == 0) {
			t.Fatal("order")
		}
		sum, err := u.Add(v)
		exact := new(big.Rat).Add(a, b)
		if (err != nil) != (exact.Cmp(limit) >= 0) || err == nil && sum.Rat().Cmp(exact) != 0 {
			t.Fatal("sum")
		}
		diff, err := u.Sub(v)
		exact = new(big.Rat).Sub(a, b)
		if (err != nil) != (exact.Sign() < 0) || err == nil && diff.Rat().Cmp(exact) != 0 {
			t.Fatal("difference")
		}
		text, _ := u.MarshalText()
		var back accounting.Units
		if err := back.UnmarshalText(text); err != nil || back != u || len(text) != 32 {
			t.Fatal("text")
		}
	})
}

func TestUnitsRoundTowardsTheSafeSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := big.NewRat(rapid.Int64Range(0, 1<<30).Draw(t, "n"), rapid.Int64Range(1, 1<<62).Draw(t, "d"))
		down, err1 := accounting.UnitsDown(r)
		up, err2 := accounting.UnitsUp(r)
		if err1 != nil || err2 != nil || down.Rat().Cmp(r) > 0 || up.Rat().Cmp(r) < 0 {
			t.Fatal("rounded to the wrong side")
		}
		gap, err := up.Sub(down)
		if one, _ := accounting.UnitsUp(new(big.Rat).SetFloat64(0x1p-96)); err != nil || gap.Cmp(one) > 0 {
			t.Fatal("rounded by more than a unit")
		}
	})
}

// Shares that add up to at most one fit in the whole exactly, whatever the
// whole and however it is cut.
func TestSharesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := anyUnits(t, "whole")
		left := int64(1e9)
		var spent accounting.Units
		for i := 0; left > 0 && i < 40; i++ {
			n := rapid.Int64Range(1, left).Draw(t, "share")
			left -= n
			part, err := whole.Share(n)
			if err != nil {
				t.Fatal(err)
			}
			if spent, err = spent.Add(part); err != nil {
				t.Fatal(err)
			}
		}
		if spent.Cmp(whole) > 0 {
			t.Fatal("the parts exceed the whole")
		}
		if left == 0 {
			// Nothing is lost but the rounding of at most 40 parts.
			lost, _ := whole.Sub(spent)
			if lost.Rat().Cmp(new(big.Rat).SetFloat64(40*0x1p-96)) > 0 {
				t.Fatal("the parts fall short of the whole")
			}
		}
	})
	u, _ := accounting.UnitsUp(big.NewRat(1, 3))
	if all, err := u.Share(1e9); err != nil || all != u {
		t.Error("all of it is not the whole")
	}
	for _, n := range []int64{-1, 1e9 + 1} {
		if _, err := u.Share(n); err != accounting.ErrUnits {
			t.Error("a share outside 0 to 1 was accepted")
		}
	}
}

func TestUnitsRefuse(t *testing.T) {
	for _, r := range []*big.Rat{nil, big.NewRat(-1, 5), new(big.Rat).SetInt64(1 << 32)} {
		if _, err := accounting.UnitsDown(r); err != accounting.ErrUnits {
			t.Errorf("UnitsDown: %v", err)
		}
		if _, err := accounting.UnitsUp(r); err != accounting.ErrUnits {
			t.Errorf("UnitsUp: %v", err)
		}
	}
}

func FuzzUnitsText(f *testing.F) {
	f.Add([]byte("00000000000000000000000000000000"))
	f.Add([]byte("0123456789abcdef0123456789abcdef"))
	f.Add([]byte("0123456789ABCDEF0123456789ABCDEF"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		var u accounting.Units
		if u.UnmarshalText(text) != nil {
			if !u.IsZero() {
				t.Error("a refused text left a value")
			}
			return
		}
		if back, _ := u.MarshalText(); string(back) != string(text) {
			t.Error("two texts for one value")
		}
	})
}
