// Command keyring looks after a key file: it makes one, tells what is in it,
// turns to a new root, moves old roots on, and seals the file under a passphrase.
//
//	go run ./examples/keyring -file keys create
//	go run ./examples/keyring -file keys inspect
//	go run ./examples/keyring -file keys rotate
//	go run ./examples/keyring -file keys -root 0a1b2c retire
//	go run ./examples/keyring -file keys rotate-signing
//	go run ./examples/keyring -file keys -passphrase words -to sealed seal
//	go run ./examples/keyring -file sealed -passphrase words inspect
//	go run ./examples/keyring -file sealed -passphrase words -next other passphrase
//
// With -passphrase, the first line of that file opens a sealed key file, for
// every command. No command prints a key or a passphrase. The exit status is 0
// when all is well, 1 when inspect finds a root past its deadline, 2 on an error.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, time.Now()))
}

const usage = "usage: keyring -file FILE [-passphrase FILE] create | inspect | rotate | rotate-signing | retire -root ID | seal -to FILE | unseal -to FILE | passphrase -next FILE"

var errUsage = errors.New(usage)

func run(args []string, out, errOut io.Writer, now time.Time) int {
	flags := flag.NewFlagSet("keyring", flag.ContinueOnError)
	flags.SetOutput(errOut)
	c := command{out: out, now: now}
	flags.StringVar(&c.file, "file", "", "the key file")
	flags.StringVar(&c.to, "to", "", "seal, unseal: the file to write")
	flags.StringVar(&c.root, "root", "", "retire: the id of the root, as inspect prints it")
	words := flags.String("passphrase", "", "a file whose first line is the passphrase of a sealed key file")
	next := flags.String("next", "", "passphrase: a file whose first line is the passphrase from now on")
	if flags.Parse(args) != nil {
		return 2
	}
	err := c.read(*words, *next)
	if err == nil && (flags.NArg() != 1 || c.file == "") {
		err = errUsage
	}
	if err == nil {
		err = c.do(flags.Arg(0))
	}
	clear(c.passphrase)
	clear(c.next)
	switch {
	case err == errOverdue:
		fmt.Fprintln(errOut, err)
		return 1
	case err != nil:
		fmt.Fprintln(errOut, err)
		return 2
	}
	return 0
}

type command struct {
	file, to, root   string
	passphrase, next []byte
	out              io.Writer
	now              time.Time
}

// read reads the passphrases from their files.
func (c *command) read(words, next string) (err error) {
	if c.passphrase, err = firstLine(words); err == nil {
		c.next, err = firstLine(next)
	}
	return err
}

func firstLine(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut(b, []byte("\n"))
	clear(rest)
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

var errOverdue = errors.New("a root is past its deadline: rotate or retire it")

func (c *command) do(what string) error {
	switch what {
	case "create":
		return c.create()
	case "inspect":
		return c.inspect()
	case "rotate":
		return c.change(func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.Rotate(c.now) })
	case "rotate-signing":
		return c.change(func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.RotateSigning(c.now) })
	case "retire":
		return c.change(c.retire)
	case "seal":
		if c.to == "" || c.passphrase == nil {
			return errUsage
		}
		return pseudonym.SealKeyFile(c.file, c.to, c.passphrase)
	case "unseal":
		if c.to == "" || c.passphrase == nil {
			return errUsage
		}
		return pseudonym.UnsealKeyFile(c.file, c.to, c.passphrase)
	case "passphrase":
		if c.passphrase == nil || c.next == nil {
			return errUsage
		}
		return pseudonym.ChangePassphrase(c.file, c.passphrase, c.next)
	}
	return errUsage
}

func (c *command) create() (err error) {
	var k *pseudonym.Keyring
	if c.passphrase != nil {
		k, err = pseudonym.CreateSealedKeyFile(c.file, c.passphrase)
	} else {
		k, err = pseudonym.CreateKeyFile(c.file)
	}
	if err != nil {
		return err
	}
	c.print(k.Roots())
	return nil
}

func (c *command) inspect() error {
	roots, err := c.roots()
	if err != nil {
		return err
	}
	if c.print(roots) {
		return errOverdue
	}
	return nil
}

func (c *command) roots() ([]pseudonym.KeyInfo, error) {
	if c.passphrase == nil {
		return pseudonym.Inspect(c.file)
	}
	k, err := pseudonym.OpenSealedKeyFile(c.file, c.passphrase)
	if err != nil {
		return nil, err
	}
	return k.Roots(), nil
}

// change replaces the file by what f makes of its keyring, as a whole.
func (c *command) change(f func(*pseudonym.Keyring) (*pseudonym.Keyring, error)) (err error) {
	var k *pseudonym.Keyring
	if c.passphrase != nil {
		k, err = pseudonym.UpdateSealedKeyFile(c.file, c.passphrase, f)
	} else {
		k, err = pseudonym.UpdateKeyFile(c.file, f)
	}
	if err != nil {
		return err
	}
	c.print(k.Roots())
	return nil
}

// retire moves a root one step on: from read to erase-only, or to destroyed.
func (c *command) retire(k *pseudonym.Keyring) (*pseudonym.Keyring, error) {
	id, err := strconv.ParseUint(c.root, 16, 24)
	if err != nil || len(c.root) != 6 {
		return nil, errUsage
	}
	for _, r := range k.Roots() {
		if r.ID == uint32(id) {
			return k.Retire(r.ID, r.State+1, c.now)
		}
	}
	return nil, pseudonym.ErrKeyID
}

// print lists the roots, newest first, and reports whether one is overdue.
func (c *command) print(roots []pseudonym.KeyInfo) (overdue bool) {
	const day = "2006-01-02"
	fmt.Fprintln(c.out, "root    state       since       until       check value")
	for _, r := range roots {
		until, mark := "-", ""
		if !r.Deadline.IsZero() {
			until = r.Deadline.Format(day)
			if !c.now.Before(r.Deadline) {
				mark, overdue = "  OVERDUE", true
			}
		}
		fmt.Fprintf(c.out, "%06x  %-10s  %s  %-10s  %x%s\n", r.ID, r.State, r.Since.Format(day), until, r.Check, mark)
	}
	return overdue
}
