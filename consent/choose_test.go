package consent_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

func TestChooseRefusesWhatMakesNoSense(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "a", "a.b"))
	for name, c := range map[string]struct {
		choice consent.Choice
		now    time.Time
		want   error
	}{
		"zero":             {consent.Choice{}, t0, consent.ErrUnknownNotice},
		"no such notice":   {consent.Choice{Notice: "x", Version: 1, Locale: "en", Grant: []string{content}}, t0, consent.ErrUnknownNotice},
		"no such version":  {consent.Choice{Notice: "shop", Version: 2, Locale: "en", Grant: []string{content}}, t0, consent.ErrUnknownNotice},
		"no such locale":   {consent.Choice{Notice: "shop", Version: 1, Locale: "de", Grant: []string{content}}, t0, consent.ErrUnknownNotice},
		"no locale":        {consent.Choice{Notice: "shop", Version: 1, Grant: []string{content}}, t0, consent.ErrUnknownNotice},
		"nothing":          {consent.Choice{Notice: "shop", Version: 1, Locale: "en"}, t0, consent.ErrChoice},
		"both":             {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}, Refuse: []string{stats}}, t0, consent.ErrChoice},
		"granted twice":    {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats, stats}}, t0, consent.ErrChoice},
		"refused twice":    {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Refuse: []string{stats, stats}}, t0, consent.ErrChoice},
		"below a refusal":  {consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a.b"}, Refuse: []string{"a"}}, t0, consent.ErrChoice},
		"not shown":        {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{"a"}}, t0, consent.ErrPurpose},
		"parent not shown": {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{"personalize"}}, t0, consent.ErrPurpose},
		"refuse not shown": {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Refuse: []string{"a"}}, t0, consent.ErrPurpose},
		"method":           {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}, Method: "a b"}, t0, consent.ErrMethod},
		"zero time":        {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}}, time.Time{}, consent.ErrClock},
		"far future":       {consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), consent.ErrClock},
	} {
		h := &consent.History{}
		if err := b.Choose(h, c.choice, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if h.Row() != nil {
			t.Errorf("%s: the history changed", name)
		}
	}
	if err := new(consent.Book).Choose(&consent.History{}, consent.Choice{}, t0); !errors.Is(err, consent.ErrUnknownNotice) {
		t.Errorf("zero book: %v", err)
	}
}

// A grant of a parent with a refusal below it is a usual form.
func TestGrantAboveARefusal(t *testing.T) {
	b := newBook(t, purposes("tree", "a", "a.b"))
	h := &consent.History{}
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a"}, Refuse: []string{"a.b"}}, t0)
	if got := h.Open(t0); !slices.Equal(got, []string{"a"}) {
		t.Errorf("open: %q", got)
	}
}

func TestClockBehindTheRecords(t *testing.T) {
	b := newBook(t, shop())
	h := &consent.History{}
	grant(t, b, h, t0, content)
	late := t0.Add(-10 * time.Minute)
	c := consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{stats}}
	if err := b.Choose(h, c, late); !errors.Is(err, consent.ErrClock) {
		t.Errorf("a yes ten minutes behind: %v", err)
	}
	if err := b.Choose(h, c, t0.Add(-time.Minute)); err != nil {
		t.Errorf("a yes one minute behind: %v", err)
	}
	refuse(t, b, h, late, content) // a no always counts
	h.Withdraw(stats, late)
	if got := h.Open(t0); got != nil {
		t.Errorf("open after withdrawal on a late clock: %q", got)
	}
	for _, now := range []time.Time{late, t0, {}} {
		q := consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: t0, Now: now}
		if d := b.Decide(q); d.Allowed {
			t.Errorf("a clock behind revives a withdrawn consent at %v", now)
		}
	}
}

func TestAgreeingAgain(t *testing.T) {
	v2 := version(2, shop())
	v2.ConsentDays = 30
	b := newBook(t, shop(), v2, purposes("other", content))
	state := func(h *consent.History, now time.Time) consent.PurposeSummary {
		s := h.Summary(now)
		if len(s.Purposes) != 1 {
			t.Fatalf("%d purposes", len(s.Purposes))
		}
		return s.Purposes[0]
	}
	grantVersion := func(h *consent.History, id string, v int, now time.Time) {
		choose(t, b, h, consent.Choice{Notice: id, Version: v, Locale: "en", Grant: []string{content}}, now)
	}
	for name, c := range map[string]struct {
		steps          func(h *consent.History)
		since, until   time.Time
		notice         string
		version, ended int
	}{
		"once":           {func(h *consent.History) {}, t0, after(365), "shop", 1, 0},
		"same again":     {func(h *consent.History) { grantVersion(h, "shop", 1, after(10)) }, t0, after(375), "shop", 1, 0},
		"newer version":  {func(h *consent.History) { grantVersion(h, "shop", 2, after(10)) }, t0, after(40), "shop", 2, 0},
		"another notice": {func(h *consent.History) { grantVersion(h, "other", 1, after(10)) }, t0, after(375), "other", 1, 0},
		"older version": {func(h *consent.History) {
			grantVersion(h, "shop", 2, after(10))
			grantVersion(h, "shop", 1, after(11))
		}, t0, after(40), "shop", 2, 0},
		"after withdrawal": {func(h *consent.History) {
			h.Withdraw(content, after(5))
			grantVersion(h, "shop", 1, after(10))
		}, after(10), after(375), "shop", 1, 1},
		"after expiry": {func(h *consent.History) {
			grantVersion(h, "shop", 2, after(1))
			grantVersion(h, "shop", 1, after(31))
		}, after(31), after(396), "shop", 1, 1},
		"after erasure": {func(h *consent.History) {
			h.Erase(after(5))
			grantVersion(h, "shop", 1, after(10))
		}, after(10), after(375), "shop", 1, 0},
	} {
		h := &consent.History{}
		grantVersion(h, "shop", 1, t0)
		c.steps(h)
		p := state(h, after(31))
		if p.State != consent.Granted || !p.Since.Equal(c.since) || !p.Until.Equal(c.until) ||
			p.Notice != c.notice || p.Version != c.version || len(p.Earlier) != c.ended {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Someone who switches back and forth does not grow the row without end, and
// the newest choice always counts.
func TestTogglingIsBounded(t *testing.T) {
	b := newBook(t, shop())
	h := &consent.History{}
	for i := range 200 {
		grant(t, b, h, t0.Add(time.Duration(2*i)*time.Second), content)
		if i < 199 {
			h.Withdraw(content, t0.Add(time.Duration(2*i+1)*time.Second))
		}
	}
	if n := len(h.Row()); n > 1000 {
		t.Errorf("%d bytes", n)
	}
	if got := h.Open(after(1)); !slices.Equal(got, []string{content}) {
		t.Errorf("open: %q", got)
	}
	again, err := consent.ReadHistory(h.Row())
	if err != nil || !bytes.Equal(again.Row(), h.Row()) {
		t.Errorf("row: %v", err)
	}
}

// Thousands of names cannot fill a row, and a full one still obeys.
func TestFullHistory(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "a.b"))
	h := &consent.History{}
	grant(t, b, h, t0, content)
	for i := range 1100 {
		h.Withdraw("junk"+strings.Repeat("x", i%50)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)), t0)
	}
	if _, err := consent.ReadHistory(h.Row()); err != nil {
		t.Fatal(err)
	}
	c := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a.b"}}
	if err := b.Choose(h, c, t0); !errors.Is(err, consent.ErrFull) {
		t.Errorf("full: %v", err)
	}
	if !h.Withdraw("personalize", t0.Add(1)) || len(h.Open(t0)) != 0 {
		t.Error("a full history does not obey")
	}
}
