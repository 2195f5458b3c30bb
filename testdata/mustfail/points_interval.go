package mustfail

import "github.com/discreet-go/discreet/dp"

// A shrunk value has no interval.
func low(p dp.Point) float64 {
	return p.Low // want: p.Low undefined
}
