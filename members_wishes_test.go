package discreet_test

import (
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
)

// TestWishesStopExport: whoever left a segment, or is not interested in what it is
// about, is handed out no more, also within a batch that was decided on before, and
// also where another identifier of the same person said so.
func TestWishesStopExport(t *testing.T) {
	ctx := t.Context()
	for name, wish := range map[string]func(e *discreettest.Engine, who discreet.Raw) error{
		"left": func(e *discreettest.Engine, who discreet.Raw) error {
			return e.Leave(ctx, who, discreettest.Purpose, "runners")
		},
		"not interested": func(e *discreettest.Engine, who discreet.Raw) error {
			return e.NotInterested(ctx, who, discreettest.Purpose, "sports")
		},
	} {
		e := opened(t, shared())
		n := 0
		x, err := e.ExportMemberships(ctx, toPartner, everybody(10), func(discreet.Membership) error {
			n += 2
			return wish(e, somebody(n-1)) // who would be next
		}, operator)
		if check(t, err); x.Members != 5 || x.Outside != 5 {
			t.Errorf("%s: %+v", name, x)
		}
		before := told1(t, e, somebody(1)) // recorded, and not handed out
		check(t, e.Merge(ctx, somebody(1), somebody(20)))
		if got, x := exported(t, e, toPartner, only(somebody(1), somebody(20))); len(got) != 0 || x.Outside != 1 {
			t.Errorf("%s, and joined: %+v", name, x)
		}
		if after := told1(t, e, somebody(20)); len(after) != len(before) {
			t.Errorf("%s: told %+v, want %+v", name, after, before)
		}
		if name == "left" {
			check(t, e.Rejoin(ctx, somebody(20), discreettest.Purpose, "runners"))
			if got, x := exported(t, e, toPartner, only(somebody(20))); len(got) != 1 {
				t.Errorf("back again: %+v", x)
			}
		}
	}
}

// TestSuspendStopsExport: a purpose that is suspended while an export is under way is
// used for nobody after that.
func TestSuspendStopsExport(t *testing.T) {
	ctx := t.Context()
	for _, purpose := range []string{partners, discreettest.Purpose} {
		e := opened(t, shared())
		x, err := e.ExportMemberships(ctx, toPartner, everybody(10), func(discreet.Membership) error {
			return e.Suspend(ctx, purpose, operator)
		}, operator)
		if check(t, err); x.Members != 1 || x.Denied[consent.Suspended] != 9 {
			t.Errorf("%s: %+v", purpose, x)
		}
	}
}
