package discreet_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// faultySweep also fails writes of the consent log, and single rows of sweeps.
type faultySweep struct{ faulty }

func (f *faultySweep) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	return f.write(func() error { return f.Store.ConsentLogAppend(ctx, seq, records...) })
}

func (f *faultySweep) ProfileSweep(ctx context.Context, purpose string, g func(id segment.ID, row []byte) ([]byte, error)) error {
	return f.Store.ProfileSweep(ctx, purpose, func(id segment.ID, row []byte) (next []byte, err error) {
		err = f.write(func() error { next, err = g(id, row); return err })
		return next, err
	})
}

func (f *faultySweep) ConsentSweep(ctx context.Context, g func(who consent.Subject, row []byte) ([]byte, error)) error {
	return f.Store.ConsentSweep(ctx, func(who consent.Subject, row []byte) (next []byte, err error) {
		err = f.write(func() error { next, err = g(who, row); return err })
		return next, err
	})
}

// entriesOf returns all entries of all records, by kind.
func entriesOf(t *testing.T, s discreet.Store) map[consent.Kind][]consent.Entry {
	t.Helper()
	m := map[consent.Kind][]consent.Entry{}
	check(t, s.ConsentSweep(t.Context(), func(_ consent.Subject, row []byte) ([]byte, error) {
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		for _, e := range r.Entries() {
			m[e.Kind] = append(m[e.Kind], e)
		}
		return row, nil
	}))
	return m
}

// TestFaultsOfSweep fails every single write of sweeps over consents that expired, in
// turn, before and after it happened: with the sweeps that follow, every expiry has one
// entry, it is in the log, and was told.
func TestFaultsOfSweep(t *testing.T) {
	ctx := t.Context()
	n := discreettest.Notice()
	n.ConsentDays = 10
	keys := openWorld(t, discreet.Config{}).Config.Keys
	people := []discreet.Raw{ann, bob, discreet.Opaque("carl")}
	run := func(at int, after bool) int {
		f, o := &faultySweep{faulty{Store: memstore.Volatile()}}, &told{}
		e := openWorld(t, discreet.Config{Store: f, Keys: keys, Notices: []consent.Notice{n}, Ended: o.tell})
		for _, who := range people {
			e.Agree(t, who)
			_, err := e.Record(ctx, event(e, who, "1", "a", "sports.running"))
			check(t, err)
			e.Clock.Advance(time.Minute)
		}
		e.Clock.Advance(11 * 24 * time.Hour)
		f.at, f.after, f.writes = at, after, 0
		failed := 0
		for range 3 { // days
			for {
				_, err := e.Sweep(ctx)
				if err == nil {
					break
				}
				if failed++; failed > 1 {
					t.Fatalf("write %d: %v", at, err)
				}
			}
			e.Clock.Advance(24 * time.Hour)
		}
		writes := f.writes
		f.at = 0
		if got := entriesOf(t, f.Store); len(got[consent.KindExpired]) != len(people) || len(got[consent.KindGiven]) != len(people) {
			t.Errorf("write %d, after it happened %v: %d entries of expiries", at, after, len(got[consent.KindExpired]))
		}
		allLogged(t, f.Store)
		if n := len(rows(t, f.Store)); n != 0 {
			t.Errorf("write %d: %d profiles are left", at, n)
		}
		if list := o.take(); len(list) < len(people) {
			t.Errorf("write %d: told %d times", at, len(list))
		}
		return writes
	}
	writes := run(0, false)
	if writes < 6 {
		t.Fatalf("%d writes", writes)
	}
	for at := 1; at <= writes; at++ {
		for _, after := range []bool{false, true} {
			run(at, after)
		}
	}
}

// TestRowIsBounded holds that a person who goes to and fro, is shown notices and says
// no with every request keeps a row of bounded size, in which what was last agreed to is
// proven still.
func TestRowIsBounded(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	cfg := advertised()
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	size := func() (n int) {
		check(t, store.ConsentSweep(ctx, func(_ consent.Subject, row []byte) ([]byte, error) { n += len(row); return row, nil }))
		return n
	}
	check(t, e.Choose(ctx, ann, agree))
	given := entriesOf(t, store)[consent.KindGiven][0].Commitment()
	answer := discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en"}
	gpc := discreet.Signals{Age: consent.Adult, GPC: true}
	most := 0
	for i := range 10_000 {
		e.Clock.Advance(time.Second)
		switch i % 5 {
		case 0:
			answer.Grant, answer.Refuse = []string{ads}, nil
			check(t, e.Choose(ctx, ann, answer))
		case 1:
			answer.Grant, answer.Refuse = nil, []string{ads}
			check(t, e.Choose(ctx, ann, answer))
		case 2:
			check(t, e.Served(ctx, ann, "personal-pages", 1, "en"))
		default:
			_, err := e.Decide(ctx, ann, &gpc)
			check(t, err)
		}
		if i%1000 == 999 {
			most = max(most, size())
		}
	}
	if most > 10_000 {
		t.Errorf("a row of %d bytes", most)
	}
	if !slices.ContainsFunc(entriesOf(t, store)[consent.KindGiven], func(e consent.Entry) bool { return e.Commitment() == given }) {
		t.Error("what the person agreed to, and still does, is not proven any more")
	}
	r, err := e.Decide(ctx, ann, nil)
	check(t, err)
	if !r[discreettest.Purpose].Allowed {
		t.Errorf("%v", r)
	}
	// With a no that stands, signals write nothing.
	before := size()
	records := 0
	check(t, e.ConsentLog(ctx, func(consent.LogRecord) error { records++; return nil }))
	for range 1000 {
		e.Clock.Advance(time.Second)
		_, err := e.Record(ctx, with(e, ann, "x", gpc))
		check(t, err)
	}
	check(t, e.ConsentLog(ctx, func(consent.LogRecord) error { records--; return nil }))
	if records != 0 || size() != before {
		t.Errorf("a thousand requests with a signal: %d records, %d bytes more", -records, size()-before)
	}
	t.Logf("%d bytes", most)
}

// TestJournalsBecomeOne holds that the person sees what happened under every name once
// they are one, also what was only shown, and that erasing under one name leaves no salt,
// proof or text of any in the store.
func TestJournalsBecomeOne(t *testing.T) {
	day := func(n int) time.Time { return discreettest.Start.AddDate(0, 0, n) }
	device := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e")
	hash, _ := pseudonym.SHA256Email.Of(ann)
	for name, c := range map[string]struct {
		other discreet.Raw
		join  func(e *discreettest.Engine) error
	}{
		"merge": {device, func(e *discreettest.Engine) error { return e.Merge(t.Context(), device, ann) }},
		"rule":  {hash, func(*discreettest.Engine) error { return nil }}, // Config.Adopt, when next seen
		"adopt": {discreet.Opaque("cdp-77"), func(e *discreettest.Engine) error {
			_, err := e.Adopt(t.Context(), func(yield func(discreet.Raw, discreet.Raw) bool) { yield(discreet.Opaque("cdp-77"), ann) })
			return err
		}},
		"rekey": {hash, func(e *discreettest.Engine) error {
			if err := e.SetKeys(t.Context(), rotated(t, e.Config.Keys), operator); err != nil {
				return err
			}
			_, err := e.Rekey(t.Context(), func(yield func(discreet.Raw) bool) { yield(ann) })
			return err
		}},
	} {
		for _, shownOnly := range []bool{false, true} {
			store := memstore.Volatile()
			e := openWorld(t, discreet.Config{Store: store, Adopt: []pseudonym.Rule{pseudonym.SHA256Email}})
			if shownOnly {
				check(t, e.Served(t.Context(), c.other, "personal-pages", 1, "en"))
			} else {
				_, err := e.Import(t.Context(), all(historic(c.other, day(-30), agree)))
				check(t, err)
				recordOne(t, e.Engine, c.other, "1")
			}
			e.Clock.Advance(time.Hour)
			before := entriesOf(t, store)
			if name == "merge" || name == "adopt" {
				e.Agree(t, ann)
				before[consent.KindGiven] = append(before[consent.KindGiven], entriesOf(t, store)[consent.KindGiven]...)
			}
			e.Clock.Advance(time.Hour)
			check(t, c.join(e))
			x, err := e.Export(t.Context(), ann, operator)
			check(t, err)
			total := 0
			for kind, list := range before {
				total += len(list)
				for _, entry := range list {
					if !slices.ContainsFunc(x.Consent.Journal, func(h consent.Happened) bool { return h.What == kind && h.At.Equal(entry.At) }) {
						t.Errorf("%s, shown only %v: %v of %v is not in the export", name, shownOnly, kind, entry.At)
					}
				}
			}
			if total == 0 {
				t.Fatal("nothing happened")
			}
			allLogged(t, store)
			e.Clock.Advance(time.Hour)
			check(t, errOf(e.Erase(t.Context(), ann, operator)))
			left := 0
			check(t, store.ConsentSweep(t.Context(), func(_ consent.Subject, row []byte) ([]byte, error) {
				left++
				for kind, list := range before {
					for _, entry := range list {
						for _, part := range [][]byte{entry.Salt[:], entry.Record[:], []byte("crm:1"), []byte("personal-pages")} {
							if bytes.Contains(row, part) {
								t.Errorf("%s, shown only %v: a part of what was %v is left", name, shownOnly, kind)
							}
						}
					}
				}
				return row, nil
			}))
			if left == 0 || len(rows(t, store)) != 0 {
				t.Errorf("%s: %d consent rows, %d profiles", name, left, len(rows(t, store)))
			}
		}
	}
}

// TestImportMany imports many answers at once, people twice and under two identifiers
// among them: it is bounded in memory, and leaves what each comes to.
func TestImportMany(t *testing.T) {
	store := memstore.Volatile()
	e := openWorld(t, discreet.Config{Store: store, Adopt: []pseudonym.Rule{pseudonym.SHA256Email}})
	const people = 10_000
	at := discreettest.Start.AddDate(0, 0, -9)
	who := func(i int) discreet.Raw { return discreet.Email(fmt.Sprintf("p%d@example.com", i)) }
	var answers iter.Seq[discreet.Historic] = func(yield func(discreet.Historic) bool) {
		for i := range people {
			hash, _ := pseudonym.SHA256Email.Of(who(i))
			for _, h := range []discreet.Historic{
				historic(hash, at, agree),
				historic(who(i), at.Add(time.Hour), agree),
				historic(who(i), at.Add(time.Hour), agree),
			} {
				if !yield(h) {
					return
				}
			}
			if i%100 == 0 && !yield(historic(hash, at.Add(2*time.Hour), refuse)) {
				return
			}
		}
	}
	start := time.Now()
	n, err := e.Import(t.Context(), answers)
	check(t, err)
	took := time.Since(start)
	if n.Answers != 3*people+people/100 || n.Malformed != 0 || n.Given+n.Known+n.Refused != n.Answers {
		t.Errorf("%+v", n)
	}
	for i := range 300 {
		d, err := e.Decide(t.Context(), who(i), nil)
		check(t, err)
		if d[discreettest.Purpose].Allowed != (i%100 != 0) {
			t.Errorf("person %d: %v", i, d)
		}
	}
	if took > time.Minute {
		t.Errorf("%d answers took %v", n.Answers, took)
	}
	t.Logf("%d answers in %v", n.Answers, took.Round(time.Millisecond))
}

// TestImportTold holds that what an import ended is told although a later answer, or
// the callback, fails.
func TestImportTold(t *testing.T) {
	o := &told{err: errFault}
	e := openWorld(t, discreet.Config{Ended: o.tell})
	e.Agree(t, ann, bob)
	e.Clock.Advance(24 * time.Hour)
	at := discreettest.Start.Add(time.Hour)
	bad := historic(bob, at, agree)
	bad.Proof = ""
	n, err := e.Import(t.Context(), all(historic(ann, at, refuse), historic(bob, at, refuse), bad))
	if err == nil || n.Refused != 2 || n.Answers != 3 {
		t.Errorf("%v, %+v", err, n)
	}
	if list := o.take(); len(list) != 2 {
		t.Errorf("told %+v", list)
	}
}
