package cases

import (
	"encoding/json"
	"math"
	"os"
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
	{"kinds-sensitivity", kindsSensitivity},
	{"bounded-counts", boundedCounts},
	{"black-box", blackBox},
	{"selection", selection},
	{"look-back", lookBack},
	{"public-table", publicTable},
	{"means-table", meansTable},
	{"laplace-table", laplaceTable},
	{"keys-rate", keysRate},
	{"discovered-table", discoveredTable},
	{"laplace-loss", laplaceLoss},
	{"discrete-gaussian-loss", discreteGaussianLoss},
	{"exponential-mechanism", exponentialMechanism},
	{"loners", loners},
	{"intervals", intervals},
	{"charge-proof", chargeProof},
	{"admission", admission},
	{"merging", merging},
	{"scan", scan},
	{"series", series},
	{"ledger-protocol", ledgerProtocol},
	{"ledger-windows", ledgerWindows},
	{"ledger-session", ledgerSession},
	{"ledger-kinds", ledgerKinds},
	{"ledger-resets", ledgerResets},
	{"ledger-rolled-back", ledgerRolledBack},
	{"adaptive-session", adaptiveSession},
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

// tail is the upper tail of the standard normal, good to 1e-14 of it.
func tail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }
