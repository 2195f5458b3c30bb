package mutants

func externalMutants() []Mutant {
	const (
		numbers  = "internal/contrib/quantiles.go"
		external = "dp/external.go"
	)
	return []Mutant{
		{
			Name:  "number-unclamped",
			What:  "a person's number is not taken between the bounds, since another library clamps",
			Cases: []string{"black-box"},
			Edits: []Edit{{
				numbers,
				"		cells[i] = Cell{Row: row, Column: int(min(max(n, low), high) - low), Value: 1}\n",
				"		cells[i] = Cell{Row: row, Column: int(min(max(n, low), high) - low), Value: 1}\n		if mutant.On(\"number-unclamped\") {\n			cells[i].Column = int(n - low)\n		}\n",
			}},
		},
		{
			Name:  "number-for-each-day",
			What:  "each day of a person is a number of its own, so that who comes often counts often",
			Cases: []string{"black-box"},
			Edits: []Edit{{
				numbers,
				"	rows := s.rows(p, window, asOf)\n	low, high := s.Range()\n",
				"	rows := s.rows(p, window, asOf)\n	if mutant.On(\"number-for-each-day\") {\n		for range p.Days[min(1, len(p.Days)):] {\n			rows = append(rows, rows[0])\n		}\n	}\n	low, high := s.Range()\n",
			}},
		},
		{
			Name:  "whole-epsilon-for-each-row",
			What:  "every row is drawn with the whole epsilon as if nobody were in another one",
			Cases: []string{"black-box"},
			Edits: []Edit{{
				external,
				"		values, err := x.Draw(in)\n",
				"		if mutant.On(\"whole-epsilon-for-each-row\") {\n			in.Rows = 1\n		}\n		values, err := x.Draw(in)\n",
			}},
		},
		{
			Name:  "black-box-as-gaussian",
			What:  "another library gets the mu that was charged for its epsilon, as if it composed as Gaussian noise does",
			Cases: []string{"black-box"},
			Edits: []Edit{{
				external,
				"	if n.Epsilon = accounting.PureWithin(mu2); n.Epsilon <= 0 {\n",
				"	n.Epsilon = accounting.PureWithin(mu2)\n	if mutant.On(\"black-box-as-gaussian\") {\n		n.Epsilon = math.Sqrt(mu2.Float64())\n	}\n	if n.Epsilon <= 0 {\n",
			}},
		},
	}
}
