package mustfail

import "github.com/discreet-go/discreet/dp"

// A Charge comes from the ledger, never from whoever wants to draw.
func draw() dp.Charge {
	return dp.Charge{c: nil} // want: unexported field c
}
