package discreet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/segment"
)

// TestAdvertisingTakesTwoDays: a busy day puts somebody into a segment for pages,
// and not into one for advertising; a second day does. The label says so.
func TestAdvertisingTakesTwoDays(t *testing.T) {
	ctx := t.Context()
	const ads = "ads"
	notice := discreettest.Notice()
	notice.Purposes = append(notice.Purposes, consent.Purpose{Key: ads, Title: "Advertisements", Advertising: true})
	def := atLeast("buyers", "sports.running", 1)
	def.Purpose = ads
	e := discreettest.Open(t, discreet.Config{
		Notices: []consent.Notice{notice}, Segments: []segment.Definition{def, atLeast("runners", "sports.running", 1)},
	})
	for _, purpose := range []string{ads, discreettest.Purpose} {
		check(t, e.Choose(ctx, ann, discreet.Choice{Notice: notice.ID, Version: notice.Version, Locale: notice.Locale, Method: "test", Grant: []string{purpose}}))
	}
	in := func() map[string]int {
		t.Helper()
		x, err := e.Explain(ctx, ann, operator)
		check(t, err)
		n := map[string]int{}
		for _, p := range x.Profiles {
			for _, m := range p.Segments {
				if m.In {
					n[m.Segment]++
				}
			}
		}
		return n
	}
	for i := range 5 {
		ev := event(e, ann, string(rune('a'+i)), "a", "sports.running")
		ev.Signals.Age = consent.Adult
		_, err := e.Record(ctx, ev)
		check(t, err)
	}
	if got := in(); got["buyers"] != 0 || got["runners"] != 1 {
		t.Fatal(got)
	}
	e.Clock.Advance(24 * time.Hour)
	ev := event(e, ann, "z", "a", "sports.running")
	ev.Signals.Age = consent.Adult
	_, err := e.Record(ctx, ev)
	check(t, err)
	if got := in(); got["buyers"] != 1 || got["runners"] != 1 {
		t.Error(got)
	}
	x, err := e.Label(ads, "buyers", segment.LabelTerms{Provider: "shop"})
	check(t, err)
	if x.EvidenceDays != 2 || !x.Advertising || x.Provider != "shop" {
		t.Errorf("%+v", x)
	}
	if x, err = e.Label(discreettest.Purpose, "runners", segment.LabelTerms{}); err != nil || x.EvidenceDays != 1 {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err := e.Label("other", "runners", segment.LabelTerms{}); !errors.Is(err, discreet.ErrNoPurpose) {
		t.Error(err)
	}
	if _, err := e.Label(ads, "runners", segment.LabelTerms{}); !errors.Is(err, segment.ErrNoSegment) {
		t.Error(err)
	}
}
