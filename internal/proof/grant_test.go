package proof_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
)

var (
	from = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	to   = from.AddDate(0, 1, 0)
	who  = ident.NewSubject(ident.NewID(7, &[16]byte{1, 2, 3}))
)

func whole() proof.GrantFields {
	return proof.GrantFields{Subject: who, Purpose: "personalize", From: from, To: to, Decided: from.Add(time.Hour), Notice: "shop", Version: 2}
}

func TestGrantKeepsItsFields(t *testing.T) {
	g := proof.NewGrant(whole())
	notice, version := g.Notice()
	got := proof.GrantFields{Subject: g.Subject(), Purpose: g.Purpose(), From: g.From(), To: g.To(), Decided: g.Decided(), Notice: notice, Version: version}
	if got != whole() {
		t.Errorf("%+v", got)
	}
	if g != proof.NewGrant(whole()) {
		t.Error("equal grants differ")
	}
}

func TestGrantIsZero(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*proof.GrantFields)
		zero   bool
	}{
		"whole":      {func(*proof.GrantFields) {}, false},
		"no subject": {func(f *proof.GrantFields) { f.Subject = ident.Subject{} }, true},
		"no purpose": {func(f *proof.GrantFields) { f.Purpose = "" }, true},
		"no notice":  {func(f *proof.GrantFields) { f.Notice, f.Version = "", 0 }, false}, // a consent system may not name one
	} {
		f := whole()
		c.change(&f)
		if g := proof.NewGrant(f); g.IsZero() != c.zero {
			t.Errorf("%s: %v", name, g.IsZero())
		}
	}
	var zero proof.Grant
	if !zero.IsZero() || zero.Covers(from) || zero.Covers(time.Time{}) {
		t.Error("the zero grant covers something")
	}
}

func TestGrantCoversHalfOpen(t *testing.T) {
	g := proof.NewGrant(whole())
	for at, want := range map[time.Time]bool{
		from.Add(-1): false, from: true, from.Add(1): true,
		to.Add(-1): true, to: false, to.Add(1): false, {}: false,
		from.In(time.FixedZone("east", 3600)): true, // the moment counts, not its zone
	} {
		if g.Covers(at) != want {
			t.Errorf("%v: %v", at, !want)
		}
	}
	f := whole()
	f.From, f.To = to, from
	if g := proof.NewGrant(f); g.Covers(from) || g.Covers(to) || g.Covers(from.Add(time.Hour)) {
		t.Error("an interval that ends before it begins covers something")
	}
}

func TestGrantPrintsThePurposeOnly(t *testing.T) {
	g := proof.NewGrant(whole())
	type holder struct{ G proof.Grant }
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "grant", g)
	text := log.String() + fmt.Sprintf("%v %+v %#v %s %v %+v", g, g, g, g, holder{g}, &holder{g})
	id, _ := who.ID().MarshalText()
	for _, secret := range []string{string(id), "shop", "pseudonym", "010203", "1 2 3"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is printed", secret)
		}
	}
	if strings.Count(text, "grant for personalize") != 7 {
		t.Errorf("printed %q", text)
	}
}
