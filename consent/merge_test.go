package consent_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

var mergeTree = []string{"ads", "ads.partner", "help"}

// randomHistory answers, withdraws, erases and lets time go by.
func randomHistory(t *rapid.T, b *consent.Book, label string, until int) *consent.History {
	h := &consent.History{}
	for day := range until {
		now := after(day)
		switch rapid.IntRange(0, 9).Draw(t, label) {
		case 0, 1:
			choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{rapid.SampledFrom(mergeTree).Draw(t, "grant")}}, now)
		case 2:
			choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Refuse: []string{rapid.SampledFrom(mergeTree).Draw(t, "refuse")}}, now)
		case 3:
			h.Withdraw(rapid.SampledFrom(mergeTree).Draw(t, "withdraw"), now)
		case 4:
			if rapid.IntRange(0, 3).Draw(t, "erase") == 0 {
				h.Erase(now)
			}
		}
	}
	return h
}

func clone(t failer, h *consent.History) *consent.History {
	t.Helper()
	c, err := consent.ReadHistory(h.Row())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mergeBook has consents short enough to lapse within a test.
func mergeBook(t failer) *consent.Book {
	tree := purposes("tree", mergeTree...)
	tree.ConsentDays, tree.RefusalDays = 8, 20
	return newBook(t, tree)
}

func allowed(b *consent.Book, h *consent.History, purpose string, event, now time.Time) bool {
	return b.Decide(consent.Question{Subject: subject(1), Purpose: purpose, History: h, EventTime: event, Now: now}).Allowed
}

func merged(t failer, now time.Time, into *consent.History, from ...*consent.History) *consent.History {
	t.Helper()
	m := clone(t, into)
	for _, h := range from {
		m.Merge(h, now)
		m = clone(t, m)
	}
	return m
}

// TestMergeStricter: whatever is allowed after a merge was allowed before on each
// side that had an answer; and whatever one side alone had, stays, but what lies
// under a yes that the other side's no ends.
func TestMergeStricter(t *testing.T) {
	b := mergeBook(t)
	rapid.Check(t, func(t *rapid.T) {
		const until = 12
		x, y := randomHistory(t, b, "x", until), randomHistory(t, b, "y", until)
		now := after(until).Add(time.Hour)
		one := merged(t, now, x, y)
		again := merged(t, now, one, one, y)
		conflict := func(q string) bool {
			return x.Refused(q, now) && allowed(b, y, q, now, now) || y.Refused(q, now) && allowed(b, x, q, now, now)
		}
		_, erased := one.Erased()
		for _, purpose := range mergeTree {
			stands := func(h *consent.History) bool { return allowed(b, h, purpose, now, now) || h.Refused(purpose, now) }
			ended := conflict(purpose) || strings.HasPrefix(purpose, "ads.") && conflict("ads")
			for hour := 0; hour <= until*24; hour += 6 {
				event := after(0).Add(time.Duration(hour) * time.Hour)
				got := allowed(b, one, purpose, event, now)
				if got != allowed(b, again, purpose, event, now) {
					t.Fatalf("%s: a merge of what is merged changes something", purpose)
				}
				want := (stands(x) || stands(y)) && (!stands(x) || allowed(b, x, purpose, event, now)) && (!stands(y) || allowed(b, y, purpose, event, now))
				if got && !want {
					t.Fatalf("%s, event in hour %d: allowed after, and not before", purpose, hour)
				}
				if want && !got && !erased && !ended {
					t.Fatalf("%s, event in hour %d: allowed before by all who said anything, and not after", purpose, hour)
				}
			}
			if (x.Refused(purpose, now) || y.Refused(purpose, now)) && !one.Refused(purpose, now) {
				t.Fatalf("%s: a no was lost", purpose)
			}
			if ended && !one.Returned(now, purpose) {
				t.Fatalf("%s: a consent that the merge ended does not count as a return", purpose)
			}
			for _, side := range []*consent.History{x, y} {
				for day := range until {
					if side.Refused(purpose, now) && side.Returned(after(day), purpose) && !one.Returned(after(day), purpose) {
						t.Fatalf("%s: a return is not noticed", purpose)
					}
				}
			}
		}
	})
}

// TestMergeInAnyOrder: of three identifiers, whichever are merged first, the same
// is allowed, refused and asked.
func TestMergeInAnyOrder(t *testing.T) {
	b := mergeBook(t)
	rapid.Check(t, func(t *rapid.T) {
		const until = 12
		x, y, z := randomHistory(t, b, "x", until), randomHistory(t, b, "y", until), randomHistory(t, b, "z", until)
		now := after(until).Add(time.Hour)
		one := merged(t, now, x, y, z)
		for i, other := range []*consent.History{merged(t, now, x, merged(t, now, y, z)), merged(t, now, z, x, y), merged(t, now, y, z, x), merged(t, now, z, y, x)} {
			for _, purpose := range mergeTree {
				for hour := 0; hour <= until*24; hour += 6 {
					if event := after(0).Add(time.Duration(hour) * time.Hour); allowed(b, one, purpose, event, now) != allowed(b, other, purpose, event, now) {
						t.Fatalf("order %d, %s, hour %d: allowed in one order only", i, purpose, hour)
					}
				}
				if one.Refused(purpose, now) != other.Refused(purpose, now) {
					t.Fatalf("order %d, %s: refused in one order only", i, purpose)
				}
				for day := range 30 {
					later := now.AddDate(0, 0, day)
					if asked := len(b.Needs(one, []string{purpose}, later)); asked != len(b.Needs(other, []string{purpose}, later)) {
						t.Fatalf("order %d, %s, day %d: asked in one order only", i, purpose, day)
					}
				}
			}
		}
	})
}

// TestMergeWithAClockThatRanBack: what neither side allows at an earlier clock,
// the merge does not allow.
func TestMergeWithAClockThatRanBack(t *testing.T) {
	b := mergeBook(t)
	rapid.Check(t, func(t *rapid.T) {
		const until = 12
		x, y := randomHistory(t, b, "x", until), randomHistory(t, b, "y", until)
		back := after(rapid.IntRange(0, until).Draw(t, "day")).Add(time.Hour)
		one := merged(t, back, x, y)
		for _, purpose := range mergeTree {
			for hour := 0; hour <= until*24; hour += 6 {
				event := after(0).Add(time.Duration(hour) * time.Hour)
				if allowed(b, one, purpose, event, back) && !allowed(b, x, purpose, event, back) && !allowed(b, y, purpose, event, back) {
					t.Fatalf("%s, hour %d: neither side allows it", purpose, hour)
				}
			}
		}
	})
}

// TestLeave: what moved away leaves a moment that is told from an erasure and
// that the next merge does not take along.
func TestLeave(t *testing.T) {
	b := mergeBook(t)
	yes := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"help"}}
	device := &consent.History{}
	choose(t, b, device, yes, after(0))
	device.Leave(after(1))
	device = clone(t, device)
	if _, erased := device.Erased(); erased || !device.Silent() {
		t.Fatal("a move looks like an erasure, or left something")
	}
	d := b.Decide(consent.Question{Subject: subject(1), Purpose: "help", History: device, EventTime: after(0), Now: after(1)})
	if d.Allowed || d.Reason != consent.Moved || !device.Returned(after(1), "help") {
		t.Fatalf("after a move: %v", d)
	}
	account := &consent.History{}
	choose(t, b, account, yes, after(0))
	before := account.Row()
	account.Merge(device, after(2))
	if !bytes.Equal(before, account.Row()) {
		t.Fatal("a silent side changed something")
	}
	choose(t, b, device, yes, after(3))
	account.Merge(device, after(4))
	if account.Returned(after(1), "help") {
		t.Fatal("the moment of an earlier move came along")
	}
	if !device.Expire(after(60), 24*time.Hour) || device.Row() != nil {
		t.Fatal("the moment of a move is kept for ever")
	}
	erased := &consent.History{}
	choose(t, b, erased, yes, after(0))
	erased.Erase(after(2))
	if account.Merge(erased, after(4)); erased.Silent() || allowed(b, account, "help", after(1), after(4)) {
		t.Fatal("what was erased may come back under the other identifier")
	}
	if erased.Leave(after(4)); !erased.Silent() {
		t.Fatal("an erasure moves twice")
	}
}

// TestNeedsKeepsTheLongestSilence: a short no below a long one does not end it.
func TestNeedsKeepsTheLongestSilence(t *testing.T) {
	long, short := purposes("long", "ads"), purposes("short", "ads.partner")
	long.RefusalDays, short.RefusalDays = 300, 10
	b := newBook(t, long, short)
	h := &consent.History{}
	choose(t, b, h, consent.Choice{Notice: "long", Version: 1, Locale: "en", Refuse: []string{"ads"}}, after(0))
	choose(t, b, h, consent.Choice{Notice: "short", Version: 1, Locale: "en", Refuse: []string{"ads.partner"}}, after(1))
	if asks := b.Needs(h, []string{"ads.partner"}, after(20)); len(asks) != 0 {
		t.Fatal("asked within the silence of the purpose above")
	}
	if asks := b.Needs(h, []string{"ads.partner"}, after(301)); len(asks) != 1 {
		t.Fatal("not asked after both silences")
	}
}
