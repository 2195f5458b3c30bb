package pseudonym_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

func FuzzEmail(f *testing.F) {
	for _, c := range emailCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) { checkEmail(t, s) })
}

func FuzzKeyFile(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "golden.keys"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte{})
	f.Add(golden[:len(golden)/2])
	f.Add(bytes.ToUpper(golden))
	f.Add(bytes.Replace(golden, []byte("2026"), []byte("0000"), 1))
	f.Add(bytes.Replace(golden, []byte("abcdef"), []byte("000000"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := pseudonym.ParseKeyFile(b)
		if err != nil {
			if s != nil || err != pseudonym.ErrKeyFileFormat {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if again, err := pseudonym.FormatKeyFile(s); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("accepted, but written differently: %v", err)
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
