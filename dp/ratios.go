package dp

import "math"

// Quotient names what is divided by what: two released cells, not one of each other.
type Quotient struct{ Top, Bottom Ref }

// Ratio is the quotient of two released numbers, with an interval.
type Ratio struct {
	Quotient

	// None says that the released number below is too small against its noise to divide
	// by. Value, Low and High are then 0.
	None bool

	Value float64 // of the units above for one of the units below
	Low   float64
	High  float64
}

// Ratios are quotients of released numbers, such as clicks for a view, or events for a
// person. They are a function of releases alone, so they cost nothing and are as private
// as those. The zero value holds nothing.
type Ratios struct {
	Level   float64 // of the intervals: Level
	Sources []Source
	Rows    []Ratio
}

// Statement says in plain sentences what the numbers are and which releases they come
// from.
func (r Ratios) Statement() string {
	if len(r.Sources) == 0 {
		return "This is not computed from releases."
	}
	return "The values are quotients of two released numbers each, of people's contributions as they were bounded." +
		" Where the number below is too small for its noise there is none; of all, about 95% have an interval that holds the exact quotient or none." +
		tail(r.Sources, nil)
}

// RatiosOf returns the quotients of released cells of public tables, each in the unit of
// its release. A person counts in both cells, with what each measure's bounds leave of
// them: it is the quotient of two bounded sums, and of the same people only where both
// measures have the same bounds and nothing changed in between; see [MeansFrom].
//
// With a released number t, of noise variance w, over b, of variance v, the value is t/b,
// and the interval is Fieller's: the x for which t - x b is within what its noise, of
// variance w + x^2 v, explains at Level. Where the interval of b reaches down to one of its
// unit, or to one step, there is no quotient. Of all quotients, an interval that misses the
// exact one comes out with probability of at most 0.05. Proof: docs/proofs/means.md.
//
// Errors: ErrReleases, ErrSame, ErrDiscovered, ErrNoiseLaw, ErrParts, ErrMeasures for
// releases as of different days, ErrCells for a cell that no release has, or one divided
// by itself.
func RatiosOf(list []Quotient, releases ...Release) (Ratios, error) {
	rs, sources, err := publicOf(releases)
	if err != nil {
		return Ratios{}, err
	}
	type at struct {
		release int
		value   int64
	}
	cells := map[Ref]at{}
	for i, r := range rs {
		h := r.Header()
		if first := rs[0].Header(); h.AsOf != first.AsOf || h.Window != first.Window {
			return Ratios{}, ErrMeasures
		}
		for j := range r.Len() {
			c := r.At(j)
			cells[refOf(h.Entry, &c)] = at{i, c.Value}
		}
	}
	out := Ratios{Level: Level, Sources: sources, Rows: make([]Ratio, len(list))}
	for i, q := range list {
		top, known := cells[q.Top]
		bottom, also := cells[q.Bottom]
		if !known || !also || q.Top == q.Bottom {
			return Ratios{}, ErrCells
		}
		above, below := rs[top.release].Header(), rs[bottom.release].Header()
		out.Rows[i] = ratioOf(q, noisy{float64(top.value), &above}, noisy{float64(bottom.value), &below})
	}
	return out, nil
}

// noisy is a released number.
type noisy struct {
	value float64 // in steps
	h     *Header
}

// ratioOf divides two numbers with independent noise. Rounding moved each of them by at
// most a half, so that t - x b is off by normal noise and at most (1 + |x|)/2.
func ratioOf(q Quotient, top, bottom noisy) Ratio {
	out := Ratio{Quotient: q}
	t, b := top.value, bottom.value
	v, w := square(bottom.h.Sigma), square(top.h.Sigma)
	reach := func(x float64) float64 { return z95*math.Sqrt(w+x*x*v) + (1+math.Abs(x))/2 }
	floor := 1 / Amounts(*bottom.h, 1) // one of the unit, in steps
	if b-z95*bottom.h.Sigma-0.5 <= math.Max(1, floor)*meanFloor {
		out.None = true
		return out
	}
	far := math.Abs(t) + reach(0) + 1 // b exceeds its reach by one or more, so that all of the interval lies within
	from := crossing(-far, far, func(x float64) bool { return x*b-t >= -reach(x) })
	to := crossing(-far, far, func(x float64) bool { return x*b-t > reach(x) })
	unit := Amounts(*top.h, 1) / Amounts(*bottom.h, 1)
	out.Value, out.Low, out.High = t/b*unit, math.Min(from, t/b)*unit, math.Max(to, t/b)*unit
	return out
}
