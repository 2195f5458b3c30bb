package audited_test

import (
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/audited"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/segment"
)

const (
	purpose = "fairness.audit"
	day     = 24 * time.Hour
)

var start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func config() audited.Config {
	return audited.Config{
		Purpose: purpose, TTLDays: 30, Campaigns: []string{"loan", "segment/runners", "home"},
		Attributes: []audited.Attribute{{Name: "sex", Values: []string{"women", "men"}}, {Name: "age", Values: []string{"18-29", "30+"}}},
	}
}

func rules(t testing.TB, change ...func(*audited.Config)) *audited.Rules {
	t.Helper()
	c := config()
	for _, f := range change {
		f(&c)
	}
	r, err := audited.NewRules(c)
	check(t, err)
	return r
}

func spec(t testing.TB) *contrib.Spec {
	t.Helper()
	s, err := contrib.NewSpec(contrib.Groups{
		Name: "audit", Purpose: purpose, Attribute: "sex", Groups: contrib.Public{"women", "men"},
		Campaigns: contrib.Public{"loan", "home"}, Outcomes: true, MaxCampaigns: 1, Share: 0.1,
	}, nil)
	check(t, err)
	return &s
}

func link(n byte) segment.Link {
	id := ident.NewID(1, &[16]byte{n, 1})
	return ident.NewLink(ident.NewSubject(ident.NewID(1, &[16]byte{n, 2})), purpose, id, ident.Salt{n, 3})
}

// grant returns person n's grant from 100 days before start on, for a year.
func grant(n byte) segment.Grant {
	return proof.NewGrant(proof.GrantFields{
		Subject: link(n).Subject(), Purpose: purpose, From: start.AddDate(0, 0, -100), To: start.AddDate(0, 0, 265), Notice: "audits", Version: 2,
	})
}

func moment(after time.Duration) segment.Moment {
	return segment.Moment{Now: start.Add(after), Window: 3, WindowStart: dayOf(start)}
}

func dayOf(t time.Time) contrib.Day { return contrib.Day(t.Unix() / 86400) }

func stated(name, value string, at time.Time) audited.Event {
	return audited.Event{Kind: audited.Stated, Name: name, Value: value, Time: at}
}

func exposed(campaign string, reached bool, at time.Time) audited.Event {
	return audited.Event{Kind: audited.Exposed, Name: campaign, Yes: reached, Time: at}
}

func came(campaign string, yes bool, at time.Time) audited.Event {
	return audited.Event{Kind: audited.Came, Name: campaign, Yes: yes, Time: at}
}

// admit records events of person n, which all have to be admitted.
func admit(t testing.TB, r *audited.Rules, row []byte, n byte, m segment.Moment, events ...audited.Event) []byte {
	t.Helper()
	for _, e := range events {
		next, outcome, err := r.Admit(row, grant(n), link(n), e, m)
		check(t, err)
		if outcome != segment.Admitted {
			t.Fatalf("%v", outcome)
		}
		row = next
	}
	return row
}

func read(t testing.TB, row []byte) *audited.Row {
	t.Helper()
	p, err := audited.Read(row)
	check(t, err)
	return p
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
