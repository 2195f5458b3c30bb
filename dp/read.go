package dp

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/envelope"
	"github.com/discreet-go/discreet/internal/proof"
	"golang.org/x/mod/sumdb/note"
)

// Errors of reading a release.
var (
	ErrUnverified = errors.New("dp: the release is not signed by a key that is trusted")
	ErrVerifier   = errors.New("dp: a verifier is not a public note key")
	ErrFormat     = errors.New("dp: not a release in format " + Format)
)

// ReadRelease reads a signed release, as [Release.Note] gives it. verifiers are
// the public keys that are trusted, in the text form of
// golang.org/x/mod/sumdb/note, as Engine.Verifiers gives them; one of them must
// have signed.
//
// It is strict: the text is accepted only in the one form in which releases are
// written, with cells sorted and distinct, and a header that fits them. It
// returns ErrUnverified, ErrVerifier or ErrFormat. What is true of the numbers
// is what the signer says; the signature is checked first.
func ReadRelease(data []byte, verifiers ...string) (Release, error) {
	known := make([]note.Verifier, 0, len(verifiers))
	for i, text := range verifiers {
		if slices.Contains(verifiers[:i], text) {
			continue
		}
		v, err := note.NewVerifier(text)
		if err != nil {
			return Release{}, ErrVerifier
		}
		known = append(known, v)
	}
	signed, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return Release{}, ErrUnverified
	}
	h, cells, err := parse(signed.Text)
	if err != nil {
		return Release{}, err
	}
	return proof.NewRelease(h, cells, bytes.Clone(data)), nil
}

// parse reads what encode writes, and nothing else.
func parse(text string) (Header, []Cell, error) {
	first, rest, ok := strings.Cut(text, "\n")
	if !ok || first != Format {
		return Header{}, nil, ErrFormat
	}
	line, rest, ok := strings.Cut(rest, "\n")
	var h Header
	if !ok || !decode(line, &h) {
		return Header{}, nil, ErrFormat
	}
	if again, err := json.Marshal(&h); err != nil || string(again) != line {
		return Header{}, nil, ErrFormat
	}
	n := strings.Count(rest, "\n")
	if !checkHeader(&h) || h.Cells != n || n > maxCells {
		return Header{}, nil, ErrFormat
	}
	cells := make([]Cell, n)
	var again []byte
	for i := range cells {
		line, rest, _ = strings.Cut(rest, "\n")
		c := &cells[i]
		if !decode(line, c) || !checkCell(&h, c) || i > 0 && !before(&cells[i-1], c) {
			return Header{}, nil, ErrFormat
		}
		again = appendCell(again[:0], c)
		if string(again[:len(again)-1]) != line {
			return Header{}, nil, ErrFormat
		}
	}
	if rest != "" {
		return Header{}, nil, ErrFormat
	}
	return h, cells, nil
}

func decode(line string, v any) bool {
	return len(line) <= maxLine && json.Unmarshal([]byte(line), v) == nil
}

// checkHeader holds what every release says of itself.
func checkHeader(h *Header) bool {
	budget := Budget{Epsilon: h.Epsilon, Delta: h.WindowDelta, WindowDays: 1}
	switch {
	case h.Format != Format || h.Mechanism != roundedGaussian || h.Library == "" || len(h.Library) > contrib.MaxNameLen,
		!contrib.ValidName(h.Name) || !contrib.ValidName(h.Measure) || !contrib.ValidName(h.Account),
		h.Entry == 0 || h.Window < 0 || budget.Check() != nil:
		return false
	case !validDate(h.WindowFrom) || !validDate(h.WindowTo) || !validDate(h.AsOf) || !validDate(h.Since),
		h.WindowFrom >= h.WindowTo || h.AsOf >= h.WindowTo: // the format sorts as text
		return false
	case !positive(h.Sigma) || !positive(h.StdDev) || !positive(h.Mu) || h.Level != Level || h.Margin < 0,
		!envelope.Bounds(int64(h.L0), int64(h.LInf)):
		return false
	}
	switch h.Kind {
	case contrib.KindSegmentSizes.String():
		if h.Partitions != partitionsPublic || h.LInf != 1 || h.Lookback != 0 {
			return false
		}
	case contrib.KindSegmentItems.String():
		if h.Lookback < 1 || h.Lookback > contrib.MaxLookbackDays {
			return false
		}
	default:
		return false
	}
	switch h.Partitions {
	case partitionsPublic:
		return h.Delta == 0 && h.Threshold == 0
	case partitionsDiscovered:
		return positive(h.Delta) && h.Delta < h.WindowDelta && h.Threshold >= 2 && h.LInf == 1
	}
	return false
}

// checkCell holds what a cell says under its header.
func checkCell(h *Header, c *Cell) bool {
	if !contrib.ValidKey(c.Segment) || c.Value < h.Threshold && h.Threshold > 0 {
		return false
	}
	if sizes := h.Kind == contrib.KindSegmentSizes.String(); sizes != (c.Item == "") || !sizes && !contrib.ValidKey(c.Item) {
		return false
	}
	return *c == cellOf(c.Segment, c.Item, c.Value, h.Margin)
}

// before reports whether a comes before b: cells are sorted by segment and item.
func before(a, b *Cell) bool {
	return a.Segment < b.Segment || a.Segment == b.Segment && a.Item < b.Item
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }

func validDate(s string) bool {
	t, err := time.Parse(dateFormat, s)
	return err == nil && t.Format(dateFormat) == s && t.Year() >= 1970
}
