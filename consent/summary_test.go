package consent_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

func TestSummary(t *testing.T) {
	german := in("de", shop())
	german.Purposes[0].Title = "Zeigen, was passt"
	german.Withdrawal = "Unter Einstellungen ausschalten."
	b := newBook(t, shop(), german, purposes("tree", "a", "a.b"))
	h := &consent.History{}
	h.Erase(after(-9))
	choose(t, b, h, consent.Choice{Notice: "shop", Version: 1, Locale: "de", Method: "banner", Grant: []string{content}, Refuse: []string{stats}}, t0)
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a", "a.b"}}, after(1))
	h.Withdraw("a", after(2))
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a.b"}}, after(3))

	hash := func(n consent.Notice) string { h := n.Hash(); return hex.EncodeToString(h[:]) }
	tree, _ := b.Notice("tree", 1)
	check := func(now time.Time, want ...consent.PurposeSummary) {
		t.Helper()
		s := b.Summary(h, now)
		if !s.Erased.Equal(after(-9)) {
			t.Errorf("erased %v", s.Erased)
		}
		got, _ := json.MarshalIndent(s.Purposes, "", " ")
		exp, _ := json.MarshalIndent(want, "", " ")
		if string(got) != string(exp) {
			t.Errorf("got %s\nwant %s", got, exp)
		}
	}
	earlier := []consent.Period{{From: after(1), To: after(2), Notice: "tree", Version: 1}}
	a := consent.PurposeSummary{Purpose: "a", Title: "For a", State: consent.Withdrawn, Since: after(2), AskAgain: after(2).AddDate(0, 0, 365),
		Notice: "tree", Version: 1, Locale: "en", NoticeHash: hash(tree), Withdrawal: shop().Withdrawal, Earlier: earlier}
	ab := consent.PurposeSummary{Purpose: "a.b", Title: "For a.b", State: consent.Granted, Since: after(3), Until: after(368), Confirmed: after(3),
		Notice: "tree", Version: 1, Locale: "en", NoticeHash: hash(tree), Withdrawal: shop().Withdrawal, Earlier: earlier}
	c := consent.PurposeSummary{Purpose: content, Title: "Zeigen, was passt", State: consent.Granted, Since: t0, Until: after(365), Confirmed: t0,
		Notice: "shop", Version: 1, Locale: "de", NoticeHash: hash(german), Method: "banner", Withdrawal: german.Withdrawal}
	s := consent.PurposeSummary{Purpose: stats, Title: "Count what is read", State: consent.Refused, Since: t0, AskAgain: after(365),
		Notice: "shop", Version: 1, Locale: "de", NoticeHash: hash(german), Method: "banner", Withdrawal: german.Withdrawal}
	check(after(4), a, ab, c, s)

	c.State, c.Since, c.Until, c.Confirmed = consent.Expired, after(365), time.Time{}, time.Time{}
	c.Earlier = []consent.Period{{From: t0, To: after(365), Notice: "shop", Version: 1}}
	check(after(365), a, ab, c, s)
}

// Without a book, and for purposes that no book knows, a person is still told
// how to withdraw, and everything that is held.
func TestSummaryWithoutTheNotice(t *testing.T) {
	h := &consent.History{}
	grant(t, newBook(t, shop()), h, t0, content)
	h.Withdraw("old.purpose", t0)
	for _, s := range []consent.Summary{h.Summary(t0), newBook(t, purposes("x", "y")).Summary(h, t0)} {
		if len(s.Purposes) != 2 {
			t.Fatalf("%d purposes", len(s.Purposes))
		}
		for _, p := range s.Purposes {
			if p.Title != "" || !strings.Contains(p.Withdrawal, "withdraw") {
				t.Errorf("%+v", p)
			}
		}
	}
}

// The state that a person is shown is the reason that decides.
func TestSummaryAgreesWithDecide(t *testing.T) {
	b, h := worn(t)
	for _, now := range []time.Time{after(6), after(10), after(365), after(368), after(1000)} {
		for _, s := range h.Summary(now).Purposes {
			d := b.Decide(consent.Question{Subject: subject(1), Purpose: s.Purpose, History: h, EventTime: now, Now: now})
			if d.Reason != s.State && now.After(after(7)) {
				t.Errorf("%s at %v: shown %v, decided %v", s.Purpose, now, s.State, d)
			}
		}
	}
}

func ExampleBook_Summary() {
	book, _ := consent.NewBook([]consent.Notice{shop()})
	history := &consent.History{}
	june := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	_ = book.Choose(history, consent.Choice{
		Notice: "shop", Version: 1, Locale: "en", Grant: []string{"statistics"}, Method: "banner",
	}, june)
	text, _ := json.MarshalIndent(book.Summary(history, june), "", "  ")
	fmt.Println(string(text))
	// Output:
	// {
	//   "purposes": [
	//     {
	//       "purpose": "statistics",
	//       "title": "Count what is read",
	//       "state": "granted",
	//       "since": "2026-06-01T12:00:00Z",
	//       "until": "2027-06-01T12:00:00Z",
	//       "last_confirmed": "2026-06-01T12:00:00Z",
	//       "notice": "shop",
	//       "version": 1,
	//       "locale": "en",
	//       "notice_sha256": "2d0d373476810ab0827e7582b1bc919d4f10108aa63d7afbc6b9064afc6dbaee",
	//       "method": "banner",
	//       "how_to_withdraw": "Open Settings, then Privacy, and switch it off."
	//     }
	//   ]
	// }
}
