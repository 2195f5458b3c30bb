package discreet

import (
	"context"
	"errors"
	"io"

	"github.com/discreet-go/discreet/consent"
)

// ErrReceipts: receipts need Config.Receipts.
var ErrReceipts = errors.New("discreet: a receipt needs Config.Receipts: who the controller is, and where data is kept")

// Receipt returns a signed receipt of a person's consents, after ISO/IEC TS 27560:
// what was asked and answered, under which text, until when, how to take it back,
// and the salts that open the commitments in the consent log. [consent.ReadReceipt]
// and examples/receipt check it with the keys of Verifiers. It is for that person:
// the caller makes sure that who is the person asking, and by is the service or
// operator that asks for that person. It returns ErrReceipts, and the errors of
// [consent.NewReceipt]. Of a person of whom nothing is recorded it says that.
func (e *Engine) Receipt(ctx context.Context, who Raw, by Actor) (signed []byte, err error) {
	defer e.observe("Receipt", e.cfg.Now(), &err)
	if e.cfg.Receipts == nil {
		return nil, ErrReceipts
	}
	if err := e.note(ctx, by, "Receipt"); err != nil {
		return nil, err
	}
	if err := e.suspended.look(ctx, e); err != nil {
		return nil, err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	if e.closed.Load() {
		return nil, ErrClosed
	}
	n, err := e.meet(ctx, e.keys.Load(), who)
	if err != nil {
		return nil, err
	}
	r, err := e.consentsOf(ctx, n)
	if err != nil {
		return nil, err
	}
	principal, err := n.subject.ID().MarshalText()
	if err != nil {
		return nil, err
	}
	head, err := e.log.Head(ctx)
	if err != nil {
		return nil, err
	}
	now := e.cfg.Now()
	receipt, err := consent.NewReceipt(consent.ReceiptInput{
		Terms: *e.cfg.Receipts, Book: e.book, Principal: string(principal),
		Entries: r.Entries(), Summary: e.book.Summary(r.History(), now), Suspended: e.Suspended(),
		Log: head, Now: now,
	})
	if err != nil {
		return nil, err
	}
	return receipt.Sign(e.signer)
}

// ExportConsentLog writes the records of the consent log one behind the other, as
// docs/formats.md describes them: with it, whoever holds a receipt checks that the
// log has what the receipt says. It tells nothing of people but how many choices
// were made, and when.
func (e *Engine) ExportConsentLog(ctx context.Context, w io.Writer) error {
	if e.closed.Load() {
		return ErrClosed
	}
	return e.cfg.Store.ConsentLogRead(ctx, 0, func(_ uint64, record []byte) error {
		_, err := w.Write(record)
		return err
	})
}
