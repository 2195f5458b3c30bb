package segment

// Edge is a segment that a person entered or left.
type Edge struct {
	Segment string
	Entered bool // false: left
}

// Held is a row as it was told of: who follows edges knows the segments that it
// makes on Day, or on the day of its last recorded event where that is later. A
// nil row makes none.
type Held struct {
	Row []byte
	Day Day // up to which time was told of
}

// Edges returns what changes from one to the other, sorted by segment: what an
// event, a wish or an erasure changes, with the same Day in both, or what time
// changes, with the same row in both. Rows have no memory of what was told: told
// is a function of the row and of Day, so that edges add up to the memberships of
// the last row whatever happened in between. It looks at no end of consent: a
// row that is over is nil. It fails with [ErrRow] only.
func (r *Rules) Edges(before, after Held) ([]Edge, error) {
	was, err := r.told(before)
	if err != nil {
		return nil, err
	}
	is, err := r.told(after)
	if err != nil {
		return nil, err
	}
	var edges []Edge
	for len(was)+len(is) > 0 {
		switch {
		case len(is) == 0 || len(was) > 0 && was[0] < is[0]:
			edges = append(edges, Edge{Segment: was[0]})
			was = was[1:]
		case len(was) == 0 || is[0] < was[0]:
			edges = append(edges, Edge{Segment: is[0], Entered: true})
			is = is[1:]
		default:
			was, is = was[1:], is[1:]
		}
	}
	return edges, nil
}

func (r *Rules) told(h Held) ([]string, error) {
	if len(h.Row) == 0 {
		return nil, nil
	}
	p, err := ReadProfile(h.Row)
	if err != nil {
		return nil, err
	}
	return r.Segments(p, max(h.Day, p.seen)), nil
}
