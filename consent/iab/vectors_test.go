package iab_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// vectors are the reference strings. What they were decoded by is said in them.
//
// Left out, because this package does not read the sections: fields of tcfcav1,
// and of the states Florida (13) to Rhode Island (27). Their strings are read as
// sections of unknown meaning. Nor are allowed vendors, a segment that the
// specification no longer has. Of a publisher's custom purposes only the number is
// read; no vector has any. The numbers of warnings are held by the vectors of
// the same strings, licences and conventions by nothing.
type vectors struct {
	Vectors  []vector
	Mismatch []vector `json:"usnat_version_length_mismatch"`
	Negative []vector
	Integers []struct {
		Bits  string
		Value int
	} `json:"fibonacci_integers"`
	Ranges []struct {
		Bits string
		IDs  []int
	} `json:"fibonacci_ranges"`
	Headers []struct {
		Header string
		IDs    []int `json:"section_ids"`
	} `json:"gpp_headers"`
	Bounds []struct{ Header string } `json:"resource_bounds"`
	USP    []struct {
		String string
		Expect map[string]any
	} `json:"usp_v1"`
	GPC []struct {
		Headers []string
		OptOut  bool `json:"opt_out"`
	}
}

type vector struct {
	Kind, String string
	Expect       map[string]any
	Derived      map[string]any
}

// shared reads the reference vectors, which are kept beside the repository, or
// where DISCREET_SHARED says; the test is skipped without them.
func shared(t testing.TB) *vectors {
	t.Helper()
	v := load()
	if v == nil {
		t.Skip("reference vectors are not here; set DISCREET_SHARED")
	}
	if len(v.Vectors) != 141 || len(v.Mismatch) != 12 || len(v.Negative) != 29 {
		t.Fatalf("%d, %d and %d vectors, want 141, 12 and 29", len(v.Vectors), len(v.Mismatch), len(v.Negative))
	}
	return v
}

func load() *vectors {
	dir := os.Getenv("DISCREET_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vectors", "consent-vectors.json"))
	if err != nil {
		return nil
	}
	v := &vectors{}
	if json.Unmarshal(b, v) != nil {
		return nil
	}
	return v
}

// section numbers by name.
var numbers = map[string]int{
	"tcfeuv2": 2, "tcfcav1": 5, "uspv1": 6, "usnat": 7, "usca": 8, "usva": 9, "usco": 10, "usut": 11, "usct": 12,
	"usfl": 13, "usmt": 14, "usor": 15, "ustx": 16, "usde": 17, "usia": 18, "usne": 19, "usnh": 20, "usnj": 21,
	"ustn": 22, "usmn": 23, "usmd": 24, "usin": 25, "usky": 26, "usri": 27,
}

// fields by name.
var fields = map[string]iab.Field{
	"SharingNotice": iab.SharingNotice, "SaleOptOutNotice": iab.SaleOptOutNotice, "SharingOptOutNotice": iab.SharingOptOutNotice,
	"TargetedAdvertisingOptOutNotice":     iab.TargetedAdvertisingOptOutNotice,
	"SensitiveDataProcessingOptOutNotice": iab.SensitiveDataProcessingOptOutNotice,
	"SensitiveDataLimitUseNotice":         iab.SensitiveDataLimitUseNotice,
	"SaleOptOut":                          iab.SaleOptOut, "SharingOptOut": iab.SharingOptOut, "TargetedAdvertisingOptOut": iab.TargetedAdvertisingOptOut,
	"PersonalDataConsents": iab.PersonalDataConsents, "MspaCoveredTransaction": iab.MspaCoveredTransaction,
	"MspaOptOutOptionMode": iab.MspaOptOutOptionMode, "MspaServiceProviderMode": iab.MspaServiceProviderMode, "Gpc": iab.Gpc,
	"SensitiveDataProcessing": iab.SensitiveDataProcessing, "KnownChildSensitiveDataConsents": iab.KnownChildSensitiveDataConsents,
}

// fieldNamed returns the field of a name, with a number behind it in lists.
func fieldNamed(name string) iab.Field {
	base, n, ok := strings.Cut(name, " ")
	f, known := fields[base]
	if !known {
		return 255
	}
	if ok {
		i, _ := strconv.Atoi(n)
		f += iab.Field(i - 1)
	}
	return f
}

// usFields returns all fields that the section has, by name.
func usFields(u *iab.US) map[string]int {
	all := map[string]int{}
	for name := range fields {
		n := map[string]int{"SensitiveDataProcessing": 16, "KnownChildSensitiveDataConsents": 3}[name]
		if n == 0 {
			if v, ok := u.Get(fields[name]); ok {
				all[name] = v
			}
			continue
		}
		for i := 1; i <= n; i++ {
			name := name + " " + strconv.Itoa(i)
			if v, ok := u.Get(fieldNamed(name)); ok {
				all[name] = v
			}
		}
	}
	return all
}

func checkUS(t *testing.T, name, text string, expect map[string]any) {
	t.Helper()
	u, err := iab.ParseUS(numbers[name], text)
	if err != nil {
		t.Errorf("%s %s: %v", name, text, err)
		return
	}
	want := map[string]int{}
	for k, v := range expect {
		switch v := v.(type) {
		case float64:
			if k == "KnownChildSensitiveDataConsents" { // a single one
				k += " 1"
			}
			want[k] = int(v)
		case bool:
			want[k] = 0
			if v {
				want[k] = 1
			}
		case []any:
			for i, x := range v {
				want[k+" "+strconv.Itoa(i+1)] = int(x.(float64))
			}
		}
	}
	if got := u.Version(); got != want["Version"] {
		t.Errorf("%s %s: version %d, want %d", name, text, got, want["Version"])
	}
	delete(want, "Version")
	delete(want, "GpcSegmentType") // always 1
	if got := usFields(&u); !reflect.DeepEqual(got, want) {
		t.Errorf("%s %s:\ngot  %v\nwant %v", name, text, got, want)
	}
	if u.Section() != numbers[name] {
		t.Errorf("%s: section %d", name, u.Section())
	}
}

func ints(v any) []int {
	list := []int{}
	for _, x := range v.([]any) {
		list = append(list, int(x.(float64)))
	}
	return list
}

// having lists the numbers from 1 to most for which has is true.
func having(most int, has func(int) bool) []int {
	list := []int{}
	for i := range most + 3 {
		if has(i) {
			list = append(list, i)
		}
	}
	return list
}

func checkTCF(t *testing.T, text string, expect map[string]any) {
	t.Helper()
	p, err := iab.ParseTCF(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	const iso = "2006-01-02T15:04:05.000Z"
	two := func(b [2]byte) string { return string(b[:]) }
	type restriction = iab.Restriction
	got := map[string]any{
		"version": 2, "created": p.Created().Format(iso), "lastUpdated": p.LastUpdated().Format(iso),
		"cmpId": p.CMP(), "cmpVersion": p.CMPVersion(), "consentScreen": p.ConsentScreen(), "consentLanguage": two(p.Language()),
		"vendorListVersion": p.VendorList(), "policyVersion": p.Policy(), "isServiceSpecific": p.ServiceSpecific(),
		"useNonStandardTexts": p.NonStandardTexts(), "specialFeatureOptins": having(24, p.SpecialFeature),
		"purposeConsents": having(24, p.PurposeConsent), "purposeLegitimateInterests": having(24, p.PurposeInterest),
		"purposeOneTreatment": p.PurposeOneTreatment(), "publisherCountryCode": two(p.Country()),
		"vendorConsents": having(65535, p.VendorConsent), "vendorLegitimateInterests": having(65535, p.VendorInterest),
		"vendorsDisclosed": having(65535, p.Disclosed), "publisherConsents": having(24, p.PublisherConsent),
		"publisherLegitimateInterests": having(24, p.PublisherInterest), "numCustomPurposes": p.CustomPurposes(),
	}
	for k, v := range got {
		want := expect[k]
		switch w := want.(type) {
		case float64:
			want = int(w)
		case []any:
			want = ints(w)
		}
		if !reflect.DeepEqual(v, want) {
			t.Errorf("%s: %s is %v, want %v", text, k, v, want)
		}
	}
	segments := expect["segments"].([]any)
	if p.HasDisclosed() != slices.Contains(segments, any("disclosedVendors")) || p.HasPublisher() != slices.Contains(segments, any("publisherTC")) {
		t.Errorf("%s: disclosed %v, publisher %v, want %v", text, p.HasDisclosed(), p.HasPublisher(), segments)
	}
	want := map[restriction]bool{}
	for _, r := range expect["publisherRestrictions"].([]any) {
		r := r.(map[string]any)
		for _, v := range ints(r["vendors"]) {
			want[restriction{int(r["purposeId"].(float64)), v, iab.RestrictionKind(r["type"].(float64))}] = true
		}
	}
	for purpose := range 13 {
		for vendor := range 1200 {
			for kind := range iab.UndefinedRestriction + 1 {
				r := restriction{purpose, vendor, kind}
				if p.Restricts(r) != want[r] {
					t.Errorf("%s: %v is %v", text, r, p.Restricts(r))
				}
			}
		}
	}
	for _, k := range []string{"publisherCustomConsents", "publisherCustomLegitimateInterests"} {
		if len(expect[k].([]any)) > 0 {
			t.Errorf("%s has %s, which nobody checks", text, k)
		}
	}
}

// unread are the kinds of vectors whose fields this package does not read.
func unread(name string) bool { n := numbers[name]; return n == 5 || n > 12 }

func checkVector(t *testing.T, v vector) {
	t.Helper()
	switch {
	case v.Kind == "tcfeuv2":
		checkTCF(t, v.String, v.Expect)
	case unread(v.Kind):
		if _, err := iab.ParseUS(numbers[v.Kind], v.String); err != iab.ErrSection {
			t.Errorf("%s is read: %v", v.Kind, err)
		}
	case v.Kind != "gpp":
		checkUS(t, v.Kind, v.String, v.Expect)
	default:
		checkGPP(t, v)
	}
}

func checkGPP(t *testing.T, v vector) {
	t.Helper()
	g, err := iab.ParseGPP(v.String)
	if err != nil {
		t.Errorf("%s: %v", v.String, err)
		return
	}
	ids := []int{}
	for i := range g.Len() {
		id, text := g.At(i)
		ids = append(ids, id)
		if other, ok := g.Section(id); !ok || other != text {
			t.Errorf("%s: section %d is %q and %q", v.String, id, text, other)
		}
	}
	if want := ints(v.Expect["sectionIds"]); !slices.Equal(ids, want) {
		t.Errorf("%s: sections %v, want %v", v.String, ids, want)
	}
	for name, expect := range v.Expect["sections"].(map[string]any) {
		expect := expect.(map[string]any)
		if name == "1" { // of a test of a reference library, in no encoding
			continue
		}
		text, ok := g.Section(numbers[name])
		if !ok {
			t.Errorf("%s: no section %s", v.String, name)
			continue
		}
		switch {
		case expect["raw"] != nil:
			if text != expect["raw"] {
				t.Errorf("%s: %s is %q", v.String, name, text)
			}
		case name == "tcfeuv2":
			checkTCF(t, text, expect)
		case name == "uspv1":
			checkUSP(t, text, expect)
		case !unread(name):
			checkUS(t, name, text, expect)
		}
	}
}

func checkUSP(t *testing.T, text string, expect map[string]any) {
	t.Helper()
	p, err := iab.ParseUSP(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return
	}
	for name, got := range map[string]byte{"Notice": p.Notice, "OptOutSale": p.OptOutSale, "LspaCovered": p.LspaCovered} {
		if string(got) != expect[name] {
			t.Errorf("%s: %s is %c, want %v", text, name, got, expect[name])
		}
	}
}

func TestVectors(t *testing.T) {
	v := shared(t)
	kinds := map[string]int{}
	for _, v := range v.Vectors {
		kinds[v.Kind]++
		checkVector(t, v)
	}
	if kinds["gpp"] != 37 || kinds["tcfeuv2"] != 37 {
		t.Errorf("kinds of vectors: %v", kinds)
	}
	for _, v := range v.Mismatch {
		checkVector(t, v)
	}
	for _, v := range v.USP {
		checkUSP(t, v.String, v.Expect)
	}
}

// What was derived from the strings by others is what the policy rules rest on.
func TestVectorsDerived(t *testing.T) {
	for _, v := range shared(t).Vectors {
		if v.Kind != "tcfeuv2" {
			continue
		}
		p, err := iab.ParseTCF(v.String)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Policy() >= 4; got != v.Derived["policy_version_ok_since_2023_09_30"] {
			t.Errorf("%s: policy %v", v.String, got)
		}
		if got := p.HasDisclosed(); got != v.Derived["has_disclosed_vendors_segment(mandatory_in_2.3)"] {
			t.Errorf("%s: disclosed %v", v.String, got)
		}
		day := p.Created().Equal(p.LastUpdated()) && p.Created().Truncate(24*time.Hour).Equal(p.Created())
		if day != v.Derived["created_equals_last_updated_and_day_level"] {
			t.Errorf("%s: day %v", v.String, day)
		}
	}
}

// Every negative vector is refused by the reader of the string or of one of its
// sections, and to a rule it is unclear.
func TestVectorsNegative(t *testing.T) {
	now := time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC)
	for _, v := range shared(t).Negative {
		rule := iab.Rule{TCF: &iab.TCFRule{Purposes: []int{1}}, US: true}
		if v.Kind == "tcfeuv2" {
			if _, err := iab.ParseTCF(v.String); err == nil {
				t.Errorf("%s is read", v.String)
			}
			if h := rule.Hear(&consent.Signals{TCF: v.String}, now); h.TCF != consent.Unclear {
				t.Errorf("%s is heard as %v", v.String, h)
			}
			continue
		}
		refused := false
		g, err := iab.ParseGPP(v.String)
		refused = err != nil
		for i := range g.Len() {
			id, text := g.At(i)
			if _, err := iab.ParseUS(id, text); err != nil {
				refused = true
			}
		}
		if !refused {
			t.Errorf("%s is read", v.String)
		}
		if h := rule.Hear(&consent.Signals{GPP: v.String}, now); h.GPP != consent.Unclear && h.GPP != consent.Forbids {
			t.Errorf("%s is heard as %v", v.String, h)
		}
	}
}

func TestVectorsFibonacci(t *testing.T) {
	v := shared(t)
	if len(v.Integers) != 7 || len(v.Ranges) != 6 || len(v.Headers) != 6 {
		t.Fatal("vectors are missing")
	}
	header := func(bits string) string {
		w := &writer{}
		w.number(3, 6)
		w.number(1, 6)
		w.bits.WriteString(bits)
		return w.text(6)
	}
	check := func(head string, ids []int) {
		t.Helper()
		g, err := iab.ParseGPP(head + strings.Repeat("~x", len(ids)))
		if err != nil || g.Len() != len(ids) {
			t.Errorf("%s: %v, %d sections, want %v", head, err, g.Len(), ids)
			return
		}
		for i, want := range ids {
			if id, text := g.At(i); id != want || text != "x" {
				t.Errorf("%s: section %d is %d, %q, want %d", head, i, id, text, want)
			}
		}
	}
	for _, c := range v.Integers {
		check(header("000000000001"+"0"+c.Bits), []int{c.Value})
	}
	for _, c := range v.Ranges {
		check(header(c.Bits), c.IDs)
	}
	for _, c := range v.Headers {
		check(c.Header, c.IDs)
		for n := range 9 {
			if _, err := iab.ParseGPP(c.Header + strings.Repeat("~x", n)); (err == nil) != (n == len(c.IDs)) {
				t.Errorf("%s with %d sections: %v", c.Header, n, err)
			}
		}
	}
}

// A header that announces what is not there is refused for what it announces, at
// once and without allocating, however many sections follow it.
func TestVectorsBounds(t *testing.T) {
	v := shared(t)
	if len(v.Bounds) != 2 {
		t.Fatal("vectors are missing")
	}
	for _, c := range v.Bounds {
		for _, sections := range []int{0, 1, 64, 65, 8000} {
			text := c.Header + strings.Repeat("~", sections)
			start := time.Now()
			for range 1000 {
				if _, err := iab.ParseGPP(text); err == nil {
					t.Fatalf("%s is read", c.Header)
				}
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s, 1000 times with %d sections: %v", c.Header, sections, took)
			}
			if n := testing.AllocsPerRun(10, func() { iab.ParseGPP(text) }); n != 0 {
				t.Errorf("%s: %v allocations", c.Header, n)
			}
		}
	}
}

func TestVectorsGPC(t *testing.T) {
	v := shared(t)
	if len(v.GPC) != 7 {
		t.Fatal("vectors are missing")
	}
	for _, c := range v.GPC {
		if got := iab.GPC(c.Headers...); got != c.OptOut {
			t.Errorf("%q is %v", c.Headers, got)
		}
	}
}
