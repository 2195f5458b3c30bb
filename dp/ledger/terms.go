package ledger

import (
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
)

// MaxWindowDays is the longest accounting window.
const MaxWindowDays = 400

// Terms are the totals of every window of an account, fixed at its opening.
// Epsilon and Delta are what is promised; Mu2 and ReserveDelta are what may be
// spent, which the caller derives from them: sqrt(Mu2)-GDP must imply
// (Epsilon, Delta - ReserveDelta)-DP.
type Terms struct {
	Epsilon      float64          // in the envelope of [accounting.Target]
	Delta        float64          // likewise
	Mu2          accounting.Units // squared mu; above zero
	ReserveDelta accounting.Units // additive delta for thresholds; zero where nothing uses it, below Delta
	WindowDays   int              // 1 to MaxWindowDays
}

func (t Terms) valid() bool {
	return accounting.Target{Epsilon: t.Epsilon, Delta: t.Delta}.Check() == nil && !t.Mu2.IsZero() &&
		t.ReserveDelta.Rat().Cmp(new(big.Rat).SetFloat64(t.Delta)) < 0 &&
		t.WindowDays >= 1 && t.WindowDays <= MaxWindowDays
}

func (t Terms) total() Loss { return Loss{t.Mu2, t.ReserveDelta} }

// Loss is a privacy loss: squared mu of Gaussian differential privacy, and an
// additive delta. Both are exact.
type Loss struct{ Mu2, Delta accounting.Units }

// add returns the sum, or false where it exceeds what Units hold.
func (l Loss) add(m Loss) (Loss, bool) {
	mu2, err1 := l.Mu2.Add(m.Mu2)
	delta, err2 := l.Delta.Add(m.Delta)
	return Loss{mu2, delta}, err1 == nil && err2 == nil
}

// within reports whether l fits in total, in both parts.
func (l Loss) within(total Loss) bool {
	return l.Mu2.Cmp(total.Mu2) <= 0 && l.Delta.Cmp(total.Delta) <= 0
}

// less returns l - m, where m.within(l).
func (l Loss) less(m Loss) Loss {
	mu2, _ := l.Mu2.Sub(m.Mu2)
	delta, _ := l.Delta.Sub(m.Delta)
	return Loss{mu2, delta}
}
