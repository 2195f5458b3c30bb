package pseudonym_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

const keyVariable = "DISCREET_TEST_KEYRING"

func TestKeyringFromEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	want, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	good := base64.RawURLEncoding.EncodeToString(file)
	t.Setenv(keyVariable, good)
	got, err := pseudonym.KeyringFromEnv(keyVariable)
	if err != nil || got.Check() != want.Check() || got.KeyID() != want.KeyID() {
		t.Fatalf("another keyring, %v", err)
	}
	if _, still := os.LookupEnv(keyVariable); still {
		t.Fatal("the variable stays")
	}
	sealed := filepath.Join(t.TempDir(), "sealed")
	if _, err := pseudonym.CreateSealedKeyFile(sealed, []byte("a passphrase for this test")); err != nil {
		t.Fatal(err)
	}
	sealedText, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	damaged := slices.Clone(file) // before it is encoded, which stays valid
	damaged[len(damaged)/2] ^= 1
	for name, c := range map[string]struct {
		value string
		want  error
	}{
		"empty":        {"", pseudonym.ErrKeyEnv},
		"no base64":    {"!" + good, pseudonym.ErrKeyEnv},
		"line end":     {good[:40] + "\n" + good[40:], pseudonym.ErrKeyEnv},
		"padding":      {good + "=", pseudonym.ErrKeyEnv},
		"standard":     {base64.RawStdEncoding.EncodeToString([]byte{0xfb, 0xff, 0xfe}), pseudonym.ErrKeyEnv},
		"a root alone": {strings.Repeat("A", 43), pseudonym.ErrKeyFileFormat},
		"cut":          {good[:len(good)/4*4-4], pseudonym.ErrKeyFileFormat},
		"damaged":      {base64.RawURLEncoding.EncodeToString(damaged), pseudonym.ErrKeyFile},
		"sealed":       {base64.RawURLEncoding.EncodeToString(sealedText), pseudonym.ErrKeyFileSealed},
	} {
		t.Setenv(keyVariable, c.value)
		_, err := pseudonym.KeyringFromEnv(keyVariable)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(c.value) > 8 && strings.Contains(err.Error(), c.value[:8]) {
			t.Errorf("%s: the error holds the value", name)
		}
		if v := os.Getenv(keyVariable); v != "" {
			t.Errorf("%s: the variable stays", name)
		}
	}
}
