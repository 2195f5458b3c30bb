package audited_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

// counted returns what a release at the moment reads of a row, and whether it does.
func counted(t *testing.T, r *audited.Rules, row []byte, now time.Time, change ...func(*audited.Cut)) (contrib.Person, bool) {
	t.Helper()
	c := audited.Cut{Now: now, AsOf: dayOf(now), Since: dayOf(start) - 1000, Window: 3}
	for _, f := range change {
		f(&c)
	}
	return r.Person(read(t, row), spec(t), c)
}

func TestPerson(t *testing.T) {
	r := rules(t)
	row := admit(t, r, nil, 1, moment(0), stated("sex", "women", start.Add(-5*day)), exposed("loan", true, start.Add(-3*day)),
		came("loan", true, start.Add(-2*day)), came("home", true, start))
	p, ok := counted(t, r, row, start)
	if !ok || p.Group != "women" || len(p.Reached) != 1 || p.Reached[0] != (contrib.Campaign{Name: "loan", Reached: true, Outcome: contrib.OutcomeYes}) || p.Salt != link(1).Salt() {
		t.Fatalf("%+v, %v", p, ok)
	}
	campaigns := func(change func(*audited.Cut)) []contrib.Campaign {
		p, _ := counted(t, r, row, start, change)
		return p.Reached
	}
	for name, c := range map[string]struct {
		change  func(*audited.Cut)
		n       int
		outcome contrib.Outcome
	}{
		"since the exposure":    {func(c *audited.Cut) { c.Since = dayOf(start) - 3 }, 1, contrib.OutcomeYes},
		"since after it":        {func(c *audited.Cut) { c.Since = dayOf(start) - 2 }, 0, 0},
		"as of the exposure":    {func(c *audited.Cut) { c.AsOf = dayOf(start) - 3 }, 1, contrib.OutcomeUnknown},
		"as of before it":       {func(c *audited.Cut) { c.AsOf = dayOf(start) - 4 }, 0, 0},
		"when it is over":       {func(c *audited.Cut) { c.Now = start.Add(27 * day) }, 0, 0},
		"before the statement":  {func(c *audited.Cut) { c.AsOf = dayOf(start) - 6 }, 0, 0},
		"after the statement":   {func(c *audited.Cut) { c.Now = start.Add(25 * day) }, 0, 0},
		"a day before its end":  {func(c *audited.Cut) { c.Now = start.Add(24 * day) }, 1, contrib.OutcomeYes},
		"after consent":         {func(c *audited.Cut) { c.Now = start.Add(300 * day) }, 0, 0},
		"in the window that is": {func(c *audited.Cut) { c.Window = 0 }, 1, contrib.OutcomeYes},
	} {
		list := campaigns(c.change)
		if len(list) != c.n || c.n > 0 && list[0].Outcome != c.outcome {
			t.Errorf("%s: %+v", name, list)
		}
	}
	back := admit(t, r, row, 1, moment(0), stated("sex", "", start))
	if _, ok := counted(t, r, back, start); ok {
		t.Error("counted by what was taken back")
	}
	narrow := rules(t, func(c *audited.Config) { c.Attributes[0].Values = []string{"men", "others"} })
	if _, ok := narrow.Person(read(t, row), spec(t), audited.Cut{Now: start, AsOf: dayOf(start), Window: 3}); ok {
		t.Error("counted by a value that is declared no more")
	}
	m := moment(0)
	m.EntersNext = true
	late := admit(t, r, nil, 1, m, stated("sex", "women", start))
	if _, ok := counted(t, r, late, start); ok {
		t.Error("who came back counts in the same window")
	}
	if _, ok := counted(t, r, late, start, func(c *audited.Cut) { c.Window = 4 }); !ok {
		t.Error("who came back does not count in the next window")
	}
}

// TestSensitivity holds, for every row over two campaigns, that its vector has at most
// L0 cells, each of 1, in one group.
func TestSensitivity(t *testing.T) {
	r, s := rules(t), spec(t)
	var all [][]audited.Event
	for _, group := range []string{"", "women", "men"} {
		for what := range 9 * 9 {
			list := []audited.Event{stated("sex", group, start)}
			for i, name := range []string{"loan", "home"} {
				w := what
				if i == 1 {
					w /= 9
				}
				if w = w % 9; w%3 > 0 {
					list = append(list, exposed(name, w%3 == 2, start))
				}
				if w/3 > 0 {
					list = append(list, came(name, w/3 == 2, start))
				}
			}
			all = append(all, list)
		}
	}
	cells := 0
	for _, list := range all {
		row := admit(t, r, nil, 1, moment(0), list...)
		p, ok := counted(t, r, row, start)
		if !ok {
			continue
		}
		v := s.Vector(&p, 3, dayOf(start))
		if len(v) > s.L0() {
			t.Fatalf("%d cells", len(v))
		}
		for _, c := range v {
			if c.Value != 1 || s.Groups[c.Row] != p.Group {
				t.Fatalf("%+v", c)
			}
			cells++
		}
	}
	if cells == 0 {
		t.Fatal("nobody counts")
	}
}

func TestMerge(t *testing.T) {
	r := rules(t)
	one := admit(t, r, nil, 1, moment(0), stated("sex", "women", start), exposed("loan", false, start))
	other := proof.NewGrant(proof.GrantFields{
		Subject: link(2).Subject(), Purpose: purpose, From: start.AddDate(0, 0, -10), To: start.AddDate(0, 0, 50), Notice: "newer", Version: 3,
	})
	two, _, err := r.Admit(nil, other, link(2), exposed("loan", true, start), moment(day))
	check(t, err)
	merged, err := r.Merge(one, two, moment(day))
	check(t, err)
	p := read(t, merged)
	held := r.Held(p, start.Add(day))
	if notice, version := p.Notice(); notice != "newer" || version != 3 || !p.ConsentEnds().Equal(start.AddDate(0, 0, 50)) ||
		held.Campaigns[0].Exposure != "reached" || held.Attributes[0].Value != "women" || held.FirstRecorded != "2026-01-05" || held.LastRecorded != "2026-01-06" {
		t.Errorf("%+v", held)
	}
	if got, err := r.Merge(merged, two, moment(day)); err != nil || !bytes.Equal(got, merged) {
		t.Error("merging again changes something", err)
	}
	for name, c := range map[string]struct{ into, from, want []byte }{
		"into alone": {one, nil, one}, "from alone": {nil, two, two}, "neither": {nil, nil, nil},
	} {
		if got, err := r.Merge(c.into, c.from, moment(day)); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := r.Merge(one, two, moment(60*day)); err != nil || !bytes.Equal(got, one) {
		t.Error("what had ended was merged", err)
	}
	m := moment(day)
	m.EntersNext = true
	for name, rows := range map[string][2][]byte{"both": {one, two}, "into": {one, nil}, "from": {nil, two}} {
		got, err := r.Merge(rows[0], rows[1], m)
		check(t, err)
		if held := r.Held(read(t, got), start); held.EntersWindow != 4 {
			t.Errorf("%s: enters window %d", name, held.EntersWindow)
		}
	}
	late, _, err := r.Admit(nil, grant(2), link(2), exposed("home", true, start), m) // came back
	check(t, err)
	if got, err := r.Merge(one, late, moment(day)); err != nil || r.Held(read(t, got), start).EntersWindow != 4 {
		t.Error("counts before the later of both windows", err)
	}
	if _, err := r.Merge(one, []byte{1}, moment(0)); !errors.Is(err, audited.ErrRow) {
		t.Error(err)
	}
	if _, err := r.Merge(one, two, segment.Moment{}); !errors.Is(err, segment.ErrMoment) {
		t.Error(err)
	}
}

// TestOverStaysOver records, and merges, after a part of a row is over and before a
// sweep: what was over is not there again, whether or not a sweep came first.
func TestOverStaysOver(t *testing.T) {
	r, late := rules(t), 31*day // the TTL is 30 days
	old := admit(t, r, nil, 1, moment(0), stated("sex", "women", start), exposed("loan", true, start))
	old = admit(t, r, old, 1, moment(20*day), came("home", true, start.Add(20*day)))
	fresh := admit(t, r, nil, 2, moment(late), exposed("loan", false, start.Add(late)))
	for name, row := range map[string][]byte{"not swept": old, "swept": expire(t, r, old, late)} {
		next := admit(t, r, row, 1, moment(late), exposed("loan", false, start.Add(late)))
		merged, err := r.Merge(row, fresh, moment(late))
		check(t, err)
		for way, row := range map[string][]byte{"recorded": next, "merged": merged} {
			held := r.Held(read(t, row), start.Add(late))
			if len(held.Attributes) != 0 || len(held.Campaigns) != 2 || held.Campaigns[1].Exposure != "eligible" {
				t.Errorf("%s, %s: %+v", name, way, held)
			}
		}
	}
}

func expire(t *testing.T, r *audited.Rules, row []byte, after time.Duration) []byte {
	t.Helper()
	row, err := r.Expire(row, moment(after))
	check(t, err)
	return row
}

func TestEnds(t *testing.T) {
	r := rules(t)
	row := goldenRow(t)
	ends := func(row []byte) time.Time { return read(t, row).ConsentEnds() }
	was, sooner, later := ends(row), start.Add(3*day), start.AddDate(0, 0, 300)
	short, err := r.EndBy(row, sooner)
	check(t, err)
	if !ends(short).Equal(sooner) {
		t.Error("does not end sooner")
	}
	if got, err := r.EndBy(row, later); err != nil || !ends(got).Equal(was) {
		t.Error("an end was prolonged", err)
	}
	if got, err := r.Renew(row, start, later); err != nil || !ends(got).Equal(later) {
		t.Error("was not prolonged", err)
	}
	if got, err := r.Renew(short, start.Add(4*day), later); err != nil || !bytes.Equal(got, short) {
		t.Error("what had ended was prolonged", err)
	}
	if got, err := r.Expire(short, moment(3*day)); err != nil || got != nil {
		t.Error("expired, and kept", err)
	}
	if got, err := r.Expire(row, moment(3*day)); err != nil || !bytes.Equal(got, row) {
		t.Error("swept what lasts", err)
	}
	if got, err := r.Expire(row, moment(60*day)); err != nil || got != nil {
		t.Error("past its TTL, and kept", err)
	}
	// A consent given after the row's ended begins anew.
	fresh := proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: start.Add(4 * day), To: later, Notice: "audits", Version: 2})
	next, _, err := r.Admit(short, fresh, link(1), exposed("home", true, start.Add(5*day)), moment(5*day))
	check(t, err)
	if held := r.Held(read(t, next), start.Add(5*day)); len(held.Attributes) != 0 || len(held.Campaigns) != 1 {
		t.Errorf("an ended consent lives on: %+v", held)
	}
	// What is declared no more goes with the next sweep.
	narrow := rules(t, func(c *audited.Config) { c.Campaigns = []string{"home"} })
	swept, err := narrow.Expire(row, moment(3*day))
	check(t, err)
	if held := narrow.Held(read(t, swept), start.Add(3*day)); len(held.Campaigns) != 1 {
		t.Errorf("%+v", held)
	}
}
