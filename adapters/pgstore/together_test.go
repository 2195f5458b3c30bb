package pgstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/adapters/pgstore"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5/pgxpool"
)

const childVar = "DISCREET_PGSTORE_CHILD" // schema, key file

func TestMain(m *testing.M) {
	if job := os.Getenv(childVar); job != "" {
		schema, keyFile, _ := strings.Cut(job, " ")
		if err := child(context.Background(), schema, keyFile); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const (
	releases = 60 // names that every process asks for
	budget   = 100
)

// cost of a release, in units of the budget; all of them together do not fit.
func cost(n int) int64 { return int64(1 + n%4) }

func units(n int64) accounting.Units {
	u, err := accounting.UnitsUp(big.NewRat(n, 1<<20))
	if err != nil {
		panic(err)
	}
	return u
}

func account(ctx context.Context, s ledger.Store) (*ledger.Account, error) {
	return ledger.Open(ctx, ledger.Config{
		Store: s, Terms: ledger.Terms{Epsilon: 1, Delta: 1e-6, Mu2: units(budget), WindowDays: 30},
	}, day0)
}

// child asks for every release, in an order of its own, and prints what it gets.
func child(ctx context.Context, schema, keyFile string) error {
	c, err := pgxpool.ParseConfig(server())
	if err != nil {
		return err
	}
	c.MaxConns = 4
	keys, err := pseudonym.OpenKeyFile(keyFile)
	if err != nil {
		return err
	}
	s, err := pgstore.Open(ctx, c, schema)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Bind(ctx, tenant, keys); err != nil {
		return err
	}
	a, err := account(ctx, s)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for w := range errs {
		wg.Go(func() {
			for _, n := range rand.Perm(releases) {
				if errs[w] = one(ctx, a, n); errs[w] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// one gets a release, drawn here or by somebody else.
func one(ctx context.Context, a *ledger.Account, n int) error {
	r := ledger.Request{Name: numbered("release", n), Spec: []byte("s"), Mu2: units(cost(n))}
	for {
		ticket, stored, err := a.Reserve(ctx, r, day0)
		switch {
		case errors.Is(err, ledger.ErrInProgress):
			time.Sleep(time.Millisecond)
			continue
		case errors.Is(err, ledger.ErrExhausted):
			return nil
		case err != nil:
			return err
		}
		if ticket != nil {
			stored = fmt.Appendf(nil, "%d/%d", os.Getpid(), rand.Uint64()) // noise, as it were
			if err := ticket.Answer(ctx, stored); errors.Is(err, ledger.ErrTicket) {
				continue
			} else if err != nil {
				return err
			}
		}
		fmt.Printf("%d %s\n", n, stored)
		return nil
	}
}

// crowd runs children and collects what they printed.
type crowd struct {
	t      *testing.T
	schema string
	keys   string
	mu     sync.Mutex
	handed map[int]string
}

func newCrowd(t *testing.T) (*crowd, *pseudonym.Keyring) {
	t.Helper()
	c := &crowd{t: t, schema: migrated(t, pgstore.Setup{}), keys: filepath.Join(t.TempDir(), "keys"), handed: map[int]string{}}
	keys, err := pseudonym.CreateKeyFile(c.keys)
	if err != nil {
		t.Fatal(err)
	}
	return c, keys
}

// run runs a child, which is killed after a while unless that is zero.
func (c *crowd) run(kill time.Duration) {
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+c.schema+" "+c.keys)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Error(err)
		return
	}
	lines := bufio.NewScanner(out)
	killing := false
	for lines.Scan() {
		if kill > 0 && !killing {
			killing = true
			time.AfterFunc(kill, func() { cmd.Process.Kill() })
		}
		n, answer := 0, ""
		if _, err := fmt.Sscan(lines.Text(), &n, &answer); err != nil {
			c.t.Errorf("a child says %q", lines.Text())
		}
		c.mu.Lock()
		if old, ok := c.handed[n]; ok && old != answer {
			c.t.Errorf("release %d was handed out twice, as two different answers", n)
		}
		c.handed[n] = answer
		c.mu.Unlock()
	}
	if err := cmd.Wait(); err != nil && kill == 0 {
		c.t.Errorf("%v: %s", err, complaint.String())
	}
}

// check holds what is in the database against what was handed out: the
// sequential model of a filter.
func (c *crowd) check(keys *pseudonym.Keyring, done bool) {
	c.t.Helper()
	ctx := c.t.Context()
	s := bind(c.t, opened(c.t, c.schema), keys)
	a, err := account(ctx, s)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := a.Verify(ctx); err != nil {
		c.t.Fatal(err)
	}
	r := a.Report()
	if r.Spent.Mu2.Cmp(units(budget)) > 0 {
		c.t.Fatal("overdrawn")
	}
	sum := int64(0)
	for n, answer := range c.handed {
		found, err := a.Find(ctx, []byte(answer))
		if err != nil || found.Name != numbered("release", n) || found.Loss.Mu2 != units(cost(n)) {
			c.t.Fatalf("release %d was handed out and is not charged: %v", n, err)
		}
		sum += cost(n)
	}
	if !done {
		return
	}
	if r.Entries != r.Answered || len(c.handed) != r.Answered || r.Spent.Mu2 != units(sum) {
		c.t.Fatalf("%d were handed out for %d, of %d entries", len(c.handed), sum, r.Entries)
	}
	for n := range releases { // nothing that would fit was refused for good
		if _, ok := c.handed[n]; !ok && sum+cost(n) <= budget {
			c.t.Fatalf("release %d was refused with %d of %d spent", n, sum, budget)
		}
	}
}

// TestFourProcesses lets four processes, with four callers each, ask for the
// same releases.
func TestFourProcesses(t *testing.T) {
	connect(t)
	c, keys := newCrowd(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { c.run(0) })
	}
	wg.Wait()
	c.check(keys, true)
}

// TestKilled kills processes in the middle of it, again and again.
func TestKilled(t *testing.T) {
	connect(t)
	rounds := 4
	if os.Getenv("DISCREET_LONG") != "" {
		rounds = 100
	}
	for range rounds {
		c, keys := newCrowd(t)
		for range 3 {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { c.run(time.Duration(1+rand.IntN(30_000)) * time.Microsecond) })
			}
			wg.Wait()
			c.check(keys, false)
		}
		c.run(0)
		c.check(keys, true)
	}
}

// TestTerminated breaks connections under an account: a broken append fails it,
// and what it left is whole.
func TestTerminated(t *testing.T) {
	ctx, conn := t.Context(), connect(t)
	schema, keys := migrated(t, pgstore.Setup{}), newKeys(t)
	handed := map[string]string{}
	failed := 0
	for round := range 12 {
		s := bind(t, opened(t, schema), keys)
		a, err := account(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(rand.IntN(5000)) * time.Microsecond):
					exec(t, conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%"+schema+"%'")
				}
			}
		})
		for n := 0; ; n++ {
			r := ledger.Request{Name: fmt.Sprintf("r-%d-%d", round, n), Spec: []byte("s"), Mu2: units(1)}
			ticket, _, err := a.Reserve(ctx, r, day0)
			if err == nil {
				answer := fmt.Sprint(rand.Uint64())
				if err = ticket.Answer(ctx, []byte(answer)); err == nil {
					handed[r.Name] = answer
				}
			}
			if errors.Is(err, ledger.ErrExhausted) || n == 200 {
				break
			}
			if errors.Is(err, ledger.ErrFailed) {
				failed++
				if !errors.Is(err, pgstore.ErrDatabase) {
					t.Errorf("the reason is lost: %v", err)
				}
				break
			}
		}
		close(stop)
		wg.Wait()
		s.Close()
	}
	a, err := account(ctx, bind(t, opened(t, schema), keys))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	for name, answer := range handed {
		if found, err := a.Find(ctx, []byte(answer)); err != nil || found.Name != name {
			t.Fatalf("what was handed out is not charged: %v", err)
		}
	}
	if r := a.Report(); r.Spent.Mu2.Cmp(units(budget)) > 0 || r.Answered < len(handed) {
		t.Fatalf("%d answers, %d handed out", r.Answered, len(handed))
	}
	t.Logf("%d accounts failed, %d answers were handed out", failed, len(handed))
}
