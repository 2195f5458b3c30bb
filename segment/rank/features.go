package rank

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Limits of public features.
const (
	maxFeatures   = 64  // of one item; further ones are passed over, in the order of text
	rarity        = 1.5 // power of log(items / items with the feature): a rare word says more
	leastTogether = 2   // items must have a feature for it to relate any
)

// feature is one coordinate of an item, of a unit vector.
type feature struct {
	at    int32
	value float64
}

// features holds a sparse unit vector for each item, or an empty one where
// nothing is known of it.
type features struct {
	of    [][]feature // by item, sorted
	names []string    // by coordinate
}

// newFeatures makes vectors of the names that each item has.
func newFeatures(names [][]string) *features {
	count := make(map[string]int)
	for i := range names {
		slices.Sort(names[i])
		names[i] = slices.Compact(names[i])
		names[i] = names[i][:min(len(names[i]), maxFeatures)]
		for _, n := range names[i] {
			count[n]++
		}
	}
	f := &features{of: make([][]feature, len(names))}
	index := make(map[string]int32)
	for n, c := range count {
		if c >= leastTogether && c < len(names) {
			f.names = append(f.names, n)
		}
	}
	slices.Sort(f.names)
	for i, n := range f.names {
		index[n] = int32(i)
	}
	for i := range names {
		square := 0.0
		for _, n := range names[i] {
			if at, ok := index[n]; ok {
				v := math.Pow(math.Log(float64(len(names))/float64(count[n])), rarity)
				f.of[i] = append(f.of[i], feature{at, v})
				square += v * v
			}
		}
		slices.SortFunc(f.of[i], func(a, b feature) int { return cmp.Compare(a.at, b.at) })
		for k := range f.of[i] {
			f.of[i][k].value /= math.Sqrt(square)
		}
	}
	return f
}

// dot returns the product of an item's vector with a dense one.
func (f *features) dot(item int32, v []float64) (sum float64) {
	for _, x := range f.of[item] {
		sum += x.value * v[x.at]
	}
	return sum
}

// add adds an item's vector, times weight, to a dense one.
func (f *features) add(v []float64, item int32, weight float64) {
	for _, x := range f.of[item] {
		v[x.at] += weight * x.value
	}
}

// wordsOf returns the words of a public title and the pairs of words that stand
// beside each other. Case, and the s of a plural, do not matter; single letters
// and whatever is neither letter nor digit are passed over.
func wordsOf(title string) []string {
	list := strings.FieldsFunc(strings.ToUpper(title), func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > 127)
	})
	var out []string
	for i, w := range list {
		if len(w) > 3 {
			list[i] = strings.TrimSuffix(w, "S")
		}
		if len(w) > 1 {
			out = append(out, list[i])
		}
		if i > 0 {
			out = append(out, list[i-1]+" "+list[i])
		}
	}
	return out
}
