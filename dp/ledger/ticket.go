package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// Ticket is a durable charge, held by one caller alone. The zero Ticket is
// invalid. A ticket ends with Answer, Release or Void; one that is dropped
// blocks its name until the store is closed.
type Ticket struct {
	a    *Account
	e    entry // as it was when the ticket was made
	ms   int64
	give func() // ends the claim on the entry

	handed atomic.Bool // Charge was asked for, so noise may have been drawn
	ended  atomic.Bool
	charge proof.Charge
}

// Charge proves the charge to package dp. It is good for one draw, however often
// it is asked for.
func (t *Ticket) Charge() proof.Charge {
	t.handed.Store(true)
	return t.charge
}

// proof returns a new proof of the charge of an entry.
func (a *Account) proof(e *entry) proof.Charge {
	mu2, _ := e.loss.Mu2.MarshalText() // never fails
	delta, _ := e.loss.Delta.MarshalText()
	return proof.NewCharge(proof.ChargeFields{
		Account: a.id, Entry: e.seq, Name: e.name, Window: e.window, AsOf: int32(e.asOf),
		Mu2: string(mu2), Delta: string(delta),
	})
}

// Reserve charges r to the window of now and returns a ticket to draw under;
// or the stored bytes, when the name was answered in this window before; never
// both. The charge is durable before Reserve returns. A name that is reserved
// but not answered, after a crash or a Release, is handed out again under its
// old charge and as-of day, and that is logged.
//
// It returns ErrRequest, ErrClockBack, ErrWindowJump, ErrSpecification,
// ErrInProgress, ErrVoid, an *ExhaustedError, a *BrokenError for a stored answer
// that is not what was answered, ErrFailed, or an error of the store or of ctx.
func (a *Account) Reserve(ctx context.Context, r Request, now time.Time) (*Ticket, []byte, error) {
	if !contrib.ValidName(r.Name) || len(r.Spec) == 0 || r.AsOf < 0 {
		return nil, nil, ErrRequest
	}
	w, err := a.Window(now)
	if err != nil {
		return nil, nil, err
	}
	give, err := a.store.LedgerClaim(ctx, a.claim(w.Index, r.Name))
	if err != nil && !errors.Is(err, ErrHeld) {
		return nil, nil, err
	}
	spec := digest(sha256.Sum256(r.Spec))
	var e entry
	err = a.do(ctx, 0, func(g *group) (err error) {
		e, err = a.reserve(g, &r, spec, now, give == nil)
		return err
	})
	if err == nil && e.answer == 0 {
		return &Ticket{a: a, e: e, ms: now.UnixMilli(), give: give, charge: a.proof(&e)}, nil, nil
	}
	if give != nil {
		give()
	}
	if err != nil {
		return nil, nil, explain(err)
	}
	answer, err := a.stored(ctx, &e)
	if err == nil {
		err = a.cover(ctx, e.answer)
	}
	if err != nil {
		return nil, nil, err
	}
	return nil, answer, nil
}

// explain adds to a refusal what takes a while to find.
func explain(err error) error {
	if out, ok := err.(*ExhaustedError); ok {
		out.Epsilon = out.Remaining.pure()
	}
	return err
}

// claim returns the key under which stores know who draws for a name.
func (a *Account) claim(window int32, name string) uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "discreet-claim-v0\n%s\n%d\n%s", a.id, window, name)
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// reserve stages the charge, or the retry, of a name, and returns a copy of its
// entry, which is answered where there is an answer.
func (a *Account) reserve(g *group, r *Request, spec digest, now time.Time, held bool) (entry, error) {
	day, err := a.cross(g, now, false)
	if err != nil {
		return entry{}, err
	}
	c := r.charge()
	e := g.st.entries[r.Name]
	if c.asOf == 0 {
		if c.asOf = day; e != nil {
			c.asOf = e.asOf
		}
	}
	if c.asOf > day && (e == nil || r.AsOf != 0) || c.asOf-contrib.Day(c.days)+1 < 0 || c.declares(g.st.terms()) != "" {
		return entry{}, ErrRequest
	}
	rec := &record{Time: now.UnixMilli()}
	switch {
	case e == nil && held:
		return entry{}, ErrInProgress
	case e == nil:
		if out := g.st.fits(&c); out != nil {
			return entry{}, out
		}
		rec.Kind, rec.Reserve = kindReserve, &reserveRecord{
			Window: g.st.window, Name: r.Name, Spec: spec, AsOf: date(c.asOf), Mu2: r.Mu2, Delta: r.Delta,
			Rho: r.Rho, Days: r.Days, Quotas: c.quotas, Planned: r.Planned,
		}
	case e.spec != spec || !e.charge.equal(&c):
		return entry{}, ErrSpecification
	case e.answer != 0:
		return *e, nil
	case e.void:
		return entry{}, ErrVoid
	case held:
		return entry{}, ErrInProgress
	default:
		rec.Kind, rec.Retry = kindRetry, &retryRecord{Entry: e.seq}
	}
	if err := g.add(rec, nil); err != nil {
		return entry{}, err
	}
	return *g.st.entries[r.Name], nil
}

// stored returns the bytes of an answered entry.
func (a *Account) stored(ctx context.Context, e *entry) ([]byte, error) {
	answer, err := a.store.LedgerBlob(ctx, e.answer)
	if err != nil {
		return nil, err
	}
	if int64(len(answer)) != e.bytes || digest(sha256.Sum256(answer)) != e.sha {
		return nil, &BrokenError{e.answer, "the stored answer is not the one that was answered"}
	}
	return answer, nil
}

// Entry returns the position of the charge in the log.
func (t *Ticket) Entry() uint64 { return t.e.seq }

// Window returns the window that was charged.
func (t *Ticket) Window() Window {
	w := t.a.days.Load().span(t.e.window)
	w.Logged = true
	return w
}

// AsOf returns the last day that counts, as it was when the charge was first
// reserved.
func (t *Ticket) AsOf() contrib.Day { return t.e.asOf }

// Answer stores the answer, with its hash in the log. After it returns nil, and
// not before, the bytes may leave; the ticket is then used up. It returns
// ErrTicket when the ticket is not, or no longer, the holder of the entry, and
// ErrSink when the answer is stored and the checkpoint that covers it is not: ask
// for the name again, which tries once more, before the bytes leave. When ctx is done before anything is written, the ticket stays valid.
func (t *Ticket) Answer(ctx context.Context, answer []byte) error {
	if t == nil || t.a == nil || t.ended.Load() {
		return ErrTicket
	}
	if len(answer) == 0 {
		return ErrAnswer
	}
	sum := digest(sha256.Sum256(answer))
	var stored uint64
	err := t.a.do(ctx, len(answer), func(g *group) error {
		if !t.holds(g.st) {
			return ErrTicket
		}
		stored = g.st.next
		return g.add(&record{Kind: kindAnswer, Time: t.ms, Answer: &answerRecord{
			Entry: t.e.seq, Bytes: int64(len(answer)), SHA256: sum,
		}}, answer)
	})
	if err == nil || errors.Is(err, ErrTicket) {
		t.end()
	}
	if err != nil {
		return err
	}
	return t.a.cover(ctx, stored)
}

// holds reports whether the ticket is the latest that was handed out for an
// entry that is neither answered nor void.
func (t *Ticket) holds(st *state) bool {
	e := st.open[t.e.seq]
	return e != nil && e.fence == t.e.fence && !t.ended.Load()
}

// end gives up the claim, once.
func (t *Ticket) end() {
	if !t.ended.Swap(true) {
		t.give()
	}
}

// Release ends a ticket that was not answered; on one that was it does nothing.
// The charge stays in any case. Where the Charge was never asked for, nothing
// was drawn, and the same name may be asked for again under its charge; else
// the entry is voided as by Void. Whoever draws by other means calls Void.
func (t *Ticket) Release(ctx context.Context) error {
	if t == nil || t.a == nil || t.ended.Load() {
		return nil
	}
	if t.handed.Load() {
		return t.Void(ctx)
	}
	t.end()
	return nil
}

// Void ends a ticket under which noise may have been drawn and whose answer
// will never leave. The charge stays, and the name is refused with ErrVoid for
// the rest of the window. It returns ErrTicket for a ticket that has ended.
func (t *Ticket) Void(ctx context.Context) error {
	if t == nil || t.a == nil || t.ended.Load() {
		return ErrTicket
	}
	defer t.end()
	var void uint64
	err := t.a.do(ctx, 0, func(g *group) error {
		if !t.holds(g.st) {
			return ErrTicket
		}
		void = g.st.next
		return g.add(&record{Kind: kindVoid, Time: t.ms, Void: &voidRecord{Entry: t.e.seq}}, nil)
	})
	if err != nil {
		return err
	}
	return t.a.cover(ctx, void)
}
