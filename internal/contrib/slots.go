package contrib

import (
	"cmp"
	"slices"

	"github.com/discreet-go/discreet/internal/ident"
)

// A slot says that one person counts in one segment of a series, in one window.
// It is the rank of the segment, a keyed hash under the person's own salt, so that
// it names nothing. Slots are kept with the person's record, and nothing leaves
// them within the window: see docs/proofs/admission-slots.md.

// slot returns what stands for a segment of the measure in the person's slots.
func (s *Spec) slot(salt *ident.Salt, window int32, segment string) uint64 {
	return Rank(salt, s.Name+"/segment", window, segment)
}

// Slots returns the slots of a person after a release of a series: held, those
// before it in this window, and those of the segments that the person is in now,
// lowest first, while any of the MaxSegments are free. Both lists ascend; held is
// returned as it is where nothing comes in. The result is a function of the
// arguments alone.
//
// A declared segment whose slot is that of another one, which happens once in
// 2^64 pairs, gets none, so that a slot is one segment's for every salt. It costs
// a hash for each segment the person is in, and where something comes in one for
// each declared segment.
func (s *Spec) Slots(p *Person, window int32, held []uint64) []uint64 {
	free := s.MaxSegments - len(held)
	if !s.Series || free <= 0 {
		return held
	}
	var fresh []uint64
	for _, name := range p.Segments {
		if _, ok := slices.BinarySearch(s.Segments, name); !ok {
			continue
		}
		slot := s.slot(&p.Salt, window, name)
		if _, ok := slices.BinarySearch(held, slot); !ok {
			fresh = append(fresh, slot)
		}
	}
	if len(fresh) == 0 {
		return held
	}
	slices.Sort(fresh)
	fresh = slices.Compact(fresh)
	shared := s.shared(&p.Salt, window)
	fresh = slices.DeleteFunc(fresh, func(slot uint64) bool { return slices.Contains(shared, slot) })
	if len(fresh) == 0 {
		return held
	}
	all := slices.Concat(held, fresh[:min(free, len(fresh))])
	slices.Sort(all)
	return all
}

// shared returns the slots that more than one declared segment has.
func (s *Spec) shared(salt *ident.Salt, window int32) []uint64 {
	all := make([]uint64, len(s.Segments))
	for i, name := range s.Segments {
		all[i] = s.slot(salt, window, name)
	}
	return repeated(all)
}

// repeated returns the numbers that a list holds more than once. It may reorder
// the list.
func repeated(list []uint64) (twice []uint64) {
	slices.SortFunc(list, cmp.Compare[uint64])
	for i := 1; i < len(list); i++ {
		if list[i] == list[i-1] {
			twice = append(twice, list[i])
		}
	}
	return twice
}

// InSlots returns the segments that the person counts in, of those that the person
// is in: the ones with a slot among held, which ascends.
func (s *Spec) InSlots(p *Person, window int32, held []uint64) []string {
	var in []string
	for _, name := range p.Segments {
		if _, ok := slices.BinarySearch(held, s.slot(&p.Salt, window, name)); ok {
			in = append(in, name)
		}
	}
	return in
}
