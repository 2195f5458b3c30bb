package discreet_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
)

var receiptTerms = consent.ReceiptTerms{
	Controller: consent.Controller{
		ID: "shop", Name: "Shop Ltd", Type: "Data Controller", Address: "1 High Street, Dublin", Country: "IE", Email: "privacy@example.org",
	},
	StorageLocations: []string{"IE"}, Jurisdiction: "IE",
}

// TestReceipt holds that a person's receipt verifies elsewhere, tells what stands,
// and opens its commitments in the log, until everything is erased.
func TestReceipt(t *testing.T) {
	ctx := t.Context()
	e := openWorld(t, discreet.Config{Receipts: &receiptTerms})
	check(t, e.Served(ctx, ann, "personal-pages", 1, "en"))
	e.Agree(t, ann, bob)
	e.Clock.Advance(time.Hour)
	check(t, errOf(e.Withdraw(ctx, ann)))
	signed, err := e.Receipt(ctx, ann, operator)
	check(t, err)
	r, err := consent.ReadReceipt(signed, e.Verifiers())
	check(t, err)
	var kinds []string
	log := map[[32]byte]bool{}
	check(t, e.ConsentLog(ctx, func(r consent.LogRecord) error { log[r.Commitment] = true; return nil }))
	for _, entry := range r.Entries() {
		kinds = append(kinds, entry.Kind.String())
		if !log[entry.Commitment()] {
			t.Errorf("the log lacks the entry %v", entry.Kind)
		}
	}
	if len(kinds) != 3 || kinds[0] != "served" || kinds[1] != "given" || kinds[2] != "withdrawn" {
		t.Errorf("the receipt tells %v", kinds)
	}
	for _, secret := range []string{"ann@example.com", "ann"} {
		if bytes.Contains(signed, []byte(secret)) {
			t.Errorf("the receipt holds %q", secret)
		}
	}
	var raw bytes.Buffer
	check(t, e.ExportConsentLog(ctx, &raw))
	if raw.Len() != 73*len(log) || len(log) != 4 {
		t.Errorf("%d bytes of %d records", raw.Len(), len(log))
	}
	other := openWorld(t, discreet.Config{})
	if _, err := consent.ReadReceipt(signed, other.Verifiers()); err == nil {
		t.Error("another service's keys verify it")
	}
	if _, err := other.Receipt(ctx, ann, operator); err != discreet.ErrReceipts {
		t.Errorf("without terms: %v", err)
	}
	if signed, err := e.Receipt(ctx, discreet.Email("never@example.com"), operator); err != nil || bytes.Contains(signed, []byte("given")) {
		t.Errorf("a receipt of nothing: %v", err)
	}
	if _, err := e.Receipt(ctx, ann, discreet.Actor{}); err == nil {
		t.Error("nobody asked for a receipt")
	}
	bad := other.Config
	bad.Receipts = &consent.ReceiptTerms{}
	if _, err := discreet.Open(ctx, bad); err == nil {
		t.Error("opened with empty terms")
	}
	check(t, e.Suspend(ctx, discreettest.Purpose, operator))
	if _, err := e.Receipt(ctx, bob, operator); err != nil {
		t.Errorf("suspended: %v", err)
	}
}
