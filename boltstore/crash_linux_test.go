package boltstore_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

const childVar = "DISCREET_BOLTSTORE_CHILD" // mode, directory

func TestMain(m *testing.M) {
	if job := os.Getenv(childVar); job != "" {
		mode, dir, _ := strings.Cut(job, " ")
		if err := child(mode, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child writes until it is killed, or its file is full, and prints what was
// acknowledged.
func child(mode, dir string) error {
	if job, ok := strings.CutPrefix(mode, "script-"); ok {
		steps, mode, _ := strings.Cut(job, "-")
		n, err := strconv.Atoi(steps)
		if err != nil {
			return err
		}
		return scriptChild(dir, n, mode)
	}
	keys, err := pseudonym.OpenKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	if do := killJobs[mode]; do != nil {
		return do(dir, keys)
	}
	o := boltstore.Options{}
	if mode == "interval" {
		o.Durability = boltstore.Interval(10 * time.Millisecond)
	}
	s, err := boltstore.Open(filepath.Join(dir, "store"), o)
	if err != nil {
		return err
	}
	if err := s.Bind(timeless{}, tenant, keys); err != nil {
		return err
	}
	switch mode {
	case "compact":
		go compactForever(s)
	case "reseal":
		return resealForever(s, dir, keys)
	}
	row := make([]byte, 64)
	if mode == "full" {
		row = make([]byte, 64<<10)
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 6 << 20, Max: 6 << 20}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
	}
	a, err := account(s)
	if err != nil {
		return err
	}
	for n := a.Report().Answered; ; n++ {
		err := step(s, a, n, row)
		if err == nil {
			fmt.Println(n)
			continue
		}
		if mode != "full" {
			return err
		}
		if !errors.Is(err, boltstore.ErrFailed) || !errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("a full disk gives: %w", err)
		}
		// Nothing is written any more, whatever the operator does.
		if err := step(s, a, n, row); !errors.Is(err, boltstore.ErrFailed) {
			return fmt.Errorf("after a failed write: %w", err)
		}
		if _, err := s.ProfileRow(timeless{}, profile(0)); err != nil {
			return err
		}
		return nil
	}
}

func counters(n int) []segment.Key {
	return []segment.Key{profile(3 * (n % 50)), profile(3*(n%50) + 1), {Purpose: "second", ID: id(n % 50)}}
}

func TestKilled(t *testing.T) {
	kills := 20
	if os.Getenv("DISCREET_LONG") != "" {
		kills = 2000
	}
	for _, mode := range []string{"sync", "interval", "compact"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
			if err != nil {
				t.Fatal(err)
			}
			acknowledged := -1
			for range kills / 2 {
				kill(t, mode, dir, func(line string) { acknowledged = atLeast(t, acknowledged, line) })
				inspect(t, filepath.Join(dir, "store"), keys, acknowledged, mode != "interval")
			}
			t.Logf("%d steps were acknowledged over %d kills", acknowledged+1, kills/2)
		})
	}
}

// kill starts a child, hands out what it prints, and kills it within 60 ms of its
// first line.
func kill(t *testing.T, mode, dir string, each func(line string)) {
	t.Helper()
	cmd := spawn(t, mode, dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() { // it got going
		each(lines.Text())
		time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { cmd.Process.Kill() })
	}
	for lines.Scan() {
		each(lines.Text())
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself: %v", err)
	}
}

func spawn(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+mode+" "+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func atLeast(t *testing.T, n int, line string) int {
	t.Helper()
	m, err := strconv.Atoi(line)
	if err != nil {
		return n // cut off by the kill
	}
	return max(n, m)
}

// inspect opens what a killed child left.
func inspect(t *testing.T, path string, keys *pseudonym.Keyring, acknowledged int, profiles bool) {
	t.Helper()
	s := open(t, path, keys, boltstore.Sync)
	defer s.Close()
	a, err := account(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := a.Report()
	if r.Answered < acknowledged+1 || r.Entries > r.Answered+1 {
		t.Fatalf("%d charges, %d answers, %d acknowledged", r.Entries, r.Answered, acknowledged+1)
	}
	for n := max(0, acknowledged-20); n <= acknowledged; n++ {
		if err := release(a, n); err != nil {
			t.Fatal(err)
		}
	}
	if a.Report().Entries != r.Entries {
		t.Fatal("an acknowledged release was charged again")
	}
	logged := map[[32]byte]bool{}
	err = consent.NewLog(s).Read(t.Context(), func(r consent.LogRecord) error { logged[r.Commitment] = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for n := range acknowledged + 1 {
		if marks := scriptMarks(n); !logged[marks[0]] || !logged[marks[1]] {
			t.Fatalf("what step %d logged is lost", n)
		}
	}
	for n := max(0, acknowledged-49); n <= acknowledged; n++ {
		row, err := s.ConsentRow(t.Context(), subject(n%50))
		if err != nil || number(row) < n {
			t.Fatalf("consent %d holds %d: %v", n%50, number(row), err)
		}
		var got []int
		for _, k := range counters(n) {
			row, err := s.ProfileRow(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, number(row))
		}
		if got[0] != got[1] || got[1] != got[2] || profiles && got[0] < n {
			t.Fatalf("profile rows %d hold %v, %d acknowledged", n%50, got, n)
		}
	}
}

func number(row []byte) int {
	text, _, _ := strings.Cut(string(row), " ")
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// step does one of everything: profile rows of two purposes together, a consent
// row, the consent log, a release.
func step(s *boltstore.Store, a *ledger.Account, n int, row []byte) error {
	text := append(strconv.AppendInt(nil, int64(n), 10), ' ')
	text = append(text, row...)
	err := s.ProfileUpdate(timeless{}, counters(n), func(int, []byte) ([]byte, error) { return text, nil })
	if err != nil {
		return err
	}
	err = s.ConsentUpdate(timeless{}, []ident.Subject{subject(n % 50)}, func(int, []byte) ([]byte, error) { return text, nil })
	if err != nil {
		return err
	}
	if _, err := consent.NewLog(s).Append(timeless{}, now, scriptMarks(n)...); err != nil {
		return err
	}
	return release(a, n)
}

// TestFull fills the file up to a limit.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := spawn(t, "full", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	acknowledged := -1
	for line := range strings.Lines(string(data)) {
		acknowledged = atLeast(t, acknowledged, strings.TrimSpace(line))
	}
	if acknowledged < 5 {
		t.Fatalf("the file was full after %d steps", acknowledged)
	}
	inspect(t, filepath.Join(dir, "store"), keys, acknowledged, true)
}
