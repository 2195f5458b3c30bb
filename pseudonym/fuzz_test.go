package pseudonym_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

func FuzzEmail(f *testing.F) {
	for _, c := range emailCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) { checkEmail(t, s) })
}

// FuzzKeyFile: a key file is refused, or written again as it was; version 1 is
// written in version 2, and says the same. mend puts the right checksum behind
// the text, to get past it.
func FuzzKeyFile(f *testing.F) {
	for _, name := range []string{"golden.keys", "golden-2.keys"} {
		golden, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(golden, false)
		f.Add(golden[:len(golden)/2], false)
		f.Add(bytes.ToUpper(golden), true)
		f.Add(bytes.ReplaceAll(golden, []byte("2026"), []byte("0000")), true)
		f.Add(bytes.ReplaceAll(golden, []byte("abcdef"), []byte("000000")), true)
		f.Add(bytes.ReplaceAll(golden, []byte("erase-only"), []byte("read")), true)
		f.Add(bytes.ReplaceAll(golden, []byte("Z -"), []byte("Z 2030-01-01T00:00:00Z")), true)
	}
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend {
			b = pseudonym.Fix(b)
		}
		s, err := pseudonym.ParseKeyFile(b)
		if err != nil {
			if s != nil || err != pseudonym.ErrKeyFileFormat && err != pseudonym.ErrKeyFileCheck {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		again, err := pseudonym.FormatKeyFile(s)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(b, []byte("discreet-keys/2\n")) {
			if !bytes.Equal(again, b) {
				t.Fatal("accepted, but written differently")
			}
			return
		}
		later, err := pseudonym.ParseKeyFile(again)
		if err != nil || !slices.Equal(pseudonym.NewTestKeyring(later).Roots(), pseudonym.NewTestKeyring(s).Roots()) {
			t.Fatalf("version 1 does not come back from version 2: %v", err)
		}
	})
}

// FuzzDerive: deriving never panics, and both engines agree on any identifier.
func FuzzDerive(f *testing.F) {
	k, d := newDeriver(f, "ads")
	p := pooled(f, k, "acme", "ads")
	f.Add("jane@example.com", true)
	f.Add("customer-17850", false)
	f.Fuzz(func(t *testing.T, s string, email bool) {
		raw := pseudonym.Opaque(s)
		if email {
			raw = pseudonym.Email(s)
		}
		a, errA := d.Link(raw, "ads")
		b, errB := p.Link(raw, "ads")
		if a != b || (errA == nil) != (errB == nil) || (errA == nil) == a.IsZero() {
			t.Fatalf("engines differ: %v, %v", errA, errB)
		}
	})
}

// FuzzKinds: every normaliser is idempotent, never panics and never echoes.
func FuzzKinds(f *testing.F) {
	for _, c := range phoneCases {
		f.Add(c.in)
	}
	for _, c := range kindCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind := range byType {
			checkKind(t, kind, s)
		}
	})
}
