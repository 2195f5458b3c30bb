package dp

import (
	"errors"
	"math"
	"math/big"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/noise"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"golang.org/x/mod/sumdb/note"
)

// Errors of drawing.
var (
	ErrCounts = errors.New("dp: the counts are missing, or not those the parameters name")
	ErrCharge = errors.New("dp: the charge is missing, used, or for something else")
	ErrDrawn  = errors.New("dp: counts are drawn once; count again")
	ErrParams = errors.New("dp: Params lacks a name, an account, an entry or valid days")
	ErrExcess = errors.New("dp: the loss is more than the whole budget of the window")
	ErrSigner = errors.New("dp: the release could not be signed")
	ErrSize   = errors.New("dp: a release has too many cells")
)

// Charge proves that a loss was charged, for one release.
type Charge = proof.Charge

// Params says what a draw is charged for. Every field but External is required.
type Params struct {
	Charge  Charge           // from the ledger's Ticket, for these parameters; good for one draw
	Name    string           // of the release, as charged
	Account string           // population id of the account
	Entry   uint64           // position of the charge in the ledger; the opening entry is 0
	Mu2     accounting.Units // charged squared mu
	Delta   accounting.Units // charged delta; zero if and only if partitions are public
	Budget  Budget           // of the window that is charged

	Window     int32 // that was charged, and counted
	WindowFrom Day   // its first day
	WindowTo   Day   // the first day after it
	AsOf       Day   // last day that counts, as counted
	Since      Day   // the measure counts from this day on

	External External // draws Quantiles and Variance; other measures have no need of it
}

// Draw adds exact noise to the counts and returns the table, signed: every
// public cell, or every discovered cell whose noisy number of people reaches
// the threshold. Suppressed cells leave no trace. The release costs p.Mu2 and
// p.Delta, which p.Charge proves to have been charged, durably, before: see
// package dp/ledger. The engine's Release does both.
//
// Counts of one shard are not drawn: see [Merge]. A Counts is drawn once, and so is a
// Charge; a second Draw returns ErrDrawn or ErrCharge. Parameters that break a rule are
// refused before that.
func Draw(c *Counts, p Params, signer note.Signer) (Release, error) {
	if c == nil || c.take == nil {
		return Release{}, ErrCounts
	}
	if signer == nil {
		return Release{}, ErrSigner
	}
	if err := p.check(c.frame); err != nil {
		return Release{}, err
	}
	if c.frame.spec.External() && p.External.IsZero() {
		return Release{}, ErrExternal
	}
	if from := c.frame.from; from != nil && from.shard.Of != 1 {
		return Release{}, ErrShard
	}
	n, err := noiseFor(&c.frame.spec, p.Mu2, p.Delta)
	if err != nil {
		return Release{}, err
	}
	if !p.Charge.Is(p.charged()) {
		return Release{}, ErrCharge
	}
	return draw(c, &p, &n, signer)
}

// charged says what must have been charged.
func (p *Params) charged() proof.ChargeFields {
	mu2, _ := p.Mu2.MarshalText() // never fails
	delta, _ := p.Delta.MarshalText()
	return proof.ChargeFields{
		Account: p.Account, Entry: p.Entry, Name: p.Name, Window: p.Window, AsOf: int32(p.AsOf),
		Mu2: string(mu2), Delta: string(delta),
	}
}

// check holds what a release says of itself, and that no release alone breaks
// the promise of its window.
func (p *Params) check(f *frame) error {
	switch {
	case p.Window != f.window || p.AsOf != f.asOf:
		return ErrCounts
	case !contrib.ValidName(p.Name) || !contrib.ValidName(p.Account) || p.Entry == 0 || p.Window < 0:
		return ErrParams
	case !validDay(p.WindowFrom) || !validDay(p.WindowTo) || !validDay(p.AsOf) || !validDay(p.Since),
		p.WindowFrom >= p.WindowTo, p.AsOf >= p.WindowTo:
		return ErrParams
	}
	if err := p.Budget.Check(); err != nil {
		return err
	}
	rest := new(big.Rat).SetFloat64(p.Budget.Delta)
	if rest.Sub(rest, p.Delta.Rat()).Sign() <= 0 {
		return ErrExcess
	}
	total, err := accounting.Mu2For(p.Budget.target())
	if err != nil {
		return err
	}
	if p.Mu2.Cmp(total) > 0 {
		return ErrExcess
	}
	return nil
}

// draw takes the tally, once, and makes the release.
func draw(c *Counts, p *Params, n *Noise, signer note.Signer) (Release, error) {
	t := c.take()
	if t == nil {
		return Release{}, ErrDrawn
	}
	if !p.Charge.Take() {
		return Release{}, ErrCharge
	}
	cells, err := t.drawn(p, n)
	if err != nil {
		return Release{}, err
	}
	h := header(&t.frame.spec, p, n)
	h.Cells = len(cells)
	signed, err := sign(&h, cells, signer)
	if err != nil {
		return Release{}, err
	}
	return proof.NewRelease(h, cells, signed), nil
}

// drawn returns the cells that come out.
func (t *tally) drawn(p *Params, n *Noise) ([]Cell, error) {
	if t.frame.spec.External() {
		return t.external(p.External, n)
	}
	return t.release(n)
}

// release overwrites the exact values with noisy ones, in one batch in the order
// of the keys, and returns the cells that come out.
func (t *tally) release(n *Noise) ([]Cell, error) {
	if n.MinPeople > 0 {
		t.few(n.MinPeople)
	}
	if n.keep != nil {
		return t.chosen(n)
	}
	if err := t.addNoise(n); err != nil {
		return nil, err
	}
	cells := noise.Reaching(t.values, t.least(n), t.maker(n))
	if len(cells) > maxCells {
		return nil, ErrSize
	}
	return cells, nil
}

// addNoise adds independent noise to every value.
func (t *tally) addNoise(n *Noise) error {
	if n.Mechanism == discreteLaplace {
		l, err := noise.NewLaplace(n.scale)
		if err != nil {
			return err
		}
		return l.AddTo(t.values)
	}
	g, err := noise.NewGaussian(n.scale)
	if err != nil {
		return err
	}
	if n.CountSigma == 0 {
		return g.AddTo(t.values)
	}
	// People and sums stand in turn, with noise of their own.
	people, sums := make([]int64, len(t.values)/2), make([]int64, len(t.values)/2)
	for i := range people {
		people[i], sums[i] = t.values[2*i], t.values[2*i+1]
	}
	clear(t.values)
	defer clear(people)
	defer clear(sums)
	c, err := noise.NewGaussian(n.count)
	if err != nil {
		return err
	}
	if err := c.AddTo(people); err != nil {
		return err
	}
	if err := g.AddTo(sums); err != nil {
		return err
	}
	for i := range people {
		t.values[2*i], t.values[2*i+1] = people[i], sums[i]
	}
	return nil
}

// chosen returns the keys that the rule of selection lets out, each by a toss of its
// own. Keys with as many people have one probability, so it is looked up once for each.
func (t *tally) chosen(n *Noise) ([]Cell, error) {
	keep := map[int64]*big.Rat{}
	out := make([]bool, len(t.values))
	for i, v := range t.values {
		p, ok := keep[v]
		if !ok {
			p = n.keep.Keep(v)
			keep[v] = p
		}
		var err error
		if out[i], err = noise.Toss(p); err != nil {
			return nil, err
		}
	}
	kept := 0
	for i := range out { // what comes out says nothing of how many people it has
		t.values[i] = 0
		if out[i] {
			kept++
		}
	}
	if kept > maxCells {
		return nil, ErrSize
	}
	cells := make([]Cell, 0, kept)
	for i := range out {
		if out[i] {
			cells = append(cells, cellOf(t.cell(i), 0, 0))
		}
	}
	return cells, nil
}

// least is the least noisy value that is released.
func (t *tally) least(n *Noise) int64 {
	if t.frame.spec.Discovered {
		return n.Threshold
	}
	return noise.Everything
}

// maker returns what makes a cell of the i-th key and its noisy value.
func (t *tally) maker(n *Noise) func(i int, v int64) Cell {
	return func(i int, v int64) Cell {
		k := t.cell(i)
		if k.Part == contrib.PartCount {
			return cellOf(k, v, n.CountMargin)
		}
		return cellOf(k, v, n.Margin)
	}
}

// cellOf makes a cell whose interval saturates at the ends of int64.
func cellOf(k contrib.Key, v, margin int64) Cell {
	c := Cell{
		Segment: k.Segment, Category: k.Category, Group: k.Group, Item: k.Item, With: k.With, Part: k.Part,
		Value: v, Low: math.MinInt64, High: math.MaxInt64,
	}
	if v >= math.MinInt64+margin {
		c.Low = v - margin
	}
	if v <= math.MaxInt64-margin {
		c.High = v + margin
	}
	return c
}

// keyOf returns the names of a cell.
func keyOf(c *Cell) contrib.Key {
	return contrib.Key{Segment: c.Segment, Category: c.Category, Group: c.Group, Item: c.Item, With: c.With, Part: c.Part}
}

const (
	dateFormat = "2006-01-02"
	lastDay    = 2932896 // 9999-12-31
)

func validDay(d Day) bool { return d >= 0 && d <= lastDay }

func dayText(d Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(dateFormat) }
