package discreet

import "github.com/discreet-go/discreet/segment"

// Label says what a segment of a purpose is made of, for whoever is offered it:
// the kinds of disclosure of the IAB Tech Lab Data Transparency Standard 1.1. It
// follows from the configuration alone and tells of no person. Errors:
// ErrNoPurpose, [segment.ErrNoSegment].
func (e *Engine) Label(purpose, name string, terms segment.LabelTerms) (segment.Label, error) {
	r, ok := e.room(purpose)
	if !ok {
		return segment.Label{}, ErrNoPurpose
	}
	return r.rules.Label(name, terms)
}
