// Package loud lets the tests of this module widen the envelope of delta, so
// that an audit can see what a small delta hides, through the very code that
// releases.
//
// A mistake in a threshold, or in the part of a budget that is delta, shows
// itself about once in 1/delta runs: at 1e-6 no test sees it, at 0.1 every test
// does. The code is the same for both; only accounting.Target.Check asks here
// how large a delta may be.
//
// It cannot be reached by a service: the package is internal, [Widen] refuses
// in a binary that is not a test's, and the rules of the house let nobody but
// tests call it. An audit calls loud.Widen(t) first, and goes on as anybody would.
package loud

import (
	"flag"
	"sync/atomic"
)

// Delta is the largest delta while somebody audits.
const Delta = 0.1

// audits counts the tests that have widened the envelope and not ended. It is
// the one state of the module that belongs to no value: a field that carried it
// down to the envelope could be set by a service too.
var audits atomic.Int64

// TB is the part of testing.TB that Widen needs.
type TB interface {
	Helper()
	Cleanup(func())
}

// Widen raises the largest delta of the process to [Delta] until t ends. It
// panics outside of a test binary. Tests that hold the usual envelope must not
// run beside it.
func Widen(t TB) {
	t.Helper()
	if flag.Lookup("test.v") == nil {
		panic("loud: only tests widen the envelope")
	}
	audits.Add(1)
	t.Cleanup(func() { audits.Add(-1) })
}

// MaxDelta returns the largest delta: usual, or [Delta] while somebody audits.
func MaxDelta(usual float64) float64 {
	if audits.Load() > 0 {
		return Delta
	}
	return usual
}
