package cases

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/pseudonym"
)

// handed is a contribution of a made-up person, under a root.
func handed(root uint32, n int, partition string, value int64) dp.Contribution {
	var id, subject [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(subject[:], uint64(n+1)*0xbf58476d1ce4e5b9)
	l := ident.NewLink(ident.NewSubject(ident.NewID(root, &subject)), "p", ident.NewID(root, &id), salt(n))
	end := time.Unix(int64(today)*86400, 0)
	return dp.Contribution{
		Link: l, Partition: partition, Value: value,
		Grant: proof.NewGrant(proof.GrantFields{Subject: l.Subject(), Purpose: "p", From: end.AddDate(0, -1, 0), To: end.AddDate(1, 0, 0), Decided: end}),
	}
}

func handing(list []dp.Contribution) iter.Seq2[dp.Contribution, error] {
	return func(yield func(dp.Contribution, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// boundedCounts compares counts of contributions in any order, of one process and of
// shards, in memory and spilled, with those of the same contributions bounded beforehand,
// by hand; and looks whether what would count somebody twice is refused.
func boundedCounts(t *testing.T) {
	const most, cap = 2, 100 // somebody has 150 in each of 400
	s := specOf(t, dp.Table{Name: "m", Purpose: "p", Partitions: dp.Public(partitions(400)), MaxPartitions: most, Of: dp.CountedEvents{Max: cap}, Share: 1})
	ring, err := pseudonym.NewKeyring()
	check(t, err)
	keys, err := ring.CountsKeys("shop")
	check(t, err)
	binding := func(c *dp.Counts, name string) [32]byte {
		t.Helper()
		b, err := c.Binding(keys, name)
		check(t, err)
		return b
	}
	bound := func(list []dp.Contribution, o dp.BoundOptions) *dp.Counts {
		t.Helper()
		o.Dir, o.Memory, o.Workers = t.TempDir(), 4<<20, 2
		c, err := dp.Bound(t.Context(), s, 3, today, handing(list), o)
		check(t, err)
		return c
	}
	var list []dp.Contribution
	sums := map[int]map[string]int64{}
	add := func(n int, partition string, value int64) {
		list = append(list, handed(7, n, partition, value))
		if sums[n] == nil {
			sums[n] = map[string]int64{}
		}
		sums[n][partition] += value
	}
	names := partitions(400)
	for i := range 60_000 {
		add(i%20_000, names[i*7%3+i%2], int64(1+i%2))
		add(20_000, names[i%len(names)], 1) // more than memory holds, of one person
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	var cut []dp.Contribution
	for n, has := range sums {
		kept := slices.SortedFunc(maps.Keys(has), func(a, b string) int {
			salt := salt(n)
			return cmp.Compare(contrib.Rank(&salt, "m", 3, a), contrib.Rank(&salt, "m", 3, b))
		})
		for _, p := range kept[:min(most, len(kept))] {
			cut = append(cut, handed(7, n, p, min(has[p], cap)))
		}
	}
	want := binding(bound(cut, dp.BoundOptions{}), "x")
	if binding(bound(list, dp.BoundOptions{}), "x") != want {
		t.Error("spilled contributions are not bounded as stated")
	}
	const shards = 3
	parts := make([]*dp.Counts, shards)
	for i := range parts {
		mine := slices.DeleteFunc(slices.Clone(list), func(c dp.Contribution) bool { return dp.ShardOf(c.Link, shards) != i })
		parts[i] = bound(mine, dp.BoundOptions{Shard: dp.Shard{Index: i, Of: shards}})
	}
	if _, err := dp.Merge(parts[0], parts[1], parts[1]); !errors.Is(err, dp.ErrShard) {
		t.Fatalf("a shard is merged twice: %v", err)
	}
	all, err := dp.Merge(parts...)
	check(t, err)
	if binding(all, "x") != want {
		t.Error("shards do not add up to what everybody contributes")
	}
	if binding(all, "y") == want {
		t.Error("two names are seen to be for the same numbers")
	}

	late := handed(7, 1, names[0], 1)
	late.Grant = proof.NewGrant(proof.GrantFields{Subject: late.Link.Subject(), Purpose: "p", From: time.Unix(0, 0), To: time.Unix(int64(today)*86400, 0), Decided: time.Unix(int64(today)*86400, 0)})
	if binding(bound([]dp.Contribution{late}, dp.BoundOptions{}), "x") != binding(bound([]dp.Contribution{handed(7, 1, "unlisted", 1)}, dp.BoundOptions{}), "x") {
		t.Error("somebody counts whose consent ended")
	}
	kept := handed(7, 1, names[0], 1)
	kept.Grant = proof.NewGrant(proof.GrantFields{Subject: kept.Link.Subject(), Purpose: "p", From: time.Unix(0, 0), To: time.Unix(int64(today)*86400*2, 0), Decided: time.Unix(int64(today)*86400-1, 0)})
	if _, err := dp.Bound(t.Context(), s, 3, today, handing([]dp.Contribution{kept}), dp.BoundOptions{}); !errors.Is(err, dp.ErrOld) {
		t.Errorf("somebody counts whose consent was looked up a day before: %v", err)
	}
	other := 1 - dp.ShardOf(late.Link, 2)
	_, err = dp.Bound(t.Context(), s, 3, today, handing(list[:50]), dp.BoundOptions{Shard: dp.Shard{Index: other, Of: 2}})
	if !errors.Is(err, dp.ErrShard) {
		t.Errorf("people of another shard are bounded: %v", err)
	}
	_, err = dp.Bound(t.Context(), s, 3, today, handing([]dp.Contribution{handed(7, 1, names[0], 1), handed(8, 2, names[0], 1)}), dp.BoundOptions{})
	if !errors.Is(err, dp.ErrRoots) {
		t.Errorf("people under two roots are bounded: %v", err)
	}
}

func partitions(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("p%03d", i))
	}
	return list
}
