package pseudonym_test

import (
	"bytes"
	"crypto/fips140"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// goldenPassphrase opens golden-sealed.keys, which was computed in another
// language from the description of the format. It may never change.
var goldenPassphrase = []byte("correct horse battery stäple")

func goldenSealed(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "golden-sealed.keys"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// needsCipher skips where the cipher of sealed files is forbidden.
func needsCipher(t testing.TB) {
	t.Helper()
	if fips140.Enforced() {
		t.Skip("the cipher is not allowed in FIPS 140-only mode")
	}
}

func stretched(t testing.TB, b, passphrase []byte) (*pseudonym.Sealed, *pseudonym.SealingKeys) {
	t.Helper()
	f, err := pseudonym.ParseSealed(b)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := pseudonym.Stretch(f, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return f, keys
}

func TestGoldenSealed(t *testing.T) {
	needsCipher(t)
	path := copyGolden(t, "golden-sealed.keys")
	k, err := pseudonym.OpenSealedKeyFile(path, goldenPassphrase)
	if err != nil {
		t.Fatal(err)
	}
	if want := openGolden(t, "golden-2.keys"); !slices.Equal(k.Roots(), want.Roots()) {
		t.Error("holds other roots than the file that was sealed")
	}
	f, err := pseudonym.ParseSealed(goldenSealed(t))
	if err != nil || !bytes.Equal(pseudonym.FormatSealed(f), goldenSealed(t)) {
		t.Errorf("written differently: %v", err)
	}
	f, keys := stretched(t, goldenSealed(t), goldenPassphrase)
	text, err := pseudonym.OpenSealed(f, keys)
	want, _ := os.ReadFile(filepath.Join("testdata", "golden-2.keys"))
	if err != nil || !bytes.Equal(text, want) {
		t.Errorf("holds another text: %v", err)
	}
	if _, err := pseudonym.OpenKeyFile(path); !errors.Is(err, pseudonym.ErrKeyFileSealed) || !errors.Is(err, pseudonym.ErrKeyFile) {
		t.Errorf("opened as a file that is not sealed: %v", err)
	}
	if _, err := pseudonym.Inspect(path); !errors.Is(err, pseudonym.ErrKeyFileSealed) {
		t.Errorf("inspected as a file that is not sealed: %v", err)
	}
}

func TestSealedKeyFile(t *testing.T) {
	needsCipher(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	passphrase, next := []byte("fifteen bytes.."), []byte("quite another one")
	k, err := pseudonym.CreateSealedKeyFile(at("sealed"), passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(at("sealed")); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	b, err := os.ReadFile(at("sealed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range pseudonym.Keys(k) {
		if bytes.Contains(b, key[:8]) || bytes.Contains(b, []byte(hex.EncodeToString(key[:8]))) {
			t.Error("a key stands in the clear")
		}
	}

	rotated, err := pseudonym.UpdateSealedKeyFile(at("sealed"), passphrase, func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) {
		return k.Rotate(time.Now())
	})
	if err != nil || len(rotated.Roots()) != 2 || rotated.Roots()[1].ID != k.KeyID() {
		t.Fatalf("not rotated: %v", err)
	}
	if err := pseudonym.ChangePassphrase(at("sealed"), passphrase, next); err != nil {
		t.Fatal(err)
	}
	if _, err := pseudonym.OpenSealedKeyFile(at("sealed"), passphrase); !errors.Is(err, pseudonym.ErrPassphrase) || !errors.Is(err, pseudonym.ErrKeyFile) {
		t.Errorf("the old passphrase: %v", err)
	}
	if err := pseudonym.UnsealKeyFile(at("sealed"), at("plain"), next); err != nil {
		t.Fatal(err)
	}
	if err := pseudonym.SealKeyFile(at("plain"), at("again"), passphrase); err != nil {
		t.Fatal(err)
	}
	plain, err := pseudonym.OpenKeyFile(at("plain"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := pseudonym.OpenSealedKeyFile(at("again"), passphrase)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []*pseudonym.Keyring{plain, again} {
		if !slices.Equal(got.Roots(), rotated.Roots()) || !pseudonym.Follows(got, rotated) {
			t.Error("other keys came back")
		}
	}
	if names := entries(t, dir); !slices.Equal(names, []string{"again", "plain", "sealed", "sealed.lock"}) {
		t.Errorf("left behind: %v", names)
	}
}

func TestSealedKeyFileRefuses(t *testing.T) {
	needsCipher(t)
	passphrase := []byte("fifteen bytes..")
	path := inNew(t)
	if _, err := pseudonym.CreateSealedKeyFile(path, passphrase[1:]); !errors.Is(err, pseudonym.ErrPassphraseShort) {
		t.Errorf("14 bytes: %v", err)
	}
	if names := entries(t, filepath.Dir(path)); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
	if _, err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	for name, create := range map[string]func() error{
		"create": func() error { _, err := pseudonym.CreateSealedKeyFile(path, passphrase); return err },
		"seal":   func() error { return pseudonym.SealKeyFile(path, path, passphrase) },
		"unseal": func() error {
			return pseudonym.UnsealKeyFile(copyGolden(t, "golden-sealed.keys"), path, goldenPassphrase)
		},
	} {
		if err := create(); !errors.Is(err, pseudonym.ErrKeyFileExists) {
			t.Errorf("%s over a file: %v", name, err)
		}
	}
	open := func(path string) error { _, err := pseudonym.OpenSealedKeyFile(path, passphrase); return err }
	if err := open(path); !errors.Is(err, pseudonym.ErrKeyFileFormat) {
		t.Errorf("a file that is not sealed: %v", err)
	}
	if err := open(path + "x"); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, pseudonym.ErrKeyFile) {
		t.Errorf("no file: %v", err)
	}
	sealed := copyGolden(t, "golden-sealed.keys")
	if err := pseudonym.ChangePassphrase(sealed, goldenPassphrase, passphrase[1:]); !errors.Is(err, pseudonym.ErrPassphraseShort) {
		t.Errorf("changed to 14 bytes: %v", err)
	}
	if b, err := os.ReadFile(sealed); err != nil || !bytes.Equal(b, goldenSealed(t)) {
		t.Errorf("a refused change left another file: %v", err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(sealed, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := open(sealed); !errors.Is(err, pseudonym.ErrKeyFileAccess) {
			t.Errorf("group reads: %v", err)
		}
	}
}

// What seals under the right passphrase and is no key file, is one of the errors
// of a key file.
func TestSealedText(t *testing.T) {
	needsCipher(t)
	b, err := pseudonym.Seal([]byte("discreet-keys/2\n"), goldenPassphrase, 64<<10, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	path := inNew(t)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pseudonym.OpenSealedKeyFile(path, goldenPassphrase); !errors.Is(err, pseudonym.ErrKeyFileFormat) {
		t.Errorf("%v", err)
	}
}

// Two seals of one text share neither salt nor nonce, and no error and no size
// tells more than the size of the text.
func TestSealIsFresh(t *testing.T) {
	needsCipher(t)
	text := make([]byte, 100)
	var lines [2][]string
	for i := range lines {
		b, err := pseudonym.Seal(text, goldenPassphrase, 64<<10, 3, 4)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = strings.Split(string(b), "\n")
	}
	for at := range lines[0] {
		same := lines[0][at] == lines[1][at]
		if want := at == 0 || at == 6; same != want {
			t.Errorf("line %d: same %v", at, same)
		}
		if len(lines[0][at]) != len(lines[1][at]) {
			t.Errorf("line %d: another length", at)
		}
	}
}

// Every changed byte is damage; with the checksum put right, it is tampering or
// another passphrase, as far as it is a file at all.
func TestSealedEveryByte(t *testing.T) {
	needsCipher(t)
	content := goldenSealed(t)
	_, keys := stretched(t, content, goldenPassphrase)
	found := map[error]int{}
	for i := range content {
		for _, bit := range []byte{1, 2, 0x20, 0x80} {
			bent := bytes.Clone(content)
			bent[i] ^= bit
			if _, err := pseudonym.ParseSealed(bent); err != pseudonym.ErrKeyFileFormat {
				t.Fatalf("byte %d changed by %x: %v", i, bit, err)
			}
			f, err := pseudonym.ParseSealed(pseudonym.Fix(bent))
			if err == nil {
				_, err = pseudonym.OpenSealed(f, keys)
				if changed := bytes.Index(content, []byte("commitment")) + len("commitment ") + 64; i > changed && err != pseudonym.ErrSealedTampered && !bytes.Equal(pseudonym.Fix(bent), content) {
					t.Fatalf("byte %d changed by %x, with its checksum: %v", i, bit, err)
				}
			}
			if err == nil && !bytes.Equal(pseudonym.Fix(bent), content) {
				t.Fatalf("byte %d changed by %x, with its checksum, opens", i, bit)
			}
			found[err]++
		}
	}
	for _, err := range []error{pseudonym.ErrKeyFileFormat, pseudonym.ErrPassphrase, pseudonym.ErrSealedTampered} {
		if found[err] < 30 {
			t.Errorf("%v: %d times", err, found[err])
		}
	}
}

// A file cannot ask for more than is allowed, nor for less than is written: it
// is refused before any memory is taken.
func TestSealedCost(t *testing.T) {
	line := regexp.MustCompile(`argon2id \d+ \d+ \d+ `)
	for text, ok := range map[string]bool{
		"65536 3 4": true, "262144 3 4": true, "65536 10 4": true, "65536 3 1": true, "65536 3 16": true,
		"65535 3 4": false, "262145 3 4": false, "65536 2 4": false, "65536 11 4": false, "65536 3 0": false, "65536 3 17": false,
		"4294967295 3 4": false, "65536 4294967295 4": false, "65536 3 260": false, "4295032832 3 4": false, "99999999999999999999 3 4": false,
		"065536 3 4": false, "65536 3 04": false, " 3 4": false, "-65536 3 4": false, "65536  3 4": false, "0x10000 3 4": false,
	} {
		b := pseudonym.Fix(line.ReplaceAll(goldenSealed(t), []byte("argon2id "+text+" ")))
		if _, err := pseudonym.ParseSealed(b); ok && err != nil || !ok && err != pseudonym.ErrKeyFileFormat {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzSealed: a sealed file is refused, or written again as it was, and opens
// only as the one that was sealed. No memory is asked for on the way. mend puts
// the right checksum behind the text, to get past it.
func FuzzSealed(f *testing.F) {
	golden := goldenSealed(f)
	f.Add(golden, false)
	f.Add(golden[:len(golden)/2], true)
	f.Add(bytes.ToUpper(golden), true)
	f.Add(bytes.Replace(golden, []byte("65536 3 4"), []byte("262144 10 16"), 1), true)
	f.Add(bytes.Replace(golden, []byte("65536 3 4"), []byte("99999999999 3 4"), 1), true)
	f.Add(bytes.Replace(golden, []byte("sealed 8"), []byte("sealed 9"), 1), true)
	f.Add([]byte{}, false)
	_, keys := stretched(f, golden, goldenPassphrase)
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend {
			b = pseudonym.Fix(b)
		}
		s, err := pseudonym.ParseSealed(b)
		if err != nil {
			if s != nil || err != pseudonym.ErrKeyFileFormat {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if !bytes.Equal(pseudonym.FormatSealed(s), b) {
			t.Fatal("accepted, but written differently")
		}
		if fips140.Enforced() {
			return
		}
		if _, err := pseudonym.OpenSealed(s, keys); err == nil && !bytes.Equal(b, golden) {
			t.Fatal("a changed file opens")
		}
	})
}
