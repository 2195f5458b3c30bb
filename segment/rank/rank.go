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
	e := m.evidence(q)
	if !e.personal {
		out.Contextual, out.Reason = true, ReasonNothing
		if q.Person == nil {
			out.Reason = ReasonNobody
		}
	}
	for _, s := range m.best(q, e) {
		out.Items = append(out.Items, m.explain(e, s))
	}
	return out
}

// evidence is what a request knows, ready to be put to each item.
type evidence struct {
	weights  Weights
	personal bool
	segments []weighted         // usable ones, weights add up to one
	own      []float64          // by category: factor on popularity
	seen     map[string]float64 // own items, together one
	seenBits []uint64           // by item that the model knows: it is in seen
	context  []float64          // by category: factor on popularity
}

type weighted struct {
	segment int32
	weight  float64
}

// usableWeight is false for weights that are not positive or out of all range.
func usableWeight(w float64) bool { return w >= 1e-12 && w <= 1e12 }

func (m *Model) evidence(q Request) *evidence {
	e := &evidence{weights: m.weights}
	if c := m.cats.find(q.Context); c >= 0 && m.inside[c] > 0 {
		e.context = make([]float64, len(m.cats.names))
		e.context[c] = 1 / m.inside[c]
		m.cats.down(e.context)
	}
	if q.Person == nil {
		return e
	}
	if m.weights.Segments > 0 {
		e.segments = m.segments(q.Person.Segments)
	}
	if m.weights.Categories > 0 {
		e.own = m.interests(q.Person.Categories)
	}
	if m.weights.Seen > 0 {
		e.seen = m.history(q.Person.Items, q.AsOf)
		e.seenBits = make([]uint64, (len(m.items)+63)/64)
		for item := range e.seen {
			if i, ok := m.index[item]; ok {
				e.seenBits[i/64] |= 1 << (i % 64)
			}
		}
	}
	e.personal = len(e.segments) > 0 || e.own != nil || len(e.seen) > 0
	return e
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
// or above it of weight / share of all items.
func (m *Model) interests(weights map[string]float64) []float64 {
	var own []float64
	sum := 0.0
	for _, name := range slices.Sorted(maps.Keys(weights)) {
		c := m.cats.find(name)
		if c < 0 || m.inside[c] <= 0 || !usableWeight(weights[name]) {
			continue
		}
		if own == nil {
			own = make([]float64, len(m.cats.names))
		}
		own[c] = weights[name] / m.inside[c]
		sum += weights[name]
	}
	if own == nil {
		return nil
	}
	for c := range own {
		own[c] /= sum
	}
	m.cats.down(own)
	return own
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
type parts struct{ popularity, own, seen, context float64 }

// score returns the score of one item and its parts. part, when not nil, gets
// what each segment of the evidence adds beyond popularity.
func (m *Model) score(e *evidence, item string, i int32, part []float64) (float64, parts) {
	p, cat := m.least, int32(-1)
	if i >= 0 {
		p, cat = m.pop[i], m.cat[i]
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
	return out.popularity + added + out.own + out.seen + out.context, out
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
	w := Why{Categories: p.own / score, Seen: p.seen / score, Popularity: p.popularity / score, Context: p.context / score}
	for k, gain := range part {
		if gain > 0 {
			w.Segments = append(w.Segments, SegmentShare{m.segs[e.segments[k].segment], gain / score})
		}
	}
	slices.SortStableFunc(w.Segments, func(a, b SegmentShare) int { return cmp.Compare(b.Share, a.Share) })
	out.Why = w
	return out
}
