package plan

import (
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Prediction says what one release of a measure costs and how exact it is.
// Errors are about the bounded count: noise, not what bounding leaves out.
type Prediction struct {
	Measure   string
	Kind      string // "segment-sizes", "segment-items", "people", ...
	ShareNano int64  // billionths of the window's mu^2
	Mu2       accounting.Units
	Delta     accounting.Units

	L0    int   // cells one person changes
	LInf  int64 // the most one person changes a cell by, in steps
	Noise dp.Noise

	// What is in steps, times Step/Per, is a number of Unit: "people", "events" or the
	// unit of amounts.
	Unit      string
	Step, Per int64

	Error100   float64 // standard deviation relative to a cell of 100, of means that of people; 0 for amounts and keys
	Error1000  float64 // of 1,000
	Error10000 float64 // of 10,000

	// Within10 is the smallest count whose interval is within 10 % of it, and
	// which a threshold lets through at least half the time; 0 for amounts and keys.
	Within10 int64
}

// Share returns the share of the window's mu^2.
func (q Prediction) Share() float64 { return float64(q.ShareNano) / nano }

// Predictions returns what each declared measure gets at its planned share, in
// the order of declaration.
func (p *Plan) Predictions() []Prediction { return append([]Prediction(nil), p.predictions...) }

// Predict returns what a release of a declared measure gets for a share of the
// window's mu^2 in billionths: exactly what dp.Draw then does. It returns
// ErrUndeclared, ErrShare, or the error of a share too small to release with.
func (p *Plan) Predict(measure string, shareNano int64) (Prediction, error) {
	s, err := p.spec(measure)
	if err != nil {
		return Prediction{}, err
	}
	return p.predict(s, shareNano)
}

func (p *Plan) predict(s *contrib.Spec, shareNano int64) (Prediction, error) {
	mu2, delta, err := p.charge(s, shareNano)
	if err != nil {
		return Prediction{}, err
	}
	n, err := dp.Predict(s, mu2, delta)
	if err != nil {
		return Prediction{}, err
	}
	q := predictionOf(s, n)
	q.ShareNano, q.Mu2, q.Delta = shareNano, mu2, delta
	return q, nil
}

// predictionOf says what noise comes to, whatever is paid for it.
func predictionOf(s *contrib.Spec, n dp.Noise) Prediction {
	q := Prediction{Measure: s.Name, Kind: s.Kind.String(), L0: s.L0(), LInf: s.LInf(), Noise: n}
	q.tell(s)
	return q
}
