package rank

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// Rank orders items. It reads its arguments only, and the answer is a function
// of the Model and the Request: candidates, segments and own items may come in
// any order.
func (m *Model) Rank(q Request) Ranking {
	out := Ranking{AsOf: m.asOf, Entry: m.entry}
	if q.Person != nil && q.Person.Purpose != m.purpose && q.Person.Purpose != "" && m.purpose != "" {
		out.Reason, q.Person = ReasonPurpose, nil
	}
	dismissed := m.dismissed(q.Person)
	e := m.evidence(&q, dismissed, &out.Held)
	if !e.personal {
		out.Contextual = true
		switch {
		case out.Reason != "":
		case q.Person == nil:
			out.Reason = ReasonNobody
		default:
			out.Reason = ReasonNothing
		}
	}
	list := m.diverse(m.best(&q, e, q.pool(q.Limit)), &q, q.Limit)
	if share := q.Limits.share(); share < 1 && e.personal {
		m.mix(&out, &q, e, list, share)
		return out
	}
	for _, s := range list {
		out.Items = append(out.Items, m.explain(e, s))
	}
	return out
}

// mix fills at most a share of the places, counted from the top, with items
// that the person's own data has a part in, and the others with what everybody
// sees, in that order.
func (m *Model) mix(out *Ranking, q *Request, e *evidence, personal []scored, share float64) {
	nobody := *q
	nobody.Person = nil
	common := m.evidence(&nobody, e.dismissed, &Held{})
	everybody := m.diverse(m.best(q, common, q.pool(2*q.Limit)), q, 2*q.Limit)
	placed := make(map[string]bool, len(personal))
	next := func(list *[]scored) (s scored, ok bool) {
		for len(*list) > 0 {
			s, *list = (*list)[0], (*list)[1:]
			if !placed[s.item] {
				return s, true
			}
		}
		return scored{}, false
	}
	places, used := len(personal), 0
	for len(out.Items) < places {
		if float64(used+1) <= share*float64(len(out.Items)+1) {
			if s, ok := next(&personal); ok {
				it := m.explain(e, s)
				if it.Why.Personal() > 0 {
					used++
				}
				placed[s.item] = true
				out.Items = append(out.Items, it)
				continue
			}
		}
		s, ok := next(&everybody)
		if !ok {
			return
		}
		it := m.explain(common, s)
		it.Why.Capped = true
		placed[s.item] = true
		out.Held.Capped++
		out.Items = append(out.Items, it)
	}
	out.Contextual = used == 0
	if out.Contextual {
		out.Reason = ReasonLimit
	}
}

// evidence is what a request knows, ready to be put to each item.
type evidence struct {
	weights  Weights
	personal bool
	segments []weighted         // usable ones, weights add up to one
	named    []float64          // by category: the person's own weight of it, together one
	own      []float64          // by category: factor on popularity
	seen     map[string]float64 // own items, together one
	seenBits []uint64           // by item that the model knows: it is in seen
	context  []float64          // by category: factor on popularity

	items     []weightedItem // own items that the model knows, together one
	like      []float64      // by feature of titles: factor on popularity; nil for none
	pairs     []float64      // by place in the table of pairs; nil for none
	dismissed []bool         // by category; nil for none
	draw      *draw          // nil for the mean
}

type weighted struct {
	segment int32
	weight  float64
}

// usableWeight is false for weights that are not positive or out of all range.
func usableWeight(w float64) bool { return w >= 1e-12 && w <= 1e12 }

func (m *Model) evidence(q *Request, dismissed []bool, held *Held) *evidence {
	e := &evidence{weights: m.weights, dismissed: dismissed, draw: newDraw(q.Explore)}
	if c := m.cats.find(q.Context); c >= 0 && m.inside[c] > 0 {
		e.context = make([]float64, len(m.cats.names))
		e.context[c] = 1 / m.inside[c]
		m.cats.down(e.context)
	}
	if q.Person == nil {
		return e
	}
	person := m.allowed(q, dismissed, held)
	if m.weights.Segments > 0 {
		list := person.Segments
		if m.byCats {
			list = rowsOf(person.Categories)
		}
		e.segments = m.segments(list)
	}
	if m.weights.Categories > 0 {
		e.own, e.named = m.interests(person.Categories)
	}
	own := m.history(person.Items, q.AsOf)
	if m.weights.Seen > 0 && len(own) > 0 {
		e.seen = own
		e.seenBits = make([]uint64, (len(m.items)+63)/64)
		for item := range own {
			if i, ok := m.index[item]; ok {
				e.seenBits[i/64] |= 1 << (i % 64)
			}
		}
	}
	m.related(e, own)
	e.personal = len(e.segments) > 0 || e.own != nil || len(e.seen) > 0 || e.like != nil || e.pairs != nil
	return e
}

// rowsOf takes categories of interest for rows of a table.
func rowsOf(categories map[string]float64) []Segment {
	list := make([]Segment, 0, len(categories))
	for name, w := range categories {
		list = append(list, Segment{Name: name, Weight: w})
	}
	return list // sorted where it is used
}

// related holds the own items against titles and pairs.
func (m *Model) related(e *evidence, own map[string]float64) {
	if len(own) == 0 || m.titles == nil && m.pairs == nil {
		return
	}
	for _, item := range slices.Sorted(maps.Keys(own)) {
		if i, ok := m.index[item]; ok {
			e.items = append(e.items, weightedItem{i, own[item]})
		}
	}
	if m.weights.Pairs > 0 {
		e.pairs = m.pairs.affinities(e.items)
	}
	if m.weights.Likeness > 0 && m.titles != nil {
		v := make([]float64, len(m.titles.names))
		for _, o := range e.items {
			m.titles.add(v, o.item, o.weight)
		}
		// How like the person's items an item is that is picked by popularity: with
		// it as the unit, the shares of all items add up to one.
		unit := 0.0
		for at, x := range v {
			unit += x * m.ordinary[at]
		}
		if unit > 0 {
			for at := range v {
				v[at] /= unit
			}
			e.like = v
		}
	}
}

// segments returns the usable segments of a person, weights adding up to one.
func (m *Model) segments(list []Segment) []weighted {
	var out []weighted
	for _, s := range list {
		i, ok := m.segIndex[s.Name]
		if ok && m.rates.usable[i] && usableWeight(s.Weight) {
			out = append(out, weighted{i, s.Weight * m.rates.act[i]})
		}
	}
	slices.SortFunc(out, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.weight, b.weight))
	})
	sum, kept := 0.0, out[:0]
	for _, s := range out {
		sum += s.weight
		if n := len(kept); n > 0 && kept[n-1].segment == s.segment {
			kept[n-1].weight += s.weight
			continue
		}
		kept = append(kept, s)
	}
	for i := range kept {
		kept[i].weight /= sum
	}
	return kept
}

// interests returns, for each category, the sum over the person's categories at
// or above it of weight / share of all items, and the weights by themselves.
func (m *Model) interests(weights map[string]float64) (own, named []float64) {
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		c := m.cats.find(name)
		if c < 0 || m.inside[c] <= 0 || !usableWeight(weights[name]) {
			continue
		}
		if own == nil {
			own, named = make([]float64, len(m.cats.names)), make([]float64, len(m.cats.names))
		}
		own[c], named[c] = weights[name]/m.inside[c], weights[name]
		sum += weights[name]
	}
	if own == nil {
		return nil, nil
	}
	for c := range own {
		own[c] /= sum
		named[c] /= sum
	}
	m.cats.down(own)
	return own, named
}

// history returns the share of each own item: log2(1 + count), halved by age.
func (m *Model) history(items []OwnItem, asOf Day) map[string]float64 {
	if len(items) == 0 {
		return nil
	}
	list := slices.SortedFunc(slices.Values(items), func(a, b OwnItem) int {
		return cmp.Or(strings.Compare(a.Item, b.Item), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Count, b.Count))
	})
	seen := make(map[string]float64, len(list))
	sum := 0.0
	for _, it := range list {
		age := int64(asOf) - int64(it.Day)
		if it.Item == "" || it.Count < 1 || age < 0 {
			continue
		}
		w := math.Log2(1+float64(it.Count)) * math.Exp2(-float64(age)/m.halfLife)
		seen[it.Item] += w
		sum += w
	}
	if sum <= 0 {
		return nil
	}
	for item := range seen {
		seen[item] /= sum
	}
	return seen
}

// parts of a score; those of segments are left to the caller.
type parts struct{ popularity, own, seen, context, like, pairs float64 }

// score returns the score of one item and its parts. part, when not nil, gets
// what each segment of the evidence adds beyond popularity.
func (m *Model) score(e *evidence, item string, i int32, part []float64) (float64, parts) {
	p, cat := m.share(e, i), int32(-1)
	if i >= 0 {
		cat = m.cat[i]
	}
	var out parts
	out.popularity = e.weights.Popularity * p
	added := 0.0
	row, full := m.rates.row(i)
	for k, s := range e.segments {
		rate := p
		if full {
			rate = row[s.segment]
		} else if i >= 0 {
			rate = m.rates.of(i, s.segment, cat, p)
		}
		w := e.weights.Segments * s.weight
		out.popularity += w * min(rate, p)
		gain := w * max(0, rate-p)
		added += gain
		if part != nil {
			part[k] = gain
		}
	}
	if cat >= 0 {
		if e.own != nil {
			out.own = e.weights.Categories * e.own[cat] * p
		}
		if e.context != nil {
			out.context = e.weights.Context * e.context[cat] * p
		}
	}
	if len(e.seen) > 0 && (i < 0 || e.seenBits[i/64]>>(i%64)&1 == 1) {
		out.seen = e.weights.Seen * e.seen[item]
	}
	if i >= 0 {
		if e.like != nil {
			out.like = e.weights.Likeness * p * m.titles.dot(i, e.like)
		}
		if e.pairs != nil {
			out.pairs = e.weights.Pairs * m.pairs.share(e.pairs, i)
		}
	}
	return out.popularity + added + out.own + out.seen + out.context + out.like + out.pairs, out
}

// explain turns a scored item into an answer with its reasons.
func (m *Model) explain(e *evidence, s scored) Ranked {
	part := make([]float64, len(e.segments))
	score, p := m.score(e, s.item, s.index, part)
	out := Ranked{Item: s.item, Score: score}
	if s.index >= 0 && m.cat[s.index] >= 0 {
		out.Category = m.cats.names[m.cat[s.index]]
	}
	if score <= 0 {
		out.Why.Popularity = 1
		return out
	}
	w := Why{
		Categories: p.own / score, Seen: p.seen / score, Popularity: p.popularity / score, Context: p.context / score,
		Likeness: p.like / score, Pairs: p.pairs / score,
	}
	m.name(e, s.index, &w)
	for k, gain := range part {
		if gain > 0 {
			share := SegmentShare{m.segs[e.segments[k].segment], gain / score}
			if m.byCats { // rows are categories of the person
				w.Categories += share.Share
				w.Interests = append(w.Interests, CategoryShare{share.Segment, share.Share})
				continue
			}
			w.Segments = append(w.Segments, share)
		}
	}
	slices.SortStableFunc(w.Segments, func(a, b SegmentShare) int { return cmp.Compare(b.Share, a.Share) })
	w.Interests = merged(w.Interests)
	out.Why = w
	return out
}

// name fills in which own categories and which own item the shares come from.
func (m *Model) name(e *evidence, i int32, w *Why) {
	if i < 0 {
		return
	}
	if w.Categories > 0 {
		for at := m.cat[i]; at >= 0; at = m.cats.parent[at] {
			if e.named[at] > 0 && e.own[m.cat[i]] > 0 {
				part := e.named[at] / m.inside[at] / e.own[m.cat[i]]
				w.Interests = append(w.Interests, CategoryShare{m.cats.names[at], w.Categories * part})
			}
		}
	}
	if w.Likeness > 0 || w.Pairs > 0 {
		most := 0.0
		for _, o := range e.items {
			if x := o.weight * m.close(i, o.item, w); x > most {
				most, w.Like = x, m.items[o.item]
			}
		}
	}
}

// close tells how much an own item has to do with the place of another.
func (m *Model) close(i, own int32, w *Why) (sum float64) {
	if w.Likeness > 0 {
		a, b := m.titles.of[i], m.titles.of[own]
		for len(a) > 0 && len(b) > 0 {
			switch {
			case a[0].at < b[0].at:
				a = a[1:]
			case a[0].at > b[0].at:
				b = b[1:]
			default:
				sum += a[0].value * b[0].value
				a, b = a[1:], b[1:]
			}
		}
	}
	if w.Pairs > 0 {
		list := m.pairs.of[own]
		if k, ok := slices.BinarySearchFunc(list, i, func(p partner, i int32) int { return cmp.Compare(p.item, i) }); ok {
			sum += list[k].share
		}
	}
	return sum
}

// merged adds up the shares of a category that is named twice, largest first.
func merged(list []CategoryShare) []CategoryShare {
	slices.SortFunc(list, func(a, b CategoryShare) int { return strings.Compare(a.Category, b.Category) })
	out := list[:0]
	for _, c := range list {
		if n := len(out); n > 0 && out[n-1].Category == c.Category {
			out[n-1].Share += c.Share
			continue
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b CategoryShare) int { return cmp.Compare(b.Share, a.Share) })
	return out
}
