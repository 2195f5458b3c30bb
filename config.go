package discreet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/audience"
	"github.com/discreet-go/discreet/segment/rank"
)

// Store keeps ledger, consent records and profiles. Package boltstore keeps
// them in one file; package memstore forgets them when the process ends. One that
// several engines may use at once has a method Shared() bool that says so: events are
// then admitted only if the consent is what it was, in one step with the profiles.
type Store interface {
	consent.Store
	consent.LogStore
	segment.Store
	ledger.Store
	ledger.AccessStore

	// Bind ties the store to a tenant and a keyring before anything else. The
	// first Bind decides; later ones with another tenant or keyring are refused.
	Bind(ctx context.Context, tenant string, keys *pseudonym.Keyring) error

	// Update replaces consent rows and profile rows, which are distinct, by what
	// f makes of them (nil deletes), in one durable step: whoever reads sees all of
	// it or nothing. It MUST call f with the subjects' rows and then with those
	// under keys, in order, i counting through both; and again, from the first
	// one on, where rows changed meanwhile. It copies what f returns before it calls
	// f again.
	Update(ctx context.Context, subjects []ident.Subject, keys []segment.Key, f func(i int, row []byte) ([]byte, error)) error

	// Forget replaces the subject's consent row by what f makes of it (nil
	// deletes it) and deletes the profile rows, in one durable step.
	Forget(ctx context.Context, s ident.Subject, f func(row []byte) ([]byte, error), keys []segment.Key) error

	// Close releases the store. The engine does not call it.
	Close() error
}

// Config says what an engine may do. Fields without a stated default are
// required.
type Config struct {
	Tenant   string               // who the people are known to: 1 to 64 of a-z, 0-9, dot, dash, underscore
	Keys     *pseudonym.Keyring   // secrets; the same ones for the life of the store
	Store    Store                // opened by the caller, and closed by it after the engine
	Notices  []consent.Notice     // what people are told and asked
	Taxonomy *segment.Taxonomy    // the categories; what it does not know is refused
	Segments []segment.Definition // the interest segments, each for one purpose; while a new version fills, beside the one before: see SegmentVersions
	Measures []dp.Measure         // every aggregate that may ever be released
	Budget   dp.Budget            // (epsilon, delta) for everything released in one window, fixed when the store is new, or by AmendBudget
	TTLDays  int                  // days after which what a person did is forgotten, 1 to 730

	// Audit says what is recorded for audits of fairness, apart from all profiles, and
	// which a [dp.Groups] measure counts. Optional.
	Audit *Audit

	// Zone is where the days of what people do begin and end, as from
	// time.LoadLocation; not time.Local. Windows of the budget and releases have days of
	// UTC whatever it is. With another zone, measures count something else, and
	// what is recorded keeps its dates. Optional: UTC.
	Zone *time.Location

	// Source asks a consent system that is in place already. It may only deny
	// what is recorded here, or allow what is not. Optional.
	Source        consent.Source
	SourceTimeout time.Duration // required with Source: no answer within it means denied

	// TCF says what a TC string must agree to for a purpose, when one comes along with
	// an event. Purposes that are not named do not listen to TC strings. Advertising
	// and Sharing purposes listen to Global Privacy Control and to sections of the
	// Global Privacy Platform for the United States by themselves. Optional.
	TCF map[string]iab.TCFRule

	// UnknownAge is what a person of unknown age counts as. Optional: consent.Minor,
	// so that nobody is advertised to who is not known to be an adult. Where a signal
	// says Minor or Child, advertising ends and its profile is deleted; what else a
	// child did not have agreed to by a guardian is not used, and stays until its
	// consent or TTL ends: the age of one visit withdraws nothing.
	UnknownAge consent.Age

	// PromptDays is how long Needs leaves a person alone after a notice was Served, 1
	// to 365. Optional: 30.
	PromptDays int

	// Ended is told of every consent that ended, when that is durable: whoever
	// received data has to be told. An expiry is told by Sweep, of profiles, before it
	// deletes them; whoever hands data on under a purpose without segments and measures hands on
	// with it until when.
	//
	// An error of it is returned by the call that ended the consent. Withdraw, Erase
	// and Choose call again when they are repeated, Sweep the next time; what ended by
	// a signal, Source, Import or Merge is told once, so Ended had better do no more
	// than put it on a queue that lasts. Its context does not end with that of the
	// call. It must be safe for concurrent use. Optional.
	Ended func(context.Context, Ended) error

	// Audience says how many people a segment needs, in released counts, before it may
	// be exported or shown by itself. A measure of segment sizes has to be released now
	// and then for each purpose. Optional: without it there are no audiences, and
	// nothing is exported.
	Audience *audience.Config

	// Edges is told of every person who entered or left a segment by Record,
	// RecordBatch, EraseInterest, NotInterested, Interested, Leave or Rejoin, when
	// that is durable, and by the days that went by, on Sweep: once for each change,
	// or not at all where the process ends in between, where a call returned an error, for
	// what time changed between the last Sweep before Open and Open, for definitions
	// that changed, and for joining two identifiers or moving to another root. What is recorded while Sweep runs may be told twice. What ends
	// with consent goes to Ended; Sweep tells of it here too. It is called after the
	// change and without a lock, so calls at the same time may tell in another order; it
	// must be safe for concurrent use. Optional.
	Edges func(Edge)

	// Receipts says who the controller is and where data is kept, for Receipt.
	// Optional: without it there are no receipts.
	Receipts *consent.ReceiptTerms

	// ReserveShare is the part of Budget.Delta set aside for the thresholds of
	// Discovered items, 0 to 0.9, fixed when the store is new. Set it in a new
	// store where a Discovered measure may be declared later. Optional: 0.1
	// where one is declared, else 0.
	ReserveShare *float64

	// Adopt names the unkeyed hashes under which people may be recorded already,
	// as [Digest]: whoever comes by address or number is then moved from the hash
	// to the pseudonym. Optional.
	Adopt []pseudonym.Rule

	// External draws quantiles and variances: googledp.Mechanisms(), or nothing. Its noise and
	// the proof of it are Google's, as its releases say. The engine does not link that
	// library by itself. Required where such a measure is declared, else optional.
	External dp.External

	// Retire names purposes that are given up: Open deletes the profiles that
	// the store holds for them, and what it holds for audits. Without it, Open refuses a
	// store with rows of a purpose that no segment, measure or Audit is for, since nothing
	// would erase them.
	// Optional.
	Retire []string

	// Checkpoints is a second place, where the signed length and head of the
	// ledger go before a release leaves; Open holds the ledger against the last
	// one, so that an older copy of the store, or another one, is refused.
	// Optional: what the store offers, which for boltstore is a file beside it.
	Checkpoints ledger.Sink

	// Catalog gives the public category of items, for Rank. Optional.
	Catalog map[string]string

	// Titles gives the public title of items, for Rank: items with words in common
	// are alike. Optional.
	Titles map[string]string

	// Weights says what counts how much in a ranking. Optional:
	// rank.DefaultWeights.
	Weights *rank.Weights

	// Now is the only clock. Optional: time.Now.
	Now func() time.Time

	// Observe is told of every finished call: name, duration and outcome,
	// never who or what. It must be safe for concurrent use. Optional.
	Observe func(Observation)
}

// Errors of Open, for a Config that breaks a rule.
var (
	ErrTenant     = errors.New("discreet: Config.Tenant must be 1 to 64 characters of a-z, 0-9, dot, dash and underscore")
	ErrMissing    = errors.New("discreet: Config lacks Keys, Store, Notices or Taxonomy")
	ErrTTL        = errors.New("discreet: Config.TTLDays must be 1 to 730")
	ErrPrompts    = errors.New("discreet: Config.PromptDays must be 1 to 365, and Config.UnknownAge an age")
	ErrRetention  = errors.New("discreet: Config.TTLDays is longer than a notice promises to keep data for a purpose")
	ErrSource     = errors.New("discreet: Config.SourceTimeout must be above zero and at most a minute when Source is set")
	ErrNoPurpose  = errors.New("discreet: a segment or measure names a purpose that no notice asks for")
	ErrLeftover   = errors.New("discreet: the store holds profiles for a purpose that no segment, measure or Config.Audit is for; name it in Config.Retire to delete them")
	ErrExternal   = errors.New("discreet: a measure of quantiles or variances needs Config.External, as from package dp/googledp")
	ErrNoSegments = errors.New("discreet: a measure that reads segments names a purpose without any")
)

// sink returns the place for checkpoints, or nil.
func (c *Config) sink() ledger.Sink {
	if s, ok := c.Store.(interface{ CheckpointSink() ledger.Sink }); ok && c.Checkpoints == nil {
		return s.CheckpointSink()
	}
	return c.Checkpoints
}

// room is what the engine does for one purpose.
type room struct {
	purpose string
	rules   *segment.Rules // nil in the room of the audit
	audit   *audited.Rules // nil in the others
	hash    [32]byte       // of what decides who is in its segments
	plain   [32]byte       // of what decides which events count, whatever the segments
	specs   []contrib.Spec

	// Where segments are there in two versions: the rules of the older ones, until
	// publish decides which serve.
	older     *segment.Rules
	olderHash [32]byte
}

// rules makes the rules of a purpose, and the hash of what they mean. filling are
// newer definitions that do not serve while these do.
func (c *Config) rules(p consent.Purpose, list, filling []segment.Definition, specs []contrib.Spec) (*segment.Rules, [32]byte, error) {
	r, err := segment.NewRules(segment.RulesConfig{
		Purpose: p.Key, Taxonomy: c.Taxonomy, Definitions: list, Measures: specs, TTLDays: c.TTLDays, Advertising: p.Advertising, Zone: c.Zone, Filling: filling,
	})
	if err != nil {
		return nil, [32]byte{}, err
	}
	hash, err := meaningOf(r.Definitions(), r, c.Taxonomy, p.Advertising)
	return r, hash, err
}

// check returns the consent book, the rooms sorted by purpose, that of the audit last, and
// every spec.
func (c *Config) check() (*consent.Book, []room, []contrib.Spec, error) {
	switch {
	case !contrib.ValidName(c.Tenant):
		return nil, nil, nil, ErrTenant
	case c.Keys == nil || c.Store == nil || c.Taxonomy == nil || len(c.Notices) == 0:
		return nil, nil, nil, ErrMissing
	case c.TTLDays < 1 || c.TTLDays > 730:
		return nil, nil, nil, ErrTTL
	case c.Source != nil && (c.SourceTimeout <= 0 || c.SourceTimeout > time.Minute):
		return nil, nil, nil, ErrSource
	}
	if c.PromptDays < 0 || c.PromptDays > 365 || c.UnknownAge > consent.Child {
		return nil, nil, nil, ErrPrompts
	}
	if c.Receipts != nil {
		if err := c.Receipts.Check(); err != nil {
			return nil, nil, nil, err
		}
	}
	book, err := consent.NewBook(c.Notices)
	if err != nil {
		return nil, nil, nil, err
	}
	names := map[string][]string{} // purpose -> segment names
	for _, d := range c.Segments {
		if c.Audit != nil && d.Purpose == c.Audit.purpose() {
			return nil, nil, nil, ErrAudit
		}
		if !slices.Contains(names[d.Purpose], d.Name) {
			names[d.Purpose] = append(names[d.Purpose], d.Name)
		}
	}
	purposes := slices.Sorted(maps.Keys(names))
	var all []contrib.Spec
	for _, m := range c.Measures {
		if m == nil {
			return nil, nil, nil, contrib.ErrPartitions
		}
		purpose := contrib.PurposeOf(m)
		if contrib.IsGroups(m) != (c.Audit != nil && purpose == c.Audit.purpose()) {
			return nil, nil, nil, ErrAuditMeasure
		}
		spec, err := specOf(m, names[purpose])
		if err == ErrNoSegments {
			return nil, nil, nil, err
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("discreet: measure %d: %w", len(all), err)
		}
		if spec.External() && c.External.IsZero() {
			return nil, nil, nil, ErrExternal
		}
		all = append(all, spec)
		if !contrib.IsGroups(m) && !slices.Contains(purposes, purpose) {
			purposes = append(purposes, purpose)
		}
	}
	var rooms []room
	for _, purpose := range purposes {
		described, ok := book.Purpose(purpose)
		if !ok {
			return nil, nil, nil, ErrNoPurpose
		}
		if c.TTLDays > book.RetentionDays(purpose) {
			return nil, nil, nil, ErrRetention
		}
		r := room{purpose: purpose}
		for _, s := range all {
			if s.Purpose == purpose {
				r.specs = append(r.specs, s)
			}
		}
		older, newer, err := versionsOf(c.Segments, purpose)
		if err != nil {
			return nil, nil, nil, err
		}
		if r.rules, r.hash, err = c.rules(described, newer, nil, r.specs); err != nil {
			return nil, nil, nil, err
		}
		if older != nil {
			if r.older, r.olderHash, err = c.rules(described, older, newer, r.specs); err != nil {
				return nil, nil, nil, err
			}
		}
		if r.plain, err = meaningOf(nil, r.rules, c.Taxonomy, described.Advertising); err != nil {
			return nil, nil, nil, err
		}
		rooms = append(rooms, r)
	}
	slices.SortFunc(rooms, func(a, b room) int {
		if a.purpose < b.purpose {
			return -1
		}
		return 1
	})
	audit, err := c.audited(book, all)
	if err != nil {
		return nil, nil, nil, err
	}
	if audit != nil {
		rooms = append(rooms, *audit)
	}
	return book, rooms, all, nil
}
