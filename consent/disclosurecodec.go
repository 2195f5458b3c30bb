package consent

import (
	"bytes"
	"slices"

	"github.com/discreet-go/discreet/internal/ident"
)

// What the row of a record of version 3 adds:
//
//	before the number of entries
//	  uvarint  number of names, each a string: recipients and segments
//	  uvarint  number of pseudonyms, each 20 bytes
//	in an entry of kind disclosed, which has one purpose and a text, before the salt
//	  uvarint index of the recipient, of the purpose, of the segment
//	behind the entries
//	  uvarint  number of disclosures, each:
//	         uvarint index of the recipient, of the purpose under which it was told, of the
//	         purpose whose segment it is, of the segment, of the pseudonym,
//	         uvarint first day, last-first, until-last
//
// Days count from 1970. Names and pseudonyms are sorted, distinct and used, and so
// are disclosures sorted and distinct. Purposes stand in the table of purposes.
const minDisclosure = 8

// tellings are the tables of a record that has disclosures, or entries of them. A
// nil one has none, and writes nothing.
type tellings struct {
	list    []disclosure
	entries []Entry
	names   []string
	members []ident.ID
}

func (r *Record) tellings() *tellings {
	t := &tellings{list: r.disclosed}
	for _, e := range r.journal {
		if e.Kind == KindDisclosed {
			t.entries = append(t.entries, e)
			t.names = append(t.names, e.Recipient, e.Segment)
		}
	}
	if len(t.list)+len(t.entries) == 0 {
		return nil
	}
	for i := range t.list {
		d := &t.list[i]
		t.names = append(t.names, d.recipient, d.segment)
		t.members = append(t.members, d.member)
	}
	slices.Sort(t.names)
	t.names = slices.Compact(t.names)
	slices.SortFunc(t.members, compareIDs)
	t.members = slices.Compact(t.members)
	return t
}

func compareIDs(a, b ident.ID) int {
	x, y := a.Bytes(), b.Bytes()
	return bytes.Compare(x[:], y[:])
}

// purposes returns those that disclosures name, and their entries beside their own.
func (t *tellings) purposes() (list []string) {
	if t == nil {
		return nil
	}
	for i := range t.entries {
		list = append(list, t.entries[i].Of)
	}
	for i := range t.list {
		list = append(list, t.list[i].sharing, t.list[i].purpose)
	}
	return list
}

func (t *tellings) writeNames(w *rowWriter) {
	if t == nil {
		return
	}
	w.uint(uint64(len(t.names)))
	for _, n := range t.names {
		w.text(n)
	}
	w.uint(uint64(len(t.members)))
	for i := range t.members {
		b := t.members[i].Bytes()
		w.b = append(w.b, b[:]...)
	}
}

func (w *rowWriter) index(table []string, s string) {
	i, _ := slices.BinarySearch(table, s)
	w.uint(uint64(i))
}

func (t *tellings) writeEntry(w *rowWriter, e *Entry, purposes []string) {
	w.index(t.names, e.Recipient)
	w.index(purposes, e.Of)
	w.index(t.names, e.Segment)
}

func (t *tellings) write(w *rowWriter, purposes []string) {
	if t == nil {
		return
	}
	w.uint(uint64(len(t.list)))
	for i := range t.list {
		d := &t.list[i]
		w.index(t.names, d.recipient)
		w.index(purposes, d.sharing)
		w.index(purposes, d.purpose)
		w.index(t.names, d.segment)
		m, _ := slices.BinarySearchFunc(t.members, d.member, compareIDs)
		w.uint(uint64(m))
		w.uint(uint64(d.first))
		w.uint(uint64(d.last - d.first))
		w.uint(uint64(d.until - d.last))
	}
}

// nameList is the tables of version 3, and what of them is used.
type nameList struct {
	names       []string
	members     []ident.ID
	used, known []bool // names, members
}

func readNames(r *rowReader) *nameList {
	t := &nameList{names: make([]string, r.count(2*maxMerged+2*maxEntries, 2))}
	for i := range t.names {
		t.names[i] = r.string(int(r.int(maxTitle)))
		r.require(title(t.names[i]) && (i == 0 || t.names[i-1] < t.names[i]))
	}
	t.members = make([]ident.ID, r.count(maxMerged, ident.IDSize))
	for i := range t.members {
		id, err := ident.IDFromBytes([]byte(r.take(ident.IDSize)))
		r.require(err == nil && (i == 0 || compareIDs(t.members[i-1], id) < 0))
		t.members[i] = id
	}
	t.used, t.known = make([]bool, len(t.names)), make([]bool, len(t.members))
	return t
}

// at reads an index into a table of n, and marks it in used.
func (r *journalReader) at(used []bool) int {
	i := int(r.int(int64(len(used))))
	r.require(i < len(used))
	if r.bad {
		return -1
	}
	used[i] = true
	return i
}

func (r *journalReader) disclosed(e *Entry) {
	if r.require(r.told != nil); r.bad {
		return
	}
	to, of, segment := r.at(r.told.used), r.at(r.usedPurposes), r.at(r.told.used)
	if r.bad {
		return
	}
	e.Recipient, e.Of, e.Segment = r.told.names[to], r.purposes[of], r.told.names[segment]
	told := disclosed{e.Recipient, e.Purposes[0], e.Of, e.Segment}
	r.require(told.valid())
}

// disclosures reads what stands behind the entries, and holds that there is a
// disclosure, or an entry of one.
func (r *journalReader) disclosures() []disclosure {
	t := r.told
	entries := slices.Contains(t.used, true)
	list := make([]disclosure, r.count(maxMerged, minDisclosure))
	r.require(entries || len(list) > 0)
	for i := range list {
		d := &list[i]
		to, sharing, purpose := r.at(t.used), r.at(r.usedPurposes), r.at(r.usedPurposes)
		segment, member := r.at(t.used), r.at(t.known)
		if r.bad {
			return nil
		}
		d.disclosed = disclosed{t.names[to], r.purposes[sharing], r.purposes[purpose], t.names[segment]}
		d.member = t.members[member]
		d.first = r.int(lastDay)
		d.last = d.first + r.int(lastDay)
		d.until = d.last + r.int(lastDay)
		r.require(d.valid() && d.last < d.until && d.until <= lastDay &&
			(i == 0 || compareDisclosures(list[i-1], *d) < 0))
	}
	r.require(!slices.Contains(t.used, false) && !slices.Contains(t.known, false))
	if len(list) == 0 {
		return nil
	}
	return list
}
