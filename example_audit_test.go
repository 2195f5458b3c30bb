package discreet_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// A page decides for everybody alike, and records what it decided for those who agreed
// to audits: for a segment, that the person was eligible and whether it was shown the
// offer; for a ranking, whether the item came first. Once a week the table of groups is
// released.
func ExampleEngine_RecordExposure() {
	ctx := context.Background()
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	keys, err := pseudonym.NewKeyring()
	check(err)
	const offer, first = "segment/runners", "rank/shoes"
	inside := map[discreet.ID]bool{} // who is in the segment, as the service was told
	engine, err := discreet.Open(ctx, discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 60,
		Notices: []consent.Notice{notice, auditNotice}, Segments: []segment.Definition{runners},
		Catalog: map[string]string{"shoes": "sports.running", "novel": "books.fiction"},
		Audit: &discreet.Audit{
			Attributes: []discreet.AuditAttribute{{Name: "sex", Values: []string{"women", "men"}}},
			Campaigns:  []string{offer, first},
		},
		Measures: []dp.Measure{
			dp.SegmentItems{Name: "views", Purpose: "personalize", Items: dp.Public{"shoes", "novel"}, MaxSegments: 1, MaxItems: 2, MaxPerItem: 1, LookbackDays: 30, Share: 0.5},
			dp.Groups{
				Name: "fairness", Purpose: discreet.AuditPurpose, Attribute: "sex", Groups: dp.Public{"women", "men"},
				Campaigns: dp.Public{offer, first}, MaxCampaigns: 2, Share: 0.2,
			},
		},
		Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
		Edges:  func(g discreet.Edge) { inside[g.ID] = g.Entered },
	})
	check(err)
	for _, answer := range []discreet.Choice{yes, agreeAudit} {
		check(engine.Choose(ctx, ann, answer)) // bob was never asked
	}
	_, err = engine.Record(ctx, view(ann, "sports.running"))
	check(err)
	_, err = engine.RecordAttribute(ctx, discreet.AttributeEvent{Who: ann, Attribute: "sex", Value: "women", Time: time.Now()})
	check(err)

	for _, who := range []discreet.Raw{ann, bob} { // a page for each
		list, err := engine.Rank(ctx, discreet.RankRequest{Who: who, Measure: "views", Candidates: []string{"shoes", "novel"}, Context: "sports.running"})
		check(err)
		id, err := engine.ID(who, "personalize")
		check(err)
		o, err := engine.RecordExposure(ctx, discreet.ExposureEvent{Who: who, Campaign: offer, Reached: inside[id], Time: time.Now()})
		check(err)
		_, err = engine.RecordExposure(ctx, discreet.ExposureEvent{Who: who, Campaign: first, Reached: list.Items[0].Item == "shoes", Time: time.Now()})
		check(err)
		fmt.Printf("runner: %v; for audits %v\n", inside[id], o.Decision)
	}
	r, err := engine.Release(ctx, discreet.Query{Name: "fairness-week-1", Measure: "fairness", Share: 0.1}, discreet.Actor{ID: "weekly", Reason: "audit"})
	check(err)
	c := r.Cells()[0]
	fmt.Printf("%s: %d cells, the first of group %s, campaign %s, %s\n", r.Header().Kind, r.Len(), c.Group, c.Item, c.Part)
	// Output:
	// runner: true; for audits allowed: granted
	// runner: false; for audits denied: no-record
	// groups: 8 cells, the first of group men, campaign rank/shoes, missed
}
