package pseudonymtest_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
)

// Every form that a careless system leaves is found, wherever it stands, and
// nothing else is.
func TestSweep(t *testing.T) {
	canaries := pseudonymtest.Canaries(t, 5)
	c := canaries[3]
	md, s1, s2 := md5.Sum([]byte(c)), sha1.Sum([]byte(c)), sha256.Sum256([]byte(c))
	quoted, err := json.Marshal(map[string]string{"who": c})
	if err != nil {
		t.Fatal(err)
	}
	var mail strings.Builder
	w := quotedprintable.NewWriter(&mail)
	if _, err := w.Write([]byte(c)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	forms := map[string]string{
		"as it is": c, "upper case": strings.ToUpper(c), "a URL": "https://example.com/?who=" + url.QueryEscape(c), "JSON": string(quoted),
		"mail": mail.String(), "mail, all escaped": strings.NewReplacer("@", "=40", ".", ".").Replace(c),
		"hex": hex.EncodeToString([]byte(c)), "decimal": fmt.Sprint([]byte(c)), "decimal, JSON": strings.ReplaceAll(fmt.Sprint([]byte(c)), " ", ","),
		"MD5": hex.EncodeToString(md[:]), "SHA-1": strings.ToUpper(hex.EncodeToString(s1[:])), "SHA-256": base64.StdEncoding.EncodeToString(s2[:]),
		"SHA-256, URL": base64.URLEncoding.EncodeToString(s2[:]), "SHA-256, base32": base32.StdEncoding.EncodeToString(s2[:]), "SHA-256, raw": string(s2[:]),
	}
	for before := range 6 {
		forms[fmt.Sprintf("base64 at %d", before)] = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + c + " and more"))
	}
	for name, text := range forms {
		if _, ok := pseudonymtest.Leaked(canaries, []byte("before "+text+" after")); !ok {
			t.Errorf("%s: not found", name)
		}
		expect(t, name, 1, func(t testing.TB) {
			pseudonymtest.Sweep(t, canaries, map[string][]byte{"log": []byte(text), "clean": []byte("nothing here")})
		})
	}
	if form, ok := pseudonymtest.Leaked(canaries, []byte("someone.else@leak-003.example and "+hex.EncodeToString([]byte("nobody")))); ok {
		t.Errorf("found where there is none: %s", form)
	}
}
