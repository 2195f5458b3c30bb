package discreet_test

import (
	"fmt"
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// TestBatchOfManyPeople records thousands of people at once, some under two spellings,
// a third of whom never answered and a third of whom refused, over a store that finds
// many consents together and over one that reads one after the other: rows and tallies
// are the same, and nobody has a row who did not agree.
func TestBatchOfManyPeople(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const people = 6000
	keys, err := pseudonym.NewKeyring()
	check(t, err)
	cfg, both := twoPurposes(keys)
	person := func(i int, spelling string) discreet.Raw {
		return discreet.Email(fmt.Sprintf("%s%d@example.com", spelling, i))
	}
	no := both
	no.Grant, no.Refuse = nil, both.Grant
	var choices []discreet.Chosen
	var events []discreet.Event
	for i := range people {
		switch i % 3 {
		case 0:
			choices = append(choices, discreet.Chosen{Who: person(i, "person-"), Choice: both})
		case 1:
			choices = append(choices, discreet.Chosen{Who: person(i, "person-"), Choice: no})
		}
	}
	add := func(i int, spelling string) {
		n := len(events)
		events = append(events, discreet.Event{
			Who: person(i, spelling), MessageID: fmt.Sprint("m", n), Item: string(rune('a' + n%8)),
			Category: worldCategories[n%len(worldCategories)], Time: discreettest.Start.Add(time.Hour),
		})
	}
	for i := range people {
		add(i, "person-")
	}
	for i := range people / 2 {
		add(2*i, "PERSON-")
	}
	record := func(store discreet.Store, held *memstore.Store) (discreet.Tally, map[string]string) {
		cfg := cfg
		cfg.Store = store
		e := discreettest.Open(t, cfg)
		check(t, e.ChooseBatch(t.Context(), choices))
		e.Clock.Set(discreettest.Start.AddDate(0, 0, 1))
		tally, err := e.RecordBatch(t.Context(), events)
		check(t, err)
		return tally, allRows(t, held)
	}
	a, b := memstore.Volatile(), memstore.Volatile()
	tally, rows := record(a, a)
	other, plain := record(plainStore{b}, b)
	third := len(events) / 3
	want := discreet.Tally{
		Events:  len(events),
		Denied:  map[consent.Reason]int{consent.Refused: 2 * third, consent.NoRecord: 2 * third},
		Results: map[segment.Outcome]int{segment.Admitted: 2 * third},
	}
	if diff := cmp.Diff(want, tally); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(tally, other); diff != "" {
		t.Error(diff)
	}
	if len(rows) != 2*people/3 || !maps.Equal(rows, plain) {
		t.Errorf("%d profiles, or other ones than one by one", len(rows))
	}
}
