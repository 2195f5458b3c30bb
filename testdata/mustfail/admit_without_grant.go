package mustfail

import "github.com/discreet-go/discreet/segment"

// Nothing enters a profile without a Grant.
func admit(r *segment.Rules, l segment.Link, e segment.Event, m segment.Moment) {
	r.Admit(nil, l, e, m) // want: not enough arguments in call to r.Admit
}
