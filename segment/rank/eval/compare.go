package eval

import (
	"cmp"
	"maps"
	"slices"
)

// Compare returns the mean of the paired differences of NDCG, a's less b's. Both
// must be scores of the same cases; being paired, the difference is known better
// than either mean.
func Compare(a, b Scores) (Mean, error) {
	d, err := differences(a, b)
	if err != nil {
		return Mean{}, err
	}
	return MeanOf(d), nil
}

// Paired returns scores whose every case has a's number less b's, from -1 to 1, so that
// ByTercile and ByGroup give the mean of paired differences with its standard error.
// Coverage is the difference of both. Both must be scores of the same cases; groups and
// activity are those of a's.
func Paired(a, b Scores) (Scores, error) {
	ndcg, err := differences(a, b)
	if err != nil {
		return Scores{}, err
	}
	out := Scores{cases: a.cases, NDCG: ndcg, Hit: make([]float64, len(ndcg)), MRR: make([]float64, len(ndcg)), Coverage: a.Coverage - b.Coverage}
	for i := range ndcg {
		out.Hit[i], out.MRR[i] = a.Hit[i]-b.Hit[i], a.MRR[i]-b.MRR[i]
	}
	return out, nil
}

func differences(a, b Scores) ([]float64, error) {
	if len(a.cases) == 0 || len(a.cases) != len(b.cases) {
		return nil, ErrCases
	}
	d := make([]float64, len(a.cases))
	for i := range a.cases {
		if a.cases[i].Person != b.cases[i].Person {
			return nil, ErrCases
		}
		d[i] = a.NDCG[i] - b.NDCG[i]
	}
	return d, nil
}

// Average returns the scores whose every case has the mean of several runs over
// the same cases, such as over draws of noise. Its standard error is that of
// people; the draws add theirs on top.
func Average(runs ...Scores) (Scores, error) {
	if len(runs) == 0 {
		return Scores{}, ErrCases
	}
	n := len(runs[0].cases)
	out := Scores{cases: runs[0].cases, NDCG: make([]float64, n), Hit: make([]float64, n), MRR: make([]float64, n)}
	for _, r := range runs {
		if _, err := differences(r, runs[0]); err != nil {
			return Scores{}, err
		}
		for i := range n {
			out.NDCG[i] += r.NDCG[i] / float64(len(runs))
			out.Hit[i] += r.Hit[i] / float64(len(runs))
			out.MRR[i] += r.MRR[i] / float64(len(runs))
		}
		out.Coverage += r.Coverage / float64(len(runs))
	}
	return out, nil
}

// ByTercile returns the mean NDCG of the least active third of the people, of
// those between, and of the most active third. People of equal activity are
// ordered by name, so that the thirds are of one size.
func (s Scores) ByTercile() [3]Mean {
	order := make([]int, len(s.cases))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.cases[a].Activity, s.cases[b].Activity), cmp.Compare(s.cases[a].Person, s.cases[b].Person))
	})
	var out [3]Mean
	for t := range out {
		var list []float64
		for _, i := range order[t*len(order)/3 : (t+1)*len(order)/3] {
			list = append(list, s.NDCG[i])
		}
		out[t] = MeanOf(list)
	}
	return out
}

// GroupMean is the mean NDCG of a group.
type GroupMean struct {
	Group string
	Mean
}

// ByGroup returns the mean NDCG of each group of cases, sorted by group.
func (s Scores) ByGroup() []GroupMean {
	lists := make(map[string][]float64)
	for i := range s.cases {
		lists[s.cases[i].Group] = append(lists[s.cases[i].Group], s.NDCG[i])
	}
	var out []GroupMean
	for _, g := range slices.Sorted(maps.Keys(lists)) {
		out = append(out, GroupMean{g, MeanOf(lists[g])})
	}
	return out
}

// Choose returns the index of the ranker to use among others, or -1 for the
// plain one. It takes the one with the highest mean NDCG, and falls back unless
// that one is, by paired differences over these people, no worse than the plain
// one within one standard error. Of equal ones the first is taken.
//
// It is a decision on held-out people made offline: it reads raw events, and what
// it returns is one small number. See the package comment.
func Choose(plain Scores, others ...Scores) (int, error) {
	best, mean := -1, 0.0
	for i, s := range others {
		if _, err := differences(s, plain); err != nil {
			return -1, err
		}
		if m := MeanOf(s.NDCG).Value; best < 0 || m > mean {
			best, mean = i, m
		}
	}
	if best < 0 {
		return -1, nil
	}
	d, err := Compare(others[best], plain)
	if err != nil || d.Value < -d.SE || d.N < 2 {
		return -1, err
	}
	return best, nil
}
