package ingest

// consent reads the preferences of a call by the table. What is not there is no.
func (t *Tracks) consent(c *call) Reason {
	if len(t.plan.purposes) == 0 {
		return ReasonNone
	}
	denied, ok := t.denied[c.granted]
	if !ok {
		for _, p := range t.plan.purposes {
			if p.need&^c.granted != 0 {
				denied = append(denied, p.name)
			}
		}
		if len(t.denied) < maxInterned {
			t.denied[c.granted] = denied
		}
	}
	switch len(denied) {
	case 0:
		t.row.Consent = ConsentGiven
	case len(t.plan.purposes):
		t.row.Consent = ConsentRefused
	}
	if len(denied) > 0 && !t.plan.keepDenied {
		return ReasonDenied
	}
	t.row.Denied = denied
	return ReasonNone
}
