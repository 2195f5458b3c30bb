package cases

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// table lists every audit. The suite audit of bench runs them by name.
var table = []struct {
	name string
	run  func(*testing.T)
}{
	{"noise-independence", noiseIndependence},
	{"empty-cells", emptyCells},
	{"noise-range", noiseRange},
	{"gaussian-law", gaussianLaw},
	{"low-bits", lowBits},
	{"laplace-law", laplaceLaw},
	{"noise-scale", noiseScale},
	{"threshold-edge", thresholdEdge},
	{"threshold-value", thresholdValue},
	{"sigma", sigmaValue},
	{"units", unitsRound},
	{"conversion", conversion},
	{"plan-totals", planTotals},
	{"sensitivity", sensitivity},
	{"selection", selection},
	{"look-back", lookBack},
	{"public-table", publicTable},
	{"loners", loners},
	{"intervals", intervals},
	{"charge-proof", chargeProof},
	{"admission", admission},
	{"scan", scan},
	{"ledger-protocol", ledgerProtocol},
	{"ledger-windows", ledgerWindows},
	{"ledger-session", ledgerSession},
	{"engine-release", engineRelease},
	{"engine-order", engineOrder},
	{"engine-count", engineCount},
}

func TestCases(t *testing.T) {
	for _, c := range table {
		t.Run(c.name, c.run)
	}
}

// outVariable names the file that receives what audits certify, a JSON object a
// line.
const outVariable = "DISCREET_AUDIT_OUT"

// figure is one line of that file.
type figure struct {
	Case        string  `json:"case"`
	MuClaimed   float64 `json:"mu_claimed,omitempty"`
	MuCertified float64 `json:"mu_certified"`
	Alarms      int     `json:"alarms"`
	Audits      int     `json:"audits,omitempty"`
}

func report(t *testing.T, f figure) {
	t.Helper()
	t.Logf("%+v", f)
	name := os.Getenv(outVariable)
	if name == "" {
		return
	}
	line, err := json.Marshal(f)
	check(t, err)
	out, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(t, err)
	_, err = out.Write(append(line, '\n'))
	check(t, err)
	check(t, out.Close())
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// certify returns a lower bound on mu that holds with probability 1 - alpha, from
// independent scores of runs with and without one person. The threshold of the
// event is learned on the first half of the runs, the bound is taken on the
// second: PhiInv(p) - PhiInv(q) for a lower bound p and an upper bound q on the
// probability of the event, each at alpha/2.
func certify(with, without []float64, alpha float64) float64 {
	half := len(with) / 2
	first := slices.Concat(with[:half], without[:half])
	slices.Sort(first)
	cut := first[len(first)/2]
	over := func(list []float64) (n int) {
		for _, v := range list {
			if v > cut {
				n++
			}
		}
		return n
	}
	n := len(with) - half
	k, l := over(with[half:]), over(without[half:])
	p := 1 - upper(n-k, n, alpha/2)
	return quantile(p) - quantile(upper(l, n, alpha/2))
}

// upper is the Clopper-Pearson upper bound on the probability of an event that
// was seen k times in n: the largest p with P(Binomial(n, p) <= k) >= alpha.
func upper(k, n int, alpha float64) float64 {
	if k >= n {
		return 1
	}
	lo, hi := float64(k)/float64(n), 1.0
	for range 60 {
		mid := (lo + hi) / 2
		if atMost(k, n, mid) >= alpha {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// atMost returns P(Binomial(n, p) <= k), for k of at most p n: it adds up the
// terms from the largest one down.
func atMost(k, n int, p float64) float64 {
	lg := func(v int) float64 { g, _ := math.Lgamma(float64(v) + 1); return g }
	term := math.Exp(lg(n) - lg(k) - lg(n-k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	sum := 0.0
	for i := k; i >= 0 && term > sum*1e-16; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1) * (1 - p) / p
	}
	return sum
}

func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// tail is the upper tail of the standard normal, good to 1e-14 of it.
func tail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
