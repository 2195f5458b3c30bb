package audited

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

// Format 0 of a row. Numbers are unsigned varints in their shortest form; texts carry
// their length first.
//
//	0, salt[16]
//	created, seen-created, enters, until, notice version, notice id
//	attributes: n, at most 32, by name, each: name, second, value, or nothing where it was taken back
//	campaigns: n, at most 256, by name, each: name, what is known,
//	  day, where there is an exposure, second, where there is an outcome
//
// Days and seconds count from 1970-01-01 UTC, until in milliseconds. What is known of
// a campaign is the sum of 1 for an exposure, 2 where the person was reached, 4 for an
// outcome and 8 where that is yes. Names ascend strictly.
const rowFormat = 0

// What is known of a campaign.
const (
	bitExposed = 1 << iota
	bitReached
	bitOutcome
	bitYes
)

const maxSecond = (segment.MaxDay + 1) * 86400

// attribute is the last statement of one attribute.
type attribute struct {
	name, value string
	second      int64
}

// campaign is what is known of one campaign.
type campaign struct {
	name   string
	what   uint8
	day    contrib.Day // of the last exposure
	second int64       // of the last outcome
}

// Row is one decoded row. The zero Row is empty.
type Row struct {
	salt       ident.Salt
	created    contrib.Day // of the first recording
	seen       contrib.Day // of the last recording
	enters     int32       // accounting window from which the person counts in releases
	until      int64       // end of consent, unix milliseconds
	version    uint32
	notice     string
	attributes []attribute
	campaigns  []campaign
}

// ConsentEnds returns the moment from which the row is treated as absent, unless the
// consent is prolonged.
func (p *Row) ConsentEnds() time.Time { return time.UnixMilli(p.until).UTC() }

// Notice returns id and version of the notice of the newest recording.
func (p *Row) Notice() (id string, version int) { return p.notice, int(p.version) }

// expired reports whether consent has ended at now.
func (p *Row) expired(now time.Time) bool { return now.UnixMilli() >= p.until }

// empty reports whether nothing but the head is left.
func (p *Row) empty() bool { return len(p.attributes) == 0 && len(p.campaigns) == 0 }

// cursor reads a row and remembers whether it was sound so far.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) number(limit uint64) uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 || n > 1 && c.b[n-1] == 0 || v > limit {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) text(limit uint64) string {
	n := c.number(limit)
	if n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return ""
	}
	s := string(c.b[:n])
	c.b = c.b[n:]
	return s
}

// Read decodes a row. It accepts canonical rows only and fails with [ErrRow] on any
// other bytes. It keeps no reference to row.
func Read(row []byte) (*Row, error) {
	p := new(Row)
	if len(row) < 1+len(p.salt) || row[0] != rowFormat {
		return nil, ErrRow
	}
	copy(p.salt[:], row[1:])
	c := cursor{b: row[1+len(p.salt):]}
	p.created = contrib.Day(c.number(segment.MaxDay))
	p.seen = p.created + contrib.Day(c.number(uint64(segment.MaxDay-p.created)))
	p.enters = int32(c.number(1<<31 - 1))
	p.until = int64(c.number(segment.MaxMilli))
	p.version = uint32(c.number(1<<31 - 1))
	p.notice = c.text(segment.MaxNotice)
	last := ""
	for range c.number(MaxAttributes) {
		a := attribute{name: c.text(contrib.MaxNameLen)}
		a.second, a.value = int64(c.number(maxSecond)), c.text(contrib.MaxItemLen)
		if c.bad || a.name <= last {
			return nil, ErrRow
		}
		last = a.name
		p.attributes = append(p.attributes, a)
	}
	last = ""
	for range c.number(MaxCampaigns) {
		k := campaign{name: c.text(contrib.MaxItemLen), what: uint8(c.number(bitExposed | bitReached | bitOutcome | bitYes))}
		if k.what&bitExposed != 0 {
			k.day = contrib.Day(c.number(segment.MaxDay + 1))
		}
		if k.what&bitOutcome != 0 {
			k.second = int64(c.number(maxSecond))
		}
		if c.bad || k.name <= last || !k.sound() {
			return nil, ErrRow
		}
		last = k.name
		p.campaigns = append(p.campaigns, k)
	}
	if c.bad || len(c.b) > 0 || p.empty() {
		return nil, ErrRow
	}
	return p, nil
}

// sound reports whether what is known fits together.
func (k *campaign) sound() bool {
	return k.what&(bitExposed|bitOutcome) != 0 &&
		(k.what&bitExposed != 0 || k.what&bitReached == 0) &&
		(k.what&bitOutcome != 0 || k.what&bitYes == 0)
}

// encode returns the row in canonical form; nil where nothing is left.
func (p *Row) encode() []byte {
	if p.empty() {
		return nil
	}
	b := append([]byte{rowFormat}, p.salt[:]...)
	number := func(v uint64) { b = binary.AppendUvarint(b, v) }
	text := func(s string) { number(uint64(len(s))); b = append(b, s...) }
	number(uint64(p.created))
	number(uint64(p.seen - p.created))
	number(uint64(p.enters))
	number(uint64(p.until))
	number(uint64(p.version))
	text(p.notice)
	number(uint64(len(p.attributes)))
	for _, a := range p.attributes {
		text(a.name)
		number(uint64(a.second))
		text(a.value)
	}
	number(uint64(len(p.campaigns)))
	for _, k := range p.campaigns {
		text(k.name)
		number(uint64(k.what))
		if k.what&bitExposed != 0 {
			number(uint64(k.day))
		}
		if k.what&bitOutcome != 0 {
			number(uint64(k.second))
		}
	}
	return b
}

func compareText(a, b string) int { return strings.Compare(a, b) }

// state joins a statement: the later one holds; of one second, what takes back, else
// the value that sorts last.
func (p *Row) state(a attribute) {
	i, ok := slices.BinarySearchFunc(p.attributes, a.name, func(have attribute, name string) int { return compareText(have.name, name) })
	if !ok {
		p.attributes = slices.Insert(p.attributes, i, a)
		return
	}
	back := func(s string) int {
		if s == "" {
			return 1
		}
		return 0
	}
	have := &p.attributes[i]
	if cmp.Or(cmp.Compare(a.second, have.second), back(a.value)-back(have.value), compareText(a.value, have.value)) > 0 {
		*have = a
	}
}

// join joins what is known of a campaign: the last day counts, reached once is reached,
// the later outcome holds, and of one second yes.
func (p *Row) join(k campaign) {
	i, ok := slices.BinarySearchFunc(p.campaigns, k.name, func(have campaign, name string) int { return compareText(have.name, name) })
	if !ok {
		p.campaigns = slices.Insert(p.campaigns, i, k)
		return
	}
	have := &p.campaigns[i]
	outcome := have
	if k.what&bitOutcome != 0 && (have.what&bitOutcome == 0 || cmp.Or(cmp.Compare(k.second, have.second), cmp.Compare(k.what&bitYes, have.what&bitYes)) > 0) {
		outcome = &k
	}
	*have = campaign{
		name: k.name, what: (have.what|k.what)&(bitExposed|bitReached) | outcome.what&(bitOutcome|bitYes),
		day: max(have.day, k.day), second: outcome.second,
	}
}

// prune drops what is over on the day today, and what is declared no more, and keeps
// the bounds of a row.
func (r *Rules) prune(p *Row, today contrib.Day) {
	over := max(today, p.seen) - r.ttl // the last day that is
	p.attributes = slices.DeleteFunc(p.attributes, func(a attribute) bool {
		return r.Check(&Event{Kind: Stated, Name: a.name, Value: a.value}) != nil || secondDay(a.second) <= over
	})
	p.campaigns = slices.DeleteFunc(p.campaigns, func(k campaign) bool {
		return r.Check(&Event{Kind: Exposed, Name: k.name}) != nil || k.without(over).what == 0
	})
	for i := range p.campaigns {
		p.campaigns[i] = p.campaigns[i].without(over)
	}
	byName := func(a, b attribute) int { return compareText(a.name, b.name) }
	if len(p.attributes) > MaxAttributes {
		p.attributes = contrib.Lowest(p.attributes, MaxAttributes, func(a attribute) uint64 { return contrib.Rank(&p.salt, "/attribute", 0, a.name) }, byName)
		slices.SortFunc(p.attributes, byName)
	}
	if len(p.campaigns) > MaxCampaigns {
		ofName := func(a, b campaign) int { return compareText(a.name, b.name) }
		p.campaigns = contrib.Lowest(p.campaigns, MaxCampaigns, func(k campaign) uint64 { return contrib.Rank(&p.salt, "/campaign", 0, k.name) }, ofName)
		slices.SortFunc(p.campaigns, ofName)
	}
}

// without returns what is known of a campaign since the day over.
func (k campaign) without(over contrib.Day) campaign {
	if k.what&bitExposed != 0 && k.day <= over {
		k.what, k.day = k.what&^(bitExposed|bitReached), 0
	}
	if k.what&bitOutcome != 0 && secondDay(k.second) <= over {
		k.what, k.second = k.what&^(bitOutcome|bitYes), 0
	}
	return k
}

// secondDay returns the day of a second in UTC.
func secondDay(s int64) contrib.Day { return contrib.Day(s / 86400) }
