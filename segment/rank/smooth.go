package rank

import "math"

// Limits of smoothing.
const (
	leastSignal = 1e-3 // of the variance of the noise: what items differ by, at least
	leastStep   = 1e-10
	maxSteps    = 100 // of conjugate gradients
)

// observed is a released number of each item, with noise of known variance, and
// what is expected of it before.
type observed struct {
	value    []float64
	variance []float64 // of the noise; infinite for an item that was not released
	prior    []float64
}

// spread is how much items differ from what is expected of them.
type spread struct {
	shared float64 // variance that items share with others of the same features
	own    float64 // variance that is an item's own
}

func (s spread) all() float64 { return s.shared + s.own }

// spread estimates from the numbers themselves, by moments. Noise is
// independent, so the products of different items hold none of it: they give the
// shared part, weighted by what the items have in common. The squares less the
// variance of the noise give both parts together.
func (o *observed) spread(f *features) spread {
	sums := make([]float64, len(f.names))
	rest := make([]float64, len(o.value))
	n, square, noise, self, selfs := 0, 0.0, 0.0, 0.0, 0.0
	for i, v := range o.value {
		if math.IsInf(o.variance[i], 1) {
			continue
		}
		rest[i] = v - o.prior[i]
		n++
		square += rest[i] * rest[i]
		noise += o.variance[i]
		for _, x := range f.of[i] {
			sums[x.at] += rest[i] * x.value
		}
		if len(f.of[i]) > 0 {
			self += rest[i] * rest[i]
			selfs++
		}
	}
	if n == 0 {
		return spread{}
	}
	both := max(square/float64(n)-noise/float64(n), leastSignal*noise/float64(n))
	products, weights := -self, o.common(f)-selfs
	for _, s := range sums {
		products += s * s
	}
	shared := 0.0
	if weights > 0 {
		shared = min(max(0, products/weights), 0.9*both)
	}
	return spread{shared: shared, own: both - shared}
}

// common returns the sum, over all ordered pairs of released items, an item with
// itself too, of the square of what the two have in common.
func (o *observed) common(f *features) (sum float64) {
	holders := make([][]weightedItem, len(f.names))
	for i := range o.value {
		if !math.IsInf(o.variance[i], 1) {
			for _, x := range f.of[i] {
				holders[x.at] = append(holders[x.at], weightedItem{int32(i), x.value})
			}
		}
	}
	row := make([]float64, len(o.value))
	var touched []int32
	for i := range o.value {
		if math.IsInf(o.variance[i], 1) {
			continue
		}
		for _, x := range f.of[i] {
			for _, h := range holders[x.at] {
				if row[h.item] == 0 {
					touched = append(touched, h.item)
				}
				row[h.item] += x.value * h.weight
			}
		}
		for _, j := range touched {
			sum += row[j] * row[j]
			row[j] = 0
		}
		touched = touched[:0]
	}
	return sum
}

// smooth returns the expected true numbers, given the released ones: with
// features F and spread (s, o), the mean of a normal whose covariance before the
// release is s F F' + o I. It solves (s F F' + o I + variance) x = value - prior
// by conjugate gradients; a step costs one pass over the features of all items.
func (o *observed) smooth(f *features, s spread) []float64 {
	n := len(o.value)
	r, x, step, image := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	sums := make([]float64, len(f.names))
	known := func(i int) bool { return !math.IsInf(o.variance[i], 1) }
	// covariance puts (s F F' + o I) v into image, of known items into all.
	covariance := func(v []float64) {
		clear(sums)
		for i := range v {
			if v[i] != 0 {
				f.add(sums, int32(i), v[i])
			}
		}
		for i := range v {
			image[i] = s.shared*f.dot(int32(i), sums) + s.own*v[i]
		}
	}
	size := 0.0
	for i := range r {
		if known(i) {
			r[i] = o.value[i] - o.prior[i]
		}
		size += r[i] * r[i]
	}
	copy(step, r)
	for first, k := size, 0; k < maxSteps && size > leastStep*first; k++ {
		covariance(step)
		along := 0.0
		for i := range step {
			if known(i) {
				image[i] += o.variance[i] * step[i]
			} else {
				image[i] = 0
			}
			along += step[i] * image[i]
		}
		if along <= 0 {
			break
		}
		by, was := size/along, size
		size = 0
		for i := range x {
			x[i] += by * step[i]
			r[i] -= by * image[i]
			size += r[i] * r[i]
		}
		for i := range step {
			step[i] = r[i] + size/was*step[i]
		}
	}
	covariance(x)
	for i := range image {
		image[i] += o.prior[i]
	}
	return image
}

// doubt returns the standard deviation that is left of the true number of each
// item, at most: as if nothing were shared with others. People who act are
// counted as rare events, so a number varies by itself besides the noise.
func (o *observed) doubt(s spread, mean []float64) []float64 {
	out := make([]float64, len(mean))
	for i, m := range mean {
		v := s.all()
		if w := o.variance[i] + max(0, m); !math.IsInf(w, 1) && v > 0 {
			v = v * w / (v + w)
		}
		out[i] = math.Sqrt(v)
	}
	return out
}
