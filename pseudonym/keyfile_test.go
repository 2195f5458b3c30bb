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
		"later version":   {write(0o600, bytes.Replace(content, []byte("keys/2"), []byte("keys/3"), 1)), pseudonym.ErrKeyFileFormat},
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
	for _, name := range []string{"golden.keys", "golden-2.keys"} {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range content {
			for _, bit := range []byte{1, 0x20, 0x80} {
				bent := bytes.Clone(content)
				bent[i] ^= bit
				if _, err := pseudonym.ParseKeyFile(bent); err != pseudonym.ErrKeyFileFormat {
					t.Errorf("%s: byte %d changed by %x: %v", name, i, bit, err)
				}
			}
			if _, err := pseudonym.ParseKeyFile(content[:i]); err != pseudonym.ErrKeyFileFormat {
				t.Errorf("%s: cut after byte %d: %v", name, i, err)
			}
		}
	}
}

// What has the right checksum and says something impossible is refused.
func TestKeyFileRules(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	one, two := read("golden.keys"), read("golden-2.keys")
	lines := strings.SplitAfter(two, "\n")
	join := func(order ...int) (s string) {
		for _, i := range order {
			s += lines[i]
		}
		return s
	}
	const format, check, weak = 0, 1, 2
	errs := []error{pseudonym.ErrKeyFileFormat, pseudonym.ErrKeyFileCheck, pseudonym.ErrWeakKey}
	for name, c := range map[string]struct {
		text, old, new string
		want           int
	}{
		"version 1, check value":   {one, "2a366314", "2a366315", check},
		"version 1, another root":  {one, "7e43b4d2", "7e43b4d3", check},
		"version 1, key id 0":      {one, "key abcdef", "key 000000", format},
		"version 1, upper case":    {one, "abcdef", "ABCDEF", format},
		"version 1, no deadline":   {one, "2026-01-02T03:04:05Z 7e", "9999-01-02T03:04:05Z 7e", format},
		"version 1, state":         {one, "write", "read ", format},
		"check value":              {two, "79572e62", "79572e63", check},
		"another root":             {two, "9bba90ba", "9bba90bb", check},
		"another signing seed":     {two, "1bb88508", "1bb88509", check},
		"another public key":       {two, "1c412927", "1c412928", check},
		"key id 0":                 {two, "00d00d", "000000", format},
		"key id twice":             {two, "123456", "abcdef", format},
		"key id of one place only": {two, "root 123456 9", "root 123457 9", format},
		"upper-case key id":        {two, "abcdef", "ABCDEF", format},
		"upper-case key":           {two, "9bba90ba", "9BBA90BA", format},
		"two write":                {two, "123456 read", "123456 write", format},
		"none writes":              {two, "00d00d write", "00d00d read", format},
		"unknown state":            {two, "123456 read", "123456 readable", format},
		"destroyed with a key":     {two, "read 2027-01-04T12:00:00Z 2028-01-05T00:00:00Z 2030-01-05T00:00:00Z", "destroyed 2027-01-04T12:00:00Z 2028-01-05T00:00:00Z -", format},
		"live without a key":       {two, "ffffff destroyed", "ffffff erase-only", format},
		"no deadline to read":      {two, "2030-01-05T00:00:00Z", "-", format},
		"deadline of destroyed":    {two, "2027-06-01T00:00:00Z - 7edf", "2027-06-01T00:00:00Z 2029-06-01T00:00:00Z 7edf", format},
		"since before created":     {two, "2028-01-05T00:00:00Z 2030", "2026-01-05T00:00:00Z 2030", format},
		"older root first":         {two, "read 2026-01-02", "read 2027-05-02", format},
		"no such day":              {two, "2030-01-05", "2030-02-30", format},
		"before 1970":              {two, "2024-06-01T00:00:00Z 2027-06", "1969-06-01T00:00:00Z 2027-06", format},
		"fraction of a second":     {two, "2030-01-05T00:00:00Z", "2030-01-05T00:00:00.5Z", format},
		"verifier of the future":   {two, "2027-03-04T05:06:07Z 1f", "2027-03-04T05:06:08Z 1f", format},
		"verifier until before":    {two, "2024-06-01T00:00:00Z 2027-03", "2027-03-05T00:00:00Z 2027-03", format},
		"two spaces":               {two, "root 123456 read", "root 123456  read", format},
		"windows newlines":         {two, "\n", "\r\n", format},
		"line missing":             {join(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), "", "", format},
		"line twice":               {join(0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), "", "", format},
		"lines behind":             {join(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 16), "", "", format},
		"one root twice":           {join(0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16), "root abcdef", "root abcdef", format},
		"destroyed root is back":   {two, "7edf4df8c5feab23", "d7704347f942cd2d", weak},
		"bounding key is a root":   {two, "bounding c9ddb5d873a77a37e647cba033a473c59bd6db6a44d9edcaa8dd131c44901e41", "bounding 9bba90ba3a021a0c4c18aa564b02d33e34924edf9bde9a866cfd7b3cb3700748", weak},
	} {
		if len(lines) != 18 || !strings.Contains(c.text, c.old) {
			t.Fatalf("%s: the golden file has %d lines, or lacks what is changed", name, len(lines))
		}
		path := inNew(t)
		text := pseudonym.Fix([]byte(strings.ReplaceAll(c.text, c.old, c.new)))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if k, err := pseudonym.OpenKeyFile(path); !errors.Is(err, errs[c.want]) || k != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := pseudonym.Inspect(path); c.want != weak && !errors.Is(err, errs[c.want]) {
			t.Errorf("%s, inspected: %v", name, err)
		}
	}
	for name, text := range map[string]string{"1": one, "2": two} {
		if _, err := pseudonym.ParseKeyFile(pseudonym.Fix([]byte(text))); err != nil {
			t.Errorf("version %s, unchanged: %v", name, err)
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
