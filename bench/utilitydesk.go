package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
)

// A desk releases measures of people that are at hand, from one account: counted,
// charged and drawn as an engine does, without consent and profiles.
type desk struct {
	plan    *plan.Plan
	store   *memstore.Store
	account *ledger.Account
	signer  signer
	now     time.Time
}

// openDesk opens an account over a budget, of which every measure has its share.
// reserve is the part of delta for thresholds, or nil for that of a service which says
// nothing.
func openDesk(ctx context.Context, budget dp.Budget, now time.Time, reserve *float64, specs []dp.Spec) (*desk, error) {
	p, err := plan.New(plan.Config{Budget: budget, Specs: specs, ReserveShare: reserve})
	if err != nil {
		return nil, err
	}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return nil, err
	}
	d := &desk{plan: p, store: memstore.Volatile(), now: now}
	if _, d.signer.key, err = ed25519.GenerateKey(nil); err != nil {
		return nil, err
	}
	if err := d.store.Bind(ctx, "bench", keys); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	mu2, delta := p.Totals()
	d.account, err = ledger.Open(ctx, ledger.Config{Store: d.store, Terms: ledger.Terms{
		Epsilon: budget.Epsilon, Delta: budget.Delta, Mu2: mu2, ReserveDelta: delta, WindowDays: budget.WindowDays,
	}}, now)
	if err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// close gives the account up.
func (d *desk) close() error { return d.store.Close() }

// release makes the n-th release of a measure, as of a day, in the first window.
func (d *desk) release(ctx context.Context, spec *dp.Spec, n int, people []contrib.Person, asOf dp.Day) (dp.Release, error) {
	mu2, delta, err := d.plan.Charge(spec.Name, spec.ShareNano)
	if err != nil {
		return dp.Release{}, err
	}
	name := fmt.Sprintf("%s-%d", spec.Name, n)
	ticket, stored, err := d.account.Reserve(ctx, ledger.Request{
		Name: name, Spec: []byte(spec.Name), Mu2: mu2, Delta: delta, AsOf: asOf,
	}, d.now)
	if err != nil {
		return dp.Release{}, err
	}
	if stored != nil {
		return dp.Release{}, errors.New("bench: a release was made before")
	}
	w := ticket.Window()
	counts, err := dp.Count(ctx, spec, w.Index, asOf, each(people))
	if err != nil {
		return dp.Release{}, errors.Join(err, ticket.Release(ctx))
	}
	r, err := dp.Draw(counts, dp.Params{
		Charge: ticket.Charge(), Name: name, Account: d.account.Population(), Entry: ticket.Entry(), Mu2: mu2, Delta: delta,
		Window: w.Index, WindowFrom: w.From, WindowTo: w.To, AsOf: asOf, Since: w.From - contrib.MaxLookbackDays, Budget: d.plan.Budget(),
	}, d.signer)
	if err != nil {
		return dp.Release{}, errors.Join(err, ticket.Release(ctx))
	}
	return r, ticket.Answer(ctx, r.Note())
}

// each yields the people of a list.
func each(people []contrib.Person) iter.Seq2[*contrib.Person, error] {
	return func(yield func(*contrib.Person, error) bool) {
		for i := range people {
			if !yield(&people[i], nil) {
				return
			}
		}
	}
}

// counted returns the exact sums of the cells of a measure with public keys, in the
// order of its cells.
func counted(spec *dp.Spec, people []contrib.Person, asOf dp.Day) []int64 {
	columns := spec.Columns()
	values := make([]int64, max(1, len(spec.Names()))*columns)
	for i := range people {
		for _, c := range spec.Vector(&people[i], 0, asOf) {
			values[c.Row*columns+c.Column] += c.Value
		}
	}
	return values
}

// timeOfDay returns noon of a day.
func timeOfDay(d dp.Day) time.Time { return time.Unix(int64(d)*86400+43200, 0).UTC() }

// saltOf returns the salt of a made-up person.
func saltOf(n int) (s ident.Salt) {
	for i := range 8 {
		s[i] = byte(n >> (8 * i))
	}
	return s
}

// signer signs what nobody reads.
type signer struct{ key ed25519.PrivateKey }

func (signer) Name() string                      { return "bench" }
func (signer) KeyHash() uint32                   { return 0 }
func (s signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
