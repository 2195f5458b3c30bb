package consent_test

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

func text(asks []consent.Ask) string {
	var list []string
	for _, a := range asks {
		s := fmt.Sprintf("%s/%d %v", a.Notice, a.Version, a.Purposes)
		for _, c := range a.Changes {
			s += " " + strings.TrimSpace(string(c.Kind)+" "+c.Value)
		}
		list = append(list, s)
	}
	return strings.Join(list, "; ")
}

func TestNeeds(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "personalize", content, "personalize.ads"))
	both := []string{content, stats}
	for name, c := range map[string]struct {
		setup    func(h *consent.History)
		purposes []string
		now      time.Time
		want     string
	}{
		"new":                  {func(h *consent.History) {}, both, t0, "shop/1 [personalize.content statistics]"},
		"order as asked":       {func(h *consent.History) {}, []string{stats, content, stats}, t0, "shop/1 [statistics personalize.content]"},
		"one notice for one":   {func(h *consent.History) {}, []string{stats}, t0, "shop/1 [statistics]"},
		"two notices":          {func(h *consent.History) {}, []string{stats, "personalize.ads"}, t0, "shop/1 [statistics]; tree/1 [personalize.ads]"},
		"nothing asked":        {func(h *consent.History) {}, nil, t0, ""},
		"unknown purpose":      {func(h *consent.History) {}, []string{"x", ""}, t0, ""},
		"all given":            {func(h *consent.History) { grant(t, b, h, t0, both...) }, both, after(1), ""},
		"one given":            {func(h *consent.History) { grant(t, b, h, t0, content) }, both, after(1), "shop/1 [statistics]"},
		"expired":              {func(h *consent.History) { grant(t, b, h, t0, both...) }, both, after(365), "shop/1 [personalize.content statistics]"},
		"refused":              {func(h *consent.History) { refuse(t, b, h, t0, both...) }, both, after(364), ""},
		"refused long ago":     {func(h *consent.History) { refuse(t, b, h, t0, both...) }, both, after(365), "shop/1 [personalize.content statistics]"},
		"withdrawn":            {func(h *consent.History) { grant(t, b, h, t0, both...); h.Withdraw(stats, after(1)) }, both, after(365), "shop/1 [personalize.content]"},
		"refused above":        {func(h *consent.History) { h.Withdraw("personalize", t0) }, both, after(1), "shop/1 [statistics]"},
		"refused below":        {func(h *consent.History) { h.Withdraw(content, t0) }, []string{"personalize"}, after(1), "tree/1 [personalize]"},
		"erased":               {func(h *consent.History) { refuse(t, b, h, t0, both...); h.Erase(t0) }, both, after(1), "shop/1 [personalize.content statistics]"},
		"given after refusing": {func(h *consent.History) { refuse(t, b, h, t0, stats); grant(t, b, h, after(1), stats) }, []string{stats}, after(2), ""},
	} {
		h := &consent.History{}
		c.setup(h)
		if got := text(b.Needs(h, c.purposes, c.now)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := text(b.Needs(nil, both, t0)); got != "shop/1 [personalize.content statistics]" {
		t.Errorf("nil history: %q", got)
	}
}

func TestNeedsRespectsTheNoticesRefusalDays(t *testing.T) {
	n := shop()
	n.RefusalDays = 30
	b := newBook(t, n)
	h := &consent.History{}
	refuse(t, b, h, t0, stats)
	if b.Needs(h, []string{stats}, after(29)) != nil || b.Needs(h, []string{stats}, after(30)) == nil {
		t.Error("a refusal is not remembered for RefusalDays")
	}
}

// A yes in the millisecond of a no came after it, and its end is not a no.
func TestNeedsAfterNoAndYesAtOnce(t *testing.T) {
	n := shop()
	n.ConsentDays = 30
	b := newBook(t, n)
	h := &consent.History{}
	refuse(t, b, h, t0, stats)
	grant(t, b, h, t0, stats)
	if got := text(b.Needs(h, []string{stats}, after(30))); got != "shop/1 [statistics]" {
		t.Errorf("%q", got)
	}
}

func TestNeedsAfterANewVersion(t *testing.T) {
	both := []string{content, stats}
	for name, c := range map[string]struct {
		change func(n *consent.Notice)
		want   string
	}{
		"wording":           {func(n *consent.Notice) { n.Title, n.Text, n.Withdrawal = "T", "X", "W" }, ""},
		"purpose wording":   {func(n *consent.Notice) { n.Purposes[0].Title = "X" }, ""},
		"rights added":      {func(n *consent.Notice) { n.Rights = []string{"See it"} }, ""},
		"retention shorter": {func(n *consent.Notice) { n.RetentionDays-- }, ""},
		"expiry changed":    {func(n *consent.Notice) { n.ConsentDays = 10 }, ""},
		"purpose removed":   {func(n *consent.Notice) { n.Purposes = n.Purposes[:1] }, ""},
		"retention longer":  {func(n *consent.Notice) { n.RetentionDays++ }, "shop/2 [personalize.content] retention-longer"},
		"category added":    {func(n *consent.Notice) { n.Categories = append(n.Categories, "Place") }, "shop/2 [personalize.content] category-added Place"},
		"category replaced": {func(n *consent.Notice) { n.Categories = []string{"Place"} }, "shop/2 [personalize.content] category-added Place"},
		"source added":      {func(n *consent.Notice) { n.Sources = []string{"Partner"} }, "shop/2 [personalize.content] source-added Partner"},
		"recipient added":   {func(n *consent.Notice) { n.Recipients = []string{"Ad Ltd"} }, "shop/2 [personalize.content] recipient-added Ad Ltd"},
		"controller":        {func(n *consent.Notice) { n.Controller = "New Ltd" }, "shop/2 [personalize.content] controller-changed New Ltd"},
		"two at once": {func(n *consent.Notice) { n.RetentionDays++; n.Recipients = []string{"Ad Ltd"} },
			"shop/2 [personalize.content] recipient-added Ad Ltd retention-longer"},
	} {
		v2 := version(2, shop())
		c.change(&v2)
		old := newBook(t, shop())
		b := newBook(t, shop(), v2)
		h := &consent.History{}
		grant(t, old, h, t0, content)
		refuse(t, old, h, t0, stats) // a no is not asked again because of a new text
		if got := text(b.Needs(h, both, after(1))); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if c.want == "" {
			continue
		}
		q := consent.Question{Subject: subject(1), Purpose: content, History: h, EventTime: after(1), Now: after(1)}
		if d := b.Decide(q); !d.Allowed {
			t.Errorf("%s: the consent given lapsed: %v", name, d)
		}
		choose(t, b, h, consent.Choice{Notice: "shop", Version: 2, Locale: "en", Grant: []string{content}}, after(1))
		if got := text(b.Needs(h, both, after(2))); got != "" {
			t.Errorf("%s, agreed: %q", name, got)
		}
	}
}

// An added purpose is a question of its own; the others stay as they are.
func TestNeedsAsksForTheNewPartOnly(t *testing.T) {
	v2 := version(2, shop())
	v2.Purposes = append(v2.Purposes, consent.Purpose{Key: "ads", Title: "Advertise"})
	b := newBook(t, shop(), v2)
	h := &consent.History{}
	grant(t, b, h, t0, content, stats)
	if got := text(b.Needs(h, []string{content, stats, "ads"}, after(1))); got != "shop/2 [ads]" {
		t.Errorf("%q", got)
	}
	if got := consent.Material(shop(), v2); !slices.Equal(got, []consent.Change{{Kind: consent.PurposeAdded, Value: "ads", Purpose: "ads"}}) {
		t.Errorf("material: %v", got)
	}
}

func TestNeedsWhenTheShownTextIsUnknown(t *testing.T) {
	given := func(n consent.Notice) *consent.History {
		h := &consent.History{}
		if err := newBook(t, n).Choose(h, consent.Choice{Notice: n.ID, Version: n.Version, Locale: n.Locale, Grant: []string{content}}, t0); err != nil {
			t.Fatal(err)
		}
		return h
	}
	edited := shop()
	edited.Text = "Edited in place."
	longer := version(2, in("de", shop()))
	longer.RetentionDays++
	for name, c := range map[string]struct {
		shown consent.Notice
		book  []consent.Notice
		want  string
	}{
		"older version gone":           {shop(), []consent.Notice{version(2, shop())}, "shop/2 [personalize.content] text-unknown"},
		"edited in place":              {shop(), []consent.Notice{edited}, "shop/1 [personalize.content] text-unknown"},
		"notice retired":               {shop(), []consent.Notice{purposes("other", content)}, ""},
		"purpose retired":              {shop(), []consent.Notice{version(2, purposes("shop", stats)), purposes("other", content)}, ""},
		"rolled back":                  {version(2, shop()), []consent.Notice{shop()}, ""},
		"locale gone, nothing changed": {shop(), []consent.Notice{in("de", shop()), version(2, in("de", shop()))}, ""},
		"locale gone, retention":       {shop(), []consent.Notice{in("de", shop()), longer}, "shop/2 [personalize.content] retention-longer"},
	} {
		if got := text(newBook(t, c.book...).Needs(given(c.shown), []string{content}, after(1))); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNeedsTellsLocales(t *testing.T) {
	b := newBook(t, in("en", shop()), in("de", shop()))
	if got := b.Needs(nil, []string{stats}, t0); len(got) != 1 || !slices.Equal(got[0].Locales, []string{"en", "de"}) {
		t.Errorf("%+v", got)
	}
}

// The notice that covers most is not always among the fewest.
func TestNeedsIsNotGreedy(t *testing.T) {
	b := newBook(t, purposes("most", "a", "b", "d", "e"), purposes("left", "a", "b", "c"), purposes("right", "d", "e", "f"))
	if got := text(b.Needs(nil, b.Purposes(), t0)); got != "left/1 [a b c]; right/1 [d e f]" {
		t.Errorf("%q", got)
	}
}

// The notices are as few as any choice of notices can be, each asks something,
// and together they ask for everything once.
func TestNeedsAsksTheFewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := []string{"a", "b", "c", "d", "e", "f", "g"}
		key := rapid.SampledFrom(keys)
		sets := rapid.SliceOfN(rapid.SliceOfNDistinct(key, 1, 4, rapid.ID[string]), 1, 8).Draw(t, "notices")
		wanted := rapid.SliceOfNDistinct(key, 0, len(keys), rapid.ID[string]).Draw(t, "wanted")
		var notices []consent.Notice
		for i, s := range sets {
			notices = append(notices, purposes(fmt.Sprintf("n%d", i), s...))
		}
		b := newBook(t, notices...)
		asks := b.Needs(nil, wanted, t0)

		known := slices.DeleteFunc(slices.Clone(wanted), func(p string) bool { return !slices.Contains(b.Purposes(), p) })
		fewest := len(sets)
		for pick := range uint(1) << len(sets) {
			covered := !slices.ContainsFunc(known, func(p string) bool {
				return !slices.ContainsFunc(notices, func(n consent.Notice) bool {
					i := slices.IndexFunc(notices, func(m consent.Notice) bool { return m.ID == n.ID })
					return pick>>i&1 == 1 && slices.Contains(sets[i], p)
				})
			})
			if covered {
				fewest = min(fewest, bits.OnesCount(pick))
			}
		}
		var got []string
		for _, a := range asks {
			if len(a.Purposes) == 0 {
				t.Fatalf("%s asks nothing", a.Notice)
			}
			n, _ := b.Notice(a.Notice, a.Version)
			for _, p := range a.Purposes {
				if !slices.ContainsFunc(n.Purposes, func(q consent.Purpose) bool { return q.Key == p }) {
					t.Fatalf("%s does not show %s", a.Notice, p)
				}
			}
			got = append(got, a.Purposes...)
		}
		if len(asks) != fewest {
			t.Fatalf("%d notices, %d would do: %s", len(asks), fewest, text(asks))
		}
		slices.Sort(got)
		slices.Sort(known)
		if !slices.Equal(got, known) {
			t.Fatalf("asks %q of %q", got, known)
		}
	})
}

// A book built to be searched at length is answered at once, and answered.
func TestNeedsIsBounded(t *testing.T) {
	var notices []consent.Notice
	var wanted []string
	for i := range 200 {
		wanted = append(wanted, fmt.Sprintf("p%d", i))
	}
	for i := range 400 {
		notices = append(notices, purposes(fmt.Sprintf("n%d", i),
			fmt.Sprintf("p%d", i%200), fmt.Sprintf("p%d", (i*7+3)%200), fmt.Sprintf("p%d", (i*i+11)%200)))
	}
	for i := range notices { // drop what came out twice
		seen := map[string]bool{}
		notices[i].Purposes = slices.DeleteFunc(notices[i].Purposes, func(p consent.Purpose) bool {
			twice := seen[p.Key]
			seen[p.Key] = true
			return twice
		})
	}
	b := newBook(t, notices...)
	start := time.Now()
	asks := b.Needs(nil, wanted, t0)
	var n int
	for _, a := range asks {
		n += len(a.Purposes)
	}
	if n != len(wanted) || time.Since(start) > 10*time.Second {
		t.Errorf("%d purposes in %v", n, time.Since(start))
	}
}
