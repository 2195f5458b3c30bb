package audited_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestConfig(t *testing.T) {
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint("v", i))
		}
		return list
	}
	for name, change := range map[string]func(*audited.Config){
		"no purpose":          func(c *audited.Config) { c.Purpose = "" },
		"no TTL":              func(c *audited.Config) { c.TTLDays = 0 },
		"a long TTL":          func(c *audited.Config) { c.TTLDays = 731 },
		"no attribute":        func(c *audited.Config) { c.Attributes = nil },
		"an attribute twice":  func(c *audited.Config) { c.Attributes = append(c.Attributes, c.Attributes[0]) },
		"a name that is none": func(c *audited.Config) { c.Attributes[0].Name = "Sex" },
		"one value":           func(c *audited.Config) { c.Attributes[0].Values = []string{"women"} },
		"an empty value":      func(c *audited.Config) { c.Attributes[0].Values = []string{"women", ""} },
		"a value twice":       func(c *audited.Config) { c.Attributes[0].Values = []string{"women", "men", "women"} },
		"too many values":     func(c *audited.Config) { c.Attributes[0].Values = many(audited.MaxValues + 1) },
		"no campaign":         func(c *audited.Config) { c.Campaigns = nil },
		"a campaign twice":    func(c *audited.Config) { c.Campaigns = []string{"loan", "loan"} },
		"a broken campaign":   func(c *audited.Config) { c.Campaigns = []string{"lo\nan"} },
		"too many campaigns":  func(c *audited.Config) { c.Campaigns = many(audited.MaxDeclared + 1) },
		"too many attributes": func(c *audited.Config) {
			for _, n := range many(audited.MaxAttributes) {
				c.Attributes = append(c.Attributes, audited.Attribute{Name: n, Values: []string{"a", "b"}})
			}
		},
	} {
		c := config()
		change(&c)
		if _, err := audited.NewRules(c); !errors.Is(err, audited.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := config()
	r, err := audited.NewRules(c)
	check(t, err)
	c.Campaigns[0], c.Attributes[0].Values[0] = "other", "other"
	if got := r.Campaigns(); !slices.Equal(got, []string{"home", "loan", "segment/runners"}) {
		t.Errorf("changed from outside: %q", got)
	}
	if got := r.Attributes(); got[1].Name != "sex" || !slices.Equal(got[1].Values, []string{"men", "women"}) {
		t.Errorf("changed from outside: %q", got)
	}
}

func TestReads(t *testing.T) {
	r := rules(t)
	check(t, r.Reads(spec(t)))
	for name, change := range map[string]func(*contrib.Spec){
		"purpose":   func(s *contrib.Spec) { s.Purpose = "pages" },
		"kind":      func(s *contrib.Spec) { s.Kind = contrib.KindSegmentSizes },
		"attribute": func(s *contrib.Spec) { s.Attribute = "origin" },
		"group":     func(s *contrib.Spec) { s.Groups = []string{"men", "others"} },
		"campaign":  func(s *contrib.Spec) { s.Items = []string{"loan", "other"} },
	} {
		s := *spec(t)
		change(&s)
		if err := r.Reads(&s); !errors.Is(err, audited.ErrMeasure) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// TestAdmitAsksForProof leaves out, or swaps, each proof.
func TestAdmitAsksForProof(t *testing.T) {
	r, e, m := rules(t), exposed("loan", true, start), moment(0)
	foreign := proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: "pages", From: start.Add(-day), To: start.Add(day)})
	other := ident.NewLink(link(1).Subject(), "pages", link(1).ID(), link(1).Salt())
	for name, c := range map[string]struct {
		g    segment.Grant
		l    segment.Link
		m    segment.Moment
		want error
	}{
		"no grant":        {segment.Grant{}, link(1), m, segment.ErrGrant},
		"no link":         {grant(1), segment.Link{}, m, segment.ErrLink},
		"another person":  {grant(1), link(2), m, segment.ErrSubject},
		"another purpose": {foreign, link(1), m, segment.ErrPurpose},
		"a foreign link":  {grant(1), other, m, segment.ErrPurpose},
		"no moment":       {grant(1), link(1), segment.Moment{}, segment.ErrMoment},
	} {
		if row, _, err := r.Admit(nil, c.g, c.l, e, c.m); !errors.Is(err, c.want) || row != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := r.Admit([]byte{0}, grant(1), link(1), e, m); !errors.Is(err, audited.ErrRow) {
		t.Error(err)
	}
}

// TestAdmitRefuses holds what is refused, with the row left as it was.
func TestAdmitRefuses(t *testing.T) {
	r := rules(t)
	row := goldenRow(t)
	young := proof.NewGrant(proof.GrantFields{Subject: link(1).Subject(), Purpose: purpose, From: start.Add(-day), To: start.Add(day), Notice: "audits", Version: 2})
	for name, c := range map[string]struct {
		g    segment.Grant
		e    audited.Event
		want segment.Outcome
	}{
		"no time":           {grant(1), exposed("loan", true, time.Time{}), segment.RefusedMalformed},
		"no kind":           {grant(1), audited.Event{Name: "loan", Time: start}, segment.RefusedMalformed},
		"another kind":      {grant(1), audited.Event{Kind: 9, Name: "loan", Time: start}, segment.RefusedMalformed},
		"another campaign":  {grant(1), exposed("other", true, start), segment.RefusedMalformed},
		"another attribute": {grant(1), stated("origin", "women", start), segment.RefusedMalformed},
		"another value":     {grant(1), stated("sex", "others", start), segment.RefusedMalformed},
		"before consent":    {young, exposed("loan", true, start.Add(-2*day)), segment.RefusedInterval},
		"in the future":     {grant(1), exposed("loan", true, start.Add(11*time.Minute)), segment.RefusedFuture},
		"too old":           {grant(1), exposed("loan", true, start.Add(-30*day)), segment.RefusedTooOld},
	} {
		next, outcome, err := r.Admit(row, c.g, link(1), c.e, moment(0))
		if err != nil || outcome != c.want || !bytes.Equal(next, row) {
			t.Errorf("%s: %v, %v", name, outcome, err)
		}
	}
	if _, outcome, err := r.Admit(row, grant(1), link(1), exposed("loan", true, start.Add(-29*day)), moment(0)); err != nil || outcome != segment.Admitted {
		t.Errorf("the last day that counts: %v, %v", outcome, err)
	}
}

// model says what is held after events, from all of them at once.
func model(r *audited.Rules, events []audited.Event, now time.Time) (attributes []audited.HeldStatement, campaigns []audited.HeldCampaign) {
	date := func(d contrib.Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
	ttl := contrib.Day(r.TTLDays())
	over := dayOf(now) - ttl
	best := map[string]audited.Event{} // by kind and name
	days, reached := map[string]contrib.Day{}, map[string]bool{}
	for _, e := range events {
		key := fmt.Sprint(e.Kind, e.Name)
		have, ok := best[key]
		weight := func(e audited.Event) string { // what wins within a second
			switch {
			case e.Kind == audited.Came:
				return fmt.Sprint(e.Yes)
			case e.Value == "":
				return "1"
			}
			return "0" + e.Value
		}
		if !ok || cmp.Or(cmp.Compare(e.Time.Unix(), have.Time.Unix()), strings.Compare(weight(e), weight(have))) > 0 {
			best[key] = e
		}
		if e.Kind == audited.Exposed {
			days[e.Name], reached[e.Name] = max(days[e.Name], dayOf(e.Time)), reached[e.Name] || e.Yes
		}
	}
	for _, a := range r.Attributes() {
		if e, ok := best[fmt.Sprint(audited.Stated, a.Name)]; ok && dayOf(e.Time) > over {
			attributes = append(attributes, audited.HeldStatement{Attribute: a.Name, Value: e.Value, Stated: e.Time.Truncate(time.Second).UTC(), Until: date(dayOf(e.Time) + ttl)})
		}
	}
	for _, name := range r.Campaigns() {
		h, last := audited.HeldCampaign{Campaign: name}, contrib.Day(0)
		if days[name] > over {
			h.Exposure, h.LastDay, last = "eligible", date(days[name]), days[name]
			if reached[name] {
				h.Exposure = "reached"
			}
		}
		if e, ok := best[fmt.Sprint(audited.Came, name)]; ok && dayOf(e.Time) > over {
			at := e.Time.Truncate(time.Second).UTC()
			h.Outcome, h.OutcomeAt, last = map[bool]string{false: "no", true: "yes"}[e.Yes], &at, max(last, dayOf(e.Time))
		}
		if h.Until = date(last + ttl); last > 0 {
			campaigns = append(campaigns, h)
		}
	}
	return attributes, campaigns
}

func drawEvents(t *rapid.T) []audited.Event {
	list := make([]audited.Event, rapid.IntRange(1, 12).Draw(t, "events"))
	for i := range list {
		at := start.Add(-time.Duration(rapid.SampledFrom([]int{0, 1, 2, 26, 600, 690}).Draw(t, "hours")) * time.Hour)
		at = at.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "ms")) * 300 * time.Millisecond)
		yes := rapid.Bool().Draw(t, "yes")
		campaign := rapid.SampledFrom([]string{"loan", "home", "segment/runners"}).Draw(t, "campaign")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			list[i] = stated("sex", rapid.SampledFrom([]string{"", "men", "women"}).Draw(t, "value"), at)
		case 1:
			list[i] = exposed(campaign, yes, at)
		default:
			list[i] = came(campaign, yes, at)
		}
	}
	return list
}

// TestFreeOfOrder records the same events in another order, and some of them twice:
// the rows are equal, byte for byte, and hold what a plain reading of all says. The
// same parted over two rows that are merged holds the same.
func TestFreeOfOrder(t *testing.T) {
	r := rules(t)
	rapid.Check(t, func(rt *rapid.T) {
		list := drawEvents(rt)
		one := admit(t, r, nil, 1, moment(0), list...)
		again := append(slices.Clone(list), rapid.SliceOfN(rapid.SampledFrom(list), 0, 4).Draw(rt, "twice")...)
		if two := admit(t, r, nil, 1, moment(0), rapid.Permutation(again).Draw(rt, "order")...); !bytes.Equal(one, two) {
			rt.Fatal("another order, another row")
		}
		held := r.Held(read(t, one), start)
		attributes, campaigns := model(r, list, start)
		if diff := gocmp.Diff(append([]audited.HeldStatement{}, attributes...), held.Attributes); diff != "" {
			rt.Fatal(diff)
		}
		if diff := gocmp.Diff(append([]audited.HeldCampaign{}, campaigns...), held.Campaigns); diff != "" {
			rt.Fatal(diff)
		}
		cut := rapid.IntRange(0, len(list)).Draw(rt, "cut")
		parts := [2][]byte{admit(t, r, nil, 1, moment(0), list[:cut]...), admit(t, r, nil, 2, moment(0), list[cut:]...)}
		if merged, err := r.Merge(parts[0], parts[1], moment(0)); err != nil || cut > 0 && !bytes.Equal(merged, one) {
			rt.Fatal("merging is another row", err)
		}
		// Later, when a part is over, a late sweep changes no answer.
		later := moment(6 * day)
		swept, err := r.Expire(one, later)
		check(t, err)
		attributes, campaigns = model(r, list, later.Now)
		if swept == nil && len(attributes)+len(campaigns) > 0 {
			rt.Fatal("swept too much")
		}
		for _, row := range [][]byte{one, swept} {
			if row == nil {
				continue
			}
			held := r.Held(read(t, row), later.Now)
			if len(held.Attributes) != len(attributes) || !gocmp.Equal(held.Campaigns, append([]audited.HeldCampaign{}, campaigns...)) {
				rt.Fatal("a sweep changes an answer")
			}
		}
	})
}

// TestBound records more campaigns than a row holds: those whose names rank lowest under the salt
// are kept, in every order; another person keeps others.
func TestBound(t *testing.T) {
	var names []string
	for i := range audited.MaxCampaigns + 40 {
		names = append(names, fmt.Sprintf("campaign-%03d", i))
	}
	r := rules(t, func(c *audited.Config) { c.Campaigns = names })
	kept := func(n byte, order []string) (list []string) {
		var row []byte
		for _, name := range order {
			row = admit(t, r, row, n, moment(0), exposed(name, true, start))
		}
		for _, h := range r.Held(read(t, row), start).Campaigns {
			list = append(list, h.Campaign)
		}
		return list
	}
	salt := link(1).Salt()
	want := slices.Clone(names)
	slices.SortFunc(want, func(a, b string) int {
		return cmp.Compare(contrib.Rank(&salt, "/campaign", 0, a), contrib.Rank(&salt, "/campaign", 0, b))
	})
	want = slices.Sorted(slices.Values(want[:audited.MaxCampaigns]))
	back := slices.Clone(names)
	slices.Reverse(back)
	for _, order := range [][]string{names, back} {
		if !slices.Equal(kept(1, order), want) {
			t.Error("another choice than the keyed one")
		}
	}
	if slices.Equal(kept(2, names), want) {
		t.Error("two people keep the same")
	}
}
