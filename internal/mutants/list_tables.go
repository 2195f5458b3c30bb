package mutants

func tablesMutants() []Mutant {
	const (
		table = "internal/contrib/table.go"
		gate  = "dp/contribution.go"
		work  = "dp/boundwork.go"
		merge = "dp/merge.go"
	)
	return []Mutant{
		{
			Name:  "rows-capped-one-by-one",
			What:  "each contribution of a batch job is capped, and what a person has in a partition is not",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				table,
				"		return min(min(a, most)+min(b, most), most), true\n",
				"		if mutant.On(\"rows-capped-one-by-one\") {\n			return min(a, 1<<40) + min(b, most), true\n		}\n		return min(min(a, most)+min(b, most), most), true\n",
			}},
		},
		{
			Name:  "partition-too-many",
			What:  "the bound on partitions is one higher than stated",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				table,
				"	cells = Lowest(cells, s.MaxItems, ",
				"	bound := s.MaxItems\n	if mutant.On(\"partition-too-many\") {\n		bound++\n	}\n	cells = Lowest(cells, bound, ",
			}},
		},
		{
			Name:  "partitions-by-value",
			What:  "of too many partitions the first by name are kept, so that behaviour steers the choice",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				table,
				"func(c Cell) uint64 { return Rank(&p.Salt, s.Name, window, c.Item) }, byItem)",
				"func(c Cell) uint64 {\n		if mutant.On(\"partitions-by-value\") {\n			return 0\n		}\n		return Rank(&p.Salt, s.Name, window, c.Item)\n	}, byItem)",
			}},
		},
		{
			Name:  "bounded-run-by-run",
			What:  "people are bounded in each run of the spill file by itself, so that who is in many counts many times",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				work,
				"		w.space = list\n",
				"		w.space = list\n		if mutant.On(\"bounded-run-by-run\") {\n			if err = w.people(list); err != nil {\n				return err\n			}\n			list = list[:0]\n		}\n",
			}},
		},
		{
			Name:  "compacted-to-the-first",
			What:  "where records are made fewer, the partitions that came first are kept",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				"dp/compact.go",
				"	slices.Sort(kept)\n",
				"	if mutant.On(\"compacted-to-the-first\") {\n		slices.Sort(c.places)\n		kept = c.places[:spec.MaxItems]\n	}\n	slices.Sort(kept)\n",
			}},
		},
		{
			Name:  "shard-not-asked",
			What:  "contributions are taken whoever they are of, so that a person may be bounded in two shards",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				gate,
				"	if g.shard.Of > 1 && ShardOf",
				"	if g.shard.Of > 1 && !mutant.On(\"shard-not-asked\") && ShardOf",
			}},
		},
		{
			Name:  "two-roots-at-once",
			What:  "contributions under two roots are taken together, and whoever was rotated counts twice",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				gate,
				"	if root != g.root {\n",
				"	if root != g.root && !mutant.On(\"two-roots-at-once\") {\n",
			}},
		},
		{
			Name:  "grant-not-asked",
			What:  "a Grant is enough, whenever it ended",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				gate,
				"	if !c.Grant.Covers(g.end) ||",
				"	if !c.Grant.Covers(g.end) && !mutant.On(\"grant-not-asked\") ||",
			}},
		},
		{
			Name:  "grant-kept",
			What:  "a Grant is taken however long ago it was decided, so that whoever took consent back since counts",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				gate,
				"	if c.Grant.Decided().Before(g.start) {\n",
				"	if c.Grant.Decided().Before(g.start) && !mutant.On(\"grant-kept\") {\n",
			}},
		},
		{
			Name:  "shard-merged-twice",
			What:  "shards are counted, and not looked at: one that comes twice takes the place of another",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				merge,
				"		case f.from.shard.Of != of || seen[f.from.shard.Index]:\n",
				"		case f.from.shard.Of != of || seen[f.from.shard.Index] && !mutant.On(\"shard-merged-twice\"):\n",
			}},
		},
		{
			Name:  "binding-without-name",
			What:  "a charge is bound to the table alone, so that the ledger tells which two releases are of the same numbers",
			Cases: []string{"bounded-counts"},
			Edits: []Edit{{
				"dp/countsseal.go",
				"	return k.Bind(append(b, name...))\n",
				"	if mutant.On(\"binding-without-name\") {\n		return k.Bind(b)\n	}\n	return k.Bind(append(b, name...))\n",
			}},
		},
	}
}
