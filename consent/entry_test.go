package consent_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

func TestKindCodesAreStable(t *testing.T) {
	codes := []string{"served", "given", "refused", "withdrawn", "expired", "imported", "opted-out", "moved", "erased", "disclosed"}
	for i, code := range codes {
		k := consent.Kind(i + 1)
		text, err := k.MarshalText()
		var back consent.Kind
		if err != nil || string(text) != code || k.String() != code || back.UnmarshalText(text) != nil || back != k {
			t.Errorf("kind %d: %q %v", i+1, text, err)
		}
	}
	for _, k := range []consent.Kind{0, consent.Kind(len(codes) + 1), 255} {
		if _, err := k.MarshalText(); !errors.Is(err, consent.ErrKind) || k.String() != "invalid" {
			t.Errorf("kind %d is valid", k)
		}
	}
	k := consent.KindMoved
	for _, text := range []string{"", "invalid", "Given", "given "} {
		if err := k.UnmarshalText([]byte(text)); !errors.Is(err, consent.ErrKind) || k != consent.KindMoved {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}

// The commitments were computed by another program from the description of the
// format.
func TestCommitmentGolden(t *testing.T) {
	list := goldenEntries()
	for i, want := range map[int]string{
		0: "fc83383547a8df4d0b56cd13bb73f918a9af229faac3a832945f081a83af21d3",
		1: "4af27dfb9bb9b970d3d48b35a79468599e4b80e55044f1aabb6ffbb7c78654bc",
		4: "8580b4a22679fbe25a2817ec76312e60e944567f77c877644b46aa3c2d62038f",
		9: "4d4862127e7dbe59e9ac969505c1006e863b70568639054b7eae261d39cda099",
	} {
		if c := list[i].Commitment(); hex.EncodeToString(c[:]) != want {
			t.Errorf("%s: %x", told(list[i]), c)
		}
	}
}

// Every field is bound, and so is where one ends and the next begins.
func TestCommitmentBindsEveryField(t *testing.T) {
	seen := map[[32]byte]string{}
	add := func(name string, e consent.Entry) {
		c := e.Commitment()
		if other, ok := seen[c]; ok {
			t.Errorf("%s commits to the same as %s", name, other)
		}
		seen[c] = name
	}
	base := func() consent.Entry {
		e := goldenEntries()[1]
		e.Purposes = []string{"ab", "cd"}
		return e
	}
	add("the entry", base())
	for name, change := range map[string]func(e *consent.Entry){
		"kind":                           func(e *consent.Entry) { e.Kind = consent.KindGiven },
		"no kind":                        func(e *consent.Entry) { e.Kind = 0 },
		"moment":                         func(e *consent.Entry) { e.At = e.At.Add(time.Millisecond) },
		"before 1970":                    func(e *consent.Entry) { e.At = time.Time{} },
		"a purpose":                      func(e *consent.Entry) { e.Purposes[1] = "ce" },
		"a purpose less":                 func(e *consent.Entry) { e.Purposes = e.Purposes[:1] },
		"an empty purpose more":          func(e *consent.Entry) { e.Purposes = append(e.Purposes, "") },
		"no purposes":                    func(e *consent.Entry) { e.Purposes = nil },
		"purposes in one":                func(e *consent.Entry) { e.Purposes = []string{"abcd"} },
		"purposes cut elsewhere":         func(e *consent.Entry) { e.Purposes = []string{"a", "bcd"} },
		"purposes in another order":      func(e *consent.Entry) { slices.Reverse(e.Purposes) },
		"the last purpose in notice":     func(e *consent.Entry) { e.Purposes, e.Notice = e.Purposes[:1], "cd"+e.Notice },
		"notice":                         func(e *consent.Entry) { e.Notice = "new" },
		"no notice":                      func(e *consent.Entry) { e.Notice = "" },
		"version":                        func(e *consent.Entry) { e.Version++ },
		"locale":                         func(e *consent.Entry) { e.Locale = "fr" },
		"a letter from notice to locale": func(e *consent.Entry) { e.Notice, e.Locale = "ol", "d"+e.Locale },
		"hash":                           func(e *consent.Entry) { e.Hash[31] ^= 1 },
		"method":                         func(e *consent.Entry) { e.Method = "pape" },
		"a letter from method to proof":  func(e *consent.Entry) { e.Method, e.Proof = "pape", "r"+e.Proof },
		"method and proof exchanged":     func(e *consent.Entry) { e.Method, e.Proof = e.Proof, e.Method },
		"proof":                          func(e *consent.Entry) { e.Proof = "" },
		"record":                         func(e *consent.Entry) { e.Record[0] ^= 0x80 },
		"salt":                           func(e *consent.Entry) { e.Salt[15] ^= 1 },
		"salt and record exchanged":      func(e *consent.Entry) { e.Salt, e.Record = e.Record, e.Salt },
	} {
		e := base()
		change(&e)
		add(name, e)
	}
	e := base()
	e.At = e.At.In(time.FixedZone("elsewhere", 3600)).Add(time.Millisecond - 1)
	if e.Commitment() != goldenWith(base()).Commitment() {
		t.Error("a zone, or a part of a millisecond, is committed to")
	}
}

// Of what was disclosed three fields more are bound; computed by another program too.
func TestCommitmentOfDisclosures(t *testing.T) {
	r, err := consent.ReadRecord(golden(t, "row_v3.hex"))
	if err != nil {
		t.Fatal(err)
	}
	list := r.Entries()
	for i, want := range []string{
		"5c30680e0a573a2a637bffe8c6831868c9c3c77fc7399aae3e9491592cc8c484",
		"8e3ffeb7bfaa26ecc9859d93affc23cc454fd3d155c7b954c04fcc2ae4662abc",
		"371c8c6d9996ffcf5cdfe4ecd9cc1b2ed4a775c75487546f97fad2f41a3f285f",
	} {
		if c := list[i].Commitment(); hex.EncodeToString(c[:]) != want {
			t.Errorf("%s: %x", told(list[i]), c)
		}
	}
	seen := map[[32]byte]string{}
	for name, change := range map[string]func(e *consent.Entry){
		"the entry":               func(e *consent.Entry) {},
		"recipient":               func(e *consent.Entry) { e.Recipient = "Panel" },
		"no recipient":            func(e *consent.Entry) { e.Recipient = "" },
		"purpose":                 func(e *consent.Entry) { e.Of = "statistics" },
		"segment":                 func(e *consent.Entry) { e.Segment = "readers" },
		"a letter moved":          func(e *consent.Entry) { e.Of, e.Segment = e.Of+"r", e.Segment[1:] },
		"a letter moved in front": func(e *consent.Entry) { e.Recipient, e.Of = e.Recipient+"p", e.Of[1:] },
		"none of the three":       func(e *consent.Entry) { e.Recipient, e.Of, e.Segment = "", "", "" },
		"proof in front":          func(e *consent.Entry) { e.Proof, e.Recipient = e.Recipient, "" },
		"another kind":            func(e *consent.Entry) { e.Kind = consent.KindServed },
		"another kind, without":   func(e *consent.Entry) { e.Kind, e.Recipient, e.Of, e.Segment = consent.KindServed, "", "", "" },
	} {
		e := list[1]
		change(&e)
		c := e.Commitment()
		if other, ok := seen[c]; ok {
			t.Errorf("%s commits to the same as %s", name, other)
		}
		seen[c] = name
	}
}

func goldenWith(e consent.Entry) *consent.Entry { return &e }

// Two entries with one salt and different content never commit to the same. The
// texts are cut out of few letters, so that fields often meet at other bounds.
func TestCommitmentIsInjective(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("a\x00\x01")), 0, 3, -1)
	entry := rapid.Custom(func(t *rapid.T) consent.Entry {
		return consent.Entry{
			Kind:     consent.Kind(rapid.IntRange(1, 2).Draw(t, "kind")),
			At:       at(rapid.Int64Range(1, 2).Draw(t, "at")),
			Purposes: rapid.SliceOfN(text, 0, 3).Draw(t, "purposes"),
			Notice:   text.Draw(t, "notice"), Version: rapid.IntRange(0, 1).Draw(t, "version"),
			Locale: text.Draw(t, "locale"), Method: text.Draw(t, "method"), Proof: text.Draw(t, "proof"),
		}
	})
	type plain consent.Entry // prints with all fields
	key := func(e consent.Entry) string { return fmt.Sprintf("%q", fmt.Sprintf("%#v", plain(e))) }
	rapid.Check(t, func(t *rapid.T) {
		a, b := entry.Draw(t, "a"), entry.Draw(t, "b")
		if rapid.Bool().Draw(t, "moved") { // one string, cut into the same fields at another place
			all := a.Notice + a.Locale + a.Method + a.Proof
			cuts := rapid.SliceOfN(rapid.IntRange(0, len(all)), 3, 3).Draw(t, "cuts")
			slices.Sort(cuts)
			b = a
			b.Notice, b.Locale, b.Method, b.Proof = all[:cuts[0]], all[cuts[0]:cuts[1]], all[cuts[1]:cuts[2]], all[cuts[2]:]
		}
		if len(a.Purposes) == 0 {
			a.Purposes = nil
		}
		if len(b.Purposes) == 0 {
			b.Purposes = nil
		}
		if same := key(a) == key(b); same != (a.Commitment() == b.Commitment()) {
			t.Fatalf("same %v: %#v %#v", same, plain(a), plain(b))
		}
	})
}

// What a person is told of a journal survives JSON, and keeps salts, hashes and
// record ids to itself.
func TestSummaryWithJournal(t *testing.T) {
	b := newBook(t, shop(), purposes("tree", "a"))
	r, err := consent.ReadRecord(golden(t, "row_v2.hex"))
	if err != nil {
		t.Fatal(err)
	}
	s := b.RecordSummary(r, after(9))
	if len(s.Purposes) != 2 || s.Purposes[1].Title != "Show what fits you" || len(s.Journal) != len(r.Entries()) {
		t.Fatalf("%+v", s)
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back consent.Summary
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(back); string(again) != string(text) {
		t.Errorf("%s\n%s", again, text)
	}
	for i, e := range r.Entries() {
		h := s.Journal[i]
		as := consent.Entry{Kind: h.What, At: h.At, Purposes: h.Purposes, Notice: h.Notice, Version: h.Version, Locale: h.Locale, Method: h.Method, Proof: h.Proof}
		if told(as) != told(e) || fmt.Sprint(back.Journal[i]) != fmt.Sprint(h) {
			t.Errorf("%s: told %+v, and back %+v", told(e), h, back.Journal[i])
		}
	}
	if json.Unmarshal([]byte(`{"journal":[{"what":"sold"}]}`), &back) == nil {
		t.Error("an unknown kind is read")
	}
	if s := b.RecordSummary(&consent.Record{}, t0); s.Journal != nil || len(s.Purposes) != 0 {
		t.Errorf("an empty record: %+v", s)
	}
}

// An entry shows neither its salt nor what it is about, in whatever way it is printed.
func TestEntryPrintsItsKindOnly(t *testing.T) {
	e := goldenEntries()[1]
	type holder struct{ E consent.Entry }
	for _, text := range []string{
		fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e), fmt.Sprintf("%v", &e), fmt.Sprintf("%+v", holder{e}), e.LogValue().String(),
	} {
		if !strings.Contains(text, "consent entry: ") || strings.Contains(text, e.Notice) || strings.Contains(text, fmt.Sprint(e.Salt[0])) {
			t.Errorf("%q", text)
		}
	}
}
