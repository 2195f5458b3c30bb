package ingest

import (
	"time"

	"github.com/discreet-go/discreet/segment"
)

// ages refuses events that an engine would refuse for their time.
type ages struct {
	now func() time.Time // nil checks nothing
	ttl int64            // days
}

// ages checks the limits of time.
func (c *Config) ages() (ages, error) {
	if (c.Now == nil) != (c.TTLDays == 0) || c.TTLDays < 0 || c.TTLDays > maxTTLDays || c.Track != nil && c.Now == nil {
		return ages{}, ErrLimits
	}
	return ages{c.Now, int64(c.TTLDays)}, nil
}

const maxTTLDays = 730 // as segment.Rules has it

// check draws the same two lines as an engine: a sender's clock may be ahead by
// segment.MaxAhead, and the day of an event is one of the last TTLDays.
func (a *ages) check(at, now time.Time) Reason {
	if at.After(now.Add(segment.MaxAhead)) {
		return ReasonFuture
	}
	today := now.Unix() / 86400
	if at.Unix() < (today-a.ttl+1)*86400 {
		return ReasonOld
	}
	return ReasonNone
}

// when returns the moment of a call: receivedAt - (sentAt - originalTimestamp),
// which takes out what the sender's clock is wrong by, where the three are there;
// otherwise timestamp, which the platform corrected, or originalTimestamp.
func (t *Tracks) when(c *call) (time.Time, Reason) {
	original, sent, received := &c.original, &c.sent, &c.received
	if sent.missing() && t.top.batch {
		sent = &t.top.sent
	}
	if received.missing() && t.top.batch {
		received = &t.top.received
	}
	if t.plan.live && original.missing() {
		original = &c.at
	}
	if original.missing() || sent.missing() || received.missing() && !t.plan.live {
		at := &c.at
		if at.missing() {
			at = original
		}
		return at.time()
	}
	begun, r1 := original.time()
	left, r2 := sent.time()
	came, r3 := t.now, ReasonNone
	if !t.plan.live {
		came, r3 = received.time()
	}
	if r := max(r1, r2, r3); r != ReasonNone {
		return time.Time{}, r
	}
	// How long the sender kept it is by one clock, the sender's. Below zero that
	// clock was set in between; beyond the TTL it is worth nothing.
	kept := left.Sub(begun)
	if kept < -segment.MaxAhead || kept > time.Duration(t.ages.ttl)*24*time.Hour || came.After(t.now.Add(segment.MaxAhead)) {
		return time.Time{}, ReasonSkew
	}
	return came.Add(-kept).UTC(), ReasonNone
}

// time reads a moment as RFC 3339 has it.
func (v *value) time() (at time.Time, r Reason) {
	if v.kind != isString || len(v.text) > 40 || at.UnmarshalText(v.text) != nil || at.Unix() < 0 || at.Unix() > maxUnix {
		return time.Time{}, ReasonTime
	}
	return at.UTC(), ReasonNone
}
