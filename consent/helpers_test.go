package consent_test

import (
	"strings"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/ident"
)

var t0 = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func after(days int) time.Time { return t0.AddDate(0, 0, days) }

func subject(n byte) consent.Subject {
	return ident.NewSubject(ident.NewID(1, &[16]byte{n}))
}

// failer is a testing.TB or a rapid.T.
type failer interface {
	Helper()
	Fatal(...any)
}

func newBook(t failer, notices ...consent.Notice) *consent.Book {
	t.Helper()
	b, err := consent.NewBook(notices)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func choose(t failer, b *consent.Book, h *consent.History, c consent.Choice, now time.Time) {
	t.Helper()
	if c.Notice == "" {
		c.Notice, c.Version, c.Locale = "shop", 1, "en"
	}
	if err := b.Choose(h, c, now); err != nil {
		t.Fatal(err)
	}
}

func grant(t failer, b *consent.Book, h *consent.History, now time.Time, purposes ...string) {
	t.Helper()
	choose(t, b, h, consent.Choice{Grant: purposes, Method: "banner"}, now)
}

func refuse(t failer, b *consent.Book, h *consent.History, now time.Time, purposes ...string) {
	t.Helper()
	choose(t, b, h, consent.Choice{Refuse: purposes, Method: "settings"}, now)
}

// purposes returns a notice like shop with other purposes.
func purposes(id string, keys ...string) consent.Notice {
	n := shop()
	n.ID, n.Purposes = id, nil
	for _, k := range keys {
		n.Purposes = append(n.Purposes, consent.Purpose{Key: k, Title: "For " + k})
	}
	return n
}

// sharing returns a notice like shop that asks to share, with one third party
// unless others are named.
func sharing(parties ...string) consent.Notice {
	n := shop()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "share", Title: "Share it", Sharing: true})
	if n.ThirdParties = parties; len(parties) == 0 {
		n.ThirdParties = []string{"Panel Ltd"}
	}
	return n
}

// bundled returns a notice of four purposes in bundles, changed.
func bundled(changes ...func(*consent.Notice)) consent.Notice {
	n := purposes("bundled", content, stats, "help", "ads")
	n.Bundles = append(bundles("basics", content, stats), bundles("most", content, stats, "help")...)
	for _, change := range changes {
		change(&n)
	}
	return n
}

// ad returns a notice like shop whose purposes are advertising.
func ad(id string, keys ...string) consent.Notice {
	n := purposes(id, keys...)
	for i := range n.Purposes {
		n.Purposes[i].Advertising = true
	}
	return n
}

// bundles returns one bundle.
func bundles(key string, purposes ...string) []consent.Bundle {
	return []consent.Bundle{{Key: key, Title: "Bundle " + key, Purposes: purposes}}
}

const content, stats = "personalize.content", "statistics"

func fields(s string) []string { return strings.Fields(s) }
