package main

import (
	"context"
	"fmt"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/google/differential-privacy/go/v3/dpagg"
)

// utilityMean compares means of values in [0, 1] in segments of one size, each with
// one share of the month: people and sums in one release, sums over the counts of a
// day, which are released anyway, and the peer's mean. The error of a mean is
// inversely proportional to the size, so rmse is that error times the size; and
// for a segment of 1,000 people the error is told itself. Means are moved into
// [0, 1], as the peer does.
func utilityMean(ctx context.Context, b *bench, l int) error {
	rounds, times := 5, 100
	if b.short {
		rounds, times = 1, 40
	}
	var of [2]meanErrors
	for i, size := range []int{4000, 1000} {
		for range rounds {
			if err := of[i].measure(ctx, l, size, times); err != nil {
				return err
			}
		}
	}
	big, small := &of[0], &of[1]
	ratio, se := big.peer.over(&big.both)
	reusing, seReusing := big.peer.over(&big.reusing)
	return b.reports(caseOf("mean", l), "",
		result{Metric: "rmse", Value: big.both.rmse()},
		result{Metric: "rmse_reusing", Value: big.reusing.rmse()},
		result{Metric: "rmse_google_default", Value: big.peer.rmse()},
		result{Metric: "ratio", Value: ratio},
		result{Metric: "ratio_se", Value: se},
		result{Metric: "ratio_reusing", Value: reusing},
		result{Metric: "ratio_reusing_se", Value: seReusing},
		result{Metric: "error_at_1000", Value: small.both.rmse() / 1000},
		result{Metric: "error_at_1000_reusing", Value: small.reusing.rmse() / 1000},
		result{Metric: "error_at_1000_google_default", Value: small.peer.rmse() / 1000},
	)
}

// meanErrors are errors of means, times the size of the segment.
type meanErrors struct{ both, reusing, peer deviations }

// measure releases a month of means of 12 segments of one size.
func (m *meanErrors) measure(ctx context.Context, l, size, times int) error {
	const segments, days = 12, 10 // days on which all three are released: 30 shares
	var names []string
	for i := range segments {
		names = append(names, fmt.Sprintf("s%02d", i))
	}
	asOf := dayOfTime(utilityStart)
	people := make([]contrib.Person, segments*size/l)
	for i := range people {
		p := contrib.Person{Salt: saltOf(i)}
		for k := range l {
			p.Segments = append(p.Segments, names[(i*l+k)%segments])
		}
		// 0.2 from the middle on average, which is in the set-up of the comparison.
		p.Days = []contrib.Act{{Day: asOf, Events: 1, Amount: int64(500 + i*7919%401)}}
		people[i] = p
	}
	rating := dp.Amount{Unit: "rating", High: 1000}
	var specs []dp.Spec
	for _, measure := range []dp.Measure{
		dp.SegmentSizes{Name: "sizes", Purpose: pipelinePurpose, MaxSegments: l, Share: utilityShare},
		dp.Means{Name: "both", Purpose: pipelinePurpose, By: dp.BySegment{Max: l}, Amount: rating, LookbackDays: 1, Share: utilityShare},
		dp.Means{Name: "sums", Purpose: pipelinePurpose, By: dp.BySegment{Max: l}, Amount: rating, Denominators: "sizes", LookbackDays: 1, Share: utilityShare},
	} {
		spec, err := dp.NewSpec(measure, names)
		if err != nil {
			return err
		}
		specs = append(specs, spec)
	}
	d, err := openDesk(ctx, utilityBudget, utilityStart, nil, specs)
	if err != nil {
		return err
	}
	defer d.close()
	values := make([][]float64, segments)
	exact := make([]float64, segments)
	for i := range people {
		for k := range l {
			at, v := (i*l+k)%segments, float64(people[i].Days[0].Amount)/1000
			values[at] = append(values[at], v)
			exact[at] += v / float64(size)
		}
	}
	for n := range days {
		var r [3]dp.Release
		for i := range specs {
			if r[i], err = d.release(ctx, &specs[i], n, people, asOf); err != nil {
				return err
			}
		}
		for i, want := range exact {
			m.both.add(float64(size) * (meanOf(r[1], r[1].At(2*i+1).Value, r[1].At(2*i).Value) - want))
			m.reusing.add(float64(size) * (meanOf(r[2], r[2].At(i).Value, r[0].At(i).Value) - want))
		}
	}
	for range times {
		for i, want := range exact {
			v, err := peerMean(values[i], l, utilityEpsilon*utilityShare, 1)
			if err != nil {
				return err
			}
			m.peer.add(float64(size) * (v - want))
		}
	}
	return nil
}

// meanOf returns a mean of a release from a sum of it and a number of people, within
// the bounds of one person's amount.
func meanOf(r dp.Release, sum, people int64) float64 {
	h := r.Header()
	mean := dp.Amounts(h, h.Center) + dp.Amounts(h, sum)/float64(max(1, people))
	return min(max(mean, dp.Amounts(h, h.Low)), dp.Amounts(h, h.High))
}

// peerMean returns a mean of values from 0 to most as Google's library releases it by
// default.
func peerMean(values []float64, l0 int, epsilon, most float64) (float64, error) {
	m, err := dpagg.NewBoundedMean(&dpagg.BoundedMeanOptions{
		Epsilon: epsilon, MaxPartitionsContributed: int64(l0), MaxContributionsPerPartition: 1, Lower: 0, Upper: most,
	})
	if err != nil {
		return 0, err
	}
	for _, v := range values {
		if err := m.Add(v); err != nil {
			return 0, err
		}
	}
	return m.Result()
}
