package contrib_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

// TestPlanned holds that a measure with another share is that measure, and that
// nothing else of it goes unchecked.
func TestPlanned(t *testing.T) {
	sizes := contrib.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2}
	items := contrib.SegmentItems{
		Name: "items", Purpose: "p", Items: contrib.Discovered{}, MaxSegments: 2, MaxItems: 3, MaxPerItem: 1, LookbackDays: 7,
	}
	segments := []string{"b", "a"}
	for _, declared := range []float64{0, -1, 2, 0.5, math.NaN()} {
		sizes.Share, items.Share = declared, declared
		for i, m := range []contrib.Measure{sizes, items} {
			want, err := contrib.NewSpec([]contrib.Measure{
				contrib.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Share: 0.25},
				contrib.SegmentItems{
					Name: "items", Purpose: "p", Items: contrib.Discovered{}, MaxSegments: 2, MaxItems: 3, MaxPerItem: 1, LookbackDays: 7, Share: 0.25,
				},
			}[i], segments)
			if err != nil {
				t.Fatal(err)
			}
			twice := contrib.Planned(contrib.Planned(m, 0.9), 0.25)
			got, err := contrib.NewSpec(twice, segments)
			if err != nil || !reflect.DeepEqual(got, want) || contrib.PurposeOf(twice) != "p" {
				t.Errorf("declared with %v: %+v, %v", declared, got, err)
			}
			for _, share := range []float64{0, -1, 1.1, math.NaN(), math.Inf(1)} {
				if s, err := contrib.NewSpec(contrib.Planned(m, share), segments); !errors.Is(err, contrib.ErrShare) || s.Name != "" {
					t.Errorf("a share of %v: %v", share, err)
				}
			}
			if _, err := contrib.NewSpec(contrib.Planned(m, 0.5), []string{"a", "a"}); !errors.Is(err, contrib.ErrPartitions) {
				t.Error("segments go unchecked:", err)
			}
		}
	}
	sizes.MaxSegments, items.LookbackDays = 0, 0
	if _, err := contrib.NewSpec(contrib.Planned(sizes, 0.5), segments); !errors.Is(err, contrib.ErrBound) {
		t.Error(err)
	}
	if _, err := contrib.NewSpec(contrib.Planned(items, 0.5), segments); !errors.Is(err, contrib.ErrLookback) {
		t.Error(err)
	}
	if _, err := contrib.NewSpec(contrib.Planned(nil, 0.5), segments); !errors.Is(err, contrib.ErrPartitions) {
		t.Error("nothing has a share:", err)
	}
}
