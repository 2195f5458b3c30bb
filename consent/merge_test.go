package consent_test

import (
	"bytes"
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

// TestMergeStricter: whatever is allowed after a merge was allowed before on each
// side that had an answer; and whatever one side alone had, stays.
func TestMergeStricter(t *testing.T) {
	tree := purposes("tree", mergeTree...)
	tree.ConsentDays = 8
	b := newBook(t, tree)
	rapid.Check(t, func(t *rapid.T) {
		const until = 12
		x, y := randomHistory(t, b, "x", until), randomHistory(t, b, "y", until)
		now := after(until).Add(time.Hour)
		allowed := func(h *consent.History, purpose string, event time.Time) bool {
			return b.Decide(consent.Question{Subject: subject(1), Purpose: purpose, History: h, EventTime: event, Now: now}).Allowed
		}
		merged, other := clone(t, x), clone(t, y)
		merged.Merge(y, now)
		other.Merge(x, now)
		if !bytes.Equal(clone(t, merged).Row(), merged.Row()) {
			t.Fatal("a merge is not canonical")
		}
		again := clone(t, merged)
		again.Merge(merged, now)
		again.Merge(y, now)
		for _, purpose := range mergeTree {
			stands := func(h *consent.History) bool { return allowed(h, purpose, now) || h.Refused(purpose, now) }
			for hour := 0; hour <= until*24; hour += 6 {
				event := after(0).Add(time.Duration(hour) * time.Hour)
				got := allowed(merged, purpose, event)
				if !x.Silent() && !y.Silent() && got != allowed(other, purpose, event) {
					t.Fatalf("%s: the order of a merge matters", purpose)
				}
				if got != allowed(again, purpose, event) {
					t.Fatalf("%s: a merge of what is merged changes something", purpose)
				}
				want := (stands(x) || stands(y)) && (!stands(x) || allowed(x, purpose, event)) && (!stands(y) || allowed(y, purpose, event))
				if got && !want {
					t.Fatalf("%s, event in hour %d: allowed after, and not before", purpose, hour)
				}
				_, erased := merged.Erased()
				if want && !got && !erased {
					t.Fatalf("%s, event in hour %d: allowed before by all who said anything, and not after", purpose, hour)
				}
			}
			if (x.Refused(purpose, now) || y.Refused(purpose, now)) && !merged.Refused(purpose, now) {
				t.Fatalf("%s: a no was lost", purpose)
			}
			for _, side := range []*consent.History{x, y} {
				for day := range until {
					if purpose != "ads.partner" && side.Refused(purpose, now) && side.Returned(after(day), purpose) && !merged.Returned(after(day), purpose) {
						t.Fatalf("%s: a return is not noticed", purpose)
					}
				}
			}
		}
	})
}
