package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/google/differential-privacy/go/v3/dpagg"
)

// utilityData asks the questions of a month of public data, for several epsilons:
// how large the relative error of a count and of a mean is by how many people it is
// of, and how many items come out with their counts.
func utilityData(ctx context.Context, b *bench) error {
	for _, s := range dataSets() {
		if b.data == "" {
			b.skip(s.name, "-data is not set")
			continue
		}
		if _, err := os.Stat(filepath.Join(b.data, filepath.FromSlash(s.files[0]))); err != nil {
			b.skip(s.name, "the data set is not there")
			continue
		}
		if err := s.run(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// asked are the measures of a data set, and the exact numbers.
type asked struct {
	set      *dataSet
	people   []contrib.Person
	measures []dp.Measure // counts, items, and means where there are amounts
	specs    []dp.Spec
	share    float64
	counts   [][]int64        // by day
	items    map[string]int64 // people
	means    []int64
}

// run measures one data set.
func (s *dataSet) run(ctx context.Context, b *bench) error {
	people, categories, err := s.people(b.data)
	if err != nil {
		return err
	}
	a := &asked{set: s, people: people}
	if err := a.declare(categories); err != nil {
		return err
	}
	if err := a.exact(b, categories); err != nil {
		return err
	}
	epsilons := []float64{0.1, 0.5, 1, 2, 4}
	if b.short {
		epsilons = []float64{1}
	}
	for _, epsilon := range epsilons {
		if err := a.compare(ctx, b, epsilon); err != nil {
			return err
		}
	}
	return nil
}

// declare declares what is released, each release with the same share.
func (a *asked) declare(categories dp.Public) error {
	s := a.set
	by := dp.ByCategory{Categories: categories, Max: s.l}
	a.share = 1 / float64(s.days+1)
	if s.mean.Unit != "" {
		a.share = 1 / float64(s.days+2)
	}
	a.measures = []dp.Measure{
		dp.People{Name: "counts", Purpose: pipelinePurpose, By: by, LookbackDays: 7, Share: a.share},
		dp.ItemTotals{
			Name: "items", Purpose: pipelinePurpose, Items: dp.Discovered{}, MaxItems: s.l, MaxPerItem: 1, LookbackDays: utilityDays, Share: a.share,
		},
	}
	if s.mean.Unit != "" {
		a.measures = append(a.measures, dp.Means{
			Name: "means", Purpose: pipelinePurpose, By: by, Amount: s.mean, LookbackDays: utilityDays, Share: a.share,
		})
	}
	for _, m := range a.measures {
		spec, err := dp.NewSpec(m, nil)
		if err != nil {
			return err
		}
		a.specs = append(a.specs, spec)
	}
	return nil
}

// day returns the n-th day.
func (a *asked) day(n int) dp.Day { return a.set.last - dp.Day(a.set.days-1-n) }

// exact counts what is compared with, and reports how much of it bounds left out.
func (a *asked) exact(b *bench, categories dp.Public) error {
	s := a.set
	free, err := dp.NewSpec(dp.People{
		Name: "free", Purpose: pipelinePurpose, By: dp.ByCategory{Categories: categories, Max: len(categories)}, LookbackDays: 7, Share: a.share,
	}, nil)
	if err != nil {
		return err
	}
	var kept, all int64
	for n := range s.days {
		a.counts = append(a.counts, counted(&a.specs[0], a.people, a.day(n)))
		for _, v := range a.counts[n] {
			kept += v
		}
		for _, v := range counted(&free, a.people, a.day(n)) {
			all += v
		}
	}
	a.items = map[string]int64{}
	for i := range a.people {
		for _, c := range a.specs[1].Vector(&a.people[i], 0, s.last) {
			a.items[c.Item] += c.Value
		}
	}
	there := 0
	for _, n := range a.items {
		if n >= 10 {
			there++
		}
	}
	if len(a.specs) > 2 {
		a.means = counted(&a.specs[2], a.people, s.last)
	}
	return b.reports(s.name, "",
		result{Metric: "people", Value: float64(len(a.people))},
		result{Metric: "cells", Value: float64(len(categories))},
		result{Metric: "items_of_10", Value: float64(there)},
		result{Metric: "bounded_away_pct", Value: 100 * float64(all-kept) / float64(all)},
	)
}

// seen is what releases for one epsilon came to.
type seen struct {
	counts, means []class
	items, alone  found
}

// found says how many items came out.
type found struct{ ours, peer mean }

// compare makes the releases of a month for an epsilon, and the peer's, some times
// over, and reports the means.
func (a *asked) compare(ctx context.Context, b *bench, epsilon float64) error {
	rounds := 5
	if b.short {
		rounds = 1
	}
	to := &seen{counts: classes(), means: classes()}
	budget := dp.Budget{Epsilon: epsilon, Delta: utilityDelta, WindowDays: utilityDays}
	for range rounds {
		if err := a.month(ctx, budget, to); err != nil {
			return err
		}
		if err := a.alone(ctx, budget, to); err != nil {
			return err
		}
	}
	name := fmt.Sprintf("%s/epsilon=%g", a.set.name, epsilon)
	if err := b.classes(name, "relative_error", to.counts); err != nil {
		return err
	}
	if err := b.classes(name, "mean_relative_error", to.means); err != nil {
		return err
	}
	return b.reports(name, "",
		result{Metric: "items_found", Value: to.items.ours.value()},
		result{Metric: "items_found_google_default", Value: to.items.peer.value()},
		result{Metric: "items_found_alone", Value: to.alone.ours.value()},
		result{Metric: "items_found_alone_google_default", Value: to.alone.peer.value()},
	)
}

// month makes all the releases from one account.
func (a *asked) month(ctx context.Context, budget dp.Budget, to *seen) error {
	d, err := openDesk(ctx, budget, timeOfDay(a.day(0)), nil, a.specs)
	if err != nil {
		return err
	}
	defer d.close()
	for n, exact := range a.counts {
		d.now = timeOfDay(a.day(n))
		r, err := d.release(ctx, &a.specs[0], n, a.people, a.day(n))
		if err != nil {
			return err
		}
		for i, want := range exact {
			c := classOf(to.counts, want)
			if c == nil {
				continue
			}
			c.ours.add(math.Abs(float64(r.At(i).Value-want)) / float64(want))
			v, err := peerDefault(want, budget.Epsilon*a.share, a.set.l)
			if err != nil {
				return err
			}
			c.peer.add(math.Abs(float64(v-want)) / float64(want))
		}
	}
	if err := a.list(ctx, d, &a.specs[1], a.share, &to.items); err != nil || a.means == nil {
		return err
	}
	return a.averages(ctx, d, to.means)
}

// alone releases the items once more from an account of their own, as the one
// release of a month.
func (a *asked) alone(ctx context.Context, budget dp.Budget, to *seen) error {
	spec, err := dp.NewSpec(dp.Planned(a.measures[1], 1), nil)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, budget, timeOfDay(a.set.last), nil, []dp.Spec{spec})
	if err != nil {
		return err
	}
	defer d.close()
	return a.list(ctx, d, &spec, 1, &to.alone)
}

// list releases the items that there are. The peer's are those that reach its
// threshold, which has the whole delta: nothing else of it needs one.
func (a *asked) list(ctx context.Context, d *desk, spec *dp.Spec, share float64, to *found) error {
	r, err := d.release(ctx, spec, 0, a.people, a.set.last)
	if err != nil {
		return err
	}
	to.ours.add(float64(r.Len()))
	peer := 0
	for _, n := range a.items {
		c, err := dpagg.NewCount(&dpagg.CountOptions{
			Epsilon: d.plan.Budget().Epsilon * share, MaxPartitionsContributed: int64(a.set.l),
		})
		if err != nil {
			return err
		}
		if err := c.IncrementBy(n); err != nil {
			return err
		}
		v, err := c.ThresholdedResult(utilityDelta)
		if err != nil {
			return err
		}
		if v != nil {
			peer++
		}
	}
	to.peer.add(float64(peer))
	return nil
}

// averages releases the mean of each category.
func (a *asked) averages(ctx context.Context, d *desk, to []class) error {
	spec := &a.specs[2]
	r, err := d.release(ctx, spec, 0, a.people, a.set.last)
	if err != nil {
		return err
	}
	h := r.Header()
	center, most := dp.Amounts(h, h.Center), dp.Amounts(h, h.High)
	values := make([][]float64, len(a.means)/2)
	for i := range a.people {
		for _, c := range spec.Vector(&a.people[i], 0, a.set.last) {
			if c.Column == 0 { // the person counts in the row; a sum may follow
				values[c.Row] = append(values[c.Row], center)
			} else {
				values[c.Row][len(values[c.Row])-1] += dp.Amounts(h, c.Value)
			}
		}
	}
	for i := range values {
		people := a.means[2*i]
		c := classOf(to, people)
		if c == nil {
			continue
		}
		want := center + dp.Amounts(h, a.means[2*i+1])/float64(people)
		c.ours.add(math.Abs(meanOf(r, r.At(2*i+1).Value, r.At(2*i).Value)-want) / want)
		v, err := peerMean(values[i], a.set.l, d.plan.Budget().Epsilon*a.share, most)
		if err != nil {
			return err
		}
		c.peer.add(math.Abs(v-want) / want)
	}
	return nil
}
