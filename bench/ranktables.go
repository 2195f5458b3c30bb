package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment/rank"
	"github.com/discreet-go/discreet/segment/rank/eval"
)

const rankDelta = 1e-6

// window says which days count in a table of totals, and how much.
type rankWindow struct {
	halfLife int // days
	lookback int // days
	norm     int // L2 norm of one person's vector, in events
}

// past is what is known before a cut.
type past struct {
	data    *rankData
	asOf    dp.Day // last day before the cut
	people  []string
	records map[string]*contrib.Person
	items   []string // of the catalog: those that anybody had
	cases   []eval.Case
	repeats bool
}

// newPast splits events and gathers those before the cut by person.
func newPast(d *rankData, events []eval.Event) (*past, []eval.Event, error) {
	before, cases, cut, err := eval.Split(events, eval.Splitting{First: 0.8, Unit: secondsPerDay})
	if err != nil {
		return nil, nil, err
	}
	p := &past{data: d, asOf: dp.Day(cut/secondsPerDay - 1), records: map[string]*contrib.Person{}, cases: cases}
	type entry struct {
		last  dp.Day
		count uint32
	}
	kept := map[string]map[string]*entry{}
	items := map[string]bool{}
	for _, e := range before {
		if kept[e.Person] == nil {
			kept[e.Person] = map[string]*entry{}
		}
		it := kept[e.Person][e.Item]
		if it == nil {
			it = &entry{last: math.MinInt32}
			kept[e.Person][e.Item] = it
			items[e.Item] = true
		}
		if day := dp.Day(e.Time / secondsPerDay); day > it.last { // events are in order of time
			it.last = day
			it.count++ // days with it
		}
	}
	p.items = slices.Sorted(maps.Keys(items))
	p.people = slices.Sorted(maps.Keys(kept))
	for _, who := range p.people {
		person := &contrib.Person{}
		rand.Read(person.Salt[:])
		for _, item := range slices.Sorted(maps.Keys(kept[who])) {
			it := kept[who][item]
			person.Items = append(person.Items, contrib.Entry{Item: item, Day: it.last, Count: it.count})
		}
		p.records[who] = person
	}
	return p, before, nil
}

func (p *past) all() iter.Seq2[*contrib.Person, error] {
	return func(yield func(*contrib.Person, error) bool) {
		for _, who := range p.people {
			if !yield(p.records[who], nil) {
				return
			}
		}
	}
}

// totals releases two tables of item totals through an account of its own with
// a budget of (epsilon, rankDelta), which they spend together: one of all items
// with the first share of it, and one of the items that by then look most
// popular. narrow 0 spends all on the first.
func (p *past) totals(ctx context.Context, epsilon float64, w rankWindow, first float64, narrow int) ([]rank.Release, error) {
	items := dp.Public(p.items)
	if narrow == 0 {
		first = 1
	}
	measure := func(name string, list dp.Public, share float64) dp.ItemTotals {
		return dp.ItemTotals{
			Name: name, Purpose: "rank", Items: list, MaxItems: contrib.MaxItems, MaxPerItem: 1, MaxNorm: w.norm,
			LookbackDays: w.lookback, HalfLifeDays: w.halfLife, Noise: dp.Gaussian, Share: share,
		}
	}
	a, err := newRankAccount(ctx, epsilon, p.asOf)
	if err != nil {
		return nil, err
	}
	wide, err := a.release(ctx, measure("wide", items, first), p)
	if err != nil || narrow == 0 {
		return []rank.Release{wide}, err
	}
	guess, err := p.model(rank.Config{Totals: []rank.Release{wide}, Weights: rank.Weights{Popularity: 1}})
	if err != nil {
		return nil, err
	}
	var list dp.Public
	for _, it := range guess.Rank(rank.Request{Limit: narrow}).Items {
		list = append(list, it.Item)
	}
	close, err := a.release(ctx, measure("close", list, 1-first), p)
	return []rank.Release{wide, close}, err
}

// model fills in what is public and makes a model.
func (p *past) model(c rank.Config) (*rank.Model, error) {
	c.Catalog = make(map[string]string, len(p.items))
	for _, item := range p.items {
		c.Catalog[item] = p.data.catalog[item]
	}
	c.Titles, c.Traits = p.data.titles, p.data.traits
	c.SeenHalfLifeDays = 3650 // likes last
	return rank.New(c)
}

// bare is popularity without bounds and without noise, in the form of a release,
// for the comparison: it is not private, and nothing but this suite makes one.
func (p *past) bare(w rankWindow) []rank.Release {
	sums := map[string]float64{}
	for _, person := range p.records {
		for _, it := range person.Items {
			if age := int(p.asOf - it.Day); w.lookback == 0 || age < w.lookback {
				weight := float64(it.Count)
				if w.halfLife > 0 {
					weight = math.Exp2(-float64(age) / float64(w.halfLife))
				}
				sums[it.Item] += weight
			}
		}
	}
	var cells []proof.Cell
	for _, item := range p.items {
		cells = append(cells, proof.Cell{Item: item, Value: int64(math.Round(sums[item] * contrib.Per))})
	}
	return []rank.Release{proof.NewRelease(proof.Header{
		Format: "discreet-release/1", Account: "bare", Kind: "item-totals", Step: 1, Per: contrib.Per, StdDev: 1, AsOf: dayName(p.asOf), Cells: len(cells),
	}, cells, nil)}
}

func dayName(d dp.Day) string {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// rankAccount charges and draws, as an engine does.
type rankAccount struct {
	epsilon float64
	account *ledger.Account
	keys    *pseudonym.Keyring
	now     time.Time
}

func newRankAccount(ctx context.Context, epsilon float64, asOf dp.Day) (*rankAccount, error) {
	a := &rankAccount{epsilon: epsilon, now: time.Unix(int64(asOf)*secondsPerDay+secondsPerDay/2, 0).UTC()}
	var err error
	if a.keys, err = pseudonym.NewKeyring(); err != nil {
		return nil, err
	}
	store := memstore.Volatile()
	if err := store.Bind(ctx, "bench", a.keys); err != nil {
		return nil, err
	}
	p, err := a.plan()
	if err != nil {
		return nil, err
	}
	mu2, _ := p.Totals() // tables are public, so no delta is kept for thresholds
	a.account, err = ledger.Open(ctx, ledger.Config{Store: store, Terms: ledger.Terms{
		Epsilon: epsilon, Delta: rankDelta, Mu2: mu2, WindowDays: 30,
	}}, a.now)
	return a, err
}

func (a *rankAccount) budget() dp.Budget {
	return dp.Budget{Epsilon: a.epsilon, Delta: rankDelta, WindowDays: 30}
}

func (a *rankAccount) plan(specs ...dp.Spec) (*plan.Plan, error) {
	return plan.New(plan.Config{Budget: a.budget(), Specs: specs})
}

// release charges the declared share of the account, counts and draws.
func (a *rankAccount) release(ctx context.Context, m dp.ItemTotals, p *past) (rank.Release, error) {
	spec, err := dp.NewSpec(m, nil)
	if err != nil {
		return rank.Release{}, err
	}
	planned, err := a.plan(spec)
	if err != nil {
		return rank.Release{}, err
	}
	mu2, delta, err := planned.Charge(m.Name, spec.ShareNano)
	if err != nil {
		return rank.Release{}, err
	}
	ticket, _, err := a.account.Reserve(ctx, ledger.Request{
		Name: m.Name, Spec: []byte(fmt.Sprintf("%s of %s", m.Name, strings.Join(spec.Items, ","))), Mu2: mu2, Delta: delta, AsOf: contrib.Day(p.asOf),
	}, a.now)
	if err != nil {
		return rank.Release{}, err
	}
	counts, err := dp.Count(ctx, &spec, ticket.Window().Index, ticket.AsOf(), p.all())
	if err != nil {
		return rank.Release{}, errors.Join(err, ticket.Release(ctx))
	}
	signer, err := a.keys.Signer("bench")
	if err != nil {
		return rank.Release{}, err
	}
	w := ticket.Window()
	r, err := dp.Draw(counts, dp.Params{
		Charge: ticket.Charge(), Name: m.Name, Account: a.account.Population(), Entry: ticket.Entry(),
		Mu2: mu2, Delta: delta, Budget: a.budget(),
		Window: w.Index, WindowFrom: w.From, WindowTo: w.To, AsOf: ticket.AsOf(), Since: 0,
	}, signer)
	if err != nil {
		return rank.Release{}, errors.Join(err, ticket.Release(ctx))
	}
	return r, ticket.Answer(ctx, r.Note())
}

// score asks a model for ten items that are new to each person of the cases.
func (p *past) score(ctx context.Context, m *rank.Model, limits *rank.Limits) (eval.Scores, error) {
	return eval.Run(ctx, p.cases, eval.Running{At: 10, Catalog: len(p.items)}, func(c *eval.Case) ([]string, error) {
		record := p.records[c.Person]
		q := rank.Request{AsOf: p.asOf, Limit: 10, Person: &rank.Person{}, Limits: limits}
		for _, it := range record.Items {
			q.Person.Items = append(q.Person.Items, rank.OwnItem{Item: it.Item, Day: it.Day, Count: int(it.Count)})
			if !p.repeats {
				q.Exclude = append(q.Exclude, it.Item)
			}
		}
		var list []string
		for _, it := range m.Rank(q).Items {
			list = append(list, it.Item)
		}
		return list, nil
	})
}

// plain is popularity by the released numbers alone, nothing smoothed: what one
// would do with a table.
func (p *past) plain(ctx context.Context, r rank.Release) (eval.Scores, error) {
	cells := slices.SortedFunc(slices.Values(r.Cells()), func(a, b proof.Cell) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Item, b.Item))
	})
	return eval.Run(ctx, p.cases, eval.Running{At: 10, Catalog: len(p.items)}, func(c *eval.Case) ([]string, error) {
		had := map[string]bool{}
		for _, it := range p.records[c.Person].Items {
			had[it.Item] = true
		}
		var list []string
		for _, cell := range cells {
			if !had[cell.Item] {
				if list = append(list, cell.Item); len(list) == 10 {
					break
				}
			}
		}
		return list, nil
	})
}
