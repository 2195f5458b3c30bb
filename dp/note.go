package dp

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/contrib"
	"golang.org/x/mod/sumdb/note"
)

// Format names the text that a release is signed as: this line, one line of
// JSON for the Header, one for each Cell. docs/formats.md describes it.
const Format = "discreet-release/0"

const (
	roundedGaussian      = "rounded-gaussian"
	partitionsPublic     = "public"
	partitionsDiscovered = "discovered"

	maxCells = contrib.MaxPublic
	maxLine  = 1 << 12 // bytes; names are bounded, so no valid line is longer
)

// sign returns the release as a signed note.
func sign(h *Header, cells []Cell, signer note.Signer) ([]byte, error) {
	text, err := encode(h, cells)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
	if err != nil {
		return nil, ErrSigner
	}
	return signed, nil
}

// encode writes the one form of a release.
func encode(h *Header, cells []Cell) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, ErrFormat
	}
	out := make([]byte, 0, len(Format)+len(head)+2+96*len(cells))
	out = append(append(out, Format...), '\n')
	out = append(append(out, head...), '\n')
	for i := range cells {
		out = appendCell(out, &cells[i])
	}
	return out, nil
}

// appendCell writes the line of a cell: the JSON of the struct.
func appendCell(out []byte, c *Cell) []byte {
	out = append(out, `{"segment":`...)
	out = appendString(out, c.Segment)
	if c.Item != "" {
		out = append(out, `,"item":`...)
		out = appendString(out, c.Item)
	}
	out = strconv.AppendInt(append(out, `,"value":`...), c.Value, 10)
	out = strconv.AppendInt(append(out, `,"low":`...), c.Low, 10)
	out = strconv.AppendInt(append(out, `,"high":`...), c.High, 10)
	return append(out, "}\n"...)
}

// appendString writes s as a JSON string: as it is where every byte is plain,
// else the way encoding/json does.
func appendString(out []byte, s string) []byte {
	for _, b := range []byte(s) {
		if b < 0x20 || b >= utf8.RuneSelf || b == '"' || b == '\\' || b == '<' || b == '>' || b == '&' {
			quoted, _ := json.Marshal(s) // strings do not fail
			return append(out, quoted...)
		}
	}
	out = append(out, '"')
	out = append(out, s...)
	return append(out, '"')
}
