package mustfail

import "github.com/discreet-go/discreet/dp"

// Exact counts are not read.
func peek(c *dp.Counts) any {
	return c.take // want: c.take undefined
}
