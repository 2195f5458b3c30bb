package segment

import "slices"

// connect looks up the segments that In names, and orders the definitions so
// that whoever is named comes first. r.definitions is sorted by name. place
// says where a definition was given.
func (r *Rules) connect(place map[string]int) error {
	index := make(map[string]int32, len(r.definitions))
	for i := range r.definitions {
		index[r.definitions[i].Name] = int32(i)
	}
	for i := range r.definitions {
		d := &r.definitions[i]
		for k, list := range [...][]predicate{d.all, d.any, d.none} {
			for j := range list {
				in := list[j].In
				if in == nil {
					continue
				}
				to, ok := index[in.Segment]
				if !ok {
					return numbered(place[d.Name], d.lists()[k].placed(j, ErrReference))
				}
				list[j].segment = to
				d.refers = true
			}
		}
	}
	const (
		open = iota + 1
		done
	)
	state := make([]uint8, len(r.definitions))
	r.order = make([]int32, 0, len(r.definitions))
	type frame struct {
		at   int32
		next int // of what it names
	}
	for i := range r.definitions { // without recursion: a chain may be as long as there are definitions
		var stack []frame
		if state[i] == 0 {
			stack = append(stack, frame{at: int32(i)})
			state[i] = open
		}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			named := r.definitions[f.at].names()
			if f.next == len(named) {
				state[f.at] = done
				r.order = append(r.order, f.at)
				stack = stack[:len(stack)-1]
				continue
			}
			to := named[f.next]
			f.next++
			switch state[to] {
			case open:
				return numbered(place[r.definitions[f.at].Name], ErrCircular)
			case 0:
				state[to] = open
				stack = append(stack, frame{at: to})
			}
		}
	}
	return nil
}

// names returns the definitions that this one names.
func (d *definition) names() (list []int32) {
	if !d.refers {
		return nil
	}
	for _, from := range [...][]predicate{d.all, d.any, d.none} {
		for i := range from {
			if from[i].In != nil {
				list = append(list, from[i].segment)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
