package mustfail

import (
	"time"

	"github.com/discreet-go/discreet/consent"
)

// A Grant is made by a Decision, never written down.
func grant(now time.Time) consent.Grant {
	return consent.Grant{from: now} // want: unexported field from
}
