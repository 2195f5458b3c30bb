// Package synth makes people, their choices and their events: the same ones for
// the same Config, on every machine. Examples, benchmarks and tests read it;
// nothing that releases numbers does.
//
// The skew is that of real services: items and categories follow Zipf's law,
// activity a Pareto law with exponent 4/3, interests last, a tenth refuse
// consent (their events come all the same), a fiftieth withdraw, and a third
// of those come back.
package synth

import (
	"errors"
	"fmt"
	"time"
)

// Limits of a Config.
const (
	MaxPeople = 10_000_000
	MaxItems  = 1_000_000
	MaxEvents = 1 << 31
	MaxDays   = 4000
)

// ErrConfig is returned for a Config that is out of range.
var ErrConfig = errors.New("synth: people, items, events and days are at least 1 and not absurdly many, and there are 1 to 4096 categories")

// Config says how much to make.
type Config struct {
	Seed       uint64
	People     int
	Items      int      // size of the catalogue
	Categories []string // category ids, the most popular first; an item has one of them
	Events     int      // in total; those of people who refuse are among them
	Start      time.Time
	Days       int // events are spread evenly over so many days from Start
}

// Kind says what a Record is.
type Kind uint8

// The kinds of record.
const (
	Choice     Kind = iota + 1 // a person answers the consent question
	Event                      // a person does something with an item
	Withdrawal                 // a person withdraws consent
)

// Record is one line of the stream.
type Record struct {
	Kind    Kind
	Person  int       // 0 to People-1
	Email   string    // of the person
	Time    time.Time // never before that of the record before, UTC, whole milliseconds
	Granted bool      // of a Choice: whether the person agreed

	// Of an Event:
	MessageID string // unique in the stream
	Action    string // "view" or "purchase"
	Item      string
	Category  string
}

// Item is one line of the catalogue.
type Item struct {
	ID       string
	Category string
}

// Generator makes records. It is immutable, so safe for concurrent use.
type Generator struct {
	c        Config
	emails   []string
	items    []Item
	shelves  []shelf // by category
	people   []person
	activity alias
	popular  alias  // items
	leave    []exit // withdrawals, by time
	span     int64  // milliseconds
}

// shelf holds the items of a category, the most popular first.
type shelf struct {
	items []int32
	pick  alias
}

// person holds what does not change over the stream.
type person struct {
	refuses   bool
	returns   bool // after a withdrawal
	interests [3]int16
}

// exit is a withdrawal.
type exit struct {
	at     int64 // milliseconds from the start
	person int32
}

const (
	purchaseOf  = 10 // one event in ten is a purchase
	personalOf  = 10 // seven events in ten follow the person's interests
	personal    = 7
	refuseOf    = 10                      // one person in ten refuses
	withdrawOf  = 50                      // one person in fifty withdraws
	returnOf    = 3                       // one in three of those comes back,
	returnAfter = 3 * 24 * 60 * 60 * 1000 // with the first event so many milliseconds later
)

// New returns the generator of c.
func New(c Config) (*Generator, error) {
	if c.People < 1 || c.People > MaxPeople || c.Items < 1 || c.Items > MaxItems ||
		c.Events < 1 || c.Events > MaxEvents || c.Days < 1 || c.Days > MaxDays ||
		len(c.Categories) < 1 || len(c.Categories) > 4096 {
		return nil, ErrConfig
	}
	c.Start = c.Start.UTC().Truncate(time.Millisecond)
	g := &Generator{c: c, span: int64(c.Days) * 24 * 60 * 60 * 1000}
	r := rng{newSource(c.Seed, 1)}
	g.catalogue(r)
	g.population(r)
	return g, nil
}

// Items returns the catalogue, the most popular item first. It must not be changed.
func (g *Generator) Items() []Item { return g.items }

// People returns the number of people.
func (g *Generator) People() int { return g.c.People }

// Email returns the e-mail address of a person.
func (g *Generator) Email(person int) string { return g.emails[person] }

// Refuses reports whether the person refuses consent.
func (g *Generator) Refuses(person int) bool { return g.people[person].refuses }

func (g *Generator) catalogue(r rng) {
	categories := zipf(len(g.c.Categories))
	g.items = make([]Item, g.c.Items)
	g.shelves = make([]shelf, len(g.c.Categories))
	for i := range g.items {
		// The first items fill every shelf once, so that none stays empty if
		// there are enough items.
		cat := i
		if i >= len(g.c.Categories) {
			cat = categories.pick(r)
		}
		g.items[i] = Item{fmt.Sprintf("item-%05d", i), g.c.Categories[cat]}
		g.shelves[cat].items = append(g.shelves[cat].items, int32(i))
	}
	for i := range g.shelves {
		g.shelves[i].pick = zipf(len(g.shelves[i].items))
	}
	g.popular = zipf(g.c.Items)
}

func (g *Generator) population(r rng) {
	g.emails = make([]string, g.c.People)
	g.people = make([]person, g.c.People)
	weights := make([]uint64, g.c.People)
	categories := zipf(min(len(g.c.Categories), g.c.Items)) // those with items
	for i := range g.people {
		g.emails[i] = fmt.Sprintf("person-%06d@example.com", i)
		weights[i] = r.pareto()
		p := &g.people[i]
		p.refuses = r.below(refuseOf) == 0
		for k := range p.interests {
			p.interests[k] = int16(categories.pick(r))
		}
		if withdraws := r.below(withdrawOf) == 0; withdraws && !p.refuses {
			p.returns = r.below(returnOf) == 0
			g.leave = append(g.leave, exit{int64(r.below(uint64(g.span))), int32(i)})
		}
	}
	sortExits(g.leave)
	g.activity = newAlias(weights)
}
