package contrib_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// everyone enumerates all persons of a tiny domain: every subset of segments
// (one of them undeclared), and for each of the items every pair of (in this
// window, in the one before) counts and days that the measure can tell apart.
func everyone(salts int, f func(p *contrib.Person)) {
	segments := []string{"a", "b", "c", "undeclared"}
	items := []string{"i", "j", "k", "not public"}
	type state struct{ day, count, older int }
	var states []state
	for _, day := range []int{97, 98, 100, 101} { // out of the look-back, its edges, after the cut
		for count := range 4 {
			for older := range 2 {
				if day == 100 || count == 3 && older == 0 || day == 98 && count+older > 0 {
					states = append(states, state{day, count, older})
				}
			}
		}
	}
	// Two items take every state; the others are absent or present, so that the
	// choice among too many items is exercised without an explosion.
	for salt := range salts {
		for set := range 1 << len(segments) {
			for rest := range 4 {
				for _, x := range states {
					for _, y := range states {
						p := contrib.Person{Salt: ident.Salt{byte(salt), 7}}
						for i, s := range segments {
							if set>>i&1 == 1 {
								p.Segments = append(p.Segments, s)
							}
						}
						add := func(item string, s state) {
							if s.count > 0 {
								p.Items = append(p.Items, contrib.Entry{Item: item, Day: contrib.Day(s.day), Count: uint32(s.count)})
							}
							if s.older > 0 {
								p.Items = append(p.Items, contrib.Entry{Item: item, Day: 98, Count: uint32(s.older)})
							}
						}
						add(items[0], x)
						add(items[1], y)
						for i := range 2 {
							if rest>>i&1 == 1 {
								add(items[2+i], state{100, 3, 0})
							}
						}
						f(&p)
					}
				}
			}
		}
	}
}

type cell struct {
	segment int
	item    string
}

// TestSensitivityExhaustive holds, for every person of a tiny domain and every
// setting of the bounds, that the person changes the summed table by a vector
// of at most L0 cells, each by at most LInf, with a squared L2 norm of at most
// L2Squared, and that adding and removing the person are inverse to each other.
func TestSensitivityExhaustive(t *testing.T) {
	segments := []string{"a", "b", "c"}
	var measures []contrib.Measure
	for maxSegments := 1; maxSegments <= 3; maxSegments++ {
		measures = append(measures, contrib.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: maxSegments, Share: 1})
		for maxItems := 1; maxItems <= 3; maxItems += 2 {
			measures = append(measures, contrib.SegmentItems{
				Name: "m", Purpose: "p", Items: contrib.Discovered{},
				MaxSegments: maxSegments, MaxItems: maxItems, MaxPerItem: 1, LookbackDays: 3, Share: 1,
			})
			for _, perItem := range []int{1, 3} {
				measures = append(measures, contrib.SegmentItems{
					Name: "m", Purpose: "p", Items: contrib.Public{"i", "j", "k"},
					MaxSegments: maxSegments, MaxItems: maxItems, MaxPerItem: perItem, LookbackDays: 3, Share: 1,
				})
			}
		}
	}
	for n, m := range measures {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			s, err := contrib.NewSpec(m, segments)
			if err != nil {
				t.Fatal(err)
			}
			var (
				table   = map[cell]int64{} // the sum over everybody so far
				people  int
				reached = struct {
					l0   int
					linf int64
					l2   uint64
				}{}
			)
			everyone(2, func(p *contrib.Person) {
				people++
				vector := s.Vector(p, 1, 100)
				bounded(t, &s, vector)
				square := uint64(0)
				for _, c := range vector {
					square += uint64(c.Value * c.Value)
					reached.linf = max(reached.linf, c.Value)
				}
				reached.l0, reached.l2 = max(reached.l0, len(vector)), max(reached.l2, square)

				// The person's whole influence on the table, added and removed.
				if people%97 == 0 {
					before := maps.Clone(table)
					sum(table, vector, 1)
					for c, v := range table {
						if d := v - before[c]; d < 0 || d > s.LInf() {
							t.Fatalf("a cell changed by %d", d)
						}
					}
					sum(table, s.Vector(p, 1, 100), -1)
					if !maps.Equal(before, table) {
						t.Fatal("removing is not the inverse of adding")
					}
				}
				sum(table, vector, 1)
			})
			// The bounds are reached, so none of them is larger than it must be.
			if reached.l0 != s.L0() || reached.linf != s.LInf() || reached.l2 != s.L2Squared() {
				t.Fatalf("reached %+v of L0 %d, LInf %d, L2Squared %d", reached, s.L0(), s.LInf(), s.L2Squared())
			}
			t.Logf("%d people", people)
		})
	}
}

func sum(table map[cell]int64, vector []contrib.Cell, sign int64) {
	for _, c := range vector {
		k := cell{c.Row, c.Item}
		if table[k] += sign * c.Value; table[k] == 0 {
			delete(table, k)
		}
	}
}
