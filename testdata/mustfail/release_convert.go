package mustfail

import "github.com/discreet-go/discreet/dp"

// Nor by conversion.
func publish(c dp.Counts) dp.Release {
	return dp.Release(c) // want: cannot convert c
}
