package dp

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet/internal/proof"
	"golang.org/x/mod/sumdb/note"
)

// Errors of reading a release.
var (
	ErrUnverified = errors.New("dp: the release is not signed by a key that is trusted")
	ErrVerifier   = errors.New("dp: a verifier is not a public note key")
	ErrFormat     = errors.New("dp: not a release in format " + Format0 + " or " + Format)
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
	if !ok || first != Format0 && first != Format {
		return Header{}, nil, ErrFormat
	}
	line, rest, ok := strings.Cut(rest, "\n")
	var h Header
	if !ok || !decode(line, &h) || h.Format != first {
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
		if !decode(line, c) || !checkCell(&h, c) || i > 0 && (!before(&cells[i-1], c) || !alikeParts(&h, &cells[i-1], c)) {
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

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }

func validDate(s string) bool {
	t, err := time.Parse(dateFormat, s)
	return err == nil && t.Format(dateFormat) == s && t.Year() >= 1970
}
