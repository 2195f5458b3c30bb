package rank

// poolFactor is how many times the wanted items are looked at for diversity.
const poolFactor = 5

// diversity returns the diversity that counts.
func (q *Request) diversity() float64 {
	if q.Diversity > 0 { // false for NaN
		return min(q.Diversity, 1)
	}
	return 0
}

// pool returns how many of the best items are needed for a list of at most
// limit, 0 meaning all.
func (q *Request) pool(limit int) int {
	if limit > 0 && q.diversity() > 0 {
		return limit * poolFactor
	}
	return limit
}

// diverse orders a list, best first, so that each further item of a category
// counts less: it takes, again and again, the one with the most left. Items
// without a category do not hold each other back. It keeps at most limit, 0
// meaning all.
func (m *Model) diverse(list []scored, q *Request, limit int) []scored {
	d := q.diversity()
	if d == 0 {
		return list
	}
	if limit == 0 {
		limit = len(list)
	}
	// Within a category the order stays, so only the heads of the categories
	// compete; one queue for each keeps this at categories times limit.
	var queues [][]scored
	at := make(map[int32]int)
	for _, s := range list {
		cat := int32(-1)
		if s.index >= 0 {
			cat = m.cat[s.index]
		}
		k, ok := at[cat]
		if !ok {
			k = len(queues)
			at[cat] = k
			queues = append(queues, nil)
		}
		queues[k] = append(queues[k], s)
	}
	factor := make([]float64, len(queues))
	for k := range factor {
		factor[k] = 1
	}
	loose, ok := at[-1]
	if !ok {
		loose = -1
	}
	out := make([]scored, 0, min(limit, len(list)))
	for len(out) < cap(out) {
		best := -1
		for k, queue := range queues {
			if len(queue) == 0 {
				continue
			}
			if best < 0 {
				best = k
				continue
			}
			x, y := queue[0], queues[best][0]
			x.score, y.score = x.score*factor[k], y.score*factor[best]
			if before(x, y) < 0 {
				best = k
			}
		}
		out = append(out, queues[best][0])
		queues[best] = queues[best][1:]
		if best != loose {
			factor[best] *= 1 - d
		}
	}
	return out
}
