package discreet_test

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// hand deals numbers, names and lists from bytes; an empty hand deals zeros.
type hand struct{ b []byte }

func (h *hand) number() int {
	if len(h.b) == 0 {
		return 0
	}
	n := int(int8(h.b[0]))
	h.b = h.b[1:]
	return n
}

func (h *hand) of(list ...string) string { return list[(h.number()&0x7f)%len(list)] }

func (h *hand) some(list ...string) (out []string) {
	for mask := h.number(); len(out) < 6 && mask > 0; mask /= 2 {
		if mask%2 == 1 {
			out = append(out, h.of(list...))
		}
	}
	return out
}

func (h *hand) by() dp.By {
	switch h.number() & 3 {
	case 0:
		return nil
	case 1:
		return dp.Everybody{}
	case 2:
		return dp.BySegment{Max: h.number()}
	}
	return h.byCategory()
}

func (h *hand) byCategory() dp.ByCategory {
	return dp.ByCategory{Categories: h.some("sports", "sports.running", "books", "health", "nowhere", ""), Max: h.number()}
}

func (h *hand) items() dp.Partitions {
	switch h.number() & 3 {
	case 0:
		return nil
	case 1:
		return dp.Discovered{MinPeople: h.number()}
	}
	return dp.Public(h.some("a", "b", "c", "d", "\x00"))
}

func (h *hand) amount() dp.Amount {
	return dp.Amount{
		Unit: h.of("EUR", "USD", "", "a b"), Category: h.of("", "sports", "health", "nowhere"),
		Low: int64(h.number()) * 1000, High: int64(h.number()) * 1_000_000,
	}
}

// measure deals a measure of some kind, which may break any rule.
func (h *hand) measure() dp.Measure {
	kind, name, purpose := h.number(), h.of("m", "n", "sizes", ""), h.of(discreettest.Purpose, discreettest.Purpose, otherPurpose, "unheard", "")
	days, half, norm, share := h.number(), h.number()&7, h.number()&7, float64(h.number())/100
	law := contrib.Law(h.number() & 3)
	switch kind & 15 {
	case 0:
		return dp.SegmentSizes{Name: name, Purpose: purpose, MaxSegments: h.number(), MaxNorm: norm, Noise: law, Share: share}
	case 1:
		return dp.SegmentItems{Name: name, Purpose: purpose, Items: h.items(), MaxSegments: h.number(), MaxItems: h.number(), MaxPerItem: h.number(), LookbackDays: days, HalfLifeDays: half, MaxNorm: norm, Noise: law, Share: share}
	case 2:
		return dp.People{Name: name, Purpose: purpose, By: h.by(), LookbackDays: days, MaxNorm: norm, Noise: law, Share: share}
	case 3:
		return dp.Events{Name: name, Purpose: purpose, By: h.by(), MaxEvents: h.number(), LookbackDays: days, HalfLifeDays: half, MaxNorm: norm, Noise: law, Share: share}
	case 4:
		return dp.Sums{Name: name, Purpose: purpose, By: h.by(), Amount: h.amount(), LookbackDays: days, Noise: law, Share: share}
	case 5:
		return dp.Means{Name: name, Purpose: purpose, By: h.by(), Amount: h.amount(), LookbackDays: days, Denominators: h.of("", "sizes", "m"), Share: share}
	case 6:
		return dp.ItemTotals{Name: name, Purpose: purpose, Items: h.items(), MaxItems: h.number(), MaxPerItem: h.number(), LookbackDays: days, HalfLifeDays: half, MaxNorm: norm, Noise: law, Share: share}
	case 7:
		return dp.CategoryItems{Name: name, Purpose: purpose, By: h.byCategory(), Items: h.items(), MaxItems: h.number(), MaxPerItem: h.number(), LookbackDays: days, HalfLifeDays: half, MaxNorm: norm, Noise: law, Share: share}
	case 8:
		return dp.ItemPairs{Name: name, Purpose: purpose, Items: h.some("a", "b", "c", "d"), MaxItems: h.number(), LookbackDays: days, HalfLifeDays: half, MaxNorm: norm, Noise: law, Share: share}
	case 9:
		return dp.Keys{Name: name, Purpose: purpose, MaxItems: h.number(), Items: dp.Discovered{MinPeople: h.number()}, LookbackDays: days, Share: share}
	case 10:
		return dp.Histogram{
			Name: name, Purpose: purpose, Of: contrib.Quantity(h.number() & 7), Measure: h.of("", "m", "n"), Edges: [][]int64{nil, {0}, {0, 5, 9}, {1}}[h.number()&3],
			LookbackDays: days, Unit: h.of("", "EUR"), Category: h.of("", "sports", "health"), Noise: law, Share: share,
		}
	case 11:
		return dp.Groups{Name: name, Purpose: purpose, Attribute: "a", Groups: h.some("x", "y"), Campaigns: h.some("p", "q"), MaxCampaigns: h.number(), Share: share}
	}
	return nil
}

// FuzzConfig opens engines with measures that break any rule or none: an error, or an
// engine that releases each of its measures, in which nobody counts beyond the bounds.
func FuzzConfig(f *testing.F) {
	f.Add([]byte{})
	for kind := range byte(12) {
		f.Add([]byte{2, kind, 0, 0, 30, 0, 0, 20, 0, 2, 2, 2, 2, 2, 0, 0, 0, 9, 1, 1, 1, 0, 1, 0, 0, 10, 0, 0, 0, 0, 0, 0})
		f.Add([]byte{3, kind, 1, 0, 9, 3, 2, 20, 0, 3, 3, 0, 1, 2, 2, 3, 3, 0, 1, 2, 2, 1, 1, 0, 2, 0, 0, 10, 0, 0, 2, 2})
	}
	keys, err := pseudonym.NewKeyring()
	check(f, err)
	notice := discreettest.Notice()
	notice.Purposes = append(notice.Purposes, consent.Purpose{Key: otherPurpose, Title: "Mails that fit you"})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, ctx := &hand{data}, t.Context()
		clock := discreettest.NewClock(t)
		cfg := discreet.Config{
			Tenant: "test", Keys: keys, Store: memstore.Volatile(), Notices: []consent.Notice{notice}, Taxonomy: segment.Small(), Segments: worldSegments,
			Budget: loose, TTLDays: 60, Now: clock.Now,
		}
		for range 1 + h.number()&1 {
			cfg.Measures = append(cfg.Measures, h.measure())
		}
		e, err := discreet.Open(ctx, cfg)
		if err != nil {
			return
		}
		defer e.Close()
		check(t, e.Choose(ctx, ann, discreet.Choice{
			Notice: notice.ID, Version: 1, Locale: "en", Method: "test", Grant: []string{discreettest.Purpose, otherPurpose},
		}))
		for i, item := range []string{"a", "b", "c", "d", ""} {
			_, err := e.Record(ctx, discreet.Event{
				Who: ann, Item: item, Category: worldCategories[i%3], Count: 1 + i, Value: 1 << (8 * i), Unit: "EUR", Time: clock.Now(),
			})
			check(t, err)
		}
		for i, m := range cfg.Measures {
			spec, err := contrib.NewSpec(m, worldNames())
			check(t, err)
			vectors, err := e.Vectors(ctx, spec.Name)
			check(t, err)
			for _, cells := range vectors {
				square := uint64(0)
				for _, c := range cells {
					if c.Value > spec.LInf() || c.Value < -spec.LInf() || c.Value == 0 {
						t.Fatalf("%s: a person counts %d, at most %d", spec.Kind, c.Value, spec.LInf())
					}
					square += uint64(c.Value * c.Value)
				}
				if len(cells) > spec.L0() || spec.Parts() == 1 && square > spec.L2Squared() {
					t.Fatalf("%s: %d cells, at most %d; %d, at most %d", spec.Kind, len(cells), spec.L0(), square, spec.L2Squared())
				}
			}
			r, err := e.Release(ctx, discreet.Query{Name: fmt.Sprint("r", i), Measure: spec.Name, Share: float64(spec.ShareNano) / 1e9}, operator)
			check(t, err)
			if _, err := dp.ReadRelease(r.Note(), e.Verifiers()...); err != nil {
				t.Fatal(err)
			}
		}
	})
}
