package main

import (
	"context"
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/google/differential-privacy/go/v3/dpagg"
)

// utilityKeys measures how many people a key needs in order to come out half the
// time, in one release of the whole promise: of a table that is released with its
// counts, and of a list of keys alone. The peer's selection gives the list
// alone; halves is where it leaves half of its promise to the counts.
//
// What is measured is a table with the same number of keys at each count; half the
// keys come out at the mean of the curve, which is nearly symmetric. Stated is what
// the release says of itself. A service that sets half of delta aside for
// thresholds, and not the tenth that it is by itself, finds a little more.
func utilityKeys(ctx context.Context, b *bench, l int) error {
	each := 150
	if b.short {
		each = 30
	}
	items := dp.ItemTotals{Name: "table", Purpose: pipelinePurpose, Items: dp.Discovered{}, MaxItems: l, MaxPerItem: 1, LookbackDays: 1, Share: 1}
	keys := dp.Keys{Name: "list", Purpose: pipelinePurpose, MaxItems: l, LookbackDays: 1, Share: 1}
	people := peopleWithKeys(l, each)
	half := 0.5
	var counts [4]float64
	var headers [4]dp.Header
	for i, c := range []struct {
		measure dp.Measure
		reserve *float64
	}{{items, nil}, {keys, nil}, {items, &half}, {keys, &half}} {
		var err error
		if counts[i], headers[i], err = keysAtHalf(ctx, c.measure, c.reserve, people, l, each); err != nil {
			return err
		}
	}
	peer, err := peerAtHalf(l, utilityEpsilon, utilityDelta, each)
	if err != nil {
		return err
	}
	halves, err := peerAtHalf(l, utilityEpsilon/2., utilityDelta/2., each)
	if err != nil {
		return err
	}
	return b.reports(caseOf("discovered-keys", l), "",
		result{Metric: "count50", Value: counts[0]},
		result{Metric: "count50_stated", Value: float64(headers[0].Threshold)},
		result{Metric: "count50_google_halves", Value: halves},
		result{Metric: "ratio", Value: halves / counts[0]},
		result{Metric: "count50_list", Value: counts[1]},
		result{Metric: "count50_list_stated", Value: float64(headers[1].Even)},
		result{Metric: "count50_list_google", Value: peer},
		result{Metric: "ratio_list", Value: peer / counts[1]},
		result{Metric: "count50_reserve_half", Value: counts[2]},
		result{Metric: "count50_list_reserve_half", Value: counts[3]},
	)
}

// peopleWithKeys returns people with l keys each, such that so many keys have 2
// people, so many 3, and so on.
func peopleWithKeys(l, each int) (people []contrib.Person) {
	asOf := dayOfTime(utilityStart)
	low, high := keysWithin(l)
	for count := low; count < high; count++ {
		for from := 0; from < each; from += l {
			var items []contrib.Entry
			for k := from; k < min(from+l, each); k++ {
				items = append(items, contrib.Entry{Item: fmt.Sprintf("%04d-%04d", count, k), Day: asOf, Count: 1})
			}
			for range count {
				people = append(people, contrib.Person{Salt: saltOf(len(people)), Items: items})
			}
		}
	}
	return people
}

// keysAtHalf releases a measure of those keys, and returns at how many people half of
// them come out.
func keysAtHalf(ctx context.Context, m dp.Measure, reserve *float64, people []contrib.Person, l, each int) (float64, dp.Header, error) {
	spec, err := dp.NewSpec(m, nil)
	if err != nil {
		return 0, dp.Header{}, err
	}
	d, err := openDesk(ctx, utilityBudget, utilityStart, reserve, []dp.Spec{spec})
	if err != nil {
		return 0, dp.Header{}, err
	}
	defer d.close()
	r, err := d.release(ctx, &spec, 0, people, dayOfTime(utilityStart))
	if err != nil {
		return 0, dp.Header{}, err
	}
	low, high := keysWithin(l)
	return middle(low, high, float64(r.Len())/float64(each)), r.Header(), nil
}

// keysWithin returns counts below which next to no key comes out and from which on
// next to every one does.
func keysWithin(l int) (low, high int) { return 2, 60 + 20*l }

// middle returns where a symmetric curve from 0 to 1 is a half, from the sum of it
// over the whole numbers from low to high-1.
func middle(low, high int, sum float64) float64 { return float64(high) - sum - 0.5 }

// peerAtHalf returns the same of the peer's selection.
func peerAtHalf(l int, epsilon, delta float64, each int) (float64, error) {
	low, high := keysWithin(l)
	high *= 2
	kept := 0
	for count := low; count < high; count++ {
		for range each {
			s, err := dpagg.NewPreAggSelectPartition(&dpagg.PreAggSelectPartitionOptions{
				Epsilon: epsilon, Delta: delta, MaxPartitionsContributed: int64(l),
			})
			if err != nil {
				return 0, err
			}
			if err := s.IncrementBy(int64(count)); err != nil {
				return 0, err
			}
			keep, err := s.ShouldKeepPartition()
			if err != nil {
				return 0, err
			}
			if keep {
				kept++
			}
		}
	}
	return middle(low, high, float64(kept)/float64(each)), nil
}
