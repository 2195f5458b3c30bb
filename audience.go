package discreet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment/audience"
)

// Errors of audiences.
var (
	ErrNoAudience = errors.New("discreet: Config.Audience is not set")
	ErrNoSegment  = errors.New("discreet: the purpose has no segment of that name")
	ErrMembership = errors.New("discreet: Config.Audience.TTLDays is longer than a notice that asks for sharing promises to keep data")
)

// Audience is the state of one segment of a purpose: whether it has people enough
// to be named to others, as far as was released.
type Audience struct {
	Purpose string `json:"purpose"`
	audience.State
}

// audiences is a gate for each purpose, fed from the answers of the ledger: what they
// say is a function of what was released, also after a restart, and also by other
// processes on the same store. What was counted over definitions other than those that
// serve says nothing about who is in a segment now, and is passed over.
type audiences struct {
	gates    map[string]*audience.Gate // by purpose with a measure of segment sizes
	declared map[string]uint64         // measure -> position in the ledger from which it means what it means here

	mu   sync.Mutex
	next uint64 // position in the ledger of the first record not read yet
}

// openAudiences makes the gates, and refuses an audience smaller than any release of
// the plan could tell from nobody.
func (e *Engine) openAudiences(ctx context.Context) error {
	c := e.cfg.Audience
	if c == nil {
		return nil
	}
	if err := c.Check(); err != nil {
		return err
	}
	for _, p := range e.book.Purposes() {
		if known, _ := e.book.Purpose(p); known.Sharing && c.TTLDays > e.book.RetentionDays(p) {
			return ErrMembership
		}
	}
	e.audiences.gates, e.audiences.declared = map[string]*audience.Gate{}, map[string]uint64{}
	for i := range e.rooms {
		from := audience.Source{Account: e.account.Population()}
		var small error
		for j := range e.rooms[i].specs {
			s := &e.rooms[i].specs[j]
			if !opens(s) {
				continue
			}
			from.Measures = append(from.Measures, s.Name)
			e.audiences.declared[s.Name], _ = e.account.Declared(s.Name)
			if _, err := e.outlook(s.Name, s.ShareNano); small == nil || err == nil {
				small = err
			}
		}
		if len(from.Measures) == 0 {
			continue
		}
		if small != nil {
			return small
		}
		g, err := audience.New(*c, from)
		if err != nil {
			return err
		}
		e.audiences.gates[e.rooms[i].purpose] = g
	}
	return e.audiences.look(ctx, e)
}

func (e *Engine) outlook(measure string, shareNano int64) (audience.Outlook, error) {
	p, err := e.plan.Predict(measure, shareNano)
	if err != nil {
		return audience.Outlook{}, err
	}
	return audience.Forecast(*e.cfg.Audience, p.Noise)
}

// look reads the releases that the ledger has gained.
func (a *audiences) look(ctx context.Context, e *Engine) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	next, err := e.account.Answers(ctx, a.next, func(answer []byte) error {
		r, err := dp.ReadRelease(answer, e.vkeys...)
		if errors.Is(err, dp.ErrUnverified) {
			return nil // signed by a key that is not known any more
		}
		if err != nil {
			return err
		}
		h := r.Header()
		room, i, ok := e.measure(h.Measure)
		switch {
		case !ok || !opens(&room.specs[i]):
			return nil
		case h.Entry < a.declared[h.Measure] || h.Since != timeOf(e.since[h.Measure]).Format(time.DateOnly):
			return nil // it counted over other definitions, whatever the names
		}
		return a.gates[room.purpose].Observe(r)
	})
	a.next = next
	return err
}

// visible returns the state of a segment now.
func (e *Engine) visible(purpose, segment string) audience.State {
	g := e.audiences.gates[purpose]
	if g == nil { // nothing counts its segments
		return audience.State{Segment: segment, Why: audience.Uncounted}
	}
	return g.Visible(segment, dayOf(e.cfg.Now()))
}

// Audiences returns whether each segment, of every purpose, has people enough to be
// exported, or shown by itself to whoever looks at people for the service: sorted by
// purpose and name, from released counts alone. It spends nothing.
func (e *Engine) Audiences(ctx context.Context) (list []Audience, err error) {
	defer e.observe("Audiences", e.cfg.Now(), &err)
	if err := e.lookAudiences(ctx); err != nil {
		return nil, err
	}
	for i := range e.segmented() {
		for _, d := range e.rooms[i].rules.Definitions() {
			list = append(list, Audience{e.rooms[i].purpose, e.visible(e.rooms[i].purpose, d.Name)})
		}
	}
	return list, nil
}

// Audience is Audiences for one segment. It returns ErrNoSegment for another one.
func (e *Engine) Audience(ctx context.Context, purpose, segment string) (a Audience, err error) {
	defer e.observe("Audience", e.cfg.Now(), &err)
	if err := e.lookAudiences(ctx); err != nil {
		return Audience{}, err
	}
	room, ok := e.room(purpose)
	if !ok || !room.defines(segment) {
		return Audience{}, ErrNoSegment
	}
	return Audience{purpose, e.visible(purpose, segment)}, nil
}

// opens reports whether releases of a measure open audiences: sizes of segments in whole
// people, with Gaussian noise.
func opens(s *contrib.Spec) bool {
	return s.Kind == contrib.KindSegmentSizes && s.MaxNorm == 0 && s.Noise != contrib.Laplace
}

// AudienceOutlook says what audiences come to when a measure of segment sizes is
// released with a share of the window's budget, as in a Query: the smallest
// MinPeople that its noise can carry, and from how many people on a segment opens.
// Where MinPeople is smaller it returns an [*audience.SmallError] beside.
func (e *Engine) AudienceOutlook(measure string, share float64) (audience.Outlook, error) {
	if e.cfg.Audience == nil {
		return audience.Outlook{}, ErrNoAudience
	}
	room, i, ok := e.measure(measure)
	if !ok || !opens(&room.specs[i]) {
		return audience.Outlook{}, plan.ErrUndeclared
	}
	nano, err := contrib.ShareNano(share)
	if err != nil {
		return audience.Outlook{}, err
	}
	return e.outlook(measure, nano)
}

func (e *Engine) lookAudiences(ctx context.Context) error {
	switch {
	case e.closed.Load():
		return ErrClosed
	case e.cfg.Audience == nil:
		return ErrNoAudience
	}
	return e.audiences.look(ctx, e)
}

// defines reports whether the purpose has a segment of the name.
func (r *room) defines(segment string) bool {
	for _, d := range r.rules.Definitions() {
		if d.Name == segment {
			return true
		}
	}
	return false
}

// disclosed returns the disclosures that rest on purposes that end; after an erasure,
// all of them.
func disclosed(r *consent.Record, ends func(purpose string) bool, why consent.Kind) []consent.Disclosure {
	return slices.DeleteFunc(r.Disclosures(), func(d consent.Disclosure) bool {
		return why != consent.KindErased && !ends(d.Sharing) && !ends(d.Purpose)
	})
}
