package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
)

var day0 = time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)

const firstDay = contrib.Day(20463) // day0

// at returns noon of the given day after the opening.
func at(day int) time.Time { return day0.AddDate(0, 0, day) }

func terms() ledger.Terms {
	return ledger.Terms{Epsilon: 2, Delta: 1e-6, Mu2: thousandths(10), ReserveDelta: units(4, 1e9), WindowDays: 30}
}

// units returns n / d.
func units(n, d int64) accounting.Units {
	u, err := accounting.UnitsDown(big.NewRat(n, d))
	if err != nil {
		panic(err)
	}
	return u
}

func request(name string) ledger.Request {
	return ledger.Request{Name: name, Spec: []byte("spec of " + name), Mu2: thousandths(4), Delta: units(1, 1e9), AsOf: firstDay}
}

func open(t testing.TB, d *disk) *ledger.Account {
	t.Helper()
	a, err := ledger.Open(context.Background(), ledger.Config{Store: d, Terms: terms()}, day0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func reserve(t testing.TB, a *ledger.Account, r ledger.Request, now time.Time) *ledger.Ticket {
	t.Helper()
	ticket, stored, err := a.Reserve(context.Background(), r, now)
	if err != nil || ticket == nil || stored != nil {
		t.Fatalf("Reserve: %v, %q, %v", ticket, stored, err)
	}
	return ticket
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func release(t testing.TB, ticket *ledger.Ticket) {
	t.Helper()
	if err := ticket.Release(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func tryReserve(a *ledger.Account, r ledger.Request, now time.Time) error {
	_, _, err := a.Reserve(context.Background(), r, now)
	return err
}

func TestProtocol(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	r := request("sizes")
	ticket := reserve(t, a, r, at(1))
	if len(d.records) != 2 || ticket.Entry() != 1 || ticket.Window().Index != 0 || ticket.AsOf() != firstDay {
		t.Fatalf("the charge is on record before the ticket: %d records", len(d.records))
	}
	wantErr(t, tryReserve(a, r, at(1)), ledger.ErrInProgress)
	wantErr(t, ticket.Answer(ctx, nil), ledger.ErrAnswer)
	if err := ticket.Answer(ctx, []byte("table")); err != nil {
		t.Fatal(err)
	}
	wantErr(t, ticket.Answer(ctx, []byte("another")), ledger.ErrTicket)
	if err := ticket.Release(ctx); err != nil { // changes nothing
		t.Fatal(err)
	}
	for range 2 {
		again, stored, err := a.Reserve(ctx, r, at(2))
		if again != nil || string(stored) != "table" || err != nil {
			t.Fatalf("asked again: %v, %q, %v", again, stored, err)
		}
	}
	if len(d.records) != 3 {
		t.Fatalf("%d records", len(d.records))
	}
	for _, change := range []func(*ledger.Request){
		func(r *ledger.Request) { r.Spec = []byte("other") },
		func(r *ledger.Request) { r.Mu2 = thousandths(3) },
		func(r *ledger.Request) { r.Delta = units(2, 1e9) },
	} {
		other := r
		change(&other)
		wantErr(t, tryReserve(a, other, at(2)), ledger.ErrSpecification)
	}
	r.AsOf++
	wantErr(t, tryReserve(a, r, at(2)), ledger.ErrSpecification)
	r.AsOf = 0 // the day on which it was first asked for, whatever it was
	if _, stored, err := a.Reserve(ctx, r, at(2)); string(stored) != "table" || err != nil {
		t.Fatalf("%q, %v", stored, err)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	a = open(t, d)
	if _, stored, err := a.Reserve(ctx, r, at(2)); string(stored) != "table" || err != nil {
		t.Fatalf("after re-opening: %q, %v", stored, err)
	}
	d.blobs[2][0]++
	wantErr(t, tryReserve(a, r, at(2)), ledger.ErrBroken)
	wantErr(t, a.Verify(ctx), ledger.ErrBroken)
	delete(d.blobs, 2)
	wantErr(t, tryReserve(a, r, at(2)), ledger.ErrBroken)
}

func TestRetryKeepsChargeAndAsOf(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	r := request("items")
	first := reserve(t, a, r, at(0))
	a = open(t, d.die())
	r.AsOf = firstDay + 3
	wantErr(t, tryReserve(a, r, at(3)), ledger.ErrSpecification)
	r.AsOf = 0
	second := reserve(t, a, r, at(3))
	if second.Entry() != first.Entry() || second.AsOf() != firstDay {
		t.Fatalf("a retry draws for entry %d as of %d", second.Entry(), second.AsOf())
	}
	release(t, second)
	wantErr(t, second.Answer(ctx, []byte("x")), ledger.ErrTicket)
	third := reserve(t, a, r, at(3))
	release(t, second) // does not give up what the third holds
	wantErr(t, tryReserve(a, r, at(3)), ledger.ErrInProgress)
	if err := third.Answer(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if rep := a.Report(); rep.Entries != 1 || rep.Answered != 1 || rep.Spent.Mu2 != r.Mu2 || rep.Records != 5 {
		t.Fatalf("charged once, retried twice: %+v", rep)
	}
}

func TestFilter(t *testing.T) {
	a := open(t, new(disk))
	for i := range 2 {
		reserve(t, a, request(fmt.Sprint("r", i)), at(0))
	}
	err := tryReserve(a, request("r2"), at(5))
	var out *ledger.ExhaustedError
	if !errors.As(err, &out) || !errors.Is(err, ledger.ErrExhausted) {
		t.Fatalf("error is %v", err)
	}
	if out.Requested.Mu2 != thousandths(4) || !out.FreesOn.Equal(at(30).Truncate(24*time.Hour)) || out.Window != 0 {
		t.Fatalf("%+v", out)
	}
	sum, err := out.Remaining.Mu2.Add(out.Spent.Mu2)
	if err != nil || sum != out.Total.Mu2 || out.Total.Mu2 != thousandths(10) {
		t.Fatalf("the numbers do not add up: %+v", out)
	}
	left := request("exact")
	left.Mu2 = out.Remaining.Mu2
	one := left
	one.Name = "more"
	one.Mu2 = units(1, 1<<62)
	over := left
	over.Mu2, _ = left.Mu2.Add(one.Mu2)
	wantErr(t, tryReserve(a, over, at(5)), ledger.ErrExhausted)
	reserve(t, a, left, at(5)) // to the last unit
	if !a.Report().Remaining.Mu2.IsZero() {
		t.Fatal("something is left")
	}
	wantErr(t, tryReserve(a, one, at(5)), ledger.ErrExhausted)

	delta := request("delta")
	delta.Mu2, delta.Delta = units(1, 1<<40), units(5, 1e9)
	err = tryReserve(open(t, new(disk)), delta, at(0))
	if !errors.As(err, &out) || !out.FreesOn.IsZero() || !strings.Contains(err.Error(), "never") {
		t.Fatalf("more delta than a whole window has: %v", err)
	}
	huge := request("huge")
	huge.Mu2, _ = accounting.UnitsUp(new(big.Rat).SetInt64(1 << 31))
	wantErr(t, tryReserve(a, huge, at(0)), ledger.ErrExhausted)
}

func TestRequestRules(t *testing.T) {
	a := open(t, new(disk))
	for name, change := range map[string]func(*ledger.Request){
		"no name":      func(r *ledger.Request) { r.Name = "" },
		"bad name":     func(r *ledger.Request) { r.Name = "A name" },
		"no spec":      func(r *ledger.Request) { r.Spec = nil },
		"no charge":    func(r *ledger.Request) { r.Mu2 = accounting.Units{} },
		"future as-of": func(r *ledger.Request) { r.AsOf = firstDay + 1 },
		"odd as-of":    func(r *ledger.Request) { r.AsOf = -1 },
	} {
		r := request("x")
		change(&r)
		if err := tryReserve(a, r, at(0)); !errors.Is(err, ledger.ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := a.Report(); r.Records != 1 {
		t.Fatalf("a refusal left a record")
	}
	var zero ledger.Ticket
	release(t, &zero)
	wantErr(t, zero.Void(t.Context()), ledger.ErrTicket)
	wantErr(t, zero.Answer(t.Context(), []byte("x")), ledger.ErrTicket)
}

func TestTerms(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	for name, change := range map[string]func(*ledger.Terms){
		"epsilon 0":      func(t *ledger.Terms) { t.Epsilon = 0 },
		"epsilon nan":    func(t *ledger.Terms) { t.Epsilon = math.NaN() },
		"epsilon inf":    func(t *ledger.Terms) { t.Epsilon = math.Inf(1) },
		"epsilon absurd": func(t *ledger.Terms) { t.Epsilon = 1e7 },
		"delta 0":        func(t *ledger.Terms) { t.Delta = 0 },
		"delta 1":        func(t *ledger.Terms) { t.Delta = 1 },
		"delta nan":      func(t *ledger.Terms) { t.Delta = math.NaN() },
		"mu2 0":          func(t *ledger.Terms) { t.Mu2 = accounting.Units{} },
		"reserve":        func(t *ledger.Terms) { t.ReserveDelta = units(1, 1e6) },
		"no window":      func(t *ledger.Terms) { t.WindowDays = 0 },
		"long window":    func(t *ledger.Terms) { t.WindowDays = 401 },
	} {
		bad := terms()
		change(&bad)
		if _, err := ledger.Open(ctx, ledger.Config{Store: d, Terms: bad}, day0); !errors.Is(err, ledger.ErrTerms) || len(d.records) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := open(t, d)
	for name, change := range map[string]func(*ledger.Terms){
		"epsilon": func(t *ledger.Terms) { t.Epsilon = math.Nextafter(2, 3) },
		"delta":   func(t *ledger.Terms) { t.Delta = 2e-6 },
		"mu2":     func(t *ledger.Terms) { t.Mu2 = thousandths(11) },
		"reserve": func(t *ledger.Terms) { t.ReserveDelta = units(5, 1e9) },
		"window":  func(t *ledger.Terms) { t.WindowDays = 31 },
	} {
		other := terms()
		change(&other)
		if _, err := ledger.Open(ctx, ledger.Config{Store: d, Terms: other}, day0); !errors.Is(err, ledger.ErrTerms) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b := open(t, d); b.Population() != a.Population() || len(b.Population()) != 32 || !b.Terms().Equal(terms()) {
		t.Fatal("the account is another one after re-opening")
	}
}

func TestNeverOverdraws(t *testing.T) {
	const callers = 64
	ctx, d := t.Context(), new(disk)
	accounts := []*ledger.Account{open(t, d), open(t, d)} // two on one store: the sums hold all the same
	var wg sync.WaitGroup
	var mu sync.Mutex
	granted := accounting.Units{}
	for i := range callers {
		wg.Go(func() {
			a := accounts[i%2]
			r := request(fmt.Sprint("r", i/4)) // four ask for each release
			r.Mu2, r.Delta = thousandths(int64(1+i/4%3)), accounting.Units{}
			for {
				ticket, stored, err := a.Reserve(ctx, r, at(1))
				switch {
				case errors.Is(err, ledger.ErrInProgress):
					time.Sleep(time.Millisecond)
					continue
				case errors.Is(err, ledger.ErrExhausted):
				case err != nil:
					t.Error(err)
				case stored != nil:
					if string(stored) != r.Name {
						t.Errorf("another answer is stored")
					}
				default:
					err := ticket.Answer(ctx, []byte(r.Name))
					if errors.Is(err, ledger.ErrTicket) {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					granted, err = granted.Add(r.Mu2)
					mu.Unlock()
					if err != nil {
						t.Error(err)
					}
				}
				return
			}
		})
	}
	wg.Wait()
	rep := open(t, d).Report()
	if granted != rep.Spent.Mu2 || granted.Cmp(rep.Terms.Mu2) > 0 || rep.Answered != rep.Entries {
		t.Fatalf("granted %v, on record %v of %v", granted.Float64(), rep.Spent.Mu2.Float64(), rep.Terms.Mu2.Float64())
	}
}

// TestVoid holds that what was drawn and not answered is never drawn again: it
// keeps its charge and its name.
func TestVoid(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	for _, end := range []func(*ledger.Ticket) error{
		func(ticket *ledger.Ticket) error { ticket.Charge(); return ticket.Release(ctx) },
		func(ticket *ledger.Ticket) error { return ticket.Void(ctx) },
	} {
		r := request(fmt.Sprint("r", len(d.records)))
		ticket := reserve(t, a, r, at(1))
		if err := end(ticket); err != nil {
			t.Fatal(err)
		}
		wantErr(t, tryReserve(a, r, at(1)), ledger.ErrVoid)
		wantErr(t, ticket.Answer(ctx, []byte("x")), ledger.ErrTicket)
		wantErr(t, ticket.Void(ctx), ledger.ErrTicket)
		wantErr(t, tryReserve(open(t, d.die()), r, at(1)), ledger.ErrVoid)
	}
	if rep := a.Report(); rep.Void != 2 || rep.Answered != 0 || rep.SpentShare() < 0.79 || len(d.records) != 5 {
		t.Fatalf("%+v", rep)
	}
	late := request("late")
	late.Mu2 = thousandths(1)
	ticket := reserve(t, a, late, at(2))
	if err := a.Advance(ctx, at(40)); err != nil {
		t.Fatal(err)
	}
	if err := ticket.Void(ctx); err != nil { // in a window that is over
		t.Fatal(err)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestOneDrawer holds that of two accounts over one store only one draws for an
// entry, until its process ends.
func TestOneDrawer(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a, b := open(t, d), open(t, d)
	first := reserve(t, a, request("x"), at(0))
	wantErr(t, tryReserve(b, request("x"), at(0)), ledger.ErrInProgress)
	release(t, first)
	second := reserve(t, b, request("x"), at(0))
	wantErr(t, tryReserve(a, request("x"), at(0)), ledger.ErrInProgress)
	d.die() // as far as the store can tell
	third := reserve(t, a, request("x"), at(0))
	wantErr(t, second.Answer(ctx, []byte("second")), ledger.ErrTicket)
	if err := third.Answer(ctx, []byte("third")); err != nil {
		t.Fatal(err)
	}
	if _, stored, err := b.Reserve(ctx, request("x"), at(0)); string(stored) != "third" || err != nil {
		t.Fatalf("%q, %v", stored, err)
	}
	if err := errors.Join(a.Verify(ctx), b.Verify(ctx)); err != nil {
		t.Fatal(err)
	}
}

// TestGroup holds that calls that wait share an append, and that each of them
// gets what it asked for.
func TestGroup(t *testing.T) {
	const callers = 16
	ctx, d := t.Context(), new(disk)
	a, err := ledger.Open(ctx, ledger.Config{Store: d, Terms: machineTerms()}, day0)
	if err != nil {
		t.Fatal(err)
	}
	d.appends = 0
	entered, leave := make(chan struct{}), make(chan struct{})
	d.before = func() { close(entered); <-leave }
	var wg sync.WaitGroup
	errs := make([]error, callers)
	ask := func(ctx context.Context, i int) {
		r := request(fmt.Sprint("r", i))
		r.Mu2, r.Delta = units(1, 1024), accounting.Units{}
		wg.Go(func() { errs[i] = func() error { _, _, err := a.Reserve(ctx, r, at(1)); return err }() })
	}
	ask(ctx, 0)
	<-entered
	gone, cancel := context.WithCancel(ctx)
	for i := 1; i < callers; i++ {
		if i == 5 {
			ask(gone, i)
		} else {
			ask(ctx, i)
		}
	}
	for ledger.Waiting(a) < callers-1 {
		runtime.Gosched()
	}
	cancel()
	for ledger.Waiting(a) > callers-2 {
		runtime.Gosched()
	}
	close(leave)
	wg.Wait()
	granted := 0
	for i, err := range errs {
		switch {
		case i == 5:
			wantErr(t, err, context.Canceled)
		case err == nil:
			granted++
		default:
			wantErr(t, err, ledger.ErrExhausted)
		}
	}
	if granted != 10 || d.appends != 2 || len(d.records) != 11 {
		t.Fatalf("%d granted in %d appends, %d records", granted, d.appends, len(d.records))
	}
}

func TestFailedAppend(t *testing.T) {
	ctx := t.Context()
	for name, f := range map[string]fault{"before": failFirst, "after": failLater, "conflict that is none": falseConflict, "panic": panics} {
		t.Run(name, func(t *testing.T) {
			d := new(disk)
			a := open(t, d)
			held := reserve(t, a, request("held"), at(0))
			d.next = f
			func() {
				defer func() { recover() }()
				wantErr(t, tryReserve(a, request("x"), at(0)), ledger.ErrFailed)
			}()
			_, err := a.Declare(ctx, "m", []byte("s"), at(0))
			wantErr(t, err, ledger.ErrFailed)
			wantErr(t, tryReserve(a, request("y"), at(0)), ledger.ErrFailed)
			wantErr(t, held.Answer(ctx, []byte("x")), ledger.ErrFailed)
			wantErr(t, a.Advance(ctx, at(40)), ledger.ErrFailed)
			wantErr(t, a.Verify(ctx), ledger.ErrFailed)
			_, err = a.Window(at(0))
			wantErr(t, err, ledger.ErrFailed)
			if !a.Report().Failed || !strings.Contains(a.Report().String(), "FAILED") {
				t.Fatal("the report does not say so")
			}
			a = open(t, d.die())
			want := 1
			if f == failLater {
				want = 2
			}
			if r := a.Report(); r.Entries != want || r.Failed {
				t.Fatalf("%d entries after re-opening", r.Entries)
			}
			reserve(t, a, request("x"), at(0))
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := new(disk)
	a := open(t, d)
	ticket := reserve(t, a, request("x"), at(0))
	cancel()
	wantErr(t, ticket.Answer(ctx, []byte("x")), context.Canceled)
	_, _, err := a.Reserve(ctx, request("y"), at(0))
	wantErr(t, err, context.Canceled)
	if len(d.records) != 2 {
		t.Fatal("a cancelled call left a record")
	}
	// An append that began goes on to its end.
	ctx, d.before = context.WithCancel(t.Context())
	if err := ticket.Answer(ctx, []byte("x")); err != nil || ctx.Err() == nil {
		t.Fatalf("the ticket is still good, and the append not cancelled: %v", err)
	}
}

func TestDeclare(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	declare := func(spec string, day int, want contrib.Day) {
		t.Helper()
		got, err := a.Declare(ctx, "sizes", []byte(spec), at(day))
		if err != nil || got != want {
			t.Fatalf("declared on %d, want %d: %v", got, want, err)
		}
	}
	declare("a", 1, firstDay+1)
	declare("a", 5, firstDay+1)
	declare("b", 7, firstDay+7)
	declare("a", 9, firstDay+9) // it did not count in between
	a = open(t, d)
	declare("a", 100, firstDay+9)
	if r := a.Report(); r.Records != 4 || r.Entries != 0 {
		t.Fatalf("%d records", r.Records)
	}
	if entry, ok := a.Declared("sizes"); entry != 3 || !ok {
		t.Fatalf("declared at %d, %v", entry, ok)
	}
	if _, ok := a.Declared("views"); ok {
		t.Fatal("declared, and nobody did")
	}
	if err := a.Advance(ctx, at(65)); err != nil {
		t.Fatal(err)
	}
	_, err := a.Declare(ctx, "sizes", []byte("c"), at(31))
	wantErr(t, err, ledger.ErrClockBack)
	for _, bad := range []string{"", "No"} {
		_, err := a.Declare(ctx, bad, []byte("c"), at(70))
		wantErr(t, err, ledger.ErrRequest)
	}
}

// What is published does not change, keeps its day, and is logged in one step or
// not at all.
func TestPublish(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	publish := func(day int, want []contrib.Day, err error, list ...ledger.Publication) {
		t.Helper()
		got, e := a.Publish(ctx, list, at(day))
		wantErr(t, e, err)
		if err == nil && !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	x, y, z := ledger.Publication{Name: "x", Spec: []byte("1")}, ledger.Publication{Name: "y", Spec: []byte("1")}, ledger.Publication{Name: "z", Spec: []byte("1")}
	other := ledger.Publication{Name: "y", Spec: []byte("2")}
	publish(1, []contrib.Day{firstDay + 1, firstDay + 1}, nil, x, y)
	publish(3, []contrib.Day{firstDay + 3, firstDay + 1}, nil, z, x)
	before := a.Report().Records
	publish(4, nil, ledger.ErrPublished, ledger.Publication{Name: "new", Spec: []byte("1")}, other)
	if n := a.Report().Records; n != before {
		t.Fatalf("%d records of a list that was refused", n-before)
	}
	a = open(t, d)
	publish(5, nil, ledger.ErrPublished, other)
	publish(5, []contrib.Day{firstDay + 1}, nil, y)
	publish(5, nil, nil)
	publish(5, nil, ledger.ErrRequest, x, x)
	publish(5, nil, ledger.ErrRequest, ledger.Publication{Name: "No", Spec: []byte("1")})
	publish(5, nil, ledger.ErrRequest, ledger.Publication{Name: "no"})
	var many []ledger.Publication
	for i := range 600 {
		many = append(many, ledger.Publication{Name: fmt.Sprint("many.", i), Spec: []byte("1")})
	}
	got, err := a.Publish(ctx, many, at(6))
	if err != nil || len(got) != 600 || got[599] != firstDay+6 {
		t.Fatal(len(got), err)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.Advance(ctx, at(65)); err != nil {
		t.Fatal(err)
	}
	publish(31, nil, ledger.ErrClockBack, ledger.Publication{Name: "late", Spec: []byte("1")})
	publish(31, []contrib.Day{firstDay + 1}, nil, x) // it is there
}
