package pseudonym_test

import (
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

func TestEpochs(t *testing.T) {
	at := func(s string) time.Time { return date(t, s) }
	for name, c := range map[string]struct {
		first string
		days  int // of a window
		n     int // windows
		at    string
		want  uint64
		err   error
	}{
		"first moment":         {"2026-03-10T15:00:00Z", 30, 1, "2026-03-10T00:00:00Z", 0, nil},
		"last moment of 0":     {"2026-03-10T15:00:00Z", 30, 1, "2026-04-08T23:59:59Z", 0, nil},
		"first moment of 1":    {"2026-03-10T15:00:00Z", 30, 1, "2026-04-09T00:00:00Z", 1, nil},
		"days are UTC":         {"2026-03-10T00:00:00Z", 1, 1, "2026-03-12T01:00:00+02:00", 1, nil},
		"first day elsewhere":  {"2026-03-10T01:00:00+02:00", 1, 1, "2026-03-09T00:00:00Z", 0, nil},
		"one day each":         {"1969-12-30T12:00:00Z", 1, 1, "1970-01-02T00:00:00Z", 3, nil},
		"before 1970":          {"1969-12-30T12:00:00Z", 2, 1, "1969-12-31T23:59:59Z", 0, nil},
		"far":                  {"0001-01-01T00:00:00Z", 1, 1, "9999-12-31T00:00:00Z", 3652058, nil},
		"before the first day": {"2026-03-10T00:00:00Z", 30, 1, "2026-03-09T23:59:59Z", 0, pseudonym.ErrEpoch},
		"no days":              {"2026-03-10T00:00:00Z", 0, 1, "2026-03-10T00:00:00Z", 0, pseudonym.ErrEpoch},
		"three windows":        {"2026-03-10T15:00:00Z", 10, 3, "2026-04-08T23:59:59Z", 0, nil},
		"after three windows":  {"2026-03-10T15:00:00Z", 10, 3, "2026-04-09T00:00:00Z", 1, nil},
		"no windows":           {"2026-03-10T00:00:00Z", 30, 0, "2026-03-10T00:00:00Z", 0, pseudonym.ErrEpoch},
		"windows of ages":      {"2026-03-10T00:00:00Z", 30, 1 << 40, "2026-03-10T00:00:00Z", 0, pseudonym.ErrEpoch},
		"less than no days":    {"2026-03-10T00:00:00Z", -1, 1, "2026-03-10T00:00:00Z", 0, pseudonym.ErrEpoch},
	} {
		got, err := pseudonym.Epochs{First: at(c.first), WindowDays: c.days, Windows: c.n}.At(at(c.at))
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

// Epochs have no pseudonym in common, with each other or with none; subjects are
// the same in all.
func TestEpochsAreApart(t *testing.T) {
	k, none := newDeriver(t, "ads")
	jane := pseudonym.Email("jane@example.com")
	subject, err := none.Subject(jane)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[pseudonym.ID]bool{}
	salts := map[string]bool{}
	for _, epoch := range []uint64{0, 1, 2, 256, 1 << 32, 1<<64 - 1} {
		d, err := pseudonym.NewEpochDeriver(k, "acme", []string{"ads"}, epoch)
		if err != nil {
			t.Fatal(err)
		}
		link, err := d.Link(jane, "ads")
		if err != nil || link.Subject() != subject {
			t.Errorf("epoch %d: another subject, %v", epoch, err)
		}
		salt := link.Salt()
		seen[link.ID()], salts[string(salt[:])] = true, true
	}
	id, err := none.ID(jane, "ads")
	if err != nil {
		t.Fatal(err)
	}
	if seen[id] = true; len(seen) != 7 || len(salts) != 6 {
		t.Errorf("%d pseudonyms and %d salts in 6 epochs and none", len(seen), len(salts))
	}
	for name, c := range map[string]struct {
		k       *pseudonym.Keyring
		tenant  string
		purpose string
		want    error
	}{
		"keyring": {nil, "acme", "ads", pseudonym.ErrKeyring},
		"tenant":  {k, "", "ads", pseudonym.ErrTenant},
		"purpose": {k, "acme", pseudonym.SubjectPurpose, pseudonym.ErrPurpose},
	} {
		if d, err := pseudonym.NewEpochDeriver(c.k, c.tenant, []string{c.purpose}, 1); !errors.Is(err, c.want) || d != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every accounting window lies in one epoch, whole.
func TestEpochsHoldWholeWindows(t *testing.T) {
	first := date(t, "2026-03-10T15:00:00Z")
	for _, e := range []pseudonym.Epochs{{first, 1, 1}, {first, 7, 4}, {first, 30, 12}, {first, 31, 1}} {
		for window := range 40 {
			epochs := map[uint64]bool{}
			for d := range e.WindowDays {
				n, err := e.At(first.AddDate(0, 0, window*e.WindowDays+d))
				if err != nil {
					t.Fatal(err)
				}
				epochs[n] = true
			}
			if len(epochs) != 1 {
				t.Fatalf("%d windows of %d days: window %d lies in %d epochs", e.Windows, e.WindowDays, window, len(epochs))
			}
		}
	}
}
