package googledp

import (
	"errors"
	"math"
	"runtime/debug"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/google/differential-privacy/go/v3/noise"
)

const (
	module  = "github.com/google/differential-privacy/go/v3"
	version = "v3.0.0" // that of go.mod, where the program does not tell

	maxPeople = 1 << 29 // in a row: sums of squares stay whole numbers of a float
)

var (
	errEnvelope = errors.New("googledp: a parameter is outside of the envelope")
	errNumbers  = errors.New("googledp: numbers are out of bounds, not ascending, or of too many people")
	errGoogle   = errors.New("googledp: Google's library refused or failed")
)

// Mechanisms returns what draws [dp.Quantiles] and [dp.Variance], for Config.External
// of an engine. It is safe for concurrent use. A row of quantiles takes about half a
// millisecond for the first rank and less for each further one, and 0.1 microseconds for each person;
// a variance takes a tenth of that.
func Mechanisms() dp.External { return proof.NewExternal(library(), draw) }

// library names the module, in the version that the program was built with.
func library() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path != module {
				continue
			}
			if r := d.Replace; r != nil {
				return "replaced " + module + " " + d.Version
			}
			return module + " " + d.Version
		}
	}
	return module + " " + version
}

// draw draws one row. Nothing of Google's leaves it but the result: aggregators are
// made here, used once and dropped, and an error or a panic of theirs, whose text may
// hold a number, becomes one that holds none.
func draw(r proof.ExternalRow) ([]float64, error) { return drawn(&r, noise.Laplace()) }

func drawn(r *proof.ExternalRow, n noise.Noise) (values []float64, err error) {
	if !inside(r) {
		return nil, errEnvelope
	}
	if !sane(r) {
		return nil, errNumbers
	}
	defer func() {
		if recover() != nil {
			values, err = nil, errGoogle
		}
	}()
	if r.Variance {
		values, err = variance(r, n)
	} else {
		values, err = quantiles(r, n)
	}
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			err = errGoogle
		}
	}
	if err != nil {
		return nil, errGoogle
	}
	return values, nil
}

// inside holds the parameters within which Google's library was examined: no overflow,
// no endless loop, no logging. All of them are declared, and none depends on data.
func inside(r *proof.ExternalRow) bool {
	if !envelope.Epsilon(r.Epsilon) || r.Rows < 1 || r.Rows > contrib.MaxSegments || r.Span < 1 || r.Span > contrib.MaxSpan {
		return false
	}
	if r.Variance {
		return r.Ranks == nil
	}
	for i, rank := range r.Ranks {
		if rank < 0 || rank > 1_000_000 || i > 0 && rank <= r.Ranks[i-1] {
			return false
		}
	}
	return len(r.Ranks) >= 1 && len(r.Ranks) <= contrib.MaxRanks
}

// sane holds that every number is there once, within the bounds, of people who can be
// counted.
func sane(r *proof.ExternalRow) bool {
	people := int64(0)
	for i, n := range r.Numbers {
		if n.Number < 0 || n.Number > r.Span || i > 0 && n.Number <= r.Numbers[i-1].Number || n.People < 1 || n.People > maxPeople-people {
			return false
		}
		people += n.People
	}
	return true
}
