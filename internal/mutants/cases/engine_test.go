package cases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/segment"
)

func query(name string, share float64) discreet.Query {
	return discreet.Query{Name: name, Measure: "sizes", Share: share}
}

// engineRelease: one name, one query, the same bytes; another query is refused.
func engineRelease(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{})
	first, err := e.Release(t.Context(), query("a", 0.4), byAnalyst())
	check(t, err)
	spent := e.Account().Spent
	again, err := e.Release(t.Context(), query("a", 0.4), byAnalyst())
	check(t, err)
	if !bytes.Equal(first.Note(), again.Note()) || e.Account().Spent != spent {
		t.Error("asked again, a release was drawn or charged again")
	}
	for _, share := range []float64{0.3, 0.5} {
		if _, err := e.Release(t.Context(), query("a", share), byAnalyst()); err == nil {
			t.Error("one name stands for two shares")
		}
	}
	other, err := e.Release(t.Context(), query("b", 0.4), byAnalyst())
	check(t, err)
	total, _ := e.Plan().Totals()
	if want := math.Sqrt(0.4 * total.Float64()); math.Abs(other.Header().Mu/want-1) > 1e-6 {
		t.Errorf("a share of 0.4 is charged as mu %v, not %v", other.Header().Mu, want)
	}
	if _, err := e.Release(t.Context(), query("c", 0.21), byAnalyst()); err == nil {
		t.Error("more than the window has")
	}
}

// gate is a store whose ledger refuses answers.
type gate struct {
	*memstore.Store
	answers bool
}

func (g *gate) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	if g.answers && slices.ContainsFunc(rows, func(r ledger.Row) bool { return r.Blob != nil }) {
		return errors.New("the disk is gone")
	}
	return g.Store.LedgerAppend(ctx, seq, rows...)
}

// engineOrder: nothing leaves whose answer is not stored.
func engineOrder(t *testing.T) {
	store := memstore.Volatile()
	defer store.Close()
	g := &gate{Store: store}
	e := discreettest.Open(t, discreet.Config{Store: g})
	g.answers = true
	if r, err := e.Release(t.Context(), query("a", 0.4), byAnalyst()); err == nil || !r.IsZero() {
		t.Error("a table left before its answer was stored")
	}
}

// engineCount records people through the whole chain and compares the released
// counts with how many there are, within what noise explains.
func engineCount(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{Budget: dp.Budget{Epsilon: 64, Delta: 1e-3, WindowDays: 30}})
	const people = 100
	for i := range people {
		who := discreet.Opaque(fmt.Sprint("person-", i))
		e.Agree(t, who)
		for range 2 {
			_, err := e.Record(t.Context(), discreet.Event{
				Who: who, MessageID: "1", Kind: "view", Category: "sports.running", Time: e.Clock.Now(),
			})
			check(t, err)
		}
	}
	r, err := e.Release(t.Context(), query("a", 1), byAnalyst())
	check(t, err)
	if c := r.At(0); math.Abs(float64(c.Value)-people) > 8*r.Header().StdDev+1 {
		t.Errorf("%d people are released as %d", people, c.Value)
	}
}

func byAnalyst() discreet.Actor { return discreet.Actor{ID: "analyst", Reason: "a test"} }

const purpose = "p"

func worldRules(t testing.TB) *segment.Rules {
	t.Helper()
	s := specOf(t, dp.SegmentSizes{Name: "m", Purpose: purpose, MaxSegments: 1, Share: 1}, "runners")
	r, err := segment.NewRules(segment.RulesConfig{
		Purpose: purpose, Taxonomy: segment.Small(), TTLDays: 90, Measures: []contrib.Spec{*s},
		Definitions: []segment.Definition{{
			Name: "runners", Title: "Runners", Purpose: purpose, Version: 1,
			All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 1, WithinDays: 60}}},
		}},
	})
	check(t, err)
	return r
}

func worldLink(n byte) segment.Link {
	return ident.NewLink(ident.NewSubject(ident.NewID(1, &[16]byte{n, 2})), purpose, ident.NewID(1, &[16]byte{n, 1}), ident.Salt{n, 3})
}

func momentAt(on int) segment.Moment {
	return segment.Moment{Now: day(on), Window: 0, WindowStart: dayNumber(0)}
}

// admission: no replay, nothing from outside consent, nothing sensitive.
func admission(t *testing.T) {
	r, l := worldRules(t), worldLink(1)
	g := discreettest.Grant(t, l, day(0))
	event := segment.Event{MessageID: "1", Category: "sports.running", Time: day(1)}
	row, out, err := r.Admit(nil, g, l, event, momentAt(1))
	if err != nil || out != segment.Admitted {
		t.Fatal(out, err)
	}
	for _, on := range []int{1, 2, 7} {
		if next, out, err := r.Admit(row, g, l, event, momentAt(on)); err != nil || out != segment.Duplicate || !bytes.Equal(next, row) {
			t.Errorf("a replay on day %d is %v, %v", on, out, err)
		}
	}
	event.MessageID, event.Time = "2", day(0).Add(-time.Second)
	if _, out, _ := r.Admit(row, g, l, event, momentAt(1)); out != segment.RefusedInterval {
		t.Errorf("an event from before consent is %v", out)
	}
	sensitive := 0
	for _, id := range segment.Small().IDs() {
		if !segment.Small().Sensitive(id) {
			continue
		}
		sensitive++
		event.Category, event.Time = id, day(1)
		if _, out, _ := r.Admit(row, g, l, event, momentAt(1)); out != segment.RefusedSensitive {
			t.Errorf("an event of %s is %v", id, out)
		}
	}
	if sensitive == 0 {
		t.Error("no category is sensitive")
	}
}

// merging: what was recorded under one identifier does not count again under the
// other, and who came back under either counts from the next window on.
func merging(t *testing.T) {
	r := worldRules(t)
	rows := [2][]byte{}
	for i := range rows {
		m := momentAt(1)
		m.EntersNext = i == 1
		l := worldLink(byte(1 + i))
		row, out, err := r.Admit(nil, discreettest.Grant(t, l, day(0)), l, segment.Event{MessageID: fmt.Sprint(i), Category: "sports.running", Time: day(1)}, m)
		if err != nil || out != segment.Admitted {
			t.Fatal(out, err)
		}
		rows[i] = row
	}
	row, err := r.Merge(rows[0], rows[1], momentAt(2))
	check(t, err)
	l := worldLink(1)
	for i := range rows {
		event := segment.Event{MessageID: fmt.Sprint(i), Category: "sports.running", Time: day(1)}
		if next, out, err := r.Admit(row, discreettest.Grant(t, l, day(0)), l, event, momentAt(2)); err != nil || out != segment.Duplicate || !bytes.Equal(next, row) {
			t.Errorf("message %d, sent again after the merge, is %v, %v", i, out, err)
		}
	}
	p, err := segment.ReadProfile(row)
	check(t, err)
	if _, ok := r.Person(p, 0, day(2), dayNumber(2), 0); ok {
		t.Error("a person who came back counts in the same window")
	}
}

// scan: what ended is not read, and who came back counts from the next window on.
func scan(t *testing.T) {
	r, l := worldRules(t), worldLink(1)
	g := discreettest.Grant(t, l, day(0))
	event := segment.Event{MessageID: "1", Category: "sports.running", Time: day(1)}
	read := func(m segment.Moment, now time.Time, window int32) bool {
		row, _, err := r.Admit(nil, g, l, event, m)
		check(t, err)
		p, err := segment.ReadProfile(row)
		check(t, err)
		_, ok := r.Person(p, 0, now, dayNumber(1), window)
		return ok
	}
	m := momentAt(1)
	if !read(m, day(2), 0) {
		t.Error("a person who agreed is not counted")
	}
	if read(m, day(0).AddDate(1, 0, 0), 0) {
		t.Error("a person whose consent has ended is counted")
	}
	m.EntersNext = true
	if read(m, day(2), 0) || !read(m, day(2), 1) {
		t.Error("a person who came back counts in the same window, or never")
	}
}
