package dp_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

func quantilesSpec(t testing.TB) *dp.Spec {
	return mustSpec(t, dp.Quantiles{
		Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Of: dp.QuantityAmount, Amount: dp.Amount{Unit: "EUR", Low: -1000, High: 4000},
		Ranks: []float64{0.9, 0.25}, LookbackDays: 7, Share: 1,
	}, "a", "b", "c")
}

// spenders are in segment a, one in b too: sums of 0, 1000, 1000 and 9000 thousandths.
func spenders() []contrib.Person {
	with := func(amount int64, segments ...string) contrib.Person {
		return contrib.Person{Segments: segments, Days: []contrib.Act{{Day: today, Events: 1, Amount: amount}}}
	}
	return []contrib.Person{with(1000, "a"), with(0, "a", "b"), with(9000, "a"), with(1000, "a")}
}

// TestExternalIsFedWithBoundedNumbers: another library gets each row once, with the
// numbers of people in it, bounded, and the parameters of the charge; what it returns
// comes out in steps, with bounds in place of an interval, and what it was fed is wiped.
func TestExternalIsFedWithBoundedNumbers(t *testing.T) {
	s := newSigner(t, "shop", 1)
	spec := quantilesSpec(t)
	mu2 := units(t, 1, 5)
	var fed []proof.ExternalRow
	var numbers [][]proof.ExternalNumber
	p := params(mu2, accounting.Units{})
	p.External = proof.NewExternal("library v1", func(r proof.ExternalRow) ([]float64, error) {
		fed, numbers = append(fed, r), append(numbers, append([]proof.ExternalNumber(nil), r.Numbers...))
		return []float64{0, 1500.4}, nil
	})
	counts := count(t, spec, spenders())
	r, err := dp.Draw(counts, charged(p), s)
	if err != nil {
		t.Fatal(err)
	}
	epsilon := accounting.PureWithin(mu2)
	want := [][]proof.ExternalNumber{{{Number: 1000, People: 1}, {Number: 2000, People: 2}, {Number: 5000, People: 1}}, {{Number: 1000, People: 1}}, nil}
	if !reflect.DeepEqual(numbers, want) {
		t.Fatalf("fed with %v", numbers)
	}
	for _, row := range fed {
		if row.Variance || row.Epsilon != epsilon || row.Rows != 2 || row.Span != 5000 || !reflect.DeepEqual(row.Ranks, []int64{250_000, 900_000}) {
			t.Fatalf("%+v", row)
		}
		if cap(row.Numbers) != len(row.Numbers) {
			t.Error("what was fed grew, and left copies behind")
		}
		for _, n := range row.Numbers {
			if n != (proof.ExternalNumber{}) {
				t.Error("what was fed is still there")
			}
		}
	}
	if r.Len() != 6 {
		t.Fatal(r.Cells())
	}
	h := r.Header()
	for i, c := range r.Cells() {
		if c.Segment != spec.Segments[i/2] || c.Part != []string{"0.25", "0.9"}[i%2] || c.Value != []int64{-1000, 500}[i%2] || c.Low != -1000 || c.High != 4000 {
			t.Fatalf("%+v", c)
		}
	}
	if h.External != "library v1" || h.Level != 0 || h.Pure != epsilon || h.Of != "amounts" || h.Partitions != "public" || dp.Amounts(h, 500) != 0.5 {
		t.Fatalf("%+v", h)
	}
	if _, err := dp.Draw(counts, charged(p), s); !errors.Is(err, dp.ErrDrawn) {
		t.Error(err)
	}
}

// TestExternalComesAfterTheCharge: without a charge, or without another library,
// nothing is drawn, and the counts are as good as before.
func TestExternalComesAfterTheCharge(t *testing.T) {
	s := newSigner(t, "shop", 1)
	spec := quantilesSpec(t)
	counts := count(t, spec, spenders())
	calls := 0
	p := params(units(t, 1, 5), accounting.Units{})
	p.External = proof.NewExternal("library v1", func(proof.ExternalRow) ([]float64, error) {
		calls++
		return []float64{1, 2}, nil
	})
	if _, err := dp.Draw(counts, p, s); !errors.Is(err, dp.ErrCharge) || calls != 0 {
		t.Fatal(err, calls)
	}
	other := charged(p)
	other.Mu2 = units(t, 1, 6)
	if _, err := dp.Draw(counts, other, s); !errors.Is(err, dp.ErrCharge) || calls != 0 {
		t.Fatal(err, calls)
	}
	none := charged(p)
	none.External = dp.External{}
	if _, err := dp.Draw(counts, none, s); !errors.Is(err, dp.ErrExternal) {
		t.Fatal(err)
	}
	if p.Delta = units(t, 1, 100_000_000); !p.Delta.IsZero() {
		if _, err := dp.Draw(counts, charged(p), s); !errors.Is(err, dp.ErrLoss) || calls != 0 {
			t.Fatal(err, calls)
		}
		p.Delta = accounting.Units{}
	}
	if _, err := dp.Draw(counts, charged(p), s); err != nil || calls != 3 {
		t.Fatal(err, calls)
	}
}

// TestExternalIsNotTrusted: what another library returns is held against what may come
// out at all, and its errors, which may hold a number, are not passed on.
func TestExternalIsNotTrusted(t *testing.T) {
	s := newSigner(t, "shop", 1)
	variance := mustSpec(t, dp.Variance{Name: "m", Purpose: "p", By: dp.Everybody{}, Of: dp.QuantityEvents, MaxEvents: 5, LookbackDays: 7, Share: 1})
	for name, c := range map[string]struct {
		spec   *dp.Spec
		values []float64
		err    error
	}{
		"an error":       {quantilesSpec(t), []float64{1, 2}, errors.New("a count of 4711")},
		"too few":        {quantilesSpec(t), []float64{1}, nil},
		"too many":       {quantilesSpec(t), []float64{1, 2, 3}, nil},
		"not a number":   {quantilesSpec(t), []float64{1, math.NaN()}, nil},
		"infinite":       {quantilesSpec(t), []float64{1, math.Inf(1)}, nil},
		"too low":        {quantilesSpec(t), []float64{-1, 2}, nil},
		"too high":       {quantilesSpec(t), []float64{1, 5001}, nil},
		"below variance": {variance, []float64{-1}, nil},
		"beyond it":      {variance, []float64{8}, nil}, // 25/4
	} {
		p := params(units(t, 1, 5), accounting.Units{})
		p.External = proof.NewExternal("library v1", func(proof.ExternalRow) ([]float64, error) { return c.values, c.err })
		_, err := dp.Draw(count(t, c.spec, spenders()), charged(p), s)
		if !errors.Is(err, dp.ErrExternalDraw) || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExternalIsNotPostProcessed: nothing that rests on the law of our noise takes a
// release of another library's.
func TestExternalIsNotPostProcessed(t *testing.T) {
	s := newSigner(t, "shop", 1)
	r, err := dp.Draw(count(t, quantilesSpec(t), spenders()), charged(params(units(t, 1, 5), accounting.Units{})), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dp.Intervals(r); !errors.Is(err, dp.ErrNoiseLaw) {
		t.Error("Intervals:", err)
	}
	if _, err := dp.Average(r, r); err == nil {
		t.Error("Average takes it")
	}
	if _, err := dp.Average(r); !errors.Is(err, dp.ErrNoiseLaw) {
		t.Error("Average:", err)
	}
	if _, err := dp.Shrink(r); !errors.Is(err, dp.ErrNoiseLaw) {
		t.Error("Shrink:", err)
	}
}
