package mustfail

import "github.com/discreet-go/discreet/dp"

// Exact counts are sealed under a keyring, never by whoever wants to read them.
func keys() dp.CountsKeys {
	return dp.CountsKeys{open: nil} // want: unexported field open
}
