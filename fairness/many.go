package fairness

import (
	"math"
	"slices"
)

// rejected returns which of several hypotheses are rejected, given a p-value for each,
// so that errors are bounded by alpha in the sense of the correction. Holm (1979) holds
// whatever the p-values have to do with each other; Benjamini and Hochberg (1995) where
// they are independent or rise together, as those of groups against one declared reference
// do. With a pooled reference they need not: that was simulated.
func (c Correction) rejected(p []float64, alpha float64) []bool {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	n, m := 0, float64(len(p)) // the first n of order are rejected
	switch c {
	case Uncorrected:
		for n < len(p) && p[order[n]] <= alpha {
			n++
		}
	case BH:
		for i := len(p); i > 0 && n == 0; i-- {
			if p[order[i-1]] <= alpha*float64(i)/m {
				n = i
			}
		}
	default:
		for n < len(p) && p[order[n]] <= alpha/(m-float64(n)) {
			n++
		}
	}
	out := make([]bool, len(p))
	for _, i := range order[:n] {
		out[i] = true
	}
	return out
}

// first is the alpha that the strictest step of the correction leaves to each of m
// questions.
func (c Correction) first(m int, alpha float64) float64 {
	if c == Uncorrected {
		return alpha
	}
	return alpha / float64(m)
}

// at returns the part of alpha that is spent at a look, counted from 0 among n. The parts
// of all looks add up to alpha, so that the chance of a false verdict at any of them is at
// most alpha, whatever the looks have to do with each other. The functions are those of
// Lan and DeMets (1983); what is gained there from how looks depend on each other is not.
func (s Spending) at(look, n int, alpha float64) float64 {
	spent := func(k int) float64 {
		t := float64(k) / float64(n)
		switch {
		case k <= 0:
			return 0
		case k >= n:
			return alpha
		case s == OBrienFleming:
			return min(alpha, 2*normal(-quantile(1-alpha/2)/math.Sqrt(t)))
		case s == Pocock:
			return alpha * math.Log(1+(math.E-1)*t)
		}
		return alpha * t
	}
	return max(0, spent(look+1)-spent(look))
}

// quantile is the inverse of normal.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
