package ledger

import (
	"encoding/hex"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// state is what the log says so far. Appending and replaying go through the
// same check and apply, so a log that was not written by these rules is not
// read by them either.
type state struct {
	next uint64 // length of the log
	head digest // hash of its last record

	population string
	terms      Terms
	opened     contrib.Day

	window   int32
	spent    Loss              // of the current window
	entries  map[string]*entry // of the current window, by name
	open     map[uint64]*entry // reserved, neither answered nor void, of any window, by position
	declared map[string]declaration

	charged  int // windows with at least one entry
	reserves int // entries ever reserved
	answers  int // entries ever answered
	voids    int // entries ever voided
}

// entry is one charge.
type entry struct {
	seq    uint64
	window int32
	name   string
	spec   digest
	loss   Loss
	asOf   contrib.Day
	fence  uint64 // position of the reservation or of the latest retry
	void   bool   // given up after a draw: never to be answered

	answer uint64 // position of the answer record; zero while there is none
	sha    digest
	bytes  int64
}

type declaration struct {
	spec digest
	day  contrib.Day
}

func newState() *state {
	return &state{entries: map[string]*entry{}, open: map[uint64]*entry{}, declared: map[string]declaration{}}
}

// index returns the window of a day on or after the opening.
func (s *state) index(d contrib.Day) int32 { return int32(d-s.opened) / int32(s.terms.WindowDays) }

// first returns the first day of a window.
func (s *state) first(window int32) contrib.Day {
	return s.opened + contrib.Day(window)*contrib.Day(s.terms.WindowDays)
}

// check returns the rule that r breaks as the next record, or "".
func (s *state) check(r *record) string {
	switch {
	case r.Seq != s.next:
		return "a position is missing or repeated"
	case r.Prev != s.head:
		return "it does not follow from the entry before"
	case (r.Kind == kindOpen) != (s.next == 0):
		return "the first entry, and no other, opens the account"
	}
	day := contrib.Day(r.Time / msPerDay)
	if r.Open != nil {
		return checkOpen(r.Open, day)
	}
	if day < s.first(s.window) && r.Answer == nil && r.Void == nil {
		return "its time is before the window"
	}
	switch {
	case r.Window != nil:
		if w := r.Window; w.From != s.window || w.To <= w.From || s.index(day) != w.To {
			return "a window is crossed forward, into that of its time"
		}
	case r.Declare != nil:
		d := r.Declare
		if old, ok := s.declared[d.Name]; !contrib.ValidName(d.Name) || contrib.Day(d.Day) != day || ok && old.spec == d.Spec {
			return "a declaration is new and dated"
		}
	case r.Reserve != nil:
		return s.checkReserve(r.Reserve, day)
	case r.Retry != nil:
		if e := s.open[r.Retry.Entry]; e == nil || e.window != s.window || s.index(day) != s.window {
			return "only an unanswered entry of the window is drawn again"
		}
	case r.Void != nil:
		if s.open[r.Void.Entry] == nil {
			return "only an unanswered entry is voided"
		}
	case r.Answer != nil:
		if s.open[r.Answer.Entry] == nil || r.Answer.Bytes < 1 {
			return "an answer belongs to an unanswered entry"
		}
	}
	return ""
}

func checkOpen(o *openRecord, day contrib.Day) string {
	id, err := hex.DecodeString(o.Population)
	if err != nil || len(id) != 16 || hex.EncodeToString(id) != o.Population {
		return "a population id is 32 hexadecimal digits"
	}
	if contrib.Day(o.Day) != day || !o.terms().valid() {
		return "an account opens on its day, with valid terms"
	}
	return ""
}

func (o *openRecord) terms() Terms {
	return Terms{
		Epsilon: o.Epsilon, Delta: o.Delta, Mu2: o.Mu2, ReserveDelta: o.ReserveDelta, WindowDays: o.WindowDays,
	}
}

func (s *state) checkReserve(r *reserveRecord, day contrib.Day) string {
	switch {
	case r.Window != s.window || s.index(day) != s.window:
		return "a charge belongs to the window of its time"
	case !contrib.ValidName(r.Name) || s.entries[r.Name] != nil:
		return "a name is charged once in a window"
	case r.Mu2.IsZero():
		return "a charge is above zero"
	case contrib.Day(r.AsOf) > day:
		return "an as-of day is not in the future"
	}
	if sum, ok := s.spent.add(Loss{r.Mu2, r.Delta}); !ok || !sum.within(s.terms.total()) {
		return "the charges of a window stay within its total"
	}
	return ""
}

// apply takes in a record that passed check, and returns what takes it back, in
// reverse order of what was applied since.
func (s *state) apply(r *record) (undo func()) {
	next, head := s.next, s.head
	back := s.take(r)
	s.next, s.head = r.Seq+1, r.Hash
	return func() {
		back()
		s.next, s.head = next, head
	}
}

func (s *state) take(r *record) (undo func()) {
	switch {
	case r.Open != nil:
		s.population, s.terms, s.opened = r.Open.Population, r.Open.terms(), contrib.Day(r.Open.Day)
		return func() { s.population, s.terms, s.opened = "", Terms{}, 0 }
	case r.Window != nil:
		window, spent, entries := s.window, s.spent, s.entries
		s.window, s.spent, s.entries = r.Window.To, Loss{}, map[string]*entry{}
		return func() { s.window, s.spent, s.entries = window, spent, entries }
	case r.Declare != nil:
		name := r.Declare.Name
		old, was := s.declared[name]
		s.declared[name] = declaration{r.Declare.Spec, contrib.Day(r.Declare.Day)}
		return func() {
			if s.declared[name] = old; !was {
				delete(s.declared, name)
			}
		}
	case r.Reserve != nil:
		return s.takeReserve(r)
	case r.Retry != nil:
		e := s.open[r.Retry.Entry]
		fence := e.fence
		e.fence = r.Seq
		return func() { e.fence = fence }
	case r.Void != nil:
		e := s.open[r.Void.Entry]
		e.void = true
		delete(s.open, e.seq)
		s.voids++
		return func() {
			e.void, s.open[e.seq] = false, e
			s.voids--
		}
	default:
		return s.takeAnswer(r)
	}
}

func (s *state) takeReserve(r *record) (undo func()) {
	e := &entry{
		seq: r.Seq, window: r.Reserve.Window, name: r.Reserve.Name, spec: r.Reserve.Spec,
		loss: Loss{r.Reserve.Mu2, r.Reserve.Delta}, asOf: contrib.Day(r.Reserve.AsOf), fence: r.Seq,
	}
	spent, charged := s.spent, s.charged
	if s.spent == (Loss{}) {
		s.charged++
	}
	s.spent, _ = s.spent.add(e.loss)
	s.entries[e.name], s.open[e.seq] = e, e
	s.reserves++
	return func() {
		delete(s.entries, e.name)
		delete(s.open, e.seq)
		s.spent, s.charged = spent, charged
		s.reserves--
	}
}

func (s *state) takeAnswer(r *record) (undo func()) {
	e := s.open[r.Answer.Entry]
	e.answer, e.sha, e.bytes = r.Seq, r.Answer.SHA256, r.Answer.Bytes
	delete(s.open, e.seq)
	s.answers++
	return func() {
		e.answer, e.sha, e.bytes, s.open[e.seq] = 0, digest{}, 0, e
		s.answers--
	}
}

// replay takes in one line as the record at position seq.
func (s *state) replay(seq uint64, line []byte) (*record, error) {
	if seq != s.next {
		return nil, &BrokenError{s.next, "a position is missing or repeated"}
	}
	r, err := decode(line)
	if err != nil {
		return nil, &BrokenError{seq, "it is not a record of this version in canonical form, or its hash is wrong"}
	}
	if rule := s.check(r); rule != "" {
		return nil, &BrokenError{seq, rule}
	}
	s.apply(r)
	return r, nil
}

// Request asks for one charge.
type Request struct {
	Name  string           // names the release within the window: 1 to 64 of a-z, 0-9, dot, dash, underscore
	Spec  []byte           // canonical bytes of everything declared about it; never data. A hash is kept
	Mu2   accounting.Units // squared mu, rounded up; above zero
	Delta accounting.Units // additive delta, rounded up; zero for mechanisms without one
	AsOf  contrib.Day      // last day that counts; zero: the day on which the name is first asked for
}
