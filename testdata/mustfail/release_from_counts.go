package mustfail

import "github.com/discreet-go/discreet/dp"

// Exact counts are no Release: noise has to be drawn.
func publish(c *dp.Counts) dp.Release {
	return c // want: cannot use c
}
