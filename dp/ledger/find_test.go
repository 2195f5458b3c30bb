package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
)

// published is an account with everything, and a signer.
func published(t testing.TB) (*ledger.Account, *disk, string) {
	t.Helper()
	signer, key := keyPair(t)
	d := new(disk)
	a := long(t, d)
	a, err := ledger.Open(t.Context(), ledger.Config{Store: d.die(), Terms: a.Terms(), Signer: signer}, at(122))
	if err != nil {
		t.Fatal(err)
	}
	return a, d, key
}

// TestExport: what is exported is the log, can be checked by whoever has it, and
// ties a release to its charge.
func TestExport(t *testing.T) {
	ctx := t.Context()
	a, d, key := published(t)
	var out bytes.Buffer
	if err := a.Export(ctx, &out); err != nil {
		t.Fatal(err)
	}
	export := out.String()
	if !strings.HasPrefix(export, string(bytes.Join(d.records, []byte("\n")))+"\n") {
		t.Fatal("the export is not the log")
	}
	check := func(text string, keys ...string) (ledger.Report, error) {
		return ledger.Check(ctx, []byte(text), keys...)
	}
	r, err := check(export, key)
	if mine := a.Report(); err != nil || r.Head != mine.Head || r.Records != mine.Records || r.Spent != mine.Spent || !r.Closed {
		t.Fatalf("%v\n%v", r, err)
	}
	if _, err := check(strings.Join(strings.Split(export, "\n")[:3], "\n")); err != nil {
		t.Fatalf("a beginning of the log, which nothing vouches for: %v", err)
	}
	_, other := keyPair(t)
	rows := strings.SplitAfter(export, "\n")
	short := strings.Join(append(append([]string(nil), rows[:len(rows)-3]...), rows[len(rows)-2]), "")
	for name, err := range map[string]error{
		"another key":       second(check(export, other)),
		"no checkpoint":     second(check(strings.Join(rows[:len(rows)-2], ""), key)),
		"a record cut away": second(check(short, key)),
	} {
		if !errors.Is(err, ledger.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"a byte changed":        strings.Replace(export, "sizes-1", "sizes-2", 1),
		"behind the checkpoint": export + rows[0],
		"a line too long":       rows[0] + strings.Repeat("x", 1<<20),
		"not a line":            "{}\n",
	} {
		if _, err := check(text, key); !errors.Is(err, ledger.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := check("", key); !errors.Is(err, ledger.ErrEmpty) {
		t.Error(err)
	}

	inside, err1 := a.Find(ctx, []byte("sizes"))
	outside, err2 := ledger.FindIn(ctx, []byte(export), []byte("sizes"))
	if err := errors.Join(err1, err2); err != nil || inside != outside {
		t.Fatalf("%+v, %+v, %v", inside, outside, err)
	}
	if inside.Entry != 3 || inside.Answer != 7 || inside.Name != "sizes-1" || inside.Window != 0 ||
		inside.Loss.Mu2 != thousandths(4) || inside.AsOf != firstDay || !inside.Charged.Equal(at(2)) {
		t.Fatalf("%+v", inside)
	}
	if _, err := a.Find(ctx, []byte("made up")); !errors.Is(err, ledger.ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := ledger.FindIn(ctx, []byte(export), []byte("made up")); !errors.Is(err, ledger.ErrNotFound) {
		t.Fatal(err)
	}
}

func second(_ ledger.Report, err error) error { return err }

// TestPublic holds what the public view has, and has not.
func TestPublic(t *testing.T) {
	a, d, key := published(t)
	var out bytes.Buffer
	if err := a.Public(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{}
	for _, name := range strings.Fields("entry kind day of window name mu2 rho delta quotas planned days as_of released terms account hash checkpoint") {
		allowed[name] = true
	}
	rows := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(rows) != len(d.records)+1 {
		t.Fatalf("%d lines for %d records", len(rows), len(d.records))
	}
	for i, row := range rows {
		var line map[string]any
		if err := json.Unmarshal([]byte(row), &line); err != nil {
			t.Fatal(err)
		}
		for name := range line {
			if !allowed[name] {
				t.Errorf("line %d says %q", i, name)
			}
		}
	}
	for _, secret := range []string{`"spec"`, `"bytes"`, `"time":`, `"sha256"`, "T00:"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("the view has %s", secret)
		}
	}
	var last struct{ Checkpoint string }
	if err := json.Unmarshal([]byte(rows[len(rows)-1]), &last); err != nil {
		t.Fatal(err)
	}
	c, err := ledger.ReadCheckpoint([]byte(last.Checkpoint), key)
	if err != nil || c.Records != uint64(len(d.records)) || !strings.Contains(rows[len(rows)-2], c.Head) {
		t.Fatalf("%+v, %v", c, err)
	}
}
