package segment

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Day counts days since 1970-01-01: of UTC, or dates of the zone of the rules, see
// [Rules.Day].
type Day = contrib.Day

// Profile is one decoded row. It reads; rows change through [Rules.Admit],
// [Rules.ForgetCategory] and [Rules.Expire] only. The zero Profile is empty. A
// Profile is not safe for use while UnmarshalBinary writes it.
type Profile struct {
	text string // the row, where strings are handed out
	buf  []byte // the row, then strings of what is being admitted

	salt    ident.Salt
	created Day   // of the first recorded event
	seen    Day   // of the last recorded event
	window  int32 // the last accounting window in which an event was recorded
	start   Day   // its first day
	enters  int32 // accounting window from which the person counts in releases
	until   int64 // end of consent, unix milliseconds
	version uint32
	notice  ref

	messages []messageDay // newest first
	others   []others     // of rows that were merged into this one, sorted by salt

	dismissed []ref // categories that the person is not interested in, sorted
	left      []ref // segments that the person has left, sorted

	cats      []category // sorted by name
	buckets   []bucket   // of the categories in turn
	catBound  bool       // there are maxCategories with buckets
	catHigh   uint64     // then: the highest rank among them
	sums      bool       // the row is of a format with sums
	slotted   bool       // the row is of the format with slots
	slots     []slots    // sorted by measure
	groups    []group    // sorted by measure, then window
	entries   []entry    // of the groups in turn
	ranks     []ranked   // working space
	own       []byte     // working space: buf where it is not the caller's
	scratch   []byte     // working space: the row that follows
	remapping []int32    // working space
	fresh     []uint64   // working space
}

// ref is a string inside the row.
type ref struct{ at, n int32 }

// messageDay is the hashes of the message ids that were recorded on one day, in
// the row from byte at on, sorted.
type messageDay struct {
	day   Day
	at, n int32
}

// category is one row of the category table. One without buckets is there
// because an entry names it.
type category struct {
	name     ref
	from, to int32 // buckets, newest first
	unit     ref   // of the sums; empty where there are none
}

type bucket struct {
	day   Day
	count uint32
	sum   int64 // thousandths of the category's unit; 0 where nothing reads it
}

// group is what is kept for one measure and accounting window.
type group struct {
	measure  ref
	window   int32
	from, to int32  // entries, sorted by item, then category
	bound    bool   // as many items as the measure keeps
	high     uint64 // then: the highest rank among them
}

// entry is one kept item under one category.
type entry struct {
	item  ref
	cat   int32 // index into cats, -1 for none
	day   Day   // of the last event
	count uint32
	rank  uint64 // of the item in its group, once it was asked for; 0 before
}

type ranked struct {
	rank uint64
	at   int32
}

func (p *Profile) bytes(r ref) []byte  { return p.buf[r.at : r.at+r.n] }
func (p *Profile) string(r ref) string { return p.text[r.at : r.at+r.n] }

// add appends a string that is not in the row yet.
func (p *Profile) add(s string) ref {
	r := ref{int32(len(p.buf)), int32(len(s))}
	p.buf = append(p.buf, s...)
	return r
}

// ReadProfile decodes a row. It accepts canonical rows only and fails with
// [ErrRow] on any other bytes. It keeps no reference to row.
func ReadProfile(row []byte) (*Profile, error) {
	p := new(Profile)
	if err := p.UnmarshalBinary(row); err != nil {
		return nil, err
	}
	return p, nil
}

// UnmarshalBinary is [ReadProfile] into an existing Profile, for scans: it uses
// the space of the row before. What was returned about that row stays valid.
func (p *Profile) UnmarshalBinary(row []byte) error {
	if err := p.decode(row); err != nil {
		*p = Profile{}
		return err
	}
	p.text, p.buf = string(row), nil
	return nil
}

// Notice returns id and version of the notice under which the newest event was
// recorded.
func (p *Profile) Notice() (id string, version int) { return p.string(p.notice), int(p.version) }

// ConsentEnds returns the moment from which the profile is treated as absent,
// unless a later event of the same consent brings a later one.
func (p *Profile) ConsentEnds() time.Time { return time.UnixMilli(p.until).UTC() }

// Enters returns the accounting window from which the person counts in releases.
func (p *Profile) Enters() int32 { return p.enters }

// Recorded returns the days on which the first and the last event were recorded.
func (p *Profile) Recorded() (first, last Day) { return p.created, p.seen }

// expired reports whether consent has ended at now.
func (p *Profile) expired(now time.Time) bool { return now.UnixMilli() >= p.until }

// empty reports whether nothing but the head is left.
func (p *Profile) empty() bool {
	return len(p.cats) == 0 && len(p.groups) == 0 && len(p.messages) == 0 && len(p.others) == 0 && !p.wishes() && len(p.slots) == 0
}

// reset makes p an empty row of its own.
func (p *Profile) reset(salt ident.Salt, day Day) {
	p.text = ""
	p.buf = p.buf[:0]
	p.salt, p.created, p.seen, p.enters = salt, day, day, 0
	p.until, p.version, p.notice = 0, 0, ref{}
	p.window, p.start = -1, 0
	p.messages, p.others = p.messages[:0], p.others[:0]
	p.dismissed, p.left = p.dismissed[:0], p.left[:0]
	p.catBound, p.catHigh = false, 0
	p.cats, p.buckets = p.cats[:0], p.buckets[:0]
	p.groups, p.entries, p.slots = p.groups[:0], p.entries[:0], p.slots[:0]
}

// findCategory returns where the category is, or belongs, in the table.
func (p *Profile) findCategory(name string) (int, bool) {
	lo, hi := 0, len(p.cats)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if string(p.bytes(p.cats[mid].name)) < name {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(p.cats) && string(p.bytes(p.cats[lo].name)) == name
}

// category returns the index of the category, which it adds if need be.
func (p *Profile) category(name string) int32 {
	i, ok := p.findCategory(name)
	if !ok {
		at := int32(len(p.buckets))
		if i < len(p.cats) {
			at = p.cats[i].from
		}
		p.cats = slices.Insert(p.cats, i, category{name: p.add(name), from: at, to: at})
		for j := range p.entries {
			if p.entries[j].cat >= int32(i) {
				p.entries[j].cat++
			}
		}
	}
	return int32(i)
}

// addBucket counts more events of category i on their day.
func (p *Profile) addBucket(i int32, more bucket) {
	c := &p.cats[i]
	at := c.from
	for at < c.to && p.buckets[at].day > more.day {
		at++
	}
	if at < c.to && p.buckets[at].day == more.day {
		b := &p.buckets[at]
		b.count, b.sum = min(b.count+more.count, maxCount), min(b.sum+more.sum, maxSum)
		return
	}
	p.buckets = slices.Insert(p.buckets, int(at), more)
	c.to++
	for j := int(i) + 1; j < len(p.cats); j++ {
		p.cats[j].from++
		p.cats[j].to++
	}
}

// compareText orders two strings of the row.
func (p *Profile) compareText(a, b ref) int { return bytes.Compare(p.bytes(a), p.bytes(b)) }

// compact drops the buckets and entries that keep refuses, then groups and
// categories that nothing is left of, and reports whether anything went. It
// leaves a bound standing only where nothing went.
func (p *Profile) compact(keepBucket func(c int32, b bucket) bool, keepEntry func(g *group, e entry) bool) bool {
	changed := false
	n := int32(0)
	for i := range p.groups {
		g := &p.groups[i]
		from := n
		for _, e := range p.entries[g.from:g.to] {
			if keepEntry(g, e) {
				p.entries[n] = e
				n++
			}
		}
		if n-from != g.to-g.from {
			changed = true
			g.bound, g.high = false, 0
		}
		g.from, g.to = from, n
	}
	p.entries = p.entries[:n]
	p.groups = slices.DeleteFunc(p.groups, func(g group) bool { return g.from == g.to })

	n = 0
	bucketed := 0
	for i := range p.cats {
		c := &p.cats[i]
		from := n
		for _, b := range p.buckets[c.from:c.to] {
			if keepBucket(int32(i), b) {
				p.buckets[n] = b
				n++
			}
		}
		changed = changed || n-from != c.to-c.from
		c.from, c.to = from, n
		if n > from {
			bucketed++
		}
	}
	p.buckets = p.buckets[:n]
	if bucketed < maxCategories {
		p.catBound, p.catHigh = false, 0
	}
	return p.dropCategories() || changed
}

// dropCategories removes the categories without buckets that no entry names.
func (p *Profile) dropCategories() bool {
	bare := false
	for i := range p.cats {
		bare = bare || p.cats[i].from == p.cats[i].to
	}
	if !bare {
		return false
	}
	p.remapping = append(p.remapping[:0], make([]int32, len(p.cats))...)
	for _, e := range p.entries {
		if e.cat >= 0 {
			p.remapping[e.cat] = 1
		}
	}
	n := int32(0)
	for i, c := range p.cats {
		if c.from == c.to && p.remapping[i] == 0 {
			continue
		}
		p.cats[n] = c
		p.remapping[i] = n
		n++
	}
	if int(n) == len(p.cats) {
		return false
	}
	p.cats = p.cats[:n]
	for i := range p.entries {
		if c := &p.entries[i].cat; *c >= 0 {
			*c = p.remapping[*c]
		}
	}
	return true
}

// compareEntries orders entries by item, then category.
func (p *Profile) compareEntries(a, b entry) int {
	return cmp.Or(p.compareText(a.item, b.item), cmp.Compare(a.cat, b.cat))
}
