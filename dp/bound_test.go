package dp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"pgregory.net/rapid"
)

// link makes the proofs of a made-up person: pseudonym and salt follow from n.
func link(n uint64) dp.Link { return linkUnder(7, "p", n) }

func linkUnder(root uint32, purpose string, n uint64) dp.Link {
	// Spread, as what is derived under a key is.
	var id, subject [16]byte
	h := n*0x9e3779b97f4a7c15 + 0x1234567
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	binary.BigEndian.PutUint64(id[:], h^h>>32)
	binary.BigEndian.PutUint64(id[8:], n)
	binary.BigEndian.PutUint64(subject[:], h^h>>31)
	binary.BigEndian.PutUint64(subject[8:], n+1)
	return ident.NewLink(ident.NewSubject(ident.NewID(root, &subject)), purpose, ident.NewID(root, &id), salt(h))
}

func grantOf(l dp.Link, from, to time.Time) dp.Grant {
	return proof.NewGrant(proof.GrantFields{Subject: l.Subject(), Purpose: l.Purpose(), From: from, To: to, Decided: midnight(today), Notice: "n", Version: 1})
}

func midnight(d dp.Day) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// of is a contribution of person n, who agreed.
func of(n uint64, partition string, value int64) dp.Contribution {
	l := link(n)
	return dp.Contribution{Link: l, Grant: grantOf(l, midnight(today-100), midnight(today+100)), Partition: partition, Value: value}
}

func given(list []dp.Contribution) iter.Seq2[dp.Contribution, error] {
	return func(yield func(dp.Contribution, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func bound(t testing.TB, spec *dp.Spec, list []dp.Contribution, o dp.BoundOptions) *dp.Counts {
	t.Helper()
	c, err := dp.Bound(t.Context(), spec, 3, today, given(list), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tableSpecs are tables of every sort over a domain small enough to enumerate.
func tableSpecs(t testing.TB) map[string]*dp.Spec {
	table := func(p dp.Partitions, most int, of dp.Counted, norm int) *dp.Spec {
		return mustSpec(t, dp.Table{Name: "m", Purpose: "p", Partitions: p, MaxPartitions: most, Of: of, MaxNorm: norm, Share: 1})
	}
	abc := dp.Public{"a", "b", "c"}
	return map[string]*dp.Spec{
		"people 1":         table(abc, 1, dp.CountedPeople{}, 0),
		"people 2":         table(abc, 2, dp.CountedPeople{}, 0),
		"people 3, norm 1": table(abc, 3, dp.CountedPeople{}, 1),
		"discovered 1":     table(dp.Discovered{}, 1, dp.CountedPeople{}, 0),
		"discovered 2":     table(dp.Discovered{MinPeople: 3}, 2, dp.CountedPeople{}, 0),
		"events 2":         table(abc, 2, dp.CountedEvents{Max: 3}, 0),
		"events 3, norm 2": table(abc, 3, dp.CountedEvents{Max: 4}, 2),
		"amounts 1":        table(abc, 1, dp.CountedAmounts{Unit: "EUR", Low: -2, High: 5}, 0),
		"amounts 2":        table(abc, 2, dp.CountedAmounts{Unit: "EUR", Low: 1, High: 3}, 0),
		"amounts, coarse":  table(abc, 2, dp.CountedAmounts{Unit: "EUR", Low: -1 << 30, High: 1 << 40}, 0),
	}
}

// naive bounds as the specification says, by a map of people: what Bound must equal.
func naive(spec *dp.Spec, list []dp.Contribution) map[contrib.Key]int64 {
	people := map[dp.Link]*contrib.Person{}
	for _, c := range list {
		if !spec.Takes(c.Value) {
			continue
		}
		p := people[c.Link]
		if p == nil {
			p = &contrib.Person{Salt: c.Link.Salt()}
			people[c.Link] = p
		}
		p.Given = append(p.Given, contrib.Given{Partition: c.Partition, Value: c.Value})
	}
	sum := map[contrib.Key]int64{}
	for _, p := range people {
		for _, c := range spec.Vector(p, 3, today) {
			k := contrib.Key{Item: c.Item}
			if sum[k] += c.Value; sum[k] == 0 {
				delete(sum, k)
			}
		}
	}
	return sum
}

func table(c *dp.Counts) map[contrib.Key]int64 {
	keys, values := dp.ExactOf(c)
	m := map[contrib.Key]int64{}
	for i, k := range keys {
		if values[i] != 0 {
			m[k] = values[i]
		}
	}
	return m
}

// TestBoundExhaustive bounds every small multiset of contributions of two people: what
// comes out is the sum of the vectors of both, and adding the second to the first
// moves it by no more than the noise is for; somebody moves it by that much.
func TestBoundExhaustive(t *testing.T) {
	partitions := []string{"a", "b", "elsewhere"}
	values := []int64{-3, 0, 1, 2, 7}
	var hands [][]dp.Contribution // of person 1: none, one, or two contributions, and one of everything
	one := func(n uint64, i int) dp.Contribution {
		return of(n, partitions[i%3], values[i/3])
	}
	hands = append(hands, nil)
	for i := range 15 {
		hands = append(hands, []dp.Contribution{one(1, i)})
		for j := range 15 {
			hands = append(hands, []dp.Contribution{one(1, i), one(1, j)})
		}
	}
	var all []dp.Contribution
	for _, v := range []int64{7, 7, 1 << 41} {
		for _, p := range []string{"c", "a", "b"} {
			all = append(all, of(1, p, v))
		}
	}
	hands = append(hands, all)
	for name, spec := range tableSpecs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var most uint64
			other := []dp.Contribution{of(2, "b", 2), of(2, "a", 1), of(2, "a", -1)}
			for i, hand := range hands {
				without := other[:i%4]
				with := append(slices.Clone(without), hand...)
				got := table(bound(t, spec, with, dp.BoundOptions{Workers: 1}))
				if want := naive(spec, with); !maps.Equal(got, want) {
					t.Fatalf("hand %d: got %v, want %v", i, got, want)
				}
				base := table(bound(t, spec, without, dp.BoundOptions{Workers: 1}))
				l0, lInf, l2 := 0, int64(0), uint64(0)
				for k := range union(got, base) {
					d := got[k] - base[k]
					if d != 0 {
						l0++
					}
					lInf = max(lInf, d, -d)
					l2 += uint64(d * d)
				}
				if l0 > spec.L0() || lInf > spec.LInf() || l2 > spec.L2Squared() {
					t.Fatalf("hand %d changes %d cells, by up to %d, squares %d: bounds %d, %d, %d", i, l0, lInf, l2, spec.L0(), spec.LInf(), spec.L2Squared())
				}
				most = max(most, l2)
			}
			if least := spec.L2Squared() - spec.L2Squared()/1024; most < least { // a norm is reached but for rounding
				t.Errorf("nobody reaches the bound: %d of %d", most, spec.L2Squared())
			}
		})
	}
}

func union(a, b map[contrib.Key]int64) map[contrib.Key]int64 {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

// drawContributions draws contributions of few people, with a few who have many.
func drawContributions(r *rapid.T, spec *dp.Spec) []dp.Contribution {
	partition := rapid.SampledFrom([]string{"a", "b", "c", "d", "\x00"})
	value := rapid.OneOf(rapid.Int64Range(-2, 9), rapid.SampledFrom([]int64{1 << 52, -1 << 52, 1<<52 + 1, -1 << 63, 1<<63 - 1}))
	n := rapid.IntRange(0, 120).Draw(r, "n")
	list := make([]dp.Contribution, n)
	for i := range list {
		list[i] = of(uint64(rapid.IntRange(0, 12).Draw(r, "person")), partition.Draw(r, "partition"), value.Draw(r, "value"))
	}
	return list
}

// split cuts contributions into parts that say the same together.
func split(r *rapid.T, spec *dp.Spec, list []dp.Contribution) (out []dp.Contribution) {
	for _, c := range list {
		if spec.Quantity == contrib.QuantityEvents && c.Value > 1 && c.Value < 100 || spec.Quantity == contrib.QuantityAmount && spec.Takes(c.Value) {
			first := c
			if first.Value = rapid.Int64Range(1, 2).Draw(r, "part"); first.Value < c.Value || spec.Quantity == contrib.QuantityAmount {
				if c.Value -= first.Value; !spec.Takes(c.Value) {
					c.Value += first.Value
				} else {
					out = append(out, first)
				}
			}
		} else if spec.Quantity == 0 {
			out = append(out, c) // twice is once
		}
		out = append(out, c)
	}
	return out
}

// TestBoundMetamorphic permutes, splits, shards, merges and spills: the pre-noise
// vectors are identical, byte for byte.
func TestBoundMetamorphic(t *testing.T) {
	specs := tableSpecs(t)
	rapid.Check(t, func(r *rapid.T) {
		spec := specs[rapid.SampledFrom(slices.Sorted(maps.Keys(specs))).Draw(r, "spec")]
		list := drawContributions(r, spec)
		want := bound(t, spec, list, dp.BoundOptions{Workers: 1})
		if got := naive(spec, list); !maps.Equal(table(want), got) {
			r.Fatalf("got %v, want %v", table(want), got)
		}
		form := dp.Plain(want)

		mixed := rapid.Permutation(split(r, spec, list)).Draw(r, "order")
		workers := rapid.IntRange(1, 4).Draw(r, "workers")
		room := rapid.IntRange(1, 40).Draw(r, "room")
		spilled, err := dp.BoundSmall(t.Context(), spec, 3, today, given(mixed), dp.BoundOptions{Dir: t.TempDir(), Workers: workers}, room)
		if err != nil {
			r.Fatal(err)
		}
		if string(dp.Plain(spilled)) != string(form) {
			r.Fatal("order, splitting or spilling shows")
		}

		shards := rapid.IntRange(1, 5).Draw(r, "shards")
		parts := make([]*dp.Counts, shards)
		for i := range parts {
			mine := slices.DeleteFunc(slices.Clone(mixed), func(c dp.Contribution) bool { return dp.ShardOf(c.Link, shards) != i })
			parts[i] = bound(t, spec, mine, dp.BoundOptions{Workers: 1, Shard: dp.Shard{Index: i, Of: shards}})
		}
		merged, err := dp.Merge(rapid.Permutation(parts).Draw(r, "shard order")...)
		if err != nil {
			r.Fatal(err)
		}
		if string(dp.Plain(merged)) != string(form) {
			r.Fatal("sharding shows")
		}
		for _, p := range parts {
			if _, err := dp.Merge(p); !errors.Is(err, dp.ErrDrawn) && !errors.Is(err, dp.ErrShard) {
				r.Fatal("a part is used twice: ", err)
			}
		}
	})
}

// TestBoundRefuses holds which error ends it, and that none tells anything but a rule.
func TestBoundRefuses(t *testing.T) {
	spec := tableSpecs(t)["events 2"]
	good := of(1, "a", 1)
	change := func(f func(c *dp.Contribution)) []dp.Contribution {
		c := good
		f(&c)
		return []dp.Contribution{good, c}
	}
	for name, c := range map[string]struct {
		list []dp.Contribution
		want error
	}{
		"no link":       {change(func(c *dp.Contribution) { c.Link = dp.Link{} }), dp.ErrLink},
		"no grant":      {change(func(c *dp.Contribution) { c.Grant = dp.Grant{} }), dp.ErrGrant},
		"other person":  {change(func(c *dp.Contribution) { c.Grant = of(2, "a", 1).Grant }), dp.ErrSubject},
		"other purpose": {change(func(c *dp.Contribution) { c.Link = linkUnder(7, "q", 1) }), dp.ErrPurpose},
		"grant for other purpose": {change(func(c *dp.Contribution) {
			c.Grant = proof.NewGrant(proof.GrantFields{Subject: c.Link.Subject(), Purpose: "q", From: midnight(0), To: midnight(today + 9)})
		}), dp.ErrPurpose},
		"an old grant": {change(func(c *dp.Contribution) {
			c.Grant = proof.NewGrant(proof.GrantFields{
				Subject: c.Link.Subject(), Purpose: "p", From: midnight(0), To: midnight(today + 9), Decided: midnight(today).Add(-time.Millisecond),
			})
		}), dp.ErrOld},
		"two roots": {change(func(c *dp.Contribution) {
			c.Link = linkUnder(8, "p", 2)
			c.Grant = grantOf(c.Link, midnight(today-1), midnight(today+9))
		}), dp.ErrRoots},
		"two epochs": {change(func(c *dp.Contribution) {
			c.Link = ident.NewLink(c.Link.Subject(), "p", link(2).ID(), link(2).Salt())
		}), dp.ErrRoots},
		"two salts": {change(func(c *dp.Contribution) {
			c.Link = ident.NewLink(c.Link.Subject(), "p", c.Link.ID(), salt(99))
		}), dp.ErrRoots},
	} {
		got, err := dp.Bound(t.Context(), spec, 3, today, given(c.list), dp.BoundOptions{})
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	some := given([]dp.Contribution{good})
	profiles := mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, "a")
	broken := errors.New("broken source")
	for name, c := range map[string]struct {
		spec   *dp.Spec
		window int32
		asOf   dp.Day
		seq    iter.Seq2[dp.Contribution, error]
		o      dp.BoundOptions
		want   error
	}{
		"no spec":     {nil, 3, today, some, dp.BoundOptions{}, dp.ErrSpec},
		"no table":    {profiles, 3, today, some, dp.BoundOptions{}, dp.ErrTable},
		"nobody":      {spec, 3, today, nil, dp.BoundOptions{}, dp.ErrPeople},
		"window":      {spec, -1, today, some, dp.BoundOptions{}, dp.ErrAsOf},
		"day":         {spec, 3, -1, some, dp.BoundOptions{}, dp.ErrAsOf},
		"shard":       {spec, 3, today, some, dp.BoundOptions{Shard: dp.Shard{Index: 2, Of: 2}}, dp.ErrShard},
		"wrong shard": {spec, 3, today, some, dp.BoundOptions{Shard: dp.Shard{Index: 1 - dp.ShardOf(good.Link, 2), Of: 2}}, dp.ErrShard},
		"memory":      {spec, 3, today, some, dp.BoundOptions{Memory: 1 << 20}, dp.ErrMemory},
		"workers":     {spec, 3, today, some, dp.BoundOptions{Workers: -1}, dp.ErrMemory},
		"for each":    {spec, 3, today, some, dp.BoundOptions{Memory: 8 << 20, Workers: 9}, dp.ErrMemory},
		"source": {spec, 3, today, func(yield func(dp.Contribution, error) bool) {
			_ = yield(good, nil) && yield(dp.Contribution{}, broken)
		}, dp.BoundOptions{}, broken},
	} {
		if _, err := dp.Bound(t.Context(), c.spec, c.window, c.asOf, c.seq, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := dp.Count(t.Context(), spec, 3, today, people(nil)); !errors.Is(err, dp.ErrProfiles) {
		t.Errorf("a table counted from profiles: %v", err)
	}
}

// TestBoundAsksConsent holds at which moments a Grant must cover a contribution, and
// that what is left out is told to Progress and changes nothing.
func TestBoundAsksConsent(t *testing.T) {
	spec := tableSpecs(t)["people 2"]
	end := midnight(today + 1)
	for name, c := range map[string]struct {
		from, to, at time.Time
		counts       int64
	}{
		"all the time":              {midnight(0), midnight(today + 9), time.Time{}, 1},
		"since the last moment":     {end.Add(-1), midnight(today + 9), time.Time{}, 1},
		"since the day after":       {end, midnight(today + 9), time.Time{}, 0},
		"to the end of the day":     {midnight(0), end, time.Time{}, 1},
		"not quite to the end":      {midnight(0), end.Add(-1), time.Time{}, 0},
		"it happened then":          {midnight(today - 3), midnight(today + 9), midnight(today - 3), 1},
		"it happened before":        {midnight(today - 3), midnight(today + 9), midnight(today - 3).Add(-1), 0},
		"it happened after the day": {midnight(today - 3), midnight(today + 9), end, 0},
	} {
		l := link(1)
		list := []dp.Contribution{of(2, "b", 1), {Link: l, Grant: grantOf(l, c.from, c.to), Partition: "a", Value: 1, Time: c.at}}
		var last dp.Progress
		got := table(bound(t, spec, list, dp.BoundOptions{Progress: func(p dp.Progress) { last = p }}))
		want := map[contrib.Key]int64{{Item: "b"}: 1}
		if c.counts > 0 {
			want[contrib.Key{Item: "a"}] = 1
		}
		if !maps.Equal(got, want) || last != (dp.Progress{Contributions: 2, Refused: 1 - c.counts, People: 1 + c.counts}) {
			t.Errorf("%s: %v, %+v", name, got, last)
		}
	}
}

// TestShardOf holds that shards split people evenly: each of 8 gets its part of 20,000
// within 6.2 standard deviations, which fails once in 10^8 for a keyed function.
func TestShardOf(t *testing.T) {
	var n [8]int
	for i := range uint64(20_000) {
		n[dp.ShardOf(link(i), 8)]++
	}
	for i, k := range n {
		if k < 2500-290 || k > 2500+290 {
			t.Errorf("shard %d has %d people", i, k)
		}
	}
	if dp.ShardOf(dp.Link{}, 8) != 0 || dp.ShardOf(link(1), 1) != 0 || dp.ShardOf(link(1), 0) != 0 {
		t.Error("what is no shard is not 0")
	}
}

// TestBoundEndsClean ends it in every way: nothing is left in the directory, and what a
// killed process left is gone.
func TestBoundEndsClean(t *testing.T) {
	spec := tableSpecs(t)["events 2"]
	var list []dp.Contribution
	for i := range uint64(3000) {
		list = append(list, of(i%700, []string{"a", "b", "c"}[i%3], 1))
	}
	broken := errors.New("broken source")
	ctx, cancel := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx  context.Context
		seq  iter.Seq2[dp.Contribution, error]
		want error
	}{
		"well": {t.Context(), given(list), nil},
		"source": {t.Context(), func(yield func(dp.Contribution, error) bool) {
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
			yield(dp.Contribution{}, broken)
		}, broken},
		"cancelled": {ctx, func(yield func(dp.Contribution, error) bool) {
			for i, c := range list {
				if i == 2000 {
					cancel()
				}
				if !yield(c, nil) {
					return
				}
			}
		}, context.Canceled},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/discreet-spill-123", []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := dp.BoundSmall(c.ctx, spec, 3, today, c.seq, dp.BoundOptions{Dir: dir, Workers: 2}, 100)
		if !errors.Is(err, c.want) || (got == nil) != (c.want != nil) {
			t.Errorf("%s: %v", name, err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 0 {
			t.Errorf("%s: left behind: %v, %v", name, left, err)
		}
	}
	_, err := dp.BoundSmall(t.Context(), spec, 3, today, given(list), dp.BoundOptions{Workers: 2}, 100)
	if !errors.Is(err, dp.ErrMemory) {
		t.Errorf("without a directory: %v", err)
	}
	gone := t.TempDir() + "/gone-secret-name"
	_, err = dp.BoundSmall(t.Context(), spec, 3, today, given(list), dp.BoundOptions{Dir: gone, Workers: 2}, 100)
	if !errors.Is(err, dp.ErrSpill) || !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "secret") {
		t.Errorf("without that directory: %v", err)
	}
}
