package ledger_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
)

func TestWindows(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	index := func(now time.Time, want int32, logged bool) {
		t.Helper()
		w, err := a.Window(now)
		if err != nil || w.Index != want || w.Logged != logged || w.From != firstDay+30*w0(want) || w.To != w.From+30 {
			t.Fatalf("window %+v, want %d: %v", w, want, err)
		}
	}
	midnight := day0.Truncate(24 * time.Hour)
	index(day0, 0, true)
	index(midnight, 0, true)
	index(midnight.AddDate(0, 0, 30).Add(-time.Millisecond), 0, true)
	index(midnight.AddDate(0, 0, 30), 1, false)
	_, err := a.Window(midnight.Add(-time.Millisecond))
	wantErr(t, err, ledger.ErrClockBack)
	_, err = a.Window(at(60))
	wantErr(t, err, ledger.ErrWindowJump)

	reserve(t, a, request("a"), at(29))
	reserve(t, a, request("b"), at(29))
	wantErr(t, tryReserve(a, request("c"), at(29)), ledger.ErrExhausted)

	// The next window has a budget and names of its own.
	late := reserve(t, a, request("a"), at(30))
	if late.Window().Index != 1 || a.Report().Window.Index != 1 {
		t.Fatal("the window was not crossed")
	}
	index(at(30), 1, true)
	for _, now := range []time.Time{at(29), midnight, time.UnixMilli(-1), time.Unix(1<<40, 0)} {
		wantErr(t, tryReserve(a, request("d"), now), ledger.ErrClockBack)
		wantErr(t, a.Advance(ctx, now), ledger.ErrClockBack)
	}
	wantErr(t, tryReserve(a, request("d"), at(90)), ledger.ErrWindowJump)
	if err := a.Advance(ctx, at(31)); err != nil { // nothing to cross
		t.Fatal(err)
	}
	n := len(d.records)
	if err := a.Advance(ctx, at(95)); err != nil {
		t.Fatal(err)
	}
	if len(d.records) != n+1 || a.Report().Window.Index != 3 || a.Report().Spent.Mu2.Float64() != 0 {
		t.Fatalf("a jump is one record: %+v", a.Report())
	}
	wantErr(t, tryReserve(a, request("d"), at(45)), ledger.ErrClockBack)

	// An entry of a window that is over can still be answered.
	if err := late.Answer(ctx, []byte("late")); err != nil {
		t.Fatal(err)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	a = open(t, d)
	wantErr(t, tryReserve(a, request("d"), at(45)), ledger.ErrClockBack)
	if r := a.Report(); r.Window.Index != 3 || r.Charged != 2 || r.Entries != 3 || r.Answered != 1 {
		t.Fatalf("%+v", r)
	}
}

func w0(index int32) contrib.Day { return contrib.Day(index) }

func TestReportFigures(t *testing.T) {
	a := open(t, new(disk))
	r := a.Report()
	mu := math.Sqrt(0.01)
	for _, k := range []int{1, 2, 12, 1000} {
		got, want := r.Mu(k), mu*math.Sqrt(float64(k))
		if got < want*(1-1e-15) || got > want*(1+1e-12) {
			t.Errorf("over %d windows mu is %v, want %v", k, got, want)
		}
	}
	if r.Mu(0) != 0 || !math.IsInf(r.Mu(-1), 1) {
		t.Error("mu over no window is zero, and over fewer than none it is no figure")
	}
	text := r.String()
	for _, part := range []string{
		"epsilon 2 and delta 1e-06 in every 30 days", "window 0, 2026-01-10 to 2026-02-08",
		"mu = 0.1000*sqrt(k)", "j identifiers", "head " + r.Head,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the report does not say %q:\n%s", part, text)
		}
	}
}
