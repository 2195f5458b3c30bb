package mustfail

import "github.com/discreet-go/discreet/dp/noise"

// A scale is an exact fraction, checked; a float is none.
func draw() {
	noise.NewGaussian(0.0) // want: cannot use 0.0
}
