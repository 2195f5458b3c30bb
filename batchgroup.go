package discreet

import (
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
	partEvents = 4096 // of a part, about
	lastBytes  = 256  // parts of people: by the last byte of the pseudonym, as stores spread them too
)

// part is one part of the events.
type part struct {
	people    []someone
	links     []pseudonym.Link // by person, then room
	malformed int
}

// group fills in people and links, and how many events have none.
func (b *batch) group(ctx context.Context) error {
	hashes, err := b.hash(ctx)
	if err != nil || len(b.rooms) == 0 {
		return err
	}
	order, ends, shift := spread(hashes)
	parts := make([]part, len(ends))
	tables := make([]table, len(b.spaces))
	err = parallel.Do(ctx, b.size(len(ends)), func(worker, at int) error {
		from := 0
		if at > 0 {
			from = int(ends[at-1])
		}
		return b.derive(&parts[at], &tables[worker], order[from:ends[at]], hashes, shift)
	})
	if err != nil {
		return err
	}
	for i := range parts {
		b.malformed += parts[i].malformed
	}
	return b.gather(ctx, parts)
}

// hash returns the hash of every event's identifier, 0 for none, and notes what else
// decisions ask of an event: they come in another order than events lie in memory.
func (b *batch) hash(ctx context.Context) ([]uint64, error) {
	seed := maphash.MakeSeed()
	hashes := make([]uint64, len(b.events))
	b.times = make([]int64, len(b.events))
	tasks := (len(b.events) + partEvents - 1) / partEvents
	none, signals := make([]int, tasks), make([][]int32, tasks)
	err := parallel.Do(ctx, b.size(tasks), func(_, task int) error {
		for i := task * partEvents; i < min(len(hashes), (task+1)*partEvents); i++ {
			event := &b.events[i]
			if event.Who.IsZero() {
				none[task]++
				continue
			}
			hashes[i] = event.Who.Hash(seed) | 1
			b.times[i] = timeOfEvent(event)
			if !event.Signals.IsZero() {
				signals[task] = append(signals[task], int32(i))
			}
		}
		return nil
	})
	for i := range none {
		b.anonymous += none[i]
	}
	b.signals = slices.Concat(signals...)
	return hashes, err
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

// spread sorts the events that have a hash into parts by its highest bits, in order
// within each, and returns where each part ends.
func spread(hashes []uint64) (order, ends []int32, shift int) {
	wide := bits.Len(uint(len(hashes) / partEvents))
	shift = 64 - wide
	ends = make([]int32, 1<<wide+1)
	for _, h := range hashes {
		if h != 0 {
			ends[h>>shift+1]++
		}
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	order = make([]int32, ends[len(ends)-1])
	for i, h := range hashes {
		if h != 0 {
			at := &ends[h>>shift]
			order[*at] = int32(i)
			*at++
		}
	}
	return order, ends[:len(ends)-1], shift
}

// table is one worker's room for the texts of a part.
type table struct {
	places []int32 // in texts, plus one
	texts  []text
	of     []int32 // text of each event
	sorted []int32
}

// text is an identifier as it was given.
type text struct {
	hash  uint64
	first int32 // event
	n     int32 // events; then where the next one goes
}

// derive brings the events of a part together by their text, in place, and derives
// every text once.
func (b *batch) derive(p *part, t *table, order []int32, hashes []uint64, shift int) error {
	wide := bits.Len(uint(2 * len(order)))
	t.places = slices.Grow(t.places[:0], 1<<wide)[:1<<wide]
	clear(t.places)
	t.texts, t.of = t.texts[:0], t.of[:0]
	mask := uint64(1<<wide - 1)
	for _, i := range order {
		h := hashes[i]
		at := h >> 1 & mask
		for {
			found := t.places[at]
			if found == 0 {
				t.texts = append(t.texts, text{hash: h, first: i, n: 1})
				t.places[at] = int32(len(t.texts))
				t.of = append(t.of, int32(len(t.texts)-1))
				break
			}
			if x := &t.texts[found-1]; x.hash == h && b.events[x.first].Who.Same(b.events[i].Who) {
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
	t.sorted = slices.Grow(t.sorted[:0], len(order))[:len(order)]
	for i, x := range t.of {
		at := &t.texts[x].n
		t.sorted[*at] = order[i]
		*at++
	}
	copy(order, t.sorted)

	p.people = make([]someone, 0, len(t.texts))
	p.links = make([]pseudonym.Link, 0, len(t.texts)*len(b.rooms))
	from := int32(0)
	for i := range t.texts {
		events := order[from:t.texts[i].n:t.texts[i].n]
		from = t.texts[i].n
		who := b.events[events[0]].Who
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
				slices.Sort(first.events)
				p.events = nil
				break
			}
			at = (at + 1) & mask
		}
	}
}
