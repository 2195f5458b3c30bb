package proof

import (
	"encoding/json"
	"errors"
)

// ClaimsFormat names the JSON form of [Claims]; docs/formats.md describes it.
const ClaimsFormat = "discreet-statement/0"

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
	Format  string `json:"format"` // ClaimsFormat
	Release string `json:"release"`
	Account string `json:"account"`
	Entry   uint64 `json:"entry"`

	Counts struct {
		What     string `json:"what"` // "people" or "events"
		Of       string `json:"of"`   // "segments" or "segments x items"
		Measure  string `json:"measure"`
		AsOf     string `json:"as_of"` // last day that counts
		Since    string `json:"since"`
		Lookback int    `json:"lookback_days,omitempty"`
	} `json:"counts"`
	Bounds struct {
		Cells  int   `json:"cells_per_person"`
		InEach int64 `json:"in_each"`
	} `json:"bounds"` // of what one person counts; the rest is left out
	Noise struct {
		Mechanism string  `json:"mechanism"`
		Sigma     float64 `json:"sigma"`
		StdDev    float64 `json:"std_dev"`
	} `json:"noise"`
	Interval struct {
		Margin int64   `json:"margin"` // value ± margin
		Level  float64 `json:"level"`
	} `json:"interval"`
	Cells struct {
		Chosen    string `json:"chosen"` // "beforehand" or "from-the-data"
		Threshold int64  `json:"threshold,omitempty"`
	} `json:"cells"`
	Loss struct {
		Unit  string  `json:"unit"` // "person-record", added or removed
		Mu    float64 `json:"mu"`
		Delta float64 `json:"delta"`
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
	c.Format, c.Release, c.Account, c.Entry = ClaimsFormat, h.Name, h.Account, h.Entry
	c.Counts.What, c.Counts.Of = "people", "segments x items"
	if h.LInf > 1 {
		c.Counts.What = "events"
	}
	if h.Kind == "segment-sizes" {
		c.Counts.Of = "segments"
	}
	c.Counts.Measure, c.Counts.AsOf, c.Counts.Since, c.Counts.Lookback = h.Measure, h.AsOf, h.Since, h.Lookback
	c.Bounds.Cells, c.Bounds.InEach = h.L0, h.LInf
	c.Noise.Mechanism, c.Noise.Sigma, c.Noise.StdDev = h.Mechanism, h.Sigma, h.StdDev
	c.Interval.Margin, c.Interval.Level = h.Margin, h.Level
	c.Cells.Chosen, c.Cells.Threshold = "beforehand", h.Threshold
	if h.Threshold > 0 {
		c.Cells.Chosen = "from-the-data"
	}
	c.Loss.Unit, c.Loss.Mu, c.Loss.Delta = "person-record", h.Mu, h.Delta
	c.Window.From, c.Window.To, c.Window.Epsilon, c.Window.Delta = h.WindowFrom, h.WindowTo, h.Epsilon, h.WindowDelta
	c.NotProtected = []string{NotGroups, NotIdentifiers}
	c.Text = r.Statement()
	return c
}

// StatementJSON returns Claims as one line of JSON: the machine-readable form of
// Statement. Of the zero Release it returns [ErrZero].
func (r Release) StatementJSON() ([]byte, error) {
	if r.IsZero() {
		return nil, ErrZero
	}
	return json.Marshal(r.Claims())
}
