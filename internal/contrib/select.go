package contrib

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/discreet-go/discreet/internal/ident"
)

// Day counts days since 1970-01-01 UTC.
type Day int32

// Entry is what a profile keeps of one item for one measure in one accounting
// window: the day of the last event and the number of events, capped.
type Entry struct {
	Item  string
	Day   Day
	Count uint32
}

// Person is what a release reads of one profile at its as-of cut.
type Person struct {
	Salt     ident.Salt
	Segments []string // names of the segments the person is in
	Items    []Entry  // kept entries of the measure; an item may appear once per window
	Days     []Act    // what the person did by day, for measures that read it

	Given   []Given    // for tables: what a batch job hands in of the person
	Group   string     // for groups: the person's
	Reached []Campaign // for groups: what is known of the person, by campaign
}

// Act is what a person did on one day in one row.
type Act struct {
	Row    int // index into Spec.Categories; of QuantityCategories any number for each category; else 0
	Day    Day
	Events uint32
	Amount int64 // thousandths of the unit, 0 to 2^52
}

// Campaign is what is known of a person in one campaign.
type Campaign struct {
	Name    string
	Reached bool
	Outcome Outcome
}

// Outcome is what came of it for a person.
type Outcome uint8

// Outcomes.
const (
	OutcomeUnknown Outcome = iota
	OutcomeNo
	OutcomeYes
)

// Cell is one bounded contribution: the place of a key, and a value of at most LInf
// in size, which is not 0.
type Cell struct {
	Row    int    // index into Spec.Names; 0 where there is one row
	Column int    // of a public key, see Spec.Key; 0 where keys are discovered; of quantiles and variances the person's number, in steps above the lowest
	Item   string // "" without items, and for pairs and campaigns
	Value  int64
}

// Rank orders keys for selection: the k lowest are kept. It is a keyed
// pseudorandom function of (measure, window, key) under the person's salt, so
// a choice is stable within a window, the same in every order of arrival, and
// out of everybody's control.
func Rank(salt *ident.Salt, measure string, window int32, key string) uint64 {
	// HMAC-SHA-256 written out, because the buffers stay on the stack: a scan
	// ranks more often than it does anything else.
	var pad [sha256.BlockSize]byte
	copy(pad[:], salt[:])
	for i := range pad {
		pad[i] ^= 0x36
	}
	buf := append(make([]byte, 0, 384), pad[:]...)
	buf = binary.BigEndian.AppendUint32(buf, uint32(window))
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(measure)))
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(key)))
	buf = append(buf, measure...)
	buf = append(buf, key...)
	inner := sha256.Sum256(buf)
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range pad {
		outer[i] = pad[i] ^ 0x36 ^ 0x5c
	}
	copy(outer[sha256.BlockSize:], inner[:])
	sum := sha256.Sum256(outer[:])
	return binary.BigEndian.Uint64(sum[:])
}

// segments returns the indexes of the segments that count, sorted.
func (s *Spec) segments(p *Person, window int32) []int {
	idx := make([]int, 0, len(p.Segments))
	for _, n := range p.Segments {
		if i, ok := slices.BinarySearch(s.Segments, n); ok {
			idx = append(idx, i)
		}
	}
	slices.Sort(idx)
	idx = slices.Compact(idx)
	if len(idx) > s.MaxSegments {
		measure := s.Name
		if s.Kind == KindMeans && s.Of != "" {
			measure = s.Of // who counts in the denominators counts here
		}
		measure += "/segment"
		idx = Lowest(idx, s.MaxSegments, func(i int) uint64 {
			return Rank(&p.Salt, measure, window, s.Segments[i])
		}, cmp.Compare[int])
		slices.Sort(idx)
	}
	return idx
}

// items merges the entries by item, drops what is out of the look-back or not
// public, and keeps the MaxItems lowest, sorted by item.
func (s *Spec) items(p *Person, window int32, asOf Day) []Entry {
	merged := make([]Entry, 0, len(p.Items))
	for _, e := range p.Items {
		if e.Day <= asOf && int(asOf)-int(e.Day) < s.LookbackDays && e.Count > 0 && s.Counts(e.Item) {
			merged = append(merged, e)
		}
	}
	byItem := func(a, b Entry) int { return cmp.Compare(a.Item, b.Item) }
	slices.SortFunc(merged, byItem)
	out := merged[:0]
	for _, e := range merged {
		if n := len(out); n > 0 && out[n-1].Item == e.Item {
			out[n-1].Count = s.Cap(uint64(out[n-1].Count) + uint64(e.Count))
			out[n-1].Day = max(out[n-1].Day, e.Day)
			continue
		}
		e.Count = s.Cap(uint64(e.Count))
		out = append(out, e)
	}
	out = Lowest(out, s.MaxItems, func(e Entry) uint64 {
		return Rank(&p.Salt, s.Name, window, e.Item)
	}, byItem)
	slices.SortFunc(out, byItem)
	return out
}

// Counts reports whether the item is one that the measure may count.
func (s *Spec) Counts(item string) bool {
	if !s.KeepsItems() && s.Kind != KindTable {
		return false
	}
	if !s.Discovered {
		if _, ok := slices.BinarySearch(s.Items, item); !ok {
			return false
		}
	}
	return ValidKey(item)
}

// Cap bounds a count by LInf.
func (s *Spec) Cap(count uint64) uint32 { return uint32(min(count, uint64(s.MaxPerCell))) }

// Lowest returns the k elements with the lowest rank, ties broken by compare.
// It may reorder list.
func Lowest[T any](list []T, k int, rank func(T) uint64, compare func(a, b T) int) []T {
	if len(list) <= k {
		return list
	}
	type ranked struct {
		rank uint64
		v    T
	}
	all := make([]ranked, len(list))
	for i, v := range list {
		all[i] = ranked{rank(v), v}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), compare(a.v, b.v))
	})
	for i := range k {
		list[i] = all[i].v
	}
	return list[:k]
}
