package rank

import (
	"cmp"
	"slices"
	"strings"
)

// scored is a candidate; index is -1 for an item the model does not know.
type scored struct {
	item  string
	score float64
	index int32
}

// before orders the better one first, equal scores by item.
func before(a, b scored) int {
	return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.item, b.item))
}

// best returns the candidates in order, at most limit of them, 0 meaning all.
func (m *Model) best(q *Request, e *evidence, limit int) []scored {
	// Items the model knows are ticked off in a bit set, the rest in a map.
	done := make([]uint64, (len(m.items)+63)/64)
	var others map[string]bool
	first := func(item string) (int32, bool) {
		i, ok := m.index[item]
		if ok {
			bit := uint64(1) << (i % 64)
			fresh := done[i/64]&bit == 0
			done[i/64] |= bit
			return i, fresh
		}
		if others[item] || item == "" {
			return -1, false
		}
		if others == nil {
			others = make(map[string]bool)
		}
		others[item] = true
		return -1, true
	}
	for _, item := range q.Exclude {
		first(item)
	}
	n := len(q.Candidates)
	if q.Candidates == nil {
		n = len(m.items)
	}
	top := heap{limit: n}
	if limit > 0 {
		top.limit = min(n, limit)
	}
	top.list = make([]scored, 0, top.limit)
	if q.Candidates == nil {
		for i, item := range m.items {
			if done[i/64]>>(i%64)&1 == 0 && m.shown(q, e, item, int32(i)) {
				score, _ := m.score(e, item, int32(i), nil)
				top.add(scored{item, score, int32(i)})
			}
		}
	}
	for _, item := range q.Candidates {
		if i, fresh := first(item); fresh && m.shown(q, e, item, i) {
			score, _ := m.score(e, item, i, nil)
			top.add(scored{item, score, i})
		}
	}
	slices.SortFunc(top.list, before)
	return top.list
}

// shown reports whether an item may be shown: it is in nothing that the person
// dismissed, and the caller keeps it.
func (m *Model) shown(q *Request, e *evidence, item string, i int32) bool {
	cat := int32(-1)
	if i >= 0 {
		cat = m.cat[i]
	}
	if cat >= 0 && e.dismissed != nil && e.dismissed[cat] {
		return false
	}
	if q.Keep == nil {
		return true
	}
	if cat < 0 {
		return q.Keep(item, "")
	}
	return q.Keep(item, m.cats.names[cat])
}

// heap keeps the best limit candidates; once full, its worst one is on top.
type heap struct {
	limit int
	list  []scored
}

func (h *heap) add(s scored) {
	if len(h.list) < h.limit {
		h.list = append(h.list, s)
		if len(h.list) == h.limit {
			for i := h.limit/2 - 1; i >= 0; i-- {
				h.sink(i)
			}
		}
		return
	}
	if h.limit > 0 && before(s, h.list[0]) < 0 {
		h.list[0] = s
		h.sink(0)
	}
}

func (h *heap) sink(i int) {
	for {
		worst, l, r := i, 2*i+1, 2*i+2
		if l < len(h.list) && before(h.list[l], h.list[worst]) > 0 {
			worst = l
		}
		if r < len(h.list) && before(h.list[r], h.list[worst]) > 0 {
			worst = r
		}
		if worst == i {
			return
		}
		h.list[i], h.list[worst] = h.list[worst], h.list[i]
		i = worst
	}
}
