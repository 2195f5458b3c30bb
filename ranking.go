package discreet

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/rank"
)

// ErrNoTable is returned by Rank for a measure that is no declared table of items.
var ErrNoTable = errors.New("discreet: ranking needs a declared SegmentItems, CategoryItems or ItemTotals measure")

// RankRequest asks for a ranking of items for one person.
type RankRequest struct {
	Who        Raw      // zero: an anonymous visitor
	Measure    string   // the SegmentItems, CategoryItems or ItemTotals measure whose released table to use
	Candidates []string // items to rank; nil: all known ones
	Exclude    []string // items to leave out
	Context    string   // category of the page, or ""
	Limit      int      // most items in the answer; 0: all
	Signals    Signals  // what came along with the request

	// Limits that the person set; nil: rank.DefaultLimits, with which one busy day
	// is no interest. What the person dismissed is never shown.
	Limits    *rank.Limits
	Keep      func(item, category string) bool // whether an item may be shown; nil: every one
	Diversity float64                          // from 0 to 1, see rank.Request
	Explore   string                           // names a draw, see rank.Request; "" for none
}

// Ranking is a ranking and the decision that it rests on. Without consent it is
// contextual, and says so.
type Ranking struct {
	rank.Ranking
	Decision Decision
}

// Rank orders items for one person, from the newest tables that this engine
// released, or found in the ledger when it was opened, the public catalog, and the
// person's own profile where the person agreed to that. Beside the table of the named
// measure it takes those of the same purpose: item totals, the one of the most items
// first, for popularity; events by category; item pairs; segment sizes. A table that is
// not released anew stays, and the ranking says of which day it is. It spends no budget.
// What it shows is meant for that person's eyes; it reveals their interests to whoever
// sees it.
func (e *Engine) Rank(ctx context.Context, q RankRequest) (r Ranking, err error) {
	defer e.observe("Rank", e.cfg.Now(), &err)
	room, index, ok := e.measure(q.Measure)
	if !ok || !rankable(room.specs[index].Kind) {
		return Ranking{}, ErrNoTable
	}
	model, err := e.model(room, q.Measure)
	if err != nil {
		return Ranking{}, err
	}
	now := e.cfg.Now()
	req := rank.Request{
		AsOf: room.rules.Day(now), Candidates: q.Candidates, Exclude: q.Exclude, Context: q.Context, Limit: q.Limit,
		Limits: q.Limits, Keep: q.Keep, Diversity: q.Diversity, Explore: q.Explore,
	}
	if q.Limits == nil {
		limits := rank.DefaultLimits()
		req.Limits = &limits
	}
	r.Decision = anonymous
	if !q.Who.IsZero() {
		if err := e.suspended.look(ctx, e); err != nil {
			return Ranking{}, err
		}
		var (
			link      pseudonym.Link
			dismissed []string
		)
		heard := e.aged(e.hear(&q.Signals, room.purpose))
		if err := e.obeySignals(ctx, e.keys.Load(), q.Who, &q.Signals); err != nil {
			return Ranking{}, err
		}
		for err = errKeys; err == errKeys; {
			k := e.keys.Load()
			if link, err = k.deriver.Link(q.Who, room.purpose); err == nil {
				req.Person, dismissed, r.Decision, err = e.person(ctx, k, room, q.Who, link, heard)
			}
		}
		if err != nil {
			return Ranking{}, err
		}
		req.Exclude = append(slices.Clip(req.Exclude), e.unwanted(dismissed, q.Candidates)...)
		if r.Decision.Reason == consent.SourceDenied {
			if err := e.obey(ctx, q.Who, link); err != nil {
				return Ranking{}, err
			}
		}
	}
	r.Ranking = model.Rank(req)
	e.stats.rankings.Add(1)
	return r, nil
}

// person reads what a ranking may use of a person, nil without consent, and the
// categories that the person is not interested in. It returns errKeys where
// another keyset came meanwhile.
func (e *Engine) person(ctx context.Context, k *keyset, room *room, who Raw, link pseudonym.Link, heard consent.Heard) (*rank.Person, []string, Decision, error) {
	answers := e.newAnswers()
	answers.ask(ctx, who, link.Subject(), link.Purpose())
	if err := answers.wait(ctx); err != nil {
		return nil, nil, Decision{}, err
	}
	e.rights.RLock()
	defer e.rights.RUnlock()
	if err := e.current(k); err != nil {
		return nil, nil, Decision{}, err
	}
	if _, err := e.meet(ctx, k, who); err != nil {
		return nil, nil, Decision{}, err
	}
	h, _, err := e.deciding(ctx, link.Subject())
	if err != nil {
		return nil, nil, Decision{}, err
	}
	now := e.cfg.Now()
	decision := e.book.Decide(consent.Question{
		Subject: link.Subject(), Purpose: room.purpose, History: h,
		EventTime: now, Now: now, Source: answers.get(link.Subject(), link.Purpose()),
		Heard: heard, Suspended: e.suspended.holds(room.purpose),
	})
	if !decision.Allowed {
		return nil, nil, decision, nil
	}
	row, err := e.cfg.Store.ProfileRow(ctx, segment.Key{Purpose: room.purpose, ID: link.ID()})
	if err != nil || row == nil {
		return nil, nil, decision, err
	}
	p, err := segment.ReadProfile(row)
	if err != nil {
		return nil, nil, decision, err
	}
	own := room.rules.History(p, now)
	person := &rank.Person{
		Categories: make(map[string]float64, len(own.Interests)), CategoryDays: make(map[string]int, len(own.Interests)),
		Dismissed: own.Dismissed, Purpose: room.purpose,
	}
	for _, i := range own.Interests {
		person.Categories[i.Category], person.CategoryDays[i.Category] = float64(i.Weight), i.Days
	}
	for i, name := range own.Segments {
		person.Segments = append(person.Segments, rank.Segment{Name: name, Weight: 1, Days: own.SegmentDays[i]})
	}
	for _, it := range own.Items {
		person.Items = append(person.Items, rank.OwnItem{Item: it.Item, Day: it.Day, Count: int(it.Count)})
	}
	return person, own.Dismissed, decision, nil
}

// tables holds the newest releases that models are made of.
type tables struct {
	newest map[string]proof.Release // by measure
	sizes  map[string]proof.Release // of segments, by purpose
}

// openTables reads the newest tables from the answers of the ledger, so that rankings
// have them, with their dates, also after a restart for which no budget is left. What
// was counted before the measure or a definition became what it is now is passed over.
func (e *Engine) openTables(ctx context.Context) error {
	if !slices.ContainsFunc(e.specs(), func(s contrib.Spec) bool { return rankable(s.Kind) }) {
		return nil
	}
	_, err := e.account.Answers(ctx, 0, func(answer []byte) error {
		r, err := dp.ReadRelease(answer, e.vkeys...)
		if errors.Is(err, dp.ErrUnverified) {
			return nil // signed by a key that is not known any more
		}
		if err != nil {
			return err
		}
		h := r.Header()
		room, i, ok := e.measure(h.Measure)
		if !ok || h.Since != timeOf(e.since[h.Measure]).Format(time.DateOnly) {
			return nil
		}
		if from, _ := e.account.Declared(h.Measure); h.Entry >= from {
			e.tables.add(&room.specs[i], r)
		}
		return nil
	})
	return err
}

// add keeps a release that models are made of, if it is the newest, and reports whether
// it is one.
func (t *tables) add(s *contrib.Spec, r proof.Release) bool {
	newer := func(old proof.Release) bool { return old.IsZero() || old.Header().Entry < r.Header().Entry }
	switch {
	case rankable(s.Kind), s.Kind == contrib.KindItemPairs, byCategory(s):
		if newer(t.newest[s.Name]) {
			t.newest[s.Name] = r
		}
	case s.Kind == contrib.KindSegmentSizes:
		if newer(t.sizes[s.Purpose]) {
			t.sizes[s.Purpose] = r
		}
	default:
		return false
	}
	return true
}

// serve keeps a release, and hands it to ranking: models are built anew and swapped in.
func (e *Engine) serve(spec *contrib.Spec, r proof.Release) error {
	e.tablesMu.Lock()
	defer e.tablesMu.Unlock()
	if !e.tables.add(spec, r) {
		return nil // no model is made of it
	}
	for i := range e.rooms {
		for _, s := range e.rooms[i].specs {
			if s.Purpose != spec.Purpose || !rankable(s.Kind) {
				continue
			}
			m, err := e.build(&e.rooms[i], s.Name)
			if err != nil {
				return err
			}
			e.models.Store(s.Name, m)
		}
	}
	return nil
}

// model returns the model of a measure; without a table yet, one that knows the
// catalog only.
func (e *Engine) model(room *room, measure string) (*rank.Model, error) {
	if m, ok := e.models.Load(measure); ok {
		return m.(*rank.Model), nil
	}
	e.tablesMu.Lock()
	defer e.tablesMu.Unlock()
	m, err := e.build(room, measure)
	if err != nil {
		return nil, err
	}
	e.models.Store(measure, m)
	return m, nil
}

// build makes a model from the newest releases. The caller holds tablesMu.
func (e *Engine) build(room *room, measure string) (*rank.Model, error) {
	weights := rank.DefaultWeights()
	if e.cfg.Weights != nil {
		weights = *e.cfg.Weights
	}
	c := rank.Config{
		Sizes:   e.tables.sizes[room.purpose],
		Catalog: e.cfg.Catalog, Parents: e.parents, Titles: e.cfg.Titles, Weights: weights,
		SeenHalfLifeDays: rank.DefaultSeenHalfLifeDays, Purpose: room.purpose,
	}
	e.tables.beside(&c, room, measure)
	return rank.New(c)
}

// beside fills in the newest tables of a purpose: that of the measure, and those
// that help it.
func (t *tables) beside(c *rank.Config, room *room, measure string) {
	var totals []*contrib.Spec
	for i := range room.specs {
		s := &room.specs[i]
		r := t.newest[s.Name]
		switch {
		case r.IsZero():
		case s.Kind == contrib.KindItemTotals:
			totals = append(totals, s)
		case s.Name == measure:
			c.Items = r
		case s.Kind == contrib.KindItemPairs && c.Pairs.IsZero():
			c.Pairs = r
		case byCategory(s) && c.CategoryTotals.IsZero():
			c.CategoryTotals = r
		}
	}
	// A table whose items are discovered may hold any, so it is the widest.
	slices.SortStableFunc(totals, func(a, b *contrib.Spec) int {
		if a.Discovered != b.Discovered {
			if a.Discovered {
				return -1
			}
			return 1
		}
		return len(b.Items) - len(a.Items)
	})
	for _, s := range totals {
		c.Totals = append(c.Totals, t.newest[s.Name])
	}
}

// rankable reports whether Rank may be asked for a measure of the kind.
func rankable(k contrib.Kind) bool {
	return k == contrib.KindSegmentItems || k == contrib.KindCategoryItems || k == contrib.KindItemTotals
}

// byCategory reports whether a measure gives the events of each category.
func byCategory(s *contrib.Spec) bool {
	return s.Kind == contrib.KindEvents && s.Rows == contrib.RowsCategories
}
