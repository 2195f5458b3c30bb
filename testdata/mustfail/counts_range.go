package mustfail

import "github.com/discreet-go/discreet/dp"

// Nor walked over.
func peek(c *dp.Counts) {
	for range c { // want: cannot range over c
	}
}
