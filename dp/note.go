package dp

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/contrib"
	"golang.org/x/mod/sumdb/note"
)

// Formats name the text that a release is signed as: this line, one line of
// JSON for the Header, one for each Cell. docs/formats.md describes them. Format0 is
// that of tables of segment sizes, and of segments and public items, without anything
// that came later.
const (
	Format0 = "discreet-release/0"
	Format  = "discreet-release/1"
)

const (
	roundedGaussian      = "rounded-gaussian"
	discreteLaplace      = "discrete-laplace"
	selection            = "selection"
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
	out := make([]byte, 0, len(h.Format)+len(head)+2+96*len(cells))
	out = append(append(out, h.Format...), '\n')
	out = append(append(out, head...), '\n')
	for i := range cells {
		out = appendCell(out, &cells[i])
	}
	return out, nil
}

// appendCell writes the line of a cell: the JSON of the struct.
func appendCell(out []byte, c *Cell) []byte {
	from := len(out)
	for _, name := range [...]struct{ field, value string }{
		{`,"segment":`, c.Segment}, {`,"category":`, c.Category}, {`,"group":`, c.Group},
		{`,"item":`, c.Item}, {`,"with":`, c.With}, {`,"part":`, c.Part},
	} {
		if name.value != "" {
			out = append(out, name.field...)
			out = appendString(out, name.value)
		}
	}
	out = strconv.AppendInt(append(out, `,"value":`...), c.Value, 10)
	out = strconv.AppendInt(append(out, `,"low":`...), c.Low, 10)
	out = strconv.AppendInt(append(out, `,"high":`...), c.High, 10)
	out[from] = '{' // in place of the first comma
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
