package dp

import "math"

// Average returns, for each cell, the average of two or more releases of one measure
// with public partitions, weighted by the inverse variance of their noise; Sources has
// the weights. With weights w and values y it is
//
//	sum w y,   variance  sum w^2 variance(y)
//
// What it estimates is the same average of the exact numbers. Of releases as of one day
// that is the number itself, with the least variance that an unbiased average has. Of
// several days it is the number of an average day, not of any one of them; [Smooth] is
// about the days. The interval is about that average and holds it with probability
// 0.94 to 0.96 where every sigma is at least 5, and at least 0.95 elsewhere.
//
// Errors: ErrReleases, ErrSame, ErrDiscovered, ErrNoiseLaw, ErrMeasures, ErrCells.
func Average(releases ...Release) (Estimates, error) {
	rs, sources, err := publicOf(releases)
	if err != nil {
		return Estimates{}, err
	}
	if len(rs) < 2 {
		return Estimates{}, ErrReleases
	}
	if err := alike(rs); err != nil {
		return Estimates{}, err
	}
	total, least := 0.0, math.Inf(1)
	for _, r := range rs {
		h := r.Header()
		total += 1 / variance(&h)
		least = math.Min(least, h.Sigma)
	}
	var all weights
	for i, r := range rs {
		h := r.Header()
		sources[i].Weight = 1 / variance(&h) / total
		all = all.and(one(sources[i].Weight, h.Sigma))
	}
	reach := all.reach(1/total, least)
	h := rs[0].Header()
	e := Estimates{Method: "average", signed: signed(&h), Level: Level, Sources: sources, Cells: make([]Estimate, rs[0].Len())}
	for i := range e.Cells {
		c := rs[0].At(i)
		value := 0.0
		for k, r := range rs {
			value += sources[k].Weight * float64(r.At(i).Value)
		}
		e.Cells[i] = estimateOf(&c)
		e.Cells[i].Value, e.Cells[i].StdDev, e.Cells[i].Low, e.Cells[i].High = value, math.Sqrt(1/total), value-reach, value+reach
	}
	return e, nil
}
