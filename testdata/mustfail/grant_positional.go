package mustfail

import (
	"time"

	"github.com/discreet-go/discreet/consent"
)

// Nor without naming the fields.
func grant(s consent.Subject, t time.Time) consent.Grant {
	return consent.Grant{s, "personalize", t, t, "pages", 1} // want: unexported field
}
