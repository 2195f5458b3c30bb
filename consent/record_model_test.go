package consent_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

var treeKeys = []string{"a", "a.b", "a.b.c", "d", "e"}

// pair is a Record, and the plain History that took the same steps.
type pair struct {
	r    *consent.Record
	h    *consent.History
	read map[[32]byte]bool // commitments of what was read
	last time.Time         // the latest clock so far
}

func newPair(t failer) *pair {
	p := &pair{r: &consent.Record{}, h: &consent.History{}, last: t0}
	p.restart(t)
	return p
}

func (p *pair) restart(t failer) {
	t.Helper()
	p.r, p.h = reread(t, p.r), clone(t, p.h)
	p.read = map[[32]byte]bool{}
	for _, e := range p.r.Entries() {
		p.read[e.Commitment()] = true
	}
	if len(p.r.Fresh()) != 0 {
		t.Fatal("what was read is fresh")
	}
}

// follow brings the plain history to that of the record, after a step that it has
// not.
func (p *pair) follow(t failer) {
	t.Helper()
	p.h = clone(t, p.r.History())
}

// check holds what is always true, and returns the row.
func (p *pair) check(t *rapid.T, b *consent.Book, now time.Time) {
	row := p.r.Row()
	if !bytes.Equal(p.r.History().Row(), p.h.Row()) {
		t.Fatal("the history of the record is another one")
	}
	back, err := consent.ReadRecord(row)
	if err != nil || !bytes.Equal(back.Row(), row) {
		t.Fatalf("row does not come back: %v", err)
	}
	deciding, err := consent.Deciding(row)
	if err != nil || !bytes.Equal(deciding.Row(), p.h.Row()) {
		t.Fatalf("Deciding reads another history: %v", err)
	}
	for _, key := range treeKeys {
		q := consent.Question{Subject: subject(1), Purpose: key, History: p.h, EventTime: now.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(t, "back")), Now: now}
		want := b.Decide(q)
		if q.History = deciding; b.Decide(q) != want {
			t.Fatal("a decision by the row is another one")
		}
	}
	list := p.r.Entries()
	if len(list) > 128 {
		t.Fatalf("%d entries", len(list))
	}
	var fresh []string
	seen := map[[16]byte]bool{{}: true}
	for i, e := range list {
		if seen[e.Salt] || e.Record == [16]byte{} {
			t.Fatal("a salt is empty or used twice, or there is no record id")
		}
		seen[e.Salt] = true
		if !p.read[e.Commitment()] {
			fresh = append(fresh, told(e))
		} else if fresh != nil {
			t.Fatal("what is fresh does not stand last")
		}
		if o := back.Entries()[i]; o.Commitment() != e.Commitment() || told(o) != told(e) {
			t.Fatal("an entry changed in its row")
		}
		if !slices.IsSorted(e.Purposes) || len(slices.Compact(slices.Clone(e.Purposes))) != len(e.Purposes) {
			t.Fatal("purposes are not sorted and distinct")
		}
	}
	if got := lines(p.r.Fresh()); !slices.Equal(got, fresh) {
		t.Fatalf("fresh %q, want %q", got, fresh)
	}
}

// Over random steps: a record decides as a plain history does; its row keeps
// everything; every consent that begins or ends has an entry that says so.
func TestRecordAgreesWithHistory(t *testing.T) {
	b := treeBook(t)
	rapid.Check(t, func(t *rapid.T) {
		p := newPair(t)
		clock := t0
		pick := rapid.SampledFrom(treeKeys)
		some := rapid.SliceOfNDistinct(pick, 0, 3, rapid.ID[string])
		advance := rapid.OneOf(rapid.Just(time.Duration(0)), rapid.Just(time.Millisecond), rapid.Just(30*24*time.Hour),
			rapid.Custom(func(t *rapid.T) time.Duration {
				return time.Duration(rapid.IntRange(0, 500).Draw(t, "days")) * 24 * time.Hour
			}),
			rapid.Custom(func(t *rapid.T) time.Duration {
				return -time.Duration(rapid.IntRange(0, 299).Draw(t, "s")) * time.Second
			}))
		choice := func(t *rapid.T) consent.Choice {
			c := consent.Choice{Notice: "tree", Version: rapid.IntRange(1, 2).Draw(t, "version"), Locale: "en", Grant: some.Draw(t, "grant"), Refuse: some.Draw(t, "refuse")}
			if rapid.Bool().Draw(t, "method") {
				c.Method = "banner"
			}
			return c
		}
		// step takes a step that needs an entry for all that ends with it, and begins.
		step := func(t *rapid.T, f func()) {
			before, entries := p.r.History().Open(clock), len(p.r.Fresh())
			f()
			var named []string
			list := p.r.Fresh()[min(entries, len(p.r.Fresh())):]
			merge := slices.ContainsFunc(list, func(e consent.Entry) bool { return e.Kind == consent.KindMoved })
			if merge {
				list = p.r.Entries() // it brings the entries of what begins
			}
			for _, e := range list {
				named = append(named, e.Purposes...)
			}
			open := p.r.History().Open(clock)
			for _, e := range p.r.Fresh()[min(entries, len(p.r.Fresh())):] {
				says := map[consent.Kind]bool{consent.KindGiven: true, consent.KindRefused: false, consent.KindWithdrawn: false, consent.KindOptedOut: false}
				for _, key := range e.Purposes {
					if yes, ok := says[e.Kind]; ok && len(p.r.Entries()) < 128 && !merge && slices.Contains(open, key) != yes {
						t.Fatalf("open %q after %s", open, told(e))
					}
				}
			}
			if len(p.r.Entries()) == 128 {
				return
			}
			for _, key := range treeKeys {
				if slices.Contains(before, key) != slices.Contains(open, key) && !slices.Contains(named, key) {
					t.Fatalf("%s began or ended, and no entry names it: %q", key, lines(p.r.Fresh()))
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				clock = clock.Add(advance.Draw(t, "wait"))
				if clock.After(p.last) {
					p.last = clock
				}
			},
			"choose": func(t *rapid.T) {
				c := choice(t)
				step(t, func() {
					if one, two := p.r.Choose(b, c, clock), b.Choose(p.h, c, clock); one != two {
						t.Fatalf("%v, %v", one, two)
					}
				})
			},
			"withdraw": func(t *rapid.T) {
				key := pick.Draw(t, "purpose")
				step(t, func() {
					if one, two := p.r.Withdraw(key, clock), p.h.Withdraw(key, clock); one != two {
						t.Fatalf("%v, %v", one, two)
					}
				})
			},
			"optout": func(t *rapid.T) {
				key := pick.Draw(t, "purpose")
				by := consent.Reason(rapid.IntRange(0, 20).Draw(t, "by"))
				step(t, func() {
					if p.r.OptOut(key, by, clock) == bytes.Equal(p.r.History().Row(), p.h.Row()) {
						t.Fatal("an opt-out does not say whether it changed something")
					}
				})
				if !slices.Contains([]consent.Reason{consent.OptedOutGPC, consent.OptedOutGPP, consent.RefusedTCF, consent.TooYoung, consent.SourceDenied}, by) {
					return
				}
				if !p.r.History().Refused(key, clock) {
					t.Fatal("no no stands after an opt-out")
				}
				p.follow(t)
			},
			"import": func(t *rapid.T) {
				c := consent.Historic{Choice: choice(t), At: clock.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "ago")), Proof: "x"}
				step(t, func() {
					if _, err := p.r.Import(b, c, clock); err == nil {
						p.follow(t)
					}
				})
			},
			"disclose": func(t *rapid.T) {
				if rapid.Bool().Draw(t, "agree first") {
					c := consent.Choice{Notice: "told", Version: 1, Locale: "en", Grant: []string{"share"}}
					if one, two := p.r.Choose(b, c, clock), b.Choose(p.h, c, clock); one != two {
						t.Fatalf("%v, %v", one, two)
					}
				}
				d := runnersTo(rapid.SampledFrom([]string{"Panel Ltd", "Bureau", "Nobody"}).Draw(t, "to"), clock.AddDate(0, 0, rapid.IntRange(1, 60).Draw(t, "lasts")))
				d.Segment = fmt.Sprint("s", rapid.IntRange(0, 3).Draw(t, "segment"))
				before := p.r.Row()
				changed, err := p.r.Disclose(b, d, clock)
				if err != nil && changed || changed == bytes.Equal(before, p.r.Row()) {
					t.Fatalf("changed: %v, %v", changed, err)
				}
				if named := p.r.History().Open(clock); err == nil && (d.Recipient == "Nobody" || !slices.Contains(named, "share")) {
					t.Fatal("told without consent")
				}
			},
			"serve": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 1, 1, 40}).Draw(t, "times") {
					serve(t, b, p.r, clock)
				}
			},
			"lapse": func(t *rapid.T) {
				lapsing := p.r.Lapsing(clock)
				if got := p.r.Lapse(clock); lapsing != (got != nil) || p.r.Lapsing(clock) {
					t.Fatalf("lapsing %v, %q", lapsing, got)
				}
			},
			"erase": func(t *rapid.T) { p.r.Erase(clock); p.h.Erase(clock) },
			"leave": func(t *rapid.T) { p.r.Leave(clock); p.h.Leave(clock) },
			"merge": func(t *rapid.T) {
				other := newPair(t)
				for range rapid.IntRange(0, 3).Draw(t, "steps") {
					c, when := choice(t), clock.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(t, "ago"))
					if one, two := other.r.Choose(b, c, when), b.Choose(other.h, c, when); one != two {
						t.Fatalf("%v, %v", one, two)
					}
				}
				if rapid.Bool().Draw(t, "written") {
					other.restart(t)
					for e := range other.read {
						p.read[e] = true
					}
				}
				step(t, func() { p.r.Merge(other.r, clock); p.h.Merge(other.h, clock) })
			},
			"sweep": func(t *rapid.T) {
				keep := time.Duration(rapid.IntRange(-1, 200).Draw(t, "keep")) * 24 * time.Hour
				sweep(t, b, p, clock, keep)
			},
			"restart": func(t *rapid.T) { p.restart(t) },
			"":        func(t *rapid.T) { p.check(t, b, clock) },
		})
	})
}

// sweep expires and holds that entries go only when allowed, and no decision at
// now or later changes.
func sweep(t *rapid.T, b *consent.Book, p *pair, now time.Time, keep time.Duration) {
	type question struct {
		key        string
		event, now time.Time
	}
	decide := func() map[question]bool {
		got := map[question]bool{}
		for _, key := range treeKeys {
			for _, back := range []int{-1, 0, 1, 29, 30, 31, 100, 400} {
				for _, later := range []int{0, 1, 29, 30, 31, 100} {
					q := question{key, now.AddDate(0, 0, -back), now.AddDate(0, 0, later)}
					got[q] = allowed(b, p.r.History(), key, q.event, q.now)
				}
			}
		}
		return got
	}
	before, entries, row := decide(), p.r.Entries(), p.r.Row()
	changed := p.r.Expire(now, keep)
	p.h.Expire(now, keep)
	if changed == bytes.Equal(row, p.r.Row()) {
		t.Fatalf("changed: %v", changed)
	}
	for q, yes := range decide() {
		if before[q] != yes {
			t.Fatalf("%s: event %v, now %v: %v after a sweep", q.key, q.event, q.now, yes)
		}
	}
	left := map[[32]byte]bool{}
	for _, e := range p.r.Entries() {
		left[e.Commitment()] = true
	}
	for _, e := range entries {
		need := max(keep, 24*time.Hour)
		if e.Kind != consent.KindErased && e.Kind != consent.KindMoved {
			need += consent.MaxConsentDays * 24 * time.Hour
		}
		if !left[e.Commitment()] && p.last.Sub(e.At) < need {
			t.Fatalf("went too early: %s", told(e))
		}
		if left[e.Commitment()] && now.Sub(e.At) >= need {
			t.Fatalf("stays: %s", told(e))
		}
	}
}
