package contrib_test

import (
	"fmt"
	"iter"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// subsets yields every list of some of the values, in order.
func subsets[T any](values ...T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for set := range 1 << len(values) {
			var list []T
			for i, v := range values {
				if set>>i&1 == 1 {
					list = append(list, v)
				}
			}
			if !yield(list) {
				return
			}
		}
	}
}

// actors enumerates all persons of a tiny domain of days: in each of two listed rows,
// one undeclared segment and one row out of range, everything that a measure with a
// look-back of three days can tell apart.
func actors(f func(p *contrib.Person)) {
	states := [][]contrib.Act{
		nil,
		{{Day: 100, Events: 1, Amount: 1000}},
		{{Day: 100, Events: 900, Amount: 1 << 50}, {Day: 98, Events: 1, Amount: 1}},
		{{Day: 98, Events: 2, Amount: 4000}},
		{{Day: 99, Events: 1, Amount: 7000}, {Day: 99, Events: 1}},
		{{Day: 97, Events: 5, Amount: 9000}, {Day: 101, Events: 5, Amount: 9000}}, // out of the look-back
		{{Day: 100, Events: 0, Amount: -5}},
	}
	for salt := range 2 {
		for segments := range subsets("a", "b", "c", "undeclared") {
			for _, x := range states {
				for _, y := range states {
					for _, z := range states[:3] {
						p := contrib.Person{Salt: ident.Salt{byte(salt), 7}, Segments: segments}
						for row, acts := range [][]contrib.Act{x, y, z, z} {
							for _, a := range acts {
								a.Row = row - row/3*4 // 0, 1, 2 and -1
								p.Days = append(p.Days, a)
							}
						}
						f(&p)
					}
				}
			}
		}
	}
}

// exposed enumerates everything that may be known of a person in three campaigns and
// one that is not listed.
func exposed(f func(p *contrib.Person)) {
	var known []contrib.Campaign
	for _, name := range []string{"u", "v", "w", "not listed"} {
		for _, reached := range []bool{false, true} {
			known = append(known, contrib.Campaign{Name: name, Reached: reached, Outcome: contrib.OutcomeYes},
				contrib.Campaign{Name: name, Reached: reached})
		}
	}
	for salt := range 2 {
		for _, group := range []string{"old", "young", "", "none of these"} {
			for list := range subsets(known[:12]...) {
				if len(list) <= 6 || len(list) == 12 {
					p := contrib.Person{Salt: ident.Salt{byte(salt), 7}, Group: group, Reached: append(list[:len(list):len(list)], known[12:]...)}
					f(&p)
				}
			}
		}
	}
}

// tiny are all kinds of measure, over domains that can be enumerated.
func tiny() map[string]struct {
	measure contrib.Measure
	domain  func(func(*contrib.Person))
} {
	type entry = struct {
		measure contrib.Measure
		domain  func(func(*contrib.Person))
	}
	listed := contrib.ByCategory{Categories: contrib.Public{"x", "y", "z"}, Max: 2}
	amount := func(low, high int64) contrib.Amount { return contrib.Amount{Unit: "EUR", Low: low, High: high} }
	items := func(f func(*contrib.Person)) { everyone(1, f) }
	all := map[string]entry{}
	add := func(name string, domain func(func(*contrib.Person)), m contrib.Measure) { all[name] = entry{m, domain} }
	for _, norm := range []int{0, 1, 2} {
		add(fmt.Sprintf("sizes, norm %d", norm), actors, contrib.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 3, MaxNorm: norm, Share: 1})
		add(fmt.Sprintf("people by category, norm %d", norm), actors, contrib.People{Name: "m", Purpose: "p", By: listed, LookbackDays: 3, MaxNorm: norm, Share: 1})
		for _, half := range []int{0, 1, 2} {
			for i, by := range []contrib.By{contrib.Everybody{}, contrib.BySegment{Max: 2}, listed} {
				add(fmt.Sprintf("events %d, norm %d, half-life %d", i, norm, half), actors, contrib.Events{
					Name: "m", Purpose: "p", By: by, MaxEvents: 3, LookbackDays: 3, MaxNorm: norm, HalfLifeDays: half, Share: 1,
				})
			}
			add(fmt.Sprintf("segment-items, norm %d, half-life %d", norm, half), items, contrib.SegmentItems{
				Name: "m", Purpose: "p", Items: contrib.Public{"i", "j", "k"}, MaxSegments: 2, MaxItems: 2, MaxPerItem: 3,
				LookbackDays: 3, MaxNorm: norm, HalfLifeDays: half, Share: 1,
			})
			add(fmt.Sprintf("item-totals, norm %d, half-life %d", norm, half), items, contrib.ItemTotals{
				Name: "m", Purpose: "p", Items: contrib.Public{"i", "j", "k"}, MaxItems: 2, MaxPerItem: 2,
				LookbackDays: 3, MaxNorm: norm, HalfLifeDays: half, Share: 1,
			})
			add(fmt.Sprintf("item-pairs, norm %d, half-life %d", norm, half), items, contrib.ItemPairs{
				Name: "m", Purpose: "p", Items: contrib.Public{"i", "j", "k"}, MaxItems: 3, LookbackDays: 3, MaxNorm: norm, HalfLifeDays: half, Share: 1,
			})
			add(fmt.Sprintf("category-items, norm %d, half-life %d", norm, half), func(f func(*contrib.Person)) {
				i := 0
				var acts [][]contrib.Act
				actors(func(p *contrib.Person) { acts = append(acts, p.Days) })
				everyone(1, func(p *contrib.Person) {
					i += 5
					p.Days = acts[i%len(acts)]
					f(p)
				})
			}, contrib.CategoryItems{
				Name: "m", Purpose: "p", By: listed, Items: contrib.Public{"i", "j", "k"}, MaxItems: 2, MaxPerItem: 3,
				LookbackDays: 3, MaxNorm: norm, HalfLifeDays: half, Share: 1,
			})
		}
	}
	add("people", actors, contrib.People{Name: "m", Purpose: "p", By: contrib.Everybody{}, LookbackDays: 3, Share: 1})
	for i, by := range []contrib.By{contrib.Everybody{}, contrib.BySegment{Max: 2}, listed} {
		for _, a := range []contrib.Amount{amount(0, 8000), amount(-3000, 8000), amount(2000, 8000), amount(-9000, -1), amount(0, 1), amount(0, 1<<40)} {
			add(fmt.Sprintf("sums %d of %d to %d", i, a.Low, a.High), actors, contrib.Sums{Name: "m", Purpose: "p", By: by, Amount: a, LookbackDays: 3, Share: 1})
			if a.High > 1 {
				add(fmt.Sprintf("means %d of %d to %d", i, a.Low, a.High), actors, contrib.Means{Name: "m", Purpose: "p", By: by, Amount: a, LookbackDays: 3, Share: 1})
			}
		}
	}
	add("means with denominators", actors, contrib.Means{
		Name: "m", Purpose: "p", By: contrib.BySegment{Max: 2}, Amount: amount(0, 8000), LookbackDays: 3, Denominators: "sizes", Share: 1,
	})
	add("discovered totals", items, contrib.ItemTotals{Name: "m", Purpose: "p", Items: contrib.Discovered{}, MaxItems: 2, MaxPerItem: 1, LookbackDays: 3, Share: 1})
	add("keys", items, contrib.Keys{Name: "m", Purpose: "p", Items: contrib.Discovered{MinPeople: 9}, MaxItems: 2, LookbackDays: 3, Share: 1})
	for q := contrib.QuantitySegments; q <= contrib.QuantityAmount; q++ {
		h := contrib.Histogram{Name: "m", Purpose: "p", Of: q, Share: 1}
		domain := actors
		switch q {
		case contrib.QuantityItems:
			h.Measure, domain = "other", items
		case contrib.QuantityCategories, contrib.QuantityEvents:
			h.LookbackDays = 3
		case contrib.QuantityAmount:
			h.LookbackDays, h.Unit, h.Edges = 3, "EUR", []int64{0, 500, 1 << 40}
		}
		add(fmt.Sprintf("histogram %d", q), domain, h)
	}
	for _, outcomes := range []bool{false, true} {
		for most := 1; most <= 3; most++ {
			add(fmt.Sprintf("groups, %d campaigns, outcomes %v", most, outcomes), exposed, contrib.Groups{
				Name: "m", Purpose: "p", Attribute: "age", Groups: contrib.Public{"old", "young"}, Campaigns: contrib.Public{"u", "v", "w"},
				Outcomes: outcomes, MaxCampaigns: most, Share: 1,
			})
		}
	}
	tinyTables(add)
	return all
}

// size is what one vector comes to.
type size struct {
	l0                 int
	lInf, l1, l2, both uint64 // of the part "sum" alone in lInf and l2; both as the noise sees them
}

func sizeOf(s *contrib.Spec, cells []contrib.Cell) (n size) {
	n.l0 = len(cells)
	for _, c := range cells {
		v := uint64(max(c.Value, -c.Value))
		n.l1 += v
		if s.Parts() == 2 && c.Column == 0 {
			n.both += s.Ratio() * s.Ratio() * v * v
			continue
		}
		n.lInf = max(n.lInf, v)
		n.l2 += v * v
		n.both += v * v
	}
	return n
}

// TestKindsExhaustive holds, for every kind of measure and every person of a tiny domain,
// that the person's vector is within each of the stated sensitivities, and that somebody
// reaches each of them, so that none is larger than it must be. Rounding to a norm goes
// towards zero: there L1 is missed by less than one step for each cell.
func TestKindsExhaustive(t *testing.T) {
	for name, c := range tiny() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := contrib.NewSpec(c.measure, []string{"a", "b", "c"})
			if err != nil {
				t.Fatal(err)
			}
			both := s.L2Squared()
			if s.Parts() == 2 {
				both += uint64(s.MaxSegments) * s.Ratio() * s.Ratio()
			}
			var most size
			people := 0
			c.domain(func(p *contrib.Person) {
				people++
				cells := s.Vector(p, 1, 100)
				inTable(t, &s, cells)
				n := sizeOf(&s, cells)
				if n.l0 > s.L0() || n.lInf > uint64(s.LInf()) || n.l1 > s.L1() || n.l2 > s.L2Squared() || n.both > both {
					t.Fatalf("one person moves the table by %+v; L0 %d, LInf %d, L1 %d, L2 %d, both %d", n, s.L0(), s.LInf(), s.L1(), s.L2Squared(), both)
				}
				most.l0, most.lInf = max(most.l0, n.l0), max(most.lInf, n.lInf)
				most.l1, most.l2, most.both = max(most.l1, n.l1), max(most.l2, n.l2), max(most.both, n.both)
			})
			slack := uint64(0)
			if s.MaxNorm > 0 {
				slack = uint64(s.L0())
			}
			if s.Amount.Low < -s.Amount.High {
				return // amounts of events are not below 0, so that nobody reaches such a lower bound
			}
			if most.l0 != s.L0() || most.lInf != uint64(s.LInf()) || most.l2 != s.L2Squared() || most.both != both || most.l1+slack < s.L1() {
				t.Errorf("reached %+v; L0 %d, LInf %d, L1 %d, L2 %d, both %d", most, s.L0(), s.LInf(), s.L1(), s.L2Squared(), both)
			}
			if people < 1000 {
				t.Errorf("%d people are not all", people)
			}
		})
	}
}

// inTable holds that cells are distinct, sorted places of the table, none of them 0.
func inTable(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *contrib.Spec, cells []contrib.Cell) {
	t.Helper()
	for i, c := range cells {
		if c.Value == 0 || c.Row < 0 || c.Row >= max(1, len(s.Names())) || c.Column < 0 || c.Column >= max(1, s.Columns()) {
			t.Fatalf("cell %+v is none of the table", c)
		}
		if s.Discovered {
			if c.Column != 0 || c.Value != 1 || !s.Counts(c.Item) {
				t.Fatalf("discovered cell %+v", c)
			}
		} else if k := s.Key(c.Row, c.Column); c.Item != "" && c.Item != k.Item {
			t.Fatalf("cell %+v has the key %+v", c, k)
		}
		if i > 0 {
			p := cells[i-1]
			if !(p.Row < c.Row || p.Row == c.Row && (p.Column < c.Column || s.Discovered && p.Item < c.Item)) {
				t.Fatalf("cells are not strictly sorted")
			}
		}
	}
}

// TestMeansCountWhoTheirDenominatorsCount: with Denominators a person's sums stand in the
// segments in which the measure of sizes counts the person, and in no others.
func TestMeansCountWhoTheirDenominatorsCount(t *testing.T) {
	segments := []string{"a", "b", "c"}
	sizes, err := contrib.NewSpec(contrib.SegmentSizes{Name: "sizes", Purpose: "p", MaxSegments: 2, Share: 1}, segments)
	if err != nil {
		t.Fatal(err)
	}
	means, err := contrib.NewSpec(contrib.Means{
		Name: "spend", Purpose: "p", By: contrib.BySegment{Max: 2}, Denominators: "sizes", LookbackDays: 3, Share: 1,
		Amount: contrib.Amount{Unit: "EUR", Low: 0, High: 8001}, // nobody's sum is the middle of it
	}, segments)
	if err != nil {
		t.Fatal(err)
	}
	own := means
	own.Of = ""
	differ := false
	for n := range 100 {
		for window := range int32(3) {
			p := contrib.Person{Salt: ident.Salt{byte(n)}, Segments: segments, Days: []contrib.Act{{Day: 100, Events: 1, Amount: 7000}}}
			rows := func(s *contrib.Spec) (rows []int) {
				for _, c := range s.Vector(&p, window, 100) {
					if s.Parts() == 1 || c.Column == 1 {
						rows = append(rows, c.Row)
					}
				}
				return rows
			}
			if got, want := fmt.Sprint(rows(&means)), fmt.Sprint(rows(&sizes)); got != want {
				t.Fatalf("sums in %s, sizes in %s", got, want)
			}
			differ = differ || fmt.Sprint(rows(&own)) != fmt.Sprint(rows(&sizes))
		}
	}
	if !differ {
		t.Error("the test could not have told")
	}
}

// TestWeightsAreExact: a weight w of 1024 at an age is the largest with
// (w/1024)^halfLife <= 2^-age, in whole numbers.
func TestWeightsAreExact(t *testing.T) {
	for _, half := range []int{1, 2, 3, 7, 30, 365, 3650} {
		s, err := contrib.NewSpec(contrib.Events{
			Name: "m", Purpose: "p", By: contrib.Everybody{}, MaxEvents: 1, LookbackDays: 400, HalfLifeDays: half, Share: 1,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for age := range contrib.Day(400) {
			p := contrib.Person{Days: []contrib.Act{{Day: 1000 - age, Events: 1}}}
			w := int64(0)
			if cells := s.Vector(&p, 0, 1000); len(cells) > 0 {
				w = cells[0].Value
			}
			// w^h <= 2^(10h-age) < (w+1)^h
			fits := func(w int64) bool {
				power := new(big.Int).Exp(big.NewInt(w), big.NewInt(int64(half)), nil)
				if left := 10*half - int(age); left >= 0 {
					return power.Cmp(new(big.Int).Lsh(big.NewInt(1), uint(left))) <= 0
				}
				return w == 0
			}
			if w > 0 && !fits(w) || fits(w+1) {
				t.Fatalf("half-life %d, age %d: weight %d", half, age, w)
			}
		}
	}
}
