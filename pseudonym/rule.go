package pseudonym

import (
	"crypto/fips140"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/discreet-go/discreet/internal/ident"
)

// Of returns the Digest that the rule makes of an e-mail address or a phone
// number, so that rows under hashes that a system already has can be found. It
// reports false for identifiers of other types, and for such as their normaliser
// refuses; under GODEBUG=fips140=only also for SHA1Email and MD5Email.
func (r Rule) Of(raw Raw) (Raw, bool) {
	var buf [maxNormal]byte
	switch kind := raw.Kind(); {
	case r == SHA256Phone && kind == ident.KindPhone:
	case SHA256Email <= r && r <= MD5Email && (kind == ident.KindEmail || kind == ident.KindEmailGmail):
	default:
		return Raw{}, false
	}
	if fips140.Enforced() && (r == SHA1Email || r == MD5Email) {
		return Raw{}, false
	}
	n, _, err := normalise(&buf, raw)
	if err != nil {
		return Raw{}, false
	}
	text := buf[:n]
	if r != SHA256Phone {
		text = []byte(strings.ToLower(strings.TrimSpace(raw.Expose())))
	}
	var sum []byte
	switch r {
	case SHA1Email:
		b := sha1.Sum(text)
		sum = b[:]
	case MD5Email:
		b := md5.Sum(text)
		sum = b[:]
	default:
		b := sha256.Sum256(text)
		sum = b[:]
	}
	return Digest(r, hex.EncodeToString(sum)), true
}
