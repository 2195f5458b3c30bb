package discreet

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// AuditPurpose is the purpose of Audit where it names none.
const AuditPurpose = "fairness.audit"

// Audit says what is recorded for audits of fairness: what people state of themselves,
// such as their sex or origin, which campaigns they were eligible for, whether these
// reached them, and what came of it. A campaign is whatever is audited: an offer, a
// segment, a ranking.
//
// It is recorded under a purpose of its own, from the identifier, for whoever agreed to
// that purpose, and apart from all profiles: no segment, profile or ranking can read it, and it
// cannot be joined with them without the keys. A release of a [dp.Groups] measure is the
// only way out, beside a person's own rights. A notice has to ask for the purpose by its
// name, in no bundle, and it is neither advertising nor sharing: where attributes are of
// special categories (Article 9 of the GDPR), that consent is the explicit one, and its
// text has to say which they are.
type Audit struct {
	Purpose    string           // optional: AuditPurpose
	Attributes []AuditAttribute // 1 to 32
	Campaigns  []string         // 1 to 16,384, each 1 to 128 bytes of printable text; public, as the attributes are

	// TTLDays is after how many days a statement, an exposure and an outcome are
	// forgotten, 1 to 730, and no longer than notices promise. Optional: Config.TTLDays.
	TTLDays int
}

// AuditAttribute is what people may state, and the values there are: a name of 1 to 64 of
// a-z, 0-9, dot, dash, underscore, and 2 to 256 values of 1 to 128 bytes of printable
// text.
type AuditAttribute = audited.Attribute

// Audited is what is held of a person for audits.
type Audited = audited.Held

// Errors of Config.Audit, and of what is recorded for audits.
var (
	ErrAudit        = errors.New("discreet: Config.Audit must name a purpose that is neither advertising nor sharing, in no bundle, and without segments; with 1 to 32 attributes of 2 to 256 values and 1 to 16,384 campaigns, each once")
	ErrAuditMeasure = errors.New("discreet: a measure of groups reads the purpose of Config.Audit, by an attribute, values and campaigns of it, and no other measure reads that purpose")
	ErrNoAudit      = errors.New("discreet: Config.Audit is not set")
	ErrAttribute    = errors.New("discreet: Config.Audit declares no such attribute, or no such value of it")
	ErrCampaign     = errors.New("discreet: Config.Audit declares no such campaign")
)

// purpose returns the purpose of the audit, or "".
func (a *Audit) purpose() string {
	switch {
	case a == nil:
		return ""
	case a.Purpose == "":
		return AuditPurpose
	}
	return a.Purpose
}

// audited returns the room of Config.Audit, or nil.
func (c *Config) audited(book *consent.Book, specs []contrib.Spec) (*room, error) {
	a := c.Audit
	if a == nil {
		return nil, nil
	}
	described, ok := book.Purpose(a.purpose())
	if !ok {
		return nil, ErrNoPurpose
	}
	bundled := slices.ContainsFunc(c.Notices, func(n consent.Notice) bool {
		return slices.ContainsFunc(n.Bundles, func(b consent.Bundle) bool { return slices.Contains(b.Purposes, described.Key) })
	})
	if described.Advertising || described.Sharing || bundled {
		return nil, ErrAudit
	}
	ttl := a.TTLDays
	if ttl == 0 {
		ttl = c.TTLDays
	}
	if ttl > book.RetentionDays(described.Key) {
		return nil, ErrRetention
	}
	rules, err := audited.NewRules(audited.Config{Purpose: described.Key, Attributes: a.Attributes, Campaigns: a.Campaigns, TTLDays: ttl})
	if err != nil {
		return nil, ErrAudit
	}
	r := &room{purpose: described.Key, audit: rules, hash: sha256.Sum256([]byte("discreet-audited/0\n"))}
	r.plain = r.hash
	for _, s := range specs {
		if s.Purpose != described.Key {
			continue
		}
		if rules.Reads(&s) != nil {
			return nil, ErrAuditMeasure
		}
		r.specs = append(r.specs, s)
	}
	return r, nil
}

// audited returns what a release reads of a row of the audit, and whether the person
// counts. Exposures and outcomes of before the measure was declared do not.
func (e *Engine) audited(r *room, index int, row []byte, now time.Time, asOf contrib.Day, window int32) (contrib.Person, bool, error) {
	p, err := audited.Read(row)
	if err != nil {
		return contrib.Person{}, false, err
	}
	s := &r.specs[index]
	person, ok := r.audit.Person(p, s, audited.Cut{Now: now, AsOf: asOf, Since: e.since[s.Name], Window: window})
	return person, ok, nil
}

// keeper is what keeps the rows of a purpose, whatever they are of.
type keeper interface {
	Merge(into, from []byte, m segment.Moment) ([]byte, error)
	EndBy(row []byte, end time.Time) ([]byte, error)
	Renew(row []byte, now, end time.Time) ([]byte, error)
	Expire(row []byte, m segment.Moment) ([]byte, error)
}

// keeper returns what keeps the rows of the room.
func (r *room) keeper() keeper {
	if r.audit != nil {
		return r.audit
	}
	return r.rules
}

// head is what the rows of all purposes say of consent.
type head interface {
	ConsentEnds() time.Time
	Notice() (id string, version int)
}

// head reads what a row says of consent.
func (r *room) head(row []byte) (head, error) {
	if r.audit != nil {
		return audited.Read(row)
	}
	return segment.ReadProfile(row)
}

// segmented returns the rooms with segments: all but that of the audit, which is the
// last one.
func (e *Engine) segmented() []room {
	if n := len(e.rooms); n > 0 && e.rooms[n-1].audit != nil {
		return e.rooms[:n-1]
	}
	return e.rooms
}

// keeping returns the room of a purpose, with segments or of the audit.
func (e *Engine) keeping(purpose string) (*room, bool) {
	for i := range e.rooms {
		if e.rooms[i].purpose == purpose {
			return &e.rooms[i], true
		}
	}
	return nil, false
}

// auditRoom returns the room of the audit, or nil.
func (e *Engine) auditRoom() *room {
	if n := len(e.rooms); n > 0 && e.rooms[n-1].audit != nil {
		return &e.rooms[n-1]
	}
	return nil
}
