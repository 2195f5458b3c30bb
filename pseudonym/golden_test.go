package pseudonym_test

import (
	"bytes"
	"crypto/fips140"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
	"golang.org/x/mod/sumdb/note"
)

type golden struct {
	Check    Hex    `json:"check_hex"`
	KeyID    uint32 `json:"key_id"`
	Created  time.Time
	StoreKey struct {
		Tenant  string
		Key     Hex `json:"key_hex"`
		Wrapped Hex `json:"wrapped_hex"`
	} `json:"store_key"`
	Verifier struct{ Name, VKey, Note string }
	IDs      []struct {
		Tenant, Purpose, Type, Identifier, Normalised string
		ID                                            Hex    `json:"id_hex"`
		Text                                          string `json:"id_text"`
		Subject                                       string `json:"subject_text"`
		Salt                                          Hex    `json:"salt_hex"`
	}
}

// byType makes a Raw of each identifier type.
var byType = map[string]func(string) pseudonym.Raw{
	"email/1":        pseudonym.Email,
	"opaque/1":       pseudonym.Opaque,
	"email-gmail/1":  pseudonym.EmailGmail,
	"phone/1":        pseudonym.Phone,
	"device/1":       pseudonym.Device,
	"sha256-email/1": digest(pseudonym.SHA256Email),
	"sha1-email/1":   digest(pseudonym.SHA1Email),
	"md5-email/1":    digest(pseudonym.MD5Email),
	"sha256-phone/1": digest(pseudonym.SHA256Phone),
}

func digest(rule pseudonym.Rule) func(string) pseudonym.Raw {
	return func(s string) pseudonym.Raw { return pseudonym.Digest(rule, s) }
}

// goldenKeyring opens the golden key file of one root.
func goldenKeyring(t *testing.T) *pseudonym.Keyring {
	t.Helper()
	return openGolden(t, "golden.keys")
}

// The known answers were computed in another language from the description of
// the formats. They may be added to, never changed.
func TestGolden(t *testing.T) {
	var g golden
	b, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	k := goldenKeyring(t)
	if check := k.Check(); !bytes.Equal(check[:], g.Check) || k.KeyID() != g.KeyID || !k.Created().Equal(g.Created) {
		t.Errorf("keyring: check %x, key id %06x, created %v", check, k.KeyID(), k.Created())
	}

	seen := map[string]bool{}
	for i, c := range g.IDs {
		d, err := pseudonym.NewDeriver(k, c.Tenant, []string{c.Purpose})
		if err != nil {
			t.Fatal(err)
		}
		wrap, ok := byType[c.Type]
		if !ok {
			t.Fatalf("case %d: no type %q", i, c.Type)
		}
		seen[c.Type] = true
		raw := wrap(c.Identifier)
		if n, err := pseudonym.Normalise(raw); err != nil || n != c.Normalised {
			t.Errorf("case %d: normalised %q, %v", i, n, err)
		}
		for _, engine := range []string{"default", "crypto/hmac"} {
			if engine == "crypto/hmac" {
				if err := pseudonym.ForceHMAC(d, k); err != nil {
					t.Fatal(err)
				}
			}
			id, err := d.ID(raw, c.Purpose)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := id.MarshalText()
			if b := id.Bytes(); !bytes.Equal(b[:], c.ID) || string(text) != c.Text {
				t.Errorf("case %d, %s: ID %x, %s", i, engine, b, text)
			}
			link, err := d.Link(raw, c.Purpose)
			if err != nil {
				t.Fatal(err)
			}
			subject, err := d.Subject(raw)
			if err != nil {
				t.Fatal(err)
			}
			text, _ = subject.ID().MarshalText()
			salt := link.Salt()
			if link.ID() != id || link.Subject() != subject || link.Purpose() != c.Purpose ||
				string(text) != c.Subject || !bytes.Equal(salt[:], c.Salt) {
				t.Errorf("case %d, %s: link or subject differ", i, engine)
			}
		}
	}

	if len(seen) != len(byType) {
		t.Errorf("known answers for %d of %d identifier types", len(seen), len(byType))
	}

	if !fips140.Enforced() { // the cipher is not allowed then
		key, err := k.UnwrapStoreKey(g.StoreKey.Tenant, g.StoreKey.Wrapped)
		if err != nil || !bytes.Equal(key[:], g.StoreKey.Key) {
			t.Errorf("store key does not open: %v", err)
		}
	}

	vkey, err := k.Verifier(g.Verifier.Name)
	if err != nil || vkey != g.Verifier.VKey {
		t.Errorf("verifier %s, %v", vkey, err)
	}
	signer, err := k.Signer(g.Verifier.Name)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "hello\n"}, signer)
	if err != nil || string(signed) != g.Verifier.Note {
		t.Errorf("signed note differs: %v", err)
	}
}
