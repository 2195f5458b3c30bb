package mustfail

import "github.com/discreet-go/discreet/consent"

// What was recorded is no Grant: it has to be decided.
func grant(h *consent.History) consent.Grant {
	return h // want: cannot use h
}
