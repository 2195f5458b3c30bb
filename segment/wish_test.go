package segment_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// must returns the row of a change that must succeed.
func must(t failer, row []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// begun returns the row of person 1 with nothing in it.
func begun(t testing.TB, r *segment.Rules) []byte {
	t.Helper()
	row, err := r.Begin(nil, grant(1), link(1), moment(0))
	return must(t, row, err)
}

func TestDismiss(t *testing.T) {
	r := rules(t)
	event := func(category string) segment.Event {
		return segment.Event{Item: "item-1", Category: category, Time: start}
	}
	row := admit(t, r, nil, event("sports.running"), moment(0))
	row = admit(t, r, row, event("books"), moment(0))
	row = must(t, row, nil)
	next, err := r.Dismiss(row, "sports")
	next = must(t, next, err)
	if text := string(next); strings.Contains(text, "sports.running") || !strings.Contains(text, "books") || !strings.Contains(text, "sports") {
		t.Fatalf("%q", text)
	}
	for category, want := range map[string]segment.Outcome{
		"sports": segment.RefusedDismissed, "sports.running": segment.RefusedDismissed, "books": segment.Admitted, "": segment.Admitted,
		"health": segment.RefusedSensitive, "nowhere": segment.RefusedCategoryUnknown,
	} {
		got, out, err := r.Admit(next, grant(1), link(1), event(category), moment(0))
		if err != nil || out != want || (out != segment.Admitted) != bytes.Equal(got, next) {
			t.Errorf("%q: %v, %v", category, out, err)
		}
		canonical(t, got)
	}
	p := read(t, next)
	if !r.Dismisses(p, "sports.running") || r.Dismisses(p, "books") || r.Dismisses(p, "nowhere") || !slices.Equal(p.Dismissed(), []string{"sports"}) {
		t.Error(p.Dismissed())
	}
	if h := r.History(p, start); !slices.Equal(h.Dismissed, []string{"sports"}) || len(h.Interests) != 1 {
		t.Error(h)
	}
	if again, err := r.Dismiss(next, "sports.running"); err != nil || !bytes.Equal(again, next) {
		t.Error("what is dismissed above was dismissed once more", err)
	}
	if _, err := r.Interested(next, "sports.running"); !errors.Is(err, segment.ErrAbove) {
		t.Error(err)
	}
	back, err := r.Interested(next, "sports")
	back = must(t, back, err)
	if len(read(t, back).Dismissed()) != 0 || back[0] != 0 {
		t.Error("not taken back")
	}
	if got := admit(t, r, back, event("sports.running"), moment(0)); !bytes.Contains(got, []byte("sports.running")) {
		t.Error("not taken any more")
	}
	// A wider dismissal takes in the others; taking it back takes back all.
	row, err = r.Dismiss(back, "books.fiction")
	row, err = r.Dismiss(must(t, row, err), "books.comics")
	row, err = r.Dismiss(must(t, row, err), "books")
	if row = must(t, row, err); !slices.Equal(read(t, row).Dismissed(), []string{"books"}) {
		t.Error(read(t, row).Dismissed())
	}
	row, err = r.Dismiss(begun(t, r), "books.fiction")
	row, err = r.Dismiss(must(t, row, err), "books.comics")
	if row = must(t, row, err); !slices.Equal(read(t, row).Dismissed(), []string{"books.comics", "books.fiction"}) {
		t.Error(read(t, row).Dismissed())
	}
	if row, err = r.Interested(row, "books"); row != nil || err != nil {
		t.Error("a row of nothing is left", err)
	}
}

func TestDismissRefuses(t *testing.T) {
	r := rules(t, func(c *segment.RulesConfig) {
		c.Taxonomy = wide(t, 400)
		c.Definitions, c.Measures = nil, c.Measures[:1]
		c.Measures[0].Segments = nil
	})
	row := begun(t, r)
	if _, err := r.Dismiss(row, "nowhere"); !errors.Is(err, segment.ErrUnknown) || strings.Contains(err.Error(), "nowhere") {
		t.Error(err)
	}
	for i := range segment.MaxWishes {
		next, err := r.Dismiss(row, item(i))
		row = must(t, next, err)
	}
	canonical(t, row)
	if _, err := r.Dismiss(row, item(399)); !errors.Is(err, segment.ErrWishes) {
		t.Error(err)
	}
	if again, err := r.Dismiss(row, item(7)); err != nil || !bytes.Equal(again, row) {
		t.Error(err)
	}
	for name, f := range map[string]func([]byte) ([]byte, error){
		"dismiss":    func(row []byte) ([]byte, error) { return r.Dismiss(row, item(1)) },
		"interested": func(row []byte) ([]byte, error) { return r.Interested(row, item(1)) },
		"leave":      func(row []byte) ([]byte, error) { return rules(t).Leave(row, "runners") },
		"rejoin":     func(row []byte) ([]byte, error) { return r.Rejoin(row, "runners") },
	} {
		if row, err := f([]byte("no row")); row != nil || !errors.Is(err, segment.ErrRow) {
			t.Errorf("%s: %v", name, err)
		}
		if row, err := f(nil); row != nil || err != nil {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	small := rules(t)
	if row, err := small.Dismiss(begun(t, small), "health.mental"); row != nil || err != nil {
		t.Error("a sensitive category was remembered", err)
	}
	if _, err := small.Leave(row, "nobody"); !errors.Is(err, segment.ErrNoSegment) {
		t.Error(err)
	}
	// What became sensitive is not remembered either.
	row, err := small.Dismiss(begun(t, small), "music")
	row = must(t, row, err)
	marked, err := segment.Small().Mark("music")
	if err != nil {
		t.Fatal(err)
	}
	if row, err := rules(t, func(c *segment.RulesConfig) { c.Taxonomy = marked }).Expire(row, moment(0)); row != nil || err != nil {
		t.Error("a dismissal of what became sensitive was kept", err)
	}
	if row, err := small.Expire(row, moment(200*day)); row == nil || err != nil {
		t.Error("a wish did not last as long as consent", err)
	}
	if row, err := small.Expire(row, moment(265*day)); row != nil || err != nil {
		t.Error("a wish outlasted consent", err)
	}
}

func TestBegin(t *testing.T) {
	r := rules(t)
	if _, err := r.Begin(nil, segment.Grant{}, link(1), moment(0)); !errors.Is(err, segment.ErrGrant) {
		t.Error(err)
	}
	if _, err := r.Begin([]byte("no row"), grant(1), link(1), moment(0)); !errors.Is(err, segment.ErrRow) {
		t.Error(err)
	}
	m := moment(0)
	m.EntersNext = true
	row, err := r.Begin(nil, grant(1), link(1), m)
	row = must(t, row, err)
	p := read(t, row)
	if first, last := p.Recorded(); first != dayOf(start) || last != first || p.Enters() != 4 || !p.ConsentEnds().Equal(grant(1).To()) {
		t.Error(first, last, p.Enters(), p.ConsentEnds())
	}
	if again, err := r.Begin(row, grant(1), link(1), moment(day)); err != nil || &again[0] != &row[0] {
		t.Error("a row was begun anew", err)
	}
	if row, err := r.Expire(row, moment(0)); row != nil || err != nil {
		t.Error("a row of nothing is kept", err)
	}
	// A wish of a consent that lapsed is not one of the next consent.
	row, err = r.Leave(row, "runners")
	row = must(t, row, err)
	later := moment(300 * day)
	anew := proof.NewGrant(proof.GrantFields{
		Subject: link(1).Subject(), Purpose: purpose, From: later.Now.Add(-day), To: later.Now.Add(day), Notice: "pages", Version: 3,
	})
	if row, err = r.Begin(row, anew, link(1), later); err != nil || len(read(t, row).Left()) != 0 {
		t.Error(err)
	}
}

func TestLeave(t *testing.T) {
	r := rules(t)
	row := admit(t, r, nil, segment.Event{Item: "item-1", Category: "food.cooking", Time: start}, moment(0))
	left, err := r.Leave(row, "cooks")
	left = must(t, left, err)
	canonical(t, left)
	p := read(t, left)
	if got := r.Segments(p, dayOf(start)); len(got) != 0 || !slices.Equal(p.Left(), []string{"cooks"}) {
		t.Error(got, p.Left())
	}
	for i, s := range measuresOf(t) {
		person, _ := r.Person(p, i, start, dayOf(start), 3)
		if v := s.Vector(&person, 3, dayOf(start)); len(v) != 0 {
			t.Error("a release counts who left", v)
		}
	}
	if h := r.History(p, start); len(h.Segments) != 0 || len(h.Interests) != 1 {
		t.Error(h)
	}
	x := r.Explain(p, start)
	if len(x.Left) != 1 || x.Left[0].Name != "cooks" || x.Left[0].TakeBack == "" || !strings.Contains(x.String(), "cooks: not in: left") {
		t.Error(x.Left, x)
	}
	for _, m := range x.Segments {
		if m.In || m.Left != (m.Segment == "cooks") {
			t.Errorf("%+v", m)
		}
	}
	if e := r.Export(p, start); !slices.Equal(e.LeftSegments, []string{"cooks"}) || len(e.Segments) != 0 {
		t.Error(e)
	}
	if again, err := r.Leave(left, "cooks"); err != nil || !bytes.Equal(again, left) {
		t.Error(err)
	}
	if back, err := r.Rejoin(left, "cooks"); err != nil || !bytes.Equal(back, row) {
		t.Error("rejoining is not the row of before", err)
	}
	// It stays while events come, also over windows.
	m := moment(40 * day)
	m.Window, m.WindowStart = 4, dayOf(start)+30
	next := admit(t, r, left, segment.Event{Category: "food.cooking", Time: m.Now}, m)
	if p := read(t, next); len(r.Segments(p, dayOf(m.Now))) != 0 || len(p.Left()) != 1 {
		t.Error("came back by itself")
	}
}

func TestExplainDismissals(t *testing.T) {
	r := rules(t)
	row, err := r.Dismiss(begun(t, r), "books.comics")
	p := read(t, must(t, row, err))
	x := r.Explain(p, start)
	if len(x.Dismissed) != 1 || x.Dismissed[0].Path != "Books > Comics" || x.Dismissed[0].TakeBack == "" || !strings.Contains(x.String(), "Not interested: Books > Comics") {
		t.Error(x.Dismissed, x)
	}
	text, err := json.Marshal(r.Export(p, start))
	if err != nil || !strings.Contains(string(text), `"dismissed":["books.comics"]`) {
		t.Errorf("%s %v", text, err)
	}
}

// A row of format 2 stays readable, byte for byte, and has no second encoding.
func TestGoldenRowWithWishes(t *testing.T) {
	r := rules(t)
	var rows [2][]byte
	for i := range rows {
		row := admitAs(t, r, byte(1+i), segment.Event{MessageID: item(i), Item: item(1), Category: "sports", Time: start})
		row, err := r.Dismiss(row, []string{"books.fiction", "music"}[i])
		row, err = r.Leave(must(t, row, err), []string{"readers", "cooks"}[i])
		rows[i] = must(t, row, err)
	}
	merged, err := r.Merge(rows[0], rows[1], moment(day))
	merged = must(t, merged, err)
	text := hex.EncodeToString(rows[0]) + "\n" + hex.EncodeToString(merged) + "\n"
	const path = "testdata/profile.2.hex"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) || merged[0] != 2 || rows[0][0] != 2 {
		t.Errorf("rows of format 2 changed:\n%s", text)
	}
	p := read(t, merged)
	if !slices.Equal(p.Dismissed(), []string{"books.fiction", "music"}) || !slices.Equal(p.Left(), []string{"cooks", "readers"}) {
		t.Error(p.Dismissed(), p.Left())
	}
	for _, row := range [][]byte{rows[0], merged} {
		for at := range row {
			for bit := range 8 {
				changed := bytes.Clone(row)
				changed[at] ^= 1 << bit
				if _, err := segment.ReadProfile(changed); err == nil {
					canonical(t, changed)
				}
			}
			if _, err := segment.ReadProfile(row[:at]); !errors.Is(err, segment.ErrRow) {
				t.Fatalf("cut at %d: %v", at, err)
			}
		}
	}
}

func admitAs(t failer, r *segment.Rules, n byte, e segment.Event) []byte {
	t.Helper()
	row, out, err := r.Admit(nil, grant(n), link(n), e, moment(0))
	if err != nil || out != segment.Admitted {
		t.Fatal(out, err)
	}
	return row
}

// Dismissing commutes with events: whatever comes before and after, in whatever
// order, the row is that of a person who never did anything in the subtree.
// Message ids and the day of recording of what came before are the exception, so
// there are none, and events that stand in both worlds make the heads equal.
func TestDismissCommutes(t *testing.T) {
	r := rules(t, withSums, func(c *segment.RulesConfig) { c.Measures[1].MaxItems, c.Measures[2].MaxItems = 20, 20 })
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.SampledFrom([]string{"sports", "sports.running", "books", "food"}).Draw(t, "root")
		few := []string{"", "sports", "sports.running", "books.fiction", "nowhere"}
		list := arrivals(t)
		for i := range list {
			list[i].e.MessageID = ""
			list[i].e.Category = rapid.SampledFrom(few).Draw(t, "one of few")
		}
		anchor := []arrival{
			{segment.Event{Category: "home.garden", Time: start.Add(-day)}, grant(1), moment(0)},
			{segment.Event{Category: "home.garden", Time: start.Add(7 * day)}, grant(1), moment(7 * day)},
		}
		anchor[1].m.EntersNext = true
		below := func(a arrival) bool { return a.e.Category != "" && segment.Small().Contains(root, a.e.Category) }
		at := rapid.IntRange(0, len(list)).Draw(t, "dismissed after")
		row := fold(t, r, fold(t, r, nil, anchor), list[:at])
		next, err := r.Dismiss(row, root)
		got := fold(t, r, must(t, next, err), list[at:])

		others := slices.DeleteFunc(slices.Clone(list), below)
		order := rapid.Permutation(others).Draw(t, "order")
		next, err = r.Dismiss(fold(t, r, nil, anchor), root)
		if want := fold(t, r, must(t, next, err), order); !bytes.Equal(got, want) {
			t.Fatalf("%x\n%x", got, want)
		}
		canonical(t, got)
	})
}

// Wishes in any order and any number make the same bytes, and taking all back
// leaves the row without any.
func TestWishesAreFreeOfOrder(t *testing.T) {
	r := rules(t)
	rapid.Check(t, func(t *rapid.T) {
		base := admitAs(t, r, 1, segment.Event{Category: "home.garden", Time: start})
		row := base
		type said struct{ category, segment string }
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) said {
			if rapid.Bool().Draw(t, "leave") {
				return said{segment: rapid.SampledFrom([]string{"cooks", "readers", "runners"}).Draw(t, "segment")}
			}
			return said{category: rapid.SampledFrom([]string{"sports", "sports.running", "books", "books.comics", "books.fiction"}).Draw(t, "category")}
		}), 0, 8).Draw(t, "wishes")
		say := func(row []byte, list []said) []byte {
			var err error
			for _, s := range list {
				if s.segment != "" {
					row, err = r.Leave(row, s.segment)
				} else {
					row, err = r.Dismiss(row, s.category)
				}
				row = must(t, row, err)
			}
			return row
		}
		row = say(base, list)
		canonical(t, row)
		if got := say(base, rapid.Permutation(append(slices.Clone(list), list...)).Draw(t, "order")); !bytes.Equal(got, row) {
			t.Fatalf("%x\n%x", got, row)
		}
		for _, c := range []string{"sports", "books"} {
			next, err := r.Interested(row, c)
			row = must(t, next, err)
		}
		for _, s := range []string{"cooks", "readers", "runners"} {
			next, err := r.Rejoin(row, s)
			row = must(t, next, err)
		}
		if !bytes.Equal(row, base) {
			t.Fatal("something stays of wishes that were taken back")
		}
	})
}

// A merged row obeys the wishes of both, whichever is merged into which.
func TestMergeOfWishes(t *testing.T) {
	r := rules(t)
	wished := func(n byte, category, name string) []byte {
		row := admitAs(t, r, n, segment.Event{Category: "sports.running", Item: "item-1", Time: start})
		for _, e := range []segment.Event{{Category: "books.fiction", Time: start, Count: 3}, {Category: "food.cooking", Time: start}} {
			row, _, _ = r.Admit(row, grant(n), link(n), e, moment(0))
		}
		row, err := r.Dismiss(row, category)
		row, err = r.Leave(must(t, row, err), name)
		return must(t, row, err)
	}
	a, b := wished(1, "sports", "readers"), wished(2, "books", "readers")
	for _, pair := range [][2][]byte{{a, b}, {b, a}} {
		row, err := r.Merge(pair[0], pair[1], moment(day))
		row = must(t, row, err)
		canonical(t, row)
		p := read(t, row)
		if !slices.Equal(p.Dismissed(), []string{"books", "sports"}) || !slices.Equal(p.Left(), []string{"readers"}) {
			t.Error(p.Dismissed(), p.Left())
		}
		h := r.History(p, start)
		if len(h.Items) != 0 || len(h.Interests) != 1 || h.Interests[0].Category != "food.cooking" || h.Interests[0].Events != 2 {
			t.Errorf("%+v", h)
		}
	}
	// The wider of two dismissals stays.
	row, err := r.Merge(wished(1, "books.comics", "cooks"), wished(2, "books", "cooks"), moment(day))
	if got := read(t, must(t, row, err)).Dismissed(); !slices.Equal(got, []string{"books"}) {
		t.Error(got)
	}
	row, err = r.Merge(wished(1, "books", "cooks"), wished(2, "books.comics", "cooks"), moment(day))
	if got := read(t, must(t, row, err)).Dismissed(); !slices.Equal(got, []string{"books"}) {
		t.Error(got)
	}
	// A wish moves with a row that has nothing to join.
	if moved, err := r.Merge(nil, a, moment(day)); err != nil || !bytes.Equal(moved, a) {
		t.Error(err)
	}
}

// Over the bound the dismissals nearest to the root stay.
func TestMergeOverTheBound(t *testing.T) {
	var b strings.Builder
	b.WriteString("id\tparent_id\tname\tflag\n")
	for i := range 300 {
		fmt.Fprintf(&b, "%s\t\tname\t\n%s.below\t%s\tname\t\n", item(i), item(i), item(i))
	}
	tax, err := segment.ReadTSV(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	r := rules(t, func(c *segment.RulesConfig) {
		c.Taxonomy, c.Definitions, c.Measures = tax, nil, c.Measures[:1]
		c.Measures[0].Segments = nil
	})
	x, y := admitAs(t, r, 1, segment.Event{Item: "i", Category: item(299), Time: start}), admitAs(t, r, 2, segment.Event{Item: "i", Category: item(299), Time: start})
	for i := range 200 {
		next, err := r.Dismiss(x, item(i)+".below")
		x = must(t, next, err)
		next, err = r.Dismiss(y, item(i+90))
		y = must(t, next, err)
	}
	for _, pair := range [][2][]byte{{x, y}, {y, x}} {
		row, err := r.Merge(pair[0], pair[1], moment(day))
		row = must(t, row, err)
		canonical(t, row)
		broad := 0
		names := read(t, row).Dismissed()
		for _, name := range names {
			if !strings.HasSuffix(name, ".below") {
				broad++
			}
		}
		if len(names) != segment.MaxWishes || broad != 200 {
			t.Error(len(names), broad)
		}
	}
}

func TestRenew(t *testing.T) {
	r := rules(t)
	plain := admitAs(t, r, 1, segment.Event{Category: "sports", Time: start})
	wished, err := r.Leave(plain, "cooks")
	wished = must(t, wished, err)
	end := grant(1).To()
	for name, c := range map[string]struct {
		row  []byte
		now  time.Duration
		end  time.Time
		want time.Time
	}{
		"longer":        {wished, day, end.Add(day), end.Add(day)},
		"shorter":       {wished, day, end.Add(-day), end},
		"without wish":  {plain, day, end.Add(day), end},
		"had ended":     {wished, 265 * day, end.Add(day), end},
		"before 1970":   {wished, day, time.Unix(-1, 0), end},
		"at the end":    {wished, 265*day - time.Millisecond, end.Add(day), end.Add(day)},
		"nothing there": {nil, day, end, time.Time{}},
	} {
		row, err := r.Renew(c.row, start.Add(c.now), c.end)
		if err != nil || row == nil != (c.row == nil) {
			t.Fatal(name, err)
		}
		if row == nil {
			continue
		}
		canonical(t, row)
		if got := read(t, row).ConsentEnds(); !got.Equal(c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := r.Renew([]byte{9}, start, end); !errors.Is(err, segment.ErrRow) {
		t.Error(err)
	}
}

// TestDismissByAlias: a category is dismissed under whatever name it is given, and
// stays so where the taxonomy gives its id to another tree's category as an alias.
func TestDismissByAlias(t *testing.T) {
	with := func(tax *segment.Taxonomy, aliases map[string]string) *segment.Rules {
		tax, err := tax.WithAliases(aliases)
		if err != nil {
			t.Fatal(err)
		}
		r, err := segment.NewRules(segment.RulesConfig{
			Purpose: rules(t).Purpose(), Taxonomy: tax, TTLDays: 60,
			Definitions: []segment.Definition{{
				Name: "any", Title: "Any", Purpose: rules(t).Purpose(), Version: 1,
				All: []segment.Predicate{{Subtree: &segment.Subtree{Category: tax.IDs()[0]}}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	outcome := func(r *segment.Rules, row []byte, category string) segment.Outcome {
		_, out, err := r.Admit(row, grant(1), link(1), segment.Event{Category: category, Time: start}, moment(0))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	r := with(segment.Small(), map[string]string{"jogging": "sports.running"})
	row, err := r.Dismiss(begun(t, r), "jogging")
	row = must(t, row, err)
	if got := read(t, row).Dismissed(); !slices.Equal(got, []string{"sports.running"}) {
		t.Errorf("dismissed %q", got)
	}
	for _, name := range []string{"jogging", "sports.running"} {
		if out := outcome(r, row, name); out != segment.RefusedDismissed || !r.Dismisses(read(t, row), name) {
			t.Errorf("%s: %v", name, out)
		}
	}
	if again, err := r.Dismiss(row, "sports.running"); err != nil || !bytes.Equal(again, row) {
		t.Error("dismissed twice")
	}
	// Another tree, in which the old id is an alias.
	tree, err := segment.ReadTSV(strings.NewReader("id\tparent_id\tname\tflag\n1\t\tSport\t\n2\t1\tRunning\t\n3\t1\tSwimming\t\n"))
	if err != nil {
		t.Fatal(err)
	}
	r = with(tree, map[string]string{"sports.running": "2"})
	for name, want := range map[string]segment.Outcome{"2": segment.RefusedDismissed, "sports.running": segment.RefusedDismissed, "3": segment.Admitted, "1": segment.Admitted} {
		if out := outcome(r, row, name); out != want {
			t.Errorf("in another tree, %s: %v", name, out)
		}
	}
	back, err := r.Interested(row, "2")
	if err != nil || back != nil {
		t.Errorf("taken back: %x, %v", back, err)
	}
}
