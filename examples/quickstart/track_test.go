package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

func callFlags(dir string) flags {
	return flags{
		events: "testdata/calls.jsonl", track: "testdata/track.json", asOf: "2026-02-01T00:00:00Z",
		dir: dir, epsilon: 2, delta: 1e-6, batch: 16, show: true,
	}
}

// TestTrackCalls is the command that docs/operate/ingest.md shows: who said yes to
// the mapped category is recorded, who said no is not, and nothing that the
// mapping does not name is in what is written.
func TestTrackCalls(t *testing.T) {
	f := callFlags(t.TempDir())
	var out bytes.Buffer
	if err := run(t.Context(), f, &out); err != nil {
		t.Fatal(err)
	}
	if want := "8 answers, 0 withdrawals, 59 events, of which 51 were taken, 8 had no consent, 0 were refused or replayed"; !strings.Contains(out.String(), want) {
		t.Errorf("the output lacks %q:\n%s", want, &out)
	}
	files, err := os.ReadDir(f.dir)
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(f.dir + "/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, dropped := range []string{"203.0.113.", "Mozilla", "shop.example", "@example.com", "anon-00", "msg-00"} {
			if bytes.Contains(b, []byte(dropped)) || strings.Contains(out.String(), dropped) {
				t.Errorf("%s or the output holds %q", file.Name(), dropped)
			}
		}
	}
	// What was read is passed over, and nothing of it counts again.
	out.Reset()
	if err := run(t.Context(), f, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "0 events, of which 0 were taken") {
		t.Errorf("read again:\n%s", &out)
	}
}

func TestTrackCallsRefusals(t *testing.T) {
	nobody := t.TempDir() + "/track.json"
	if err := os.WriteFile(nobody, []byte(`{"user-id":"opaque","events":{"Product Viewed":"view"},"items":["sku"],"purposes":{"Functional":["other"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*flags)
		want  error
	}{
		"as-of":        {func(f *flags) { f.asOf = "yesterday" }, errAsOf},
		"no consent":   {func(f *flags) { f.track = nobody }, errConsent},
		"no mapping":   {func(f *flags) { f.track = "testdata/calls.jsonl" }, nil},
		"long ago":     {func(f *flags) { f.asOf = "2030-01-01T00:00:00Z" }, errEmpty},
		"in future":    {func(f *flags) { f.asOf = "2025-01-01T00:00:00Z" }, errEmpty},
		"no calls":     {func(f *flags) { f.events = "testdata/track.json" }, nil},
		"not a budget": {func(f *flags) { f.epsilon = 0 }, nil},
	} {
		f := callFlags(t.TempDir())
		c.spoil(&f)
		err := run(t.Context(), f, &bytes.Buffer{})
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
