package discreet_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/segment/audience"
)

const crowd = 200 // people: enough to open, with all noise of these tests, but in one of 10^9 runs

// shared is a world that shares: personal pages with two segments, advertisements
// with one, two purposes to share under, and an audience of 50.
func shared() discreet.Config {
	c := advertised()
	c.Notices[0].Purposes = append(c.Notices[0].Purposes, consent.Purpose{Key: "research", Title: "Research", Sharing: true})
	c.Notices[0].ThirdParties = []string{"Partner Ltd", "Panel Ltd"}
	c.Segments = append(c.Segments, atLeast("readers", "books", 1))
	c.Measures[0] = dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 2, Share: 0.5}
	c.Audience = &audience.Config{MinPeople: 50, TTLDays: 7, MaxAgeDays: 3, Chance: 1e-6}
	c.Budget = dp.Budget{Epsilon: 4, Delta: 1e-6, WindowDays: 30}
	return c
}

var toPartner = discreet.MembershipExport{Recipient: "Partner Ltd", Sharing: partners, Purpose: discreettest.Purpose}

func somebody(i int) discreet.Raw { return discreet.Opaque(fmt.Sprint("somebody ", i)) }

// fill lets a crowd, who agreed to everything yesterday, run on two days.
func fill(t testing.TB, e *discreettest.Engine, n int) {
	t.Helper()
	var agreed []discreet.Historic
	var events []discreet.Event
	yesterday := e.Clock.Now().AddDate(0, 0, -1)
	for i := range n {
		agreed = append(agreed, historic(somebody(i), yesterday, discreet.Choice{
			Notice: "personal-pages", Version: 1, Locale: "en", Method: "test", Grant: []string{discreettest.Purpose, ads, partners, "research"},
		}))
		ev := with(e, somebody(i), "1", discreet.Signals{Age: consent.Adult})
		before := with(e, somebody(i), "0", discreet.Signals{Age: consent.Adult})
		before.Time = yesterday
		events = append(events, before, ev)
	}
	_, err := e.Import(t.Context(), all(agreed...))
	check(t, err)
	_, err = e.RecordBatch(t.Context(), events)
	check(t, err)
}

// count releases the sizes of both purposes.
func count(t testing.TB, e *discreettest.Engine, name string) {
	t.Helper()
	for _, measure := range []string{"sizes", "ad-sizes"} {
		_, err := e.Release(t.Context(), discreet.Query{Name: name + "-" + measure, Measure: measure, Share: 0.05}, operator)
		check(t, err)
	}
}

func opened(t testing.TB, cfg discreet.Config) *discreettest.Engine {
	t.Helper()
	e := discreettest.Open(t, cfg)
	fill(t, e, crowd)
	count(t, e, "first")
	return e
}

func everybody(n int) func(yield func(discreet.Raw) bool) {
	return func(yield func(discreet.Raw) bool) {
		for i := range n {
			if !yield(somebody(i)) {
				return
			}
		}
	}
}

func only(who ...discreet.Raw) func(yield func(discreet.Raw) bool) { return slices.Values(who) }

type handed map[discreet.ID][]string

func exported(t testing.TB, e *discreettest.Engine, q discreet.MembershipExport, people func(func(discreet.Raw) bool)) (handed, discreet.Exported) {
	t.Helper()
	got := handed{}
	x, err := e.ExportMemberships(t.Context(), q, people, func(m discreet.Membership) error {
		got[m.ID] = append(got[m.ID], m.Segment)
		return nil
	}, operator)
	check(t, err)
	return got, x
}

func told1(t testing.TB, e *discreettest.Engine, who discreet.Raw) []consent.Disclosure {
	t.Helper()
	x, err := e.Explain(t.Context(), who, operator)
	check(t, err)
	return x.Consent.Disclosures
}

// TestExportMemberships hands out who is in an open segment, once the disclosure is
// recorded, and tells the person so.
func TestExportMemberships(t *testing.T) {
	ctx := t.Context()
	e := opened(t, shared())
	day := discreettest.Start.Truncate(24 * time.Hour)
	n := 0
	_, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(m discreet.Membership) error {
		// f is called outside of every lock, and what is handed out is told already.
		list := told1(t, e, somebody(n))
		n++
		if len(list) != 1 || list[0].Member != m.ID || m.Segment != "runners" || !m.Expires.Equal(day.AddDate(0, 0, 7)) {
			t.Fatalf("handed out %+v, told %+v", m, list)
		}
		want := consent.Disclosure{
			Recipient: "Partner Ltd", Sharing: partners, Purpose: discreettest.Purpose, Segment: "runners",
			Member: m.ID, First: day, Last: day, Until: m.Expires,
		}
		if list[0] != want {
			t.Fatalf("told %+v", list[0])
		}
		return nil
	}, operator)
	check(t, err)
	if n != crowd || e.Stats().Memberships != crowd {
		t.Errorf("%d handed out, %d counted", n, e.Stats().Memberships)
	}
	got, x := exported(t, e, toPartner, everybody(crowd))
	if x.People != crowd || x.Members != crowd || x.Memberships != crowd || !slices.Equal(x.Closed, []string{"readers"}) || len(got) != crowd {
		t.Errorf("%+v", x)
	}

	// No two recipients, purposes to share under, or purposes at home know one pseudonym.
	seen := map[discreet.ID]bool{}
	for _, q := range []discreet.MembershipExport{
		toPartner, {Recipient: "Panel Ltd", Sharing: partners, Purpose: discreettest.Purpose}, {Recipient: "Partner Ltd", Sharing: "research", Purpose: discreettest.Purpose},
	} {
		got, _ := exported(t, e, q, only(somebody(0)))
		for id := range got {
			seen[id] = true
		}
	}
	for _, p := range []string{discreettest.Purpose, ads} {
		id, err := e.ID(somebody(0), p)
		check(t, err)
		seen[id] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d pseudonyms of one person, want 5", len(seen))
	}
	// Days later it lasts longer, and is one disclosure still, with one entry in the log.
	before := told1(t, e, somebody(1))
	e.Clock.Advance(48 * time.Hour)
	exported(t, e, toPartner, only(somebody(1)))
	after := told1(t, e, somebody(1))
	if len(after) != 1 || !after[0].First.Equal(before[0].First) || !after[0].Last.Equal(day.AddDate(0, 0, 2)) || !after[0].Until.Equal(day.AddDate(0, 0, 9)) {
		t.Errorf("%+v", after)
	}
	p, err := e.Export(ctx, somebody(1), operator)
	check(t, err)
	entries := 0
	for _, h := range p.Consent.Journal {
		if h.What == consent.KindDisclosed {
			entries++
			if h.Recipient != "Partner Ltd" || h.Segment != "runners" || h.Of != discreettest.Purpose || !slices.Equal(h.Purposes, []string{partners}) || h.Notice == "" {
				t.Errorf("%+v", h)
			}
		}
	}
	if len(p.Consent.Disclosures) != 1 || entries != 1 {
		t.Errorf("exported: %+v, %d entries", p.Consent.Disclosures, entries)
	}
	calls := 0
	check(t, e.AccessLog(ctx, func(a ledger.Access) error {
		if a.Action == "ExportMemberships" && a.Actor == operator {
			calls++
		}
		return nil
	}))
	if calls != 6 {
		t.Errorf("%d exports in the access log", calls)
	}
}

// TestMembershipsAskForEverything goes through all that keeps somebody from being
// handed out; nothing is disclosed then.
func TestMembershipsAskForEverything(t *testing.T) {
	ctx := t.Context()
	other := discreettest.Notice()
	other.ID = "other"
	other.Purposes = []consent.Purpose{{Key: partners, Title: "Partners", Sharing: true}}
	other.ThirdParties = []string{"Somebody Else"}
	cfg := shared()
	cfg.Notices = append(cfg.Notices, other)
	e := opened(t, cfg)
	who := func(i int) discreet.Raw { return discreet.Opaque(fmt.Sprint("special ", i)) }
	choose := func(i int, notice string, grant ...string) {
		check(t, e.Choose(ctx, who(i), discreet.Choice{Notice: notice, Version: 1, Locale: "en", Method: "test", Grant: grant}))
	}
	run := func(i int) {
		_, err := e.Record(ctx, with(e, who(i), "1", discreet.Signals{Age: consent.Adult}))
		check(t, err)
	}
	all := []string{discreettest.Purpose, ads, partners}
	choose(1, "personal-pages", discreettest.Purpose) // does not share
	run(1)
	choose(2, "personal-pages", discreettest.Purpose)
	choose(2, "other", partners) // shares, with somebody else
	run(2)
	choose(3, "personal-pages", all...) // does nothing
	choose(4, "personal-pages", all...)
	run(4)
	check(t, errOf(e.Withdraw(ctx, who(4), partners)))
	choose(5, "personal-pages", all...)
	run(5)
	check(t, errOf(e.Withdraw(ctx, who(5), discreettest.Purpose)))
	choose(6, "personal-pages", all...)
	run(6)
	check(t, errOf(e.Erase(ctx, who(6), operator)))
	choose(7, "personal-pages", partners) // shares nothing that there is
	run(7)
	choose(8, "personal-pages", all...)
	run(8)
	check(t, e.EraseInterest(ctx, who(8), discreettest.Purpose, "sports"))
	choose(9, "personal-pages", all...)
	run(9)
	_, err := e.Decide(ctx, who(9), &discreet.Signals{GPC: true}) // an opt-out that came with a request
	check(t, err)

	people := []discreet.Raw{{}, discreet.Email("nobody"), somebody(0), somebody(0)}
	for i := range 9 {
		people = append(people, who(i+1))
	}
	got, x := exported(t, e, toPartner, only(people...))
	if len(got) != 1 || x.Members != 1 || x.People != 13 || x.Malformed != 2 || x.Repeated != 1 || x.Unnamed != 1 || x.Outside != 2 || x.Full != 0 {
		t.Errorf("%+v", x)
	}
	want := map[consent.Reason]int{consent.NoRecord: 2, consent.Withdrawn: 3, consent.Erased: 1}
	if !maps.Equal(x.Denied, want) {
		t.Errorf("denied %v", x.Denied)
	}
	for i := range 9 {
		if list := told1(t, e, who(i+1)); len(list) != 0 {
			t.Errorf("%d: nothing was handed out, and it is told %+v", i+1, list)
		}
	}

	// Advertising asks for an adult, whatever was agreed to.
	fromAds := toPartner
	fromAds.Purpose = ads
	for age, n := range map[consent.Age]int{consent.AgeUnknown: 0, consent.Minor: 0, consent.Child: 0, consent.Adult: 1} {
		fromAds.Age = age
		got, x := exported(t, e, fromAds, only(somebody(0)))
		if len(got) != n || n == 0 && x.Denied[consent.TooYoung] != 1 {
			t.Errorf("age %d: %d handed out, %+v", age, len(got), x)
		}
	}

	for name, c := range map[string]struct {
		change func(q *discreet.MembershipExport)
		want   error
	}{
		"recipient nobody names":   {func(q *discreet.MembershipExport) { q.Recipient = "Other Ltd" }, discreet.ErrRecipient},
		"recipient for the host":   {func(q *discreet.MembershipExport) { q.Recipient = "Host Ltd" }, discreet.ErrRecipient},
		"no recipient":             {func(q *discreet.MembershipExport) { q.Recipient = "" }, discreet.ErrRecipient},
		"under what is not shared": {func(q *discreet.MembershipExport) { q.Sharing = ads }, discreet.ErrRecipient},
		"another notice's":         {func(q *discreet.MembershipExport) { q.Sharing, q.Recipient = "research", "Somebody Else" }, discreet.ErrRecipient},
		"no such purpose":          {func(q *discreet.MembershipExport) { q.Purpose = "x" }, discreet.ErrNoPurpose},
		"a purpose without any":    {func(q *discreet.MembershipExport) { q.Purpose = partners }, discreet.ErrNoPurpose},
		"another purpose's":        {func(q *discreet.MembershipExport) { q.Segments = []string{"ad-runners"} }, discreet.ErrNoSegment},
		"no segments":              {func(q *discreet.MembershipExport) { q.Segments = []string{} }, discreet.ErrSegments},
		"twice":                    {func(q *discreet.MembershipExport) { q.Segments = []string{"runners", "readers", "runners"} }, discreet.ErrSegments},
	} {
		q := toPartner
		c.change(&q)
		_, err := e.ExportMemberships(ctx, q, everybody(crowd), func(discreet.Membership) error { t.Error(name); return nil }, operator)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(discreet.Membership) error { t.Error("unlogged"); return nil }, discreet.Actor{}); err == nil {
		t.Error("exported by nobody")
	}
	for _, p := range []string{partners, discreettest.Purpose} {
		check(t, e.Suspend(ctx, p, operator))
		if _, err := e.ExportMemberships(ctx, toPartner, only(somebody(0)), nil, operator); err != nil {
			t.Errorf("without anybody to hand out to: %v", err)
		}
		_, err := e.ExportMemberships(ctx, toPartner, only(somebody(0)), func(discreet.Membership) error { t.Error("suspended"); return nil }, operator)
		if !errors.Is(err, discreet.ErrSuspended) {
			t.Errorf("%s is suspended: %v", p, err)
		}
		check(t, e.Resume(ctx, p, operator))
	}
}
