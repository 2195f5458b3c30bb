package segment

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// slotSize is the bytes of a slot.
const slotSize = 8

// slots is what a person counts in, of a measure that is a series, in one window:
// hashes under the row's salt, in the row from byte at, ascending. A measure has
// those of one window, the latest in which it was released.
type slots struct {
	measure ref
	window  int32
	at, n   int32
}

// AssignSlots returns the row of a person who counts in a release of the series
// spec (its place in RulesConfig.Measures), as [Rules.Person] decides it: with a slot
// for each segment that the person is in, while any of the MaxSegments of the window
// are free, and as before else. Where more come than fit, those of lowest keyed rank
// do. A slot stays until the window is over. It returns row itself where nothing
// comes in, so also for a measure that is no series, and for a row in which a later
// window has begun. It fails with [ErrRow] only.
//
// The row that follows is a function of the row and of the arguments, which are the
// same for everybody. It costs an evaluation of the definitions.
func (r *Rules) AssignSlots(row []byte, spec int, now time.Time, asOf Day, window int32) ([]byte, error) {
	if len(row) == 0 || spec < 0 || spec >= len(r.measures) || !r.measures[spec].Series {
		return row, nil
	}
	p := r.pool.Get().(*Profile)
	defer func() {
		p.text, p.buf = "", nil // lets go of row
		r.pool.Put(p)
	}()
	if err := p.UnmarshalBinary(row); err != nil {
		return nil, err
	}
	if p.expired(now) || p.enters > window || p.window > window {
		return row, nil
	}
	s := &r.measures[spec]
	at, found := p.findSlots(s.Name)
	if found && p.slots[at].window > window {
		return row, nil
	}
	person := contrib.Person{Salt: p.salt, Segments: r.Segments(p, r.cut(asOf))}
	held := p.slotsOf(s.Name, window)
	all := s.Slots(&person, window, held)
	if len(all) == len(held) {
		return row, nil
	}
	p.buf = append([]byte(nil), p.text...)
	if !found {
		p.slots = slices.Insert(p.slots, at, slots{measure: p.add(s.Name)})
	}
	p.slots[at].window, p.slots[at].at, p.slots[at].n = window, int32(len(p.buf)), int32(len(all))
	for _, slot := range all {
		p.buf = binary.BigEndian.AppendUint64(p.buf, slot)
	}
	p.scratch = p.encode(p.scratch[:0], nil, 0)
	return bytes.Clone(p.scratch), nil
}

// findSlots returns where the slots of a measure are, or belong, in a row as read.
func (p *Profile) findSlots(measure string) (int, bool) {
	return slices.BinarySearchFunc(p.slots, measure, func(g slots, measure string) int {
		return cmp.Compare(p.string(g.measure), measure)
	})
}

// slotsOf returns the slots of a measure in a window, of a row as read.
func (p *Profile) slotsOf(measure string, window int32) []uint64 {
	i, ok := p.findSlots(measure)
	if !ok || p.slots[i].window != window {
		return nil
	}
	g := &p.slots[i]
	list := make([]uint64, g.n)
	for j := range list {
		at := int(g.at) + j*slotSize
		list[j] = binary.BigEndian.Uint64([]byte(p.text[at : at+slotSize]))
	}
	return list
}

// pruneSlots drops the slots of windows that are over: before the one in which an
// event was recorded last, because none are assigned then any more, and else one
// window later, so that a release that is still under way, or a clock that is a
// little behind, finds them. It reports whether any went.
func (p *Profile) pruneSlots(window int32) bool {
	before := len(p.slots)
	p.slots = slices.DeleteFunc(p.slots, func(g slots) bool {
		return g.window < window && g.window < max(p.window, window-1)
	})
	return before != len(p.slots)
}

// counting reports whether the row holds slots of the window, or a later one.
func (p *Profile) counting(window int32) bool {
	return slices.ContainsFunc(p.slots, func(g slots) bool { return g.window >= window })
}

func (p *Profile) decodeSlots(c *cursor) bool {
	n := c.list(4 + slotSize)
	for i := range n {
		g := slots{measure: c.text(contrib.MaxNameLen), window: int32(c.number(math.MaxInt32))}
		k := c.number(contrib.MaxSegments)
		at := c.take(k * slotSize)
		if c.bad || g.measure.n == 0 || k == 0 || !ascending(c.b[at:at+int(k)*slotSize]) ||
			i > 0 && p.compareText(p.slots[i-1].measure, g.measure) >= 0 {
			return false
		}
		g.at, g.n = int32(at), int32(k)
		p.slots = append(p.slots, g)
	}
	return n > 0
}

// encodeSlots appends what format 4 has at its end.
func (p *Profile) encodeSlots(dst []byte) []byte {
	dst = number(dst, uint64(len(p.slots)))
	for _, g := range p.slots {
		dst = p.appendText(dst, g.measure)
		dst = number(dst, uint64(g.window))
		dst = number(dst, uint64(g.n))
		dst = append(dst, p.buf[g.at:g.at+g.n*slotSize]...)
	}
	return dst
}

// SeriesSlots tells in how many segments of a measure that is a series a person
// counts in a window, over all of its releases. In which ones is kept as hashes under
// the row's salt, which name nothing.
type SeriesSlots struct {
	Measure string `json:"measure"`
	Window  int32  `json:"window"` // accounting window
	Slots   int    `json:"slots"`
}

// seriesSlots tells the slots of a row as read.
func (p *Profile) seriesSlots() []SeriesSlots {
	var list []SeriesSlots
	for _, g := range p.slots {
		list = append(list, SeriesSlots{p.string(g.measure), g.window, int(g.n)})
	}
	return list
}
