// Command bench measures discreet on the machine it runs on.
//
//	go run ./bench list
//	go run ./bench SUITE [-json] [-data DIR] [-dir DIR] [-short]
//
// With -json it prints one object a line: suite, case, metric and value, and
// where it matters the durability that was paid for. -data names the folder
// that holds public data sets, each in a folder of its own; cases whose data is
// not there are left out, and said so on standard error. -short takes fewer
// and smaller runs, to see that a suite works.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// A suite is a named set of measurements.
type suite struct {
	name  string
	about string
	run   func(context.Context, *bench) error
}

// suites lists every suite; each has a file of its own.
func suites() []suite {
	return []suite{
		{"accounting", "composing a thousand mechanisms: time, and how close the bound is", accountings},
		{"audit", "what audits certify, and whether they notice every planted bug", audits},
		{"bound", "contributions of a batch job, bounded by person: speed, memory, what is spilled", bounds},
		{"consent", "reading what consent frameworks say: time and allocations, against Prebid's reader", consents},
		{"fairness", "audits of groups from released counts: how often they are wrong, how often they see something", fairnesses},
		{"ledger", "a durable charge against a bare write and sync, charges at the same time, checking a log", ledgers},
		{"noise", "one draw of noise: time and allocations, against Google's noise package", noises},
		{"pipeline", "events to released tables: throughput and size of what is kept", pipeline},
		{"pseudonym", "deriving a pseudonym: CPU time and allocations, against plain hashing", pseudonyms},
		{"rank", "what rankings from released tables are worth against those without noise, and one of 500 items", ranks},
		{"release", "counts to a released table of a million keys, against dpagg.Count", releases},
		{"segment", "one event into a profile, what profiles take, stores in batches, raw lines to membership", segments},
		{"utility", "error of released numbers for one promise, against Google's library", utility},
	}
}

// bench is what a suite may use.
type bench struct {
	suite string
	short bool
	data  string // folder of data sets, or empty
	dir   string // folder to write to, or empty for that of temporary files
	json  bool
	out   io.Writer
	err   io.Writer
}

// A result is one measured number.
type result struct {
	Suite      string  `json:"suite"`
	Case       string  `json:"case"`
	Metric     string  `json:"metric"`
	Value      float64 `json:"value"`
	Durability string  `json:"durability,omitempty"`
}

// report prints one number.
func (b *bench) report(r result) error {
	r.Suite = b.suite
	if b.json {
		return json.NewEncoder(b.out).Encode(r)
	}
	note := ""
	if r.Durability != "" {
		note = "  (" + r.Durability + ")"
	}
	_, err := fmt.Fprintf(b.out, "%-12s %-26s %-38s %14.6g%s\n", r.Suite, r.Case, r.Metric, r.Value, note)
	return err
}

// reports prints the numbers of one case.
func (b *bench) reports(name, durability string, list ...result) error {
	for _, r := range list {
		r.Case, r.Durability = name, durability
		if err := b.report(r); err != nil {
			return err
		}
	}
	return nil
}

// skip says that a case is left out, and why.
func (b *bench) skip(name, why string) {
	fmt.Fprintf(b.err, "bench: %s %s left out: %s\n", b.suite, name, why)
}

var errUsage = errors.New("bench: usage: bench list, or bench SUITE [-json] [-data DIR] [-dir DIR] [-short]")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	b := &bench{out: out, err: errOut}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.BoolVar(&b.json, "json", false, "print one JSON object a line")
	flags.BoolVar(&b.short, "short", false, "fewer and smaller runs")
	flags.StringVar(&b.data, "data", "", "folder of the data sets")
	flags.StringVar(&b.dir, "dir", "", "folder to write to")
	var names []string
	for len(args) > 0 { // flags may stand before and after the name
		if err := flags.Parse(args); err != nil {
			return errUsage
		}
		if args = flags.Args(); len(args) > 0 {
			names, args = append(names, args[0]), args[1:]
		}
	}
	if len(names) != 1 {
		return errUsage
	}
	if names[0] == "list" {
		for _, s := range suites() {
			fmt.Fprintf(out, "%-12s %s\n", s.name, s.about)
		}
		return nil
	}
	for _, s := range suites() {
		if s.name == names[0] {
			b.suite = s.name
			return s.run(ctx, b)
		}
	}
	return fmt.Errorf("bench: no suite of that name; `bench list` shows them")
}
