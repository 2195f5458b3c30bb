package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/internal/synth"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
)

// runEnv makes the test binary read a file as the quickstart does, so that it
// can be killed.
const runEnv = "DISCREET_TEST_QUICKSTART"

func TestMain(m *testing.M) {
	if v := os.Getenv(runEnv); v != "" {
		file, dir, _ := strings.Cut(v, "\n")
		if err := run(context.Background(), fileFlags(file, dir), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func fileFlags(file, dir string) flags {
	return flags{
		events: file, dir: dir, epsilon: 2, delta: 1e-6, batch: 100,
		mapping: "person=who,person-kind=email,time=at,item=item,category=category,kind=did,message-id=id,consent=agreed",
	}
}

// writeEvents makes a file of people who agree, refuse and change their minds.
func writeEvents(t *testing.T, people, events int) string {
	t.Helper()
	gen, err := synth.New(synth.Config{
		Seed: 7, People: people, Items: 20, Events: events, Days: 200,
		Start:      time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Categories: []string{"sports.running", "books.fiction", "home.kitchen", "film.drama"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	w.Write([]string{"who", "at", "item", "category", "did", "id", "agreed"})
	agreed := map[string]string{}
	for r := range gen.All() {
		switch r.Kind {
		case synth.Choice:
			agreed[r.Email] = map[bool]string{true: "yes", false: "no"}[r.Granted]
		case synth.Withdrawal:
			agreed[r.Email] = "no"
		case synth.Event:
			w.Write([]string{r.Email, r.Time.Format(time.RFC3339Nano), r.Item, r.Category, r.Action, r.MessageID, agreed[r.Email]})
		}
	}
	w.Write([]string{"", "2026-07-01T00:00:00Z", "x", "", "view", "m", "yes"})        // nobody
	w.Write([]string{"a@example.com", "not a time", "x", "", "view", "m", "yes"})     // malformed
	w.Write([]string{"no address", "2026-07-19T00:00:00Z", "x", "", "view", "m", ""}) // malformed for the normaliser
	w.Flush()
	if err := errors.Join(w.Error(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// holdings returns what is held about everybody: what no interruption may change.
func holdings(t *testing.T, f flags, people int) map[string][]segment.Portable {
	t.Helper()
	ctx := t.Context()
	_, g, err := f.goods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s, err := open(ctx, f, g, f.dir, time.Date(2026, 7, 19, 0, 0, 0, 0, time.UTC), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.VerifyLedger(ctx); err != nil {
		t.Fatal(err)
	}
	if r := s.Account(); r.Entries != r.Answered || r.Entries != 2*(int(r.Window.Index)+1) {
		t.Errorf("%d charges, %d answers in %d windows", r.Entries, r.Answered, r.Window.Index+1)
	}
	out := map[string][]segment.Portable{}
	for i := range people {
		who := discreet.Email(fmt.Sprintf("person-%06d@example.com", i))
		x, err := s.Export(ctx, who, selfService)
		if err != nil {
			t.Fatal(err)
		}
		for j := range x.Profiles { // moments of recording differ, what is recorded does not
			p := &x.Profiles[j]
			p.ConsentEnds, p.FirstRecorded, p.LastRecorded, p.MessageIDs = time.Time{}, "", "", 0
		}
		if len(x.Profiles) > 0 {
			out[who.Expose()] = x.Profiles
		}
	}
	return out
}

// TestInterrupted reads one file straight through, once with cancellations and
// once killed at random: what is held at the end is the same, and every release
// was charged and answered once.
func TestInterrupted(t *testing.T) {
	const people = 60
	file := writeEvents(t, people, 3000)
	straight := fileFlags(file, t.TempDir())
	if err := run(t.Context(), straight, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	want := holdings(t, straight, people)
	if len(want) < people/2 {
		t.Fatalf("only %d people are held", len(want))
	}

	t.Run("cancelled", func(t *testing.T) {
		f := fileFlags(file, t.TempDir())
		for stop := 20 * time.Millisecond; ; stop += stop / 3 {
			ctx, cancel := context.WithTimeout(t.Context(), stop)
			err := run(ctx, f, &bytes.Buffer{})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, holdings(t, f, people)); diff != "" {
			t.Error(diff)
		}
	})
	// Folder after folder, each run killed at a random moment and run again until
	// it ends, and no later than a straight run takes on this machine.
	t.Run("killed", func(t *testing.T) {
		runs := func(dir string, killAfter time.Duration) (killed bool, took time.Duration) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), runEnv+"="+file+"\n"+dir)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			start := time.Now()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(killAfter, func() { cmd.Process.Kill() })
			err := cmd.Wait()
			took = time.Since(start)
			if timer.Stop() {
				if err != nil {
					t.Fatalf("the run failed by itself: %v\n%s", err, &out)
				}
				return false, took
			}
			return err != nil, took
		}
		_, whole := runs(t.TempDir(), time.Minute)
		kills := 0
		for folder := 0; kills < 4 && folder < 40; folder++ {
			f := fileFlags(file, t.TempDir())
			for killed := true; killed; {
				killed, _ = runs(f.dir, whole/10+rand.N(whole))
				if killed {
					kills++
				}
			}
			if diff := cmp.Diff(want, holdings(t, f, people)); diff != "" {
				t.Fatal(diff)
			}
		}
		if kills < 4 {
			t.Errorf("killed only %d times", kills)
		}
	})
}

// TestRefusals checks the messages for what cannot be run.
func TestRefusals(t *testing.T) {
	file := writeEvents(t, 3, 30)
	broken := filepath.Join(t.TempDir(), "broken.csv")
	if err := os.WriteFile(broken, []byte("who,at,item,category,did,id,agreed\n"+strings.Repeat("secret@example.com,never,x,,view,m,yes\n", 50)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(f *flags){
		"no consent":      func(f *flags) { f.mapping = strings.TrimSuffix(f.mapping, ",consent=agreed") },
		"mostly broken":   func(f *flags) { f.events = broken },
		"no file":         func(f *flags) { f.events = "missing.csv" },
		"unknown profile": func(f *flags) { f.profile = "other" },
		"epsilon":         func(f *flags) { f.epsilon = -1 },
		"mapping":         func(f *flags) { f.mapping = "person=who" },
	} {
		f := fileFlags(file, t.TempDir())
		spoil(&f)
		err := run(t.Context(), f, &bytes.Buffer{})
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: the message quotes the file", name)
		}
	}
	f := fileFlags(file, t.TempDir())
	f.show = true
	if err := run(t.Context(), f, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	f.events = writeEvents(t, 4, 40)
	if err := run(t.Context(), f, &bytes.Buffer{}); !errors.Is(err, errOtherFile) {
		t.Errorf("a folder of another file: %v", err)
	}
}

// TestSynthetic runs the main job on few people.
func TestSynthetic(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), flags{people: 400, epsilon: 2, delta: 1e-6, batch: 1000, show: true}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Budget sheet", "each of mu^2", "Released: people in each segment", "the same bytes: true", "does not fit",
		"One person's ranking", "erases the interest", "Their export", "Erased: 0 profiles", "The ledger verifies",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
}
