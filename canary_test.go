package discreet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/discreettest"
)

// TestCanary sends 50 unmistakable e-mail addresses through everything the
// engine does and looks for them, and for their unkeyed hashes, in everything
// that comes out.
func TestCanary(t *testing.T) {
	canaries := discreettest.Canaries(t, 50)
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := boltstore.Open(path, boltstore.Options{})
	check(t, err)
	var printed, logged bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&logged, nil))
	e := discreettest.Open(t, discreet.Config{
		Store: store, Segments: worldSegments, Measures: everyMeasure(),
		Observe: func(o discreet.Observation) { logger.Info("call", "observation", o) },
	})
	show := func(values ...any) {
		for _, v := range values {
			if err, ok := v.(error); ok && err != nil {
				fmt.Fprintf(&printed, "%v %+v %#v\n", err, err, err)
			}
			fmt.Fprintf(&printed, "%v %+v %#v %s %x\n", v, v, v, v, v)
			logger.Info("value", "v", v)
			if b, err := json.Marshal(v); err == nil {
				printed.Write(b)
			}
		}
	}
	ctx := t.Context()
	other := discreet.Email("somebody.else@example.org")
	e.Agree(t, other)
	for i, c := range canaries {
		who := discreet.Email(c)
		asks, err := e.Needs(ctx, who)
		show(asks, err)
		if i%5 != 0 { // every fifth was never asked
			e.Agree(t, who)
		}
		for day := range 3 {
			ev := discreet.Event{
				Who: who, MessageID: fmt.Sprint(i, day), Kind: "view", Item: "a",
				Category: worldCategories[0], Time: e.Clock.Now().Add(-time.Duration(day) * time.Hour),
			}
			out, err := e.Record(ctx, ev)
			show(ev, &ev, out, err)
		}
		show(e.Choose(ctx, who, discreet.Choice{Notice: c, Version: 1, Locale: "en", Grant: []string{c}}))
		_, err = e.Record(ctx, discreet.Event{Who: discreet.Email(c + " <" + c + ">"), MessageID: "x", Item: "a", Time: e.Clock.Now()})
		show(err)
		_, err = e.Record(ctx, discreet.Event{Who: discreet.Opaque("")})
		show(err)
		id, err := e.ID(who, discreettest.Purpose)
		show(id, err, who, &who, []discreet.Raw{who}, map[string]discreet.Raw{"k": who}, struct{ R discreet.Raw }{who})
		if i%7 == 0 {
			show(errOf(e.Withdraw(ctx, who)))
		}
		if i%11 == 0 {
			show(errOf(e.Erase(ctx, who, operator)))
		}
		show(errOf(e.Withdraw(ctx, who, c)))
	}
	for _, m := range everyMeasure() {
		r, err := e.Release(ctx, discreet.Query{Name: "canary-" + measureName(m), Measure: measureName(m), Share: 0.05}, operator)
		check(t, err)
		show(r, r.Header(), r.Cells(), string(r.Note()), r.Statement())
	}
	_, err = e.Release(ctx, discreet.Query{Name: "another", Measure: canaries[0], Share: 0.2}, operator)
	show(err)
	_, err = e.Release(ctx, discreet.Query{Name: canaries[0], Measure: "sizes", Share: 0.2}, operator)
	show(err)
	x, err := e.Explain(ctx, other, operator)
	show(x, err)
	p, err := e.Export(ctx, other, operator)
	show(p, err)
	show(e.Engine, e.Config.Keys, e.Config.Store, e.Stats(), e.Account(), e.Verifiers())
	check(t, e.VerifyLedger(ctx))
	check(t, e.Close())
	check(t, store.Close())

	file, err := os.ReadFile(path)
	check(t, err)
	discreettest.Sweep(t, canaries, map[string][]byte{
		"the store": file, "printed values and errors": printed.Bytes(), "the log": logged.Bytes(),
	})
	if printed.Len() < 10_000 || logged.Len() < 10_000 || len(file) < 10_000 {
		t.Error("too little came out to prove anything")
	}
}

// TestCanarySweepBites makes sure that the sweep finds what it looks for.
func TestCanarySweepBites(t *testing.T) {
	canaries := discreettest.Canaries(t, 2)
	for name, leak := range map[string]string{
		"plain": "x" + canaries[1] + "y",
		"go":    fmt.Sprintf("%#v", struct{ S string }{canaries[0]}),
		"hex":   fmt.Sprintf("%X", canaries[1]),
	} {
		if _, ok := discreettest.Leaked(canaries, []byte(leak)); !ok {
			t.Errorf("a leak (%s) went unseen", name)
		}
	}
	if _, ok := discreettest.Leaked(canaries, []byte("nothing to see")); ok {
		t.Error("a clean text was called a leak")
	}
}

// TestCanaryPanic looks for a canary in the trace of a panic below the engine.
func TestCanaryPanic(t *testing.T) {
	canary := discreettest.Canaries(t, 1)
	if os.Getenv("DISCREET_TEST_PANIC") == "1" {
		armed := false
		e := discreettest.Open(t, discreet.Config{Observe: func(discreet.Observation) {
			if armed {
				panic("planned panic")
			}
		}})
		armed = true
		e.Record(t.Context(), discreet.Event{Who: discreet.Email(canary[0]), MessageID: "1", Item: "a", Time: e.Clock.Now()})
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCanaryPanic$")
	cmd.Env = append(os.Environ(), "DISCREET_TEST_PANIC=1", "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !bytes.Contains(out, []byte("planned panic")) {
		t.Fatalf("the child did not panic: %v", err)
	}
	discreettest.Sweep(t, canary, map[string][]byte{"the panic trace": out})
}
