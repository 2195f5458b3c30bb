package pseudonym_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// rotateEnv makes the test binary a process that rotates the ring in a key file.
const rotateEnv = "PSEUDONYM_TEST_ROTATE"

func TestMain(m *testing.M) {
	if path := os.Getenv(rotateEnv); path != "" {
		if err := rotateForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// rotateForever rotates, says which root is on disk, and ends with its input.
func rotateForever(path string) error {
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadByte(); err != nil {
			return nil
		}
		k, err := pseudonym.UpdateKeyFile(path, rotateLater)
		if err != nil {
			return err
		}
		fmt.Printf("%06x\n", k.KeyID())
	}
}

// rotateLater rotates a day after the last rotation.
func rotateLater(k *pseudonym.Keyring) (*pseudonym.Keyring, error) {
	return k.Rotate(k.Created().AddDate(0, 0, 1))
}

type rotator struct {
	cmd   *exec.Cmd
	in    *os.File
	lines chan string
	last  *bytes.Buffer
}

func startRotator(t *testing.T, path string) *rotator {
	t.Helper()
	r := &rotator{cmd: exec.Command(os.Args[0], "-test.run=^$"), lines: make(chan string, 1<<16), last: new(bytes.Buffer)}
	r.cmd.Env = append(os.Environ(), rotateEnv+"="+path)
	r.cmd.Stderr = r.last
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stdin, r.in = in, w
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	t.Cleanup(func() { r.in.Close(); r.cmd.Process.Kill(); r.cmd.Wait() })
	return r
}

// has fails the test unless the file opens and holds the roots, and each root
// only once.
func holds(t *testing.T, path string, roots []string) *pseudonym.Keyring {
	t.Helper()
	k, err := pseudonym.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, info := range k.Roots() {
		ids = append(ids, fmt.Sprintf("%06x", info.ID))
	}
	for _, id := range roots {
		if !slices.Contains(ids, id) {
			t.Errorf("a root that was acknowledged is lost")
		}
	}
	return k
}

// A process that is killed while it rotates leaves a file that opens and holds
// every root it acknowledged, and no lock.
func TestUpdateKilled(t *testing.T) {
	path := inNew(t)
	k, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := []string{fmt.Sprintf("%06x", k.KeyID())}
	for round := range 12 {
		r := startRotator(t, path)
		if _, err := r.in.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		for range 1 + round%4 { // it works by now, and goes on while it is killed
			acknowledged = append(acknowledged, <-r.lines)
		}
		time.Sleep(time.Duration(round) * 137 * time.Microsecond)
		r.cmd.Process.Kill()
		for id := range r.lines {
			acknowledged = append(acknowledged, id)
		}
		r.cmd.Wait()
		k := holds(t, path, acknowledged)
		if n := len(k.Roots()); n < len(acknowledged) || n > len(acknowledged)+round+1 {
			t.Errorf("%d roots, %d acknowledged", n, len(acknowledged))
		}
		for _, name := range entries(t, filepath.Dir(path)) {
			if name != "keys" && name != "keys.lock" && name != ".keys.next" {
				t.Errorf("left behind: %s", name)
			}
		}
	}
	if _, err := pseudonym.UpdateKeyFile(path, rotateLater); err != nil {
		t.Fatal(err)
	}
	if names := entries(t, filepath.Dir(path)); !slices.Equal(names, []string{"keys", "keys.lock"}) {
		t.Errorf("left behind: %v", names)
	}
}

// Processes and goroutines that rotate one file at the same time lose nothing of
// each other.
func TestUpdateTogether(t *testing.T) {
	const each = 20
	path := inNew(t)
	if _, err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	var all []*rotator
	for range 2 {
		r := startRotator(t, path)
		if _, err := r.in.Write(make([]byte, each)); err != nil {
			t.Fatal(err)
		}
		r.in.Close()
		all = append(all, r)
	}
	done := make(chan string, 2*each)
	for range 2 {
		go func() {
			for range each {
				k, err := pseudonym.UpdateKeyFile(path, rotateLater)
				if err != nil {
					t.Error(err)
				}
				done <- fmt.Sprintf("%06x", k.KeyID())
			}
		}()
	}
	var roots []string
	for range cap(done) {
		roots = append(roots, <-done)
	}
	for _, r := range all {
		for id := range r.lines {
			roots = append(roots, id)
		}
		if err := r.cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, r.last)
		}
	}
	k := holds(t, path, roots)
	if len(roots) != 4*each || len(k.Roots()) != 1+4*each {
		t.Errorf("%d roots, %d acknowledged, want %d", len(k.Roots()), len(roots), 4*each)
	}
}

func TestUpdateKeyFile(t *testing.T) {
	must := step(t)
	path := copyGolden(t, "golden.keys") // version 1
	old, err := pseudonym.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// What a crash may have left under the temporary name, of any form, is no
	// obstacle.
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".keys.next"), []byte("discreet-k"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := old.Created().AddDate(0, 6, 0)
	next := must(pseudonym.UpdateKeyFile(path, rotate(now)))
	again, err := pseudonym.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Roots(), next.Roots()) || len(again.Roots()) != 2 || again.Roots()[1].ID != old.KeyID() {
		t.Errorf("the file holds %v", again.Roots())
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(content), "discreet-keys/2\n") {
		t.Errorf("not written in version 2: %v", err)
	}
	raw := pseudonym.Email("jane@example.com")
	before, err := deriver(t, old, "acme", "ads").Link(raw, "ads")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := deriver(t, again, "acme", "ads").Earlier(nil, raw, "ads"); err != nil || !slices.Equal(got, []pseudonym.Link{before}) {
		t.Errorf("the link under the root before: %v, %v", got, err)
	}

	// Destroyed: the bytes are gone from the file.
	first := old.KeyID()
	must(pseudonym.UpdateKeyFile(path, retire(first, pseudonym.EraseOnly, now)))
	must(pseudonym.UpdateKeyFile(path, retire(first, pseudonym.Destroyed, now)))
	content, err = os.ReadFile(path)
	if root := fmt.Sprintf("%x", *pseudonym.Keys(old)[2]); err != nil || bytes.Contains(content, []byte(root[:8])) {
		t.Errorf("the destroyed root is still in the file: %v", err)
	}
	content, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	broken := errors.New("broken")
	fresh := newRing(t)
	for name, c := range map[string]struct {
		f    change
		want error
	}{
		"error":           {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return nil, broken }, broken},
		"error of a step": {retire(next.KeyID(), pseudonym.EraseOnly, now), pseudonym.ErrWriteKey},
		"nothing":         {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return nil, nil }, pseudonym.ErrKeyring},
		"zero ring":       {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return new(pseudonym.Keyring), nil }, pseudonym.ErrKeyring},
		"fresh ring":      {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return fresh, nil }, pseudonym.ErrKeyFileLoss},
		"ring before":     {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return old, nil }, pseudonym.ErrKeyFileLoss},
		"state back":      {func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return next, nil }, pseudonym.ErrKeyFileLoss},
		"unchanged":       {func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k, nil }, nil},
	} {
		k, err := pseudonym.UpdateKeyFile(path, c.f)
		if !errors.Is(err, c.want) || (err == nil) != (k != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
			t.Errorf("%s: the file changed: %v", name, err)
		}
	}
	if names := entries(t, filepath.Dir(path)); !slices.Equal(names, []string{"keys", "keys.lock"}) {
		t.Errorf("left behind: %v", names)
	}

	missing := inNew(t)
	if _, err := pseudonym.UpdateKeyFile(missing, rotate(now)); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, pseudonym.ErrKeyFile) {
		t.Errorf("missing: %v", err)
	}
	if names := entries(t, filepath.Dir(missing)); names != nil {
		t.Errorf("left behind: %v", names)
	}
	if runtime.GOOS != "windows" {
		link := inNew(t)
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if _, err := pseudonym.UpdateKeyFile(link, rotate(now)); !errors.Is(err, pseudonym.ErrKeyFileAccess) {
			t.Errorf("symbolic link: %v", err)
		}
	}
}

// The keys before a leaky step: another bounding key, or a verifier that is
// missing, is a loss.
func TestFollows(t *testing.T) {
	must := step(t)
	k := newRing(t)
	now := k.Created()
	signed := must(k.RotateSigning(now))
	for name, c := range map[string]struct {
		next, k *pseudonym.Keyring
		want    bool
	}{
		"same":              {k, k, true},
		"signing key":       {signed, k, true},
		"signing key back":  {k, signed, false},
		"two steps":         {must(signed.Rotate(now)), k, true},
		"other bounding":    {pseudonym.OtherBounding(k), k, false},
		"other signing key": {must(k.RotateSigning(now)), signed, false},
	} {
		if pseudonym.Follows(c.next, c.k) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}
