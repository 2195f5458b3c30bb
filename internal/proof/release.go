package proof

import "slices"

// Header says everything about a release that is not a cell. Every field is a
// declared parameter or follows from one; none depends on anybody's data but
// Cells, which is the number of released cells.
type Header struct {
	Format      string  `json:"format"`  // "discreet-release/0" or "discreet-release/1"
	Library     string  `json:"library"` // version of this module
	Account     string  `json:"account"` // population id of the account
	Entry       uint64  `json:"entry"`   // sequence number of the charge in the ledger
	Name        string  `json:"name"`
	Measure     string  `json:"measure"`
	Kind        string  `json:"kind"`       // "segment-sizes", "segment-items", "people", ...
	Partitions  string  `json:"partitions"` // "public" or "discovered"
	Window      int32   `json:"window"`     // accounting window, counted from the account's opening
	WindowFrom  string  `json:"window_from"`
	WindowTo    string  `json:"window_to"` // first day after the window
	AsOf        string  `json:"as_of"`     // last day that counts, 2006-01-02
	Since       string  `json:"since"`     // the measure was declared, in this form, on this day; items count from it on
	Lookback    int     `json:"lookback_days"`
	Mechanism   string  `json:"mechanism"` // "rounded-gaussian", "discrete-laplace", "selection", "google-bounded-quantiles", "google-bounded-variance"
	Sigma       float64 `json:"sigma"`     // scale of the noise: standard deviation before rounding, or b of Laplace noise; 0 where it is not known
	StdDev      float64 `json:"std_dev"`   // of each value around the bounded truth; 0 where it is not known
	L0          int     `json:"l0"`
	LInf        int64   `json:"l_inf"`
	Mu          float64 `json:"mu"`        // loss of this release, Gaussian DP, rounded up
	Delta       float64 `json:"delta"`     // loss of this release, additive, rounded up
	Threshold   int64   `json:"threshold"` // discovered keys below it are not released; 0 for public
	Epsilon     float64 `json:"window_epsilon"`
	WindowDelta float64 `json:"window_delta"`
	Level       float64 `json:"interval_level"`  // 0.95; 0 without intervals
	Margin      int64   `json:"interval_margin"` // interval is Value ± Margin; of another library's noise there is none, and Low and High are bounds that always hold
	Cells       int     `json:"cells"`

	// From format 1 on, where they are not zero. A value times Step/Per is a number in
	// Unit, a variance times its square in the square of Unit; Sigma, StdDev, LInf, Margin and Center are in steps too.
	By          string  `json:"by,omitempty"`   // rows: "segments", "categories", "groups"; "" for one row without a name
	Unit        string  `json:"unit,omitempty"` // "people", "events", or of an amount
	Step        int64   `json:"step,omitempty"`
	Per         int64   `json:"per,omitempty"`
	HalfLife    int     `json:"half_life_days,omitempty"`
	Norm        int64   `json:"l2,omitempty"`         // L2 norm that contributions are scaled down to, in steps
	MinPeople   int     `json:"min_people,omitempty"` // fewer never make a discovered key come out
	Low         int64   `json:"low,omitempty"`        // bounds of one person's amount, or number of events, in steps
	High        int64   `json:"high,omitempty"`
	Center      int64   `json:"center,omitempty"`      // taken off each person's amount, of means
	Of          string  `json:"of,omitempty"`          // denominators of means; attribute of groups; of a histogram the quantity, then a measure or unit; of quantiles and variances "events" or "amounts"
	Category    string  `json:"category,omitempty"`    // only amounts of events in it or below are added up; "" for all
	Pure        float64 `json:"epsilon,omitempty"`     // of Laplace noise and of another library's: this release alone is so differentially private
	CountSigma  float64 `json:"count_sigma,omitempty"` // of the part "count", of means with both parts
	CountStdDev float64 `json:"count_std_dev,omitempty"`
	CountMargin int64   `json:"count_margin,omitempty"`
	Even        int64   `json:"even_chance_at,omitempty"` // of keys: the fewest people with which one comes out at least half the time
	External    string  `json:"drawn_by,omitempty"`       // the library that drew the noise, and its version, where that is another one
}

// Cell is one released number under the names that its measure gives cells. Low and
// High bound the bounded truth with the probability Header.Level.
type Cell struct {
	Segment  string `json:"segment,omitempty"`
	Category string `json:"category,omitempty"`
	Group    string `json:"group,omitempty"`
	Item     string `json:"item,omitempty"` // or a campaign
	With     string `json:"with,omitempty"` // the other item of a pair
	Part     string `json:"part,omitempty"` // "count", "sum"; "reached", ...; the lower end of a bin; a rank, as 0.5; "variance"
	Value    int64  `json:"value"`
	Low      int64  `json:"low"`
	High     int64  `json:"high"`
}

// Release is a differentially private table: made by a charged draw, or read
// from a signed note. The zero Release is invalid.
type Release struct {
	header Header
	cells  []Cell
	note   []byte
}

// NewRelease makes a Release. Package dp and the test helpers alone call it.
// It keeps the slices.
func NewRelease(h Header, cells []Cell, note []byte) Release { return Release{h, cells, note} }

// Header returns what is known about the release.
func (r Release) Header() Header { return r.header }

// Cells returns a copy of the released cells, sorted by their names in the order of
// the fields of Cell.
func (r Release) Cells() []Cell { return slices.Clone(r.cells) }

// Len returns the number of cells.
func (r Release) Len() int { return len(r.cells) }

// At returns cell i.
func (r Release) At(i int) Cell { return r.cells[i] }

// Note returns a copy of the signed note, which dp.ReadRelease accepts on
// another machine.
func (r Release) Note() []byte { return slices.Clone(r.note) }

// IsZero reports whether r is the invalid zero Release.
func (r Release) IsZero() bool { return r.header.Format == "" }
