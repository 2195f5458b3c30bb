package segment

// evidenceDays is on how many distinct days the events must lie that put a
// person into a segment of an advertising purpose.
const evidenceDays = 2

// set is a set of definitions, by place.
type set [MaxDefinitions / 64]uint64

func (s *set) add(i int32)      { s[i/64] |= 1 << (i % 64) }
func (s *set) has(i int32) bool { return s[i/64]&(1<<(i%64)) != 0 }

// memberships says which definitions a person is in on a day.
type memberships struct {
	in    set // what counts
	plain set // had the person left none
}

// memberships evaluates every definition, each after those that it names.
//
// A person is in what would hold had they left no segment, and holds still when
// what All and Any name is looked up among what the person is in. What None
// names is looked up as if none had been left. So leaving a segment puts nobody
// into another one.
func (r *Rules) memberships(p *Profile, in *interests, asOf Day, m *memberships) {
	*m = memberships{}
	if in.n == 0 {
		return // something must hold, and there is nothing
	}
	for _, i := range r.order {
		d := &r.definitions[i]
		if !r.holds(d, p, in, asOf, &m.plain, &m.plain) {
			continue
		}
		m.plain.add(i)
		if len(p.left) > 0 && (p.hasLeft(d.Name) || d.refers && !r.holds(d, p, in, asOf, &m.in, &m.plain)) {
			continue
		}
		m.in.add(i)
	}
}

// holds reports whether a definition holds, where some says who is in what All
// and Any name, and none in what None names.
func (r *Rules) holds(d *definition, p *Profile, in *interests, asOf Day, some, none *set) bool {
	for i := range d.all {
		if _, ok := d.all[i].evaluate(p, in, asOf, some); !ok {
			return false
		}
	}
	one := len(d.any) == 0
	for i := 0; i < len(d.any) && !one; i++ {
		_, one = d.any[i].evaluate(p, in, asOf, some)
	}
	if !one {
		return false
	}
	for i := range d.none {
		if _, ok := d.none[i].evaluate(p, in, asOf, none); ok {
			return false
		}
	}
	return !r.advertising || d.evidence(p, in, asOf, some) >= evidenceDays
}

// evidence returns on how many distinct days the events lie that make the
// predicates of All, and those of Any that hold, hold. Whoever is in a segment that
// one of them names has evidence on enough days already.
func (d *definition) evidence(p *Profile, in *interests, asOf Day, some *set) (days int64) {
	var seen ages
	enough := false
	d.eachEvidence(p, in, asOf, some, func(age Day) { days += seen.add(age) }, func(int32) { enough = true })
	if enough {
		days = max(days, evidenceDays)
	}
	return days
}

// eachEvidence tells the ages of the events that make the predicates of All, and those
// of Any that hold, hold, each at least once; and the segments that these name.
func (d *definition) eachEvidence(p *Profile, in *interests, asOf Day, some *set, day func(age Day), segment func(i int32)) {
	of := func(q *predicate) {
		_, holds := q.evaluate(p, in, asOf, some)
		switch {
		case !holds:
		case q.In != nil:
			segment(q.segment)
		case q.Sum != nil:
			q.eachSum(p, in, asOf, func(age Day, _ int64) { day(age) })
		default:
			q.each(p, in, asOf, func(age Day, _ uint32) {
				if q.Score == nil || q.table[age] > 0 {
					day(age)
				}
			})
		}
	}
	for i := range d.all {
		of(&d.all[i])
	}
	for i := range d.any {
		of(&d.any[i])
	}
}

// segmentDays returns on how many distinct days the events lie that put the person
// into a segment, whatever the purpose, with those of the segments that it names.
func (r *Rules) segmentDays(i int32, p *Profile, in *interests, asOf Day, m *memberships) (days int64) {
	var seen ages
	var been set // one that several name is looked at once
	var visit func(i int32)
	visit = func(i int32) {
		if been.has(i) {
			return
		}
		been.add(i)
		r.definitions[i].eachEvidence(p, in, asOf, &m.in, func(age Day) { days += seen.add(age) }, visit)
	}
	visit(i)
	return days
}

// ages is a set of ages in days.
type ages [(MaxTTLDays + 63) / 64]uint64

// add returns 1 for an age that was not in the set yet.
func (a *ages) add(age Day) int64 {
	if bit := uint64(1) << (age % 64); a[age/64]&bit == 0 {
		a[age/64] |= bit
		return 1
	}
	return 0
}

// evaluate returns what was found (thousandths of a score or of a unit, days since the last
// event or -1, events, days or categories, 1 for somebody in a segment) and
// whether it is enough. members says who is in the segments that In names.
func (q *predicate) evaluate(p *Profile, in *interests, asOf Day, members *set) (found int64, holds bool) {
	switch {
	case q.In != nil:
		if members.has(q.segment) {
			return 1, true
		}
		return 0, false
	case q.Score != nil:
		score := uint64(0)
		q.each(p, in, asOf, func(age Day, n uint32) { score = addSaturating(score, n, q.table[age]) })
		return milli(score), reaches(score, q.Score.AtLeastMilli)
	case q.Recency != nil:
		last := Day(-1)
		q.each(p, in, asOf, func(age Day, _ uint32) {
			if last < 0 || age < last {
				last = age
			}
		})
		return int64(last), last >= 0
	case q.Sum != nil:
		q.eachSum(p, in, asOf, func(_ Day, sum int64) { found += sum })
		return found, found >= q.Sum.AtLeastMilli
	case q.Distinct != nil:
		found = q.categories(p, in, asOf)
		return found, found >= int64(q.Distinct.AtLeast)
	case q.Frequency != nil && q.Frequency.Days:
		var days ages
		q.each(p, in, asOf, func(age Day, _ uint32) { found += days.add(age) })
		return found, found >= int64(q.Frequency.AtLeast)
	}
	q.each(p, in, asOf, func(_ Day, n uint32) { found += int64(n) })
	if q.Subtree != nil {
		return found, found > 0
	}
	return found, found >= int64(q.Frequency.AtLeast)
}

// span returns the window as ages, from the youngest to the one after the oldest.
func (q *predicate) span(asOf Day) (from, to Day) {
	if q.calendar != "" {
		return q.calendar.ages(asOf)
	}
	return 0, q.within
}

// each calls f with the day counts of the subtree that lie in the window.
func (q *predicate) each(p *Profile, in *interests, asOf Day, f func(age Day, n uint32)) {
	from, to := q.span(asOf)
	for i := range in.n {
		c := &in.list[i]
		if c.enter < q.enter || c.enter >= q.leave {
			continue
		}
		for _, b := range p.buckets[c.from:c.to] {
			age := asOf - b.day
			if age >= to {
				break // newest first
			}
			if age >= from {
				f(age, b.count)
			}
		}
	}
}

// categories returns how many categories of the subtree have events in the window.
func (q *predicate) categories(p *Profile, in *interests, asOf Day) (n int64) {
	from, to := q.span(asOf)
	for i := range in.n {
		c := &in.list[i]
		if c.enter < q.enter || c.enter >= q.leave {
			continue
		}
		for _, b := range p.buckets[c.from:c.to] {
			if age := asOf - b.day; age >= from && age < to {
				n++
				break
			}
		}
	}
	return n
}
