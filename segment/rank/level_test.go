package rank_test

import (
	"errors"
	"math"
	"testing"

	"github.com/discreet-go/discreet/segment/rank"
)

func TestPickLevel(t *testing.T) {
	levels := func(people float64) []rank.Level {
		return []rank.Level{
			{Cells: 50_000, People: people, PerPerson: 20, StdDev: 30}, // segments x items
			{Cells: 15_000, People: people, PerPerson: 12, StdDev: 20}, // categories x items
			{Cells: 1_000, People: people, PerPerson: 6, StdDev: 10},   // items
		}
	}
	for people, want := range map[float64]int{100: 2, 1_000: 2, 20_000: 1, 50_000: 0} {
		if got, err := rank.PickLevel(levels(people), 0.5); err != nil || got != want {
			t.Errorf("%v people: level %d, %v, want %d", people, got, err, want)
		}
	}
	good := rank.Level{Cells: 1, People: 1, PerPerson: 1, StdDev: 1}
	for name, list := range map[string][]rank.Level{
		"none": nil, "no cells": {good, {People: 1, PerPerson: 1, StdDev: 1}}, "no noise": {{Cells: 1, People: 1, PerPerson: 1}},
		"not a number": {{Cells: 1, People: math.NaN(), PerPerson: 1, StdDev: 1}}, "endless": {{Cells: 1, People: math.Inf(1), PerPerson: 1, StdDev: 1}},
	} {
		if _, err := rank.PickLevel(list, 1); !errors.Is(err, rank.ErrLevel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := rank.PickLevel([]rank.Level{good}, 0); !errors.Is(err, rank.ErrLevel) {
		t.Errorf("no least: %v", err)
	}
}
