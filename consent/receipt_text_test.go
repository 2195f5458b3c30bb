package consent_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
	"golang.org/x/mod/sumdb/note"
)

// Everything that a person has to know stands in the words.
func TestReceiptPlain(t *testing.T) {
	r := receipt(t, goldenInput(t))
	text := r.Plain()
	hash := sold().Hash()
	for _, want := range []string{
		r.ID, r.Principal, "Example <Shop> & \"Sons\" Ltd (company), 1 Example Street, Dublin, IE", "privacy@shop.example",
		"Count what is read (statistics): agreed since 2027-06-06 12:00:00 UTC, until 2028-06-05 12:00:00 UTC",
		"old.purpose: taken back since 2026-06-05 12:00:00 UTC, not asked again before 2027-06-05",
		"suspended for everybody",
		"2026-06-01 12:00:01 UTC: agreed: personalize.content, share; sold version 1 (en); by banner",
		"agreed again: personalize.content", "everything was erased", "records of two identifiers became one", "agreed (taken over from elsewhere): old.purpose", "by gpc", "proof crm/2025:4711",
		fmt.Sprintf("%x", hash), "What you view and buy here", "Our warehouse", "Our newsletter",
		"Ads of partners (ads.partners), advertising, sharing with third parties (Adder Ltd; Blinker Inc)", "US: standard", "Data Protection Commission",
		"Take it with you: Write to us", "refused (taken over from elsewhere): newsletter", "Kept for at most 180 days.",
		"Stored in IE, FR. Under the law of EU.", "Open Settings, then Privacy", "https://shop.example/settings", "https://shop.example/rights",
		"not at hand any more", "Records: 4711", r.Log.Chain,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "What you were shown"); n != 2 {
		t.Errorf("%d texts", n)
	}
	in := goldenInput(t)
	in.Entries, in.Summary = nil, consent.Summary{}
	empty := receipt(t, in)
	if text := empty.Plain(); strings.Count(text, "Nothing.") != 2 {
		t.Error(text)
	}
}

// Each label is used, and each one left empty is English.
func TestReceiptLabels(t *testing.T) {
	r := receipt(t, goldenInput(t))
	in := goldenInput(t)
	none := sold()
	none.Recipients = nil
	in.Book = newBook(t, none)
	for i := range in.Entries {
		if in.Entries[i].Notice == "sold" {
			in.Entries[i].Hash = none.Hash()
		}
	}
	in.Entries, in.Summary.Purposes = in.Entries[:2], in.Summary.Purposes[:1]
	other := receipt(t, in)
	plain := r.Plain() + other.Plain()
	if got := r.PlainWith(consent.ReceiptLabels{}) + other.PlainWith(consent.ReceiptLabels{}); got != plain {
		t.Error("empty labels are not English")
	}
	l := consent.EnglishReceipt()
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		name, old := v.Type().Field(i).Name, v.Field(i).String()
		if old == "" {
			t.Errorf("%s has no English", name)
		}
		v.Field(i).SetString("Żurek #")
		if text := r.PlainWith(l) + other.PlainWith(l); !strings.Contains(text, "Żurek") {
			t.Errorf("%s is not used", name)
		}
		v.Field(i).SetString("")
		if r.PlainWith(l)+other.PlainWith(l) != plain {
			t.Errorf("%s, empty, is not English", name)
		}
		v.Field(i).SetString(old)
	}
}

// No identifier gets into a receipt, whatever a service hands over by mistake.
func TestReceiptCanary(t *testing.T) {
	canaries := pseudonymtest.Canaries(t, 12)
	in := goldenInput(t)
	var out strings.Builder
	show := func(r consent.Receipt, err error) {
		fmt.Fprintf(&out, "%v %+v %#v\n%s", err, err, err, r.Plain())
		if err == nil {
			out.WriteString(textOf(t, r))
		}
	}
	show(consent.NewReceipt(in))
	if out.Len() < 5000 {
		t.Fatal("too little came out to prove anything")
	}
	for i, change := range []func(c string){
		func(c string) { in.Principal = c },
		func(c string) { in.Entries[0].Notice = c },
		func(c string) { in.Entries[0].Locale = c },
		func(c string) { in.Entries[0].Method = c },
		func(c string) { in.Entries[0].Proof = c },
		func(c string) { in.Entries[0].Purposes = []string{c} },
		func(c string) { in.Summary.Purposes[0].Purpose = c },
		func(c string) { in.Summary.Purposes[0].Title = c + "\x00" },
	} {
		in = goldenInput(t)
		change(canaries[i])
		r, err := consent.NewReceipt(in)
		if err == nil {
			t.Errorf("canary %d is let in", i)
		}
		show(r, err)
	}
	s := newReceiptSigner(t, "shop", 1)
	for _, data := range []string{canaries[8], "discreet-receipt/0\n{\"receipt_id\":\"" + canaries[9] + "\"}\n"} {
		show(consent.ReadReceipt(s.resign(data), []string{s.vkey}))
		show(consent.ReadReceipt([]byte(data), []string{canaries[10]}))
	}
	pseudonymtest.Sweep(t, canaries, map[string][]byte{"receipts and errors": []byte(out.String())})
}

func ExampleNewReceipt() {
	book, _ := consent.NewBook([]consent.Notice{shop()})
	history, june := &consent.History{}, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	choice := consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{"statistics"}, Method: "banner"}
	_ = book.Choose(history, choice, june)
	entry := consent.Entry{ // kept with the history; the log has its commitment
		Kind: consent.KindGiven, At: june, Purposes: choice.Grant, Method: choice.Method,
		Notice: "shop", Version: 1, Locale: "en", Hash: shop().Hash(), Record: [16]byte{1}, Salt: [16]byte{2},
	}
	receipt, err := consent.NewReceipt(consent.ReceiptInput{
		Terms: consent.ReceiptTerms{
			Controller: consent.Controller{
				ID: "shop.example", Name: "Example Ltd", Type: "company",
				Address: "1 Example Street, Dublin", Country: "IE", Email: "privacy@shop.example",
			},
			StorageLocations: []string{"IE"}, Jurisdiction: "EU",
		},
		Book: book, Principal: "040000d1maht99d6mymakanbnjptxbxg", Entries: []consent.Entry{entry},
		Summary: book.Summary(history, june), Log: consent.LogHead{Length: 1, Chain: [32]byte{31: 5}}, Now: june,
	})
	if err != nil {
		panic(err)
	}
	private, public, _ := note.GenerateKey(nil, "shop") // Engine.Verifiers gives the public key, in real use
	signer, _ := note.NewSigner(private)
	signed, err := receipt.Sign(signer)
	if err != nil {
		panic(err)
	}

	read, err := consent.ReadReceipt(signed, []string{public})
	if err != nil {
		panic(err)
	}
	fmt.Print(read.Plain())
	// Output:
	// Consent receipt
	//
	// Number: 934f116e-c23b-8861-9d90-5a0316d555e2
	// Issued: 2026-06-01 12:00:00 UTC
	// For the person known here as: 040000d1maht99d6mymakanbnjptxbxg
	// By: Example Ltd (company), 1 Example Street, Dublin, IE
	//   privacy@shop.example
	//
	// What holds now
	//   - Count what is read (statistics): agreed since 2026-06-01 12:00:00 UTC, until 2027-06-01 12:00:00 UTC
	//
	// What happened
	//   - 2026-06-01 12:00:00 UTC: agreed: statistics; shop version 1 (en); by banner
	//
	// What you were shown: shop version 1 (en)
	//   May we tailor this shop to you?
	//   SHA-256 2d0d373476810ab0827e7582b1bc919d4f10108aa63d7afbc6b9064afc6dbaee
	//   Why:
	//     - Show what fits you (personalize.content): We order the pages by what you looked at.
	//     - Count what is read (statistics)
	//   What is held:
	//     - What you view and buy here
	//   Who else sees it, for the service: Nobody.
	//   Kept for at most 180 days.
	//   Stored in IE. Under the law of EU.
	//   How to withdraw: Open Settings, then Privacy, and switch it off.
	//
	// The consent log, when this was issued
	//   Records: 1
	//   Chain of the last one: 0000000000000000000000000000000000000000000000000000000000000005
}
