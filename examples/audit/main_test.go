package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
)

// TestFindsTheBugs: both bugs are caught and their correct twins are not. The
// audits are wrong about a twin with probability 2e-6 together at the most,
// and far less in truth; the bugs lie ten standard errors beyond their claims.
func TestFindsTheBugs(t *testing.T) {
	var b bytes.Buffer
	verdicts, err := auditAll(t.Context(), &b)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]audit.Verdict{
		"Segment sizes, noise made for one cell":   audit.Violated,
		"Segment sizes, noise made for one person": audit.Consistent,
		"One count, Laplace noise in floats":       audit.Violated,
		"One count, discrete Laplace noise":        audit.Consistent,
	} {
		if verdicts[name] != want {
			t.Errorf("%s: %v, want %v", name, verdicts[name], want)
		}
	}
	for _, want := range []string{"CAUGHT", "no proof", "the lowest set bit", "for people, not for cells"} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("no %q in:\n%s", want, &b)
		}
	}
	t.Logf("\n%s", &b)
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
