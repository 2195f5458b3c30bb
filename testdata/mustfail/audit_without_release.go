package mustfail

import (
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
)

// Exact counts cannot be audited: fairness reads what was released.
func audit(c *dp.Counts) (*fairness.Table, error) {
	return fairness.Read(c) // want: cannot use c
}
