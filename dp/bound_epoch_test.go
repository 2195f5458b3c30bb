package dp_test

import (
	"errors"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/pseudonym"
)

// TestBoundKnowsEpochs hands in one person under the pseudonyms of two epochs, which a
// deriver makes: they go to one shard, whose bounding refuses them.
func TestBoundKnowsEpochs(t *testing.T) {
	ring := newRing(t)
	var list []dp.Contribution
	for epoch := range uint64(2) {
		d, err := pseudonym.NewEpochDeriver(ring, "shop", []string{"p"}, epoch)
		if err != nil {
			t.Fatal(err)
		}
		l, err := d.Link(pseudonym.Opaque("customer"), "p")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, dp.Contribution{Link: l, Grant: grantOf(l, midnight(0), midnight(today+9)), Partition: "a", Value: 1})
	}
	for of := 2; of < 40; of++ {
		if dp.ShardOf(list[0].Link, of) != dp.ShardOf(list[1].Link, of) {
			t.Fatalf("of %d shards a person is in two", of)
		}
	}
	for name, spec := range tableSpecs(t) {
		if _, err := dp.Bound(t.Context(), spec, 3, today, given(list), dp.BoundOptions{}); !errors.Is(err, dp.ErrRoots) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := dp.BoundSmall(t.Context(), spec, 3, today, given(append(list, list...)), dp.BoundOptions{Dir: t.TempDir(), Workers: 1}, 1); !errors.Is(err, dp.ErrRoots) {
			t.Errorf("%s, spilled: %v", name, err)
		}
	}
}
