package discreet

import (
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Stats are exact counters since Open. They stay inside the service: they are
// not releases, and must not be published. None is labelled by person, segment,
// item, category or group.
type Stats struct {
	Events     int64 // given to Record, RecordBatch and the calls for audits, by purpose
	Admitted   int64 // taken into a profile, or for an audit
	Duplicates int64 // replays, no-ops
	Refused    int64 // refused by the rules of the row
	Denied     int64 // refused for lack of consent
	Anonymous  int64 // without a person
	Malformed  int64 // identifier refused by its normaliser
	Choices    int64
	Releases   int64 // newly drawn
	Rankings   int64
	Moved      int64 // people moved from an older root or a hash, or merged

	Memberships int64 // handed out by ExportMemberships
}

type counters struct {
	events, admitted, duplicates, refused, denied, anonymous, malformed atomic.Int64
	choices, releases, rankings, moved, memberships                     atomic.Int64
}

// Stats returns the counters.
func (e *Engine) Stats() Stats {
	c := &e.stats
	return Stats{
		Events: c.events.Load(), Admitted: c.admitted.Load(), Duplicates: c.duplicates.Load(),
		Refused: c.refused.Load(), Denied: c.denied.Load(), Anonymous: c.anonymous.Load(),
		Malformed: c.malformed.Load(), Choices: c.choices.Load(), Releases: c.releases.Load(),
		Rankings: c.rankings.Load(), Moved: c.moved.Load(),
		Memberships: c.memberships.Load(),
	}
}

// Observation tells of one finished call.
type Observation struct {
	Call     string // name of the method
	Duration time.Duration
	Failed   bool
}

// observe tells Config.Observe of a call that began at start. Durations come
// from Config.Now, the only clock.
func (e *Engine) observe(call string, start time.Time, err *error) {
	if e.cfg.Observe != nil {
		e.cfg.Observe(Observation{Call: call, Duration: e.cfg.Now().Sub(start), Failed: *err != nil})
	}
}

// timeOf returns the first moment of a day in UTC.
func timeOf(d contrib.Day) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }
