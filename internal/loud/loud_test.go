package loud_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/loud"
)

func TestWiden(t *testing.T) {
	wide := accounting.Target{Epsilon: 1, Delta: loud.Delta}
	refused := func() bool { return wide.Check() != nil }
	if !refused() {
		t.Fatal("a delta of 0.1 is accepted")
	}
	t.Run("inside", func(t *testing.T) {
		loud.Widen(t)
		t.Run("twice", func(t *testing.T) { loud.Widen(t) })
		if refused() {
			t.Error("the envelope is as it was")
		}
		for _, beyond := range []accounting.Target{
			{Epsilon: 1, Delta: 0.11}, {Epsilon: 65, Delta: 0.1}, {Epsilon: 1, Delta: 0}, {Epsilon: 0, Delta: 0.1},
		} {
			if beyond.Check() == nil {
				t.Error("more than delta is widened")
			}
		}
	})
	if !refused() {
		t.Error("the envelope stays wide after the audit")
	}
}

// TestOutside runs a program of this module that is not a test.
func TestOutside(t *testing.T) {
	out, err := exec.Command("go", "run", "./testdata/outside").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "only tests widen the envelope") {
		t.Errorf("%v: %s", err, out)
	}
}
