package rank

// counted reads a release in people or events, whatever steps its values are in: with a
// half-life or a norm they are in steps of 1/1024 of one. Estimates take what is counted
// for rare events, whose variance is as large as their number, so that it has to be
// their number.
type counted struct {
	per       float64 // steps of one
	deviation float64 // standard deviation of the noise
}

func countedOf(r Release) counted {
	h := r.Header()
	per := float64(max(h.Per, 1))
	return counted{per: per, deviation: h.StdDev / per}
}

func (c counted) of(value int64) float64 { return float64(value) / c.per }

func (c counted) variance() float64 { return c.deviation * c.deviation }
