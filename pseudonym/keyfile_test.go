package pseudonym_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// inNew returns a path in a fresh directory.
func inNew(t *testing.T) string { return filepath.Join(t.TempDir(), "keys") }

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestKeyFileComesBack(t *testing.T) {
	path := inNew(t)
	k, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := pseudonym.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if k.Check() != again.Check() || k.KeyID() != again.KeyID() || !k.Created().Equal(again.Created()) {
		t.Error("another root, key id or age")
	}
	va, _ := k.Verifier("acme")
	if vb, _ := again.Verifier("acme"); va != vb {
		t.Error("another signing key")
	}
	jane := pseudonym.Email("jane@example.com")
	la, err := deriver(t, k, "acme", "ads").Link(jane, "ads")
	if err != nil {
		t.Fatal(err)
	}
	if lb, err := deriver(t, again, "acme", "ads").Link(jane, "ads"); err != nil || la != lb {
		t.Errorf("another link: %v", err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if names := entries(t, filepath.Dir(path)); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestKeyFileIsNeverOverwritten(t *testing.T) {
	path := inNew(t)
	if _, err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, prepare := range map[string]func(path string) error{
		"a key file":   func(path string) error { return os.WriteFile(path, before, 0o600) },
		"another file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"a directory":  func(path string) error { return os.Mkdir(path, 0o700) },
		"a dangling link": func(path string) error {
			return os.Symlink(filepath.Join(filepath.Dir(path), "nowhere"), path)
		},
	} {
		path := inNew(t)
		if err := prepare(path); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		if _, err := pseudonym.CreateKeyFile(path); !errors.Is(err, pseudonym.ErrKeyFileExists) || !errors.Is(err, pseudonym.ErrKeyFile) {
			t.Errorf("%s at the path: %v", name, err)
		}
		if names := entries(t, filepath.Dir(path)); len(names) != 1 {
			t.Errorf("%s at the path: left behind %v", name, names)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed: %v", err)
	}
}

// Of many that create one file, one succeeds, and everybody who opens it then
// reads its keys.
func TestKeyFileRace(t *testing.T) {
	path := inNew(t)
	made := make(chan *pseudonym.Keyring, 8)
	for range cap(made) {
		go func() {
			k, err := pseudonym.CreateKeyFile(path)
			if err != nil && !errors.Is(err, pseudonym.ErrKeyFileExists) {
				t.Error(err)
			}
			made <- k
		}()
	}
	var winner *pseudonym.Keyring
	for range cap(made) {
		if k := <-made; k != nil {
			if winner != nil {
				t.Error("two created the file")
			}
			winner = k
		}
	}
	if k, err := pseudonym.OpenKeyFile(path); err != nil || winner == nil || k.Check() != winner.Check() {
		t.Errorf("the file holds other keys: %v", err)
	}
}

func TestOpenKeyFileRefuses(t *testing.T) {
	good := inNew(t)
	if _, err := pseudonym.CreateKeyFile(good); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(mode fs.FileMode, b []byte) func(string) error {
		return func(path string) error {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				return err
			}
			return os.Chmod(path, mode)
		}
	}
	cases := map[string]struct {
		prepare func(path string) error
		want    error
	}{
		"missing":         {func(string) error { return nil }, fs.ErrNotExist},
		"empty":           {write(0o600, nil), pseudonym.ErrKeyFileFormat},
		"cut":             {write(0o600, content[:len(content)-1]), pseudonym.ErrKeyFileFormat},
		"longer":          {write(0o600, append(bytes.Clone(content), '\n')), pseudonym.ErrKeyFileFormat},
		"windows newline": {write(0o600, bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n"))), pseudonym.ErrKeyFileFormat},
		"upper case":      {write(0o600, bytes.ToUpper(content)), pseudonym.ErrKeyFileFormat},
		"later version":   {write(0o600, bytes.Replace(content, []byte("keys/1"), []byte("keys/2"), 1)), pseudonym.ErrKeyFileFormat},
		"directory":       {func(path string) error { return os.Mkdir(path, 0o700) }, pseudonym.ErrKeyFileAccess},
	}
	if runtime.GOOS != "windows" {
		for name, mode := range map[string]fs.FileMode{"group reads": 0o640, "others read": 0o604, "group writes": 0o620, "others execute": 0o601} {
			cases[name] = struct {
				prepare func(path string) error
				want    error
			}{write(mode, content), pseudonym.ErrKeyFileAccess}
		}
		cases["symbolic link"] = struct {
			prepare func(path string) error
			want    error
		}{func(path string) error { return os.Symlink(good, path) }, pseudonym.ErrKeyFileAccess}
		cases["read-only is fine"] = struct {
			prepare func(path string) error
			want    error
		}{write(0o400, content), nil}
	}
	for name, c := range cases {
		path := inNew(t)
		if err := c.prepare(path); err != nil {
			t.Fatal(err)
		}
		k, err := pseudonym.OpenKeyFile(path)
		if !errors.Is(err, c.want) || (err == nil) != (k != nil) || err != nil && !errors.Is(err, pseudonym.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pseudonym.CreateKeyFile(filepath.Join(filepath.Dir(good), "no", "such", "keys")); !errors.Is(err, pseudonym.ErrKeyFile) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if _, err := pseudonym.CreateKeyFile(filepath.Dir(good) + string(filepath.Separator)); !errors.Is(err, pseudonym.ErrKeyFile) {
		t.Errorf("no name: %v", err)
	}
}

// Every single changed byte is noticed, and no error shows content.
func TestKeyFileDamage(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "golden.keys"))
	if err != nil {
		t.Fatal(err)
	}
	if len(content) != pseudonym.KeyFileSize {
		t.Fatalf("the golden file has %d bytes, want %d", len(content), pseudonym.KeyFileSize)
	}
	for i := range content {
		for _, bit := range []byte{1, 0x20, 0x80} {
			bent := bytes.Clone(content)
			bent[i] ^= bit
			if _, err := pseudonym.ParseKeyFile(bent); err != pseudonym.ErrKeyFileFormat {
				t.Errorf("byte %d changed by %x: %v", i, bit, err)
			}
		}
	}
}

// A weak key is refused though the file is well formed.
func TestKeyFileWithWeakKeys(t *testing.T) {
	counting := fill(func(i int) byte { return byte(i) })
	k := goldenKeyring(t)
	s := pseudonym.NewSecrets(&counting, &counting, &counting, k.KeyID(), k.Created())
	b, err := pseudonym.FormatKeyFile(s)
	if err != nil {
		t.Fatal(err)
	}
	path := inNew(t)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pseudonym.OpenKeyFile(path); !errors.Is(err, pseudonym.ErrWeakKey) {
		t.Errorf("counting keys: %v", err)
	}
}

// Errors say which rule, and hold nothing that stands in the file.
func TestKeyFileErrorsShowNoContent(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "golden.keys"))
	if err != nil {
		t.Fatal(err)
	}
	bent := bytes.Clone(content)
	bent[60] ^= 1
	path := inNew(t)
	if err := os.WriteFile(path, bent, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = pseudonym.OpenKeyFile(path)
	if err == nil {
		t.Fatal("a damaged file opened")
	}
	for _, line := range strings.Fields(string(bent)) {
		if len(line) >= 6 && strings.Contains(err.Error(), line) {
			t.Errorf("the error holds %d characters of the file", len(line))
		}
	}
}
