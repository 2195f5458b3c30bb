package mutants

func kindsMutants() []Mutant {
	const (
		vector  = "internal/contrib/vector.go"
		predict = "dp/predict.go"
	)
	return []Mutant{
		{
			Name:  "norm-skipped",
			What:  "noise is made for the norm, and vectors are not scaled down to it",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				vector,
				"	if s.MaxNorm > 0 {\n		cells = scaled",
				"	if s.MaxNorm > 0 && !mutant.On(\"norm-skipped\") {\n		cells = scaled",
			}},
		},
		{
			Name:  "norm-rounded-up",
			What:  "scaled values are rounded away from zero, so that many of them pass the norm together",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				"internal/contrib/norm.go",
				"		if root == 0 {\n",
				"		if mutant.On(\"norm-rounded-up\") {\n			last, root = 0, shrunk(uint64(size)*uint64(norm), n)+1\n		}\n		if root == 0 {\n",
			}},
		},
		{
			Name:  "means-ratio-forgotten",
			What:  "the noise of sums is made for sums alone, and the people beside them are free",
			Cases: []string{"means-table"},
			Edits: []Edit{{
				"internal/contrib/spec.go",
				"		square += uint64(s.MaxSegments) * ratio * ratio\n",
				"		if !mutant.On(\"means-ratio-forgotten\") {\n			square += uint64(s.MaxSegments) * ratio * ratio\n		}\n",
			}},
		},
		{
			Name:  "fewest-people-without-shift",
			What:  "keys of too few people are dropped first, and the threshold stays that of one person",
			Cases: []string{"loners"},
			Edits: []Edit{{
				predict,
				"		n.Threshold += n.MinPeople - 1\n",
				"		if !mutant.On(\"fewest-people-without-shift\") {\n			n.Threshold += n.MinPeople - 1\n		}\n",
			}},
		},
		{
			Name:  "keys-without-shift",
			What:  "keys of too few people are dropped first, and the rule of selection stays that of one person",
			Cases: []string{"keys-rate"},
			Edits: []Edit{{
				predict,
				"	if n.keep, err = s.Behind(n.MinPeople); err != nil {",
				"	pre := n.MinPeople\n	if mutant.On(\"keys-without-shift\") {\n		pre = 1\n	}\n	if n.keep, err = s.Behind(pre); err != nil {",
			}},
		},
		{
			Name:  "weight-above-one",
			What:  "weights are rounded up, so that the newest events weigh more than one",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				"internal/contrib/spec.go",
				"		s.weights.steps[i] = int64(w >> (decayBits - 10)) // in steps of 1/Per\n",
				"		s.weights.steps[i] = int64(w >> (decayBits - 10)) // in steps of 1/Per\n		if mutant.On(\"weight-above-one\") {\n			s.weights.steps[i]++\n		}\n",
			}},
		},
		{
			Name:  "pair-counted-twice",
			What:  "a pair is found from either of its items",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				vector,
				"				cells = append(cells, Cell{Column: before + second - first - 1, Value: value})\n",
				"				cells = append(cells, Cell{Column: before + second - first - 1, Value: value})\n				if mutant.On(\"pair-counted-twice\") {\n					cells = append(cells, cells[len(cells)-1])\n				}\n",
			}},
		},
		{
			Name:  "group-in-two-parts",
			What:  "a person whom a campaign reached after it had missed them stands in both parts",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				vector,
				"	list = slices.CompactFunc(list, func(a, b known) bool { return a.campaign == b.campaign })\n",
				"	list = slices.CompactFunc(list, func(a, b known) bool {\n		return a.campaign == b.campaign && (a.part == b.part || !mutant.On(\"group-in-two-parts\"))\n	})\n",
			}},
		},
		{
			Name:  "row-bound-of-categories-forgotten",
			What:  "the bound on rows is there for segments, and not for categories",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				vector,
				"	if len(idx) > s.MaxSegments {",
				"	if len(idx) > s.MaxSegments && !mutant.On(\"row-bound-of-categories-forgotten\") {",
			}},
		},
		{
			Name:  "amount-not-clamped",
			What:  "a person's sum is taken as it is, since events have bounds of their own",
			Cases: []string{"kinds-sensitivity"},
			Edits: []Edit{{
				"internal/contrib/totals.go",
				"	return s.Amount.inSteps(min(max(sum, s.Amount.Low), s.Amount.High)) - s.Center()\n",
				"	if mutant.On(\"amount-not-clamped\") {\n		return s.Amount.inSteps(sum) - s.Center()\n	}\n	return s.Amount.inSteps(min(max(sum, s.Amount.Low), s.Amount.High)) - s.Center()\n",
			}},
		},
		{
			Name:  "laplace-by-l2",
			What:  "the scale of Laplace noise is made for the L2 sensitivity",
			Cases: []string{"laplace-table"},
			Edits: []Edit{{
				predict,
				"	b := new(big.Rat).SetInt(new(big.Int).SetUint64(spec.L1()))\n",
				"	b := new(big.Rat).SetInt(new(big.Int).SetUint64(spec.L1()))\n	if mutant.On(\"laplace-by-l2\") {\n		b.SetInt(exact.CeilSqrt(new(big.Int).SetUint64(spec.L2Squared())))\n	}\n",
			}},
		},
		{
			Name:  "key-tossed-twice",
			What:  "a key that did not come out is tossed for once more",
			Cases: []string{"keys-rate"},
			Edits: []Edit{{
				"dp/draw.go",
				"		if out[i], err = noise.Toss(p); err != nil {\n			return nil, err\n		}\n",
				"		if out[i], err = noise.Toss(p); err != nil {\n			return nil, err\n		}\n		if mutant.On(\"key-tossed-twice\") && !out[i] {\n			if out[i], err = noise.Toss(p); err != nil {\n				return nil, err\n			}\n		}\n",
			}},
		},
	}
}
