// Command receipt checks a consent receipt that a service gave you, and tells
// what it says.
//
//	go run ./examples/receipt -key VERIFIER receipt.txt
//	go run ./examples/receipt -key VERIFIER receipt.txt -notice notice.json -log log.bin
//	go run ./examples/receipt -key shop+8ba53004+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk consent/testdata/receipt_v0.txt
//
// -key is the public key of the service, as it publishes it; it may be given
// several times, for keys of earlier. -notice is the notice that you kept, as the
// JSON that services give out: its hash has to be one that the receipt names. It may be given several
// times. -log is the consent log of the service, its records one behind the other.
// The last line above checks the receipt that the tests keep.
//
// The command checks the signature, the form, and that each event has the
// commitment that the receipt gives for it; with a log, that the log is whole,
// still has what it had when the receipt was issued, and held every event then.
// It reads files only, and sends nothing anywhere. The exit status is 0 when all holds, 1 when
// something does not, 2 when it could not be checked.
package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/discreet-go/discreet/consent"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const day = "2006-01-02"

const usage = "usage: receipt -key VERIFIER [-key VERIFIER] receipt.txt [-notice notice.json] [-log log.bin]"

var errUsage = errors.New(usage)

// command is what was asked for.
type command struct {
	keys    []string
	notices []string
	receipt string
	log     string
}

func run(args []string, out, errOut io.Writer) int {
	c, err := parse(args, errOut)
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 2
	}
	data, err := read(c.receipt)
	if err != nil {
		fmt.Fprintln(errOut, "The receipt could not be read:", err)
		return 2
	}
	r, err := consent.ReadReceipt(data, c.keys)
	if err != nil {
		fmt.Fprintln(errOut, sentence(err))
		if errors.Is(err, consent.ErrReceiptVerifier) {
			return 2
		}
		return 1
	}
	fmt.Fprint(out, r.Plain())
	fmt.Fprintln(out, "\nWhat was checked")
	fmt.Fprintln(out, "  The signature is that of a key you gave: nothing was changed since it was issued.")
	list := r.Entries()
	fmt.Fprintf(out, "  Of %d events, each has the commitment that the receipt gives for it:\n", len(list))
	for _, e := range list {
		fmt.Fprintf(out, "    %x  %s %s\n", e.Commitment(), e.At.Format(day), e.Kind)
	}
	status := 0
	for _, path := range c.notices {
		status = max(status, notice(path, &r, out, errOut))
	}
	if c.log != "" {
		status = max(status, logged(c.log, &r, out, errOut))
	}
	return status
}

// parse accepts flags before and behind the name of the receipt.
func parse(args []string, errOut io.Writer) (c command, err error) {
	flags := flag.NewFlagSet("receipt", flag.ContinueOnError)
	flags.SetOutput(errOut)
	add := func(list *[]string) func(string) error {
		return func(s string) error { *list = append(*list, strings.TrimSpace(s)); return nil }
	}
	flags.Func("key", "a public key of the service", add(&c.keys))
	flags.Func("notice", "a notice you kept, as JSON", add(&c.notices))
	flags.StringVar(&c.log, "log", "", "the consent log of the service, its records one behind the other")
	for {
		if flags.Parse(args) != nil {
			return c, errUsage
		}
		if flags.NArg() == 0 {
			break
		}
		if c.receipt != "" {
			return c, errUsage
		}
		c.receipt, args = flags.Arg(0), flags.Args()[1:]
	}
	if c.receipt == "" || len(c.keys) == 0 {
		return c, errUsage
	}
	return c, nil
}

// sentence says for people what does not hold.
func sentence(err error) string {
	switch {
	case errors.Is(err, consent.ErrReceiptVerifier):
		return "What was given with -key is not a public key: it looks like shop+8ba53004+AXm1..."
	case errors.Is(err, consent.ErrReceiptUnverified):
		return "DOES NOT HOLD: the receipt is not signed by a key that you gave, or it was changed since."
	case errors.Is(err, consent.ErrReceiptVersion):
		return "DOES NOT HOLD: the signature is right, and the receipt has a version that this command does not know. Get a newer one."
	case errors.Is(err, consent.ErrReceiptCommitment):
		return "DOES NOT HOLD: the signature is right, and an event does not have the commitment that the receipt gives for it."
	case errors.Is(err, consent.ErrReceiptSize):
		return "DOES NOT HOLD: the file is larger than any receipt."
	}
	return "DOES NOT HOLD: the signature is right, and what was signed is not a consent receipt."
}

// notice looks for the exact text of the notice in the receipt.
func notice(path string, r *consent.Receipt, out, errOut io.Writer) int {
	data, err := read(path)
	if err != nil {
		fmt.Fprintln(errOut, "The notice could not be read:", err)
		return 2
	}
	n, err := consent.ReadNotice(bytes.TrimSpace(data))
	if err != nil {
		fmt.Fprintln(errOut, "The notice could not be read: it is not the JSON of a notice, or it was changed in itself.")
		return 2
	}
	sum := n.Hash()
	hash, other := hex.EncodeToString(sum[:]), false
	for i := range r.Records {
		for j := range r.Records[i].Processing {
			p := &r.Records[i].Processing[j]
			if p.Notice.SHA256 == hash {
				fmt.Fprintf(out, "  The notice %s, version %d (%s), is the exact text that the receipt names: SHA-256 %s\n", n.ID, n.Version, n.Locale, hash)
				return 0
			}
			other = other || p.Notice.ID == n.ID && p.Notice.Version == n.Version && p.Language == n.Locale
		}
	}
	if other {
		fmt.Fprintf(errOut, "DOES NOT HOLD: the receipt names this notice, version and language with another text than yours, whose SHA-256 is %s\n", hash)
	} else {
		fmt.Fprintf(errOut, "DOES NOT HOLD: the receipt does not name this notice, version and language; the SHA-256 of yours is %s\n", hash)
	}
	return 1
}

// most is more than a receipt or a notice may have.
const most = 8 << 20

// read reads a file that is not larger than it may be.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
