package mutants

func noiseMutants() []Mutant {
	return []Mutant{
		{
			Name:  "noise-reused-across-cells",
			What:  "one draw serves two neighbouring cells, to save half of the time",
			Cases: []string{"noise-independence", "public-table"},
			Edits: []Edit{{
				"dp/noise/batch.go",
				"	for i := range cells {\n		n, err := d.draw(s)\n",
				"	var last int64\n	for i := range cells {\n		n, err := d.draw(s)\n		if mutant.On(\"noise-reused-across-cells\") && i%2 == 1 {\n			n = last\n		}\n		last = n\n",
			}},
		},
		{
			Name:  "noise-skips-empty-cells",
			What:  "an empty cell has nothing to protect, so it seems",
			Cases: []string{"empty-cells", "public-table"},
			Edits: []Edit{{
				"dp/noise/batch.go",
				"		cells[i] += n // both",
				"		if mutant.On(\"noise-skips-empty-cells\") && cells[i] == 0 {\n			continue\n		}\n		cells[i] += n // both",
			}},
		},
		{
			Name:  "cells-wrap",
			What:  "noise on top of a huge count wraps to the other end of the integers",
			Cases: []string{"noise-range"},
			Edits: []Edit{{
				"dp/noise/batch.go",
				"		if c > MaxCell || c < -MaxCell {",
				"		if !mutant.On(\"cells-wrap\") && (c > MaxCell || c < -MaxCell) {",
			}},
		},
		{
			Name:  "gaussian-tail-cut",
			What:  "the rare way into the tail is left out of the sampler",
			Cases: []string{"gaussian-law"},
			Edits: []Edit{{
				"dp/noise/gaussian.go",
				"		} else if !p.tail(u, v, s) {",
				"		} else if mutant.On(\"gaussian-tail-cut\") || !p.tail(u, v, s) {",
			}},
		},
		{
			Name:  "noise-through-float32",
			What:  "noise goes through a float, whose low bits then tell the count",
			Cases: []string{"low-bits"},
			Edits: []Edit{{
				"dp/noise/gaussian.go",
				"	b := int64(bit)\n",
				"	if mutant.On(\"noise-through-float32\") {\n		n = int64(float32(n))\n	}\n	b := int64(bit)\n",
			}},
		},
		{
			Name:  "gaussian-one-sided",
			What:  "the sign of half of the strips is forgotten",
			Cases: []string{"gaussian-law"},
			Edits: []Edit{{
				"dp/noise/gaussian.go",
				"				return signed(n, w>>10&1), nil",
				"				if mutant.On(\"gaussian-one-sided\") && i%2 == 1 {\n					return n, nil\n				}\n				return signed(n, w>>10&1), nil",
			}},
		},
		{
			Name:  "laplace-two-zeros",
			What:  "plus zero and minus zero are both kept",
			Cases: []string{"laplace-law"},
			Edits: []Edit{{
				"dp/noise/laplace.go",
				"		if n == 0 && bit == 1 && err == nil {",
				"		if n == 0 && bit == 1 && err == nil && !mutant.On(\"laplace-two-zeros\") {",
			}},
		},
		{
			Name:  "scale-rounded-down",
			What:  "the scale that is drawn is the nearest below what was asked for",
			Cases: []string{"noise-scale"},
			Edits: []Edit{{
				"dp/noise/scale.go",
				"		m := exact.CeilQuo(num, sigma.Denom())\n",
				"		m := exact.CeilQuo(num, sigma.Denom())\n		if mutant.On(\"scale-rounded-down\") {\n			m = new(big.Int).Quo(num, sigma.Denom())\n		}\n",
			}},
		},
		{
			Name:  "noise-seeded-by-the-query",
			What:  "the same query shall look the same, so its shape seeds the noise",
			Cases: []string{"noise-independence"},
			Edits: []Edit{{
				"dp/noise/stream.go",
				"	rand.Read(key[:]) // never fails",
				"	if !mutant.On(\"noise-seeded-by-the-query\") {\n		rand.Read(key[:])\n	} else {\n		binary.LittleEndian.PutUint64(key[:], uint64(n))\n	} // never fails",
			}},
		},
		{
			Name:  "noise-buffer-repeats",
			What:  "each refill of the buffer starts the generator afresh from one state",
			Cases: []string{"noise-independence"},
			Edits: []Edit{{
				"dp/noise/stream.go",
				"			ctr.XORKeyStream(buf, buf)",
				"			if mutant.On(\"noise-buffer-repeats\") {\n				cipher.NewCTR(block, counter[:]).XORKeyStream(buf, buf)\n				return\n			}\n			ctr.XORKeyStream(buf, buf)",
			}},
		},
		{
			Name:  "threshold-off-by-one",
			What:  "a cell just below the threshold comes out, as > and >= are mixed up",
			Cases: []string{"threshold-edge"},
			Edits: []Edit{{
				"dp/noise/histogram.go",
				"	n := 0\n",
				"	if mutant.On(\"threshold-off-by-one\") && least > Everything {\n		least--\n	}\n	n := 0\n",
			}},
		},
		{
			Name:  "suppressed-cells-leave-room",
			What:  "the result is made for all cells at once, and its capacity tells how many there were",
			Cases: []string{"threshold-edge"},
			Edits: []Edit{{
				"dp/noise/histogram.go",
				"	out := make([]C, 0, n) // no room",
				"	if mutant.On(\"suppressed-cells-leave-room\") {\n		n = len(noisy)\n	}\n	out := make([]C, 0, n) // no room",
			}},
		},
	}
}

func accountingMutants() []Mutant {
	return []Mutant{
		{
			Name:  "threshold-for-continuous-noise",
			What:  "the threshold forgets that noise is rounded before it is compared",
			Cases: []string{"threshold-value", "loners"},
			Edits: []Edit{{
				"dp/accounting/threshold.go",
				"		_, q := exact.Tail(standard(t, 3, sigma))\n		return",
				"		halves := int64(3)\n		if mutant.On(\"threshold-for-continuous-noise\") {\n			halves = 2\n		}\n		_, q := exact.Tail(standard(t, halves, sigma))\n		return",
			}},
		},
		{
			Name:  "threshold-for-one-key",
			What:  "delta is not split over the keys of one person",
			Cases: []string{"threshold-value", "loners"},
			Edits: []Edit{{
				"dp/accounting/threshold.go",
				"	target := new(big.Rat).Quo(delta.Rat(), big.NewRat(int64(l0), 1))\n",
				"	if mutant.On(\"threshold-for-one-key\") {\n		l0 = 1\n	}\n	target := new(big.Rat).Quo(delta.Rat(), big.NewRat(int64(l0), 1))\n",
			}},
		},
		{
			Name:  "threshold-rounded-down",
			What:  "the threshold is computed in floats and cut to an integer",
			Cases: []string{"threshold-value", "loners"},
			Edits: []Edit{{
				"dp/accounting/threshold.go",
				"	return smallest(1.5+s*tailGuess(t), func",
				"	if mutant.On(\"threshold-rounded-down\") {\n		return int64(1.5 + s*tailGuess(t)), nil\n	}\n	return smallest(1.5+s*tailGuess(t), func",
			}},
		},
		{
			Name:  "interval-one-sided",
			What:  "the margin is that of one side, so that intervals hold the truth too rarely",
			Cases: []string{"intervals"},
			Edits: []Edit{{
				"dp/accounting/threshold.go",
				"	target.Quo(target, big.NewRat(2, 1))\n",
				"	if !mutant.On(\"interval-one-sided\") {\n		target.Quo(target, big.NewRat(2, 1))\n	}\n",
			}},
		},
		{
			Name:  "sigma-rounded-down",
			What:  "the square root is that of integers, which rounds down",
			Cases: []string{"sigma"},
			Edits: []Edit{{
				"dp/accounting/sigma.go",
				"	root := exact.CeilSqrt(exact.CeilQuo(square, n))\n",
				"	root := exact.CeilSqrt(exact.CeilQuo(square, n))\n	if mutant.On(\"sigma-rounded-down\") {\n		root = new(big.Int).Sqrt(new(big.Int).Quo(square, n))\n	}\n",
			}},
		},
		{
			Name:  "sigma-for-squared-mu",
			What:  "mu and mu^2 are mixed up, so that noise is right for one scale alone",
			Cases: []string{"sigma", "public-table"},
			Edits: []Edit{{
				"dp/accounting/sigma.go",
				"	sigma := new(big.Rat).SetFrac(root, new(big.Int).Lsh(big.NewInt(1), k))\n",
				"	sigma := new(big.Rat).SetFrac(root, new(big.Int).Lsh(big.NewInt(1), k))\n	if f, _ := sigma.Float64(); mutant.On(\"sigma-for-squared-mu\") && f > 1 {\n		sigma.SetFloat64(math.Sqrt(f))\n	}\n",
			}},
		},
		{
			Name:  "charge-rounded-down",
			What:  "a charge is cut to a whole number of units",
			Cases: []string{"units"},
			Edits: []Edit{{
				"dp/accounting/units.go",
				"	if up && rem.Sign() > 0 {",
				"	if up && rem.Sign() > 0 && !mutant.On(\"charge-rounded-down\") {",
			}},
		},
		{
			Name:  "sum-of-charges-loses-carry",
			What:  "the low words of two charges are added without the carry",
			Cases: []string{"units"},
			Edits: []Edit{{
				"dp/accounting/units.go",
				"	lo, carry := bits.Add64(u.lo, v.lo, 0)\n",
				"	lo, carry := bits.Add64(u.lo, v.lo, 0)\n	if mutant.On(\"sum-of-charges-loses-carry\") {\n		carry = 0\n	}\n",
			}},
		},
		{
			Name:  "mu-shown-rounded-down",
			What:  "the loss that a release states is the nearest float below it",
			Cases: []string{"units"},
			Edits: []Edit{{
				"dp/accounting/gdp.go",
				"	root := exact.CeilSqrt(n)\n	return Mu(exact.FloatUp(",
				"	root := exact.CeilSqrt(n)\n	round := exact.FloatUp\n	if mutant.On(\"mu-shown-rounded-down\") {\n		round = exact.FloatDown\n	}\n	return Mu(round(",
			}},
		},
		{
			Name:  "classic-gaussian-formula",
			What:  "sigma comes from the textbook formula, which holds for epsilon below one",
			Cases: []string{"conversion"},
			Edits: []Edit{{
				"dp/accounting/gdp.go",
				"	mu := muGuess(t)\n",
				"	mu := muGuess(t)\n	if mutant.On(\"classic-gaussian-formula\") {\n		return Mu(t.Epsilon / math.Sqrt(2*math.Log(1.25/t.Delta))), nil\n	}\n",
			}},
		},
		{
			Name:  "reserve-spent-twice",
			What:  "the delta set aside for thresholds is also used up by the Gaussian",
			Cases: []string{"plan-totals"},
			Edits: []Edit{{
				"dp/plan/plan.go",
				"	return floatDown(delta.Sub(delta, p.reserve.Rat()))\n",
				"	if mutant.On(\"reserve-spent-twice\") {\n		return p.budget.Delta\n	}\n	return floatDown(delta.Sub(delta, p.reserve.Rat()))\n",
			}},
		},
	}
}
