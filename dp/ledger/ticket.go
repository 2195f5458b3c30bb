package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// Ticket is a durable charge, held by one caller alone. The zero Ticket is
// invalid. A ticket ends with Answer or Release; one that is dropped blocks its
// name until the account is opened again.
type Ticket struct {
	a     *Account
	e     *entry
	fence uint64
	ms    int64
	done  bool // guarded by a.mu

	charge proof.Charge
}

// Charge proves the charge to package dp. It is good for one draw, however often
// it is asked for.
func (t *Ticket) Charge() proof.Charge { return t.charge }

// proof returns a new proof of the charge of an entry.
func (a *Account) proof(e *entry) proof.Charge {
	mu2, _ := e.loss.Mu2.MarshalText() // never fails
	delta, _ := e.loss.Delta.MarshalText()
	return proof.NewCharge(proof.ChargeFields{
		Account: a.population, Entry: e.seq, Name: e.name, Window: e.window, AsOf: int32(e.asOf),
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
// ErrInProgress, an *ExhaustedError, a *BrokenError for a stored answer that is
// not what was answered, ErrFailed, or an error of the store or of ctx.
func (a *Account) Reserve(ctx context.Context, r Request, now time.Time) (*Ticket, []byte, error) {
	if !contrib.ValidName(r.Name) || len(r.Spec) == 0 || r.Mu2.IsZero() {
		return nil, nil, ErrRequest
	}
	spec := digest(sha256.Sum256(r.Spec))
	t, e, err := a.reserve(ctx, &r, spec, now)
	if err != nil || t != nil {
		return t, nil, err
	}
	answer, err := a.stored(ctx, e)
	return nil, answer, err
}

// reserve returns a ticket, or a copy of an answered entry.
func (a *Account) reserve(ctx context.Context, r *Request, spec digest, now time.Time) (*Ticket, *entry, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		day, err := a.cross(ctx, now, false)
		if err != nil {
			return nil, nil, err
		}
		if r.AsOf > day || r.AsOf < 0 {
			return nil, nil, ErrRequest
		}
		rec := &record{Time: now.UnixMilli()}
		loss := Loss{r.Mu2, r.Delta}
		e := a.st.entries[r.Name]
		switch {
		case e == nil:
			if err := a.fits(loss); err != nil {
				return nil, nil, err
			}
			rec.Kind, rec.Reserve = kindReserve, &reserveRecord{
				Window: a.st.window, Name: r.Name, Spec: spec, AsOf: date(r.AsOf), Mu2: r.Mu2, Delta: r.Delta,
			}
		case e.spec != spec || e.loss != loss:
			return nil, nil, ErrSpecification
		case e.answer != 0:
			done := *e
			return nil, &done, nil
		case e.holder != nil:
			return nil, nil, ErrInProgress
		default:
			rec.Kind, rec.Retry = kindRetry, &retryRecord{Entry: e.seq}
		}
		switch err := a.append(ctx, rec, nil); {
		case errors.Is(err, errMoved):
			continue
		case err != nil:
			return nil, nil, err
		}
		e = a.st.entries[r.Name]
		t := &Ticket{a: a, e: e, fence: e.fence, ms: rec.Time, charge: a.proof(e)}
		e.holder = t
		return t, nil, nil
	}
}

// fits returns an *ExhaustedError unless the loss fits in the window. a.mu is
// held.
func (a *Account) fits(l Loss) error {
	total := a.terms.total()
	if sum, ok := a.st.spent.add(l); ok && sum.within(total) {
		return nil
	}
	e := &ExhaustedError{
		Requested: l, Spent: a.st.spent, Remaining: total.less(a.st.spent), Total: total, Window: a.st.window,
	}
	if l.within(total) {
		e.FreesOn = startOf(a.st.first(a.st.window + 1))
	}
	return e
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
	w := t.a.span(t.e.window)
	w.Logged = true
	return w
}

// AsOf returns the last day that counts, as it was when the charge was first
// reserved.
func (t *Ticket) AsOf() contrib.Day { return t.e.asOf }

// Answer stores the answer, with its hash in the log. After it returns nil, and
// not before, the bytes may leave; the ticket is then used up. It returns
// ErrTicket when the ticket is not, or no longer, the holder of the entry. When
// ctx is done before anything is written, the ticket stays valid.
func (t *Ticket) Answer(ctx context.Context, answer []byte) error {
	if t == nil || t.a == nil {
		return ErrTicket
	}
	if len(answer) == 0 {
		return ErrAnswer
	}
	sum := digest(sha256.Sum256(answer))
	a := t.a
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		switch {
		case a.failed.Load():
			return ErrFailed
		case t.done || t.e.answer != 0 || t.e.fence != t.fence:
			t.done = true
			return ErrTicket
		}
		err := a.append(ctx, &record{Kind: kindAnswer, Time: t.ms, Answer: &answerRecord{
			Entry: t.e.seq, Bytes: int64(len(answer)), SHA256: sum,
		}}, answer)
		switch {
		case err == nil:
			t.done = true
			return nil
		case !errors.Is(err, errMoved):
			return err
		}
	}
}

// Release gives the entry up without an answer. The charge stays; the same
// name may be drawn once more under it. Never release a ticket because of the
// noise that was drawn: choosing between draws is a second release.
func (t *Ticket) Release() {
	if t == nil || t.a == nil {
		return
	}
	t.a.mu.Lock()
	defer t.a.mu.Unlock()
	t.done = true
	if t.e.holder == t {
		t.e.holder = nil
	}
}
