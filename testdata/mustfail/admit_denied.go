package mustfail

import (
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/segment"
)

// A Decision is no Grant: one has to look whether it was allowed.
func admit(r *segment.Rules, d consent.Decision, l segment.Link, e segment.Event, m segment.Moment) {
	r.Admit(nil, d, l, e, m) // want: cannot use d
}
