package mutants

func contribMutants() []Mutant {
	return []Mutant{
		{
			Name:  "never-clipped",
			What:  "the cap of a person's count in a cell is left to the caller",
			Cases: []string{"sensitivity", "public-table"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"func (s *Spec) Cap(count uint64) uint32 { return uint32(min(count, uint64(s.MaxPerCell))) }",
				"func (s *Spec) Cap(count uint64) uint32 {\n	if mutant.On(\"never-clipped\") {\n		return uint32(count)\n	}\n	return uint32(min(count, uint64(s.MaxPerCell)))\n}",
			}},
		},
		{
			Name:  "clipped-before-merging",
			What:  "each entry of an item is clipped and their sum is not",
			Cases: []string{"sensitivity"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"			out[n-1].Count = s.Cap(uint64(out[n-1].Count) + uint64(e.Count))\n",
				"			sum := uint64(out[n-1].Count) + uint64(e.Count)\n			out[n-1].Count = s.Cap(sum)\n			if mutant.On(\"clipped-before-merging\") {\n				out[n-1].Count = uint32(sum)\n			}\n",
			}},
		},
		{
			Name:  "one-segment-too-many",
			What:  "the bound on segments is compared with > where >= was meant",
			Cases: []string{"sensitivity"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"	if len(idx) > s.MaxSegments {",
				"	if len(idx) > s.MaxSegments && !(mutant.On(\"one-segment-too-many\") && len(idx) == s.MaxSegments+1) {",
			}},
		},
		{
			Name:  "items-bounded-for-each-segment",
			What:  "the bound on items is taken once for each segment of the person",
			Cases: []string{"sensitivity"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"	out = Lowest(out, s.MaxItems, func",
				"	bound := s.MaxItems\n	if mutant.On(\"items-bounded-for-each-segment\") {\n		bound *= s.MaxSegments\n	}\n	out = Lowest(out, bound, func",
			}},
		},
		{
			Name:  "person-twice-in-a-segment",
			What:  "a segment that is named twice in a merged profile counts its person twice",
			Cases: []string{"sensitivity"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"	idx = slices.Compact(idx)\n",
				"	if !mutant.On(\"person-twice-in-a-segment\") {\n		idx = slices.Compact(idx)\n	}\n",
			}},
		},
		{
			Name:  "most-frequent-items-kept",
			What:  "items are kept by their count and not by a keyed hash, so that behaviour steers the choice",
			Cases: []string{"selection"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"		return Rank(&p.Salt, s.Name, window, e.Item)\n",
				"		if mutant.On(\"most-frequent-items-kept\") {\n			return ^uint64(e.Count)\n		}\n		return Rank(&p.Salt, s.Name, window, e.Item)\n",
			}},
		},
		{
			Name:  "selection-unkeyed",
			What:  "the choice among a person's items is a plain hash, which anybody can compute",
			Cases: []string{"selection"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"	copy(pad[:], salt[:])\n",
				"	if !mutant.On(\"selection-unkeyed\") {\n		copy(pad[:], salt[:])\n	}\n",
			}},
		},
		{
			Name:  "look-back-a-day-too-long",
			What:  "the look-back is compared with <= where < was meant",
			Cases: []string{"look-back"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"int(asOf)-int(e.Day) < s.LookbackDays &&",
				"(int(asOf)-int(e.Day) < s.LookbackDays || mutant.On(\"look-back-a-day-too-long\") && int(asOf)-int(e.Day) == s.LookbackDays) &&",
			}},
		},
		{
			Name:  "as-of-ignored",
			What:  "an event that came after the cut is counted, as the scan runs later",
			Cases: []string{"look-back"},
			Edits: []Edit{{
				"internal/contrib/select.go",
				"		if e.Day <= asOf && ",
				"		if (e.Day <= asOf || mutant.On(\"as-of-ignored\")) && ",
			}},
		},
		{
			Name:  "linf-forgotten",
			What:  "the L2 sensitivity counts cells and forgets how much one cell moves",
			Cases: []string{"sensitivity", "public-table"},
			Edits: []Edit{{
				"internal/contrib/spec.go",
				"	square := rows * uint64(s.LInf()) * uint64(s.LInf())\n",
				"	square := rows * uint64(s.LInf()) * uint64(s.LInf())\n	if mutant.On(\"linf-forgotten\") {\n		square = rows\n	}\n	if mutant.On(\"linf-not-squared\") {\n		square = rows * uint64(s.LInf())\n	}\n",
			}},
		},
		{
			Name:  "linf-not-squared",
			What:  "L1 and L2 sensitivity are mixed up (planted beside linf-forgotten)",
			Cases: []string{"sensitivity", "public-table"},
		},
		{
			Name:  "l0-of-items-alone",
			What:  "a person in several segments counts with every item in each of them, and the bound forgets it",
			Cases: []string{"sensitivity", "public-table"},
			Edits: []Edit{{
				"internal/contrib/spec.go",
				"	return s.MaxSegments * s.MaxItems\n}",
				"	if mutant.On(\"l0-of-items-alone\") {\n		return s.MaxItems\n	}\n	return s.MaxSegments * s.MaxItems\n}",
			}},
		},
		{
			Name:  "threshold-on-counts",
			What:  "a discovered table counts events, so that one eager person passes the threshold alone",
			Cases: []string{"sensitivity", "loners"},
			Edits: []Edit{{
				"internal/contrib/vector.go",
				"		c := Cell{Row: rows[0], Item: it.Item, Value: int64(it.Count) * s.weight(it.Day, asOf)}\n",
				"		c := Cell{Row: rows[0], Item: it.Item, Value: int64(it.Count) * s.weight(it.Day, asOf)}\n			for _, e := range p.Items {\n				if mutant.On(\"threshold-on-counts\") && s.Discovered && e.Item == it.Item {\n					c.Value = int64(e.Count)\n				}\n			}\n",
			}},
		},
		{
			Name:  "replay-counted-twice",
			What:  "a message id that is known is admitted again",
			Cases: []string{"admission"},
			Edits: []Edit{{
				"segment/admit.go",
				"	case ok:\n		return Duplicate\n",
				"	case ok && !mutant.On(\"replay-counted-twice\"):\n		return Duplicate\n",
			}},
		},
		{
			Name:  "merge-forgets-messages",
			What:  "a message that was recorded under one identifier counts again under the one it was merged into",
			Cases: []string{"merging"},
			Edits: []Edit{{
				"segment/merge.go",
				"	p.inherit(q)\n",
				"	if !mutant.On(\"merge-forgets-messages\") {\n		p.inherit(q)\n	}\n",
			}},
		},
		{
			Name:  "merge-counts-at-once",
			What:  "a person who came back under one identifier counts in this window again under the other",
			Cases: []string{"merging"},
			Edits: []Edit{{
				"segment/merge.go",
				"	p.enters, p.until = max(p.enters, q.enters), min(p.until, q.until)\n",
				"	if p.until = min(p.until, q.until); !mutant.On(\"merge-counts-at-once\") {\n		p.enters = max(p.enters, q.enters)\n	}\n",
			}},
		},
		{
			Name:  "event-before-consent",
			What:  "consent is looked at when an event is recorded, and not when it happened",
			Cases: []string{"admission"},
			Edits: []Edit{{
				"segment/admit.go",
				"	case !g.Covers(e.Time), !g.Covers(m.Now):",
				"	case !g.Covers(e.Time) && !mutant.On(\"event-before-consent\"), !g.Covers(m.Now):",
			}},
		},
		{
			Name:  "sensitive-admitted",
			What:  "a sensitive category is noticed and let in",
			Cases: []string{"admission"},
			Edits: []Edit{{
				"segment/admit.go",
				"	if n.sensitive {",
				"	if n.sensitive && !mutant.On(\"sensitive-admitted\") {",
			}},
		},
		{
			Name:  "expiry-ignored",
			What:  "a scan reads rows whose consent has ended, because Sweep will come",
			Cases: []string{"scan"},
			Edits: []Edit{{
				"segment/evaluate.go",
				"p.expired(now) || p.enters > window {",
				"p.expired(now) && !mutant.On(\"expiry-ignored\") || p.enters > window && !mutant.On(\"counted-at-once-on-return\") {",
			}},
		},
		{
			Name:  "counted-at-once-on-return",
			What:  "a person who withdrew and came back counts twice in one window (planted beside expiry-ignored)",
			Cases: []string{"scan"},
		},
		{
			Name:  "slots-ignored",
			What:  "slots of a series are assigned, and a release counts without them",
			Cases: []string{"series"},
			Edits: []Edit{{
				"segment/evaluate.go",
				"	if s.Series {",
				"	if s.Series && !mutant.On(\"slots-ignored\") {",
			}},
		},
		{
			Name:  "slots-of-each-release",
			What:  "the bound on the segments of a window is taken anew at each release",
			Cases: []string{"series"},
			Edits: []Edit{{
				"internal/contrib/slots.go",
				"	free := s.MaxSegments - len(held)\n",
				"	free := s.MaxSegments - len(held)\n	if mutant.On(\"slots-of-each-release\") {\n		free = s.MaxSegments\n	}\n",
			}},
		},
		{
			Name:  "slots-go-with-the-interest",
			What:  "a row of which only slots are left is deleted, and its person begins anew in the same window",
			Cases: []string{"series"},
			Edits: []Edit{{
				"segment/profile.go",
				" && len(p.slots) == 0\n",
				" && (len(p.slots) == 0 || mutant.On(\"slots-go-with-the-interest\"))\n",
			}},
		},
	}
}
