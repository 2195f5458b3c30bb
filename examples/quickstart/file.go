package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
)

var (
	errProfile = errors.New("the only -profile is online-retail")
	errConsent = errors.New("who agreed? map a consent column, or for track calls a category of preferences to " + purpose + ", or give -assume-consent")
	errAsOf    = errors.New("-as-of is a moment like 2026-02-01T00:00:00Z")
	errPersons = errors.New("more than half of the persons are no identifiers of the mapped kind; check -map")
	errEmpty   = errors.New("the file has no event that could be read")
)

// runFile takes the people of a file through the shop.
func runFile(ctx context.Context, f flags, out io.Writer) error {
	config, g, err := f.goods(ctx)
	if err != nil {
		return err
	}
	if !f.assumeConsent && config.Mapping.Consent == "" && !tells(config.Track) {
		return errConsent
	}
	dir := f.dir
	if dir == "" {
		dir = "discreet-quickstart"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	calls, err := json.Marshal(config.Track)
	if err != nil {
		return err
	}
	run, err := runHash(f.events, f.profile, f.mapping, string(calls), strconv.FormatBool(f.assumeConsent))
	if err != nil {
		return err
	}
	at, err := readPlace(dir, run)
	if err != nil {
		return err
	}
	first, seen, err := survey(ctx, f.events, config)
	if err != nil {
		return err
	}
	if at.Now.IsZero() {
		at.Now = first
	}
	if g.catalog == nil {
		g.catalog = seen
	}
	s, err := open(ctx, f, g, dir, at.Now, out)
	if err != nil {
		return err
	}
	defer s.close()
	s.sheet()
	if f.assumeConsent {
		s.printf("\nASSUMPTION: everybody in the file agreed at their first event (-assume-consent).\n")
	}
	if at.Row > 0 {
		s.printf("\nGoing on after row %d.\n", at.Row)
	}
	walk := fileRun{shop: s, f: f, place: at, batch: &batch{shop: s}, asked: map[string]ingest.Consent{}, calls: config.Track != nil}
	if err := walk.read(ctx, config); err != nil {
		return err
	}
	if err := s.publish(ctx, "month"); err != nil {
		return err
	}
	if !f.show {
		return s.verify(ctx)
	}
	return s.serve(ctx, func(yield func(discreet.Raw) bool) {
		for _, id := range walk.people {
			if !yield(id) {
				return
			}
		}
	})
}

// goods reads what the flags name.
func (f *flags) goods(ctx context.Context) (c ingest.Config, g goods, err error) {
	g = goods{taxonomy: segment.Small(), items: dp.Discovered{}, ttlDays: 180, windowDays: 90, maxSegments: 2, maxItems: 20}
	switch {
	case f.profile == "online-retail":
		c.Profile = ingest.OnlineRetail()
		g.taxonomy, err = segment.ReadTSV(strings.NewReader(ingest.RetailTaxonomyTSV()))
	case f.profile != "":
		return c, g, errProfile
	case f.track != "":
		err = f.calls(&c)
	case f.mapping != "":
		c.Mapping, err = ingest.ParseMapping(f.mapping)
	default:
		c.Mapping = ingest.Standard()
	}
	if err != nil {
		return c, g, err
	}
	if f.taxonomy != "" {
		if g.taxonomy, err = readFile(f.taxonomy, segment.ReadTSV); err != nil {
			return c, g, err
		}
	}
	if f.segments != "" {
		g.segments, err = readFile(f.segments, func(r io.Reader) ([]segment.Definition, error) {
			b, err := io.ReadAll(io.LimitReader(r, 1<<24))
			if err != nil {
				return nil, err
			}
			return segment.ParseDefinitions(b)
		})
	} else if c.Profile != nil {
		g.segments = retailSegments()
	} else {
		g.segments = interests(g.taxonomy, tops(g.taxonomy), 3000)
	}
	if err == nil && f.catalog != "" {
		g.catalog, err = readFile(f.catalog, func(r io.Reader) (map[string]string, error) { return ingest.ReadCatalog(ctx, r) })
		var items dp.Public
		for item := range g.catalog {
			items = append(items, item)
		}
		g.items = items
	}
	return c, g, err
}

// calls reads what -track and -as-of say.
func (f *flags) calls(c *ingest.Config) error {
	now := time.Now()
	if f.asOf != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, f.asOf); err != nil {
			return errAsOf
		}
	}
	b, err := os.ReadFile(f.track)
	if err != nil {
		return err
	}
	m, err := ingest.ParseTrackMapping(b)
	m.KeepDenied = len(m.Purposes) > 0 // a no is recorded, too
	c.Track, c.Now, c.TTLDays = &m, func() time.Time { return now }, 730
	return err
}

// tells reports whether track calls say who agreed to the purpose.
func tells(m *ingest.TrackMapping) bool {
	if m == nil {
		return false
	}
	for _, purposes := range m.Purposes {
		if slices.Contains(purposes, purpose) {
			return true
		}
	}
	return false
}

// tops returns the categories to make segments of: those at the top, or below
// a single one at the top.
func tops(t *segment.Taxonomy) []string {
	level := func(parent string) (out []string) {
		for _, id := range t.IDs() {
			if p, _ := t.Parent(id); p == parent && !t.Sensitive(id) {
				out = append(out, id)
			}
		}
		return out
	}
	top := level("")
	if len(top) == 1 {
		top = level(top[0])
	}
	return top
}

func readFile[T any](path string, read func(io.Reader) (T, error)) (v T, err error) {
	f, err := os.Open(path)
	if err != nil {
		return v, err
	}
	defer f.Close()
	return read(f)
}

// survey returns the time of the first event, and the category of every item,
// which ranking takes for public: a shop shows its catalogue to everybody.
func survey(ctx context.Context, path string, c ingest.Config) (first time.Time, catalog map[string]string, err error) {
	r, err := ingest.Open(path, c)
	if err != nil {
		return first, nil, err
	}
	defer r.Close()
	catalog = map[string]string{}
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return first, nil, err
		}
		if first.IsZero() {
			first = row.Time
		}
		if _, ok := catalog[row.Item]; !ok && row.Item != "" {
			catalog[row.Item] = row.Category
		}
	}
	if first.IsZero() {
		return first, nil, errEmpty
	}
	return first, catalog, nil
}

// fileRun records the rows of a file.
type fileRun struct {
	*shop
	f      flags
	place  place
	batch  *batch
	asked  map[string]ingest.Consent // what people answered last, in this process
	people []discreet.Raw            // some of them, to show one
	calls  bool                      // the rows are track calls

	strangers int // rows whose person the normaliser refuses
}

func (r *fileRun) read(ctx context.Context, c ingest.Config) error {
	in, err := ingest.Open(r.f.events, c)
	if err != nil {
		return err
	}
	defer in.Close()
	p := newProgress()
	defer p.done()
	last := r.place.Row
	for row, err := range in.Rows(ctx) {
		if err != nil {
			return errors.Join(err, r.save(ctx, last))
		}
		if _, err := r.ID(row.Person, purpose); err != nil {
			if r.strangers++; r.strangers >= 500 && 2*r.strangers > int(in.Stats().Yielded) {
				return errPersons
			}
			continue
		}
		if row.Number <= r.place.Row {
			r.meet(row)
			continue
		}
		if r.ends(row.Time) {
			if err := r.cross(ctx, row.Time, last); err != nil {
				return err
			}
		}
		r.take(row)
		last = row.Number
		if r.batch.full() {
			if err := r.save(ctx, last); err != nil {
				return err
			}
			p.show("%d rows, %s", row.Number, row.Time.Format(time.DateOnly))
		}
	}
	p.done()
	if err := r.save(ctx, last); err != nil {
		return err
	}
	t := in.Stats()
	r.printf("\n%d rows: %d events, %d without a person", t.Rows, t.Yielded, t.NoPerson)
	for reason, n := range t.Reasons {
		if reason != ingest.ReasonNoPerson {
			r.printf(", %d %s", n, reason)
		}
	}
	if r.strangers > 0 {
		r.printf(", %d refused identifiers", r.strangers)
	}
	r.printf("; %d went back in time\n", t.Back)
	if 2*r.strangers > int(t.Yielded) {
		return errPersons
	}
	r.recorded(r.batch.tally)
	return nil
}

// meet remembers a few people, to show one at the end.
func (r *fileRun) meet(row ingest.Row) {
	if len(r.people) < 1000 {
		r.people = append(r.people, row.Person)
	}
}

// take puts a row into the batch, the person's answer before it when it is new.
func (r *fileRun) take(row ingest.Row) {
	r.meet(row)
	answer := row.Consent
	switch {
	case r.f.assumeConsent:
		answer = ingest.ConsentGiven
	case r.calls && slices.Contains(row.Denied, purpose):
		answer = ingest.ConsentRefused
	case r.calls:
		answer = ingest.ConsentGiven
	}
	if key := row.Person.Expose(); answer != ingest.ConsentNone && r.asked[key] != answer {
		r.asked[key] = answer
		choice := yes
		if answer == ingest.ConsentRefused {
			choice = no
		}
		r.batch.choose(row.Time, discreet.Chosen{Who: row.Person, Choice: choice})
	}
	r.batch.record(discreet.Event{
		Who: row.Person, MessageID: row.MessageID, Kind: row.Kind, Item: row.Item,
		Category: row.Category, Count: row.Count, Value: row.Value, Unit: row.Unit, Time: row.Time,
	})
}

// save makes the batch durable, then the place in the file.
func (r *fileRun) save(ctx context.Context, last int64) error {
	if ctx.Err() != nil {
		return nil // the batch is read again by the next run
	}
	if err := r.batch.flush(ctx); err != nil {
		return err
	}
	return place{Run: r.place.Run, Row: last, Now: r.clock()}.write(r.dir)
}

// ends reports whether t lies past the current accounting window.
func (r *fileRun) ends(t time.Time) bool {
	return t.Unix()/86400 >= int64(r.Account().Window.To)
}

// cross publishes the month that ends and steps into the next one.
func (r *fileRun) cross(ctx context.Context, t time.Time, last int64) error {
	if err := r.save(ctx, last); err != nil {
		return err
	}
	w := r.Account().Window
	sizes, table, err := r.tables(ctx, "month")
	if err != nil {
		return err
	}
	r.printf("window %2d, %s to %s: %3d segment sizes and %4d cells released, %.0f %% of the budget spent\n",
		w.Index, day(w.From), day(w.To-1), sizes.Len(), table.Len(), 100*r.Account().SpentShare())
	r.set(t)
	if err := r.AdvanceWindow(ctx, operator); err != nil {
		return err
	}
	_, err = r.Sweep(ctx)
	return err
}

func day[D ~int32](d D) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
