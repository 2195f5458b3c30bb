package consent_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// full is a notice with one purpose of each sort, and every list filled.
func full() consent.Notice {
	n := whole()
	n.ID = "full"
	return n
}

// Every kind of change asks again about exactly the purposes that it concerns.
func TestNeedsAsksAboutWhatChangedOnly(t *testing.T) {
	all := []string{content, stats, "share", "ads"}
	purposeAt := func(key string, change func(*consent.Purpose)) func(*consent.Notice) {
		return func(n *consent.Notice) {
			for i := range n.Purposes {
				if n.Purposes[i].Key == key {
					change(&n.Purposes[i])
				}
			}
		}
	}
	add := func(list func(*consent.Notice) *[]string) func(*consent.Notice) {
		return func(n *consent.Notice) { *list(n) = append(*list(n), "New") }
	}
	for name, c := range map[string]struct {
		change func(n *consent.Notice)
		asked  []string
		kinds  []consent.ChangeKind
	}{
		"nothing":             {func(*consent.Notice) {}, nil, nil},
		"title":               {func(n *consent.Notice) { n.Title = "New" }, nil, nil},
		"text":                {func(n *consent.Notice) { n.Text = "New" }, nil, nil},
		"purpose title":       {func(n *consent.Notice) { n.Purposes[0].Title = "New" }, nil, nil},
		"purpose text":        {func(n *consent.Notice) { n.Purposes[2].Text = "New" }, nil, nil},
		"purposes reordered":  {func(n *consent.Notice) { slices.Reverse(n.Purposes) }, nil, nil},
		"purpose removed":     {func(n *consent.Notice) { n.Purposes = n.Purposes[1:]; n.Bundles = nil }, nil, nil},
		"bundle removed":      {func(n *consent.Notice) { n.Bundles = nil }, nil, nil},
		"bundle added":        {func(n *consent.Notice) { n.Bundles = append(n.Bundles, bundles("b", stats, content)...) }, nil, nil},
		"category removed":    {func(n *consent.Notice) { n.Categories = n.Categories[:1] }, nil, nil},
		"source removed":      {func(n *consent.Notice) { n.Sources = nil }, nil, nil},
		"recipient removed":   {func(n *consent.Notice) { n.Recipients = nil }, nil, nil},
		"transfer removed":    {func(n *consent.Notice) { n.Transfers = nil }, nil, nil},
		"third party removed": {func(n *consent.Notice) { n.ThirdParties = n.ThirdParties[:1] }, nil, nil},
		"right added":         {func(n *consent.Notice) { n.Rights, n.HowTo = append(n.Rights, "New"), append(n.HowTo, "New") }, nil, nil},
		"right removed":       {func(n *consent.Notice) { n.Rights, n.HowTo = nil, nil }, nil, nil},
		"how to":              {func(n *consent.Notice) { n.HowTo[0] = "New" }, nil, nil},
		"complaint":           {func(n *consent.Notice) { n.Complaint = "New" }, nil, nil},
		"withdrawal":          {func(n *consent.Notice) { n.Withdrawal = "New" }, nil, nil},
		"retention shorter":   {func(n *consent.Notice) { n.RetentionDays-- }, nil, nil},
		"expiry":              {func(n *consent.Notice) { n.ConsentDays = 10 }, nil, nil},
		"refusal":             {func(n *consent.Notice) { n.RefusalDays = 10 }, nil, nil},
		"flag cleared":        {purposeAt("ads", func(p *consent.Purpose) { p.Advertising = false }), nil, nil},
		"sharing ended": {func(n *consent.Notice) {
			n.ThirdParties = nil
			purposeAt("share", func(p *consent.Purpose) { p.Sharing = false })(n)
		}, nil, nil},

		"purpose added": {func(n *consent.Notice) { n.Purposes = append(n.Purposes, consent.Purpose{Key: "new", Title: "New"}) },
			[]string{"new"}, nil}, // nobody agreed to it yet, so there is no change to tell
		"third party added": {add(func(n *consent.Notice) *[]string { return &n.ThirdParties }), []string{"share"}, []consent.ChangeKind{consent.ThirdPartyAdded}},
		"third party worded anew": {func(n *consent.Notice) { n.ThirdParties[0] = "New" }, []string{"share"},
			[]consent.ChangeKind{consent.ThirdPartyAdded}},
		"advertising": {purposeAt(stats, func(p *consent.Purpose) { p.Advertising = true }), []string{stats}, []consent.ChangeKind{consent.AdvertisingAdded}},
		"sharing":     {purposeAt("ads", func(p *consent.Purpose) { p.Sharing = true }), []string{"ads"}, []consent.ChangeKind{consent.SharingAdded}},
		"sharing with somebody new": {func(n *consent.Notice) {
			n.ThirdParties = append(n.ThirdParties, "New")
			purposeAt("ads", func(p *consent.Purpose) { p.Sharing = true })(n)
		}, []string{"share", "ads"}, []consent.ChangeKind{consent.ThirdPartyAdded, consent.SharingAdded}},
		"both flags": {func(n *consent.Notice) {
			purposeAt(stats, func(p *consent.Purpose) { p.Advertising, p.Sharing = true, true })(n)
		}, []string{stats}, []consent.ChangeKind{consent.AdvertisingAdded, consent.SharingAdded}},

		"category added":  {add(func(n *consent.Notice) *[]string { return &n.Categories }), all, []consent.ChangeKind{consent.CategoryAdded}},
		"source added":    {add(func(n *consent.Notice) *[]string { return &n.Sources }), all, []consent.ChangeKind{consent.SourceAdded}},
		"recipient added": {add(func(n *consent.Notice) *[]string { return &n.Recipients }), all, []consent.ChangeKind{consent.RecipientAdded}},
		"transfer added":  {add(func(n *consent.Notice) *[]string { return &n.Transfers }), all, []consent.ChangeKind{consent.TransferAdded}},
		"retention":       {func(n *consent.Notice) { n.RetentionDays++ }, all, []consent.ChangeKind{consent.RetentionLonger}},
		"controller":      {func(n *consent.Notice) { n.Controller = "New" }, all, []consent.ChangeKind{consent.ControllerChanged}},
		"no controller":   {func(n *consent.Notice) { n.Controller = "" }, all, []consent.ChangeKind{consent.ControllerChanged}},
		"one and all": {func(n *consent.Notice) { n.RetentionDays++; n.ThirdParties = append(n.ThirdParties, "New") }, all,
			[]consent.ChangeKind{consent.RetentionLonger, consent.ThirdPartyAdded}},
	} {
		v2 := version(2, full())
		c.change(&v2)
		if v2.Bundles != nil && (v2.Purposes[1].Advertising || v2.Purposes[1].Sharing) {
			v2.Bundles = nil // they may not stand with the other any more
		}
		b := newBook(t, full(), v2)
		h := &consent.History{}
		choose(t, b, h, consent.Choice{Notice: "full", Version: 1, Locale: "en", Grant: all}, t0)
		var asked []string
		var kinds []consent.ChangeKind
		for _, a := range b.Needs(h, append(slices.Clone(all), "new"), after(1)) {
			asked = append(asked, a.Purposes...)
			for _, ch := range a.Changes {
				if !slices.Contains(kinds, ch.Kind) {
					kinds = append(kinds, ch.Kind)
				}
			}
		}
		if !slices.Equal(asked, c.asked) || !sameKinds(kinds, c.kinds) {
			t.Errorf("%s: asked %q %q, want %q %q", name, asked, kinds, c.asked, c.kinds)
		}
		if again := choosing(t, b, h, v2, asked); len(again) > 0 {
			t.Errorf("%s: answered, and asked again: %+v", name, again)
		}
	}
}

func sameKinds(a, b []consent.ChangeKind) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// choosing agrees to what was asked and returns what is still asked.
func choosing(t *testing.T, b *consent.Book, h *consent.History, n consent.Notice, asked []string) []consent.Ask {
	t.Helper()
	if len(asked) > 0 {
		choose(t, b, h, consent.Choice{Notice: n.ID, Version: n.Version, Locale: n.Locale, Grant: asked}, after(1))
	}
	return b.Needs(h, asked, after(2))
}

// Only those who agreed to sharing are asked about a new third party.
func TestThirdPartyIsNoMatterOfTheOthers(t *testing.T) {
	v2 := version(2, sharing("Panel Ltd", "Other Ltd"))
	b := newBook(t, sharing(), v2)
	h := &consent.History{}
	grant(t, b, h, t0, content, stats)
	refuse(t, b, h, t0, "share")
	if got := text(b.Needs(h, []string{content, stats, "share"}, after(1))); got != "" {
		t.Errorf("asked %s", got)
	}
}

// drawNotice draws a notice over small sets, so that two of them often agree.
func drawNotice(t *rapid.T, label string) consent.Notice {
	n := shop()
	n.Purposes = nil
	some := func(of string, least int, values ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(values), least, len(values), rapid.ID[string]).Draw(t, label+of)
	}
	for _, key := range some("purposes", 1, "a", "b", "c") {
		n.Purposes = append(n.Purposes, consent.Purpose{Key: key, Title: rapid.SampledFrom([]string{"One", "Two"}).Draw(t, label+"title"),
			Advertising: rapid.Bool().Draw(t, label+"advertising"), Sharing: rapid.Bool().Draw(t, label+"sharing")})
	}
	n.Categories = some("categories", 1, "views", "place")
	n.Sources = some("sources", 0, "partner", "letter")
	n.Recipients = some("recipients", 0, "host", "mail")
	n.Transfers = some("transfers", 0, "north", "south")
	n.Controller = rapid.SampledFrom([]string{"", "One Ltd", "Two Ltd"}).Draw(t, label+"controller")
	n.RetentionDays = rapid.IntRange(1, 3).Draw(t, label+"days")
	if slices.ContainsFunc(n.Purposes, func(p consent.Purpose) bool { return p.Sharing }) {
		n.ThirdParties = some("parties", 1, "panel", "ads")
	}
	return n
}

// lessen returns n with some things reworded or removed, and nothing added.
func lessen(t *rapid.T, n consent.Notice) consent.Notice {
	keep := func(what string) bool { return rapid.Bool().Draw(t, "keep "+what) }
	some := func(what string, list []string, least int) []string {
		kept := slices.DeleteFunc(slices.Clone(list), func(string) bool { return !keep(what) })
		if len(kept) < least {
			return list[:least]
		}
		return kept
	}
	n.Title, n.Text, n.Withdrawal = "Other title", "Other text", "Other way"
	purposes := slices.Clone(n.Purposes)
	for i := range purposes {
		purposes[i].Title, purposes[i].Text = "Other", "Other"
		purposes[i].Advertising = purposes[i].Advertising && keep("advertising")
		purposes[i].Sharing = purposes[i].Sharing && keep("sharing")
	}
	n.Purposes = slices.DeleteFunc(purposes, func(p consent.Purpose) bool { return p.Key != purposes[0].Key && !keep("purpose") })
	n.Categories = some("category", n.Categories, 1)
	n.Sources, n.Recipients, n.Transfers = some("source", n.Sources, 0), some("recipient", n.Recipients, 0), some("transfer", n.Transfers, 0)
	if slices.ContainsFunc(n.Purposes, func(p consent.Purpose) bool { return p.Sharing }) {
		n.ThirdParties = some("party", n.ThirdParties, 1)
	} else {
		n.ThirdParties = nil
	}
	n.RetentionDays = rapid.IntRange(1, n.RetentionDays).Draw(t, "fewer days")
	n.ConsentDays = rapid.IntRange(1, 395).Draw(t, "consent days")
	n.Rights, n.HowTo, n.Complaint = []string{"Other"}, []string{"Other"}, "Other"
	return n
}

func keys(n consent.Notice) (list []string) {
	for _, p := range n.Purposes {
		list = append(list, p.Key)
	}
	return list
}

// concerned returns the purposes of newer that somebody has to be asked about.
func concerned(older, newer consent.Notice) []string {
	return slices.DeleteFunc(keys(newer), func(p string) bool {
		return !slices.ContainsFunc(consent.Material(older, newer), func(c consent.Change) bool { return c.Concerns(p) })
	})
}

func TestMaterialProperties(t *testing.T) {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawNotice(t, "a "), drawNotice(t, "b "), drawNotice(t, "c ")
		if got := consent.Material(a, a); got != nil {
			t.Fatalf("a notice differs from itself: %v", got)
		}
		less := lessen(t, a)
		if got := consent.Material(a, less); got != nil {
			t.Fatalf("less is more: %v", got)
		}
		// Who is asked after two versions at once was to be asked after one of them.
		if got, one, other := concerned(a, c), concerned(a, b), concerned(b, c); !within(got, append(one, other...)) {
			t.Fatalf("asked about %q, but %q and %q one by one", got, one, other)
		}
		// Adding to a notice never shortens what is new, nor does having promised less.
		part := lessen(t, c)
		part.Controller = c.Controller
		if small, great := concerned(a, part), concerned(a, c); !within(small, great) {
			t.Fatalf("the smaller notice asks about %q, the greater one about %q", small, great)
		}
		if small, great := concerned(a, c), concerned(less, c); !within(small, great) {
			t.Fatalf("asked about %q, and about %q of those who were told less", small, great)
		}
	})
}

// Whatever a version rewords or removes, nobody is asked again.
func TestNeedsIgnoresWordingAndRemoval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNotice(t, "")
		v2 := lessen(t, n)
		v2.Version = 2
		b := newBook(t, n, v2)
		h := &consent.History{}
		choose(t, b, h, consent.Choice{Notice: n.ID, Version: 1, Locale: "en", Grant: keys(n)}, t0)
		if got := b.Needs(h, keys(n), t0.Add(1)); got != nil {
			t.Fatalf("asked again: %s", fmt.Sprint(got))
		}
	})
}
