package segment

import (
	"slices"
	"time"
)

// Portable is everything that a profile holds, for its person to take along, in
// a documented JSON form: field names are stable within a format. Dates are
// 2006-01-02, in the zone of the rules. The salt and the hashes of message ids, and of segments
// in a series, are secrets of the service that say no more about the person than the rest; the hashes are counted.
type Portable struct {
	Format        string          `json:"format"` // "discreet-profile/0"
	Purpose       string          `json:"purpose"`
	Notice        string          `json:"notice"`
	NoticeVersion int             `json:"notice_version"`
	ConsentEnds   time.Time       `json:"consent_ends"`
	FirstRecorded string          `json:"first_recorded"`
	LastRecorded  string          `json:"last_recorded"`
	EntersWindow  int32           `json:"enters_window"` // counts in releases from this accounting window on
	Segments      []string        `json:"segments"`      // the person is in, at the moment of the export
	Interests     []InterestByDay `json:"interests"`
	Items         []KeptItem      `json:"items"`
	Dismissed     []string        `json:"dismissed,omitempty"`     // categories the person is not interested in, each with everything below it
	LeftSegments  []string        `json:"left_segments,omitempty"` // segments the person has left
	MessageIDs    int             `json:"message_ids"`             // hashes held against replays, for seven days
	Series        []SeriesSlots   `json:"series,omitempty"`        // hashes of the segments the person counts in, until the accounting window is over
}

// Export returns everything that the profile holds. Segments are those at now,
// none when consent has ended; what is held is listed as it is, but for what is
// older than the TTL or a look-back.
func (r *Rules) Export(p *Profile, now time.Time) Portable {
	today := r.Day(now)
	x := Portable{
		Format: "discreet-profile/0", Purpose: r.purpose, ConsentEnds: p.ConsentEnds(),
		FirstRecorded: date(p.created), LastRecorded: date(p.seen), EntersWindow: p.enters,
		Segments: []string{}, Interests: r.byDay(p, today), Items: r.keptItems(p, today),
		Dismissed: p.Dismissed(), LeftSegments: p.Left(), Series: p.seriesSlots(),
	}
	x.Notice, x.NoticeVersion = p.Notice()
	if !p.expired(now) {
		x.Segments = append(x.Segments, r.Segments(p, today)...)
	}
	for _, m := range slices.Concat(p.allMessages()...) {
		x.MessageIDs += int(m.n)
	}
	return x
}
