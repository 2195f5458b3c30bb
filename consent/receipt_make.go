package consent

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
)

// Errors of making a receipt, besides those of [ReceiptTerms.Check] and ErrClock.
var (
	ErrPrincipal = errors.New("consent: a receipt names the person by the text form of a pseudonym")
	ErrEntry     = errors.New("consent: an entry is not one that a log holds")
)

// ReceiptInput is all that a receipt is made from. Every field but Suspended is
// required; Entries and Summary are empty for a person of whom nothing is held.
type ReceiptInput struct {
	Terms     ReceiptTerms // of the service
	Book      *Book        // the texts
	Principal string       // text form of the pseudonym under which consent is kept
	Entries   []Entry      // what happened, in the order of the journal, from Record.Entries
	Summary   Summary      // what holds at Now, from Book.Summary
	Suspended []string     // purposes whose use is suspended, and those below them
	Log       LogHead      // of the consent log, which holds all of the entries
	Now       time.Time    // time of issue
}

// NewReceipt makes a receipt. It shares nothing with its input that can change,
// and the same input makes the same receipt, with the same receipt_id. It
// returns ErrController, ErrTerms, ErrPrincipal, ErrEntry, ErrClock, or ErrReceipt
// for a summary or a head of a log that there cannot be.
//
// States are mapped so:
//
//	served      requested, by the controller
//	given       re-affirmed, where consent for all of its purposes was open; else given
//	refused     refused
//	withdrawn   withdrawn
//	expired     expired, by the controller
//	imported    given
//	opted-out   withdrawn, where consent for one of its purposes was open; else refused
//	moved       unknown, by the controller: no state says that two identifiers became one
//	erased      terminated, by the controller
//
// What is given and suspended is invalidated in the list of states, since only
// what is given may be used. The cost is linear in entries and texts.
func NewReceipt(in ReceiptInput) (Receipt, error) {
	if err := in.Terms.Check(); err != nil {
		return Receipt{}, err
	}
	var id ident.ID
	if id.UnmarshalText([]byte(in.Principal)) != nil {
		return Receipt{}, ErrPrincipal
	}
	now := millis(in.Now)
	if now < 1 || now > maxMoment {
		return Receipt{}, ErrClock
	}
	m := receiptMaker{in: &in, open: map[string]int64{}, records: map[[16]byte]int{}}
	r := &m.receipt
	*r = Receipt{
		SchemaVersion: ReceiptFormat, Profile: receiptProfile, Issued: moment(now), Principal: in.Principal,
		States: []ReceiptState{}, Records: []ReceiptRecord{}, Parties: []ReceiptParty{in.Terms.Controller.party()},
		Log: ReceiptLog{in.Log.Length, hex.EncodeToString(in.Log.Chain[:])},
	}
	for i := range in.Entries {
		e := in.Entries[i]
		e.At = moment(millis(e.At))
		if b := e.broken(); b != "" {
			return Receipt{}, fmt.Errorf("%w: %w", ErrEntry, b)
		}
		if e.Kind == KindDisclosed {
			continue // a receipt is about what was agreed to; Summary tells of disclosures
		}
		m.add(&e)
	}
	for i := range in.Summary.Purposes {
		r.States = append(r.States, m.state(&in.Summary.Purposes[i]))
	}
	var err error
	if r.ID, err = r.identify(); err != nil {
		return Receipt{}, err
	}
	if err := r.check(); err != nil {
		return Receipt{}, err
	}
	return *r, nil
}

// receiptMaker adds up entries.
type receiptMaker struct {
	in      *ReceiptInput
	receipt Receipt
	records map[[16]byte]int // where each record stands
	open    map[string]int64 // purposes agreed to, and until when
}

func (m *receiptMaker) add(e *Entry) {
	i, ok := m.records[e.Record]
	if !ok {
		i = len(m.receipt.Records)
		m.records[e.Record] = i
		m.receipt.Records = append(m.receipt.Records, ReceiptRecord{ID: uuid(e.Record), Processing: []ReceiptProcessing{}})
	}
	r := &m.receipt.Records[i]
	text := m.text(e)
	if e.Notice != "" {
		m.shown(r, e, text)
	}
	v := ReceiptEvent{
		Time: e.At, Entity: m.in.Terms.Controller.ID, Kind: e.Kind.String(), Purposes: append([]string{}, e.Purposes...),
		Notice: e.Notice, Version: e.Version, Locale: e.Locale, Method: e.Method, Proof: e.Proof, Salt: hex.EncodeToString(e.Salt[:]),
	}
	if e.Hash != [32]byte{} {
		v.SHA256 = hex.EncodeToString(e.Hash[:])
	}
	c := e.Commitment()
	v.Commitment = hex.EncodeToString(c[:])
	var byPerson bool
	if v.Type, byPerson = e.eventType(); byPerson {
		v.Entity = m.in.Principal
	}
	v.State, v.Validity = m.follow(e, text)
	r.Events = append(r.Events, v)
}

const eventImported = "imported"

// eventType returns how consent was expressed in the entry, and whether by the
// person.
func (e *Entry) eventType() (kind string, byPerson bool) {
	switch e.Kind {
	case KindGiven, KindRefused, KindWithdrawn, KindImported:
		if e.Proof != "" {
			return eventImported, true
		}
		return "expressed", true
	case KindOptedOut:
		return "signal", true
	}
	return "none", false // served, expired, moved, erased
}

// Validity of what is not a yes.
const (
	untilAnswered = "until-answered"
	untilGiven    = "until-given"
	unknownPeriod = "unknown"
)

// follow returns the state that the entry brings about, and for how long, and
// remembers what is open afterwards. text may be nil.
func (m *receiptMaker) follow(e *Entry, text *Notice) (EventState, string) {
	t := millis(e.At)
	switch e.Kind {
	case KindServed:
		return StateRequested, untilAnswered
	case KindGiven:
		again := len(e.Purposes) > 0
		for _, p := range e.Purposes {
			again = again && t < m.open[p]
		}
		validity := m.give(e, text)
		if again {
			return StateReaffirmed, validity
		}
		return StateGiven, validity
	case KindImported:
		return StateGiven, m.give(e, text)
	case KindMoved: // what was open under either identifier may not be any more
		clear(m.open)
		return StateUnknown, unknownPeriod
	case KindErased:
		clear(m.open)
		return StateTerminated, untilGiven
	}
	state := StateRefused
	for _, root := range e.Purposes {
		for p, until := range m.open {
			if under(p, root) {
				if t < until {
					state = StateWithdrawn
				}
				delete(m.open, p)
			}
		}
	}
	switch e.Kind {
	case KindRefused:
		state = StateRefused
	case KindWithdrawn:
		state = StateWithdrawn
	case KindExpired:
		state = StateExpired
	}
	return state, untilGiven
}

// give opens the purposes, and returns for how long: as the summary has it,
// else as the text says, else nobody knows.
func (m *receiptMaker) give(e *Entry, text *Notice) string {
	t, lasts := millis(e.At), int64(0)
	for i := range m.in.Summary.Purposes {
		s := &m.in.Summary.Purposes[i]
		if slices.Contains(e.Purposes, s.Purpose) && s.State == Granted && (s.Confirmed.Equal(e.At) || s.Confirmed.IsZero() && s.Since.Equal(e.At)) {
			lasts = max(lasts, millis(s.Until)-t)
		}
	}
	if lasts == 0 && text != nil {
		lasts = days(text.ConsentDays)
	}
	until := t + lasts
	if lasts == 0 {
		until = t + days(MaxConsentDays)
	}
	for _, p := range e.Purposes {
		m.open[p] = until
	}
	return period(lasts)
}

// period writes milliseconds as an ISO 8601 duration.
func period(ms int64) string {
	switch {
	case ms <= 0:
		return unknownPeriod
	case ms%dayMillis == 0:
		return "P" + strconv.FormatInt(ms/dayMillis, 10) + "D"
	case ms%1000 == 0:
		return "PT" + strconv.FormatInt(ms/1000, 10) + "S"
	}
	return fmt.Sprintf("PT%d.%03dS", ms/1000, ms%1000)
}

// state turns the summary of a purpose into a state.
func (m *receiptMaker) state(s *PurposeSummary) ReceiptState {
	st := ReceiptState{Purpose: s.Purpose, Title: s.Title, Since: instant(s.Since), Until: instant(s.Until), AskAgain: instant(s.AskAgain)}
	switch s.State {
	case Granted:
		st.State = StateGiven
		if slices.ContainsFunc(m.in.Suspended, func(root string) bool { return under(s.Purpose, root) }) {
			st.State = StateInvalidated
		}
	case Refused:
		st.State = StateRefused
	case Withdrawn:
		st.State = StateWithdrawn
	case Expired:
		st.State = StateExpired
	}
	return st // a summary has no other states
}

// instant returns the time in the form of a receipt; zero stays zero.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return moment(min(millis(t), maxMoment))
}
