package ledger_test

import "testing"

// TestAsked holds that a name is known as asked for from its charge on, also after
// opening the account anew, until the window ends.
func TestAsked(t *testing.T) {
	ctx, d := t.Context(), new(disk)
	a := open(t, d)
	in := int32(0)
	asked := func(name string, want bool) {
		t.Helper()
		if a.Asked(name, in) != want {
			t.Errorf("%s in window %d: asked for is %v", name, in, !want)
		}
	}
	asked("x", false)
	ticket, _, err := a.Reserve(ctx, request("x"), at(1))
	if err != nil {
		t.Fatal(err)
	}
	asked("x", true)
	asked("y", false)
	if err := ticket.Release(ctx); err != nil {
		t.Fatal(err)
	}
	a = open(t, d)
	asked("x", true)
	in = 1 // which the log has not reached
	asked("x", false)
	if err := a.Advance(ctx, at(40)); err != nil {
		t.Fatal(err)
	}
	asked("x", false)
	in = 0
	asked("x", false)
}
