package dp

// How many cells are shrunk together at the least: with fewer, shrinking towards their own
// mean, or towards a given centre, does not pay.
const (
	leastToMean   = 4
	leastToCentre = 3
)

// Shrink returns the cells of a release, moved towards their mean by as much as the
// known variance of the noise makes up of their differences: the positive-part
// estimate of James and Stein, towards the mean (Efron and Morris, 1973). For K cells
// y of variance v and mean m it is
//
//	m + max(0, 1 - (K-3) v/S) (y - m),   S = sum (y - m)^2.
//
// Its squared error, summed over the cells and averaged over the noise, is below that
// of the released values, whatever the exact numbers, for K of 4 and more; with fewer
// cells nothing moves. It gains much where exact numbers differ by less than the noise.
// A single cell that is unlike the others may be further off than it was released,
// which is why a [Point] has no interval.
//
// Partitions are public. Errors: ErrReleases, ErrDiscovered, ErrNoiseLaw, ErrParts.
func Shrink(r Release) (Points, error) {
	p, h, err := toShrink(r)
	if err != nil {
		return Points{}, err
	}
	shrinkToMean(p.Cells, variance(&h))
	return p, nil
}

// ShrinkRows is [Shrink] for each row of a table by itself, such as each segment of
// segments x items, towards the mean of that row.
func ShrinkRows(r Release) (Points, error) {
	p, h, err := toShrink(r)
	if err != nil {
		return Points{}, err
	}
	for row := range rows(p.Cells) {
		shrinkToMean(row, variance(&h))
	}
	return p, nil
}

// ShrinkToTotals moves the cells of each segment, in a table of segments x items,
// towards an equal part of the segment's number in another release, such as that of
// segment sizes: for K cells y and the total t, towards c = t/K by
//
//	c + max(0, 1 - (K-2) v/S) (y - c),   S = sum (y - c)^2.
//
// The noise of the total is not that of the cells, so the squared error is below that
// of the released values whatever the total is, for K of 3 and more; how much is gained
// depends on how well the total fits. Rows may be those of categories and groups, too.
// Both releases are of one account, with public partitions. Errors: those of [Shrink],
// ErrSame, ErrMeasures for values in different steps, and ErrCells for a row without
// total.
func ShrinkToTotals(parts, totals Release) (Points, error) {
	_, sources, err := publicOf([]Release{parts, totals})
	if err != nil {
		return Points{}, err
	}
	p, h, err := toShrink(parts)
	if err != nil {
		return Points{}, err
	}
	p.Sources = sources
	if a, b := parts.Header(), totals.Header(); !sameSteps(&a, &b) {
		return Points{}, ErrMeasures
	}
	total := map[row]float64{}
	for i := range totals.Len() {
		c := totals.At(i)
		total[row{c.Segment, c.Category, c.Group}] += float64(c.Value)
	}
	for row := range rows(p.Cells) {
		t, ok := total[rowOf(&row[0])]
		if !ok {
			return Points{}, ErrCells
		}
		if len(row) >= leastToCentre {
			shrinkTo(row, t/float64(len(row)), float64(len(row)-2)*variance(&h))
		}
	}
	return p, nil
}

// toShrink returns the cells as they were released.
func toShrink(r Release) (Points, Header, error) {
	_, sources, err := publicOf([]Release{r})
	if err != nil {
		return Points{}, Header{}, err
	}
	h := r.Header()
	p := Points{Method: "shrunk", AsOf: h.AsOf, Sources: sources, Cells: make([]Point, r.Len()), signed: signed(&h)}
	for i := range p.Cells {
		c := r.At(i)
		p.Cells[i] = pointOf(&c)
		p.Cells[i].Value, p.Cells[i].Kept = float64(c.Value), 1
	}
	return p, h, nil
}

// row names what the cells of a row have in common.
type row struct{ segment, category, group string }

func rowOf(p *Point) row { return row{p.Segment, p.Category, p.Group} }

// rows cuts sorted cells into rows.
func rows(cells []Point) func(yield func([]Point) bool) {
	return func(yield func([]Point) bool) {
		for from := 0; from < len(cells); {
			to := from + 1
			for to < len(cells) && rowOf(&cells[to]) == rowOf(&cells[from]) {
				to++
			}
			if !yield(cells[from:to]) {
				return
			}
			from = to
		}
	}
}

func shrinkToMean(cells []Point, variance float64) {
	if len(cells) < leastToMean {
		return
	}
	mean := 0.0
	for _, c := range cells {
		mean += c.Value
	}
	mean /= float64(len(cells))
	shrinkTo(cells, mean, float64(len(cells)-3)*variance)
}

// shrinkTo moves the cells towards centre: noise is the part of their squared distance
// from it that the noise makes up.
func shrinkTo(cells []Point, centre, noise float64) {
	square := 0.0
	for _, c := range cells {
		square += (c.Value - centre) * (c.Value - centre)
	}
	kept := 0.0
	if square > noise {
		kept = 1 - noise/square
	}
	for i := range cells {
		c := &cells[i]
		c.Value, c.Kept = centre+kept*(c.Value-centre), kept
	}
}
