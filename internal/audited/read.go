package audited

import (
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Cut says what of a row counts in a release.
type Cut struct {
	Now    time.Time
	AsOf   contrib.Day // the last day that counts
	Since  contrib.Day // the first day from which exposures and outcomes count
	Window int32       // accounting window of the release
}

// Person returns what a release of groups reads of the row, and false when the person
// does not count: consent has ended, the person came back and counts from a later
// window on, or states no value of the attribute. A campaign counts with its last
// exposure; where that is after the cut, it does not count at all.
func (r *Rules) Person(p *Row, s *contrib.Spec, c Cut) (contrib.Person, bool) {
	if p.expired(c.Now) || p.enters > c.Window {
		return contrib.Person{}, false
	}
	over := contrib.Day(c.Now.Unix()/86400) - r.ttl
	person := contrib.Person{Salt: p.salt}
	for _, a := range p.attributes {
		if day := secondDay(a.second); a.name == s.Attribute && day <= c.AsOf && day > over && r.Check(&Event{Kind: Stated, Name: a.name, Value: a.value}) == nil {
			person.Group = a.value
		}
	}
	if person.Group == "" {
		return contrib.Person{}, false
	}
	counts := func(day contrib.Day) bool { return day <= c.AsOf && day > over && day >= c.Since }
	for _, k := range p.campaigns {
		if k.what&bitExposed == 0 || !counts(k.day) {
			continue
		}
		known := contrib.Campaign{Name: k.name, Reached: k.what&bitReached != 0}
		if k.what&bitOutcome != 0 && counts(secondDay(k.second)) {
			known.Outcome = contrib.OutcomeNo
			if k.what&bitYes != 0 {
				known.Outcome = contrib.OutcomeYes
			}
		}
		person.Reached = append(person.Reached, known)
	}
	return person, true
}

// Held is everything that a row holds, for its person, in a documented JSON form. Days
// are 2006-01-02 in UTC. The salt is a secret of the service that says nothing about
// the person.
type Held struct {
	Format        string          `json:"format"` // "discreet-audited/0"
	Purpose       string          `json:"purpose"`
	Use           string          `json:"use"` // what it is for, in a sentence
	Notice        string          `json:"notice"`
	NoticeVersion int             `json:"notice_version"`
	ConsentEnds   time.Time       `json:"consent_ends"`
	FirstRecorded string          `json:"first_recorded"`
	LastRecorded  string          `json:"last_recorded"`
	EntersWindow  int32           `json:"enters_window"` // counts in releases from this accounting window on
	Attributes    []HeldStatement `json:"attributes"`    // by name
	Campaigns     []HeldCampaign  `json:"campaigns"`     // by name
}

// HeldStatement is what the person stated last about one attribute.
type HeldStatement struct {
	Attribute string    `json:"attribute"`
	Value     string    `json:"value,omitempty"` // left out where it was taken back
	Stated    time.Time `json:"stated"`
	Until     string    `json:"until"` // the first day on which it is forgotten, unless it is stated again
}

// HeldCampaign is what is known of one campaign.
type HeldCampaign struct {
	Campaign  string     `json:"campaign"`
	Exposure  string     `json:"exposure,omitempty"`   // "eligible" or "reached"; left out where only an outcome is known
	LastDay   string     `json:"last_day,omitempty"`   // of the exposure
	Outcome   string     `json:"outcome,omitempty"`    // "yes" or "no"
	OutcomeAt *time.Time `json:"outcome_at,omitempty"` // when that was so
	Until     string     `json:"until"`                // the first day on which all of it is forgotten
}

const use = "Counted, with noise, in tables of how many people of each group a campaign reached. No segment, profile or ranking reads it."

// Held returns everything that the row holds at now: what is held is listed as it is,
// but for what is older than the TTL.
func (r *Rules) Held(p *Row, now time.Time) Held {
	x := Held{
		Format: "discreet-audited/0", Purpose: r.purpose, Use: use, Notice: p.notice, NoticeVersion: int(p.version), ConsentEnds: p.ConsentEnds(),
		FirstRecorded: date(p.created), LastRecorded: date(p.seen), EntersWindow: p.enters, Attributes: []HeldStatement{}, Campaigns: []HeldCampaign{},
	}
	over := contrib.Day(now.Unix()/86400) - r.ttl
	for _, a := range p.attributes {
		if secondDay(a.second) > over {
			x.Attributes = append(x.Attributes, HeldStatement{a.name, a.value, time.Unix(a.second, 0).UTC(), date(secondDay(a.second) + r.ttl)})
		}
	}
	for _, k := range p.campaigns {
		if k = k.without(over); k.what == 0 {
			continue
		}
		h := HeldCampaign{Campaign: k.name, Until: date(max(k.day, secondDay(k.second)) + r.ttl)}
		if k.what&bitExposed != 0 {
			h.Exposure, h.LastDay = "eligible", date(k.day)
		}
		if k.what&bitReached != 0 {
			h.Exposure = "reached"
		}
		if k.what&bitOutcome != 0 {
			at := time.Unix(k.second, 0).UTC()
			h.Outcome, h.OutcomeAt = "no", &at
		}
		if k.what&bitYes != 0 {
			h.Outcome = "yes"
		}
		x.Campaigns = append(x.Campaigns, h)
	}
	return x
}

func date(d contrib.Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
