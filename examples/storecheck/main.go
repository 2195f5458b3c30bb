// Command storecheck checks a store file from one end to the other: its pages,
// every sealed value, the chains of the ledger, the access log and the consent log,
// and the last checkpoint beside it.
//
//	go run ./examples/storecheck -store store.db -keys keys -tenant shop
//
// It prints counts, the totals and the head of the ledger, and what is wrong,
// never a name or a value of anybody. The exit status is 0 when all is well, 1
// when something is damaged or missing, 2 when the file could not be opened. No
// other process may have the store open meanwhile.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, out, errOut io.Writer) (status int) {
	flags := flag.NewFlagSet("storecheck", flag.ContinueOnError)
	flags.SetOutput(errOut)
	path := flags.String("store", "", "the store file")
	erasures := flags.String("erasures", "", "its erasure journal, where it is not beside it")
	checkpoints := flags.String("checkpoints", "", "its checkpoints, where they are not beside it")
	keyFile := flags.String("keys", "", "the key file")
	tenant := flags.String("tenant", "", "the tenant")
	if flags.Parse(args) != nil || flags.NArg() > 0 || *path == "" || *keyFile == "" || *tenant == "" {
		fmt.Fprintln(errOut, "usage: storecheck -store FILE -keys FILE -tenant NAME [-erasures FILE] [-checkpoints FILE]")
		return 2
	}
	c := &checker{out: out}
	if err := c.open(ctx, *path, *erasures, *keyFile, *tenant); err != nil {
		fmt.Fprintln(errOut, "not opened:", err)
		if errors.Is(err, boltstore.ErrDamaged) {
			return 1
		}
		return 2
	}
	defer c.store.Close()
	var sink ledger.Sink = ledger.NewFileSink(*checkpoints)
	if *checkpoints == "" {
		sink = c.store.CheckpointSink()
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"pages and values", c.values},
		{"ledger", c.ledger},
		{"checkpoint", func(ctx context.Context) error { return c.checkpoint(ctx, sink) }},
		{"access log", c.accesses},
		{"consent log", c.choices},
	} {
		if err := step.do(ctx); err != nil {
			fmt.Fprintf(errOut, "NOT WHOLE: %s: %v\n", step.what, err)
			status = 1
		}
	}
	if status == 0 {
		fmt.Fprintln(out, "all is well")
	}
	return status
}

// checker checks one open store.
type checker struct {
	out    io.Writer
	store  *boltstore.Store
	keys   []string // that check signatures
	export []byte   // the ledger
}

func (c *checker) open(ctx context.Context, path, erasures, keyFile, tenant string) error {
	if _, err := os.Stat(path); err != nil {
		return errors.New("there is no store under this path") // Open would make one
	}
	keys, err := pseudonym.OpenKeyFile(keyFile)
	if err != nil {
		return err
	}
	if c.keys, err = keys.Verifiers(tenant); err != nil {
		return err
	}
	if c.store, err = boltstore.Open(path, boltstore.Options{Erasures: erasures}); err != nil {
		return err
	}
	if err := c.store.Bind(ctx, tenant, keys); err != nil {
		c.store.Close()
		return err
	}
	return nil
}

func (c *checker) values(ctx context.Context) error {
	found, err := c.store.Check(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "ledger records %d, answers %d, access entries %d, consent log records %d, consent rows %d\n",
		found.Records, found.Blobs, found.Accesses, found.Logged, found.Consents)
	for _, purpose := range slices.Sorted(maps.Keys(found.Profiles)) {
		fmt.Fprintf(c.out, "profiles for %s: %d\n", purpose, found.Profiles[purpose])
	}
	return nil
}

// ledger replays the log by every rule, and reads each answer that it names.
func (c *checker) ledger(ctx context.Context) error {
	var log bytes.Buffer
	err := c.store.LedgerRead(ctx, 0, func(_ uint64, record []byte) error {
		log.Write(record)
		return log.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	if c.export = log.Bytes(); len(c.export) == 0 {
		fmt.Fprintln(c.out, "no account was opened yet")
		return nil
	}
	report, err := ledger.Check(ctx, c.export)
	if err != nil {
		return err
	}
	fmt.Fprint(c.out, report)
	return nil
}

// checkpoint holds the ledger against the newest one.
func (c *checker) checkpoint(ctx context.Context, sink ledger.Sink) error {
	signed, err := sink.CheckpointLast(ctx)
	if err != nil {
		return err
	}
	if signed == nil {
		fmt.Fprintln(c.out, "no checkpoint was found: whether the ledger is the newest one cannot be told")
		return nil
	}
	last, err := ledger.ReadCheckpoint(signed, c.keys...)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(c.export, []byte("\n"))
	if uint64(len(lines)-1) < last.Records {
		return ledger.ErrRolledBack
	}
	then, err := ledger.Check(ctx, bytes.Join(lines[:last.Records], nil))
	if err != nil {
		return err
	}
	if then.Head != last.Head || then.ID != last.Account {
		return ledger.ErrRolledBack
	}
	fmt.Fprintf(c.out, "the newest checkpoint covers %d of these records\n", last.Records)
	return nil
}

func (c *checker) accesses(ctx context.Context) error {
	return ledger.NewAccessLog(c.store).Read(ctx, nil)
}

func (c *checker) choices(ctx context.Context) error {
	return consent.NewLog(c.store).Read(ctx, nil)
}
