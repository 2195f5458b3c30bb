package segment

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Limits of a row.
const (
	rowFormat     = 0
	rowWithOthers = 1
	rowWithWishes = 2
	rowWithSums   = 3
	rowWithSlots  = 4
	maxCategories = 256     // with day counts
	maxCount      = 1 << 20 // events of one category and day
	maxPerItem    = 4       // categories of one kept item
	messageSize   = 8       // bytes of a message id's hash
)

// Formats 0 to 4 of a row: 4 where there are slots, else 3 where there are sums of
// amounts, else 2 where there are wishes, else 1 where there are others. Numbers are unsigned varints in their shortest form; lists and strings
// carry their length first.
//
//	format, salt[16]
//	created, seen-created, window, day of its start, enters, until, notice version, notice id
//	messages: days, each: seen-day (from the second on: days to the one before, less 1), n, n hashes [8] ascending
//	in format 1, others: 1 to 8, from format 2 on: 0 to 8; each: salt[16], messages as above
//	from format 2 on, dismissed: categories; left: segments; each at most 256, in format 2 not both empty
//	categories: 2*n+bound, [highest rank [8] when bound], each: name, bytes of its days, days
//	groups, each: measure, window, 2*n+bound, [highest rank [8]], bytes of its entries, entries, each: item, category+1 or 0, day
//	from format 3 on, sums: categories, in format 3 at least 1, each: place in the categories (from the second on: places to the one before, less 1), unit,
//	  days, at least 1, newest first, each: zigzag of day-start (from the second on: days to the one before, less 1), sum
//	in format 4, slots: measures, at least 1, each: measure, window, n, at least 1, n slots [8] ascending
//
// A day with its count is 2*d+more, followed by count-2 if more. For the first
// day of a category and for an entry, d is the zigzag of day-start; for the
// others of a category, newest first, it is the days to the one before, less 1.
//
// Others are the message ids of rows that were merged into this one, hashed under
// the salts of those; they ascend by salt. Dismissed and left ascend. Categories ascend by name, groups by (measure, window), entries by (item,
// category), slots by measure, all strictly. A category without days is named by an entry.
// A sum is above zero, and of a day that the category has a count of.
//
// Days count from the start of the last window, and the parts carry their
// length, so that most events change a few bytes in the middle of a row; see
// splice.

// cursor reads a row and remembers whether it was sound so far.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

// number reads a varint in shortest form of at most limit.
func (c *cursor) number(limit uint64) uint64 {
	if c.i < len(c.b) && c.b[c.i] < 0x80 {
		v := uint64(c.b[c.i])
		c.i++
		c.bad = c.bad || v > limit
		return v
	}
	return c.long(limit)
}

func (c *cursor) long(limit uint64) uint64 {
	v, n := binary.Uvarint(c.b[c.i:])
	if n <= 0 || c.b[c.i+n-1] == 0 || v > limit {
		c.bad = true
		c.i = len(c.b)
		return 0
	}
	c.i += n
	return v
}

// take skips n bytes and returns where they were.
func (c *cursor) take(n uint64) int {
	if n > uint64(len(c.b)-c.i) {
		c.bad = true
		c.i = len(c.b)
		return 0
	}
	at := c.i
	c.i += int(n)
	return at
}

// days reads a number of days with a count of 1 to limit.
func (c *cursor) days(limit uint64) (d uint64, count uint32) {
	v := c.number(4*MaxDay + 3)
	if v&1 == 0 {
		return v >> 1, 1
	}
	return v >> 1, uint32(c.number(limit-2)) + 2
}

// unzigzag undoes zigzag.
func unzigzag(v uint64) Day { return Day(v>>1) ^ -Day(v&1) }

func (c *cursor) text(limit uint64) ref {
	n := c.number(limit)
	at := c.take(n)
	if c.bad {
		return ref{}
	}
	return ref{int32(at), int32(n)}
}

func (c *cursor) fixed() uint64 {
	at := c.take(8)
	if c.bad {
		return 0
	}
	return binary.BigEndian.Uint64(c.b[at:])
}

// list reads the length of a list whose elements take at least size bytes.
func (c *cursor) list(size int) int {
	n := c.number(math.MaxInt32)
	if n > uint64(len(c.b)-c.i)/uint64(size) {
		c.bad = true
		return 0
	}
	return int(n)
}

// bounded reads the length of a list and, if it is at its bound, the highest rank.
func (c *cursor) bounded(size int) (n int, bound bool, high uint64) {
	v := c.number(math.MaxInt32)
	n, bound = int(v>>1), v&1 == 1
	if bound {
		high = c.fixed()
		c.bad = c.bad || n == 0
	}
	if n > (len(c.b)-c.i)/size {
		c.bad = true
		return 0, false, 0
	}
	return n, bound, high
}

// decode reads a whole row. p refers to row afterwards.
func (p *Profile) decode(row []byte) error {
	c, err := p.decodeHead(row)
	if err != nil {
		return err
	}
	return p.decodeBody(&c)
}

// decodeHead reads all up to the message ids.
func (p *Profile) decodeHead(row []byte) (cursor, error) {
	if len(row) < 1+len(p.salt) || len(row) > math.MaxInt32 || row[0] > rowWithSlots {
		return cursor{}, ErrRow
	}
	c := cursor{b: row, i: 1 + len(p.salt)}
	p.buf = row
	copy(p.salt[:], row[1:])
	p.created = Day(c.number(MaxDay))
	p.seen = p.created + Day(c.number(uint64(MaxDay-p.created)))
	p.window = int32(c.number(math.MaxInt32))
	p.start = Day(c.number(MaxDay))
	p.enters = int32(c.number(math.MaxInt32))
	p.until = int64(c.number(MaxMilli))
	p.version = uint32(c.number(math.MaxInt32))
	p.notice = c.text(MaxNotice)

	var ok bool
	if p.messages, ok = p.decodeMessages(&c, p.messages[:0]); !ok {
		return cursor{}, ErrRow
	}
	p.others = p.others[:0]
	if row[0] >= rowWithOthers && !p.decodeOthers(&c, row[0] == rowWithOthers) {
		return cursor{}, ErrRow
	}
	p.dismissed, p.left = p.dismissed[:0], p.left[:0]
	p.sums, p.slotted = row[0] >= rowWithSums, row[0] == rowWithSlots
	if row[0] >= rowWithWishes && !p.decodeWishes(&c, !p.sums) {
		return cursor{}, ErrRow
	}
	return c, nil
}

// decodeMessages appends the message ids to list.
func (p *Profile) decodeMessages(c *cursor, list []messageDay) ([]messageDay, bool) {
	day := p.seen + 1
	for i := range c.list(2 + messageSize) {
		back := Day(c.number(MaxDay))
		if i == 0 {
			day = p.seen - back
		} else {
			day -= back + 1
		}
		n := c.number(maxMessages)
		at := c.take(n * messageSize)
		if c.bad || n == 0 || day < 0 || !ascending(c.b[at:at+int(n)*messageSize]) {
			return nil, false
		}
		list = append(list, messageDay{day, int32(at), int32(n)})
	}
	return list, !c.bad
}

// decodeBody reads categories, groups, sums and slots.
func (p *Profile) decodeBody(c *cursor) error {
	p.cats, p.buckets = p.cats[:0], p.buckets[:0]
	n, bound, high := c.bounded(3)
	p.catBound, p.catHigh = bound, high
	bare, bucketed := 0, 0
	for i := range n {
		name := c.text(maxNodeID)
		if c.bad || name.n == 0 || i > 0 && p.compareText(p.cats[i-1].name, name) >= 0 {
			return ErrRow
		}
		from := int32(len(p.buckets))
		if !p.decodeBuckets(c, c.list(1)) {
			return ErrRow
		}
		to := int32(len(p.buckets))
		if to == from {
			bare++
		} else {
			bucketed++
		}
		p.cats = append(p.cats, category{name: name, from: from, to: to})
	}
	if c.bad || bucketed > maxCategories || bound != (bucketed == maxCategories) {
		return ErrRow
	}
	if err := p.decodeGroups(c); err != nil {
		return err
	}
	if p.sums && !p.decodeSums(c) {
		return ErrRow
	}
	if p.slots = p.slots[:0]; p.slotted && !p.decodeSlots(c) {
		return ErrRow
	}
	if c.i != len(c.b) || bare > 0 && !p.allNamed() {
		return ErrRow
	}
	return nil
}

// decodeBuckets reads the day counts of a category from n bytes.
func (p *Profile) decodeBuckets(c *cursor, n int) bool {
	day, first := Day(0), true
	for end := c.i + n; c.i < end && !c.bad; first = false {
		d, count := c.days(maxCount)
		if first {
			day = p.start + unzigzag(d)
		} else {
			day -= Day(d) + 1
		}
		c.bad = c.bad || c.i > end || day < 0 || day > MaxDay
		p.buckets = append(p.buckets, bucket{day: day, count: count})
	}
	return !c.bad
}

func (p *Profile) decodeGroups(c *cursor) error {
	p.groups, p.entries = p.groups[:0], p.entries[:0]
	for i := range c.list(7) {
		g := group{measure: c.text(contrib.MaxNameLen), window: int32(c.number(math.MaxInt32)), from: int32(len(p.entries))}
		n, bound, high := c.bounded(4)
		g.bound, g.high = bound, high
		end := c.list(1)
		end += c.i
		if c.bad || n == 0 || g.measure.n == 0 {
			return ErrRow
		}
		if i > 0 {
			before := &p.groups[i-1]
			if o := p.compareText(before.measure, g.measure); o > 0 || o == 0 && before.window >= g.window {
				return ErrRow
			}
		}
		for j := range n {
			e := entry{item: c.text(contrib.MaxItemLen), cat: int32(c.number(uint64(len(p.cats)))) - 1}
			d, count := c.days(contrib.MaxPerCell)
			e.day, e.count = p.start+unzigzag(d), count
			if c.bad || e.day < 0 || e.day > MaxDay || e.item.n == 0 || j > 0 && p.compareEntries(p.entries[len(p.entries)-1], e) >= 0 {
				return ErrRow
			}
			p.entries = append(p.entries, e)
		}
		if c.i != end {
			return ErrRow
		}
		g.to = int32(len(p.entries))
		p.groups = append(p.groups, g)
	}
	if c.bad {
		return ErrRow
	}
	return nil
}

// allNamed reports whether every category without buckets is named by an entry.
func (p *Profile) allNamed() bool {
	p.remapping = append(p.remapping[:0], make([]int32, len(p.cats))...)
	for _, e := range p.entries {
		if e.cat >= 0 {
			p.remapping[e.cat] = 1
		}
	}
	for i, c := range p.cats {
		if c.from == c.to && p.remapping[i] == 0 {
			return false
		}
	}
	return true
}

func ascending(hashes []byte) bool {
	last, sorted := uint64(0), true
	for i := 0; i < len(hashes); i += messageSize {
		h := binary.BigEndian.Uint64(hashes[i:])
		sorted = sorted && (h > last || i == 0)
		last = h
	}
	return sorted
}

// encode appends the row. With a message, its hash is added to today.
func (p *Profile) encode(dst []byte, message *[messageSize]byte, today Day) []byte {
	summed := p.summed()
	p.slotted = len(p.slots) > 0
	p.sums = summed > 0 || p.slotted
	dst = p.encodeHead(dst, message, today)
	dst = number(dst, uint64(len(p.cats))<<1|bit(p.catBound))
	if p.catBound {
		dst = binary.BigEndian.AppendUint64(dst, p.catHigh)
	}
	for i := range p.cats {
		c := &p.cats[i]
		dst = p.appendText(dst, c.name)
		dst = p.appendBuckets(dst, p.buckets[c.from:c.to])
	}
	dst = number(dst, uint64(len(p.groups)))
	for i := range p.groups {
		g := &p.groups[i]
		dst = p.appendText(dst, g.measure)
		dst = number(dst, uint64(g.window))
		dst = number(dst, uint64(g.to-g.from)<<1|bit(g.bound))
		if g.bound {
			dst = binary.BigEndian.AppendUint64(dst, g.high)
		}
		at := len(dst)
		for j := g.from; j < g.to; j++ {
			e := &p.entries[j]
			dst = p.appendText(dst, e.item)
			dst = number(dst, uint64(e.cat+1))
			dst = appendDays(dst, zigzag(e.day-p.start), e.count)
		}
		dst = prefix(dst, at)
	}
	if p.sums {
		dst = p.encodeSums(dst, summed)
	}
	if p.slotted {
		dst = p.encodeSlots(dst)
	}
	return dst
}

// appendBuckets appends the day counts of a category after their length.
func (p *Profile) appendBuckets(dst []byte, list []bucket) []byte {
	at := len(dst)
	for j, b := range list {
		if j == 0 {
			dst = appendDays(dst, zigzag(b.day-p.start), b.count)
		} else {
			dst = appendDays(dst, uint64(list[j-1].day-b.day-1), b.count)
		}
	}
	return prefix(dst, at)
}

// prefix puts the length of dst[at:] before it.
func prefix(dst []byte, at int) []byte {
	n := uint64(len(dst) - at)
	if n < 0x80 {
		dst = append(dst, 0)
		copy(dst[at+1:], dst[at:])
		dst[at] = byte(n)
		return dst
	}
	var head [binary.MaxVarintLen64]byte
	return slices.Insert(dst, at, head[:binary.PutUvarint(head[:], n)]...)
}

// encodeHead appends all up to the message ids.
func (p *Profile) encodeHead(dst []byte, message *[messageSize]byte, today Day) []byte {
	format := byte(rowFormat)
	switch {
	case p.slotted:
		format = rowWithSlots
	case p.sums:
		format = rowWithSums
	case p.wishes():
		format = rowWithWishes
	case len(p.others) > 0:
		format = rowWithOthers
	}
	dst = append(dst, format)
	dst = append(dst, p.salt[:]...)
	dst = number(dst, uint64(p.created))
	dst = number(dst, uint64(p.seen-p.created))
	dst = number(dst, uint64(p.window))
	dst = number(dst, uint64(p.start))
	dst = number(dst, uint64(p.enters))
	dst = number(dst, uint64(p.until))
	dst = number(dst, uint64(p.version))
	dst = p.appendText(dst, p.notice)
	dst = p.encodeMessages(dst, p.messages, message, today)
	if format != rowFormat {
		dst = p.encodeOthers(dst)
	}
	if format >= rowWithWishes {
		dst = p.encodeWishes(dst)
	}
	return dst
}

// encodeMessages appends the message ids with the new one among them.
func (p *Profile) encodeMessages(dst []byte, list []messageDay, message *[messageSize]byte, today Day) []byte {
	place := len(list) // of the new one's day, or where it belongs
	days := len(list)
	if message != nil {
		for place = 0; place < len(list) && list[place].day > today; place++ {
		}
		if place == len(list) || list[place].day != today {
			days++
		}
	}
	dst = number(dst, uint64(days))
	last := p.seen + 1
	first := true
	head := func(day Day, n int) {
		back := last - day - 1
		if first {
			back = p.seen - day
		}
		dst = number(dst, uint64(back))
		dst = number(dst, uint64(n))
		last, first = day, false
	}
	for i := 0; i <= len(list); i++ {
		if i == place && message != nil && (i == len(list) || list[i].day != today) {
			head(today, 1)
			dst = append(dst, message[:]...)
			message = nil
		}
		if i == len(list) {
			break
		}
		m := list[i]
		hashes := p.buf[m.at : m.at+m.n*messageSize]
		if i == place && message != nil {
			at, _ := searchHash(hashes, message)
			head(m.day, int(m.n)+1)
			dst = append(dst, hashes[:at]...)
			dst = append(dst, message[:]...)
			dst = append(dst, hashes[at:]...)
			message = nil
			continue
		}
		head(m.day, int(m.n))
		dst = append(dst, hashes...)
	}
	return dst
}

// searchHash returns the byte position of the hash, or where it belongs.
func searchHash(hashes []byte, h *[messageSize]byte) (int, bool) {
	want := binary.BigEndian.Uint64(h[:])
	lo, hi := 0, len(hashes)/messageSize
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if binary.BigEndian.Uint64(hashes[mid*messageSize:]) < want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	at := lo * messageSize
	return at, at < len(hashes) && binary.BigEndian.Uint64(hashes[at:]) == want
}

func number(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

func appendDays(dst []byte, d uint64, count uint32) []byte {
	if count == 1 {
		return number(dst, d<<1)
	}
	return number(number(dst, d<<1|1), uint64(count-2))
}

// zigzag maps 0, -1, 1, -2, ... to 0, 1, 2, 3, ...
func zigzag(d Day) uint64 { return uint64(uint32(d<<1) ^ uint32(d>>31)) }

func (p *Profile) appendText(dst []byte, r ref) []byte {
	dst = number(dst, uint64(r.n))
	return append(dst, p.bytes(r)...)
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
