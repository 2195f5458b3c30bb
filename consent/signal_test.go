package consent_test

import (
	"testing"

	"github.com/discreet-go/discreet/consent"
)

func TestSignalsIsZero(t *testing.T) {
	var none *consent.Signals
	if !none.IsZero() || !(&consent.Signals{}).IsZero() || !(&consent.Signals{GPPSections: []int{}}).IsZero() {
		t.Error("nothing says something")
	}
	for i, s := range []consent.Signals{{GPC: true}, {TCF: "x"}, {GPP: "x"}, {GPPSections: []int{7}}, {Age: consent.Adult}, {Age: 9}} {
		if s.IsZero() {
			t.Errorf("signal %d says nothing", i)
		}
	}
}

// situation is everything that a decision looks at but the times, in small
// numbers.
type situation struct {
	gpc, gpp, tcf consent.Signal // 4 is no signal that there is
	age           consent.Age    // 4 is no age that there is
	advertising   bool
	suspended     bool
	record        int // one of records
	source        int // one of sources
}

const (
	recordNone = iota
	recordGranted
	recordGuardian
	recordRefused
	records
)

const (
	sourceNone = iota
	sourceUnknown
	sourceAllowed
	sourceDenied
	sourceFailed
	sources
)

// every calls f with each situation that there is.
func every(f func(s situation)) {
	both := []bool{false, true}
	for n := range 5 * 5 * 5 * 5 {
		for _, advertising := range both {
			for _, suspended := range both {
				for record := range records {
					for source := range sources {
						f(situation{consent.Signal(n % 5), consent.Signal(n / 5 % 5), consent.Signal(n / 25 % 5), consent.Age(n / 125),
							advertising, suspended, record, source})
					}
				}
			}
		}
	}
}

// signalBook has a purpose for advertising, "ads", and one that is none, "help".
func signalBook(t failer) *consent.Book {
	n := purposes("tree", "ads", "help")
	n.Purposes[0].Advertising = true
	return newBook(t, n)
}

// asker asks for one situation after another.
func asker(t failer) func(s situation) consent.Question {
	b := signalBook(t)
	var histories [records]*consent.History
	for i := range histories {
		h := &consent.History{}
		c := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: b.Purposes(), Method: "banner"}
		switch i {
		case recordNone:
			histories[i] = h
			continue
		case recordGuardian:
			c.Method = consent.GuardianMethod
		case recordRefused:
			c.Grant, c.Refuse = nil, c.Grant
		}
		choose(t, b, h, c, after(1))
		histories[i] = h
	}
	answers := [sources]consent.SourceAnswer{
		sourceUnknown: {Asked: true},
		sourceAllowed: {Asked: true, Answer: consent.Answer{State: consent.Allowed, Since: after(0)}},
		sourceDenied:  {Asked: true, Answer: consent.Answer{State: consent.Denied}},
		sourceFailed:  {Asked: true, Failed: true},
	}
	return func(s situation) consent.Question {
		q := consent.Question{Subject: subject(1), Purpose: "help", History: histories[s.record], EventTime: after(2), Now: after(3),
			Source: answers[s.source], Heard: consent.Heard{GPC: s.gpc, GPP: s.gpp, TCF: s.tcf, Age: s.age}, Suspended: s.suspended}
		if s.advertising {
			q.Purpose = "ads"
		}
		return q
	}
}

func quiet(s consent.Signal) bool { return s == consent.Silent || s == consent.Permits }

// want is the rule: whether it is allowed.
func (s situation) want() bool {
	adult, child := s.age == consent.Adult, s.age == consent.Child
	nothingForbids := !s.suspended && quiet(s.gpc) && quiet(s.gpp) && quiet(s.tcf) && s.source != sourceDenied && s.source != sourceFailed
	oldEnough := s.age <= consent.Child && (adult || !s.advertising)
	agreed := s.record == recordGuardian || s.record == recordGranted && !child || s.source == sourceAllowed && s.record == recordNone && !child
	return nothingForbids && oldEnough && agreed
}

// reason is the rule of what is said, the first that holds, and by whom.
func (s situation) reason() (consent.Reason, string) {
	unclear := func(x consent.Signal) bool { return x != consent.Forbids && !quiet(x) }
	switch {
	case s.suspended:
		return consent.Suspended, "operator"
	case s.advertising && s.age != consent.Adult || s.age > consent.Child:
		return consent.TooYoung, "age"
	case s.gpc == consent.Forbids:
		return consent.OptedOutGPC, "gpc"
	case s.gpp == consent.Forbids:
		return consent.OptedOutGPP, "gpp"
	case s.tcf == consent.Forbids:
		return consent.RefusedTCF, "tcf"
	case unclear(s.gpc) || unclear(s.gpp) || unclear(s.tcf):
		return consent.UnclearSignal, "signal"
	case s.source == sourceFailed:
		return consent.SourceFailed, "source"
	case s.source == sourceDenied:
		return consent.SourceDenied, "source"
	case s.age == consent.Child && s.record != recordGuardian:
		return consent.TooYoung, "age"
	case s.record == recordGranted || s.record == recordGuardian:
		return consent.Granted, "records"
	case s.record == recordRefused:
		return consent.Refused, "records"
	case s.source == sourceAllowed:
		return consent.Granted, "source"
	}
	return consent.NoRecord, "records"
}

// Over everything that signals, age, source, records and the operator can say: it
// is allowed if and only if the rule says so, with the first reason that holds,
// and nothing that denies more ever allows.
func TestDecideSignals(t *testing.T) {
	b, ask := signalBook(t), asker(t)
	decided := map[situation]bool{}
	every(func(s situation) {
		d := b.Decide(ask(s))
		decided[s] = d.Allowed
		reason, by := s.reason()
		if d.Allowed != s.want() || d.Allowed != (d.Reason == consent.Granted) {
			t.Errorf("%+v: %v", s, d)
		}
		if d.Reason != reason || d.By() != by {
			t.Errorf("%+v: %v by %s, want %v by %s", s, d, d.By(), reason, by)
		}
		if g, ok := d.Grant(); ok != d.Allowed || ok && (g.Subject() != subject(1) || !g.Covers(after(2))) {
			t.Errorf("%+v: grant %v", s, ok)
		}
	})
	yes := 0
	for s, allowed := range decided {
		if allowed {
			yes++
			continue
		}
		for _, change := range []func(s *situation){
			func(s *situation) { s.suspended = true },
			func(s *situation) { s.advertising = true },
			func(s *situation) { s.gpc = consent.Forbids },
			func(s *situation) { s.gpp = consent.Forbids },
			func(s *situation) { s.tcf = consent.Forbids },
			func(s *situation) { s.gpc = consent.Unclear },
			func(s *situation) { s.gpp = consent.Unclear },
			func(s *situation) { s.tcf = consent.Unclear },
			func(s *situation) { s.tcf = 4 },
			func(s *situation) { s.source = sourceDenied },
			func(s *situation) { s.source = sourceFailed },
			func(s *situation) { s.record = recordRefused },
			func(s *situation) { s.age = max(s.age, consent.Child) },
			func(s *situation) { s.age = 4 },
		} {
			more := s
			if change(&more); decided[more] {
				t.Errorf("%+v is denied, and %+v is not", s, more)
			}
		}
	}
	if len(decided) != 5*5*5*5*2*2*records*sources || yes == 0 {
		t.Errorf("%d situations, %d allowed", len(decided), yes)
	}
}

// What is wrong with the question comes before what signals say.
func TestDecideSignalsOfNobody(t *testing.T) {
	b, ask := signalBook(t), asker(t)
	q := ask(situation{gpc: consent.Forbids, suspended: true, record: recordGranted})
	nobody, unknown := q, q
	nobody.Subject, unknown.Purpose = consent.Subject{}, "x"
	for _, c := range []struct {
		q    consent.Question
		want consent.Reason
		by   string
	}{{nobody, consent.Anonymous, "records"}, {unknown, consent.UnknownPurpose, "operator"}, {q, consent.Suspended, "operator"}} {
		if d := b.Decide(c.q); d.Allowed || d.Reason != c.want || d.By() != c.by {
			t.Errorf("%v by %s, want %v", d, d.By(), c.want)
		}
	}
	if by := (consent.Decision{}).By(); by != "records" {
		t.Errorf("the zero decision is by %q", by)
	}
}

// A guardian's yes is for its own interval, and ends when the child agrees alone.
func TestDecideForAChild(t *testing.T) {
	b := signalBook(t)
	h := &consent.History{}
	c := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"help"}, Method: consent.GuardianMethod}
	choose(t, b, h, c, after(0))
	child := func(event, now int) consent.Decision {
		return b.Decide(consent.Question{Subject: subject(1), Purpose: "help", History: h, EventTime: after(event), Now: after(now),
			Heard: consent.Heard{Age: consent.Child}})
	}
	for _, c := range []struct {
		event, now int
		want       consent.Reason
	}{{0, 1, consent.Granted}, {-1, 1, consent.OutsideInterval}, {1, 365, consent.TooYoung}} {
		if d := child(c.event, c.now); d.Reason != c.want {
			t.Errorf("event %d, now %d: %v", c.event, c.now, d)
		}
	}
	source := consent.SourceAnswer{Asked: true, Answer: consent.Answer{State: consent.Allowed, Since: after(-5)}}
	q := consent.Question{Subject: subject(1), Purpose: "help", History: h, EventTime: after(-1), Now: after(1), Source: source, Heard: consent.Heard{Age: consent.Child}}
	if d := b.Decide(q); d.Allowed || d.Reason != consent.OutsideInterval {
		t.Errorf("a Source agreed for a child before the guardian did: %v", d)
	}
	c.Method = "banner"
	choose(t, b, h, c, after(2))
	if d := child(1, 3); d.Allowed || d.Reason != consent.TooYoung {
		t.Errorf("a child's own yes: %v", d)
	}
}

func TestDecideWithSignalsAllocatesNothing(t *testing.T) {
	b, ask := signalBook(t), asker(t)
	for _, s := range []situation{
		{age: consent.Adult, advertising: true, record: recordGranted, gpc: consent.Permits, tcf: consent.Permits, gpp: consent.Permits},
		{age: consent.Child, record: recordGuardian, source: sourceUnknown},
		{source: sourceAllowed},
		{gpc: consent.Forbids, record: recordGranted},
		{tcf: consent.Unclear, record: recordGranted},
		{suspended: true}, {age: consent.Child}, {source: sourceFailed}, {record: recordRefused, source: sourceAllowed},
	} {
		q := ask(s)
		if n := testing.AllocsPerRun(100, func() {
			if d := b.Decide(q); d.By() == "" {
				t.Error("nobody decided")
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations", s, n)
		}
	}
}
