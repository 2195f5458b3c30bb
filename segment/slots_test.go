package segment_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	"pgregory.net/rapid"
)

// withSeries makes sizes, of at most two segments, a series.
func withSeries(c *segment.RulesConfig) {
	c.Measures = slices.Clone(c.Measures)
	c.Measures[0].Series = true
}

// assign gives the slots of a release as of the day of m.
func assign(t failer, r *segment.Rules, row []byte, m segment.Moment) []byte {
	t.Helper()
	next, err := r.AssignSlots(row, 0, m.Now, dayOf(m.Now), m.Window)
	if err != nil {
		t.Fatal(err)
	}
	canonical(t, next)
	return next
}

// counted returns the segments that a release as of the day of m counts.
func counted(t failer, r *segment.Rules, row []byte, m segment.Moment) []string {
	t.Helper()
	if row == nil {
		return nil
	}
	p, err := segment.ReadProfile(row)
	if err != nil {
		t.Fatal(err)
	}
	person, _ := r.Person(p, 0, m.Now, dayOf(m.Now), m.Window)
	return person.Segments
}

// slottedRow is in cooks and runners, and counts in both.
func slottedRow(t testing.TB, r *segment.Rules) []byte {
	row := admit(t, r, nil, segment.Event{MessageID: "a", Category: "food.cooking", Time: start}, moment(0))
	row = admit(t, r, row, segment.Event{Category: "sports", Time: start}, moment(0))
	row = admit(t, r, row, segment.Event{Category: "sports", Time: start.Add(-day)}, moment(0))
	return assign(t, r, row, moment(0))
}

// Rows of format 4 stay readable, byte for byte, and have no second encoding. The
// file was made from the grammar by other code.
func TestGoldenRowWithSlots(t *testing.T) {
	want, err := os.ReadFile("testdata/profile.4.hex")
	if err != nil {
		t.Fatal(err)
	}
	r := rules(t, withSeries)
	text := ""
	for _, row := range [][]byte{slottedRow(t, r), assign(t, r, sumsRow(t, true), moment(0))} {
		text += hex.EncodeToString(row) + "\n"
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
		if _, err := segment.ReadProfile(append(row, 0)); !errors.Is(err, segment.ErrRow) {
			t.Fatal(err)
		}
	}
	if text != string(want) {
		t.Errorf("rows of format 4 changed:\n%s", text)
	}
}

// Slots out of order, twice, none, or of no measure are refused.
func TestDamagedSlots(t *testing.T) {
	r := rules(t, withSeries)
	row := slottedRow(t, r)
	tail := len("\x01\x05sizes\x03\x02") + 16
	head, slots := row[:len(row)-tail], row[len(row)-16:]
	group := func(measure string, n byte, slots ...byte) []byte {
		return append(append([]byte{byte(len(measure))}, measure...), append([]byte{3, n}, slots...)...)
	}
	swapped := slices.Concat(slots[8:], slots[:8])
	for name, tail := range map[string][]byte{
		"no measure":       {0},
		"no name":          slices.Concat([]byte{1}, group("", 1, slots[:8]...)),
		"no slots":         slices.Concat([]byte{1}, group("sizes", 0)),
		"out of order":     slices.Concat([]byte{1}, group("sizes", 2, swapped...)),
		"twice":            slices.Concat([]byte{1}, group("sizes", 2, append(slices.Clone(slots[:8]), slots[:8]...)...)),
		"a measure twice":  slices.Concat([]byte{2}, group("sizes", 1, slots[:8]...), group("sizes", 1, slots[8:]...)),
		"measures swapped": slices.Concat([]byte{2}, group("b", 1, slots[:8]...), group("a", 1, slots[8:]...)),
		"a slot short":     slices.Concat([]byte{1}, group("sizes", 2, slots[:15]...)),
	} {
		if _, err := segment.ReadProfile(slices.Concat(head, tail)); !errors.Is(err, segment.ErrRow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	two := slices.Concat(head, []byte{2}, group("a", 1, slots[:8]...), group("b", 2, slots...))
	if _, err := segment.ReadProfile(two); err != nil {
		t.Error(err)
	}
	canonical(t, two)
	if _, err := r.AssignSlots(row[:30], 0, start, dayOf(start), 3); !errors.Is(err, segment.ErrRow) {
		t.Error(err)
	}
}

// Over a window of releases, whatever happens to a row between them and in whatever
// order, its person counts in at most two segments, in each release in some of those
// that the person is in.
func TestSlotsBoundTheWindow(t *testing.T) {
	r := rules(t, withSums, withSeries)
	rapid.Check(t, func(t *rapid.T) {
		var row []byte
		ever := map[int32]map[string]bool{}
		for d := range rapid.IntRange(1, 15).Draw(t, "releases") {
			m := moment(time.Duration(d) * day)
			m.Window, m.WindowStart = 3+int32(d)/7, dayOf(start)+segment.Day(d/7*7)
			events := rapid.IntRange(0, 4).Draw(t, "events")
			for range events {
				e := segment.Event{Category: rapid.SampledFrom([]string{"food.cooking", "sports", "books.fiction"}).Draw(t, "category"),
					Count: 3, Time: m.Now.Add(-time.Duration(rapid.IntRange(0, 9).Draw(t, "late")) * day)}
				row = admitted(t, r, row, e, m)
			}
			var err error
			switch rapid.IntRange(0, 5).Draw(t, "deed") {
			case 0:
				row, err = r.ForgetCategory(row, rapid.SampledFrom([]string{"food", "sports", "books"}).Draw(t, "forgotten"))
			case 1:
				row, err = r.Leave(row, rapid.SampledFrom([]string{"cooks", "readers", "runners"}).Draw(t, "left"))
			case 2:
				row, err = r.Rejoin(row, rapid.SampledFrom([]string{"cooks", "readers", "runners"}).Draw(t, "rejoined"))
			case 3:
				row, err = r.Expire(row, m)
			case 4:
				row, err = r.Merge(row, foldAs(t, r, 2, []arrival{{segment.Event{Category: "books.fiction", Count: 5, Time: start}, grant(2), moment(0)}}), m)
			}
			if err != nil {
				t.Fatal(err)
			}
			row = assign(t, r, row, m)
			now := counted(t, r, row, m)
			if row == nil {
				continue
			}
			in := r.Segments(profileOf(t, row), dayOf(m.Now))
			if ever[m.Window] == nil {
				ever[m.Window] = map[string]bool{}
			}
			for _, s := range now {
				if !slices.Contains(in, s) {
					t.Fatal("counts where the person is not")
				}
				ever[m.Window][s] = true
			}
			if len(ever[m.Window]) > 2 {
				t.Fatalf("counts in %v over window %d", ever[m.Window], m.Window)
			}
			if len(ever[m.Window]) < 2 && len(in) > len(now) {
				t.Fatal("a slot is free and a segment does not count")
			}
		}
	})
}

func admitted(t failer, r *segment.Rules, row []byte, e segment.Event, m segment.Moment) []byte {
	t.Helper()
	g := proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-30 * day), To: start.Add(90 * day), Notice: "pages", Version: 1})
	next, out, err := r.Admit(row, g, link(1), e, m)
	if err != nil || out != segment.Admitted {
		t.Fatal(out, err)
	}
	return next
}

// Between two releases, a row with slots is the same for every order of arrival and
// any repetition, and recording is the same over the fast way and the slow one.
func TestSlottedRowIsFreeOfOrder(t *testing.T) {
	r, plain := rules(t, withSums, withSeries), rules(t, withSums, withSeries)
	plain.DecodeAll()
	slotted := 0
	rapid.Check(t, func(t *rapid.T) {
		before := fold(t, r, nil, arrivals(t))
		if before == nil {
			return
		}
		m := moment(6 * day)
		before = assign(t, r, before, m)
		list := arrivals(t)
		for i := range list {
			list[i].e.MessageID += "-after"
		}
		want := fold(t, plain, before, list)
		again := append(slices.Clone(list), list...)
		if got := fold(t, r, before, rapid.Permutation(again).Draw(t, "order")); !bytes.Equal(got, want) {
			t.Fatalf("%x\n%x", got, want)
		}
		canonical(t, want)
		if before[0] == 4 {
			slotted++
			if want[0] != 4 {
				t.Fatal("recording took slots away")
			}
		}
		if a, b := assign(t, r, want, m), assign(t, r, want, m); !bytes.Equal(a, b) {
			t.Fatal("slots are chosen otherwise the second time")
		}
	})
	if slotted < 10 {
		t.Errorf("only %d rows had slots", slotted)
	}
}

// Slots outlast what they were for, until their window is over.
func TestSlotsLast(t *testing.T) {
	r := rules(t, withSeries)
	row := slottedRow(t, r)
	gone, err := r.ForgetCategory(row, "food")
	gone, err = r.ForgetCategory(must(t, gone, err), "sports")
	late := moment(20 * day)
	gone, err = r.Expire(must(t, gone, err), late)
	if gone = must(t, gone, err); gone == nil || len(counted(t, r, gone, late)) != 0 {
		t.Fatal("a row with slots of the window went")
	}
	// No slot is free, so a third segment does not count; the first ones do again.
	again := admit(t, r, gone, segment.Event{Category: "books.fiction", Count: 9, Time: late.Now}, late)
	again = admit(t, r, again, segment.Event{Category: "food.cooking", Time: late.Now}, late)
	if got := counted(t, r, assign(t, r, again, late), late); !slices.Equal(got, []string{"cooks"}) {
		t.Error(got)
	}
	next, after := late, late
	next.Window, after.Window = 4, 5
	// In the next window all is as new, and a release of the last one that is still under
	// way finds the slots that were, and gives none to a row that has gone on.
	if kept, err := r.Expire(gone, next); err != nil || !bytes.Equal(kept, gone) {
		t.Error("slots are gone while a release of their window may be under way", err)
	}
	if kept, err := r.Expire(gone, after); err != nil || kept != nil {
		t.Errorf("%x, %v", kept, err)
	}
	moved := assign(t, r, again, next)
	if got := counted(t, r, moved, next); !slices.Equal(got, []string{"cooks", "readers"}) {
		t.Error(got)
	}
	if got := counted(t, r, moved, late); len(got) != 0 || !bytes.Equal(assign(t, r, moved, late), moved) {
		t.Error("an earlier window's slots were assigned anew", got)
	}
	recorded := admit(t, r, again, segment.Event{Category: "home.garden", Time: late.Now}, next)
	if recorded[0] == 4 || len(counted(t, r, recorded, late)) != 0 || !bytes.Equal(assign(t, r, recorded, late), recorded) {
		t.Error("slots of a window that is over")
	}
	// A measure that is none, or no series, is left alone.
	for _, spec := range []int{-1, 1, 2, 3} {
		if got, err := r.AssignSlots(again, spec, start, dayOf(start), 3); err != nil || !bytes.Equal(got, again) {
			t.Errorf("%d: %v", spec, err)
		}
	}
	if got, err := r.AssignSlots(nil, 0, start, dayOf(start), 3); got != nil || err != nil {
		t.Error(got, err)
	}
}

// Slots go with a consent that ran out, so whoever agrees again counts from the next
// window on; one that is prolonged takes them along.
func TestSlotsAndConsent(t *testing.T) {
	r := rules(t, withSeries)
	row := slottedRow(t, r)
	over, err := r.EndBy(row, start.Add(2*day))
	over = must(t, over, err)
	m := moment(3 * day)
	if got := assign(t, r, over, m); !bytes.Equal(got, over) || len(counted(t, r, over, m)) != 0 {
		t.Error("counts without consent")
	}
	anew := proof.NewGrant(proof.GrantFields{
		Subject: link(1).Subject(), Purpose: purpose, From: start.Add(2 * day), To: start.Add(90 * day), Notice: "pages", Version: 2,
	})
	back, out, err := r.Admit(over, anew, link(1), segment.Event{Category: "food.cooking", Time: m.Now}, m)
	if err != nil || out != segment.Admitted || back[0] == 4 || read(t, back).Enters() != 4 {
		t.Error(out, err, read(t, back).Enters())
	}
	if begun, err := r.Begin(over, anew, link(1), m); err != nil || read(t, begun).Enters() != 4 {
		t.Error(err, read(t, begun).Enters())
	}
	later := m
	later.Window = 4
	back, _, err = r.Admit(over, anew, link(1), segment.Event{Category: "food.cooking", Time: m.Now}, later)
	if err != nil || read(t, back).Enters() != 0 {
		t.Error("slots of a window that is over keep a person out", err)
	}
	prolonged, err := r.Renew(row, start, start.AddDate(2, 0, 0))
	if p := read(t, must(t, prolonged, err)); !p.ConsentEnds().Equal(start.AddDate(2, 0, 0)) {
		t.Error(p.ConsentEnds())
	}
	none, err := r.Renew(admit(t, r, nil, segment.Event{Category: "sports", Time: start}, moment(0)), start, start.AddDate(2, 0, 0))
	if p := read(t, must(t, none, err)); p.ConsentEnds().Equal(start.AddDate(2, 0, 0)) {
		t.Error("a row without slots was prolonged")
	}
}

// However a person comes back whose consent ran out within a window, and however
// often, the slots that were counted by keep the person out until the next one: with
// one event, several at once, or a wish.
func TestSlotsKeepOutWhoComesBack(t *testing.T) {
	r := rules(t, withSeries)
	given := func(from, to int) segment.Grant {
		return proof.NewGrant(proof.GrantFields{
			Subject: link(1).Subject(), Purpose: purpose, From: start.Add(time.Duration(from) * day), To: start.Add(time.Duration(to) * day), Notice: "pages", Version: 2,
		})
	}
	event := func(m segment.Moment, i int) segment.Event {
		return segment.Event{MessageID: item(i), Category: "food.cooking", Time: m.Now}
	}
	several := func(n int) func(row []byte, g segment.Grant, m segment.Moment) ([]byte, error) {
		return func(row []byte, g segment.Grant, m segment.Moment) ([]byte, error) {
			list := make([]segment.Admission, n)
			for i := range list {
				list[i] = segment.Admission{Grant: g, Event: event(m, i)}
			}
			return r.AdmitAll(nil, row, link(1), list, m)
		}
	}
	for name, back := range map[string]func(row []byte, g segment.Grant, m segment.Moment) ([]byte, error){
		"one event":    several(1),
		"four at once": several(4),
		"nine at once": several(9),
		"a wish": func(row []byte, g segment.Grant, m segment.Moment) ([]byte, error) {
			return r.Begin(row, g, link(1), m)
		},
	} {
		row, err := r.EndBy(slottedRow(t, r), start.Add(2*day))
		row = must(t, row, err)
		for _, from := range []int{2, 4} { // the second one finds no slots any more
			m := moment(time.Duration(from)*day + day)
			next, err := back(row, given(from, from+2), m)
			row = must(t, next, err)
			if got := read(t, row).Enters(); got != 4 {
				t.Errorf("%s, agreed on day %d: counts from window %d on", name, from, got)
			}
			if got := assign(t, r, row, m); !bytes.Equal(got, row) {
				t.Errorf("%s, agreed on day %d: gets slots again", name, from)
			}
		}
		next := moment(8 * day)
		next.Window, next.WindowStart = 4, dayOf(next.Now)
		again, err := back(row, given(7, 90), next)
		again = must(t, again, err)
		if got := read(t, again).Enters(); got > 4 {
			t.Errorf("%s: in the next window, counts from window %d on", name, got)
		}
	}
}

// Of two rows that are merged, the slots of the one whose salt stays do.
func TestMergeOfSlots(t *testing.T) {
	r := rules(t, withSeries)
	m := moment(day)
	into := slottedRow(t, r)
	reader := foldAs(t, r, 2, []arrival{{segment.Event{Category: "books.fiction", Count: 9, Time: start}, grant(2), moment(0)}})
	from := assign(t, r, reader, m)
	if from[0] != 4 || !slices.Equal(counted(t, r, from, m), []string{"readers"}) {
		t.Fatal("the other row has no slots")
	}
	merged, err := r.Merge(into, from, m)
	merged = assign(t, r, must(t, merged, err), m)
	if got := counted(t, r, merged, m); !slices.Equal(got, []string{"cooks", "runners"}) {
		t.Error(got)
	}
	merged, err = r.Merge(from, into, m)
	merged = assign(t, r, must(t, merged, err), m)
	if got := counted(t, r, merged, m); len(got) != 2 || !slices.Contains(got, "readers") {
		t.Error(got)
	}
	for _, pair := range [][2][]byte{{nil, from}, {from, nil}} {
		if moved, err := r.Merge(pair[0], pair[1], m); err != nil || !bytes.Equal(moved, from) {
			t.Error("slots did not move along", err)
		}
	}
}

// A person is shown that there are slots; they name nothing.
func TestSlotsAreShown(t *testing.T) {
	r := rules(t, withSeries)
	row := slottedRow(t, r)
	p := read(t, row)
	want := []segment.SeriesSlots{{Measure: "sizes", Window: 3, Slots: 2}}
	if got := r.Export(p, start).Series; !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := r.Explain(p, start).Series; !slices.Equal(got, want) {
		t.Error(got)
	}
	for _, name := range []string{"cooks", "runners"} {
		if bytes.Contains(row, []byte(name)) {
			t.Errorf("the row names %s", name)
		}
	}
	plain := admit(t, r, nil, segment.Event{Category: "sports", Time: start}, moment(0))
	if r.Export(read(t, plain), start).Series != nil || r.Explain(read(t, plain), start).Series != nil {
		t.Error("slots of a row without")
	}
}
