package pseudonym_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"
	"unicode"

	"github.com/discreet-go/discreet/pseudonym"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The normal form of every character (every 64th of Han, Hangul and the planes
// that are nearly empty), before and after the @, under the tables
// of Unicode 15. A different digest under the same tables means that email/1
// changed, which needs a new version of the normaliser. Later tables accept
// more; that they change nothing that was accepted is Unicode's policy, and was
// checked between 15 and 17.
const email1Digest = "3c4a1b540100e2388db8573768e96975462fb7670734e049110277eb77ec1a41"

func TestEmailCharacterTable(t *testing.T) {
	if unicode.Version != "15.0.0" || norm.Version != "15.0.0" || idna.UnicodeVersion != "15.0.0" {
		t.Skipf("tables of Unicode %s, %s, %s: the digest is of 15.0.0", unicode.Version, norm.Version, idna.UnicodeVersion)
	}
	h := sha256.New()
	accepted := 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		uniform := r >= 0x3400 && r < 0xa000 || r >= 0xac00 && r < 0xd7a4 || r >= 0x20000
		if r >= 0xd800 && r < 0xe000 || uniform && r%64 != 0 {
			continue
		}
		for _, s := range []string{"x" + string(r) + "x@example.com", "x@x" + string(r) + "x.example"} {
			n, err := pseudonym.Normalise(pseudonym.Email(s))
			if err != nil {
				continue
			}
			accepted++
			io.WriteString(h, s+"\x00"+n+"\x00")
			if again, err := pseudonym.Normalise(pseudonym.Email(n)); err != nil || again != n {
				t.Errorf("%+q: normal form %+q normalises to %+q, %v", s, n, again, err)
			}
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != email1Digest {
		t.Errorf("digest over %d accepted addresses is %s, want %s", accepted, got, email1Digest)
	}
}
