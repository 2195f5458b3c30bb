package consent_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

func TestBundleRules(t *testing.T) {
	for name, spoil := range map[string]func(n *consent.Notice){
		"no key":            func(n *consent.Notice) { n.Bundles[0].Key = "" },
		"bad key":           func(n *consent.Notice) { n.Bundles[0].Key = "a..b" },
		"key of a purpose":  func(n *consent.Notice) { n.Bundles[0].Key = "help" },
		"key twice":         func(n *consent.Notice) { n.Bundles[1].Key = n.Bundles[0].Key },
		"no title":          func(n *consent.Notice) { n.Bundles[0].Title = "" },
		"bad text":          func(n *consent.Notice) { n.Bundles[0].Text = "a\x00" },
		"empty":             func(n *consent.Notice) { n.Bundles[0].Purposes = nil },
		"one purpose":       func(n *consent.Notice) { n.Bundles[0].Purposes = []string{content} },
		"a purpose twice":   func(n *consent.Notice) { n.Bundles[0].Purposes = []string{content, content} },
		"a purpose outside": func(n *consent.Notice) { n.Bundles[0].Purposes = []string{content, "elsewhere"} },
		"a bundle in it":    func(n *consent.Notice) { n.Bundles[0].Purposes = []string{content, "most"} },
		"sharing hidden": func(n *consent.Notice) {
			n.Purposes[0].Sharing, n.ThirdParties = true, []string{"Panel Ltd"}
		},
		"sharing only": func(n *consent.Notice) {
			for i := range n.Purposes {
				n.Purposes[i].Sharing = true
			}
			n.ThirdParties = []string{"Panel Ltd"}
		},
		"advertising hidden": func(n *consent.Notice) { n.Purposes[0].Advertising = true },
		"too many": func(n *consent.Notice) {
			for i := range 31 {
				n.Bundles = append(n.Bundles, bundles(fmt.Sprint("b", i), content, stats)...)
			}
		},
	} {
		if _, err := consent.NewBook([]consent.Notice{bundled(spoil)}); !errors.Is(err, consent.ErrBook) {
			t.Errorf("%s: %v", name, err)
		}
	}
	newBook(t, bundled())
	newBook(t, bundled(func(n *consent.Notice) { // advertising with advertising
		for i := range n.Purposes {
			n.Purposes[i].Advertising = true
		}
	}))
	newBook(t, bundled(func(n *consent.Notice) { // a bundle named as the purposes above its own
		n.Bundles[0].Key = "personalize"
	}))
}

// A bundle stands for exactly its purposes in the version that was shown.
func TestChooseBundles(t *testing.T) {
	less := version(2, bundled(func(n *consent.Notice) { n.Bundles[1].Purposes = []string{content, "help"} }))
	tree := purposes("tree", "a", "a.b", "a.b.c", "d")
	tree.Bundles = bundles("two", "a", "d")
	b := newBook(t, bundled(), less, tree)
	choice := func(id string, v int, grant, refuse string) consent.Choice {
		list := func(s string) []string {
			if s == "" {
				return nil
			}
			return fields(s)
		}
		return consent.Choice{Notice: id, Version: v, Locale: "en", Grant: list(grant), Refuse: list(refuse)}
	}
	for name, c := range map[string]struct {
		choice consent.Choice
		open   string
		err    error
	}{
		"a bundle":                 {choice("bundled", 1, "basics", ""), content + " " + stats, nil},
		"a larger one":             {choice("bundled", 1, "most", ""), "help " + content + " " + stats, nil},
		"as it was shown":          {choice("bundled", 2, "most", ""), "help " + content, nil},
		"two that overlap":         {choice("bundled", 2, "basics most", ""), "help " + content + " " + stats, nil},
		"a bundle and more":        {choice("bundled", 1, "basics ads", ""), "ads " + content + " " + stats, nil},
		"a bundle and its own":     {choice("bundled", 1, "basics "+content, ""), content + " " + stats, nil},
		"a bundle, another no":     {choice("bundled", 1, "basics", "ads"), content + " " + stats, nil},
		"a bundle refused":         {choice("bundled", 1, "help", "basics"), "help", nil},
		"no child is in it":        {choice("tree", 1, "two", ""), "a d", nil},
		"a child refused":          {choice("tree", 1, "two", "a.b"), "a d", nil},
		"a bundle twice":           {choice("bundled", 1, "basics basics", ""), "", consent.ErrChoice},
		"yes and no":               {choice("bundled", 1, "basics", "basics"), "", consent.ErrChoice},
		"one of it refused":        {choice("bundled", 1, "basics", stats), "", consent.ErrChoice},
		"below a refused bundle":   {choice("tree", 1, "a.b", "two"), "", consent.ErrChoice},
		"of another notice":        {choice("tree", 1, "basics", ""), "", consent.ErrPurpose},
		"refused, another notice":  {choice("tree", 1, "d", "basics"), "", consent.ErrPurpose},
		"a notice that is unknown": {choice("x", 1, "basics", ""), "", consent.ErrUnknownNotice},
	} {
		h := &consent.History{}
		if err := b.Choose(h, c.choice, t0); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if got := h.Open(t0); !slices.Equal(got, fields(c.open)) {
			t.Errorf("%s: %q, want %q", name, got, c.open)
		}
		plain, err := b.Expand(c.choice)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: expand: %v, want %v", name, err, c.err)
		}
		if err != nil {
			continue
		}
		same := &consent.History{}
		choose(t, b, same, plain, t0)
		if string(same.Row()) != string(h.Row()) {
			t.Errorf("%s: the bundle and its purposes are recorded differently", name)
		}
	}
}

// A refused bundle flows down the tree from each of its purposes.
func TestRefusedBundleFlowsDown(t *testing.T) {
	tree := purposes("tree", "a", "a.b", "d", "e")
	tree.Bundles = bundles("two", "a", "d")
	b := newBook(t, tree)
	h := &consent.History{}
	all := consent.Choice{Notice: "tree", Version: 1, Locale: "en", Grant: []string{"a", "a.b", "d", "e"}}
	choose(t, b, h, all, t0)
	choose(t, b, h, consent.Choice{Notice: "tree", Version: 1, Locale: "en", Refuse: []string{"two"}}, after(1))
	if got := h.Open(after(1)); !slices.Equal(got, []string{"e"}) {
		t.Errorf("open: %q", got)
	}
}

func TestNeedsOffersTheSmallestBundle(t *testing.T) {
	b := newBook(t, bundled(func(n *consent.Notice) {
		n.Bundles = append(bundles("whole", content, stats, "help", "ads"), n.Bundles...)
		n.Bundles = append(n.Bundles, bundles("same", stats, content)...)
	}), purposes("other", "else"))
	for name, c := range map[string]struct {
		setup    func(h *consent.History)
		purposes []string
		want     string
	}{
		"exactly one":           {nil, []string{content, stats}, "basics"},
		"in any order":          {nil, []string{stats, content}, "basics"},
		"one of its purposes":   {nil, []string{stats}, "basics"},
		"the next larger":       {nil, []string{stats, "help"}, "most"},
		"the largest":           {nil, []string{stats, "ads"}, "whole"},
		"none in the notice":    {nil, []string{"else"}, ""},
		"refused: not with it":  {func(h *consent.History) { h.Withdraw("help", t0) }, []string{content, stats, "help"}, "basics"},
		"refused: no such left": {func(h *consent.History) { h.Withdraw("help", t0) }, []string{content, "ads"}, ""},
		"refused above": {func(h *consent.History) { h.Withdraw("personalize", t0) },
			[]string{content, stats}, ""},
		"agreed already": {func(h *consent.History) {
			choose(t, b, h, consent.Choice{Notice: "bundled", Version: 1, Locale: "en", Grant: []string{"help"}}, t0)
		}, []string{content, "help", "ads"}, "whole"},
	} {
		h := &consent.History{}
		if c.setup != nil {
			c.setup(h)
		}
		asks := b.Needs(h, c.purposes, after(1))
		if len(asks) != 1 || asks[0].Bundle != c.want {
			t.Errorf("%s: %+v, want bundle %q", name, asks, c.want)
		}
	}
	if got := b.Needs(nil, []string{content, "else"}, t0); len(got) != 2 || got[0].Bundle != "basics" || got[1].Bundle != "" {
		t.Errorf("two notices: %+v", got)
	}
}

// The offered bundle is among the smallest that hold what is asked and nothing
// refused; and agreeing to it leaves nothing of it to ask.
func TestNeedsBundleProperty(t *testing.T) {
	keys := []string{"a", "a.b", "c", "d", "e"}
	rapid.Check(t, func(t *rapid.T) {
		n := purposes("n", keys...)
		for i := range rapid.IntRange(0, 6).Draw(t, "bundles") {
			n.Bundles = append(n.Bundles, bundles(fmt.Sprint("bundle", i), rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 2, 5, rapid.ID[string]).Draw(t, "of")...)...)
		}
		b := newBook(t, n)
		h := &consent.History{}
		for _, p := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 2).Draw(t, "refused") {
			h.Withdraw(p, t0)
		}
		refused := func(p string) bool { return len(b.Needs(h, []string{p}, after(1))) == 0 }
		asks := b.Needs(h, rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 5, rapid.ID[string]).Draw(t, "wanted"), after(1))
		if len(asks) == 0 {
			return
		}
		ask := asks[0]
		fits := func(u consent.Bundle) bool {
			return !slices.ContainsFunc(u.Purposes, refused) &&
				!slices.ContainsFunc(ask.Purposes, func(p string) bool { return !slices.Contains(u.Purposes, p) })
		}
		smallest, got := 0, 0
		for _, u := range n.Bundles {
			if fits(u) && (smallest == 0 || len(u.Purposes) < smallest) {
				smallest = len(u.Purposes)
			}
			if u.Key == ask.Bundle {
				if got = len(u.Purposes); !fits(u) {
					t.Fatalf("%s does not fit %q", u.Key, ask.Purposes)
				}
			}
		}
		if got != smallest {
			t.Fatalf("a bundle of %d for %q, one of %d would do", got, ask.Purposes, smallest)
		}
		if ask.Bundle == "" {
			return
		}
		choose(t, b, h, consent.Choice{Notice: "n", Version: 1, Locale: "en", Grant: []string{ask.Bundle}}, after(1))
		if left := b.Needs(h, ask.Purposes, after(2)); left != nil {
			t.Fatalf("still to ask: %+v", left)
		}
	})
}
