package pseudonym_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

var phoneCases = []struct {
	in, want string
	err      error
}{
	{"+441134960987", "+441134960987", nil},
	{"+44-113-496-0987", "+441134960987", nil},
	{" \t+44 113.496 0987\n", "+441134960987", nil},
	{"+1 800-555-0100", "+18005550100", nil},
	{"+12345678901", "+12345678901", nil},
	{"+390669812345", "+390669812345", nil}, // Italy keeps its zero
	{"+2250701020304", "+2250701020304", nil},
	{"+2290195123456", "+2290195123456", nil}, // Benin, since 2024
	{"+6512435678", "+6512435678", nil},
	{"+79161234567", "+79161234567", nil},
	{"+4712345", "+4712345", nil},
	{"+491234567890123", "+491234567890123", nil},

	{"", "", pseudonym.ErrPhoneForm},
	{"+", "", pseudonym.ErrPhoneForm},
	{"++++", "", pseudonym.ErrPhoneForm},
	{"+abc-DEF", "", pseudonym.ErrPhoneForm},
	{"441134960987", "", pseudonym.ErrPhoneForm},
	{"1 800 555 0100", "", pseudonym.ErrPhoneForm},
	{"+1 (650) 555-1212", "", pseudonym.ErrPhoneForm},
	{"(650)555-1212", "", pseudonym.ErrPhoneForm},
	{"0113 496 0987", "", pseudonym.ErrPhoneForm},
	{"0044 113 496 0987", "", pseudonym.ErrPhoneForm},
	{"+44 (0)113 496 0987", "", pseudonym.ErrPhoneForm},
	{"+44 0113 496 0987", "", pseudonym.ErrPhoneTrunk},
	{"+4401134960987", "", pseudonym.ErrPhoneTrunk},
	{"+١٢٣٤٥٦٧٨٩٠", "", pseudonym.ErrPhoneForm},
	{"1-800-FLOWERS", "", pseudonym.ErrPhoneForm},
	{"+1 650 555 1212 ext 5", "", pseudonym.ErrPhoneForm},
	{"+44 113  496 0987", "", pseudonym.ErrPhoneForm},
	{"+ 441134960987", "", pseudonym.ErrPhoneForm},
	{"+441134960987-", "", pseudonym.ErrPhoneForm},
	{"+44\u00a01134960987", "", pseudonym.ErrPhoneForm},
	{"+1234567", "", pseudonym.ErrPhoneLength},
	{"+1234567890", "", pseudonym.ErrPhoneLength}, // nine digits behind +1
	{"+123456789012", "", pseudonym.ErrPhoneLength},
	{"+1234567890123456", "", pseudonym.ErrPhoneLength},
	{"+4912345678901234", "", pseudonym.ErrPhoneLength},
	{"+471234", "", pseudonym.ErrPhoneLength},
	{"+11234567890", "", pseudonym.ErrPhoneForm}, // no area code begins with 1
	{"+12341567890", "", pseudonym.ErrPhoneForm}, // nor an exchange
	{"+01134960987", "", pseudonym.ErrPhoneCountry},
	{"+2101234567", "", pseudonym.ErrPhoneCountry},
	{"+999123456789", "", pseudonym.ErrPhoneCountry},
	{"06a418f467a14e1631a317b107548a1039d26f12ea45301ab14e7684b36ede58", "", pseudonym.ErrHashed},
	{"fPoUXDMbpWDv+DYcbXcpbBTnqPR3FP7EnE0vCBUVlFc=", "", pseudonym.ErrHashed},
	{strings.Repeat("+", 2000), "", pseudonym.ErrPhoneLength},
}

func TestPhone(t *testing.T) {
	for _, c := range phoneCases {
		got, err := pseudonym.Normalise(pseudonym.Phone(c.in))
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%+q: %q, %v; want %q, %v", c.in, got, err, c.want, c.err)
		}
		checkKind(t, "phone/1", c.in)
	}
}

// The assigned country codes, written as ranges: a second spelling of the table.
func TestCountryCodes(t *testing.T) {
	const assigned = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58" +
		" 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98" +
		" 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239" +
		" 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269" +
		" 290 291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378" +
		" 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509" +
		" 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679" +
		" 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 855 856 870 878" +
		" 880 881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979" +
		" 992 993 994 995 996 998 "
	for code := range 1000 {
		s := fmt.Sprintf("%03d", code)
		want := strings.Contains(assigned, " "+s+" ") || strings.Contains(assigned, " "+s[:2]+" ") || s[0] == '1' || s[0] == '7'
		_, err := pseudonym.Normalise(pseudonym.Phone("+" + s + "5555555"))
		if got := !errors.Is(err, pseudonym.ErrPhoneCountry); got != want {
			t.Errorf("code of +%s: known %v, want %v (%v)", s, got, want, err)
		}
	}
}

// Every number of the reference tables has an answer: where the implementations
// disagree, one of the cases above.
func TestPhoneReferenceTables(t *testing.T) {
	var v struct {
		Phone struct {
			UID2   struct{ Accepted, Refused []string } `json:"uid2_operator_tests"`
			Google struct {
				Valid   []struct{ In, Normal string }
				Invalid []string
			} `json:"google_data_manager"`
			Divergence []map[string]string
			Library    struct {
				Tests []struct{ In, Region, Out, Err string }
			} `json:"nyaruka_phonenumbers_v1_8_1"`
		} `json:"phone_normalisation"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	known := map[string]bool{}
	for _, c := range phoneCases {
		known[c.in] = true
	}
	p := v.Phone
	if len(p.Divergence) != 10 || len(p.UID2.Refused) != 23 || len(p.Library.Tests) != 21 || len(p.Google.Valid) != 5 {
		t.Fatalf("%d, %d, %d and %d numbers", len(p.Divergence), len(p.UID2.Refused), len(p.Library.Tests), len(p.Google.Valid))
	}
	for _, c := range p.Divergence {
		if !known[c["in"]] {
			t.Errorf("no answer for divergent %+q", c["in"])
		}
	}
	for _, in := range p.UID2.Accepted { // some are no numbers: +1 has ten digits
		if got, err := pseudonym.Normalise(pseudonym.Phone(in)); err == nil && got != in || err == nil != (in == "+12345678901") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range p.UID2.Refused {
		if got, err := pseudonym.Normalise(pseudonym.Phone(in)); err == nil {
			t.Errorf("%q was accepted as %q", in, got)
		}
	}
	for _, in := range p.Google.Invalid {
		if _, err := pseudonym.Normalise(pseudonym.Phone(in)); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
	for _, c := range p.Google.Valid {
		got, err := pseudonym.Normalise(pseudonym.Phone(c.In))
		if plus := strings.HasPrefix(c.In, "+"); (err == nil) != plus || plus && got != c.Normal {
			t.Errorf("%q: %q, %v", c.In, got, err)
		}
	}
	agreed := 0
	for _, c := range p.Library.Tests { // what we accept, the library reads alike
		if got, err := pseudonym.Normalise(pseudonym.Phone(c.In)); err == nil {
			agreed++
			if got != c.Out {
				t.Errorf("%q: %q, the library says %q", c.In, got, c.Out)
			}
		}
	}
	if agreed == 0 {
		t.Error("no number was compared with the library")
	}
}

type parser func(number, region string) (string, error)

func (p parser) E164(number, region string) (string, error) { return p(number, region) }

func TestPhoneIn(t *testing.T) {
	uk := parser(func(number, region string) (string, error) {
		if region != "GB" || !strings.HasPrefix(number, "0") {
			return "", errors.New("cannot read " + number)
		}
		return "+44" + number[1:], nil
	})
	r, err := pseudonym.PhoneIn(uk, "01134960987", "GB")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pseudonym.Normalise(r); err != nil || got != "+441134960987" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := pseudonym.PhoneIn(uk, "5550100", "GB"); err != pseudonym.ErrPhoneForm {
		t.Errorf("the parser's words were passed on: %v", err)
	}
	if _, err := pseudonym.PhoneIn(nil, "5550100", "GB"); err != pseudonym.ErrPhoneForm {
		t.Errorf("no parser: %v", err)
	}
	// A parser that answers in another form does not get through.
	wrong := parser(func(string, string) (string, error) { return "tel:+44-113", nil })
	r, err = pseudonym.PhoneIn(wrong, "x", "GB")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pseudonym.Normalise(r); !errors.Is(err, pseudonym.ErrPhone) {
		t.Errorf("accepted: %v", err)
	}
}

var kindCases = []struct {
	kind, in, want string
	err            error
}{
	{"email-gmail/1", "Jane.Doe+Shop@gmail.com", "janedoe@gmail.com", nil},
	{"email-gmail/1", "jane.doe+shop@googlemail.com", "janedoe@gmail.com", nil},
	{"email-gmail/1", "Jane.Doe@GMAIL.com.", "janedoe@gmail.com", nil},
	{"email-gmail/1", "User.Name+NYC@Example.com", "user.name+nyc@example.com", nil},
	{"email-gmail/1", "a.b@mail.gmail.com", "a.b@mail.gmail.com", nil},
	{"email-gmail/1", "a.b@notgmail.com", "a.b@notgmail.com", nil},
	{"email-gmail/1", "+@gmail.com", "", pseudonym.ErrEmailForm},
	{"email-gmail/1", ".+@gmail.com", "", pseudonym.ErrEmailForm},
	{"email-gmail/1", "jane doe@gmail.com", "", pseudonym.ErrEmailLocal},
	{"device/1", "6D92078A-8246-4BA4-AE5B-76104861E7DC", "6d92078a-8246-4ba4-ae5b-76104861e7dc", nil},
	{"device/1", " 6d92078a-8246-4ba4-ae5b-76104861e7dc\n", "6d92078a-8246-4ba4-ae5b-76104861e7dc", nil},
	{"device/1", "00000000-0000-0000-0000-000000000000", "", pseudonym.ErrDeviceZero},
	{"device/1", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001", nil},
	{"device/1", "6d92078a82464ba4ae5b76104861e7dc", "", pseudonym.ErrHashed},
	{"device/1", "{6d92078a-8246-4ba4-ae5b-76104861e7dc}", "", pseudonym.ErrDevice},
	{"device/1", "6d92078a-8246-4ba4-ae5b-76104861e7dg", "", pseudonym.ErrDevice},
	{"device/1", "6d92078a-82464-ba4-ae5b-76104861e7dc", "", pseudonym.ErrDevice},
	{"device/1", "6d92078a-8246-4ba4-ae5b-76104861e7d`", "", pseudonym.ErrDevice},
	{"device/1", "", "", pseudonym.ErrDevice},
	{"device/1", strings.Repeat("0", 2000), "", pseudonym.ErrDevice},
	{"md5-email/1", "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", nil},
	{"md5-email/1", "1B2M2Y8AsgTpgAmY7PhCfg==", "d41d8cd98f00b204e9800998ecf8427e", nil},
	{"md5-email/1", "1B2M2Y8AsgTpgAmY7PhCfh==", "", pseudonym.ErrDigest}, // loose bits
	{"md5-email/1", "d41d8cd98f00b204e9800998ecf8427g", "", pseudonym.ErrDigest},
	{"md5-email/1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "", pseudonym.ErrDigest},
	{"sha1-email/1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "da39a3ee5e6b4b0d3255bfef95601890afd80709", nil},
	{"sha256-email/1", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=", "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", nil},
	{"sha256-email/1", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf_F5HVRQ=", "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", nil},
	{"sha256-email/1", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVR\n=", "", pseudonym.ErrDigest},
	{"sha256-email/1", "YjRjOWEyODkzMjNiMjFhMDFjM2U5NDBmMTUwZWI5YjhjNTQyNTg3ZjFhYmZkOGYwZTFjYzFmZmM1ZTQ3NTUxNA==", "", pseudonym.ErrDigest},
	{"sha256-email/1", "user@example.com", "", pseudonym.ErrDigest},
	{"sha256-phone/1", "", "", pseudonym.ErrDigest},
}

func TestKinds(t *testing.T) {
	for _, c := range kindCases {
		got, err := pseudonym.Normalise(byType[c.kind](c.in))
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s of %+q: %q, %v; want %q, %v", c.kind, c.in, got, err, c.want, c.err)
		}
	}
	for kind := range byType {
		for _, c := range kindCases {
			checkKind(t, kind, c.in)
		}
	}
	for _, rule := range []pseudonym.Rule{0, 5, 255} {
		if _, err := pseudonym.Normalise(pseudonym.Digest(rule, strings.Repeat("0", 64))); err != pseudonym.ErrDigest {
			t.Errorf("rule %d: %v", rule, err)
		}
	}
}

// One text under different types gives pseudonyms that do not meet.
func TestKindsAreSeparated(t *testing.T) {
	_, d := newDeriver(t, "ads")
	seen := map[pseudonym.ID]string{}
	sum := strings.Repeat("0123456789abcdef", 4)
	for _, c := range []struct{ kind, in string }{
		{"email/1", "jane@example.com"}, {"email-gmail/1", "jane@example.com"}, {"opaque/1", "jane@example.com"},
		{"phone/1", "+441134960987"}, {"opaque/1", "+441134960987"},
		{"sha256-email/1", sum}, {"sha256-phone/1", sum}, {"opaque/1", sum},
	} {
		l, err := d.Link(byType[c.kind](c.in), "ads")
		if err != nil {
			t.Fatalf("%s: %v", c.kind, err)
		}
		for _, id := range []pseudonym.ID{l.ID(), l.Subject().ID()} {
			if other, ok := seen[id]; ok {
				t.Errorf("%s and %s meet", c.kind, other)
			}
			seen[id] = c.kind
		}
	}
}

// No identifier type allocates on its way to a pseudonym, refused ones neither.
func TestKindsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	_, d := newDeriver(t, "ads")
	for kind, in := range map[string]string{
		"phone/1": "+44 113-496-0987", "device/1": "6D92078A-8246-4BA4-AE5B-76104861E7DC",
		"email-gmail/1": "Jane.Doe+Shop@gmail.com", "md5-email/1": "D41D8CD98F00B204E9800998ECF8427E",
		"sha256-email/1": "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=",
	} {
		raw := byType[kind](in)
		if n := testing.AllocsPerRun(200, func() { d.ID(raw, "ads") }); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}

// checkKind holds what every normaliser promises: a normal form is its own
// normal form, and an error tells nothing of the input.
func checkKind(t interface {
	Helper()
	Fatalf(string, ...any)
}, kind, s string) {
	t.Helper()
	n, err := pseudonym.Normalise(byType[kind](s))
	if err != nil {
		known := false
		for _, e := range []error{
			pseudonym.ErrHashed, pseudonym.ErrDigest, pseudonym.ErrDevice, pseudonym.ErrDeviceZero, pseudonym.ErrOpaque,
			pseudonym.ErrPhoneForm, pseudonym.ErrPhoneLength, pseudonym.ErrPhoneCountry, pseudonym.ErrPhoneTrunk,
			pseudonym.ErrEmailForm, pseudonym.ErrEmailEncoding, pseudonym.ErrEmailLength, pseudonym.ErrEmailLocal, pseudonym.ErrEmailDomain,
		} {
			known = known || err == e // the constant itself, so nothing was added
		}
		if !known || n != "" {
			t.Fatalf("%s of %+q: %q, %v", kind, s, n, err)
		}
		return
	}
	if again, err := pseudonym.Normalise(byType[kind](n)); err != nil || again != n || n == "" || len(n) > 256 {
		t.Fatalf("%s of %+q: normal form %+q normalises to %+q, %v", kind, s, n, again, err)
	}
}
