package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
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

// fill lets a crowd agree to everything and run.
func fill(t testing.TB, e *discreettest.Engine, n int) {
	t.Helper()
	var chosen []discreet.Chosen
	var events []discreet.Event
	for i := range n {
		chosen = append(chosen, discreet.Chosen{Who: somebody(i), Choice: discreet.Choice{
			Notice: "personal-pages", Version: 1, Locale: "en", Method: "test", Grant: []string{discreettest.Purpose, ads, partners, "research"},
		}})
		ev := with(e, somebody(i), "1", discreet.Signals{Age: consent.Adult})
		events = append(events, ev)
	}
	check(t, e.ChooseBatch(t.Context(), chosen))
	_, err := e.RecordBatch(t.Context(), events)
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

// TestAudiences holds that a segment is exported only while its newest released count
// says that it is large enough, and that this outlives the process.
func TestAudiences(t *testing.T) {
	ctx := t.Context()
	cfg := shared()
	cfg.Store = memstore.Volatile()
	e := discreettest.Open(t, cfg)
	fill(t, e, crowd)
	if got, x := exported(t, e, toPartner, everybody(crowd)); len(got) != 0 || x.Outside != crowd || len(x.Closed) != 2 {
		t.Errorf("exported before anything was counted: %+v", x)
	}
	count(t, e, "first")
	states := func(e *discreet.Engine) map[string]audience.State {
		list, err := e.Audiences(ctx)
		check(t, err)
		m := map[string]audience.State{}
		for _, a := range list {
			m[a.Purpose+"/"+a.Segment] = a.State
		}
		if len(m) != 3 {
			t.Errorf("%v", m)
		}
		return m
	}
	first := states(e.Engine)
	if !first[discreettest.Purpose+"/runners"].Open || !first[ads+"/ad-runners"].Open || first[discreettest.Purpose+"/readers"].Open {
		t.Errorf("%+v", first)
	}
	a, err := e.Audience(ctx, ads, "ad-runners")
	if check(t, err); a.State != first[ads+"/ad-runners"] || a.Purpose != ads {
		t.Errorf("%+v", a)
	}
	if _, err := e.Audience(ctx, ads, "runners"); !errors.Is(err, discreet.ErrNoSegment) {
		t.Errorf("%v", err)
	}
	again := e.Config
	other, err := discreet.Open(ctx, again) // as after a restart, or in another process
	check(t, err)
	if !maps.Equal(states(other), first) {
		t.Errorf("after a restart %+v", states(other))
	}
	for i := range crowd {
		if i >= 10 {
			check(t, errOf(e.Withdraw(ctx, somebody(i), discreettest.Purpose)))
		}
	}
	if !states(e.Engine)[discreettest.Purpose+"/runners"].Open {
		t.Error("people who left closed a segment without a release")
	}
	e.Clock.Advance(24 * time.Hour)
	count(t, e, "second")
	if s := states(e.Engine); s[discreettest.Purpose+"/runners"].Open || !s[ads+"/ad-runners"].Open {
		t.Errorf("after most left: %+v", s)
	}
	if !maps.Equal(states(other), states(e.Engine)) {
		t.Error("another engine on the store does not follow")
	}
	if got, _ := exported(t, e, toPartner, everybody(crowd)); len(got) != 0 {
		t.Errorf("%d exported of a closed segment", len(got))
	}
	e.Clock.Advance(4 * 24 * time.Hour)
	if s := states(e.Engine)[ads+"/ad-runners"]; s.Open || s.Why != audience.Stale {
		t.Errorf("days later: %+v", s)
	}
	check(t, other.Close())
	if _, err := other.Audiences(ctx); !errors.Is(err, discreet.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// TestAudienceConfig refuses what cannot be carried, with the number that would do.
func TestAudienceConfig(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, shared())
	cfg := e.Config
	open := func(change func(c *audience.Config)) error {
		c, a := cfg, *cfg.Audience
		change(&a)
		c.Audience, c.Store = &a, memstore.Volatile()
		_, err := discreet.Open(ctx, c)
		return err
	}
	var small *audience.SmallError
	if err := open(func(c *audience.Config) { c.MinPeople = 10 }); !errors.As(err, &small) || small.Smallest <= 10 {
		t.Fatalf("10 people: %v", err)
	}
	check(t, open(func(c *audience.Config) { c.MinPeople = int(small.Smallest) }))
	if err := open(func(c *audience.Config) { c.MinPeople = 0 }); !errors.Is(err, audience.ErrConfig) {
		t.Errorf("nobody: %v", err)
	}
	cfg.Notices = slices.Clone(cfg.Notices)
	cfg.Notices[0].RetentionDays, cfg.TTLDays = 61, 61
	check(t, open(func(c *audience.Config) { c.TTLDays = 61 }))
	if err := open(func(c *audience.Config) { c.TTLDays = 62 }); !errors.Is(err, discreet.ErrMembership) {
		t.Errorf("longer than is promised: %v", err)
	}
	x, err := e.AudienceOutlook("sizes", 0.05)
	if check(t, err); x.OpensFrom > crowd || x.Smallest > 50 {
		t.Errorf("%+v", x)
	}
	if _, err := e.AudienceOutlook("sizes", 1e-4); !errors.As(err, &small) {
		t.Errorf("a small share: %v", err)
	}
	for _, m := range []string{"views", ""} {
		if _, err := e.AudienceOutlook(m, 0.1); err == nil {
			t.Errorf("an outlook of %q", m)
		}
	}
	plain := openWorld(t, discreet.Config{})
	for name, err := range map[string]error{
		"audiences": second(plain.Audiences(ctx)), "outlook": second(plain.AudienceOutlook("sizes", 0.1)),
		"export": second(plain.ExportMemberships(ctx, toPartner, everybody(1), func(discreet.Membership) error { return nil }, operator)),
	} {
		if !errors.Is(err, discreet.ErrNoAudience) {
			t.Errorf("%s without an audience: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

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
	e.Clock.Set(discreettest.Start.AddDate(0, 0, 8))
	count(t, e, "later")
	if got := last(1); !got.Equal(day.AddDate(0, 0, 10)) {
		t.Errorf("two days before the end: until %v", got)
	}
	e.Clock.Set(discreettest.Start.AddDate(0, 0, 10).Add(-time.Hour))
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

// TestExportFails fails in the midst of it: whatever was handed out is recorded, and
// the next export goes on.
func TestExportFails(t *testing.T) {
	ctx := t.Context()
	store := &faulty{Store: memstore.Volatile()}
	cfg := shared()
	cfg.Store = store
	e := opened(t, cfg)
	for _, after := range []bool{false, true} {
		store.at, store.after = 2, after // the first one reads
		n := 0
		_, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(discreet.Membership) error { n++; return nil }, operator)
		if !errors.Is(err, errFault) || n != 0 {
			t.Errorf("a write failed: %v, %d handed out", err, n)
		}
		if left := len(told1(t, e, somebody(0))); (left == 1) != after {
			t.Errorf("failed after it happened %v: %d told", after, left)
		}
	}
	stop := errors.New("stop")
	n := 0
	x, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(discreet.Membership) error {
		if n++; n == 5 {
			return stop
		}
		return nil
	}, operator)
	if !errors.Is(err, stop) || n != 5 || x.Memberships != 4 {
		t.Errorf("%v, %d, %+v", err, n, x)
	}
	done, cancel := context.WithCancel(ctx)
	n = 0
	x, err = e.ExportMemberships(done, toPartner, everybody(crowd), func(discreet.Membership) error {
		if n++; n == 5 {
			cancel()
		}
		return nil
	}, operator)
	if !errors.Is(err, context.Canceled) || n != 5 || x.Memberships != 5 {
		t.Errorf("%v, %d, %+v", err, n, x)
	}
	if got, _ := exported(t, e, toPartner, everybody(crowd)); len(got) != crowd {
		t.Errorf("%d in the end", len(got))
	}
	// Every entry of a disclosure is in the consent log.
	check(t, store.ConsentSweep(ctx, func(_ consent.Subject, row []byte) ([]byte, error) {
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		found := false
		for _, entry := range r.Entries() {
			if entry.Kind == consent.KindDisclosed {
				_, logged, err := consent.NewLog(store).Find(ctx, entry.Commitment())
				if found = true; err != nil || !logged {
					t.Error("a disclosure is not in the log")
				}
			}
		}
		if !found {
			t.Error("a member's record has no entry of the disclosure")
		}
		return row, nil
	}))
}

// TestExportAcrossKeys exchanges the root in between: the recipient knows members
// under another pseudonym then, and both are told of.
func TestExportAcrossKeys(t *testing.T) {
	ctx := t.Context()
	e := opened(t, shared())
	before, _ := exported(t, e, toPartner, everybody(3))
	check(t, e.SetKeys(ctx, rotated(t, e.Config.Keys), operator))
	after, _ := exported(t, e, toPartner, everybody(3))
	for id := range after {
		if _, ok := before[id]; ok {
			t.Error("one pseudonym under two roots")
		}
	}
	if len(before) != 3 || len(after) != 3 || len(told1(t, e, somebody(1))) != 2 {
		t.Errorf("%d, %d, %+v", len(before), len(after), told1(t, e, somebody(1)))
	}
	x, err := e.Erase(ctx, somebody(1), operator)
	if check(t, err); len(x.Disclosures) != 2 || !slices.Equal(x.Recipients, []string{"Host Ltd", "Panel Ltd", "Partner Ltd"}) {
		t.Errorf("%+v", x)
	}
}

// TestSourceOfMembers lets a consent system decide: what it allows names nobody, and
// what it denies is denied.
func TestSourceOfMembers(t *testing.T) {
	src := &source{answer: map[string]consent.Answer{}}
	cfg := shared()
	cfg.Source, cfg.SourceTimeout = src, time.Second
	e := opened(t, cfg)
	src.answer["source"] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now().Add(-time.Hour)}
	_, err := e.Record(t.Context(), with(e, discreet.Opaque("source"), "1", discreet.Signals{Age: consent.Adult}))
	check(t, err)
	src.answer["somebody 1"] = consent.Answer{State: consent.Denied}
	got, x := exported(t, e, toPartner, only(somebody(0), somebody(1), discreet.Opaque("source")))
	if len(got) != 1 || x.Unnamed != 1 || x.Denied[consent.SourceDenied]+x.Denied[consent.Withdrawn] != 1 {
		t.Errorf("%+v", x)
	}
	if p := profiles(t, e, somebody(1)); slices.Contains(p, discreettest.Purpose) {
		t.Error("what the source ended is still held")
	}
}

// TestFullRecord holds that a person whose record has no room is left out.
func TestFullRecord(t *testing.T) {
	cfg := shared()
	for i := range 64 {
		cfg.Segments = append(cfg.Segments, atLeast(fmt.Sprintf("run-%02d", i), "sports.running", 1))
	}
	cfg.Measures[0] = dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 66, Share: 0.9}
	cfg.Measures[1] = dp.SegmentSizes{Name: "ad-sizes", Purpose: ads, MaxSegments: 1, Share: 0.1}
	cfg.Audience.Chance = 0
	cfg.Audience.MinPeople = 60
	cfg.Budget.Epsilon = 8
	e := discreettest.Open(t, cfg)
	fill(t, e, 2*crowd)
	_, err := e.Release(t.Context(), discreet.Query{Name: "much", Measure: "sizes", Share: 0.9}, operator)
	check(t, err)
	var names []string
	for _, s := range cfg.Segments {
		if strings.HasPrefix(s.Name, "run-") {
			names = append(names, s.Name)
		}
	}
	full := 0
	for _, q := range []discreet.MembershipExport{
		{Recipient: "Partner Ltd", Sharing: partners}, {Recipient: "Panel Ltd", Sharing: partners},
		{Recipient: "Partner Ltd", Sharing: "research"}, {Recipient: "Panel Ltd", Sharing: "research"},
	} {
		q.Purpose, q.Segments = discreettest.Purpose, names
		got, x := exported(t, e, q, only(somebody(0)))
		full += x.Full
		for _, list := range got {
			if len(list) != 64 {
				t.Fatalf("%d of 64 segments open", len(list))
			}
		}
	}
	if full != 0 || len(told1(t, e, somebody(0))) != consent.MaxDisclosures {
		t.Fatalf("%d full, %d told", full, len(told1(t, e, somebody(0))))
	}
	q := toPartner
	q.Segments = []string{"runners"}
	if got, x := exported(t, e, q, only(somebody(0), somebody(1))); x.Full != 1 || len(got) != 1 {
		t.Errorf("%+v", x)
	}
	q.Segments = nil // more than fit into one export
	if _, err := e.ExportMemberships(t.Context(), q, everybody(1), func(discreet.Membership) error { return nil }, operator); !errors.Is(err, discreet.ErrSegments) {
		t.Errorf("%v", err)
	}
}
