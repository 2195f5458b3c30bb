package segment

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

// TestItemSet: the table says of every valid item what the measure itself says.
func TestItemSet(t *testing.T) {
	var items []string
	for i := range 1000 {
		items = append(items, fmt.Sprint("item-", 2*i))
	}
	declare := func(p contrib.Partitions) contrib.Spec {
		s, err := contrib.NewSpec(contrib.SegmentItems{
			Name: "items", Purpose: "p", Items: p, MaxSegments: 1, MaxItems: 1, MaxPerItem: 1, LookbackDays: 1, Share: 0.1,
		}, []string{"a"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	sizes, err := contrib.NewSpec(contrib.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 1, Share: 0.1}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range []contrib.Spec{
		declare(contrib.Public(items)), declare(contrib.Public(items[:1])), declare(contrib.Public(items[:256])), declare(contrib.Discovered{}), sizes,
	} {
		set := newItemSet(&s)
		for i := range 2000 {
			item := fmt.Sprint("item-", i)
			if set.counts(item) != s.Counts(item) {
				t.Fatalf("%s over %d items: another answer about %q", s.Kind, len(s.Items), item)
			}
			if set.counts(item) {
				found++
			}
		}
	}
	if want := 1000 + 1 + 256 + 2000; found != want {
		t.Errorf("%d items are counted, not %d", found, want)
	}
}
