package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

func in(locale string, n consent.Notice) consent.Notice {
	n.Locale = locale
	return n
}

func version(v int, n consent.Notice) consent.Notice {
	n.Version = v
	return n
}

func TestBookRules(t *testing.T) {
	other := func(change func(*consent.Notice)) consent.Notice {
		n := in("de", everything())
		change(&n)
		return n
	}
	for name, list := range map[string][]consent.Notice{
		"empty":                 {},
		"too many":              make([]consent.Notice, 1025),
		"twice":                 {shop(), shop()},
		"second one bad":        {shop(), {}},
		"locale lost":           {shop(), in("de", shop()), version(2, shop())},
		"locale lost, reversed": {version(2, shop()), in("de", shop()), shop()},
		"other purposes": {everything(), other(func(n *consent.Notice) {
			n.Purposes = n.Purposes[:1]
		})},
		"other purpose": {everything(), other(func(n *consent.Notice) {
			n.Purposes = []consent.Purpose{n.Purposes[0], {Key: "x", Title: "x"}}
		})},
		"other retention":  {everything(), other(func(n *consent.Notice) { n.RetentionDays++ })},
		"other expiry":     {everything(), other(func(n *consent.Notice) { n.ConsentDays-- })},
		"other refusal":    {everything(), other(func(n *consent.Notice) { n.RefusalDays-- })},
		"other categories": {everything(), other(func(n *consent.Notice) { n.Categories = []string{"a", "b"} })},
		"other sources":    {everything(), other(func(n *consent.Notice) { n.Sources = nil })},
		"other recipients": {everything(), other(func(n *consent.Notice) { n.Recipients = nil })},
		"other transfers":  {everything(), other(func(n *consent.Notice) { n.Transfers = []string{"Far away"} })},
		"other parties":    {sharing(), in("de", sharing("Ad Ltd", "Data Ltd"))},
		"other flag":       {everything(), other(func(n *consent.Notice) { n.Purposes[0].Advertising = true })},
		"other bundles":    {everything(), other(func(n *consent.Notice) { n.Bundles = bundles("all", content, stats) })},
		"other bundle": {bundled(), in("de", bundled(func(n *consent.Notice) {
			n.Bundles[0].Purposes = []string{content, "help"}
		}))},
		"notices disagree on advertising": {shop(), func() consent.Notice {
			n := purposes("other", content)
			n.Purposes[0].Advertising = true
			return n
		}()},
		"notices disagree on sharing":  {sharing(), purposes("other", "share")},
		"a retired notice disagrees":   {purposes("old", content, stats), version(2, purposes("old", stats)), ad("new", content)},
		"bundle key is a purpose":      {bundled(), purposes("other", "basics")},
		"bundle key is one of earlier": {purposes("other", "basics"), version(2, purposes("other", "x")), bundled()},
	} {
		if _, err := consent.NewBook(list); !errors.Is(err, consent.ErrBook) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var many []consent.Notice
	for i := range 3 {
		var keys []string
		for j := range 100 {
			keys = append(keys, fmt.Sprintf("p%d-%d", i, j))
		}
		many = append(many, purposes(fmt.Sprintf("n%d", i), keys...))
	}
	if _, err := consent.NewBook(many); !errors.Is(err, consent.ErrBook) {
		t.Errorf("300 purposes: %v", err)
	}
}

func TestBookFindsTexts(t *testing.T) {
	b := newBook(t,
		in("en", shop()), in("de-AT", shop()),
		version(2, in("de-AT", shop())), version(2, in("pt-BR", shop())), version(2, in("en", shop())))
	for _, c := range []struct {
		version int
		asked   []string
		want    string
	}{
		{1, nil, "en"},
		{2, nil, "de-AT"},
		{2, []string{"en"}, "en"},
		{2, []string{"fr", "pt-BR"}, "pt-BR"},
		{2, []string{"pt-PT"}, "pt-BR"},
		{2, []string{"de-CH", "en"}, "en"}, // an exact one first
		{2, []string{"de"}, "de-AT"},
		{2, []string{"fr", ""}, "de-AT"},
	} {
		n, ok := b.Localized("shop", c.version, c.asked...)
		if !ok || n.Locale != c.want || n.Version != c.version {
			t.Errorf("version %d, asked %q: %q, %v", c.version, c.asked, n.Locale, ok)
		}
	}
	if n, ok := b.Newest("shop", "en-GB"); !ok || n.Version != 2 || n.Locale != "en" {
		t.Errorf("newest: %d %q", n.Version, n.Locale)
	}
	if n, ok := b.Notice("shop", 1); !ok || n.Locale != "en" {
		t.Errorf("notice: %q", n.Locale)
	}
	for _, ok := range []bool{
		second(b.Notice("shop", 3)), second(b.Notice("stop", 1)), second(b.Newest("stop", "en")), second(b.Localized("", 0)),
	} {
		if ok {
			t.Error("found what is not there")
		}
	}
}

// A flag may be set by a later version; the newest one counts.
func TestBookFlagsMayChange(t *testing.T) {
	b := newBook(t, purposes("one", content), version(2, ad("one", content)), ad("two", content, "x"))
	if p, _ := b.Purpose(content); !p.Advertising || p.Sharing {
		t.Errorf("%+v", p)
	}
}

func second[A, B any](_ A, b B) B { return b }

func TestBookPurposes(t *testing.T) {
	newer := version(2, purposes("one", "a", "a.b"))
	newer.Purposes[0].Title = "Newer"
	later := version(2, purposes("one", "a"))
	later.Purposes[0].Title = "Later"
	if p, _ := newBook(t, purposes("two", "x", "a"), purposes("one", "a", "y"), version(3, purposes("one", "y")), later).Purpose("a"); p.Title != "For a" {
		t.Errorf("a notice that names it no more describes it: %+v", p)
	}
	if p, _ := newBook(t, purposes("one", "a", "y"), version(3, purposes("one", "y")), later).Purpose("a"); p.Title != "Later" {
		t.Errorf("an earlier version describes it: %+v", p)
	}
	newer.RetentionDays = 30
	b := newBook(t, newer, purposes("one", "a"), purposes("two", "a.b.c", "ab", "z"))
	if got := b.Purposes(); !slices.Equal(got, []string{"a", "a.b", "a.b.c", "ab", "z"}) {
		t.Errorf("purposes %q", got)
	}
	if p, ok := b.Purpose("a"); !ok || p.Title != "Newer" {
		t.Errorf("purpose %+v", p)
	}
	if _, ok := b.Purpose("b"); ok {
		t.Error("an unknown purpose is known")
	}
	for root, want := range map[string][]string{
		"a": {"a", "a.b", "a.b.c"}, "a.b": {"a.b", "a.b.c"}, "ab": {"ab"}, "a.": nil, "": nil, "b": nil,
	} {
		if got := b.Under(root); !slices.Equal(got, want) {
			t.Errorf("under %q: %q", root, got)
		}
	}
	for purpose, want := range map[string]int{"a": 30, "a.b": 30, "z": 180, "b": 0} {
		if got := b.RetentionDays(purpose); got != want {
			t.Errorf("retention of %q: %d, want %d", purpose, got, want)
		}
	}
}

// Neither the notices handed in nor those handed out reach the book.
func TestBookIsImmutable(t *testing.T) {
	n := whole()
	want := n.Hash()
	b := newBook(t, n)
	spoil := func(n consent.Notice) {
		n.Purposes[0].Key, n.Categories[0], n.Sources[0], n.Recipients[0], n.Rights[0] = "x", "x", "x", "x", "x"
		n.Bundles[0].Title, n.Bundles[0].Purposes[0], n.ThirdParties[0], n.Transfers[0], n.HowTo[0] = "x", "x", "x", "x", "x"
	}
	spoil(n)
	got, _ := b.Notice("shop", 1)
	if got.Hash() != want {
		t.Fatal("the book kept the caller's slices")
	}
	spoil(got)
	b.Purposes()[0] = "x"
	if got, _ := b.Notice("shop", 1); got.Hash() != want || b.Purposes()[0] == "x" {
		t.Fatal("the book handed out its own slices")
	}
}
