package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment/rank/eval"
)

// made is a small data set of people who each like one kind of item, in which a
// new kind comes up in the end.
func made() *rankData {
	d := &rankData{catalog: map[string]string{}, titles: map[string]string{}, traits: map[string][]string{}}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 120 {
		item := fmt.Sprintf("%05d", i)
		d.catalog[item] = fmt.Sprintf("kind-%d", i%6)
		d.titles[item] = fmt.Sprintf("KIND%d PIECE%d", i%6, i/6)
		d.traits[item] = []string{fmt.Sprint(i / 20)}
	}
	for person := range 400 {
		for range 30 {
			i := rng.IntN(20)*6 + person%6
			d.events = append(d.events, eval.Event{
				Person: fmt.Sprintf("p%03d", person), Item: fmt.Sprintf("%05d", i),
				Time: int64(rng.IntN(100*secondsPerDay) + 15000*secondsPerDay),
			})
		}
	}
	return d
}

// TestRank runs the suite on data that is made up, through real charges, draws
// and models, and holds the form of its figures and what must be so for them.
func TestRank(t *testing.T) {
	var out, errOut bytes.Buffer
	b := &bench{suite: "rank", short: true, json: true, out: &out, err: &errOut}
	if err := b.rankCase(context.Background(), "made", made()); err != nil {
		t.Fatal(err)
	}
	if err := rankServe(b); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for line := range strings.Lines(out.String()) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got[r.Metric] = r.Value
	}
	for _, name := range []string{
		"ndcg10_popularity", "ndcg10_recent_popularity", "ndcg10_recent_popularity_private", "ndcg10_nonprivate",
		"ndcg10_private", "ndcg10_private_limits", "retained", "retained_at_epsilon_0.1", "retained_at_epsilon_8",
		"ndcg10_private_least_active", "ndcg10_private_most_active", "us_per_500_items", "allocs_op", "lift_se",
	} {
		if !(got[name] > 0) {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	// Titles tell the kinds apart, so the ranker is far above popularity.
	if got["ranker_chosen"] != 1 || got["ndcg10_private"] < 1.5*got["ndcg10_recent_popularity_private"] {
		t.Errorf("the ranker finds nothing: %v", got)
	}
}
