package mustfail

import "github.com/discreet-go/discreet/dp"

// A draw says what was charged for it, and is signed.
func publish(c *dp.Counts) {
	dp.Draw(c) // want: not enough arguments in call to dp.Draw
}
