package segment

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/discreet-go/discreet/internal/ident"
)

// maxOthers is how many merged rows a row remembers message ids of at a time.
const maxOthers = 8

// others is the message ids of a row that was merged into this one, so that a
// message that is sent again counts once. They are hashed under that row's salt.
type others struct {
	salt     ident.Salt
	messages []messageDay
}

func (p *Profile) decodeOthers(c *cursor, some bool) bool {
	n := c.list(len(ident.Salt{}) + 3 + messageSize)
	if some && n < 1 || n > maxOthers {
		return false
	}
	for i := range n {
		var o others
		at := c.take(uint64(len(o.salt)))
		if c.bad {
			return false
		}
		copy(o.salt[:], c.b[at:])
		if o.salt == p.salt || i > 0 && bytes.Compare(p.others[i-1].salt[:], o.salt[:]) >= 0 {
			return false
		}
		var ok bool
		if o.messages, ok = p.decodeMessages(c, nil); !ok || len(o.messages) == 0 {
			return false
		}
		p.others = append(p.others, o)
	}
	return true
}

func (p *Profile) encodeOthers(dst []byte) []byte {
	dst = number(dst, uint64(len(p.others)))
	for i := range p.others {
		dst = append(dst, p.others[i].salt[:]...)
		dst = p.encodeMessages(dst, p.others[i].messages, nil, 0)
	}
	return dst
}

// inherit takes over the message ids of q, its own and those of rows that were
// merged into it. Beyond maxOthers rows or maxMessages ids, the oldest go.
func (p *Profile) inherit(q *Profile) {
	p.learn(&others{q.salt, q.messages}, q.buf)
	for i := range q.others {
		p.learn(&q.others[i], q.buf)
	}
	p.forgetMessages(p.seen)
	total := 0
	for _, list := range p.allMessages() {
		for _, m := range list {
			total += int(m.n)
		}
	}
	for len(p.others) > 0 && (len(p.others) > maxOthers || total > maxMessages) {
		oldest := 0
		for i := range p.others {
			if p.others[i].last() < p.others[oldest].last() {
				oldest = i
			}
		}
		o := &p.others[oldest]
		end := len(o.messages) - 1
		if len(p.others) > maxOthers {
			end = 0
		}
		for _, m := range o.messages[end:] {
			total -= int(m.n)
		}
		if o.messages = o.messages[:end]; end == 0 {
			p.others = slices.Delete(p.others, oldest, oldest+1)
		}
	}
}

// last returns the oldest day that is remembered.
func (o *others) last() Day { return o.messages[len(o.messages)-1].day }

// learn adds the ids of o, whose hashes are in buf.
func (p *Profile) learn(o *others, buf []byte) {
	if len(o.messages) == 0 {
		return
	}
	if o.salt == p.salt {
		p.messages = p.union(p.messages, o.messages, buf)
		return
	}
	i, ok := slices.BinarySearchFunc(p.others, o.salt, func(x others, salt ident.Salt) int {
		return bytes.Compare(x.salt[:], salt[:])
	})
	if !ok {
		p.others = slices.Insert(p.others, i, others{salt: o.salt})
	}
	p.others[i].messages = p.union(p.others[i].messages, o.messages, buf)
}

// union returns the ids of both lists, mine in p.buf and theirs in buf.
func (p *Profile) union(mine, theirs []messageDay, buf []byte) []messageDay {
	hashes := map[Day][][messageSize]byte{}
	take := func(list []messageDay, b []byte) {
		for _, m := range list {
			for h := range slices.Chunk(b[m.at:m.at+m.n*messageSize], messageSize) {
				hashes[m.day] = append(hashes[m.day], [messageSize]byte(h))
			}
		}
	}
	take(mine, p.buf)
	take(theirs, buf)
	list := make([]messageDay, 0, len(hashes))
	for day, all := range hashes {
		slices.SortFunc(all, func(a, b [messageSize]byte) int { return bytes.Compare(a[:], b[:]) })
		all = slices.Compact(all)
		list = append(list, messageDay{day, int32(len(p.buf)), int32(len(all))})
		for _, h := range all {
			p.buf = append(p.buf, h[:]...)
		}
	}
	slices.SortFunc(list, func(a, b messageDay) int { return cmp.Compare(b.day, a.day) })
	return list
}

// allMessages returns every list of message ids.
func (p *Profile) allMessages() [][]messageDay {
	list := [][]messageDay{p.messages}
	for i := range p.others {
		list = append(list, p.others[i].messages)
	}
	return list
}

// forgetMessages drops the message ids that were recorded too long before day.
func (p *Profile) forgetMessages(day Day) (gone bool) {
	forget := func(list []messageDay) []messageDay {
		n := len(list)
		for n > 0 && day-list[n-1].day > messageDays {
			n--
		}
		gone = gone || n < len(list)
		return list[:n]
	}
	p.messages = forget(p.messages)
	for i := range p.others {
		p.others[i].messages = forget(p.others[i].messages)
	}
	p.others = slices.DeleteFunc(p.others, func(o others) bool { return len(o.messages) == 0 })
	return gone
}
