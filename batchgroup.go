package discreet

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"slices"

	"github.com/discreet-go/discreet/internal/parallel"
	"github.com/discreet-go/discreet/pseudonym"
)

// Events come to people in three steps. They are spread by a hash of the identifier as
// it was given, so that all of one text are in one part, small enough for a table that
// stays in cache. In each part every text is derived once. People are then spread
// by their pseudonym for the first purpose, where those who came under several
// spellings meet: pseudonyms and subject are of one normal form.

const (
	partEvents   = 4096 // of a part, about
	spreadRanges = 16   // of the events
	lastBytes    = 256  // parts of people: by the last byte of the pseudonym, as stores spread them too
)

// part is one part of the events.
type part struct {
	people    []someone
	links     []pseudonym.Link // by person, then room
	malformed int
}

// spot is one event that has an identifier: what is asked of it before its turn to be
// recorded comes. Those of one person stand together, where the events themselves lie
// apart in memory.
type spot struct {
	hash  uint64 // of the identifier as it was given
	time  int64  // in milliseconds, or unplain
	event int32
}

// group fills in people and links, and how many events have none.
func (b *batch) group(ctx context.Context) error {
	spots, ends, err := b.spread(ctx)
	if err != nil || len(b.rooms) == 0 {
		return err
	}
	parts := make([]part, len(ends))
	tables := make([]table, len(b.spaces))
	err = parallel.Do(ctx, b.size(len(ends)), func(worker, at int) error {
		from := 0
		if at > 0 {
			from = int(ends[at-1])
		}
		return b.derive(&parts[at], &tables[worker], spots[from:ends[at]])
	})
	if err != nil {
		return err
	}
	for i := range parts {
		b.malformed += parts[i].malformed
	}
	return b.gather(ctx, parts)
}

// spread sorts the events that have an identifier into parts by the highest bits of its
// hash, in order within each, and returns where each part ends. Ranges of the events are
// looked at one by one, first to count, then to place.
func (b *batch) spread(ctx context.Context) ([]spot, []int32, error) {
	wide := bits.Len(uint(len(b.events) / partEvents))
	seed, shift := maphash.MakeSeed(), 64-wide
	hashes := make([]uint64, len(b.events)) // 0: none
	size := max((len(b.events)+spreadRanges-1)/spreadRanges, partEvents)
	ranges := (len(b.events) + size - 1) / size
	places := make([][]int32, ranges) // by part: how many, then where the next one goes
	none, signals := make([]int, ranges), make([][]int32, ranges)
	err := parallel.Do(ctx, b.size(ranges), func(_, at int) error {
		count := make([]int32, 1<<wide)
		for i := at * size; i < min(len(hashes), (at+1)*size); i++ {
			event := &b.events[i]
			if event.Who.IsZero() {
				none[at]++
				continue
			}
			h := event.Who.Hash(seed) | 1
			hashes[i] = h
			count[h>>shift]++
			if !event.Signals.IsZero() {
				signals[at] = append(signals[at], int32(i))
			}
		}
		places[at] = count
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for _, n := range none {
		b.anonymous += n
	}
	b.signals = slices.Concat(signals...)
	ends := make([]int32, 1<<wide)
	end := int32(0)
	for i := range ends {
		for _, count := range places {
			count[i], end = end, end+count[i]
		}
		ends[i] = end
	}
	spots := make([]spot, end)
	return spots, ends, parallel.Do(ctx, b.size(ranges), func(_, at int) error {
		for i := at * size; i < min(len(hashes), (at+1)*size); i++ {
			if h := hashes[i]; h != 0 {
				place := &places[at][h>>shift]
				spots[*place] = spot{h, timeOfEvent(&b.events[i]), int32(i)}
				*place++
			}
		}
		return nil
	})
}

// unplain is for an event that has to be looked at: with signals, or of an odd time.
const unplain = -1

// timeOfEvent returns the time of an event in milliseconds, which is how consent counts, or unplain.
func timeOfEvent(e *Event) int64 {
	if s := e.Time.Unix(); s < 0 || s > 1<<40 || !e.Signals.IsZero() {
		return unplain
	}
	return e.Time.UnixMilli()
}

// table is one worker's room for the texts of a part.
type table struct {
	places []int32 // in texts, plus one
	texts  []text
	of     []int32 // text of each event
	sorted []spot
}

// text is an identifier as it was given.
type text struct {
	hash  uint64
	first int32 // event
	n     int32 // events; then where the next one goes
}

// derive brings the events of a part together by their text, in place, and derives
// every text once.
func (b *batch) derive(p *part, t *table, spots []spot) error {
	wide := bits.Len(uint(2 * len(spots)))
	t.places = slices.Grow(t.places[:0], 1<<wide)[:1<<wide]
	clear(t.places)
	t.texts, t.of = t.texts[:0], t.of[:0]
	mask := uint64(1<<wide - 1)
	for i := range spots {
		h, event := spots[i].hash, spots[i].event
		at := h >> 1 & mask
		for {
			found := t.places[at]
			if found == 0 {
				t.texts = append(t.texts, text{hash: h, first: event, n: 1})
				t.places[at] = int32(len(t.texts))
				t.of = append(t.of, int32(len(t.texts)-1))
				break
			}
			if x := &t.texts[found-1]; x.hash == h && b.events[x.first].Who.Same(b.events[event].Who) {
				x.n++
				t.of = append(t.of, found-1)
				break
			}
			at = (at + 1) & mask
		}
	}
	end := int32(0)
	for i := range t.texts {
		n := t.texts[i].n
		t.texts[i].n = end
		end += n
	}
	t.sorted = slices.Grow(t.sorted[:0], len(spots))[:len(spots)]
	for i, x := range t.of {
		at := &t.texts[x].n
		t.sorted[*at] = spots[i]
		*at++
	}
	copy(spots, t.sorted)

	p.people = make([]someone, 0, len(t.texts))
	p.links = make([]pseudonym.Link, 0, len(t.texts)*len(b.rooms))
	from := int32(0)
	for i := range t.texts {
		events := spots[from:t.texts[i].n:t.texts[i].n]
		from = t.texts[i].n
		who := b.events[events[0].event].Who
		links, err := b.link(p.links, who)
		if err != nil {
			p.malformed += len(events)
			continue
		}
		p.links = links
		p.people = append(p.people, someone{
			subject: links[len(links)-1].Subject(), events: events,
			moves: len(b.e.cfg.Adopt) > 0 || !b.k.deriver.Single(who),
		})
	}
	return nil
}

// link appends the links of an identifier to the rooms, or none.
func (b *batch) link(links []pseudonym.Link, who Raw) ([]pseudonym.Link, error) {
	for room := range b.rooms {
		l, err := b.k.deriver.Link(who, b.rooms[room].purpose)
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, nil
}

// gather takes the people of all parts together, those of one subject as one.
func (b *batch) gather(ctx context.Context, parts []part) error {
	rooms := len(b.rooms)
	var ends [lastBytes + 1]int32
	last := func(l *pseudonym.Link) byte {
		id := l.ID().Bytes()
		return id[len(id)-1]
	}
	for i := range parts {
		for j := range parts[i].people {
			ends[int(last(&parts[i].links[j*rooms]))+1]++
		}
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	n := int(ends[lastBytes])
	b.people, b.links = make([]someone, n), make([]pseudonym.Link, n*rooms)
	events := 0
	for i := range parts {
		for j := range parts[i].people {
			p := &parts[i].people[j]
			at := &ends[last(&parts[i].links[j*rooms])]
			b.people[*at] = *p
			copy(b.links[int(*at)*rooms:], parts[i].links[j*rooms:(j+1)*rooms])
			*at++
			events += len(p.events)
		}
	}
	b.verdicts = make([]verdict, events*rooms)
	tables := make([]table, len(b.spaces))
	err := parallel.Do(ctx, b.size(lastBytes), func(worker, at int) error {
		from := int32(0)
		if at > 0 {
			from = ends[at-1]
		}
		b.join(&tables[worker], b.people[from:ends[at]], b.links[int(from)*rooms:])
		return nil
	})
	at := 0
	for i := range b.people {
		b.people[i].at = at
		at += len(b.people[i].events)
	}
	return err
}

// join gives the first of those who have one pseudonym the events of the others.
func (b *batch) join(t *table, people []someone, links []pseudonym.Link) {
	rooms := len(b.rooms)
	wide := bits.Len(uint(2 * len(people)))
	t.places = slices.Grow(t.places[:0], 1<<wide)[:1<<wide]
	clear(t.places)
	mask := uint64(1<<wide - 1)
	for i := range people {
		p, id := &people[i], links[i*rooms].ID()
		raw := id.Bytes()
		at := binary.LittleEndian.Uint64(raw[8:]) & mask
		for {
			found := t.places[at]
			if found == 0 {
				t.places[at] = int32(i + 1)
				break
			}
			if first := &people[found-1]; links[int(found-1)*rooms].ID() == id && first.subject == p.subject {
				first.events = slices.Concat(first.events, p.events)
				slices.SortFunc(first.events, func(a, b spot) int { return cmp.Compare(a.event, b.event) })
				p.events = nil
				break
			}
			at = (at + 1) & mask
		}
	}
}
