package eval

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
)

// Errors of this package.
var (
	ErrSplit  = errors.New("eval: the first part of a split is more than 0 and less than 1 of the events, and both parts hold some")
	ErrCases  = errors.New("eval: there are no cases, or they are not those of the other scores")
	ErrList   = errors.New("eval: lists are scored on 1 to 1000 places")
	ErrRepeat = errors.New("eval: a list shows an item twice")
)

// Event is something that a person did with an item.
type Event struct {
	Person string
	Item   string
	Time   int64 // in any unit that grows, such as Unix seconds
}

// Splitting says how events are cut.
type Splitting struct {
	First float64 // part of the events that comes before the cut, in (0, 1)
	Unit  int64   // the cut is a multiple of it, such as 86400 for whole days; 0 or 1: anywhere

	// Repeats keeps items among those to be found that the person had before the
	// cut. Without it only what is new to the person counts.
	Repeats bool
}

// Case is a person of whom something is known before the cut and something is
// to be found after it.
type Case struct {
	Person   string
	Relevant []string // sorted, distinct: what there is to find
	Activity int      // events before the cut
	Group    string   // optional, set by the caller, for Scores.ByGroup
}

// Split cuts events in time and returns those before the cut, in order of time,
// the cases, sorted by person, and the cut: the first time that lies after it.
//
// Items that nobody had before the cut are not to be found: no ranker that
// learns from events can know them.
func Split(events []Event, s Splitting) (before []Event, cases []Case, cut int64, err error) {
	if !(s.First > 0 && s.First < 1) || len(events) == 0 {
		return nil, nil, 0, ErrSplit
	}
	list := slices.SortedStableFunc(slices.Values(events), func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	cut = list[int(s.First*float64(len(list)))].Time
	if s.Unit > 1 {
		cut -= ((cut % s.Unit) + s.Unit) % s.Unit
	}
	at, _ := slices.BinarySearchFunc(list, cut, func(e Event, t int64) int { return cmp.Compare(e.Time, t) })
	if at == 0 || at == len(list) {
		return nil, nil, 0, ErrSplit
	}
	before = list[:at:at]
	known := make(map[string]bool)
	had := make(map[string]map[string]bool)
	activity := make(map[string]int)
	for _, e := range before {
		known[e.Item] = true
		activity[e.Person]++
		if had[e.Person] == nil {
			had[e.Person] = make(map[string]bool)
		}
		had[e.Person][e.Item] = true
	}
	find := make(map[string]map[string]bool)
	for _, e := range list[at:] {
		if activity[e.Person] == 0 || !known[e.Item] || !s.Repeats && had[e.Person][e.Item] {
			continue
		}
		if find[e.Person] == nil {
			find[e.Person] = make(map[string]bool)
		}
		find[e.Person][e.Item] = true
	}
	for person, items := range find {
		cases = append(cases, Case{
			Person: person, Relevant: slices.Sorted(maps.Keys(items)), Activity: activity[person],
		})
	}
	slices.SortFunc(cases, func(a, b Case) int { return strings.Compare(a.Person, b.Person) })
	return before, cases, cut, nil
}
