package consent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

func TestDecideByRecords(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "a", "a.b"))
	type setup func(h *consent.History)
	given := func(h *consent.History) { grant(t, b, h, t0, content) }
	ms := time.Millisecond
	for name, c := range map[string]struct {
		setup      setup
		event, now time.Time
		want       consent.Reason
	}{
		"never asked":               {func(h *consent.History) {}, t0, t0, consent.NoRecord},
		"at once":                   {given, t0, t0, consent.Granted},
		"within the millisecond":    {given, t0.Add(-0), t0.Add(ms / 2), consent.Granted},
		"before":                    {given, t0.Add(-ms), t0, consent.OutsideInterval},
		"a nanosecond before":       {given, t0.Add(-1), t0, consent.OutsideInterval},
		"last moment":               {given, after(365).Add(-1), after(365).Add(-1), consent.Granted},
		"expired":                   {given, t0, after(365), consent.Expired},
		"event at the end":          {given, after(365), t0, consent.OutsideInterval},
		"zero event time":           {given, time.Time{}, t0, consent.OutsideInterval},
		"zero now":                  {given, t0, time.Time{}, consent.OutsideInterval},
		"absurd event time":         {given, time.Unix(1<<60, 0), t0, consent.OutsideInterval},
		"absurdly early event time": {given, time.Unix(-1<<60, 0), t0, consent.OutsideInterval},
		"absurd now":                {given, t0, time.Unix(1<<60, 0), consent.OutsideInterval},
		"refused":                   {func(h *consent.History) { refuse(t, b, h, t0, content) }, t0, t0, consent.Refused},
		"withdrawn":                 {func(h *consent.History) { given(h); h.Withdraw(content, after(1)) }, t0, after(1), consent.Withdrawn},
		"withdrawn from above": {func(h *consent.History) {
			given(h)
			h.Withdraw("personalize", after(1))
		}, t0, after(1), consent.Withdrawn},
		"withdrawn beside": {func(h *consent.History) {
			given(h)
			h.Withdraw("personalize.con", after(1))
		}, t0, after(1), consent.Granted},
		"withdrawn below": {func(h *consent.History) {
			given(h)
			h.Withdraw("personalize.content.more", after(1))
		}, t0, after(1), consent.Granted},
		"refused after a yes":    {func(h *consent.History) { given(h); refuse(t, b, h, after(1), content) }, t0, after(1), consent.Withdrawn},
		"withdrawn, never given": {func(h *consent.History) { h.Withdraw(content, t0) }, t0, t0, consent.Withdrawn},
		"erased":                 {func(h *consent.History) { given(h); h.Erase(after(1)) }, t0, after(1), consent.Erased},
		"erased, swept": {func(h *consent.History) {
			given(h)
			h.Erase(after(1))
			h.Expire(after(40), 30*24*time.Hour)
		}, t0, after(40), consent.NoRecord},
		"back, new event": {func(h *consent.History) {
			given(h)
			h.Withdraw(content, after(1))
			grant(t, b, h, after(2), content)
		}, after(2), after(2), consent.Granted},
		"back, old event": {func(h *consent.History) {
			given(h)
			h.Withdraw(content, after(1))
			grant(t, b, h, after(2), content)
		}, t0, after(2), consent.OutsideInterval},
		"back, event between": {func(h *consent.History) {
			given(h)
			h.Withdraw(content, after(1))
			grant(t, b, h, after(3), content)
		}, after(2), after(3), consent.OutsideInterval},
		"renewed after expiry, old event": {func(h *consent.History) { given(h); grant(t, b, h, after(365), content) }, t0, after(365), consent.OutsideInterval},
		"renewed before expiry, old event": {func(h *consent.History) {
			given(h)
			grant(t, b, h, after(364), content)
		}, t0, after(500), consent.Granted},
		"only another purpose": {func(h *consent.History) { grant(t, b, h, t0, stats) }, t0, t0, consent.NoRecord},
	} {
		h := &consent.History{}
		c.setup(h)
		d := b.Decide(consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: c.event, Now: c.now})
		if d.Reason != c.want || d.Allowed != (c.want == consent.Granted) || d.BySource {
			t.Errorf("%s: %v, want %v", name, d, c.want)
		}
	}
}

// A yes to a purpose is no yes to what lies below it; nor upward.
func TestGrantCoversExactlyItsPurpose(t *testing.T) {
	b := newBook(t, purposes("tree", "a", "a.b", "a.b.c"))
	h := &consent.History{}
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a.b"}}, t0)
	for purpose, want := range map[string]bool{"a": false, "a.b": true, "a.b.c": false} {
		d := b.Decide(consent.Question{Subject: subject(1), Purpose: purpose, History: h, EventTime: t0, Now: t0})
		if d.Allowed != want {
			t.Errorf("%s: %v", purpose, d)
		}
	}
}

// TestAgain: where a decision says that it holds for another time of the event, that
// time gets the same decision, whatever the Source says; and within an interval it does.
func TestAgain(t *testing.T) {
	b := newBook(t, shop())
	var h consent.History
	grant(t, b, &h, t0, content)
	h.Withdraw(content, after(2))
	grant(t, b, &h, after(4), content)
	times := []time.Time{{}, time.Unix(-1<<60, 0), time.Unix(1<<60, 0)}
	for d := -1; d < 8; d++ {
		for _, by := range []time.Duration{-time.Millisecond, -1, 0, 1, time.Millisecond} {
			times = append(times, after(d).Add(by))
		}
	}
	times = append(times, after(4+365).Add(-1), after(4+365))
	held := 0
	for _, source := range []consent.SourceAnswer{
		{}, {Asked: true, Failed: true}, {Asked: true, Answer: consent.Answer{State: consent.Denied}},
		{Asked: true, Answer: consent.Answer{State: consent.Allowed, Since: after(3)}},
	} {
		for _, now := range []time.Time{after(1), after(3), after(6), after(400)} {
			for _, first := range times {
				q := consent.Question{Subject: subject(1), Purpose: content, History: &h, EventTime: first, Now: now, Source: source}
				d := b.Decide(q)
				for _, q.EventTime = range times {
					if !d.Again(q.EventTime) {
						continue
					}
					if held++; b.Decide(q) != d {
						t.Fatalf("%v at %v is not what it was at %v", b.Decide(q), q.EventTime, first)
					}
				}
			}
		}
	}
	var zero consent.Decision
	if held < 100 || zero.Again(t0) {
		t.Errorf("%d decisions held", held)
	}
}

func TestDecideInvalid(t *testing.T) {
	b := newBook(t, shop())
	h := &consent.History{}
	grant(t, b, h, t0, content)
	good := consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: t0, Now: t0}
	for name, c := range map[string]struct {
		book   *consent.Book
		change func(*consent.Question)
		want   consent.Reason
	}{
		"no subject":      {b, func(q *consent.Question) { q.Subject = consent.Subject{} }, consent.Anonymous},
		"no purpose":      {b, func(q *consent.Question) { q.Purpose = "" }, consent.UnknownPurpose},
		"unknown purpose": {b, func(q *consent.Question) { q.Purpose = "x" }, consent.UnknownPurpose},
		"its parent":      {b, func(q *consent.Question) { q.Purpose = "personalize" }, consent.UnknownPurpose},
		"no history":      {b, func(q *consent.Question) { q.History = nil }, consent.NoRecord},
		"zero history":    {b, func(q *consent.Question) { q.History = &consent.History{} }, consent.NoRecord},
		"zero book":       {&consent.Book{}, func(*consent.Question) {}, consent.UnknownPurpose},
		"no book":         {nil, func(*consent.Question) {}, consent.UnknownPurpose},
		"zero question":   {b, func(q *consent.Question) { *q = consent.Question{} }, consent.Anonymous},
	} {
		q := good
		c.change(&q)
		d := c.book.Decide(q)
		if _, ok := d.Grant(); ok || d.Allowed || d.Reason != c.want {
			t.Errorf("%s: %v, want %v", name, d, c.want)
		}
	}
	if d := b.Decide(good); !d.Allowed {
		t.Error(d)
	}
}

// A grant comes out of Decide and from nowhere else.
func TestDecisionCannotBeForged(t *testing.T) {
	b := newBook(t, shop())
	h := &consent.History{}
	grant(t, b, h, t0, content)
	q := consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: t0, Now: t0}
	yes := b.Decide(q)
	g, ok := yes.Grant()
	notice, version := g.Notice()
	if !ok || g.Subject() != subject(1) || g.Purpose() != content || notice != "shop" || version != 1 ||
		!g.From().Equal(t0) || !g.To().Equal(after(365)) {
		t.Fatalf("grant %v %v %v", g, g.From(), g.To())
	}
	yes.Allowed = false
	q.EventTime = t0.Add(-time.Hour)
	no := b.Decide(q)
	no.Allowed, no.Reason = true, consent.Granted
	for _, d := range []consent.Decision{{}, {Allowed: true, Reason: consent.Granted}, yes, no} {
		if g, ok := d.Grant(); ok || !g.IsZero() {
			t.Errorf("%v makes a grant", d)
		}
	}
	if got := (consent.Decision{}).String(); got != "denied: invalid" {
		t.Errorf("zero decision: %q", got)
	}
	if got := fmt.Sprintf("%v %+v", b.Decide(q), g); got != "denied: event-outside-interval grant for personalize.content" {
		t.Errorf("printed: %q", got)
	}
}

func TestDecideWithSource(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "a", "a.b"))
	yes := consent.Answer{State: consent.Allowed, Since: t0, Until: after(100), Notice: "cmp", Version: 3}
	said := func(a consent.Answer) consent.SourceAnswer { return consent.SourceAnswer{Asked: true, Answer: a} }
	nothing := func(h *consent.History) {}
	for name, c := range map[string]struct {
		setup      func(h *consent.History)
		source     consent.SourceAnswer
		event, now time.Time
		want       consent.Reason
		bySource   bool
	}{
		"allowed":                       {nothing, said(yes), after(1), after(2), consent.Granted, true},
		"allowed, first moment":         {nothing, said(yes), t0, t0, consent.Granted, true},
		"event before":                  {nothing, said(yes), t0.Add(-1), after(2), consent.OutsideInterval, true},
		"now before":                    {nothing, said(yes), t0, t0.Add(-1), consent.OutsideInterval, true},
		"ended":                         {nothing, said(yes), after(1), after(100), consent.Expired, true},
		"event at the end":              {nothing, said(yes), after(100), after(99), consent.OutsideInterval, true},
		"no end: 395 days":              {nothing, said(consent.Answer{State: consent.Allowed, Since: t0}), t0, after(394), consent.Granted, true},
		"no end: 396 days":              {nothing, said(consent.Answer{State: consent.Allowed, Since: t0}), t0, after(395), consent.Expired, true},
		"denied":                        {nothing, said(consent.Answer{State: consent.Denied}), t0, t0, consent.SourceDenied, true},
		"denied over a local yes":       {func(h *consent.History) { grant(t, b, h, t0, content) }, said(consent.Answer{State: consent.Denied}), t0, t0, consent.SourceDenied, true},
		"failed over a local yes":       {func(h *consent.History) { grant(t, b, h, t0, content) }, consent.SourceAnswer{Asked: true, Failed: true}, t0, t0, consent.SourceFailed, true},
		"failed, unasked":               {nothing, consent.SourceAnswer{Failed: true, Answer: yes}, t0, t0, consent.SourceFailed, true},
		"allowed without a beginning":   {nothing, said(consent.Answer{State: consent.Allowed}), t0, t0, consent.SourceFailed, true},
		"allowed, ends before it began": {nothing, said(consent.Answer{State: consent.Allowed, Since: after(1), Until: t0}), after(1), after(1), consent.SourceFailed, true},
		"state out of range":            {nothing, said(consent.Answer{State: 9, Since: t0}), t0, t0, consent.SourceFailed, true},
		"negative version":              {nothing, said(consent.Answer{State: consent.Allowed, Since: t0, Version: -1}), t0, t0, consent.SourceFailed, true},
		"answer without having asked":   {nothing, consent.SourceAnswer{Answer: yes}, t0, t0, consent.NoRecord, false},
		"unknown, no record":            {nothing, said(consent.Answer{}), t0, t0, consent.NoRecord, false},
		"unknown, local yes":            {func(h *consent.History) { grant(t, b, h, t0, content) }, said(consent.Answer{}), t0, t0, consent.Granted, false},
		"allowed, local yes":            {func(h *consent.History) { grant(t, b, h, after(1), content) }, said(yes), after(1), after(1), consent.Granted, false},
		"allowed longer than local yes": {func(h *consent.History) { grant(t, b, h, after(1), content) }, said(yes), t0, after(1), consent.Granted, true},
		"allowed, withdrawn since":      {func(h *consent.History) { h.Withdraw(content, after(1)) }, said(yes), after(2), after(2), consent.Withdrawn, false},
		"allowed, refused since":        {func(h *consent.History) { refuse(t, b, h, after(1), content) }, said(yes), after(2), after(2), consent.Refused, false},
		"allowed, refused at once":      {func(h *consent.History) { refuse(t, b, h, t0, content) }, said(yes), after(2), after(2), consent.Refused, false},
		"allowed, refused above":        {func(h *consent.History) { h.Withdraw("personalize", after(1)) }, said(yes), after(2), after(2), consent.Withdrawn, false},
		"allowed, refused before":       {func(h *consent.History) { refuse(t, b, h, after(-1), content) }, said(yes), after(2), after(2), consent.Granted, true},
		"allowed, erased since":         {func(h *consent.History) { h.Erase(after(1)) }, said(yes), after(2), after(2), consent.Erased, false},
		"allowed, erased before":        {func(h *consent.History) { h.Erase(after(-1)) }, said(yes), after(2), after(2), consent.Granted, true},
		"allowed, no and yes since, event before both": {func(h *consent.History) {
			h.Withdraw(content, after(1))
			grant(t, b, h, after(2), content)
		}, said(yes), t0, after(3), consent.OutsideInterval, false},
		"swept no still counts": {func(h *consent.History) {
			h.Withdraw(content, after(1))
			h.Expire(after(90), time.Hour)
		}, said(yes), after(90), after(90), consent.Withdrawn, false},
	} {
		h := &consent.History{}
		c.setup(h)
		d := b.Decide(consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: c.event, Now: c.now, Source: c.source})
		if d.Reason != c.want || d.Allowed != (c.want == consent.Granted) || d.BySource != c.bySource {
			t.Errorf("%s: %v by source %v, want %v", name, d, d.BySource, c.want)
		}
		if g, ok := d.Grant(); ok && d.BySource {
			if id, v := g.Notice(); !g.From().Equal(t0) || c.source.Answer.Notice != id || c.source.Answer.Version != v {
				t.Errorf("%s: grant from %v, notice %q %d", name, g.From(), id, v)
			}
		}
	}
}

func TestReasonCodesAreStable(t *testing.T) {
	codes := []string{"granted", "no-record", "refused", "withdrawn", "expired", "erased", "event-outside-interval",
		"source-denied", "source-failed", "unknown-purpose", "anonymous", "moved",
		"suspended", "too-young", "gpc", "gpp-opt-out", "tcf-refused", "signal-unclear"}
	for i, code := range codes {
		r := consent.Reason(i + 1)
		text, err := r.MarshalText()
		var back consent.Reason
		if err != nil || string(text) != code || r.String() != code || back.UnmarshalText(text) != nil || back != r {
			t.Errorf("reason %d: %q %v", i+1, text, err)
		}
	}
	for _, r := range []consent.Reason{0, consent.Reason(len(codes) + 1), 255} {
		if _, err := r.MarshalText(); err == nil || r.String() != "invalid" {
			t.Errorf("reason %d is valid", r)
		}
	}
	var r consent.Reason
	if r.UnmarshalText([]byte("invalid")) == nil || r.UnmarshalText(nil) == nil {
		t.Error("an unknown code is read")
	}
	for s, want := range map[consent.AnswerState]string{consent.Unknown: "unknown", consent.Allowed: "allowed", consent.Denied: "denied", 7: "invalid"} {
		if s.String() != want {
			t.Errorf("state %d: %q", s, s)
		}
	}
}

// deep is a question that takes the longest way: several purposes and
// intervals, a parent to look at, a Source.
func deep(t testing.TB) (*consent.Book, consent.Question) {
	b := newBook(t, purposes("tree", "a", "a.b", "a.b.c", "d", "e", "f"))
	h := &consent.History{}
	all := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: b.Purposes()}
	for i := range 5 {
		choose(t, b, h, all, after(2*i))
		h.Withdraw("a", after(2*i+1))
	}
	choose(t, b, h, all, after(20))
	return b, consent.Question{Subject: subject(1), Purpose: "a.b.c", History: h, EventTime: after(21), Now: after(22),
		Source: consent.SourceAnswer{Asked: true, Answer: consent.Answer{State: consent.Allowed, Since: after(20)}}}
}

func TestDecideAllocatesNothing(t *testing.T) {
	b, q := deep(t)
	for name, change := range map[string]func(*consent.Question){
		"granted":   func(q *consent.Question) {},
		"outside":   func(q *consent.Question) { q.EventTime = t0; q.Source = consent.SourceAnswer{} },
		"by source": func(q *consent.Question) { q.History = nil },
		"no record": func(q *consent.Question) { q.History, q.Source = nil, consent.SourceAnswer{} },
	} {
		q := q
		change(&q)
		allowed := b.Decide(q).Allowed
		if n := testing.AllocsPerRun(100, func() {
			d := b.Decide(q)
			if _, ok := d.Grant(); ok != allowed {
				t.Error("decision changed")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	book, q := deep(b)
	b.ReportAllocs()
	for b.Loop() {
		if !book.Decide(q).Allowed {
			b.Fatal("denied")
		}
	}
}
