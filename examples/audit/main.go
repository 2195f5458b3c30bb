// The audit example tests four small mechanisms that all look right, and
// finds the two that are not, from their outputs alone:
//
//	go run ./examples/audit
//
// It takes a few seconds. Copy audit.Run and the two functions it gets to audit
// code of your own.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/discreet-go/discreet/dp/audit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(1)
	}
}

// A subject is a mechanism to be audited, with what to say about it.
type subject struct {
	name          string
	claim         audit.Claim
	with, without audit.Sample // the same data with one person more, and without
	before, after string       // what it does, and what a violation means
}

func run(ctx context.Context, w io.Writer) error {
	_, err := auditAll(ctx, w)
	return err
}

// auditAll audits every subject, says what it finds, and returns the verdicts.
func auditAll(ctx context.Context, w io.Writer) (map[string]audit.Verdict, error) {
	list, err := subjects()
	if err != nil {
		return nil, err
	}
	fmt.Fprint(w, `Noise hides one person only if it is large enough for all that one person changes.
Whether it is cannot be seen from one table. An audit makes thousands of tables of
invented data, half of them with one person more, looks for something that tells
the two halves apart, and works out how much privacy that disproves.

`)
	verdicts := map[string]audit.Verdict{}
	for i, s := range list {
		fmt.Fprintf(w, "%d. %s\n   %s\n\n", i+1, s.name, s.before)
		report, err := audit.Run(ctx, s.claim, s.with, s.without, audit.Options{
			Runs: 20_000, Alpha: 1e-6, Workers: runtime.GOMAXPROCS(0),
		})
		if err != nil {
			return nil, err
		}
		verdicts[s.name] = report.Verdict
		fmt.Fprintln(w, report)
		if report.Verdict == audit.Violated {
			fmt.Fprintf(w, "   CAUGHT. %s\n\n", s.after)
		} else {
			fmt.Fprint(w, "   Nothing found. That is no proof: it says that a violation as large as the line\n   \"power\" tells would most likely have shown, on this pair of inputs.\n\n")
		}
	}
	fmt.Fprint(w, "The claims that hold are proven in docs/proofs. An audit tests that the code does what the proof is about.\n")
	return verdicts, nil
}
