package pseudonym_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/discreet-go/discreet/pseudonym"
	"pgregory.net/rapid"
)

// What email/1 makes of every address that shipped implementations disagree on,
// and of the edges of each rule. Where err is nil, want is the normal form.
var emailCases = []struct {
	in, want string
	err      error
}{
	// No provider rules: dots and suffixes stay, domains stay apart.
	{"Jane.Doe+Shop@gmail.com", "jane.doe+shop@gmail.com", nil},
	{"jane.doe+shop@googlemail.com", "jane.doe+shop@googlemail.com", nil},
	{"User.Name+NYC@Example.com", "user.name+nyc@example.com", nil},
	{"j.e.f..ferson.Loves.hiking@gmail.com", "j.e.f..ferson.loves.hiking@gmail.com", nil},
	{"+test@test.com", "+test@test.com", nil},
	{"+@gmail.com", "+@gmail.com", nil},

	// White space and marks around it go; inside they are refused.
	{" user@example.com\n", "user@example.com", nil},
	{"\t\v\f\r user@example.com", "user@example.com", nil},
	{"user@example.com\u00a0", "user@example.com", nil},
	{"user@example.com \u00a0 ", "user@example.com", nil},
	{"\ufeffuser@example.com", "user@example.com", nil},
	{"\u200buser@example.com\u2028", "user@example.com", nil},
	{"jane doe@example.com", "", pseudonym.ErrEmailLocal},
	{"user@exam ple.com", "", pseudonym.ErrEmailDomain},
	{"user @example.com", "", pseudonym.ErrEmailLocal},
	{"user@ example.com", "", pseudonym.ErrEmailDomain},
	{"user\u200b@example.com", "", pseudonym.ErrEmailLocal},
	{"us\u00adr@example.com", "", pseudonym.ErrEmailLocal},
	{"user@exam\u00adple.com", "", pseudonym.ErrEmailDomain},
	{"us\u202er@example.com", "", pseudonym.ErrEmailLocal},
	{"us\ufe0fr@example.com", "", pseudonym.ErrEmailLocal},
	{"us\u3164r@example.com", "", pseudonym.ErrEmailLocal},
	{"us\x00er@example.com", "", pseudonym.ErrEmailLocal},

	// Case and composition, no language.
	{"USER@EXAMPLE.COM", "user@example.com", nil},
	{"ÉMILE@example.com", "émile@example.com", nil},
	{"E\u0301MILE@example.com", "émile@example.com", nil},
	{"o\u0308zil@example.com", "özil@example.com", nil},
	{"özil@example.com", "özil@example.com", nil},
	{"İstanbul@example.com", "", pseudonym.ErrEmailLocal},
	{"user@İstanbul.example", "", pseudonym.ErrEmailDomain},
	{"\u212aelvin@example.com", "kelvin@example.com", nil}, // the Kelvin sign is canonically K
	{"ΣΊΣΥΦΟΣ@example.com", "σίσυφοσ@example.com", nil},
	{"😊user@example.com", "😊user@example.com", nil},
	{"us\u0378r@example.com", "", pseudonym.ErrEmailLocal}, // not assigned
	{"us\ue000r@example.com", "", pseudonym.ErrEmailLocal}, // private use

	// Domains as a look-up would spell them.
	{"user@BÜCHER.example", "user@xn--bcher-kva.example", nil},
	{"user@bu\u0308cher.example", "user@xn--bcher-kva.example", nil},
	{"user@xn--bcher-kva.example", "user@xn--bcher-kva.example", nil},
	{"user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example", nil},
	{"user@straße.example", "user@xn--strae-oqa.example", nil},
	{"user@STRAẞE.example", "user@xn--strae-oqa.example", nil},
	{"user@ｅｘａｍｐｌｅ。com", "user@example.com", nil},
	{"user@example.com.", "user@example.com", nil},
	{"user@example.com。", "user@example.com", nil},
	{"user@example.com..", "", pseudonym.ErrEmailDomain},
	{"user@.example.com", "", pseudonym.ErrEmailDomain},
	{"user@example..com", "", pseudonym.ErrEmailDomain},
	{"user@-example.com", "", pseudonym.ErrEmailDomain},
	{"user@example-.com", "", pseudonym.ErrEmailDomain},
	{"user@exa_mple.com", "", pseudonym.ErrEmailDomain},
	{"user@ab--cd.com", "", pseudonym.ErrEmailDomain},
	{"user@xn--a.com", "", pseudonym.ErrEmailDomain},
	{"user@xn--.com", "", pseudonym.ErrEmailDomain},
	{"user@0.Xn--", "", pseudonym.ErrEmailDomain},
	{"\u00e9mile@0.xn--", "", pseudonym.ErrEmailDomain},
	{"\u00e9mile@0.xn--.", "", pseudonym.ErrEmailDomain},
	{"\u00e9mile@0.xn--\u3002", "", pseudonym.ErrEmailDomain},
	{"\u00e9mile@example.com\u3002", "\u00e9mile@example.com", nil},
	{"user@[192.0.2.1]", "", pseudonym.ErrEmailDomain},
	{"testtest@😊test.com", "testtest@xn--test-9b83c.com", nil},
	{"testtest@test.com😊", "testtest@test.xn--com-yi33b", nil},
	{"user@\u0915\u094d\u200d\u0937.example", "user@xn--11b2ezcw70k.example", nil}, // a joiner its script needs
	{"user@b\u200dc.example", "", pseudonym.ErrEmailDomain},                        // a joiner it does not
	{"user@\u05d0a.example", "", pseudonym.ErrEmailDomain},                         // mixed directions
	{"user@localhost", "user@localhost", nil},
	{"x@y.z", "x@y.z", nil},

	// One @, nothing quoted, nothing around it.
	{"", "", pseudonym.ErrEmailForm},
	{" ", "", pseudonym.ErrEmailForm},
	{"@", "", pseudonym.ErrEmailForm},
	{"a@", "", pseudonym.ErrEmailForm},
	{"@b.com", "", pseudonym.ErrEmailForm},
	{"é@", "", pseudonym.ErrEmailForm},
	{"quinn", "", pseudonym.ErrEmailForm},
	{"quiñn", "", pseudonym.ErrEmailForm},
	{"a@b@example.com", "", pseudonym.ErrEmailForm},
	{"a@b@exämple.com", "", pseudonym.ErrEmailForm},
	{`"a b"@example.com`, "", pseudonym.ErrEmailLocal},
	{`"a@b"@example.com`, "", pseudonym.ErrEmailLocal},
	{"<user@example.com>", "", pseudonym.ErrEmailLocal},
	{"mailto:user@example.com", "", pseudonym.ErrEmailLocal},
	{"user(comment)@example.com", "", pseudonym.ErrEmailLocal},
	{"user＠example.com", "", pseudonym.ErrEmailForm},
	{"us\xffer@example.com", "", pseudonym.ErrEmailEncoding},
	{"user@\xc3.example", "", pseudonym.ErrEmailEncoding},

	// Lengths, in bytes of the normal form.
	{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", nil},
	{strings.Repeat("a", 65) + "@example.com", "", pseudonym.ErrEmailLength},
	{strings.Repeat("é", 33) + "@example.com", "", pseudonym.ErrEmailLength},
	{"user@" + strings.Repeat("a", 63) + ".com", "user@" + strings.Repeat("a", 63) + ".com", nil},
	{"user@" + strings.Repeat("a", 64) + ".com", "", pseudonym.ErrEmailDomain},
	{"user@" + strings.Repeat("ab.", 83), "user@" + strings.Repeat("ab.", 82) + "ab", nil}, // 253 and a dot
	{"users@" + strings.Repeat("ab.", 83), "users@" + strings.Repeat("ab.", 82) + "ab", nil},
	{"users1@" + strings.Repeat("ab.", 83), "", pseudonym.ErrEmailLength},
	{strings.Repeat(" ", 1100) + "user@example.com", "", pseudonym.ErrEmailLength},

	// Hashes of an address.
	{"d41d8cd98f00b204e9800998ecf8427e", "", pseudonym.ErrHashed},
	{" D41D8CD98F00B204E9800998ECF8427E\n", "", pseudonym.ErrHashed},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709", "", pseudonym.ErrHashed},
	{"b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", "", pseudonym.ErrHashed},
	{"tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=", "", pseudonym.ErrHashed},
	{"tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf_F5HVRQ=", "", pseudonym.ErrHashed},
	{"\ufefftMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=", "", pseudonym.ErrHashed},
	{"d41d8cd98f00b204e9800998ecf8427", "", pseudonym.ErrEmailForm},
	{"d41d8cd98f00b204e9800998ecf8427g", "", pseudonym.ErrEmailForm},
	{"d41d8cd98f00b204e9800998ecf8427e@example.com", "d41d8cd98f00b204e9800998ecf8427e@example.com", nil},
}

func TestEmail(t *testing.T) {
	for _, c := range emailCases {
		got, err := pseudonym.Normalise(pseudonym.Email(c.in))
		if !errors.Is(err, c.err) || err == nil && c.err != nil || got != c.want {
			t.Errorf("%+q: %+q, %v; want %+q, %v", c.in, got, err, c.want, c.err)
		}
		if err != nil && errors.Is(err, pseudonym.ErrEmail) == errors.Is(err, pseudonym.ErrHashed) {
			t.Errorf("%+q: refused neither as an e-mail address nor as a hash, or as both", c.in)
		}
	}
}

// Every address of the reference tables either has an answer above or has the
// same normal form for all implementations.
func TestEmailReferenceTables(t *testing.T) {
	var v struct {
		Divergence struct{ Tests []map[string]*string } `json:"email_divergence"`
		Tables     map[string]struct {
			Valid   []struct{ In, Normal string }
			Invalid []*string
		} `json:"email_normalisation"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	known := map[string]bool{}
	for _, c := range emailCases {
		known[c.in] = true
	}
	if len(v.Divergence.Tests) != 20 {
		t.Errorf("%d divergent addresses, want 20", len(v.Divergence.Tests))
	}
	for _, c := range v.Divergence.Tests {
		if !known[*c["in"]] {
			t.Errorf("no answer for divergent %+q", *c["in"])
		}
	}
	valid := 0
	for name, table := range v.Tables {
		for _, c := range table.Valid {
			valid++
			got, err := pseudonym.Normalise(pseudonym.Email(c.In))
			switch {
			case known[c.In]:
			case err != nil:
				t.Errorf("%s: %+q: %v", name, c.In, err)
			case strings.HasSuffix(got, "@gmail.com"), strings.HasSuffix(got, "@googlemail.com"):
				// Their rule drops dots and suffix, ours keeps the address.
				if plain := strings.ToLower(strings.TrimSpace(c.In)); got != plain {
					t.Errorf("%s: %+q: %q", name, c.In, got)
				}
			case got != c.Normal:
				t.Errorf("%s: %+q: %q, want %q", name, c.In, got, c.Normal)
			}
		}
		for _, in := range table.Invalid {
			// Two are invalid only after a provider's dots and suffix are gone.
			if in == nil || *in == "+@gmail.com" || *in == ".+@gmail.com" {
				continue
			}
			if _, err := pseudonym.Normalise(pseudonym.Email(*in)); err == nil {
				t.Errorf("%s: %+q was accepted", name, *in)
			}
		}
	}
	if valid < 50 {
		t.Errorf("only %d valid addresses in the tables", valid)
	}
}

// With the rules of gmail, every address of the tables has the normal form that
// its provider gives it, but for googlemail.com, which is one with gmail.com
// here, and for what email/1 answers otherwise.
func TestEmailGmailReferenceTables(t *testing.T) {
	var v struct {
		Tables map[string]struct {
			Valid   []struct{ In, Normal string }
			Invalid []*string
		} `json:"email_normalisation"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	gmail, divergent := 0, 0
	for name, table := range v.Tables {
		for _, c := range table.Valid {
			plain, plainErr := pseudonym.Normalise(pseudonym.Email(c.In))
			got, err := pseudonym.Normalise(pseudonym.EmailGmail(c.In))
			want := strings.Replace(c.Normal, "@googlemail.com", "@gmail.com", 1)
			switch {
			case got == want && err == nil:
				if got != plain {
					gmail++
				}
			case !strings.HasSuffix(want, "@gmail.com") && got == plain && errors.Is(err, plainErr):
				divergent++
			default:
				t.Errorf("%s: %+q: %q, %v, want %q", name, c.In, got, err, want)
			}
		}
		for _, in := range table.Invalid {
			if in == nil {
				continue
			}
			if _, err := pseudonym.Normalise(pseudonym.EmailGmail(*in)); err == nil {
				t.Errorf("%s: %+q was accepted", name, *in)
			}
		}
	}
	if gmail < 15 || divergent > 3 {
		t.Errorf("%d addresses under the rules of gmail, %d answers of our own", gmail, divergent)
	}
}

func TestOpaque(t *testing.T) {
	for _, s := range []string{"a", " A ", "\x00\xff", "d41d8cd98f00b204e9800998ecf8427e", strings.Repeat("x", 256)} {
		if got, err := pseudonym.Normalise(pseudonym.Opaque(s)); err != nil || got != s {
			t.Errorf("%+q: %+q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", strings.Repeat("x", 257)} {
		if _, err := pseudonym.Normalise(pseudonym.Opaque(s)); !errors.Is(err, pseudonym.ErrOpaque) {
			t.Errorf("%d bytes: %v", len(s), err)
		}
	}
}

// checkEmail holds the laws of the normaliser on any input.
func checkEmail(t interface {
	Fatalf(string, ...any)
}, s string) {
	n, err := pseudonym.Normalise(pseudonym.Email(s))
	if err != nil {
		known := slices.Contains([]error{ // the constant itself, so nothing was added
			pseudonym.ErrHashed, pseudonym.ErrEmailForm, pseudonym.ErrEmailEncoding, pseudonym.ErrEmailLength, pseudonym.ErrEmailLocal, pseudonym.ErrEmailDomain,
		}, err)
		if n != "" || !known {
			t.Fatalf("%+q: refused with %v and %+q", s, err, n)
		}
	} else {
		if again, err := pseudonym.Normalise(pseudonym.Email(n)); err != nil || again != n {
			t.Fatalf("%+q: normal form %+q normalises to %+q, %v", s, n, again, err)
		}
		if strings.Count(n, "@") != 1 || len(n) > 254 || strings.IndexFunc(n, unicode.IsSpace) >= 0 || strings.IndexFunc(n, unicode.IsControl) >= 0 {
			t.Fatalf("%+q: normal form %+q", s, n)
		}
	}
	// One pass over ASCII gives what the general path gives.
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 && len(s) <= 1024 {
		fast, ok, ferr := pseudonym.NormaliseFast(s)
		slow, serr := pseudonym.NormaliseUnicode(s)
		if ok && ((ferr == nil) != (serr == nil) || ferr == nil && fast != slow) {
			t.Fatalf("%+q: fast %+q, %v; slow %+q, %v", s, fast, ferr, slow, serr)
		}
	}
}

func TestEmailLaws(t *testing.T) {
	for _, c := range emailCases {
		checkEmail(t, c.in)
	}
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringOf(rapid.RuneFrom([]rune("aZ0.+-_'é İßΣ\u0301\u200bK\u1e9e@\""))).Draw(t, "local")
		domain := rapid.StringOf(rapid.RuneFrom([]rune("aZ0.-xnñüßẞ。ｅ\u200d\u00ad@ "))).Draw(t, "domain")
		checkEmail(t, local+"@"+domain)
	})
	rapid.Check(t, func(t *rapid.T) { checkEmail(t, rapid.String().Draw(t, "s")) })
	rapid.Check(t, func(t *rapid.T) {
		checkEmail(t, rapid.StringOfN(rapid.RuneFrom([]rune("ab.-@XN- \t9_\"")), 0, 80, -1).Draw(t, "s"))
	})
}

// Spellings of one address meet in one normal form.
func TestEmailVariantsCollapse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringMatching(`[a-z0-9éöüñ][a-z0-9éöüñ.+-]{0,15}`).Draw(t, "local")
		domain := rapid.StringMatching(`[a-z0-9]{1,10}(\.[a-z]{2,5}){1,2}`).Draw(t, "domain")
		s := local + "@" + domain
		want, err := pseudonym.Normalise(pseudonym.Email(s))
		if err != nil {
			t.Fatalf("%+q: %v", s, err)
		}
		decomposed := strings.NewReplacer("é", "e\u0301", "ö", "o\u0308", "ü", "u\u0308", "ñ", "n\u0303").Replace(s)
		for _, v := range []string{strings.ToUpper(s), " \t" + s + "\r\n", "\ufeff" + s, s + ".", s + "\u00a0", decomposed, strings.ToUpper(decomposed)} {
			if got, err := pseudonym.Normalise(pseudonym.Email(v)); err != nil || got != want {
				t.Fatalf("%+q: %+q, %v; want %+q", v, got, err, want)
			}
		}
	})
}
