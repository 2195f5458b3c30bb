package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
)

// exact returns the exact cells of a measure, after its release of a day.
func (m *month) exact(ctx context.Context, measure int, window int32, day int) ([]int64, error) {
	spec := &m.specs[measure]
	columns := spec.Columns()
	values := make([]int64, max(1, len(spec.Names()))*columns)
	asOf := m.first + dp.Day(day)
	err := m.store.ProfileScan(ctx, pipelinePurpose, func(_ segment.ID, row []byte) error {
		p, err := segment.ReadProfile(row)
		if err != nil {
			return err
		}
		if person, ok := m.rules.Person(p, measure, m.now, asOf, window); ok {
			for _, c := range spec.Vector(&person, window, asOf) {
				values[c.Row*columns+c.Column] += c.Value
			}
		}
		return nil
	})
	return values, err
}

// highest returns the places of the highest values.
func highest(values []int64) []int {
	places := make([]int, len(values))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(a, b)) })
	return places[:min(utilityTop, len(places))]
}

// common returns how many numbers are in both lists.
func common(a, b []int) (n int) {
	for _, v := range a {
		if slices.Contains(b, v) {
			n++
		}
	}
	return n
}

// dayOfTime returns the day of a time in UTC.
func dayOfTime(t time.Time) dp.Day { return dp.Day(t.Unix() / 86400) }
