package eval

import (
	"context"
	"math"
	"slices"
)

// Running says how lists are scored.
type Running struct {
	At      int // places that count, 1 to 1000; 10 is usual
	Catalog int // items that could be shown, for the coverage; 0: not known
}

// Scores holds one number a case, in the order of the cases, each from 0 to 1.
type Scores struct {
	NDCG     []float64 // gain 1 for a relevant item, discounted by log2(1 + place), of the best possible
	Hit      []float64 // 1 if any relevant item is shown
	MRR      []float64 // 1 / place of the first relevant item, or 0
	Coverage float64   // distinct items shown to anybody, of the catalog; 0 where it is not known

	cases []Case
}

// Run asks for a list for each case, best item first, and scores its first
// places. It stops with the error of rank or of ctx.
func Run(ctx context.Context, cases []Case, how Running, rank func(*Case) ([]string, error)) (Scores, error) {
	if len(cases) == 0 {
		return Scores{}, ErrCases
	}
	if how.At < 1 || how.At > 1000 {
		return Scores{}, ErrList
	}
	s := Scores{cases: cases}
	shown := make(map[string]bool)
	seen := make(map[string]bool, how.At)
	for i := range cases {
		if err := ctx.Err(); err != nil {
			return Scores{}, err
		}
		list, err := rank(&cases[i])
		if err != nil {
			return Scores{}, err
		}
		list = list[:min(len(list), how.At)]
		clear(seen)
		gain, first := 0.0, 0.0
		for k, item := range list {
			if seen[item] {
				return Scores{}, ErrRepeat
			}
			seen[item], shown[item] = true, true
			if _, ok := slices.BinarySearch(cases[i].Relevant, item); ok {
				gain += discount(k)
				if first == 0 {
					first = 1 / float64(k+1)
				}
			}
		}
		best := 0.0
		for k := range min(how.At, len(cases[i].Relevant)) {
			best += discount(k)
		}
		if best > 0 {
			gain /= best
		}
		hit := 0.0
		if first > 0 {
			hit = 1
		}
		s.NDCG, s.Hit, s.MRR = append(s.NDCG, gain), append(s.Hit, hit), append(s.MRR, first)
	}
	if how.Catalog > 0 {
		s.Coverage = min(1, float64(len(shown))/float64(how.Catalog))
	}
	return s, nil
}

func discount(place int) float64 { return 1 / math.Log2(float64(place)+2) }

// Mean is a mean with its standard error. With fewer than two numbers the error
// is infinite.
type Mean struct {
	Value float64
	SE    float64
	N     int
}

// MeanOf returns the mean of a list.
func MeanOf(list []float64) Mean {
	m := Mean{N: len(list), SE: math.Inf(1)}
	if m.N == 0 {
		return m
	}
	for _, v := range list {
		m.Value += v
	}
	m.Value /= float64(m.N)
	if m.N > 1 {
		square := 0.0
		for _, v := range list {
			square += (v - m.Value) * (v - m.Value)
		}
		m.SE = math.Sqrt(square / float64(m.N-1) / float64(m.N))
	}
	return m
}
