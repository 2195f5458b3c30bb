package contrib_test

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"pgregory.net/rapid"
)

// anybody draws a record that breaks every promise of whoever made it: rows and days out
// of range, negative amounts, huge counts, keys and campaigns twice, text that is none.
func anybody(t *rapid.T) contrib.Person {
	p := person(t)
	number := rapid.OneOf(rapid.Int64Range(-3, 9000), rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1 << 52, 1<<52 + 1}))
	p.Days = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) contrib.Act {
		return contrib.Act{
			Row:    rapid.OneOf(rapid.IntRange(-2, 4), rapid.Int()).Draw(t, "row"),
			Day:    contrib.Day(rapid.OneOf(rapid.Int32Range(97, 106), rapid.Int32()).Draw(t, "day")),
			Events: rapid.OneOf(rapid.Uint32Range(0, 5), rapid.Uint32()).Draw(t, "events"),
			Amount: number.Draw(t, "amount"),
		}
	}), 0, 12).Draw(t, "days")
	p.Group = rapid.SampledFrom([]string{"old", "young", "", "\xff", "other"}).Draw(t, "group")
	p.Reached = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) contrib.Campaign {
		return contrib.Campaign{
			Name:    rapid.SampledFrom([]string{"u", "v", "w", "", "\x00", "other"}).Draw(t, "campaign"),
			Reached: rapid.Bool().Draw(t, "reached"),
			Outcome: contrib.Outcome(rapid.Uint8Range(0, 4).Draw(t, "outcome")),
		}
	}), 0, 12).Draw(t, "campaigns")
	return p
}

// allSpecs are a Spec of each measure of tiny, sorted by name.
func allSpecs(t testing.TB) []contrib.Spec {
	all := tiny()
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	list := make([]contrib.Spec, len(names))
	for i, name := range names {
		s, err := contrib.NewSpec(all[name].measure, []string{"a", "b", "c"})
		if err != nil {
			t.Fatal(name, err)
		}
		list[i] = s
	}
	return list
}

// TestHostileRecordsStayInBounds: whatever a record holds, its vector is within the
// sensitivities, and none of the record is changed.
func TestHostileRecordsStayInBounds(t *testing.T) {
	list := allSpecs(t)
	rapid.Check(t, func(t *rapid.T) {
		s := &list[rapid.IntRange(0, len(list)-1).Draw(t, "spec")]
		p := anybody(t)
		days, reached := slices.Clone(p.Days), slices.Clone(p.Reached)
		asOf := contrib.Day(rapid.OneOf(rapid.Just(int32(103)), rapid.Int32()).Draw(t, "as of"))
		cells := s.Vector(&p, rapid.Int32().Draw(t, "window"), asOf)
		inTable(t, s, cells)
		n := sizeOf(s, cells)
		if n.l0 > s.L0() || n.lInf > uint64(s.LInf()) || n.l1 > s.L1() || n.l2 > s.L2Squared() {
			t.Fatalf("moved by %+v", n)
		}
		if !slices.Equal(days, p.Days) || !slices.Equal(reached, p.Reached) {
			t.Fatal("Vector changed its argument")
		}
	})
}

// TestKindsAreFreeOfOrderAndSplits permutes what a record holds, and splits what one day
// or one entry adds up to: the vector is the same.
func TestKindsAreFreeOfOrderAndSplits(t *testing.T) {
	list := allSpecs(t)
	rapid.Check(t, func(t *rapid.T) {
		s := &list[rapid.IntRange(0, len(list)-1).Draw(t, "spec")]
		p := anybody(t)
		for i := range p.Days {
			p.Days[i].Amount = min(max(p.Days[i].Amount, 0), 1<<52)
		}
		want := s.Vector(&p, 3, 103)
		q := contrib.Person{Salt: p.Salt, Group: p.Group}
		q.Segments = rapid.Permutation(p.Segments).Draw(t, "segments")
		q.Reached = append(rapid.Permutation(p.Reached).Draw(t, "campaigns"), p.Reached...)
		for _, a := range p.Days {
			if a.Events > 1 && rapid.Bool().Draw(t, "split") {
				b := a
				b.Events, b.Amount = 1, a.Amount/3
				a.Events, a.Amount = a.Events-1, a.Amount-b.Amount
				q.Days = append(q.Days, b)
			}
			q.Days = append(q.Days, a)
		}
		q.Days = rapid.Permutation(q.Days).Draw(t, "days")
		for _, e := range p.Items {
			if e.Count > 1 && rapid.Bool().Draw(t, "split") {
				q.Items = append(q.Items, contrib.Entry{Item: e.Item, Day: e.Day, Count: 1})
				e.Count--
			}
			q.Items = append(q.Items, e)
		}
		q.Items = rapid.Permutation(q.Items).Draw(t, "items")
		if got := s.Vector(&q, 3, 103); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// TestNothingLeavesNoCell: of somebody who did nothing there is no cell, but the first bin
// of a histogram, and the lower bound of a sum in the segments the person is in.
func TestNothingLeavesNoCell(t *testing.T) {
	for _, s := range allSpecs(t) {
		cells := s.Vector(&contrib.Person{}, 1, 100)
		if s.Kind == contrib.KindHistogram {
			if len(cells) != 1 || cells[0] != (contrib.Cell{Value: 1}) {
				t.Errorf("%s: %v", s.Kind, cells)
			}
		} else if len(cells) != 0 {
			t.Errorf("%s: %v", s.Kind, cells)
		}
	}
}

// TestNormIsExact: a vector beyond its norm is scaled to the largest whole numbers towards
// zero, sign by sign, and one within it is left as it is. It is never longer than before.
func TestNormIsExact(t *testing.T) {
	values := rapid.OneOf(rapid.Int64Range(-4, 4), rapid.Int64Range(-1<<20, 1<<20), rapid.SampledFrom([]int64{1 << 20, -1 << 20, 1024}))
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(values.Filter(func(v int64) bool { return v != 0 }), 0, 40).Draw(t, "values")
		norm := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1, 1<<20)).Draw(t, "norm")
		cells := make([]contrib.Cell, len(list))
		square := new(big.Int)
		for i, v := range list {
			cells[i] = contrib.Cell{Column: i, Value: v}
			square.Add(square, big.NewInt(v*v))
		}
		most := big.NewInt(norm * norm)
		got, after := map[int]int64{}, new(big.Int)
		for _, c := range contrib.ScaledTo(cells, norm) {
			if c.Value == 0 {
				t.Fatal("a cell of nothing is left")
			}
			got[c.Column] = c.Value
			after.Add(after, big.NewInt(c.Value*c.Value))
		}
		if after.Cmp(most) > 0 {
			t.Fatalf("squares add up to %v, norm^2 is %v", after, most)
		}
		for i, v := range list {
			w := got[i]
			if square.Cmp(most) <= 0 {
				if w != v {
					t.Fatalf("%d became %d within the norm", v, w)
				}
				continue
			}
			if w != 0 && (w > 0) != (v > 0) {
				t.Fatalf("%d became %d", v, w)
			}
			// |w| is the largest with w^2 square <= v^2 norm^2.
			size := big.NewInt(max(w, -w))
			right := new(big.Int).Mul(big.NewInt(v*v), most)
			fits := func(w *big.Int) bool {
				left := new(big.Int).Mul(w, w)
				return left.Mul(left, square).Cmp(right) <= 0
			}
			if !fits(size) || fits(size.Add(size, big.NewInt(1))) {
				t.Fatalf("%d became %d at the norm %d of %v", v, w, norm, square)
			}
		}
	})
}

// TestKeysOfColumns: every public cell has a key of its own, sorted as cells are.
func TestKeysOfColumns(t *testing.T) {
	all := allSpecs(t)
	wide := contrib.Public{}
	for i := range 40 {
		wide = append(wide, string(rune('A'+i)))
	}
	pairs, err := contrib.NewSpec(contrib.ItemPairs{Name: "m", Purpose: "p", Items: wide, MaxItems: 40, LookbackDays: 1, Share: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(all, pairs) {
		seen := map[contrib.Key]bool{}
		for row := range max(1, len(s.Names())) {
			for column := range s.Columns() {
				k := s.Key(row, column)
				if seen[k] {
					t.Fatalf("%s: two cells have the key %+v", s.Kind, k)
				}
				seen[k] = true
				if s.Kind == contrib.KindItemPairs && k.Item >= k.With {
					t.Fatalf("pair %+v", k)
				}
			}
		}
	}
	// What stands in the cell of a pair is that pair.
	for i := range wide {
		for j := range i {
			p := contrib.Person{Items: []contrib.Entry{{Item: wide[i], Day: 5, Count: 1}, {Item: wide[j], Day: 5, Count: 1}}}
			cells := pairs.Vector(&p, 0, 5)
			if len(cells) != 1 || pairs.Key(0, cells[0].Column) != (contrib.Key{Item: wide[j], With: wide[i]}) {
				t.Fatalf("%v of %s and %s", cells, wide[i], wide[j])
			}
		}
	}
}

// TestBins puts numbers at and around each edge, by a search that is another.
func TestBins(t *testing.T) {
	s, err := contrib.NewSpec(contrib.Histogram{Name: "m", Purpose: "p", Of: contrib.QuantityEvents, LookbackDays: 1, Share: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Edges) != 12 || s.Edges[11] != 1024 {
		t.Fatal(s.Edges)
	}
	for n := range uint32(3000) {
		want := 0
		for i, e := range s.Edges {
			if int64(n) >= e {
				want = i
			}
		}
		p := contrib.Person{Days: []contrib.Act{{Day: 5, Events: n}}}
		if cells := s.Vector(&p, 0, 5); len(cells) != 1 || cells[0].Column != want {
			t.Fatalf("%d: %v, want bin %d", n, cells, want)
		}
	}
}

// TestCheckHoldsEveryField changes each field of each Spec to what does not belong there.
// Whatever Check then lets pass is still within its bounds, for hostile records too; and
// each field is refused in some change.
func TestCheckHoldsEveryField(t *testing.T) {
	refused := map[string]bool{}
	kind := reflect.TypeFor[contrib.Spec]()
	persons := hostile()
	for _, s := range allSpecs(t) {
		for i := range kind.NumField() {
			f := kind.Field(i)
			if !f.IsExported() || f.Name == "ShareNano" {
				continue
			}
			for _, v := range wrong(reflect.ValueOf(s).Field(i)) {
				changed := s
				reflect.ValueOf(&changed).Elem().Field(i).Set(v)
				if changed.Check() != nil {
					refused[f.Name] = true
					continue
				}
				for n := range persons {
					cells := changed.Vector(&persons[n], 3, 103)
					inTable(t, &changed, cells)
					n := sizeOf(&changed, cells)
					if n.l0 > changed.L0() || n.lInf > uint64(changed.LInf()) || n.l1 > changed.L1() || n.l2 > changed.L2Squared() {
						t.Fatalf("%s with %s %v: moved by %+v", s.Kind, f.Name, v, n)
					}
				}
			}
		}
	}
	for i := range kind.NumField() {
		if f := kind.Field(i); f.IsExported() && f.Name != "ShareNano" && !refused[f.Name] {
			t.Errorf("%s may be anything", f.Name)
		}
	}
}

// wrong returns other values for a field.
func wrong(v reflect.Value) (list []reflect.Value) {
	of := func(x any) { list = append(list, reflect.ValueOf(x).Convert(v.Type())) }
	switch v.Interface().(type) {
	case string:
		of("")
		of("other")
		of("a b")
	case bool:
		of(!v.Bool())
	case []string:
		for _, l := range [][]string{nil, {}, {"b", "a"}, {"a", "a"}, {"\x00"}, {"i"}, {"a", "b", "c"}} {
			of(l)
		}
	case []int64:
		for _, l := range [][]int64{nil, {0}, {1}, {0, 0}, {0, 5, 4}, {0, 5}} {
			of(l)
		}
	case contrib.Amount:
		for _, a := range []contrib.Amount{{}, {Unit: "EUR"}, {Unit: "E R", High: 5}, {Unit: "EUR", High: 5}, {Unit: "EUR", Low: -9, High: 1 << 40}, {Unit: "EUR", Low: 5, High: 5},
			{Unit: "EUR", Low: math.MinInt64, High: math.MaxInt64}, {Unit: "EUR", Low: 1<<40 - 1, High: 1 << 40}} {
			of(a)
		}
	default:
		if v.CanUint() {
			for n := range uint64(14) {
				of(n)
			}
			of(uint64(255))
			break
		}
		for _, n := range []int{-1, 0, 1, 2, 3, 7, 400, 401, 1024, 1025, 1 << 20, 1<<20 + 1, math.MaxInt64, math.MinInt64} {
			of(n)
		}
	}
	return list
}

// hostile returns some records that hold far too much.
func hostile() (list []contrib.Person) {
	for n := range 2 {
		p := contrib.Person{Salt: ident.Salt{byte(n), 9}, Segments: []string{"c", "a", "b", "a"}, Group: "old"}
		for i, item := range []string{"i", "j", "k", "l", "i"} {
			p.Items = append(p.Items, contrib.Entry{Item: item, Day: contrib.Day(103 - i), Count: 1 << 31})
		}
		for row := -1; row < 4; row++ {
			p.Days = append(p.Days, contrib.Act{Row: row, Day: contrib.Day(103 - n), Events: 1 << 31, Amount: math.MaxInt64 * int64(1-n)})
		}
		for i, partition := range []string{"x", "y", "z", "x", "i", "a", "b", "c"} {
			p.Given = append(p.Given, contrib.Given{Partition: partition, Value: math.MaxInt64 * int64(1-2*(i&n))})
		}
		for _, c := range []string{"u", "v", "w", "u"} {
			p.Reached = append(p.Reached, contrib.Campaign{Name: c, Reached: n == 0, Outcome: contrib.OutcomeYes}, contrib.Campaign{Name: c, Outcome: contrib.OutcomeNo})
		}
		list = append(list, p)
	}
	return list
}

// TestHalfLifeIsThatOfItsWeights: a half-life that was changed after the weights were
// made is refused, and one that was taken away most of all.
func TestHalfLifeIsThatOfItsWeights(t *testing.T) {
	s, err := contrib.NewSpec(contrib.ItemTotals{
		Name: "m", Purpose: "p", Items: contrib.Public{"i"}, MaxItems: 1, MaxPerItem: 2, LookbackDays: 30, HalfLifeDays: 7, Share: 1,
	}, nil)
	if err != nil || s.Check() != nil {
		t.Fatal(err)
	}
	for _, half := range []int{0, 6, 8, 3651} {
		changed := s
		changed.HalfLifeDays = half
		if changed.Check() == nil {
			t.Errorf("a half-life of %d over the weights of 7 days", half)
		}
	}
	s.LookbackDays = 31
	if s.Check() == nil {
		t.Error("a day more than there are weights for")
	}
}
