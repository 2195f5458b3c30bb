package rank

import (
	"hash/fnv"
	"math"
)

// draw samples the popularity of items from what the tables leave open. It is a
// function of its name and the item, so that a page may be made twice and be the
// same. It protects nobody, so it needs no secret: what it varies was released.
type draw struct{ seed uint64 }

// newDraw returns the draw of a name, or nil for no name.
func newDraw(name string) *draw {
	if name == "" {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return &draw{h.Sum64()}
}

// normal returns a standard normal number for an item.
func (d *draw) normal(item int32) float64 {
	// SplitMix64 (Steele, Lea, Flood 2014): its output function mixes a counter well.
	x := d.seed + (uint64(item)+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	u := (float64(x>>11) + 0.5) / (1 << 53) // strictly between 0 and 1
	return math.Sqrt2 * math.Erfinv(2*u-1)
}

// share returns the share of an item in a ranking: its mean, or a sample.
func (m *Model) share(e *evidence, i int32) float64 {
	if i < 0 {
		return m.least
	}
	if e.draw == nil || m.doubt == nil {
		return m.pop[i]
	}
	return max(m.least, m.pop[i]+m.doubt[i]*e.draw.normal(i))
}
