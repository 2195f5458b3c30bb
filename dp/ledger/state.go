package ledger

import (
	"math"
	"slices"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// state is what the log says so far. Appending and replaying go through the
// same check and apply, so a log that was not written by these rules is not
// read by them either.
type state struct {
	next    uint64 // length of the log
	head    digest // hash of its last record
	version int    // of its last record
	latest  int64  // latest time of a record, ms

	population string
	account    string // its own id, where it was split off; else that of the population
	grant      Loss   // what it was given then
	calendar          // its terms

	window   int32
	cells    map[int32]tally   // what was charged: by window, or by data day
	closed   int32             // cells up to this one have nothing left
	closedAt int64             // latest time of a close record, ms; -1 for none
	given    Loss              // to accounts that were split off
	entries  map[string]*entry // of the current window, by name
	open     map[uint64]*entry // reserved, neither answered nor void, of any window, by position
	declared map[string]declaration

	charged  int // windows with at least one entry
	reserves int // entries ever reserved
	answers  int // entries ever answered
	voids    int // entries ever voided
}

// terms returns those of the current window.
func (s *state) terms() *Terms { return &s.of(s.window).terms }

// entry is one charge.
type entry struct {
	seq    uint64
	window int32
	name   string
	spec   digest
	charge
	fence uint64 // position of the reservation or of the latest retry
	void  bool   // given up after a draw: never to be answered

	answer uint64 // position of the answer record; zero while there is none
	sha    digest
	bytes  int64
}

type declaration struct {
	spec digest
	day  contrib.Day
	seq  uint64
}

func newState() *state {
	return &state{
		cells: map[int32]tally{}, closed: math.MinInt32, closedAt: -1,
		entries: map[string]*entry{}, open: map[uint64]*entry{}, declared: map[string]declaration{},
	}
}

// check returns the rule that r breaks as the next record, or "".
func (s *state) check(r *record) string {
	switch {
	case r.Seq != s.next:
		return "a position is missing or repeated"
	case r.Prev != s.head:
		return "it does not follow from the entry before"
	case r.V < s.version:
		return "the version of a record never falls"
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
	case r.Terms != nil:
		return s.checkTerms(r.Terms)
	case r.Split != nil:
		return s.checkSplit(r.Split)
	case r.Close != nil:
		if r.Close.Through <= s.closed || r.Close.Through != s.newest(day) {
			return "what is closed ends with the newest window or day"
		}
	case r.Given != nil:
		if l := Loss(*r.Given); s.closedAt < 0 || l == s.given || !s.given.within(l) {
			return "what is given grows, after a close"
		}
	case r.Answer != nil:
		if s.open[r.Answer.Entry] == nil || r.Answer.Bytes < 1 {
			return "an answer belongs to an unanswered entry"
		}
	}
	return ""
}

func checkOpen(o *openRecord, day contrib.Day) string {
	if !validID(o.Population) || o.Account != "" && !validID(o.Account) {
		return "an id is 32 hexadecimal digits"
	}
	t, err := o.terms()
	switch {
	case err != nil || !t.valid():
		return "an account opens with valid terms"
	case o.Parent == nil && (contrib.Day(o.Day) != day || o.Account != ""):
		return "an account opens on its day"
	case o.Parent != nil && (o.Account == "" || contrib.Day(o.Day) > day || day >= contrib.Day(o.Day)+contrib.Day(t.period())):
		return "an account that was split off has an id and opens in the window of its day"
	}
	return ""
}

func (s *state) checkReserve(r *reserveRecord, day contrib.Day) string {
	c := r.charge()
	switch {
	case r.Window != s.window || s.index(day) != s.window:
		return "a charge belongs to the window of its time"
	case !contrib.ValidName(r.Name) || s.entries[r.Name] != nil:
		return "a name is charged once in a window"
	case contrib.Day(r.AsOf) > day || contrib.Day(r.AsOf)-contrib.Day(c.days)+1 < 0:
		return "an as-of day is not in the future"
	}
	if rule := c.declares(s.terms()); rule != "" {
		return rule
	}
	if s.tight(&c, s.window, c.asOf) != nil {
		return "the charges of a window stay within its total"
	}
	return ""
}

// newest returns the cell that nothing charged so far lies after.
func (s *state) newest(day contrib.Day) int32 {
	if s.terms().Windows == DataDays {
		return int32(day)
	}
	return s.window
}

// apply takes in a record that passed check, and returns what takes it back, in
// reverse order of what was applied since.
func (s *state) apply(r *record) (undo func()) {
	next, head, version, latest := s.next, s.head, s.version, s.latest
	back := s.take(r)
	s.next, s.head, s.version, s.latest = r.Seq+1, r.Hash, r.V, max(latest, r.Time)
	return func() {
		back()
		s.next, s.head, s.version, s.latest = next, head, version, latest
	}
}

func (s *state) take(r *record) (undo func()) {
	switch {
	case r.Open != nil:
		s.takeOpen(r.Open)
		return func() { s.population, s.account, s.grant, s.calendar = "", "", Loss{}, nil }
	case r.Window != nil:
		window, entries := s.window, s.entries
		s.window, s.entries = r.Window.To, map[string]*entry{}
		return func() { s.window, s.entries = window, entries }
	case r.Declare != nil:
		name := r.Declare.Name
		old, was := s.declared[name]
		s.declared[name] = declaration{r.Declare.Spec, contrib.Day(r.Declare.Day), r.Seq}
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
	case r.Terms != nil:
		return s.takeTerms(r.Terms)
	case r.Split != nil:
		given := s.given
		s.given = s.given.add(r.Split.loss())
		return func() { s.given = given }
	case r.Close != nil:
		closed, at := s.closed, s.closedAt
		s.closed, s.closedAt = r.Close.Through, max(at, r.Time)
		return func() { s.closed, s.closedAt = closed, at }
	case r.Given != nil:
		given := s.given
		s.given = Loss(*r.Given)
		return func() { s.given = given }
	default:
		return s.takeAnswer(r)
	}
}

func (s *state) takeOpen(o *openRecord) {
	t, _ := o.terms() // checked
	s.population, s.account = o.Population, o.Population
	if o.Parent != nil {
		s.account, s.grant = o.Account, t.certified()
	}
	s.calendar = calendar{{first: contrib.Day(o.Day), terms: t}}
}

func (s *state) takeReserve(r *record) (undo func()) {
	e := &entry{
		seq: r.Seq, window: r.Reserve.Window, name: r.Reserve.Name, spec: r.Reserve.Spec,
		charge: r.Reserve.charge(), fence: r.Seq,
	}
	charged := s.charged
	if len(s.entries) == 0 {
		s.charged++
	}
	back := s.put(e.charge)
	s.entries[e.name], s.open[e.seq] = e, e
	s.reserves++
	return func() {
		delete(s.entries, e.name)
		delete(s.open, e.seq)
		back()
		s.charged = charged
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
	Name    string           // names the release within the window: 1 to 64 of a-z, 0-9, dot, dash, underscore
	Spec    []byte           // canonical bytes of everything declared about it; never data. A hash is kept
	Mu2     accounting.Units // squared mu, rounded up; above zero in a GDP account; zero in others where it is not known
	Rho     accounting.Units // rho, rounded up; above zero in a ZCDP account; zero in others for Mu2/2
	Delta   accounting.Units // additive delta, rounded up; zero for mechanisms without one
	Planned string           // in a PLD account: which mechanism of the plan; Mu2, Rho and Delta are zero then
	Quotas  []string         // of Terms.Quotas, those that it draws on; none draws on the total alone
	AsOf    contrib.Day      // last day that counts; zero: the day on which the name is first asked for
	Days    int              // how many days it reads, AsOf included, 1 to MaxWindowDays; zero, not declared, except with DataDays
}

// charge returns what is charged, with quotas in order.
func (r *Request) charge() charge {
	quotas := slices.Clone(r.Quotas)
	slices.Sort(quotas)
	return charge{Loss{r.Mu2, r.Rho, r.Delta}, quotas, r.Planned, r.AsOf, r.Days}
}
