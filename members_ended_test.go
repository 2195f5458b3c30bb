package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
)

// TestEndedTellsOfDisclosures ends consents after an export: whoever ended them is
// told who has to be told, under which pseudonym, and the next export leaves them out.
func TestEndedTellsOfDisclosures(t *testing.T) {
	ctx, o := t.Context(), &told{}
	cfg := shared()
	cfg.Ended = o.tell
	e := opened(t, cfg)
	got, _ := exported(t, e, toPartner, everybody(10))
	exported(t, e, discreet.MembershipExport{Recipient: "Panel Ltd", Sharing: "research", Purpose: ads, Age: consent.Adult}, everybody(10))
	is := func(x discreet.Ended, i int, want ...string) {
		t.Helper()
		var list []string
		for _, d := range x.Disclosures {
			list = append(list, d.Recipient)
			if !slices.Contains(x.Recipients, d.Recipient) {
				t.Errorf("%s is not among %v", d.Recipient, x.Recipients)
			}
			if _, ok := got[d.Member]; d.Recipient == "Partner Ltd" && !ok {
				t.Error("told under another pseudonym than was handed out")
			}
		}
		if slices.Sort(list); !slices.Equal(list, want) {
			t.Errorf("%d: told to %v, want %v", i, list, want)
		}
	}
	x, err := e.Withdraw(ctx, somebody(0), partners)
	check(t, err)
	is(x, 0, "Partner Ltd")
	x, err = e.Withdraw(ctx, somebody(1), discreettest.Purpose) // what the segment is of
	check(t, err)
	is(x, 1, "Partner Ltd")
	x, err = e.Object(ctx, somebody(2))
	check(t, err)
	is(x, 2, "Panel Ltd")
	x, err = e.Erase(ctx, somebody(3), operator)
	check(t, err)
	is(x, 3, "Panel Ltd", "Partner Ltd")
	if len(told1(t, e, somebody(3))) != 0 {
		t.Error("what was erased is still told")
	}
	if len(told1(t, e, somebody(0))) != 2 {
		t.Error("a withdrawal forgets what was disclosed")
	}
	x, err = e.Withdraw(ctx, somebody(0), partners)
	check(t, err)
	is(x, 0, "Partner Ltd") // and says so again
	if list := o.take(); len(list) != 5 || len(list[3].Disclosures) != 2 {
		t.Errorf("the callback was told %+v", list)
	}
	after, res := exported(t, e, toPartner, everybody(10))
	if len(after) != 7 || res.Denied[consent.Withdrawn] != 2 || res.Denied[consent.Erased] != 1 {
		t.Errorf("%d, %+v", len(after), res)
	}

	// Another identifier of the same person brings its disclosures along.
	check(t, e.Merge(ctx, somebody(5), somebody(6)))
	if list := told1(t, e, somebody(6)); len(list) != 4 {
		t.Errorf("after a merge %+v", list)
	}
	x, err = e.Erase(ctx, somebody(6), operator)
	check(t, err)
	is(x, 6, "Panel Ltd", "Panel Ltd", "Partner Ltd", "Partner Ltd")

	// After both may keep nothing, and the records need nothing, nothing is told.
	for range 4 {
		e.Clock.Advance(30 * 24 * time.Hour)
		check(t, e.AdvanceWindow(ctx, operator))
		_, err = e.Sweep(ctx)
		check(t, err)
	}
	if list := told1(t, e, somebody(7)); len(list) != 0 {
		t.Errorf("months later %+v", list)
	}
}

// TestMembershipsEndWithConsent hands out memberships shortly before the consents end:
// they end no later; where a consent was made shorter since, its expiry is told.
func TestMembershipsEndWithConsent(t *testing.T) {
	ctx, o := t.Context(), &told{}
	cfg := shared()
	cfg.Ended = o.tell
	cfg.Notices[0].ConsentDays = 10
	short := cfg.Notices[0]
	short.Version, short.ConsentDays = 2, 3
	cfg.Notices = append(cfg.Notices, short)
	e := opened(t, cfg)
	day := discreettest.Start.Truncate(24 * time.Hour)
	last := func(i int) time.Time {
		var until time.Time
		_, err := e.ExportMemberships(ctx, toPartner, only(somebody(i)), func(m discreet.Membership) error { until = m.Expires; return nil }, operator)
		check(t, err)
		return until
	}
	if got := last(0); !got.Equal(day.AddDate(0, 0, 7)) {
		t.Errorf("until %v", got)
	}
	check(t, e.Choose(ctx, somebody(0), discreet.Choice{Notice: "personal-pages", Version: 2, Locale: "en", Grant: []string{discreettest.Purpose, partners}}))
	if got := last(0); !got.Equal(day.AddDate(0, 0, 3)) {
		t.Errorf("of the shorter consent: until %v", got)
	}
	e.Clock.Advance(4 * 24 * time.Hour)
	o.err = errFault
	if _, err := e.Sweep(ctx); !errors.Is(err, errFault) {
		t.Error(err)
	}
	o.err = nil
	o.take()
	_, err := e.Sweep(ctx)
	check(t, err)
	_, err = e.Sweep(ctx)
	check(t, err)
	n := 0
	for _, x := range o.take() {
		if len(x.Disclosures) > 0 {
			n++
			if x.Why != consent.KindExpired || !slices.Contains(x.Purposes, partners) || !slices.Contains(x.Recipients, "Partner Ltd") {
				t.Errorf("%+v", x)
			}
		}
	}
	if n != 1 {
		t.Errorf("an expiry was told %d times", n)
	}
	e.Clock.Set(discreettest.Start.AddDate(0, 0, 7))
	count(t, e, "later")
	if got := last(1); !got.Equal(day.AddDate(0, 0, 9)) { // ten days after they agreed, which was yesterday
		t.Errorf("two days before the end: until %v", got)
	}
	e.Clock.Set(discreettest.Start.AddDate(0, 0, 9).Add(-time.Hour))
	if _, x := exported(t, e, toPartner, only(somebody(2))); x.Denied[consent.Expired] != 1 {
		t.Errorf("on the last day: %+v", x)
	}
}

// TestWithdrawalStopsExport withdraws while an export is under way: nobody is handed
// out after the withdrawal returned, also of a batch that was decided on before; and
// whoever was handed out is told of by the withdrawal.
func TestWithdrawalStopsExport(t *testing.T) {
	ctx := t.Context()
	e := opened(t, shared())
	ids := map[discreet.ID]int{}
	for i := range crowd {
		got, _ := exported(t, e, toPartner, only(somebody(i)))
		for id := range got {
			ids[id] = i
		}
	}
	// In the midst of a batch, one after another.
	n, x := 0, discreet.Exported{}
	x, err := e.ExportMemberships(ctx, toPartner, everybody(20), func(m discreet.Membership) error {
		if ids[m.ID] != n {
			t.Errorf("%d is handed out, want %d", ids[m.ID], n)
		}
		n += 2
		return errOf(e.Withdraw(ctx, somebody(n-1), partners)) // who would be next
	}, operator)
	check(t, err)
	if n != 20 || x.Members != 10 || x.Denied[consent.Withdrawn] != 10 {
		t.Errorf("%d, %+v", n, x)
	}
	// And all at once.
	var mu sync.Mutex
	gone := map[int]bool{}
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 20 + w; i < crowd; i += 6 {
				var ended discreet.Ended
				var err error
				if i%2 == 0 {
					ended, err = e.Withdraw(context.Background(), somebody(i), partners)
				} else {
					ended, err = e.Erase(context.Background(), somebody(i), operator)
				}
				if err != nil || len(ended.Disclosures) != 1 {
					t.Errorf("%d: %v, %d disclosures", i, err, len(ended.Disclosures))
				}
				mu.Lock()
				gone[i] = true
				mu.Unlock()
			}
		}()
	}
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 10 {
				before := map[int]bool{}
				mu.Lock()
				maps.Copy(before, gone)
				mu.Unlock()
				_, err := e.ExportMemberships(context.Background(), toPartner, everybody(crowd), func(m discreet.Membership) error {
					if before[ids[m.ID]] {
						t.Errorf("%d was handed out after leaving", ids[m.ID])
					}
					mu.Lock()
					maps.Copy(before, gone)
					mu.Unlock()
					return nil
				}, operator)
				if err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
}

// TestTwoWorldsOfMembers adds one person: nobody else's membership or disclosure is
// another one.
func TestTwoWorldsOfMembers(t *testing.T) {
	keys := openWorld(t, discreet.Config{}).Config.Keys
	run := func(n int) (handed, map[int]string) {
		cfg := shared()
		cfg.Keys = keys
		e := discreettest.Open(t, cfg)
		fill(t, e, n)
		check(t, errOf(e.Withdraw(t.Context(), somebody(3), partners)))
		count(t, e, "first")
		got, _ := exported(t, e, toPartner, everybody(n))
		list := map[int]string{}
		for i := range crowd {
			list[i] = fmt.Sprintf("%+v", told1(t, e, somebody(i)))
		}
		return got, list
	}
	with, toldWith := run(crowd + 1)
	less, toldLess := run(crowd)
	if len(with) != crowd || len(less) != crowd-1 {
		t.Fatalf("%d and %d handed out", len(with), len(less))
	}
	for id, segments := range less {
		if !slices.Equal(with[id], segments) {
			t.Error("adding a person changed somebody else's membership")
		}
	}
	if !maps.Equal(toldWith, toldLess) {
		t.Error("adding a person changed somebody else's disclosures")
	}
}

// asks is a consent system that is asked by purpose; what it does not know it leaves
// to the records.
type asks map[string]consent.Answer

func (a asks) Lookup(_ context.Context, _ discreet.Raw, purpose string) (consent.Answer, error) {
	return a[purpose], nil
}

// TestSourceEndsSharing: a consent system that takes back sharing, or what the segment
// is of, has those told who received memberships, once, whichever call sees it first.
func TestSourceEndsSharing(t *testing.T) {
	ctx := t.Context()
	for _, purpose := range []string{partners, discreettest.Purpose} {
		for name, see := range map[string]func(e *discreettest.Engine) error{
			"decide": func(e *discreettest.Engine) error { return second(e.Decide(ctx, somebody(0), nil)) },
			"export": func(e *discreettest.Engine) error {
				got, _ := exported(t, e, toPartner, only(somebody(0)))
				if len(got) != 0 {
					t.Error("handed out")
				}
				return nil
			},
		} {
			for _, forgotten := range []bool{false, true} {
				o, src := &told{}, asks{}
				cfg := shared()
				cfg.Ended, cfg.Source, cfg.SourceTimeout = o.tell, src, time.Second
				e := opened(t, cfg)
				if got, _ := exported(t, e, toPartner, only(somebody(0))); len(got) != 1 {
					t.Fatal("nobody is handed out")
				}
				if forgotten {
					check(t, e.EraseInterest(ctx, somebody(0), discreettest.Purpose, "sports"))
				}
				e.Clock.Advance(time.Minute)
				src[purpose] = consent.Answer{State: consent.Denied}
				o.take()
				for range 2 {
					check(t, see(e))
				}
				list := o.take()
				if len(list) != 1 || len(list[0].Disclosures) != 1 || list[0].Disclosures[0].Recipient != "Partner Ltd" || list[0].Why != consent.KindOptedOut {
					t.Errorf("%s, %s, forgotten %v: told %+v", purpose, name, forgotten, list)
				}
			}
		}
	}
}
