package ingest

import (
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// Consent is what the mapped consent column says, or for track calls whether all
// mapped purposes were agreed to, or none.
type Consent uint8

// The answers of a consent column.
const (
	ConsentNone    Consent = iota // no column, no answer, or to some purposes only
	ConsentGiven                  // the person agreed
	ConsentRefused                // the person refused
)

// String names the answer.
func (c Consent) String() string {
	switch c {
	case ConsentGiven:
		return "given"
	case ConsentRefused:
		return "refused"
	}
	return "none"
}

// Row is one event of a file. The person prints redacted; the other fields do
// not.
type Row struct {
	Number    int64         // 1 is the first row after the header, the first call or product; counts every row of the file
	Person    pseudonym.Raw // never the zero Raw
	MessageID string        // 1 to 128 bytes
	Kind      string        // a name
	Item      string        // "" only with a category
	Category  string        // "" when there is none
	Count     int           // 1 to MaxCount
	Value     int64         // amount in thousandths of Unit, 0 to segment.MaxAmount
	Unit      string        // "" where there is no amount
	Time      time.Time     // UTC
	Consent   Consent
	Denied    []string // of track calls with KeepDenied: the purposes that were not agreed to, sorted; not to be changed
	Back      bool     // Time is before that of an earlier row
}
