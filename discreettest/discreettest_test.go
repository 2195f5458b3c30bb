package discreettest_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
)

// TestOutside runs a program that is no test: it must not get by.
func TestOutside(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/outside").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "used outside a test") {
		t.Errorf("a program that is no test: %v, %s", err, out)
	}
}

// TestOpen uses an engine as a service's own test would.
func TestOpen(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{})
	who := discreet.Email("ann@example.com")
	e.Agree(t, who)
	out, err := e.Record(t.Context(), discreet.Event{
		Who: who, MessageID: "1", Kind: "view", Category: "sports.running", Time: e.Clock.Now(),
	})
	if err != nil || out[0].Result != segment.Admitted {
		t.Fatalf("%v, %v", out, err)
	}
	if _, err := e.Release(t.Context(), discreet.Query{Name: "r", Measure: "sizes", Share: 0.5}, discreet.Actor{ID: "test", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	before := e.Clock.Now()
	e.Clock.Advance(time.Hour)
	if got := e.Clock.Now().Sub(before); got != time.Hour {
		t.Errorf("the clock moved by %v", got)
	}
	e.Clock.Set(before)
	if !e.Clock.Now().Equal(before) {
		t.Error("the clock was not set")
	}
}

// TestProofs makes a grant and a release, and compares releases.
func TestProofs(t *testing.T) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d, err := pseudonym.NewDeriver(keys, "test", []string{discreettest.Purpose})
	if err != nil {
		t.Fatal(err)
	}
	link, err := d.Link(pseudonym.Opaque("1"), discreettest.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	g := discreettest.Grant(t, link, discreettest.Start)
	if g.Subject() != link.Subject() || !g.Covers(discreettest.Start) || g.Covers(discreettest.Start.AddDate(2, 0, 0)) {
		t.Errorf("%v", g)
	}
	cells := []dp.Cell{{Segment: "b", Item: "y", Value: 3}, {Segment: "a", Item: "x", Value: 2}}
	r := discreettest.Release(t, "m", 5, cells...)
	if r.Header().Kind != "segment-items" || r.At(0).Segment != "a" || r.Len() != 2 {
		t.Errorf("%+v", r.Header())
	}
	if cells[0].Segment != "b" {
		t.Error("the caller's cells were sorted")
	}
	same := discreettest.Release(t, "m", 5, cells...)
	other := discreettest.Release(t, "m", 5, cells[0])
	if !cmp.Equal(r, same, discreettest.Options()) || cmp.Equal(r, other, discreettest.Options()) {
		t.Error("releases are not compared by what they say")
	}
	a, err := d.ID(pseudonym.Opaque("1"), discreettest.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.ID(pseudonym.Opaque("2"), discreettest.Purpose)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(a, link.ID(), discreettest.Options()) || cmp.Equal(a, b, discreettest.Options()) {
		t.Error("pseudonyms are not compared by value")
	}
}
