package iab_test

import (
	"fmt"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

func Example() {
	// Advertising by vendor 42 that builds profiles and uses them.
	ads := iab.Rule{TCF: &iab.TCFRule{Vendor: 42, Purposes: []int{1, 3, 4}}, US: true}
	if err := ads.Check(); err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	word := map[consent.Signal]string{
		consent.Silent: "silent", consent.Permits: "permits", consent.Forbids: "forbids", consent.Unclear: "unclear",
	}
	for _, s := range []struct {
		what string
		consent.Signals
	}{
		{"consent to all", consent.Signals{TCF: "CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgGQQAgAVQLzAyAAAAAAA.IGQQAYAAgZAA"}},
		{"the same, cut short", consent.Signals{TCF: "CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgGQQAgAVQLzAyAAAAAAA"}},
		{"opted out of sale", consent.Signals{GPP: "DBABL~BVVaAAAAAg.Y"}},
		{"a browser's signal", consent.Signals{GPC: iab.GPC("1")}},
	} {
		h := ads.Hear(&s.Signals, now)
		fmt.Printf("%-20s GPC %-8s TCF %-8s GPP %s\n", s.what, word[h.GPC], word[h.TCF], word[h.GPP])
	}
	// Output:
	// consent to all       GPC silent   TCF permits  GPP silent
	// the same, cut short  GPC silent   TCF unclear  GPP silent
	// opted out of sale    GPC forbids  TCF silent   GPP forbids
	// a browser's signal   GPC forbids  TCF silent   GPP silent
}

func ExampleParseTCF() {
	t, err := iab.ParseTCF("CQg2bYAQg2bYAAfACAENCMFsAP_gAEPgAAYgGQQAgAVQLzAyAAAAAAA.IGQQAYAAgZAA")
	if err != nil {
		panic(err)
	}
	fmt.Println("policy", t.Policy(), "updated", t.LastUpdated().Format(time.DateOnly))
	fmt.Println("purpose 3:", t.PurposeConsent(3), "vendor 42:", t.VendorConsent(42), "vendor 43:", t.VendorConsent(43), "shown:", t.Disclosed(43))
	// Output:
	// policy 5 updated 2026-03-10
	// purpose 3: true vendor 42: true vendor 43: false shown: true
}

func ExampleParseGPP() {
	g, err := iab.ParseGPP("DBABL~BVVaAAAAAg.Y")
	if err != nil {
		panic(err)
	}
	text, _ := g.Section(iab.SectionUSNat)
	us, err := iab.ParseUS(iab.SectionUSNat, text)
	if err != nil {
		panic(err)
	}
	sale, _ := us.Get(iab.SaleOptOut)
	gpc, _ := us.Get(iab.Gpc)
	fmt.Println(text, "SaleOptOut", sale, "Gpc", gpc)
	// Output:
	// BVVaAAAAAg.Y SaleOptOut 1 Gpc 1
}
