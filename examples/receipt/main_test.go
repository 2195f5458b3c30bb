package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// kept is a receipt on disk, with the notice that was shown, the key and the log.
type kept struct{ receipt, notice, key, log string }

func shown() consent.Notice {
	return consent.Notice{
		ID: "shop", Version: 1, Locale: "en", Title: "May we tailor this shop to you?",
		Purposes:   []consent.Purpose{{Key: "personalize", Title: "Show what fits you"}},
		Categories: []string{"What you view here"}, Recipients: []string{"Our warehouse"},
		Withdrawal: "Open Settings and switch it off.", RetentionDays: 90, ConsentDays: 365,
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

func asJSON(t *testing.T, n consent.Notice) []byte {
	t.Helper()
	data, err := n.JSON()
	must(t, err)
	return data
}

// made goes the way of a service: pseudonym, choice, entry, receipt, signature.
func made(t *testing.T) kept {
	t.Helper()
	return madeWith(t, func(entry [32]byte) [][32]byte { return [][32]byte{{1}, entry, {2}, {3}} })
}

// madeWith is made with a log of one's own, whose first three records were there
// when the receipt was issued.
func madeWith(t *testing.T, log func(entry [32]byte) [][32]byte) kept {
	t.Helper()
	keys, err := pseudonym.NewKeyring()
	must(t, err)
	signer, err := keys.Signer("shop")
	must(t, err)
	public, err := keys.Verifier("shop")
	must(t, err)
	book, err := consent.NewBook([]consent.Notice{shown()})
	must(t, err)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	record := &consent.Record{}
	must(t, record.Choose(book, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{"personalize"}}, now))
	list := record.Entries()
	rows, head := logOf(log(list[0].Commitment())...)
	r, err := consent.NewReceipt(consent.ReceiptInput{
		Terms: consent.ReceiptTerms{
			Controller: consent.Controller{
				ID: "shop.example", Name: "Example Ltd", Type: "company", Address: "1 Example Street", Country: "IE", Email: "privacy@shop.example",
			},
			StorageLocations: []string{"IE"}, Jurisdiction: "EU",
		},
		Book: book, Principal: "040000d1maht99d6mymakanbnjptxbxg", Now: now,
		Entries: list, Summary: book.Summary(record.History(), now), Log: head,
	})
	must(t, err)
	data, err := r.Sign(signer)
	must(t, err)
	return kept{write(t, "receipt.txt", data), write(t, "notice.json", asJSON(t, shown())), public, write(t, "log.bin", slices.Concat(rows...))}
}

// shelf keeps a log in memory.
type shelf [][]byte

func (s *shelf) ConsentLogAppend(_ context.Context, _ uint64, records ...[]byte) error {
	*s = append(*s, records...)
	return nil
}

func (s *shelf) ConsentLogRead(_ context.Context, from uint64, f func(uint64, []byte) error) error {
	for i, r := range (*s)[from:] {
		if err := f(from+uint64(i), r); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) ConsentLogTail(context.Context) (uint64, []byte, error) {
	if len(*s) == 0 {
		return 0, nil, nil
	}
	return uint64(len(*s)), (*s)[len(*s)-1], nil
}

// logOf lets the library write a log, a second apart, and returns its records and
// the head behind the third.
func logOf(commitments ...[32]byte) (rows [][]byte, head consent.LogHead) {
	ctx, s := context.Background(), new(shelf)
	log := consent.NewLog(s)
	for i, c := range commitments {
		if _, err := log.Append(ctx, time.UnixMilli(int64(1_780_000_000_000+1000*i)), c); err != nil {
			return nil, head
		}
		if i == 2 {
			head, _ = log.Head(ctx)
		}
	}
	return *s, head
}

func check(args ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = run(args, &o, &e)
	return status, o.String(), e.String()
}

func TestHolds(t *testing.T) {
	k, other := made(t), made(t)
	for name, args := range map[string][]string{
		"the receipt":      {"-key", k.key, k.receipt},
		"with its notice":  {"-key", k.key, k.receipt, "-notice", k.notice},
		"in another order": {"-notice", k.notice, "-key", k.key, k.receipt},
		"one of two keys":  {"-key", other.key, k.receipt, "-key", k.key},
		"with the log":     {"-key", k.key, k.receipt, "-log", k.log},
	} {
		status, out, errOut := check(args...)
		if status != 0 || errOut != "" {
			t.Errorf("%s: status %d\n%s", name, status, errOut)
		}
		for _, want := range []string{
			"Show what fits you (personalize): agreed since 2026-06-01", "Our warehouse", "Open Settings and switch it off",
			"Of 1 events, each has the commitment",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", name, want, out)
			}
		}
		if strings.Contains(out, "is the exact text") != strings.Contains(strings.Join(args, " "), "-notice") {
			t.Errorf("%s: what is said of the notice:\n%s", name, out)
		}
		if strings.Contains(out, "The log has 4 records") != strings.Contains(strings.Join(args, " "), "-log") {
			t.Errorf("%s: what is said of the log:\n%s", name, out)
		}
	}
}

func TestDoesNotHold(t *testing.T) {
	k, other := made(t), made(t)
	data, err := os.ReadFile(k.receipt)
	must(t, err)
	changed := write(t, "changed.txt", bytes.Replace(data, []byte("2026-06-01"), []byte("2026-06-02"), 1))
	edited := shown()
	edited.Recipients = nil
	next := shown()
	next.Version = 2
	log, err := os.ReadFile(k.log)
	must(t, err)
	entry := [32]byte(log[73+9:])
	without := madeWith(t, func([32]byte) [][32]byte { return [][32]byte{{1}, {2}, {3}, {4}} })
	late := madeWith(t, func(entry [32]byte) [][32]byte { return [][32]byte{{1}, {2}, {3}, entry} })
	flipped := bytes.Clone(log)
	flipped[100] ^= 1
	logged := func(commitments ...[32]byte) []string {
		rows, _ := logOf(commitments...)
		return []string{"-key", k.key, k.receipt, "-log", write(t, "l", slices.Concat(rows...))}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a changed log":       {[]string{"-key", k.key, k.receipt, "-log", write(t, "l", flipped)}, "record 1 of the log is broken"},
		"a cut record":        {[]string{"-key", k.key, k.receipt, "-log", write(t, "l", log[:len(log)-1])}, "record 3 of the log is broken: it ends"},
		"a cut log":           {[]string{"-key", k.key, k.receipt, "-log", write(t, "l", log[:2*73])}, "has 2 records, and had 3"},
		"a log without it":    {[]string{"-key", without.key, without.receipt, "-log", without.log}, "does not hold the event of 2026-06-01, given"},
		"a log with it later": {[]string{"-key", late.key, late.receipt, "-log", late.log}, "came into the log after"},
		"an empty log":        {[]string{"-key", k.key, k.receipt, "-log", write(t, "l", nil)}, "has 0 records, and had 3"},
		"another log":         {logged([32]byte{1}, [32]byte{2}, entry), "are not those of when"},
		"a log begun later":   {[]string{"-key", k.key, k.receipt, "-log", write(t, "l", log[73:])}, "record 0 of the log is broken"},
		"a changed receipt":   {[]string{"-key", k.key, changed}, "not signed by a key that you gave, or it was changed"},
		"another key":         {[]string{"-key", other.key, k.receipt}, "not signed by a key that you gave"},
		"not a receipt":       {[]string{"-key", k.key, k.notice}, "not signed by a key that you gave"},
		"a large file":        {[]string{"-key", k.key, write(t, "large", make([]byte, 2<<20))}, "larger than any receipt"},
		"an edited notice":    {[]string{"-key", k.key, k.receipt, "-notice", write(t, "n", asJSON(t, edited))}, "with another text than yours"},
		"another notice":      {[]string{"-key", k.key, k.receipt, "-notice", write(t, "n", asJSON(t, next))}, "does not name this notice"},
		"one notice of two":   {[]string{"-key", k.key, k.receipt, "-notice", write(t, "n", asJSON(t, next)), "-notice", k.notice}, "does not name this notice"},
		"one of two, swapped": {[]string{"-key", k.key, k.receipt, "-notice", k.notice, "-notice", write(t, "n", asJSON(t, next))}, "does not name this notice"},
	} {
		if status, _, errOut := check(c.args...); status != 1 || !strings.Contains(errOut, "DOES NOT HOLD: ") || !strings.Contains(errOut, c.want) {
			t.Errorf("%s: status %d, %q", name, status, errOut)
		}
	}
}

func TestNotChecked(t *testing.T) {
	k := made(t)
	for name, args := range map[string][]string{
		"nothing":            nil,
		"no key":             {k.receipt},
		"no receipt":         {"-key", k.key},
		"two receipts":       {"-key", k.key, k.receipt, k.receipt},
		"no such receipt":    {"-key", k.key, k.receipt + "x"},
		"no such log":        {"-key", k.key, k.receipt, "-log", k.log + "x"},
		"no such notice":     {"-key", k.key, k.receipt, "-notice", k.notice + "x"},
		"key without form":   {"-key", "shop", k.receipt},
		"notice without end": {"-key", k.key, k.receipt, "-notice", write(t, "n", []byte("{"))},
		"notice and more":    {"-key", k.key, k.receipt, "-notice", write(t, "n", append(asJSON(t, shown()), "{}"...))},
		"notice, edited":     {"-key", k.key, k.receipt, "-notice", write(t, "n", bytes.Replace(asJSON(t, shown()), []byte("warehouse"), []byte("friends"), 1))},
		"unknown flag":       {"-x", "-key", k.key, k.receipt},
	} {
		if status, _, errOut := check(args...); status != 2 || errOut == "" {
			t.Errorf("%s: status %d, %q", name, status, errOut)
		}
	}
}

// The command lines that documents show work as they stand.
func TestDocumentedCommand(t *testing.T) {
	t.Chdir("../..")
	line := regexp.MustCompile(`go run \./examples/receipt (-key \S+ consent/testdata/\S+)`)
	for _, page := range []string{"examples/receipt/main.go", "docs/operate/receipts.md"} {
		text, err := os.ReadFile(page)
		must(t, err)
		found := line.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s shows no command", page)
		}
		for _, m := range found {
			if status, out, errOut := check(strings.Fields(m[1])...); status != 0 || !strings.Contains(out, "Of 11 events") {
				t.Errorf("%s: status %d: %s", page, status, errOut)
			}
		}
	}
}

// FuzzReadLog reads any bytes: a log that is accepted is one of whole records,
// and any other byte in it is noticed.
func FuzzReadLog(f *testing.F) {
	rows, _ := logOf([32]byte{1}, [32]byte{2})
	whole := slices.Concat(rows...)
	f.Add(whole, uint8(80))
	f.Add(whole[:73], uint8(0))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint8) {
		l, err := readLog(bytes.NewReader(data), [][32]byte{{2}}, 1)
		if err != nil {
			return
		}
		if l.records*recordSize != uint64(len(data)) {
			t.Fatalf("%d records of %d bytes", l.records, len(data))
		}
		if int(at) < len(data) {
			bad := bytes.Clone(data)
			bad[at]++
			if _, err := readLog(bytes.NewReader(bad), nil, 1); err == nil {
				t.Fatalf("byte %d counts for nothing", at)
			}
		}
	})
}
