package pseudonymtest

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Canaries returns n e-mail addresses that occur nowhere else, to push through
// a system before Sweep looks for them.
func Canaries(t testing.TB, n int) []string {
	t.Helper()
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("canary.%03d.zqxj%06d@leak-%03d.example", i, (i*7919+104729)%1000000, i)
	}
	return out
}

// Sweep fails the test for every source that holds a canary: as it is, in upper
// case, escaped for URLs, JSON or quoted-printable mail, in hex, decimal bytes or
// base64 (at any alignment), or as its unkeyed MD5, SHA-1 or SHA-256 in hex, base32
// or base64. The sources are named
// for the report: the bytes of files, logs, errors, exports, releases.
func Sweep(t testing.TB, canaries []string, sources map[string][]byte) {
	t.Helper()
	if len(canaries) == 0 || len(sources) == 0 {
		t.Fatal("pseudonymtest: a sweep needs canaries and sources")
	}
	for name, data := range sources {
		if form, ok := Leaked(canaries, data); ok {
			t.Errorf("pseudonymtest: %s holds a canary %s", name, form)
		}
	}
}

// Leaked reports whether data holds one of the canaries, and in which form.
func Leaked(canaries []string, data []byte) (form string, ok bool) {
	lower := bytes.ToLower(data)
	for _, c := range canaries {
		for _, f := range forms(c) {
			hay := data
			if f.fold {
				hay = lower
			}
			if bytes.Contains(hay, f.text) {
				return f.name, true
			}
		}
	}
	return "", false
}

type form struct {
	name string
	text []byte
	fold bool // compare in lower case
}

func forms(canary string) []form {
	fold := func(name, s string) form { return form{name, []byte(strings.ToLower(s)), true} }
	quoted, _ := json.Marshal(canary)
	out := []form{
		fold("as it is", canary),
		fold("URL-escaped", url.QueryEscape(canary)),
		fold("JSON-escaped", string(quoted[1:len(quoted)-1])),
		fold("quoted-printable", quotedPrintable(canary)),
		fold("in hex", hex.EncodeToString([]byte(canary))),
	}
	for _, separator := range []string{" ", ",", ", "} {
		var bytes []string
		for _, b := range []byte(canary) {
			bytes = append(bytes, fmt.Sprint(b))
		}
		out = append(out, form{"in decimal bytes", []byte(strings.Join(bytes, separator)), false})
	}
	for shift := range 3 { // base64 of a text depends on where it starts
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString(append(make([]byte, shift), canary...))
			s = s[(shift*8+5)/6:]                       // characters that hold bits of the padding in front
			s = s[:(len(canary)*8-((6-shift*8%6)%6))/6] // and only whole characters of the canary
			out = append(out, form{"in base64", []byte(s), false})
		}
	}
	md, s1, s2 := md5.Sum([]byte(canary)), sha1.Sum([]byte(canary)), sha256.Sum256([]byte(canary))
	for name, sum := range map[string][]byte{"MD5": md[:], "SHA-1": s1[:], "SHA-256": s2[:]} {
		out = append(out,
			form{"as " + name + " in binary", sum, false},
			fold("as "+name+" in hex", hex.EncodeToString(sum)),
			fold("as "+name+" in base32", base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum)),
			form{"as " + name + " in base64", []byte(base64.RawStdEncoding.EncodeToString(sum)), false},
			form{"as " + name + " in base64", []byte(base64.RawURLEncoding.EncodeToString(sum)), false},
		)
	}
	return out
}

// quotedPrintable escapes as mail does, and the signs of an address as well.
func quotedPrintable(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}
