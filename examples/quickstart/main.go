// The quickstart runs the whole chain: people are asked, events come in,
// profiles grow in one file on disk, tables are released with noise, one person
// gets a ranking, an explanation, an export, and is erased, and the ledger
// verifies.
//
//	go run ./examples/quickstart
//
// makes up 20,000 people. With -events it reads a file instead:
//
//	go run ./examples/quickstart -events clicks.csv.gz -map person=user,person-kind=email,item=sku,time=at,kind==view,consent=agreed
//	go run ./examples/quickstart -events online-retail.csv.gz -profile online-retail -assume-consent
//	go run ./examples/quickstart -events calls.jsonl.gz -track mapping.json
//
// Ctrl-C stops a file run cleanly; the same command goes on where it stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

type flags struct {
	people        int
	dir           string
	events        string
	profile       string
	mapping       string
	track         string
	asOf          string
	taxonomy      string
	segments      string
	catalog       string
	assumeConsent bool
	batch         int
	show          bool
	epsilon       float64
	delta         float64
}

func main() {
	var f flags
	flag.IntVar(&f.people, "people", 20_000, "how many people to make up, when there is no -events `number`")
	flag.StringVar(&f.dir, "dir", "", "`folder` for keys, store and place in the file; default: a temporary one, or ./discreet-quickstart with -events")
	flag.StringVar(&f.events, "events", "", "CSV or JSON Lines `file` of events, plain or gzip")
	flag.StringVar(&f.profile, "profile", "", "known data set in -events: `online-retail`")
	flag.StringVar(&f.mapping, "map", "", "which column holds what, as `field=column,...` (fields: person, person-kind, time, time-layout, item, category, kind, message-id, count, consent)")
	flag.StringVar(&f.track, "track", "", "JSON `file` of a track mapping: -events holds track calls of Segment or RudderStack, one call or batch a line")
	flag.StringVar(&f.asOf, "as-of", "", "`moment` (RFC 3339) that counts as now for -track, for calls of long ago; default: now")
	flag.StringVar(&f.taxonomy, "taxonomy", "", "TSV `file` of categories (id, parent_id, name, path, depth, flag); default: the small one that ships")
	flag.StringVar(&f.segments, "segments", "", "JSON `file` of segment definitions; default: one for each top category")
	flag.StringVar(&f.catalog, "catalog", "", "CSV or JSON Lines `file` with the columns item and category; makes the items of the table public")
	flag.BoolVar(&f.assumeConsent, "assume-consent", false, "take it that everybody in -events agreed; printed as an assumption")
	flag.BoolVar(&f.show, "show", true, "at the end, show one person's ranking and rights; that person is erased")
	flag.IntVar(&f.batch, "batch", 8192, "how many events to record in one step, 1 to 65536")
	flag.Float64Var(&f.epsilon, "epsilon", 2, "epsilon of everything released in one window")
	flag.Float64Var(&f.delta, "delta", 1e-6, "delta of everything released in one window")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, f, os.Stdout)
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "stopped; everything acknowledged is on disk")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, out io.Writer) error {
	if f.events != "" {
		return runFile(ctx, f, out)
	}
	return runSynthetic(ctx, f, out)
}
