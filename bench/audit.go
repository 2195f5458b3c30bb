package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/discreet-go/discreet/internal/mutants"
)

const (
	auditModule  = "github.com/discreet-go/discreet"
	auditOut     = "DISCREET_AUDIT_OUT"
	auditMutant  = "DISCREET_MUTANT"
	auditTimeout = 5 * time.Minute // for one run of the cases; they take seconds
)

// certified is a line that the audits write.
type certified struct {
	Case        string  `json:"case"`
	MuClaimed   float64 `json:"mu_claimed"`
	MuCertified float64 `json:"mu_certified"`
	Alarms      int     `json:"alarms"`
	Audits      int     `json:"audits"`
}

// audits builds one binary that holds the audits and every planted bug, runs it
// without a bug, and once more for each bug. A bug that no audit notices, an
// audit that fails without a bug, and more false alarms than alpha explains are
// errors.
func audits(ctx context.Context, b *bench) error {
	dir, err := os.MkdirTemp("", "discreet-audit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(b.err, "bench: audit builds the planted bugs")
	bin, err := buildMutants(ctx, dir)
	if err != nil {
		return err
	}
	a := &auditor{bin: bin, dir: dir, short: b.short}
	if err := a.clean(ctx, b); err != nil {
		return err
	}
	return a.hunt(ctx, b)
}

// buildMutants writes the mutated copies and builds the audits over them.
func buildMutants(ctx context.Context, dir string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", auditModule).Output()
	if err != nil {
		return "", fmt.Errorf("bench: the module is not found: %w", err)
	}
	root := strings.TrimSpace(string(out))
	overlay, err := mutants.Write(root, dir)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "cases")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", "mutants", "-overlay", overlay, "-o", bin, "./internal/mutants/cases")
	build.Dir = root
	build.Env = append(os.Environ(), "GOWORK=off")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench: the planted bugs do not build: %w\n%s", err, text)
	}
	return bin, nil
}

type auditor struct {
	bin, dir string
	short    bool
}

// run runs the tests of a pattern and reports whether all passed. An error means
// that this is not known.
func (a *auditor) run(ctx context.Context, pattern, mutant, out string) (passed bool, text []byte, err error) {
	args := []string{"-test.run", pattern, "-test.failfast", "-test.timeout", auditTimeout.String()}
	if a.short {
		args = append(args, "-test.short")
	}
	cmd := exec.CommandContext(ctx, a.bin, args...)
	cmd.Dir = a.dir
	cmd.Env = append(os.Environ(), auditMutant+"="+mutant, auditOut+"="+out)
	text, err = cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return false, nil, ctx.Err()
	case err == nil && bytes.Contains(text, []byte("no tests to run")):
		return false, text, errors.New("bench: no audit matches " + pattern)
	case err == nil:
		return true, text, nil
	case errors.As(err, &exit) && (bytes.Contains(text, []byte("--- FAIL")) || bytes.Contains(text, []byte("panic:"))):
		return false, text, nil
	}
	return false, text, fmt.Errorf("bench: the audits did not end: %w\n%s", err, text)
}

// clean runs every audit without a bug and reports what they certify.
func (a *auditor) clean(ctx context.Context, b *bench) error {
	out := filepath.Join(a.dir, "figures")
	passed, text, err := a.run(ctx, ".", "", out)
	if err != nil {
		return err
	}
	if !passed {
		return fmt.Errorf("bench: an audit fails without a planted bug:\n%s", text)
	}
	f, err := os.Open(out)
	if err != nil {
		return err
	}
	defer f.Close()
	var bad []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c certified
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return err
		}
		list := []result{{Metric: "alarms", Value: float64(c.Alarms)}, {Metric: "audits", Value: float64(c.Audits)}}
		holds := c.Alarms <= 5
		if c.Audits == 0 {
			holds = c.MuCertified <= c.MuClaimed
			verdict := 0.0
			if holds {
				verdict = 1
			}
			list = []result{
				{Metric: "mu_claimed", Value: c.MuClaimed},
				{Metric: "mu_certified", Value: c.MuCertified},
				{Metric: "verdict", Value: verdict}, // 1: nothing speaks against the claim
			}
		}
		if !holds {
			bad = append(bad, c.Case)
		}
		if err := b.reports(c.Case, "", list...); err != nil {
			return err
		}
	}
	if bad != nil {
		return fmt.Errorf("bench: audits speak against %s", strings.Join(bad, ", "))
	}
	return lines.Err()
}

// hunt runs the audits once for each planted bug: those that are expected to
// notice it, and all others if they do not.
func (a *auditor) hunt(ctx context.Context, b *bench) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	list := mutants.List()
	var (
		mu        sync.Mutex
		wg        sync.WaitGroup
		survivors []string
		failed    error
		done      int
		work      = make(chan mutants.Mutant)
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for m := range work {
				killed, expected, err := a.kill(ctx, m)
				mu.Lock()
				if done++; err != nil && failed == nil {
					failed = err
					cancel()
				}
				switch {
				case err != nil:
				case !killed:
					survivors = append(survivors, m.Name)
					fmt.Fprintf(b.err, "bench: audit %d/%d: %s SURVIVES: %s\n", done, len(list), m.Name, m.What)
				case !expected:
					fmt.Fprintf(b.err, "bench: audit %d/%d: %s is noticed, but not by %v\n", done, len(list), m.Name, m.Cases)
				default:
					fmt.Fprintf(b.err, "bench: audit %d/%d: %s is noticed\n", done, len(list), m.Name)
				}
				mu.Unlock()
			}
		})
	}
feed:
	for _, m := range list {
		select {
		case work <- m:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	if failed != nil {
		return failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := b.reports("mutants", "",
		result{Metric: "total", Value: float64(len(list))},
		result{Metric: "killed", Value: float64(len(list) - len(survivors))},
	)
	if err == nil && survivors != nil {
		err = fmt.Errorf("bench: no audit notices %s", strings.Join(survivors, ", "))
	}
	return err
}

func (a *auditor) kill(ctx context.Context, m mutants.Mutant) (killed, expected bool, err error) {
	passed, _, err := a.run(ctx, "^TestCases$/^("+strings.Join(m.Cases, "|")+")$", m.Name, "")
	if err != nil || !passed {
		return !passed, true, err
	}
	passed, _, err = a.run(ctx, "^TestCases$", m.Name, "")
	return !passed, false, err
}
