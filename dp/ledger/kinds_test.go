package ledger_test

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"pgregory.net/rapid"
)

func openWith(t testing.TB, d *disk, terms ledger.Terms) *ledger.Account {
	t.Helper()
	a, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: terms}, day0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func midnight(day int) time.Time { return at(day).Truncate(24 * time.Hour) }

// exhausted returns the refusal, or fails.
func exhausted(t testing.TB, err error) *ledger.ExhaustedError {
	t.Helper()
	var out *ledger.ExhaustedError
	if !errors.As(err, &out) {
		t.Fatalf("error is %v", err)
	}
	return out
}

func ask(name string, n int64) ledger.Request {
	return ledger.Request{Name: name, Spec: []byte("s"), Mu2: units(n, 1024)}
}

// TestRolling walks charges and days at random: a charge is granted exactly when
// the last days, it included, stay within the total; so every span of days does.
func TestRolling(t *testing.T) {
	const days, total = 7, 10
	terms := terms()
	terms.Windows, terms.WindowDays, terms.Mu2 = ledger.Rolling, days, units(total, 1024)
	rapid.Check(t, func(t *rapid.T) {
		d := new(disk)
		a, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: terms}, day0)
		if err != nil {
			t.Fatal(err)
		}
		var charged [400]int64
		day := 0
		sum := func(last int) (n int64) {
			for i := max(0, last-days+1); i <= last; i++ {
				n += charged[i]
			}
			return n
		}
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			day += rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 5, 9}).Draw(t, "days")
			n := rapid.Int64Range(1, 7).Draw(t, "cost")
			_, _, err := a.Reserve(t.Context(), ask("r"+big.NewInt(int64(i)).String(), n), at(day))
			if fits := sum(day)+n <= total; fits != (err == nil) {
				t.Fatalf("day %d, %d on top of %d: %v", day, n, sum(day), err)
			}
			if err == nil {
				charged[day] += n
				continue
			}
			var out *ledger.ExhaustedError
			if !errors.As(err, &out) {
				t.Fatal(err)
			}
			free := day + 1
			for sum(free)+n > total {
				free++
			}
			if !out.FreesOn.Equal(midnight(free)) {
				t.Fatalf("fits again on %v, not on %v", out.FreesOn, midnight(free))
			}
		}
		for last := range charged {
			if sum(last) > total {
				t.Fatalf("the days that end on %d are overdrawn", last)
			}
		}
		if err := a.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDataDays does the same for blocks: each day's data has one total, for ever.
func TestDataDays(t *testing.T) {
	const total = 10
	terms := terms()
	terms.Windows, terms.WindowDays, terms.Mu2 = ledger.DataDays, 1, units(total, 1024)
	rapid.Check(t, func(t *rapid.T) {
		a, err := ledger.Open(t.Context(), ledger.Config{Store: new(disk), Terms: terms}, day0)
		if err != nil {
			t.Fatal(err)
		}
		blocks := map[contrib.Day]int64{}
		day := 0
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			day += rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "days")
			r := ask("r"+big.NewInt(int64(i)).String(), rapid.Int64Range(1, 7).Draw(t, "cost"))
			n, _ := r.Mu2.Rat().Float64()
			cost := int64(n * 1024)
			r.Days = rapid.IntRange(1, 9).Draw(t, "look-back")
			r.AsOf = firstDay + contrib.Day(day-rapid.IntRange(0, 3).Draw(t, "age"))
			room := func(later int) bool {
				for b := r.AsOf - contrib.Day(r.Days) + 1; b <= r.AsOf; b++ {
					if blocks[b+contrib.Day(later)]+cost > total {
						return false
					}
				}
				return true
			}
			fits := room(0)
			if _, _, err := a.Reserve(t.Context(), r, at(day)); fits != (err == nil) {
				t.Fatalf("%v", err)
			} else if !fits {
				var out *ledger.ExhaustedError
				later := 1
				for !room(later) {
					later++
				}
				if !errors.As(err, &out) || !out.FreesOn.Equal(midnight(day+later)) {
					t.Fatalf("it fits again on %v: %v", midnight(day+later), err)
				}
				continue
			}
			for b := r.AsOf - contrib.Day(r.Days) + 1; b <= r.AsOf; b++ {
				blocks[b] += cost
			}
		}
		if err := a.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	a := openWith(t, new(disk), terms)
	wantErr(t, tryReserve(a, ask("no look-back", 1), day0), ledger.ErrRequest)
	long := ask("long", 1)
	long.Days = ledger.MaxWindowDays + 1
	wantErr(t, tryReserve(a, long, day0), ledger.ErrRequest)
	long.Days = 400
	reserve(t, a, long, day0)
	for i := range 9 { // another day's releases do not renew what was read
		r := ask("again", 1)
		r.Days, r.AsOf = 1, firstDay
		reserve(t, a, r, at(i))
	}
	r := ask("more", 1)
	r.Days, r.AsOf = 1, firstDay
	if err := a.Advance(t.Context(), at(300)); err != nil {
		t.Fatal(err)
	}
	out := exhausted(t, tryReserve(a, r, at(300)))
	if !out.Remaining.Mu2.IsZero() {
		t.Fatalf("%+v", out)
	}
}

func TestZCDP(t *testing.T) {
	d := new(disk)
	terms := ledger.Terms{Epsilon: 2, Delta: 1e-6, Bound: ledger.ZCDP, Rho: units(8, 1024), WindowDays: 30}
	a := openWith(t, d, terms)
	r := ledger.Request{Name: "a", Spec: []byte("s"), Rho: units(5, 1024)}
	wantErr(t, tryReserve(a, ask("mu", 1), day0), ledger.ErrRequest)
	reserve(t, a, r, day0)
	if got := a.Report(); got.Spent.Rho != r.Rho || got.Spent.Mu2 != accounting.MaxUnits() || got.Remaining.Rho != units(3, 1024) {
		t.Fatalf("rho says nothing about mu: %+v", got.Spent)
	}
	r.Name = "b"
	out := exhausted(t, tryReserve(a, r, day0))
	cost, err := accounting.RhoOfPure(out.Epsilon)
	if err != nil || float64(cost) > 3.0/1024 || float64(cost) < 2.999/1024 {
		t.Fatalf("the largest epsilon is %v, which costs %v", out.Epsilon, cost)
	}
	both := ledger.Request{Name: "c", Spec: []byte("s"), Rho: units(3, 1024), Mu2: units(6, 1024)}
	reserve(t, a, both, day0)
	b := openWith(t, new(disk), terms)
	reserve(t, b, both, day0)
	if got := b.Report(); got.Spent.Mu2 != both.Mu2 {
		t.Fatalf("mu^2 is kept beside: %v", got.Spent.Mu2.Float64())
	}

	// In a GDP account rho stands beside, at half of mu^2 unless it is declared.
	g := openWith(t, new(disk), machineTerms())
	reserve(t, g, ask("a", 3), day0)
	declared := ask("b", 3)
	declared.Rho = units(1, 1024)
	reserve(t, g, declared, day0)
	if got := g.Report(); got.Spent.Rho != units(5, 2048) {
		t.Fatalf("rho beside is %v", got.Spent.Rho.Float64())
	}
}

// TestPromise: terms that let more be spent than they promise are refused.
func TestPromise(t *testing.T) {
	plan := []ledger.Planned{{Name: "sizes", Mechanism: accounting.Mechanism{Kind: accounting.DiscreteLaplaceNoise, Scale: big.NewRat(20, 1), Count: 30}}}
	for name, terms := range map[string]ledger.Terms{
		"gdp":     {Epsilon: 1, Delta: 1e-6, Mu2: units(1, 10), WindowDays: 30},
		"reserve": {Epsilon: 1, Delta: 1e-6, Mu2: units(37, 1000), ReserveDelta: units(999, 1e9), WindowDays: 30},
		"zcdp":    {Epsilon: 1, Delta: 1e-6, Bound: ledger.ZCDP, Rho: units(1, 10), WindowDays: 30},
		"pld":     {Epsilon: 0.5, Delta: 1e-6, Bound: ledger.PLD, Plan: plan, WindowDays: 30},
	} {
		d := new(disk)
		if _, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: terms}, day0); !errors.Is(err, ledger.ErrPromise) || len(d.records) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	openWith(t, new(disk), ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: units(37, 1000), WindowDays: 30})
}

// TestPlan: what is in the plan is granted so often, each window, and nothing
// else is.
func TestPlan(t *testing.T) {
	d := new(disk)
	terms := ledger.Terms{Epsilon: 1.5, Delta: 1e-6, Bound: ledger.PLD, WindowDays: 30, Plan: []ledger.Planned{
		{Name: "audit", Mechanism: accounting.Mechanism{Kind: accounting.GaussianNoise, Scale: big.NewRat(40, 1), Count: 1}},
		{Name: "sizes", Mechanism: accounting.Mechanism{Kind: accounting.DiscreteLaplaceNoise, Scale: big.NewRat(20, 1), Sensitivity: big.NewRat(1, 1), Count: 3}},
	}}
	a := openWith(t, d, terms)
	planned := func(name, of string) ledger.Request {
		return ledger.Request{Name: name, Spec: []byte("s"), Planned: of}
	}
	for _, name := range []string{"a", "b", "c"} {
		reserve(t, a, planned(name, "sizes"), day0)
	}
	out := exhausted(t, tryReserve(a, planned("d", "sizes"), day0))
	if out.Quota != "sizes" || !out.FreesOn.Equal(midnight(30)) || out.Epsilon != 0 {
		t.Fatalf("%+v", out)
	}
	reserve(t, a, planned("e", "audit"), day0)
	wantErr(t, tryReserve(a, planned("f", "other"), day0), ledger.ErrRequest)
	wantErr(t, tryReserve(a, ask("g", 1), day0), ledger.ErrRequest)
	a = openWith(t, d.die(), terms)
	wantErr(t, tryReserve(a, planned("d", "sizes"), day0), ledger.ErrExhausted)
	reserve(t, a, planned("d", "sizes"), at(30))
	other := terms
	other.Plan = append([]ledger.Planned(nil), terms.Plan...)
	other.Plan[1].Mechanism.Scale = big.NewRat(19, 1)
	if _, err := ledger.Open(t.Context(), ledger.Config{Store: d, Terms: other}, at(30)); !errors.Is(err, ledger.ErrTerms) {
		t.Fatalf("a plan is fixed: %v", err)
	}
}

func TestQuotas(t *testing.T) {
	terms := machineTerms()
	terms.Quotas = []ledger.Quota{{Name: "ads", Mu2: units(4, 1024)}, {Name: "bob", Mu2: units(7, 1024)}}
	for name, change := range map[string]func(*ledger.Terms){
		"order":      func(t *ledger.Terms) { t.Quotas[0].Name = "zoe" },
		"above":      func(t *ledger.Terms) { t.Quotas[0].Mu2 = units(11, 1024) },
		"zero":       func(t *ledger.Terms) { t.Quotas[0].Mu2 = accounting.Units{} },
		"other loss": func(t *ledger.Terms) { t.Quotas[0].Rho = units(1, 1024) },
	} {
		bad := terms
		bad.Quotas = append([]ledger.Quota(nil), terms.Quotas...)
		change(&bad)
		if _, err := ledger.Open(t.Context(), ledger.Config{Store: new(disk), Terms: bad}, day0); !errors.Is(err, ledger.ErrTerms) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := new(disk)
	a := openWith(t, d, terms)
	with := func(name string, n int64, quotas ...string) ledger.Request {
		r := ask(name, n)
		r.Quotas = quotas
		return r
	}
	reserve(t, a, with("a", 3, "bob", "ads"), day0)
	out := exhausted(t, tryReserve(a, with("b", 2, "ads"), day0))
	if out.Quota != "ads" || out.Remaining.Mu2 != units(1, 1024) || out.Total.Mu2 != units(4, 1024) {
		t.Fatalf("%+v", out)
	}
	reserve(t, a, with("b", 4, "bob"), day0)
	wantErr(t, tryReserve(a, with("c", 1, "bob"), day0), ledger.ErrExhausted)
	wantErr(t, tryReserve(a, with("c", 4), day0), ledger.ErrExhausted) // the account itself
	reserve(t, a, with("c", 3), day0)
	wantErr(t, tryReserve(a, with("d", 1, "eve"), day0), ledger.ErrRequest)
	wantErr(t, tryReserve(a, with("d", 1, "ads", "ads"), day0), ledger.ErrRequest)
	a = openWith(t, d.die(), terms)
	wantErr(t, tryReserve(a, with("d", 1, "ads"), day0), ledger.ErrExhausted)
	reserve(t, a, with("d", 4, "ads"), at(31))
}

// TestAmend: other totals and lengths hold from the next window on, and nothing
// that was charged comes back.
func TestAmend(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := openWith(t, d, machineTerms())
	reserve(t, a, ask("a", 10), at(3))
	more := machineTerms()
	more.Mu2, more.WindowDays = units(20, 1024), 10
	if err := a.Amend(ctx, more, at(4)); err != nil {
		t.Fatal(err)
	}
	if err := a.Amend(ctx, more, at(4)); err != nil || len(d.records) != 3 {
		t.Fatalf("asked again, it is no change: %v, %d records", err, len(d.records))
	}
	wantErr(t, a.Amend(ctx, machineTerms(), at(4)), ledger.ErrPending)
	for _, terms := range []ledger.Terms{machineTerms(), more} {
		b, err := ledger.Open(ctx, ledger.Config{Store: d.die(), Terms: terms}, at(5))
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []int{5, 29} {
			wantErr(t, tryReserve(b, ask("b", 1), at(day)), ledger.ErrExhausted)
		}
		if !b.Terms().Equal(machineTerms()) {
			t.Fatal("new terms hold at once")
		}
	}
	reserve(t, a, ask("b", 20), at(30))
	if w, err := a.Window(at(30)); err != nil || w.Index != 1 || w.To != w.From+10 || !a.Terms().Equal(more) {
		t.Fatalf("%+v, %v", w, err)
	}
	wantErr(t, tryReserve(a, ask("c", 1), at(39)), ledger.ErrExhausted)
	reserve(t, a, ask("c", 20), at(40))
	if _, err := ledger.Open(ctx, ledger.Config{Store: d, Terms: machineTerms()}, at(41)); !errors.Is(err, ledger.ErrTerms) {
		t.Fatalf("terms that are over: %v", err)
	}
	for name, change := range map[string]func(*ledger.Terms){
		"bound":   func(t *ledger.Terms) { t.Bound, t.Mu2, t.Rho = ledger.ZCDP, accounting.Units{}, units(1, 1024) },
		"windows": func(t *ledger.Terms) { t.Windows = ledger.Rolling },
		"invalid": func(t *ledger.Terms) { t.WindowDays = 0 },
	} {
		bad := more
		change(&bad)
		if err := a.Amend(ctx, bad, at(41)); !errors.Is(err, ledger.ErrTerms) {
			t.Errorf("%s: %v", name, err)
		}
	}
	high := more
	high.Mu2 = units(1, 1)
	wantErr(t, a.Amend(ctx, high, at(41)), ledger.ErrPromise)
	if err := openWith(t, d.die(), more).Verify(ctx); err != nil {
		t.Fatal(err)
	}

	// A rolling account keeps the old total until every span that began under it
	// is over.
	rolling := machineTerms()
	rolling.Windows, rolling.WindowDays = ledger.Rolling, 7
	r := openWith(t, new(disk), rolling)
	twice := rolling
	twice.Mu2 = units(20, 1024)
	reserve(t, r, ask("a", 10), at(0))
	if err := r.Amend(ctx, twice, at(0)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, tryReserve(r, ask("b", 1), at(6)), ledger.ErrExhausted)
	reserve(t, r, ask("b", 20), at(7))
}

// TestSplit: two accounts on one population hold together what one held.
func TestSplit(t *testing.T) {
	ctx, d, e := t.Context(), new(disk), new(disk)
	a := openWith(t, d, machineTerms())
	reserve(t, a, ask("a", 5), at(31))
	part := machineTerms()
	part.Mu2, part.ReserveDelta = units(6, 1024), accounting.Units{}
	_, err := a.Split(ctx, ledger.Config{Store: e, Terms: part}, at(32))
	if out := exhausted(t, err); out.Remaining.Mu2 != units(5, 1024) || len(e.records) > 0 || len(d.records) != 3 {
		t.Fatalf("more than is left was split off: %+v", out)
	}
	part.Mu2 = units(4, 1024)
	b, err := a.Split(ctx, ledger.Config{Store: e, Terms: part}, at(32))
	if err != nil {
		t.Fatal(err)
	}
	if b.Population() != a.Population() || b.ID() == a.ID() || a.ID() != a.Population() {
		t.Fatal("one population, two accounts")
	}
	wa, err1 := a.Window(at(40))
	wb, err2 := b.Window(at(40))
	if err1 != nil || err2 != nil || wa.From != wb.From || wa.To != wb.To {
		t.Fatalf("windows begin on other days: %+v, %+v", wa, wb)
	}
	reserve(t, b, ask("a", 4), at(33))
	reserve(t, a, ask("b", 1), at(33))
	wantErr(t, tryReserve(a, ask("c", 1), at(33)), ledger.ErrExhausted)
	wantErr(t, tryReserve(b, ask("c", 1), at(33)), ledger.ErrExhausted)
	reserve(t, a, ask("c", 6), at(61))
	wantErr(t, tryReserve(a, ask("d", 1), at(61)), ledger.ErrExhausted)

	// Neither gets out of it.
	more := part
	more.Mu2 = units(5, 1024)
	wantErr(t, b.Amend(ctx, more, at(61)), ledger.ErrTerms)
	less := machineTerms()
	less.Mu2 = units(3, 1024)
	wantErr(t, a.Amend(ctx, less, at(61)), ledger.ErrTerms)
	longer := machineTerms()
	longer.WindowDays = 31
	wantErr(t, a.Amend(ctx, longer, at(61)), ledger.ErrTerms)
	if _, err := a.Split(ctx, ledger.Config{Store: e, Terms: part}, at(61)); !errors.Is(err, ledger.ErrTerms) {
		t.Fatalf("into a store that has an account: %v", err)
	}
	a, b = openWith(t, d.die(), machineTerms()), openWith(t, e.die(), part)
	if got := a.Report().Given.Mu2; got != part.Mu2 {
		t.Fatalf("%v is split off", got.Float64())
	}
	if err := errors.Join(a.Verify(ctx), b.Verify(ctx)); err != nil {
		t.Fatal(err)
	}
}

// TestSplitDays: what is split off fits in the days of earlier terms too, which
// the second account may read.
func TestSplitDays(t *testing.T) {
	ctx := t.Context()
	few, many := machineTerms(), machineTerms()
	for terms, n := range map[*ledger.Terms]int64{&few: 3, &many: 10} {
		terms.Windows, terms.WindowDays, terms.Mu2, terms.ReserveDelta = ledger.DataDays, 1, units(n, 1024), accounting.Units{}
	}
	a := openWith(t, new(disk), few)
	if err := a.Amend(ctx, many, day0); err != nil {
		t.Fatal(err)
	}
	part := many
	for n, want := range map[int64]bool{4: false, 2: true} {
		part.Mu2 = units(n, 1024)
		_, err := a.Split(ctx, ledger.Config{Store: new(disk), Terms: part}, at(2))
		if (err == nil) != want {
			t.Errorf("%d of %d, after %d: %v", n, 10, 3, err)
		}
	}
}

// TestInterrupt: after a log was put back, nothing is left of what its totals
// reach over.
func TestInterrupt(t *testing.T) {
	ctx := t.Context()
	wantErr(t, ledger.Interrupt(ctx, new(disk), day0), ledger.ErrEmpty)
	d := new(disk)
	a := openWith(t, d, machineTerms())
	reserve(t, a, ask("a", 2), at(2))
	back := d.copy()
	reserve(t, a, ask("b", 8), at(3))
	for range 2 {
		if err := ledger.Interrupt(ctx, back, at(70)); err != nil {
			t.Fatal(err)
		}
	}
	if len(back.records) != 4 {
		t.Fatalf("%d records", len(back.records))
	}
	b, err := ledger.Open(ctx, ledger.Config{Store: back, Terms: machineTerms()}, at(70))
	if err != nil {
		t.Fatal(err)
	}
	out := exhausted(t, tryReserve(b, ask("b", 1), at(71)))
	if !out.FreesOn.Equal(midnight(90)) || out.Epsilon != 0 || !b.Report().Closed || !b.Report().Remaining.Mu2.IsZero() {
		t.Fatalf("%+v", out)
	}
	reserve(t, b, ask("b", 10), at(90))
	wantErr(t, ledger.Interrupt(ctx, back, at(70)), ledger.ErrClockBack)

	rolling := machineTerms()
	rolling.Windows, rolling.WindowDays = ledger.Rolling, 7
	d = new(disk)
	openWith(t, d, rolling)
	if err := ledger.Interrupt(ctx, d, at(3)); err != nil {
		t.Fatal(err)
	}
	r := openWith(t, d, rolling)
	wantErr(t, tryReserve(r, ask("a", 1), at(9)), ledger.ErrExhausted)
	reserve(t, r, ask("a", 10), at(10))

	blocks := machineTerms()
	blocks.Windows, blocks.WindowDays = ledger.DataDays, 1
	d = new(disk)
	openWith(t, d, blocks)
	if err := ledger.Interrupt(ctx, d, at(3)); err != nil {
		t.Fatal(err)
	}
	r = openWith(t, d, blocks)
	old := ask("a", 1)
	old.Days, old.AsOf = 2, firstDay+4
	wantErr(t, tryReserve(r, old, at(4)), ledger.ErrExhausted)
	old.Days = 1
	reserve(t, r, old, at(4))
}
