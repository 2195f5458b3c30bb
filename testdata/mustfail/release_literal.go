package mustfail

import "github.com/discreet-go/discreet/dp"

// A Release is drawn or read from a signed note, never written down.
func publish(cells []dp.Cell) dp.Release {
	return dp.Release{cells: cells} // want: unexported field cells
}
