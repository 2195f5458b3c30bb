package cases

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/loud"
)

// kindsSensitivity compares how far one person moves a table of each kind with what noise
// is made for, for people who hold far more than the bounds, in all ways of holding it.
func kindsSensitivity(t *testing.T) {
	listed := dp.ByCategory{Categories: dp.Public{"x", "y", "z"}, Max: 2}
	amount := dp.Amount{Unit: "EUR", Low: 0, High: 8000}
	for name, m := range map[string]dp.Measure{
		"sizes, norm":       dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 3, MaxNorm: 1, Share: 1},
		"people":            dp.People{Name: "m", Purpose: "p", By: listed, LookbackDays: 7, Share: 1},
		"events, half-life": dp.Events{Name: "m", Purpose: "p", By: listed, MaxEvents: 3, LookbackDays: 7, HalfLifeDays: 5, Share: 1},
		"sums":              dp.Sums{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: amount, LookbackDays: 7, Share: 1},
		"means":             dp.Means{Name: "m", Purpose: "p", By: listed, Amount: amount, LookbackDays: 7, Share: 1},
		"totals, half-life": dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Public{"i", "j", "k"}, MaxItems: 2, MaxPerItem: 1, LookbackDays: 7, HalfLifeDays: 5, Share: 1},
		"totals, norm":      dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Public{"i", "j", "k"}, MaxItems: 3, MaxPerItem: 4, LookbackDays: 7, MaxNorm: 2, Share: 1},
		"pairs":             dp.ItemPairs{Name: "m", Purpose: "p", Items: dp.Public{"i", "j", "k"}, MaxItems: 3, LookbackDays: 7, Share: 1},
		"histogram":         dp.Histogram{Name: "m", Purpose: "p", Of: dp.QuantityEvents, LookbackDays: 7, Share: 1},
		"groups":            dp.Groups{Name: "m", Purpose: "p", Attribute: "age", Groups: dp.Public{"old"}, Campaigns: dp.Public{"u", "v"}, MaxCampaigns: 2, Share: 1},
	} {
		s := specOf(t, m, "a", "b", "c")
		cells, most, squares := 0, int64(0), uint64(0)
		for held := range 1 << 8 {
			p := contrib.Person{Salt: salt(held), Segments: []string{"a", "b", "c"}[:held&3], Group: "old"}
			for i, item := range []string{"i", "j", "k"}[:held>>2&3] {
				p.Items = append(p.Items, contrib.Entry{Item: item, Day: today - contrib.Day(i*(held>>6&1)), Count: uint32(1 + 9*(held>>7&1))})
			}
			for row := range held >> 4 & 3 {
				p.Days = append(p.Days, contrib.Act{Row: row, Day: today, Events: uint32(1 + 9*(held>>6&1)), Amount: 50_000 * int64(held>>7&1)})
			}
			for i, c := range []string{"u", "v", "u"}[:held>>4&3] {
				p.Reached = append(p.Reached, contrib.Campaign{Name: c, Reached: i == 2})
			}
			sum, campaigns := map[[2]int]int64{}, map[int]bool{}
			for _, c := range s.Vector(&p, 3, today) {
				sum[[2]int{c.Row, c.Column}] += c.Value
				if s.Kind == contrib.KindGroups {
					if campaigns[c.Column/2] {
						t.Error("one person is in two parts of a campaign")
					}
					campaigns[c.Column/2] = true
				}
			}
			square := uint64(0)
			for at, v := range sum {
				if s.Parts() == 2 && at[1] == 0 {
					continue // the people of means
				}
				most = max(most, v, -v)
				square += uint64(v * v)
			}
			squares, cells = max(squares, square), max(cells, len(sum))
		}
		if cells != s.L0() || most != s.LInf() || squares != s.L2Squared() {
			t.Errorf("%s: one person changes %d cells by up to %d, squares %d; stated are %d, %d and %d", name, cells, most, squares, s.L0(), s.LInf(), s.L2Squared())
		}
	}
}

// audited certifies the loss of a table in which each of many people has rows of their
// own, so that one release is many independent runs. At least that part of the claim has
// to show.
func audited(t *testing.T, name string, m dp.Measure, least float64, list func(segments [2]string, i int) contrib.Person, claim func(h dp.Header) audit.Claim) {
	t.Helper()
	const blocks = 20_000
	var segments []string
	people := make([]contrib.Person, blocks)
	for i := range people {
		pair := [2]string{fmt.Sprintf("s%05d-a", i), fmt.Sprintf("s%05d-b", i)}
		segments = append(segments, pair[:]...)
		people[i] = list(pair, i)
	}
	s := specOf(t, m, segments...)
	outcomes := func(people []contrib.Person) ([][]float64, dp.Header) {
		r := drawOf(t, s, people, units(t, big.NewRat(1, 1)), accounting.Units{})
		h, out := r.Header(), make([][]float64, blocks)
		for i := range r.Len() {
			c, sd := r.At(i), h.StdDev
			if c.Part == contrib.PartCount {
				sd = h.CountStdDev
			}
			at := i * blocks / r.Len()
			out[at] = append(out[at], float64(c.Value)/sd)
		}
		return out, h
	}
	with, h := outcomes(people)
	without, _ := outcomes(nil)
	certifiedRuns(t, name, claim(h), replay(with), replay(without), blocks, least)
}

// meansTable certifies the joint loss of people and sums, and adds it up.
func meansTable(t *testing.T) {
	m := dp.Means{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, Amount: dp.Amount{Unit: "EUR", Low: 0, High: 20}, LookbackDays: 7, Share: 1}
	audited(t, "means", m, 0.4, func(segments [2]string, i int) contrib.Person {
		return contrib.Person{Salt: salt(i), Segments: segments[:], Days: []contrib.Act{{Day: today, Events: 1, Amount: 900}}}
	}, func(h dp.Header) audit.Claim {
		loss := 2*square(1/h.CountSigma) + 2*square(float64(h.LInf)/h.Sigma)
		if loss > square(h.Mu)*(1+1e-9) {
			t.Errorf("people and sums together cost a mu^2 of %v, stated is %v", loss, square(h.Mu))
		}
		return audit.Claim{Mu: h.Mu}
	})
}

// laplaceTable certifies the epsilon of a table with Laplace noise, of which one person
// changes two cells. The mu beside it is that of the worst such mechanism, which two
// cells are not, so that less of it shows.
func laplaceTable(t *testing.T) {
	const most = 10
	m := dp.Events{Name: "m", Purpose: "p", By: dp.BySegment{Max: 2}, MaxEvents: most, LookbackDays: 7, Noise: dp.Laplace, Share: 1}
	audited(t, "laplace-table", m, 0.2, func(segments [2]string, i int) contrib.Person {
		return contrib.Person{Salt: salt(i), Segments: segments[:], Days: []contrib.Act{{Day: today, Events: 900}}}
	}, func(h dp.Header) audit.Claim {
		if loss := 2 * most / h.Sigma; loss > h.Pure*(1+1e-9) {
			t.Errorf("two cells cost an epsilon of %v, stated is %v", loss, h.Pure)
		}
		return audit.Claim{Epsilon: h.Pure}
	})
}

func square(x float64) float64 { return x * x }

// keysRate gives keys to just as many people as they need, and to one more: they come out
// as often as the rule says, and below that never.
func keysRate(t *testing.T) {
	loud.Widen(t)
	const keys, least, delta = 40_000, 3, 0.05
	s := specOf(t, dp.Keys{Name: "m", Purpose: "p", MaxItems: 1, Items: dp.Discovered{MinPeople: least}, LookbackDays: 7, Share: 1})
	mu2, charged := units(t, big.NewRat(1, 1)), units(t, new(big.Rat).SetFloat64(delta))
	// With least people delta, and with one more as docs/proofs/selection.md says for mu 1.
	more := delta + (1-delta)*tail(quantile(delta/(1-delta))-1)
	for holders, want := range map[int]float64{least - 1: 0, least: delta, least + 1: more} {
		list := make([]contrib.Person, 0, keys*holders)
		for i := range keys {
			for range holders {
				list = append(list, contrib.Person{Salt: salt(len(list)), Items: []contrib.Entry{{Item: fmt.Sprintf("%05d", i), Day: today, Count: 9}}})
			}
		}
		p := params(mu2, charged)
		p.Budget.Epsilon, p.Budget.Delta = 8, 0.1
		r, err := dp.Draw(countOf(t, s, list), p, newSigner())
		check(t, err)
		if got := float64(r.Len()) / keys; math.Abs(got-want) > far*math.Sqrt(want*(1-want)/keys) {
			t.Errorf("keys of %d people come out with a frequency of %v, the rule says %v", holders, got, want)
		}
	}
}

// quantile returns the z of which q is the upper tail, good to 1e-12.
func quantile(q float64) float64 {
	lo, hi := -10.0, 10.0
	for range 60 {
		if mid := (lo + hi) / 2; tail(mid) > q {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
