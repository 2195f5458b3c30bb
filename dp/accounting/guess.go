package accounting

import "math"

// The functions below work in floats. They only say where the search on
// enclosures begins; no result depends on them.

// mills returns about Q(x)/phi(x).
func mills(x float64) float64 {
	if x < 4 {
		return math.Sqrt(math.Pi/2) * math.Exp(x*x/2) * math.Erfc(x/math.Sqrt2)
	}
	f := x
	for k := 60.0; k >= 1; k-- {
		f = x + k/f
	}
	return 1 / f
}

// lnDelta returns about the logarithm of delta(epsilon) under mu-GDP.
func lnDelta(epsilon, mu float64) float64 {
	s := epsilon/mu - mu/2
	gap := mills(s) - mills(s+mu)
	if s > 1000 || !(gap > 0) {
		gap = mu / (s * s) // close for large s, where the difference is lost
	}
	return -s*s/2 - math.Log(math.Sqrt(2*math.Pi)) + math.Log(gap)
}

func muGuess(t Target) float64 {
	want := math.Log(t.Delta)
	lo, hi := math.Log(1e-9), math.Log(float64(MaxMu))
	for range 80 {
		mid := (lo + hi) / 2
		if lnDelta(t.Epsilon, math.Exp(mid)) > want {
			hi = mid
		} else {
			lo = mid
		}
	}
	return math.Exp(lo)
}

func epsilonGuess(mu, delta float64) float64 {
	want := math.Log(delta)
	lo, hi := 0.0, mu*mu/2+40*mu // where s is 40, delta is below 1e-340
	for range 200 {
		mid := (lo + hi) / 2
		if lnDelta(mid, mu) > want {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// tailGuess returns about the z at which the upper normal tail is q.
func tailGuess(q float64) float64 {
	lo, hi := -40.0, 40.0
	for range 100 {
		mid := (lo + hi) / 2
		if math.Erfc(mid/math.Sqrt2)/2 > q {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
