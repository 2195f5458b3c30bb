package ledger

import (
	"context"
	"math/big"
	"slices"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// MaxWindowDays is the longest accounting window, and the longest look-back.
const MaxWindowDays = 400

// Bound says which theorem certifies a window.
type Bound uint8

const (
	// GDP: the squared mu of the charges of a window sum to at most Terms.Mu2. Each
	// charge may be chosen from earlier answers (Smith and Thakurta 2022).
	GDP Bound = iota
	// ZCDP: the rho of the charges of a window sum to at most Terms.Rho. Each
	// charge may be chosen from earlier answers (Feldman and Zrnic 2021; with an
	// additive delta: Whitehouse, Ramdas, Rogers and Wu 2023).
	ZCDP
	// PLD: the mechanisms are those of Terms.Plan, fixed at the opening, and their
	// privacy loss distributions together hold (Epsilon, Delta - ReserveDelta).
	// What each of them counts may be chosen from earlier answers; which of them
	// there are, and their noise, may not.
	PLD
)

// WindowKind says what the totals are for.
type WindowKind uint8

const (
	// Fixed: the releases of each window of WindowDays days, counted from the
	// opening.
	Fixed WindowKind = iota
	// Rolling: the releases of any WindowDays consecutive days.
	Rolling
	// DataDays: all releases ever, as far as they read one day's data (block
	// composition). The unit is what a person did on one day. Every request
	// declares how many days it reads. WindowDays is 1: a name is good for the
	// release day.
	DataDays
)

// Terms are the totals of every window of an account. Epsilon and Delta are
// what is promised; Mu2 or Rho and ReserveDelta are what may be spent, and
// opening checks that they hold the promise.
type Terms struct {
	Epsilon      float64          // in the envelope of [accounting.Target]
	Delta        float64          // likewise
	Bound        Bound            // GDP unless set
	Mu2          accounting.Units // with GDP, squared mu, above zero; else zero
	Rho          accounting.Units // with ZCDP, above zero; else zero
	ReserveDelta accounting.Units // additive delta for thresholds; zero where nothing uses it, below Delta
	Windows      WindowKind       // Fixed unless set
	WindowDays   int              // 1 to MaxWindowDays; 1 with DataDays
	Quotas       []Quota          // inside the totals, sorted by name; optional, at most 64, none with PLD
	Plan         []Planned        // with PLD, sorted by name, 1 to 64; else none. Windows is Fixed then
}

// Quota limits what the charges that name it may sum to, in the window, inside
// the total: for a purpose, or for an analyst. Parts of the loss that do not
// certify the account are not limited.
type Quota struct {
	Name  string           // 1 to 64 of a-z, 0-9, dot, dash, underscore
	Mu2   accounting.Units // with GDP, at most Terms.Mu2
	Rho   accounting.Units // with ZCDP, at most Terms.Rho
	Delta accounting.Units // at most Terms.ReserveDelta
}

// Planned is a mechanism of a plan. Mechanism.Count says how many releases of
// it a window may hold.
type Planned struct {
	Name      string // like that of a Quota
	Mechanism accounting.Mechanism
}

// Equal reports whether t and u are the same terms.
func (t Terms) Equal(u Terms) bool {
	quotas, plan := t.Quotas, t.Plan
	if !slices.Equal(quotas, u.Quotas) || !slices.EqualFunc(plan, u.Plan, Planned.equal) {
		return false
	}
	return t.bare() == u.bare()
}

func (p Planned) equal(q Planned) bool {
	m, n := p.Mechanism, q.Mechanism
	return p.Name == q.Name && m.Kind == n.Kind && m.Epsilon == n.Epsilon && m.Delta == n.Delta && m.Count == n.Count &&
		sameRat(m.Scale, n.Scale) && sameRat(m.Sensitivity, n.Sensitivity)
}

func sameRat(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }

// bareTerms are the terms without their lists.
type bareTerms struct {
	epsilon, delta          float64
	bound                   Bound
	mu2, rho, reserve       accounting.Units
	windows                 WindowKind
	windowDays, quotas, all int
}

func (t Terms) bare() bareTerms {
	return bareTerms{t.Epsilon, t.Delta, t.Bound, t.Mu2, t.Rho, t.ReserveDelta, t.Windows, t.WindowDays, len(t.Quotas), len(t.Plan)}
}

// valid reports whether the terms follow the rules of their fields.
func (t Terms) valid() bool {
	if (accounting.Target{Epsilon: t.Epsilon, Delta: t.Delta}).Check() != nil ||
		t.ReserveDelta.Rat().Cmp(new(big.Rat).SetFloat64(t.Delta)) >= 0 ||
		t.WindowDays < 1 || t.WindowDays > MaxWindowDays {
		return false
	}
	switch t.Bound {
	case GDP:
		if t.Mu2.IsZero() || !t.Rho.IsZero() || t.Mu2.Cmp(accounting.MaxUnits()) == 0 {
			return false
		}
	case ZCDP:
		if !t.Mu2.IsZero() || t.Rho.IsZero() || t.Rho.Cmp(accounting.MaxUnits()) == 0 {
			return false
		}
	case PLD:
		if !t.Mu2.IsZero() || !t.Rho.IsZero() || t.Windows != Fixed || len(t.Quotas) > 0 {
			return false
		}
	default:
		return false
	}
	if t.Windows > DataDays || t.Windows == DataDays && t.WindowDays != 1 {
		return false
	}
	return t.validQuotas() && t.validPlan()
}

func (t Terms) validQuotas() bool {
	total := t.total()
	for i, q := range t.Quotas {
		if !contrib.ValidName(q.Name) || i > 0 && t.Quotas[i-1].Name >= q.Name {
			return false
		}
		if (t.Bound == GDP) != q.Rho.IsZero() || (t.Bound == ZCDP) != q.Mu2.IsZero() || !(Loss{q.Mu2, q.Rho, q.Delta}).within(total) {
			return false
		}
	}
	return len(t.Quotas) <= 64
}

func (t Terms) validPlan() bool {
	for i, p := range t.Plan {
		if !contrib.ValidName(p.Name) || i > 0 && t.Plan[i-1].Name >= p.Name || p.Mechanism.Count < 1 {
			return false
		}
	}
	return len(t.Plan) <= 64 && (t.Bound == PLD) == (len(t.Plan) > 0)
}

// certify checks that what may be spent holds what is promised: the spent bound
// implies (Epsilon, Delta - ReserveDelta)-DP, to which the reserve adds.
func (t Terms) certify(ctx context.Context) error {
	rest := new(big.Rat).SetFloat64(t.Delta)
	rest.Sub(rest, t.ReserveDelta.Rat())
	delta, exact := rest.Float64()
	if !exact && new(big.Rat).SetFloat64(delta).Cmp(rest) > 0 {
		delta = down(delta)
	}
	holds := false
	switch t.Bound {
	case GDP:
		needed, err := accounting.DeltaForMu(t.Epsilon, accounting.MuUp(t.Mu2))
		holds = err == nil && needed <= delta
	case ZCDP:
		rho, _ := t.Rho.Rat().Float64()
		needed, err := accounting.EpsilonForRho(accounting.Rho(up(rho)), delta)
		holds = err == nil && needed <= t.Epsilon
	case PLD:
		mechanisms := make([]accounting.Mechanism, len(t.Plan))
		for i, p := range t.Plan {
			mechanisms[i] = p.Mechanism
		}
		l, err := accounting.Compose(mechanisms)
		if err != nil {
			return ErrTerms
		}
		bounds, err := l.Delta(ctx, t.Epsilon)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		holds = err == nil && bounds.Upper <= delta
	}
	if !holds {
		return ErrPromise
	}
	return nil
}

// total is what a window may hold.
func (t Terms) total() Loss {
	none := accounting.MaxUnits()
	switch t.Bound {
	case ZCDP:
		return Loss{none, t.Rho, t.ReserveDelta}
	case PLD:
		return Loss{none, none, t.ReserveDelta}
	}
	return Loss{t.Mu2, none, t.ReserveDelta}
}

// quota returns the limit of a quota, and whether there is one.
func (t Terms) quota(name string) (Loss, bool) {
	i, ok := slices.BinarySearchFunc(t.Quotas, name, func(q Quota, name string) int {
		switch {
		case q.Name < name:
			return -1
		case q.Name > name:
			return 1
		}
		return 0
	})
	if !ok {
		return Loss{}, false
	}
	q, none := t.Quotas[i], accounting.MaxUnits()
	if t.Bound == ZCDP {
		return Loss{none, q.Rho, q.Delta}, true
	}
	return Loss{q.Mu2, none, q.Delta}, true
}

// planned returns a mechanism of the plan, or nil.
func (t Terms) planned(name string) *Planned {
	for i := range t.Plan {
		if t.Plan[i].Name == name {
			return &t.Plan[i]
		}
	}
	return nil
}

// period is the length of a window of the log, in days; span is over how many
// of them the totals reach.
func (t Terms) period() int32 {
	if t.Windows == Fixed {
		return int32(t.WindowDays)
	}
	return 1
}

func (t Terms) span() int32 {
	if t.Windows == Rolling {
		return int32(t.WindowDays)
	}
	return 1
}
