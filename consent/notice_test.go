package consent_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

// everything fills every field of a notice.
func everything() consent.Notice {
	n := shop()
	n.Controller = "Example Ltd, privacy@shop.example"
	n.Text = "We would like to remember what interests you."
	n.Sources = []string{"Our newsletter"}
	n.Recipients = []string{"Our warehouse"}
	n.Rights = []string{"See and erase what we hold"}
	n.RefusalDays = 400
	return n
}

// whole fills the fields that came later, too.
func whole() consent.Notice {
	n := everything()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "share", Title: "Share what you buy", Text: "With those below.", Sharing: true},
		consent.Purpose{Key: "ads", Title: "Show you advertising", Advertising: true})
	n.Bundles = []consent.Bundle{{Key: "basics", Title: "What most people choose", Text: "Nobody else learns of it.", Purposes: []string{content, stats}}}
	n.ThirdParties = []string{"Example Panel Ltd", "Other Panel Ltd"}
	n.Transfers = []string{"Norway, by contract"}
	n.HowTo = []string{"Settings, Privacy, Download"}
	n.Complaint = "The data protection authority, complaints@authority.example"
	return n
}

// The hashes were computed by another program from the description of the
// format. A change of them would orphan every stored proof.
func TestNoticeHashGolden(t *testing.T) {
	const (
		goldenShop       = "2d0d373476810ab0827e7582b1bc919d4f10108aa63d7afbc6b9064afc6dbaee"
		goldenEverything = "25212d847788ef3f6275c3a20a949d8ab88f5a5d5a5ed808bcc9b9009e15aad7"
		goldenWhole      = "f7bdd80e7343ba005730c8354cfdf92c60a63fca0287012b6a1a61e30eacdc00"
	)
	for _, c := range []struct {
		n    consent.Notice
		want string
	}{
		{shop(), goldenShop},
		{everything(), goldenEverything},
		{whole(), goldenWhole},
	} {
		h := c.n.Hash()
		if got := hex.EncodeToString(h[:]); got != c.want {
			t.Errorf("hash = %s, want %s", got, c.want)
		}
	}
}

// Every field, and every place a boundary can lie, reaches the hash.
func TestNoticeHashDependsOnEverything(t *testing.T) {
	changes := map[string]func(*consent.Notice){
		"nothing":       func(*consent.Notice) {},
		"id":            func(n *consent.Notice) { n.ID = "shop2" },
		"version":       func(n *consent.Notice) { n.Version++ },
		"locale":        func(n *consent.Notice) { n.Locale = "de" },
		"controller":    func(n *consent.Notice) { n.Controller += "." },
		"title":         func(n *consent.Notice) { n.Title += "." },
		"text":          func(n *consent.Notice) { n.Text += "." },
		"purpose key":   func(n *consent.Notice) { n.Purposes[0].Key = "x" },
		"purpose title": func(n *consent.Notice) { n.Purposes[0].Title = "x" },
		"purpose text":  func(n *consent.Notice) { n.Purposes[0].Text = "x" },
		"purpose order": func(n *consent.Notice) { slices.Reverse(n.Purposes) },
		"purpose gone":  func(n *consent.Notice) { n.Purposes = n.Purposes[:1] },
		"category":      func(n *consent.Notice) { n.Categories = []string{"x"} },
		"categories":    func(n *consent.Notice) { n.Categories = append(n.Categories, "x") },
		"two for one":   func(n *consent.Notice) { n.Categories = []string{"What you view", "and buy here"} },
		"moved over":    func(n *consent.Notice) { n.Categories, n.Sources = append(n.Categories, n.Sources...), nil },
		"source":        func(n *consent.Notice) { n.Sources = []string{"x"} },
		"recipient":     func(n *consent.Notice) { n.Recipients = []string{"x"} },
		"recipients":    func(n *consent.Notice) { n.Recipients = nil },
		"swap":          func(n *consent.Notice) { n.Recipients, n.Sources = n.Sources, n.Recipients },
		"right":         func(n *consent.Notice) { n.Rights = nil },
		"withdrawal":    func(n *consent.Notice) { n.Withdrawal += "!" },
		"retention":     func(n *consent.Notice) { n.RetentionDays++ },
		"expiry":        func(n *consent.Notice) { n.ConsentDays-- },
		"refusal":       func(n *consent.Notice) { n.RefusalDays = 0 },
		"days swapped": func(n *consent.Notice) {
			n.RetentionDays, n.ConsentDays = n.ConsentDays, n.RetentionDays
		},
		"advertising":      func(n *consent.Notice) { n.Purposes[0].Advertising = true },
		"sharing":          func(n *consent.Notice) { n.Purposes[0].Sharing = true },
		"third party":      func(n *consent.Notice) { n.ThirdParties[0] = "x" },
		"third parties":    func(n *consent.Notice) { n.ThirdParties = n.ThirdParties[:1] },
		"parties swapped":  func(n *consent.Notice) { n.ThirdParties, n.Transfers = n.Transfers, n.ThirdParties },
		"transfer":         func(n *consent.Notice) { n.Transfers = nil },
		"how to":           func(n *consent.Notice) { n.HowTo = nil },
		"complaint":        func(n *consent.Notice) { n.Complaint = "" },
		"how to complain":  func(n *consent.Notice) { n.HowTo, n.Complaint = []string{n.Complaint}, n.HowTo[0] },
		"bundle":           func(n *consent.Notice) { n.Bundles = nil },
		"bundle key":       func(n *consent.Notice) { n.Bundles[0].Key = "x" },
		"bundle title":     func(n *consent.Notice) { n.Bundles[0].Title = "x" },
		"bundle text":      func(n *consent.Notice) { n.Bundles[0].Text = "x" },
		"bundle purposes":  func(n *consent.Notice) { slices.Reverse(n.Bundles[0].Purposes) },
		"bundle and third": func(n *consent.Notice) { n.Bundles[0].Purposes = append(n.Bundles[0].Purposes, "ads") },
	}
	seen := map[[32]byte]string{}
	for name, change := range changes {
		n := whole()
		change(&n)
		if other, ok := seen[n.Hash()]; ok {
			t.Errorf("%q and %q have one hash", name, other)
		}
		seen[n.Hash()] = name
	}
}

func TestNoticeRules(t *testing.T) {
	bad := map[string]func(*consent.Notice){
		"no id":                func(n *consent.Notice) { n.ID = "" },
		"id with space":        func(n *consent.Notice) { n.ID = "a b" },
		"no version":           func(n *consent.Notice) { n.Version = 0 },
		"negative version":     func(n *consent.Notice) { n.Version = -1 },
		"absurd version":       func(n *consent.Notice) { n.Version = 1 << 40 },
		"no title":             func(n *consent.Notice) { n.Title = "" },
		"title of two lines":   func(n *consent.Notice) { n.Title = "a\nb" },
		"title not trimmed":    func(n *consent.Notice) { n.Title = " a" },
		"title too long":       func(n *consent.Notice) { n.Title = strings.Repeat("a", 201) },
		"text too long":        func(n *consent.Notice) { n.Text = strings.Repeat("a", 1<<16+1) },
		"text not UTF-8":       func(n *consent.Notice) { n.Text = "a\xff" },
		"text turns direction": func(n *consent.Notice) { n.Text = "we never sell \u202eti" },
		"controller":           func(n *consent.Notice) { n.Controller = "a\x00" },
		"no purposes":          func(n *consent.Notice) { n.Purposes = nil },
		"purpose without key":  func(n *consent.Notice) { n.Purposes[0].Key = "" },
		"purpose dot":          func(n *consent.Notice) { n.Purposes[0].Key = "." },
		"purpose ends in dot":  func(n *consent.Notice) { n.Purposes[0].Key = "a." },
		"purpose begins dot":   func(n *consent.Notice) { n.Purposes[0].Key = ".a" },
		"purpose two dots":     func(n *consent.Notice) { n.Purposes[0].Key = "a..b" },
		"purpose upper case":   func(n *consent.Notice) { n.Purposes[0].Key = "A" },
		"purpose twice":        func(n *consent.Notice) { n.Purposes[1].Key = n.Purposes[0].Key },
		"purpose no title":     func(n *consent.Notice) { n.Purposes[0].Title = "" },
		"purpose text":         func(n *consent.Notice) { n.Purposes[0].Text = "a " },
		"no categories":        func(n *consent.Notice) { n.Categories = nil },
		"empty category":       func(n *consent.Notice) { n.Categories = []string{""} },
		"category twice":       func(n *consent.Notice) { n.Categories = []string{"a", "a"} },
		"empty source":         func(n *consent.Notice) { n.Sources = []string{""} },
		"empty recipient":      func(n *consent.Notice) { n.Recipients = []string{""} },
		"too many rights":      func(n *consent.Notice) { n.Rights = make([]string, 129) },
		"no withdrawal":        func(n *consent.Notice) { n.Withdrawal = "" },
		"no retention":         func(n *consent.Notice) { n.RetentionDays = 0 },
		"absurd retention":     func(n *consent.Notice) { n.RetentionDays = 3651 },
		"no expiry":            func(n *consent.Notice) { n.ConsentDays = 0 },
		"negative expiry":      func(n *consent.Notice) { n.ConsentDays = -1 },
		"absurd expiry":        func(n *consent.Notice) { n.ConsentDays = 396 },
		"negative refusal":     func(n *consent.Notice) { n.RefusalDays = -1 },
		"absurd refusal":       func(n *consent.Notice) { n.RefusalDays = 3651 },
		"sharing with nobody":  func(n *consent.Notice) { n.Purposes[0].Sharing = true },
		"parties for nothing":  func(n *consent.Notice) { n.ThirdParties = []string{"Ad Ltd"} },
		"empty party": func(n *consent.Notice) {
			n.Purposes[0].Sharing, n.ThirdParties = true, []string{""}
		},
		"transfer twice":  func(n *consent.Notice) { n.Transfers = []string{"a", "a"} },
		"how to nothing":  func(n *consent.Notice) { n.HowTo = []string{"a"} },
		"how to too few":  func(n *consent.Notice) { n.Rights, n.HowTo = []string{"a", "b"}, []string{"a"} },
		"how to is empty": func(n *consent.Notice) { n.Rights, n.HowTo = []string{"a"}, []string{""} },
		"how to is bad":   func(n *consent.Notice) { n.Rights, n.HowTo = []string{"a"}, []string{"a\x00"} },
		"complaint":       func(n *consent.Notice) { n.Complaint = " a" },
	}
	for name, spoil := range bad {
		n := shop()
		spoil(&n)
		if _, err := consent.NewBook([]consent.Notice{n}); !errors.Is(err, consent.ErrBook) {
			t.Errorf("%s: %v", name, err)
		} else if !strings.HasPrefix(err.Error(), "consent: ") {
			t.Errorf("%s: %q has no prefix", name, err)
		}
	}
	if _, err := consent.NewBook([]consent.Notice{{}}); !errors.Is(err, consent.ErrBook) {
		t.Error("the zero notice is accepted")
	}
	newBook(t, everything())
	newBook(t, whole())
}

func TestLocales(t *testing.T) {
	for locale, want := range map[string]bool{
		"en": true, "gsw": true, "pt-BR": true, "zh-Hant": true, "zh-Hant-TW": true, "es-419": true,
		"": false, "e": false, "EN": false, "english": false, "en-": false, "-en": false, "en-us": false, "en_US": false,
		"zh-hant": false, "zh-HANT": false, "en-Latn-US-x": false, "en-US-Latn": false, "es-41": false, "es-4x9": false, "en-USA": false,
	} {
		n := shop()
		n.Locale = locale
		if _, err := consent.NewBook([]consent.Notice{n}); (err == nil) != want {
			t.Errorf("%q: %v", locale, err)
		}
	}
}

func TestNoticeJSON(t *testing.T) {
	n := whole()
	data, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	var back consent.Notice
	if err := json.Unmarshal(data, &back); err != nil || back.Hash() != n.Hash() {
		t.Errorf("JSON loses content: %v", err)
	}
}
