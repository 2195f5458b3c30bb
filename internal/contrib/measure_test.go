package contrib_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

func TestNewSpecRefuses(t *testing.T) {
	segments := []string{"a", "b"}
	sizes := contrib.SegmentSizes{Name: "n", Purpose: "p", MaxSegments: 1, Share: 0.1}
	items := contrib.SegmentItems{Name: "n", Purpose: "p", Items: contrib.Public{"i"}, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 1, Share: 0.1}
	cases := map[string]struct {
		measure  contrib.Measure
		segments []string
		want     error
	}{
		"nil":               {nil, segments, contrib.ErrPartitions},
		"no name":           {with(sizes, func(m *contrib.SegmentSizes) { m.Name = "" }), segments, contrib.ErrName},
		"capital":           {with(sizes, func(m *contrib.SegmentSizes) { m.Name = "N" }), segments, contrib.ErrName},
		"long name":         {with(sizes, func(m *contrib.SegmentSizes) { m.Name = strings.Repeat("n", 65) }), segments, contrib.ErrName},
		"no purpose":        {with(sizes, func(m *contrib.SegmentSizes) { m.Purpose = "" }), segments, contrib.ErrName},
		"no segments":       {sizes, nil, contrib.ErrPartitions},
		"double segment":    {sizes, []string{"a", "a"}, contrib.ErrPartitions},
		"control segment":   {sizes, []string{"a\x00"}, contrib.ErrPartitions},
		"zero bound":        {with(sizes, func(m *contrib.SegmentSizes) { m.MaxSegments = 0 }), segments, contrib.ErrBound},
		"negative bound":    {with(sizes, func(m *contrib.SegmentSizes) { m.MaxSegments = -1 }), segments, contrib.ErrBound},
		"huge bound":        {with(sizes, func(m *contrib.SegmentSizes) { m.MaxSegments = contrib.MaxSegments + 1 }), segments, contrib.ErrBound},
		"zero share":        {with(sizes, func(m *contrib.SegmentSizes) { m.Share = 0 }), segments, contrib.ErrShare},
		"tiny share":        {with(sizes, func(m *contrib.SegmentSizes) { m.Share = 1e-10 }), segments, contrib.ErrShare},
		"share above one":   {with(sizes, func(m *contrib.SegmentSizes) { m.Share = 1.1 }), segments, contrib.ErrShare},
		"share NaN":         {with(sizes, func(m *contrib.SegmentSizes) { m.Share = math.NaN() }), segments, contrib.ErrShare},
		"share infinite":    {with(sizes, func(m *contrib.SegmentSizes) { m.Share = math.Inf(1) }), segments, contrib.ErrShare},
		"negative share":    {with(sizes, func(m *contrib.SegmentSizes) { m.Share = -0.5 }), segments, contrib.ErrShare},
		"no look-back":      {with(items, func(m *contrib.SegmentItems) { m.LookbackDays = 0 }), segments, contrib.ErrLookback},
		"long look-back":    {with(items, func(m *contrib.SegmentItems) { m.LookbackDays = 401 }), segments, contrib.ErrLookback},
		"no partitions":     {with(items, func(m *contrib.SegmentItems) { m.Items = nil }), segments, contrib.ErrPartitions},
		"empty list":        {with(items, func(m *contrib.SegmentItems) { m.Items = contrib.Public{} }), segments, contrib.ErrPartitions},
		"double item":       {with(items, func(m *contrib.SegmentItems) { m.Items = contrib.Public{"i", "i"} }), segments, contrib.ErrPartitions},
		"no UTF-8":          {with(items, func(m *contrib.SegmentItems) { m.Items = contrib.Public{"\xff"} }), segments, contrib.ErrPartitions},
		"discovered events": {with(items, func(m *contrib.SegmentItems) { m.Items, m.MaxPerItem = contrib.Discovered{}, 2 }), segments, contrib.ErrCapped},
		"no items":          {with(items, func(m *contrib.SegmentItems) { m.MaxItems = 0 }), segments, contrib.ErrBound},
		"no events":         {with(items, func(m *contrib.SegmentItems) { m.MaxPerItem = 0 }), segments, contrib.ErrBound},
		"many events":       {with(items, func(m *contrib.SegmentItems) { m.MaxPerItem = contrib.MaxPerCell + 1 }), segments, contrib.ErrBound},
		"huge L0":           {with(items, func(m *contrib.SegmentItems) { m.MaxItems, m.MaxSegments = 1024, 1024 }), segments, contrib.ErrBound},
	}
	for name, c := range cases {
		if _, err := contrib.NewSpec(c.measure, c.segments); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

func TestNewSpecDoesNotKeepItsArguments(t *testing.T) {
	segments := []string{"b", "a"}
	items := contrib.Public{"j", "i"}
	s, err := contrib.NewSpec(contrib.SegmentItems{
		Name: "n", Purpose: "p", Items: items, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 1, Share: 0.1,
	}, segments)
	if err != nil {
		t.Fatal(err)
	}
	segments[0], items[0] = "changed", "changed"
	if s.Segments[0] != "a" || s.Segments[1] != "b" || s.Items[0] != "i" || s.Items[1] != "j" || s.ShareNano != 100_000_000 {
		t.Fatalf("%+v", s)
	}
}

// Shares that add up to one on paper add up to one in billionths.
func TestShares(t *testing.T) {
	total := int64(0)
	for _, share := range []float64{0.1, 0.2, 0.3, 0.25, 0.15} {
		n, err := contrib.ShareNano(share)
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != 1e9 {
		t.Fatal(total)
	}
}

func TestKeys(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "a": true, "Grün & Blau": true, "a\tb": false, "a\x7fb": false, "\xff": false, "\ufffd": true,
		strings.Repeat("x", 128): true, strings.Repeat("x", 129): false,
	} {
		if contrib.ValidKey(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
