package dp_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
)

// TestCountAll: people in any shares make the sums of all in one, whatever the
// partitions.
func TestCountAll(t *testing.T) {
	for name, spec := range tinySpecs(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				all := drawPeople(t)
				shares := make([][]contrib.Person, rapid.IntRange(1, 5).Draw(t, "shares"))
				for _, p := range all {
					i := rapid.IntRange(0, len(shares)-1).Draw(t, "share")
					shares[i] = append(shares[i], p)
				}
				var parts []iter.Seq2[*contrib.Person, error]
				for i := range shares {
					parts = append(parts, people(shares[i]))
				}
				keys, want, err := dp.Exact(spec, 3, today, people(all))
				if err != nil {
					t.Fatal(err)
				}
				gotKeys, got, err := dp.ExactAll(spec, 3, today, parts)
				if err != nil || !slices.Equal(keys, gotKeys) || !slices.Equal(want, got) {
					t.Fatalf("%v %v, want %v %v, %v", gotKeys, got, keys, want, err)
				}
			})
		})
	}
}

// TestCountAllRefuses: the error of any share ends the count, and of the others too.
func TestCountAllRefuses(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 1}, "a", "b")
	one := contrib.Person{Segments: []string{"a"}}
	var read atomic.Int64
	endless := func(yield func(*contrib.Person, error) bool) {
		for yield(&one, nil) {
			read.Add(1)
		}
	}
	failing := func(yield func(*contrib.Person, error) bool) { yield(nil, errStore) }
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	type shares = []iter.Seq2[*contrib.Person, error]
	for name, c := range map[string]struct {
		ctx    context.Context
		spec   *dp.Spec
		shares shares
		want   error
	}{
		"no specification": {t.Context(), nil, shares{endless}, dp.ErrSpec},
		"no shares":        {t.Context(), spec, nil, dp.ErrPeople},
		"no people":        {t.Context(), spec, shares{endless, nil}, dp.ErrPeople},
		"first fails":      {t.Context(), spec, shares{failing, endless}, errStore},
		"last fails":       {t.Context(), spec, shares{endless, endless, failing}, errStore},
		"cancelled":        {ended, spec, shares{endless, endless}, context.Canceled},
	} {
		if got, err := dp.CountAll(c.ctx, c.spec, 3, today, c.shares); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestCountAllOverflow: sums that do not fit together are refused.
func TestCountAllOverflow(t *testing.T) {
	for name, spec := range tinySpecs(t) {
		if err := dp.MergeTwice(spec, math.MaxInt64/4-1); !errors.Is(err, dp.ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
