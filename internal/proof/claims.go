package proof

import (
	"encoding/json"
	"errors"
)

// Formats name the JSON form of [Claims]; docs/formats.md describes them. The first is
// that of releases in their own first format.
const (
	ClaimsFormat0 = "discreet-statement/0"
	ClaimsFormat  = "discreet-statement/1"
)

// ErrZero is returned for a statement about the zero Release.
var ErrZero = errors.New("proof: the release is invalid, so there is nothing to state")

// What Claims.NotProtected may hold.
const (
	NotGroups      = "facts-about-groups"
	NotIdentifiers = "identifiers-beyond-the-sum-of-their-parts"
)

// Claims is what [Release.Statement] says, for machines. It depends on the Header
// alone, and is not signed: the signed note has the same numbers.
type Claims struct {
	Format  string `json:"format"` // ClaimsFormat or ClaimsFormat0
	Release string `json:"release"`
	Account string `json:"account"`
	Entry   uint64 `json:"entry"`

	Counts struct {
		What     string `json:"what"` // "people", "events", "amounts", "items", "quantiles" or "variance"
		Of       string `json:"of"`   // "segments", "segments x items", "everybody", "bins", ...
		Measure  string `json:"measure"`
		AsOf     string `json:"as_of"` // last day that counts
		Since    string `json:"since"`
		Lookback int    `json:"lookback_days,omitempty"`

		// From format 1 on. A value times Step/Per is a number in Unit.
		About    string `json:"about,omitempty"`    // as Header.Of
		Category string `json:"category,omitempty"` // as Header.Category
		Unit     string `json:"unit,omitempty"`
		Step     int64  `json:"step,omitempty"`
		Per      int64  `json:"per,omitempty"`
		HalfLife int    `json:"half_life_days,omitempty"`
		Center   int64  `json:"less,omitempty"` // taken off each person's amount, in steps
	} `json:"counts"`
	Bounds struct {
		Cells  int   `json:"cells_per_person"`
		InEach int64 `json:"in_each"`        // in steps
		Low    int64 `json:"low,omitempty"`  // of one person's amount, in steps
		High   int64 `json:"high,omitempty"` // of one person's amount, in steps
		Norm   int64 `json:"l2,omitempty"`   // of all that one person counts with, in steps
	} `json:"bounds"` // of what one person counts; the rest is left out
	Noise struct {
		Mechanism string  `json:"mechanism"`
		External  string  `json:"drawn_by,omitempty"` // another library, whose noise and proof it is
		Sigma     float64 `json:"sigma"`
		StdDev    float64 `json:"std_dev"`

		CountSigma  float64 `json:"count_sigma,omitempty"` // of the people of means
		CountStdDev float64 `json:"count_std_dev,omitempty"`
	} `json:"noise"`
	Interval struct {
		Margin      int64   `json:"margin"`                 // value ± margin
		Level       float64 `json:"level"`                  // 0: no interval is claimed
		CountMargin int64   `json:"count_margin,omitempty"` // of the people of means
	} `json:"interval"`
	Cells struct {
		Chosen    string `json:"chosen"` // "beforehand" or "from-the-data"
		Threshold int64  `json:"threshold,omitempty"`
		MinPeople int    `json:"min_people,omitempty"`     // with fewer, one is never shown
		Even      int64  `json:"even_chance_at,omitempty"` // of keys: people with which one comes out at least half the time
	} `json:"cells"`
	Loss struct {
		Unit  string  `json:"unit"` // "person-record", added or removed
		Mu    float64 `json:"mu"`
		Delta float64 `json:"delta"`
		Pure  float64 `json:"epsilon,omitempty"` // of Laplace noise: what Mu is charged for
	} `json:"loss"` // of this release
	Window struct {
		From    string  `json:"from"`
		To      string  `json:"to"` // first day after it
		Epsilon float64 `json:"epsilon"`
		Delta   float64 `json:"delta"`
	} `json:"window"` // what all its releases together keep
	NotProtected []string `json:"not_protected"`
	Text         string   `json:"text"` // Release.Statement
}

// Claims returns what Statement says, as fields. Those of the zero Release are zero.
func (r Release) Claims() Claims {
	var c Claims
	if r.IsZero() {
		return c
	}
	h := &r.header
	c.Format, c.Release, c.Account, c.Entry = ClaimsFormat0, h.Name, h.Account, h.Entry
	if h.Format != format0 {
		c.Format = ClaimsFormat
		c.later(h)
	}
	c.Counts.What, c.Counts.Of = "people", h.of()
	switch {
	case h.external():
		c.Counts.What = h.Kind
	case h.amounts():
		c.Counts.What = "amounts"
	case h.Kind == "keys":
		c.Counts.What = "items"
	case h.events():
		c.Counts.What = "events"
	}
	c.Counts.Measure, c.Counts.AsOf, c.Counts.Since, c.Counts.Lookback = h.Measure, h.AsOf, h.Since, h.Lookback
	c.Bounds.Cells, c.Bounds.InEach = h.L0, h.LInf
	c.Noise.Mechanism, c.Noise.Sigma, c.Noise.StdDev = h.Mechanism, h.Sigma, h.StdDev
	c.Interval.Margin, c.Interval.Level = h.Margin, h.Level
	c.Cells.Chosen, c.Cells.Threshold = "beforehand", h.Threshold
	if h.Threshold > 0 || h.Even > 0 {
		c.Cells.Chosen = "from-the-data"
	}
	c.Loss.Unit, c.Loss.Mu, c.Loss.Delta = "person-record", h.Mu, h.Delta
	c.Window.From, c.Window.To, c.Window.Epsilon, c.Window.Delta = h.WindowFrom, h.WindowTo, h.Epsilon, h.WindowDelta
	c.NotProtected = []string{NotGroups, NotIdentifiers}
	c.Text = r.Statement()
	return c
}

// later fills in what is there from format 1 on.
func (c *Claims) later(h *Header) {
	c.Counts.About, c.Counts.Category, c.Counts.Unit, c.Counts.Step, c.Counts.Per = h.Of, h.Category, h.Unit, h.Step, h.Per
	c.Counts.HalfLife, c.Counts.Center = h.HalfLife, h.Center
	c.Bounds.Low, c.Bounds.High, c.Bounds.Norm = h.Low, h.High, h.Norm
	c.Noise.CountSigma, c.Noise.CountStdDev, c.Interval.CountMargin = h.CountSigma, h.CountStdDev, h.CountMargin
	c.Noise.External = h.External
	c.Cells.MinPeople, c.Cells.Even, c.Loss.Pure = h.MinPeople, h.Even, h.Pure
}

// StatementJSON returns Claims as one line of JSON: the machine-readable form of
// Statement. Of the zero Release it returns [ErrZero].
func (r Release) StatementJSON() ([]byte, error) {
	if r.IsZero() {
		return nil, ErrZero
	}
	return json.Marshal(r.Claims())
}
