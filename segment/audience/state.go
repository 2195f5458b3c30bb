package audience

// Reason says why a segment is open or closed. Its text is a stable code. The zero
// Reason is that of a State that no gate made.
type Reason uint8

// The reasons.
const (
	Enough    Reason = iota + 1 // open: the bound is at least MinPeople, or has not fallen below half of it since
	Few                         // the bound is lower
	Absent                      // the newest release does not name the segment
	Stale                       // the newest release is older than MaxAgeDays
	Uncounted                   // there is no release
)

// String returns the code.
func (r Reason) String() string {
	switch r {
	case Enough:
		return "enough"
	case Few:
		return "few"
	case Absent:
		return "absent"
	case Stale:
		return "stale"
	case Uncounted:
		return "uncounted"
	}
	return "invalid"
}

// MarshalText returns the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// State is what a gate knows of a segment. All of it was released, or follows from
// what was. The zero State is closed.
type State struct {
	Segment string `json:"segment"`
	Open    bool   `json:"open"`
	Why     Reason `json:"why"`
	Value   int64  `json:"value"`           // the newest released count; 0 where there is none
	Low     int64  `json:"low"`             // its lower confidence bound, by Config.Chance
	AsOf    string `json:"as_of,omitempty"` // day of the newest release, 2006-01-02
	Entry   uint64 `json:"entry,omitempty"` // its position in the ledger
	Since   string `json:"since,omitempty"` // open: day of the release that opened it
}
