package iab

// idSet is a set of identifiers as a TC string holds it: one bit for each of them,
// or a list of ranges. It is looked up where it stands and never expanded.
type idSet struct {
	max    uint16 // the largest identifier that is announced
	pos    uint16 // bit of the text where the bits or the ranges begin
	n      uint16 // of ranges
	ranges bool
}

// readSet takes a set, and checks its ranges.
func readSet(r *reader) (s idSet, err error) {
	v := r.take(17)
	s.max, s.ranges = uint16(v>>1), v&1 == 1
	if !s.ranges {
		s.pos = uint16(r.skip(int(s.max)))
		return s, nil
	}
	s.n = uint16(r.take(12))
	s.pos = uint16(r.pos)
	return s, checkRanges(r, int(s.n), s.max)
}

// checkRanges takes n ranges of identifiers from 1 to most. They need not be in order.
func checkRanges(r *reader, n int, most uint16) error {
	for range n {
		v := r.take(17)
		first := uint16(v)
		last := first
		if v>>16 == 1 {
			last = uint16(r.take(16))
		}
		if r.short {
			return ErrLength
		}
		if first == 0 || last < first || last > most {
			return ErrRange
		}
	}
	return nil
}

// has looks id up in the text that the set was read from.
func (s idSet) has(text string, id int) bool {
	if id < 1 || id > int(s.max) {
		return false
	}
	if !s.ranges {
		return bitsAt(text, int(s.pos)+id-1, 1) == 1
	}
	found, _ := inRanges(text, int(s.pos), int(s.n), id)
	return found
}

// inRanges looks id up in n ranges that begin at bit pos, and returns where they end.
func inRanges(text string, pos, n, id int) (found bool, end int) {
	for range n {
		v := bitsAt(text, pos, 17)
		first := int(v & 0xffff)
		last := first
		pos += 17
		if v>>16 == 1 {
			last = int(bitsAt(text, pos, 16))
			pos += 16
		}
		found = found || first <= id && id <= last
	}
	return found, pos
}

// RestrictionKind is what a publisher does with one purpose of one vendor.
type RestrictionKind uint8

// The kinds of restriction, by their numbers in the string.
const (
	NotAllowed                RestrictionKind = iota // flatly
	RequireConsent                                   // consent is the basis
	RequireLegitimateInterest                        // legitimate interest is the basis, and consent is none
	UndefinedRestriction                             // not in use
)

// Restriction is one restriction by the publisher.
type Restriction struct {
	Purpose int // 1 to 24
	Vendor  int // number in the global vendor list, 1 to 65535
	Kind    RestrictionKind
}

// Restricts reports whether the string holds the restriction. The cost is
// proportional to the length of the restrictions.
func (t *TCF) Restricts(r Restriction) bool {
	return t.kinds(r.Vendor, purposeBit(r.Purpose))&(1<<r.Kind) != 0
}

// kinds returns the kinds of restriction, one bit each, of a vendor for any of
// some purposes.
func (t *TCF) kinds(vendor int, purposes uint32) (kinds uint8) {
	pos := int(t.restrictions)
	for range t.nRestrictions {
		v := bitsAt(t.text, pos, 20)
		var found bool
		found, pos = inRanges(t.text, pos+20, int(v&0xfff), vendor)
		if found && purposeBit(int(v>>14))&purposes != 0 {
			kinds |= 1 << (v >> 12 & 3)
		}
	}
	return kinds
}
