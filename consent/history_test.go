package consent_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

func TestWithdraw(t *testing.T) {
	b := newBook(t, purposes("tree", "a", "a.b", "a.b.c", "ab", "d"))
	all := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: b.Purposes()}
	for purpose, left := range map[string][]string{
		"a":       {"ab", "d"},
		"a.b":     {"a", "ab", "d"},
		"a.b.c":   {"a", "a.b", "ab", "d"},
		"a.b.c.d": {"a", "a.b", "a.b.c", "ab", "d"},
		"d":       {"a", "a.b", "a.b.c", "ab"},
		"x":       {"a", "a.b", "a.b.c", "ab", "d"},
	} {
		for _, same := range []bool{true, false} { // in the millisecond of the grant, and later
			h := &consent.History{}
			choose(t, b, h, all, t0)
			now := after(1)
			if same {
				now = t0
			}
			if !h.Withdraw(purpose, now) {
				t.Errorf("withdraw %s: nothing changed", purpose)
			}
			if h.Withdraw(purpose, now) {
				t.Errorf("withdraw %s again: something changed", purpose)
			}
			if got := h.Open(now); !slices.Equal(got, left) {
				t.Errorf("after withdrawing %s: %q", purpose, got)
			}
			// Agreeing again in the same millisecond counts, and so does another no.
			choose(t, b, h, all, now)
			if got := h.Open(now); !slices.Equal(got, b.Purposes()) {
				t.Errorf("after agreeing again: %q", got)
			}
			h.Withdraw(purpose, now)
			if got := h.Open(now); !slices.Equal(got, left) {
				t.Errorf("after withdrawing %s once more: %q", purpose, got)
			}
		}
	}
	h := &consent.History{}
	for _, bad := range []string{"", ".", "A", "a..b", "a b", strings.Repeat("a", 65)} {
		if h.Withdraw(bad, t0) || h.Row() != nil {
			t.Errorf("%q can be withdrawn", bad)
		}
	}
}

func TestEraseLeavesTheMomentOnly(t *testing.T) {
	b := newBook(t, shop())
	h := &consent.History{}
	grant(t, b, h, t0, content)
	refuse(t, b, h, t0, stats)
	h.Erase(after(1))
	blank := &consent.History{}
	blank.Erase(after(1))
	if !bytes.Equal(h.Row(), blank.Row()) {
		t.Errorf("an erased row differs from one that never held anything: %x, %x", h.Row(), blank.Row())
	}
	if when, ok := h.Erased(); !ok || !when.Equal(after(1)) || when.Location() != time.UTC {
		t.Errorf("erased %v %v", when, ok)
	}
	if h.Expire(after(1).Add(30*24*time.Hour-time.Millisecond), 30*24*time.Hour) {
		t.Error("swept too early")
	}
	if !h.Expire(after(31), 30*24*time.Hour) || h.Row() != nil {
		t.Errorf("not swept: %x", h.Row())
	}
	if _, ok := h.Erased(); ok {
		t.Error("still erased")
	}
	if _, ok := (*consent.History)(nil).Erased(); ok {
		t.Error("nil is erased")
	}
}

func TestReturned(t *testing.T) {
	b := newBook(t, shop())
	for name, c := range map[string]struct {
		setup func(h *consent.History)
		want  map[int]bool // days after t0 -> returned since
	}{
		"new":     {func(h *consent.History) { grant(t, b, h, t0, content) }, map[int]bool{-1: false, 0: false}},
		"never":   {func(h *consent.History) {}, map[int]bool{-1: false}},
		"expired": {func(h *consent.History) { grant(t, b, h, t0, content); grant(t, b, h, after(365), content) }, map[int]bool{-1: false}},
		"withdrew": {func(h *consent.History) {
			grant(t, b, h, t0, content)
			h.Withdraw(content, after(5))
			grant(t, b, h, after(6), content)
		}, map[int]bool{0: true, 5: true, 6: false}},
		"erased": {func(h *consent.History) { h.Erase(after(5)); grant(t, b, h, after(6), content) }, map[int]bool{0: true, 5: true, 6: false}},
		"above":  {func(h *consent.History) { h.Withdraw("personalize", after(5)); grant(t, b, h, after(6), content) }, map[int]bool{5: true, 6: false}},
		"beside": {func(h *consent.History) { h.Withdraw(stats, after(5)); grant(t, b, h, after(6), content) }, map[int]bool{0: false}},
		"in 1 ms": {func(h *consent.History) {
			grant(t, b, h, t0, content)
			h.Withdraw(content, t0)
			grant(t, b, h, t0, content)
		}, map[int]bool{0: true, 1: false}},
		"from none": {func(h *consent.History) { h.Withdraw(content, after(5)); grant(t, b, h, after(6), content) }, map[int]bool{5: true, 6: false}},
	} {
		h := &consent.History{}
		c.setup(h)
		for d, want := range c.want {
			if got := h.Returned(after(d), content); got != want {
				t.Errorf("%s, since day %d: %v", name, d, got)
			}
		}
		if h.Returned(time.Time{}, content) != h.Returned(time.Unix(1, 0), content) {
			t.Errorf("%s: zero time", name)
		}
	}
	if (*consent.History)(nil).Returned(t0, content) {
		t.Error("nil returned")
	}
}

func TestExpire(t *testing.T) {
	b := newBook(t, shop())
	const keep = 30 * 24 * time.Hour
	h := &consent.History{}
	grant(t, b, h, t0, content, stats)
	refuse(t, b, h, after(10), stats)
	size := len(h.Row())

	if h.Expire(after(39), keep) || len(h.Row()) != size {
		t.Error("something went too early")
	}
	if !h.Expire(after(40), keep) || len(h.Row()) >= size {
		t.Error("an interval that ended 30 days ago stays")
	}
	if h.Expire(after(40), keep) {
		t.Error("a second sweep finds something")
	}
	q := consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: after(100), Now: after(100)}
	if d := b.Decide(q); !d.Allowed {
		t.Errorf("the open consent went: %v", d)
	}
	if !h.Expire(after(395), keep) {
		t.Error("an expired consent stays")
	}
	s := h.Summary(after(395)).Purposes
	if len(s) != 1 || s[0].Purpose != stats || s[0].State != consent.Withdrawn || s[0].Notice != "" || !s[0].Since.Equal(after(10)) {
		t.Errorf("left: %+v", s)
	}
	if got := b.Needs(h, []string{stats}, after(374)); got != nil {
		t.Errorf("the swept refusal is forgotten: %v", got)
	}
	if again, err := consent.ReadHistory(h.Row()); err != nil || !bytes.Equal(again.Row(), h.Row()) {
		t.Errorf("row: %v", err)
	}
	// keep is never less than a day.
	h = &consent.History{}
	h.Erase(t0)
	if h.Expire(t0.Add(23*time.Hour), 0) || h.Expire(t0.Add(23*time.Hour), -time.Hour) || !h.Expire(after(1), 0) {
		t.Error("the shortest keep is not a day")
	}
}

func TestEmptyHistories(t *testing.T) {
	var none *consent.History
	for _, h := range []*consent.History{none, {}} {
		if h.Row() != nil || h.Open(t0) != nil || len(h.Summary(t0).Purposes) != 0 {
			t.Error("an empty history holds something")
		}
	}
	for _, row := range [][]byte{nil, {}} {
		h, err := consent.ReadHistory(row)
		if err != nil || h == nil || h.Row() != nil {
			t.Errorf("no row: %v", err)
		}
	}
}

// A consent that ran out since is told, and one that a no ended before, which may have
// been told since, where the person agreed again since; one that was prolonged is not.
func TestLapsed(t *testing.T) {
	b := newBook(t, shop())
	yes := func(h *consent.History, day int) {
		t.Helper()
		if err := b.Choose(h, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Method: "test", Grant: []string{content}}, after(day)); err != nil {
			t.Fatal(err)
		}
	}
	end := func(h *consent.History) int { return int(h.Summary(t0).Purposes[0].Until.Sub(t0) / (24 * time.Hour)) }
	h := new(consent.History)
	yes(h, 0)
	over := end(h)
	for _, c := range []struct {
		since, now int
		want       bool
	}{{0, over - 1, false}, {over - 5, over, true}, {over - 5, over + 5, true}, {over + 1, over + 5, false}} {
		if got := h.Lapsed(after(c.since), after(c.now), content); got != c.want {
			t.Errorf("since %v, at %v: %v", c.since, c.now, got)
		}
	}
	if h.Lapsed(after(over-5), after(over+5), stats) || (*consent.History)(nil).Lapsed(after(0), after(900), content) {
		t.Error("a gap in no consent")
	}
	yes(h, over+3)
	for since, want := range map[int]bool{over - 5: true, over + 2: false, over + 4: false} {
		if got := h.Lapsed(after(since), after(over+5), content); got != want {
			t.Errorf("agreed again, since %v: %v", since, got)
		}
	}
	told := new(consent.History)
	yes(told, 0)
	told.Withdraw(content, after(10))
	yes(told, 20)
	for since, want := range map[int]bool{9: true, 11: true, 19: true, 21: false} {
		if got := told.Lapsed(after(since), after(25), content); got != want {
			t.Errorf("taken back on day 10, agreed on day 20, since %v: %v", since, got)
		}
	}
	prolonged := new(consent.History)
	yes(prolonged, 0)
	yes(prolonged, over-1)
	if prolonged.Lapsed(after(over-5), after(over+5), content) {
		t.Error("a prolonged consent has a gap")
	}
}
