package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// place is a folder with a key file in it.
type place struct {
	t    *testing.T
	dir  string
	now  time.Time
	seen bytes.Buffer // all that was ever printed
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

func (p *place) run(want int, args ...string) string {
	p.t.Helper()
	var out, errOut bytes.Buffer
	if got := run(args, &out, &errOut, p.now); got != want {
		p.t.Fatalf("%v: status %d, want %d\n%s%s", args, got, want, &out, &errOut)
	}
	p.seen.WriteString(out.String() + errOut.String())
	return out.String() + errOut.String()
}

func (p *place) write(name, text string) string {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.path(name)
}

func newPlace(t *testing.T) *place {
	return &place{t: t, dir: t.TempDir(), now: time.Now().UTC()}
}

var rootLine = regexp.MustCompile(`(?m)^([0-9a-f]{6})  (\S+)`)

// The life of a root, from creation to destruction.
func TestLifeOfARoot(t *testing.T) {
	p := newPlace(t)
	file := p.path("keys")
	first := rootLine.FindStringSubmatch(p.run(0, "-file", file, "create"))[1]
	p.run(2, "-file", file, "create")
	p.now = p.now.AddDate(1, 0, 1)
	if out := p.run(1, "-file", file, "inspect"); !strings.Contains(out, "OVERDUE") {
		t.Fatalf("a root that should have gone is not told of:\n%s", out)
	}
	p.run(0, "-file", file, "rotate")
	states := func(want ...string) {
		t.Helper()
		var got []string
		for _, m := range rootLine.FindAllStringSubmatch(p.run(0, "-file", file, "inspect"), -1) {
			got = append(got, m[2])
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("states %v, want %v", got, want)
		}
	}
	states("write", "read")
	p.run(2, "-file", file, "retire")
	p.run(2, "-file", file, "-root", "zzzzzz", "retire")
	p.run(0, "-file", file, "-root", first, "retire")
	states("write", "erase-only")
	p.run(0, "-file", file, "-root", first, "retire")
	states("write", "destroyed")
	p.run(2, "-file", file, "-root", first, "retire")
	p.run(0, "-file", file, "rotate-signing")
	states("write", "destroyed")
	p.leaks(file)
}

// leaks fails where anything behind the line "secrets" of a key file was printed.
func (p *place) leaks(file string) {
	p.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	_, secrets, _ := strings.Cut(string(text), "\nsecrets\n")
	keys := regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(secrets, -1)
	if len(keys) < 3 {
		p.t.Fatal("the test finds no keys to look for")
	}
	for _, k := range keys {
		if strings.Contains(p.seen.String(), k) {
			p.t.Fatal("a key was printed")
		}
	}
}

func TestSealed(t *testing.T) {
	p := newPlace(t)
	clear, sealed, back := p.path("keys"), p.path("sealed"), p.path("back")
	words, other := p.write("words", "six words that nobody would guess\n"), p.write("other", "another phrase of many words\nand more\n")
	p.run(0, "-file", clear, "create")
	p.run(2, "-file", clear, "-to", sealed, "seal")
	p.run(0, "-file", clear, "-to", sealed, "-passphrase", words, "seal")
	p.run(2, "-file", sealed, "inspect")
	p.run(2, "-file", sealed, "-passphrase", other, "inspect")
	p.run(0, "-file", sealed, "-passphrase", words, "rotate")
	p.run(0, "-file", sealed, "-passphrase", words, "-next", other, "passphrase")
	p.run(2, "-file", sealed, "-passphrase", words, "inspect")
	p.run(0, "-file", sealed, "-passphrase", other, "-to", back, "unseal")
	if out := p.run(0, "-file", back, "inspect"); len(rootLine.FindAllString(out, -1)) != 2 {
		t.Fatalf("the rotation got lost:\n%s", out)
	}
	text, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	p.write("sealed", string(text))
	if out := p.run(2, "-file", sealed, "-passphrase", other, "inspect"); !strings.Contains(out, "damaged") {
		t.Fatalf("damage is called something else: %s", out)
	}
	p.leaks(back)
	for _, phrase := range []string{"nobody would guess", "of many words"} {
		if strings.Contains(p.seen.String(), phrase) {
			t.Fatal("a passphrase was printed")
		}
	}
}

func TestUsage(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{nil, {"create"}, {"-file", p.path("x")}, {"-file", p.path("x"), "burn"}, {"-file", p.path("x"), "create", "twice"},
		{"-file", p.path("x"), "inspect"}, {"-file", p.path("x"), "-passphrase", p.path("none"), "inspect"}, {"-nonsense"}} {
		if out := p.run(2, args...); out == "" {
			t.Errorf("%v: nothing is said", args)
		}
	}
}
