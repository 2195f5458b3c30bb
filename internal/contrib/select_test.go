package contrib_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"pgregory.net/rapid"
)

// reference is HMAC-SHA-256 over the documented encoding.
func reference(salt ident.Salt, measure string, window int32, key string) uint64 {
	mac := hmac.New(sha256.New, salt[:])
	var head [12]byte
	binary.BigEndian.PutUint32(head[:], uint32(window))
	binary.BigEndian.PutUint32(head[4:], uint32(len(measure)))
	binary.BigEndian.PutUint32(head[8:], uint32(len(key)))
	mac.Write(head[:])
	mac.Write([]byte(measure + key))
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

func TestRankIsHMAC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := ident.Salt(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		measure := rapid.StringN(0, 500, 500).Draw(t, "measure")
		key := rapid.String().Draw(t, "key")
		window := rapid.Int32().Draw(t, "window")
		if got, want := contrib.Rank(&salt, measure, window, key), reference(salt, measure, window, key); got != want {
			t.Fatalf("rank %x, want %x", got, want)
		}
	})
}

// The vector was computed by another implementation of HMAC: a changed rank
// would change what profiles keep.
func TestRankVector(t *testing.T) {
	salt := ident.Salt{1, 2, 3}
	const want = 0x8d537be93a7fbd1c
	if got := contrib.Rank(&salt, "likes", 7, "item-1"); got != want || reference(salt, "likes", 7, "item-1") != want {
		t.Fatalf("rank %#x, want %#x", got, uint64(want))
	}
}

func TestRankDoesNotAllocate(t *testing.T) {
	salt := ident.Salt{1}
	if n := testing.AllocsPerRun(100, func() { contrib.Rank(&salt, "likes", 7, "item-1") }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestLowestIsFreeOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.Uint16(), 0, 20, rapid.ID[uint16]).Draw(t, "list")
		k := rapid.IntRange(1, 8).Draw(t, "k")
		rank := func(v uint16) uint64 { return uint64(v % 4) } // many ties
		compare := func(a, b uint16) int { return int(a) - int(b) }
		pick := func(l []uint16) []uint16 {
			l = contrib.Lowest(slices.Clone(l), k, rank, compare)
			slices.Sort(l)
			return l
		}
		if a, b := pick(list), pick(rapid.Permutation(list).Draw(t, "permuted")); !slices.Equal(a, b) {
			t.Fatalf("%v and %v", a, b)
		}
	})
}

func person(t *rapid.T) contrib.Person {
	var p contrib.Person
	p.Salt = ident.Salt(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
	p.Segments = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "none of these"}), 0, 7).Draw(t, "segments")
	p.Items = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) contrib.Entry {
		return contrib.Entry{
			Item:  rapid.SampledFrom([]string{"i", "j", "k", "l", "not public", "bad\n", ""}).Draw(t, "item"),
			Day:   contrib.Day(rapid.Int32Range(95, 106).Draw(t, "day")),
			Count: rapid.OneOf(rapid.Uint32Range(0, 4), rapid.Uint32()).Draw(t, "count"),
		}
	}), 0, 12).Draw(t, "items")
	return p
}

func specs(t testing.TB) []contrib.Spec {
	t.Helper()
	segments := []string{"a", "b", "c", "d"}
	var list []contrib.Spec
	for _, m := range []contrib.Measure{
		contrib.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Share: 0.5},
		contrib.SegmentItems{Name: "public", Purpose: "p", Items: contrib.Public{"i", "j", "k"}, MaxSegments: 2, MaxItems: 2, MaxPerItem: 3, LookbackDays: 5, Share: 0.5},
		contrib.SegmentItems{Name: "found", Purpose: "p", Items: contrib.Discovered{}, MaxSegments: 1, MaxItems: 2, MaxPerItem: 1, LookbackDays: 5, Share: 0.5},
	} {
		s, err := contrib.NewSpec(m, segments)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// A vector does not depend on the order of entries, on whether one item's count
// stands in one entry or several, or on repeated segments.
func TestVectorIsFreeOfOrderAndSplits(t *testing.T) {
	list := specs(t)
	rapid.Check(t, func(t *rapid.T) {
		s := &list[rapid.IntRange(0, len(list)-1).Draw(t, "spec")]
		p := person(t)
		want := s.Vector(&p, 3, 103)
		bounded(t, s, want)

		q := contrib.Person{Salt: p.Salt}
		q.Segments = append(rapid.Permutation(p.Segments).Draw(t, "segments"), p.Segments...)
		for _, e := range p.Items {
			if e.Count > 1 && rapid.Bool().Draw(t, "split") {
				n := rapid.Uint32Range(1, e.Count-1).Draw(t, "part")
				q.Items = append(q.Items, contrib.Entry{Item: e.Item, Day: e.Day, Count: n}, contrib.Entry{Item: e.Item, Day: e.Day, Count: e.Count - n})
				continue
			}
			q.Items = append(q.Items, e)
		}
		q.Items = rapid.Permutation(q.Items).Draw(t, "items")
		before := slices.Clone(q.Items)
		if got := s.Vector(&q, 3, 103); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if !slices.Equal(before, q.Items) {
			t.Fatal("Vector changed its argument")
		}
	})
}

// bounded asserts the sensitivity: L0, L-infinity, L2, distinct sorted cells.
func bounded(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *contrib.Spec, cells []contrib.Cell) {
	t.Helper()
	if len(cells) > s.L0() {
		t.Fatalf("%d cells, L0 is %d", len(cells), s.L0())
	}
	square := uint64(0)
	for i, c := range cells {
		if c.Value < 1 || c.Value > s.LInf() {
			t.Fatalf("value %d, LInf is %d", c.Value, s.LInf())
		}
		if c.Row < 0 || c.Row >= len(s.Segments) || s.Kind == contrib.KindSegmentItems && !s.Counts(c.Item) {
			t.Fatalf("cell outside the table")
		}
		if i > 0 && !(cells[i-1].Row < c.Row || cells[i-1].Row == c.Row && cells[i-1].Item < c.Item) {
			t.Fatalf("cells not strictly sorted")
		}
		square += uint64(c.Value) * uint64(c.Value)
	}
	if square > s.L2Squared() {
		t.Fatalf("squared norm %d, L2Squared is %d", square, s.L2Squared())
	}
}
