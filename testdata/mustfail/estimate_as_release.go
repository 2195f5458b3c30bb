package mustfail

import "github.com/discreet-go/discreet/dp"

// What was computed from releases is no Release: nothing was charged or signed for it.
func publish(e dp.Estimates) dp.Release {
	return e // want: cannot use e
}
