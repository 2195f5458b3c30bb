package contrib_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

func series(t *testing.T, maxSegments int, segments ...string) contrib.Spec {
	t.Helper()
	s, err := contrib.NewSpec(contrib.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: maxSegments, Share: 1, Series: true}, segments)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// subset returns the segments that the bits of set name, and one that is not declared.
func subset(segments []string, set int) (list []string) {
	for i, s := range segments {
		if set>>i&1 == 1 {
			list = append(list, s)
		}
	}
	return append(list, "undeclared")
}

// TestSlotsExhaustive runs every history of memberships of a tiny domain through
// releases: over all of them together a person counts in at most MaxSegments
// segments, in each only in some that the person is in, and in all of those while a
// slot is free.
func TestSlotsExhaustive(t *testing.T) {
	for _, c := range []struct {
		segments []string
		releases int
	}{
		{[]string{"a", "b", "c"}, 4},
		{[]string{"a", "b", "c", "d"}, 3},
	} {
		for limit := 1; limit <= 3; limit++ {
			t.Run(fmt.Sprint(len(c.segments), limit), func(t *testing.T) {
				t.Parallel()
				s := series(t, limit, c.segments...)
				sets := 1 << len(c.segments)
				histories, full := 1, 0
				for range c.releases {
					histories *= sets
				}
				for salt := range 3 {
					for history := range histories {
						var held []uint64
						ever, counted := map[string]bool{}, map[string]bool{}
						for n, rest := 0, history; n < c.releases; n, rest = n+1, rest/sets {
							p := contrib.Person{Salt: ident.Salt{byte(salt), 5}, Segments: subset(c.segments, rest%sets)}
							before := held
							held = s.Slots(&p, 7, held)
							if !slices.IsSorted(held) || len(slices.Compact(slices.Clone(held))) != len(held) || len(held) > limit {
								t.Fatalf("slots %x", held)
							}
							for _, slot := range before {
								if !slices.Contains(held, slot) {
									t.Fatal("a slot was taken away")
								}
							}
							p.Segments = s.InSlots(&p, 7, held)
							vector := s.Vector(&p, 7, 100)
							if len(vector) != len(p.Segments) {
								t.Fatalf("%d cells of %d slots", len(vector), len(p.Segments))
							}
							for _, cell := range vector {
								if rest>>cell.Row&1 == 0 {
									t.Fatal("counts where the person is not")
								}
								counted[s.Segments[cell.Row]] = true
							}
							in := 0
							for i, name := range s.Segments {
								if rest>>i&1 == 1 {
									ever[name] = true
									in++
								}
							}
							switch {
							case len(held) < limit && len(vector) < in:
								t.Fatal("a slot is free and a segment does not count")
							case len(ever) <= limit && len(vector) != in:
								t.Fatal("as few segments as fit, and one does not count")
							}
						}
						if len(counted) > limit {
							t.Fatalf("counts in %d segments over the window", len(counted))
						}
						if len(counted) == limit {
							full++
						}
						if len(counted) < min(limit, len(ever)) {
							t.Fatalf("counts in %d of %d", len(counted), len(ever))
						}
					}
				}
				if full == 0 {
					t.Fatal("the bound was never reached")
				}
			})
		}
	}
}

// The first release of a series chooses as a release that is none, whatever the
// order, and another window and person choose on their own.
func TestSlotsAreKeyed(t *testing.T) {
	segments := []string{"a", "b", "c", "d", "e"}
	s := series(t, 2, segments...)
	plain := s
	plain.Series = false
	seen := map[string]bool{}
	for n := range 40 {
		p := contrib.Person{Salt: ident.Salt{byte(n / 2)}, Segments: segments}
		window := int32(n % 2)
		held := s.Slots(&p, window, nil)
		var want []string
		for _, c := range plain.Vector(&p, window, 0) {
			want = append(want, s.Segments[c.Row])
		}
		got := s.InSlots(&p, window, held)
		if !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		seen[fmt.Sprint(got)] = true
		p.Segments = []string{"e", "c", "a", "a", "d", "b", "e"}
		if again := s.Slots(&p, window, nil); !slices.Equal(again, held) {
			t.Fatal("the order decides")
		}
		if other := s.InSlots(&p, window+2, held); len(other) != 0 {
			t.Fatal("a slot counts in another window")
		}
		p.Salt[3] = 1
		if other := s.InSlots(&p, window, held); len(other) != 0 {
			t.Fatal("a slot counts for another person")
		}
		if plain.Slots(&p, window, nil) != nil {
			t.Fatal("slots without a series")
		}
	}
	if len(seen) < 5 {
		t.Fatalf("40 choices of two out of five are only %d", len(seen))
	}
}

// Two segments of one slot get none, so that no slot counts twice. A hash does not do
// this within anybody's lifetime; a name that is declared twice, which NewSpec
// refuses, does.
func TestSlotsOfTwo(t *testing.T) {
	s := series(t, 2, "a", "b")
	s.Segments = []string{"a", "a", "b"}
	p := contrib.Person{Segments: []string{"a", "b"}}
	if got := s.InSlots(&p, 0, s.Slots(&p, 0, nil)); !slices.Equal(got, []string{"b"}) {
		t.Fatal(got)
	}
	p.Segments = []string{"a"}
	if got := s.Slots(&p, 0, nil); got != nil {
		t.Fatal(got)
	}
}

// Bounds that changed within a window neither take a slot away nor add above the
// larger one.
func TestSlotsOfAnotherBound(t *testing.T) {
	segments := []string{"a", "b", "c", "d"}
	p := contrib.Person{Segments: segments}
	three, two, four := series(t, 3, segments...), series(t, 2, segments...), series(t, 4, segments...)
	held := three.Slots(&p, 0, nil)
	if got := two.Slots(&p, 0, held); len(held) != 3 || !slices.Equal(got, held) {
		t.Fatal(held, got)
	}
	if got := four.Slots(&p, 0, held); len(got) != 4 {
		t.Fatal(got)
	}
	counts := contrib.Person{Segments: two.InSlots(&p, 0, held)}
	if got := two.Vector(&counts, 0, 0); len(got) != 2 {
		t.Fatal(got)
	}
}
