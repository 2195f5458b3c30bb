package pseudonym_test

import (
	"bytes"
	"crypto/fips140"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
	"golang.org/x/mod/sumdb/note"
)

func TestNewKeyringsDiffer(t *testing.T) {
	a, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	b, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	if a.Check() == b.Check() || a.Check() == [8]byte{} {
		t.Error("check values are equal or zero")
	}
	if id := a.KeyID(); id == 0 || id > 0xffffff {
		t.Errorf("key id %x", id)
	}
	if age := time.Since(a.Created()); age < 0 || age > time.Minute || a.Created().Location() != time.UTC {
		t.Errorf("created %v ago", age)
	}
	va, _ := a.Verifier("acme")
	vb, _ := b.Verifier("acme")
	if va == vb || !strings.HasPrefix(va, "acme+") {
		t.Error("two keyrings share a signing key")
	}
}

func TestInvalidKeyring(t *testing.T) {
	for _, k := range []*pseudonym.Keyring{nil, new(pseudonym.Keyring)} {
		if k.KeyID() != 0 || k.Check() != [8]byte{} || !k.Created().IsZero() {
			t.Error("an invalid keyring has an id, a check value or an age")
		}
		_, wrap := k.WrapStoreKey("acme", new([32]byte))
		_, unwrap := k.UnwrapStoreKey("acme", make([]byte, 73))
		_, sign := k.Signer("acme")
		_, verify := k.Verifier("acme")
		for _, err := range []error{wrap, unwrap, sign, verify} {
			if !errors.Is(err, pseudonym.ErrKeyring) {
				t.Errorf("an invalid keyring gives %v", err)
			}
		}
	}
}

func fill(f func(i int) byte) (k [32]byte) {
	for i := range k {
		k[i] = f(i)
	}
	return k
}

func TestWeakKeys(t *testing.T) {
	good := [3][32]byte{sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b")), sha256.Sum256([]byte("c"))}
	strength := func(keys [3][32]byte) error {
		return pseudonym.CheckStrength(pseudonym.NewSecrets(&keys[0], &keys[1], &keys[2], 1, time.Time{}))
	}
	if err := strength(good); err != nil {
		t.Fatalf("random keys: %v", err)
	}
	for name, key := range map[string][32]byte{
		"zero":          {},
		"all equal":     fill(func(int) byte { return 0xa5 }),
		"counting up":   fill(func(i int) byte { return byte(i) }),
		"counting down": fill(func(i int) byte { return byte(250 - i) }),
		"counting by 7": fill(func(i int) byte { return byte(7*i + 3) }),
		"two values":    fill(func(i int) byte { return byte(i % 2 * 255) }),
		"hexadecimal":   [32]byte([]byte("0123456789abcdef0123456789abcdef")),
		"pass phrase":   [32]byte([]byte("correct horse battery staple 42!")),
		"16 bytes twice": fill(func(i int) byte {
			return good[0][i%16]
		}),
		"8 bytes four times": fill(func(i int) byte { return good[0][i%8] }),
		"mostly zero":        fill(func(i int) byte { return byte(max(0, i-26)) }),
	} {
		for at := range 3 {
			keys := good
			keys[at] = key
			if err := strength(keys); !errors.Is(err, pseudonym.ErrWeakKey) {
				t.Errorf("%s as key %d: %v", name, at, err)
			}
		}
	}
	for _, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		keys := good
		keys[pair[0]] = keys[pair[1]]
		if err := strength(keys); !errors.Is(err, pseudonym.ErrWeakKey) {
			t.Errorf("keys %v equal: %v", pair, err)
		}
	}
	for range 2000 { // false alarms: below 1e-9 in all
		if _, err := pseudonym.NewKeyring(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStoreKey(t *testing.T) {
	k, _ := newDeriver(t)
	if fips140.Enforced() {
		if _, err := k.WrapStoreKey("acme", new([32]byte)); err == nil {
			t.Error("a cipher outside FIPS 140 was used in FIPS 140-only mode")
		}
		t.Skip("the cipher is not allowed in FIPS 140-only mode")
	}
	other, _ := newDeriver(t)
	key := sha256.Sum256([]byte("store key"))
	wrapped, err := k.WrapStoreKey("acme", &key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.UnwrapStoreKey("acme", wrapped); err != nil || *got != key {
		t.Fatalf("does not come back: %v", err)
	}
	if again, _ := k.WrapStoreKey("acme", &key); bytes.Equal(again, wrapped) {
		t.Error("two wraps are equal: the nonce is not fresh")
	}
	if bytes.Contains(wrapped, key[:8]) {
		t.Error("the key stands in the clear")
	}
	if _, err := other.UnwrapStoreKey("acme", wrapped); !errors.Is(err, pseudonym.ErrKeyring) {
		t.Errorf("another keyring: %v", err)
	}
	if _, err := k.UnwrapStoreKey("globex", wrapped); !errors.Is(err, pseudonym.ErrKeyring) {
		t.Errorf("another tenant: %v", err)
	}
	for _, tenant := range []string{"", "A", "a b"} {
		if _, err := k.WrapStoreKey(tenant, &key); !errors.Is(err, pseudonym.ErrTenant) {
			t.Errorf("wrap for a bad tenant: %v", err)
		}
		if _, err := k.UnwrapStoreKey(tenant, wrapped); !errors.Is(err, pseudonym.ErrTenant) {
			t.Errorf("unwrap for a bad tenant: %v", err)
		}
	}
	for i := range wrapped {
		bent := bytes.Clone(wrapped)
		bent[i] ^= 1
		if _, err := k.UnwrapStoreKey("acme", bent); !errors.Is(err, pseudonym.ErrKeyring) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
	}
	for _, n := range []int{0, 1, 25, len(wrapped) - 1} {
		if _, err := k.UnwrapStoreKey("acme", wrapped[:n]); !errors.Is(err, pseudonym.ErrKeyring) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestSigning(t *testing.T) {
	k, _ := newDeriver(t)
	signer, err := k.Signer("acme")
	if err != nil {
		t.Fatal(err)
	}
	vkey, err := k.Verifier("acme")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if signer.Name() != "acme" || signer.KeyHash() != verifier.KeyHash() {
		t.Error("signer and verifier disagree about the key")
	}
	signed, err := note.Sign(&note.Note{Text: "a release\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open(signed, note.VerifierList(verifier)); err != nil || n.Text != "a release\n" {
		t.Errorf("the note does not open: %v", err)
	}
	bent := bytes.Replace(signed, []byte("a release"), []byte("A release"), 1)
	if _, err := note.Open(bent, note.VerifierList(verifier)); err == nil {
		t.Error("a changed note opens")
	}
	other, err := k.Verifier("globex")
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err == nil {
		t.Error("a note opens under another name")
	}
	for _, name := range []string{"", "a+b", "a b", "A"} {
		if _, err := k.Signer(name); !errors.Is(err, pseudonym.ErrTenant) {
			t.Errorf("signer with a bad name: %v", err)
		}
	}
}
