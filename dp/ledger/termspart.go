package ledger

import (
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
)

// termsPart is the written form of Terms.
type termsPart struct {
	WindowDays   int              `json:"window_days"`
	Epsilon      float64          `json:"epsilon"`
	Delta        float64          `json:"delta"`
	Mu2          accounting.Units `json:"mu2"`
	ReserveDelta accounting.Units `json:"reserve_delta"`
	Bound        string           `json:"bound,omitempty"` // "zcdp" or "pld"
	Rho          accounting.Units `json:"rho,omitzero"`
	Windows      string           `json:"windows,omitempty"` // "rolling" or "data-days"
	Quotas       []quotaPart      `json:"quotas,omitempty"`
	Plan         []plannedPart    `json:"plan,omitempty"`
}

type quotaPart struct {
	Name  string           `json:"name"`
	Mu2   accounting.Units `json:"mu2"`
	Rho   accounting.Units `json:"rho"`
	Delta accounting.Units `json:"delta"`
}

// plannedPart is a mechanism; scale and sensitivity are fractions.
type plannedPart struct {
	Name        string  `json:"name"`
	Kind        string  `json:"kind"`
	Scale       string  `json:"scale,omitempty"`
	Sensitivity string  `json:"sensitivity,omitempty"`
	Epsilon     float64 `json:"epsilon,omitempty"`
	Delta       float64 `json:"delta,omitempty"`
	Count       int     `json:"count"`
}

// first reports whether the terms are of version 0.
func (p *termsPart) first() bool {
	return p.Bound == "" && p.Rho.IsZero() && p.Windows == "" && p.Quotas == nil && p.Plan == nil
}

// The written names, in the order of the constants.
func boundNames() []string  { return []string{"", "zcdp", "pld"} }
func windowNames() []string { return []string{"", "rolling", "data-days"} }
func kindNames() []string {
	return []string{"", "gaussian", "laplace", "discrete-laplace", "discrete-gaussian", "black-box"}
}

func partOf(t Terms) termsPart {
	p := termsPart{
		WindowDays: t.WindowDays, Epsilon: t.Epsilon, Delta: t.Delta, Mu2: t.Mu2, ReserveDelta: t.ReserveDelta,
		Bound: boundNames()[t.Bound], Rho: t.Rho, Windows: windowNames()[t.Windows],
	}
	for _, q := range t.Quotas {
		p.Quotas = append(p.Quotas, quotaPart(q))
	}
	for _, m := range t.Plan {
		part := plannedPart{Name: m.Name, Epsilon: m.Mechanism.Epsilon, Delta: m.Mechanism.Delta, Count: m.Mechanism.Count}
		if k := int(m.Mechanism.Kind); k < len(kindNames()) {
			part.Kind = kindNames()[k]
		}
		if r := m.Mechanism.Scale; r != nil {
			part.Scale = r.String()
		}
		if r := m.Mechanism.Sensitivity; r != nil {
			part.Sensitivity = r.String()
		}
		p.Plan = append(p.Plan, part)
	}
	return p
}

// terms reads the written form.
func (p *termsPart) terms() (Terms, error) {
	t := Terms{
		Epsilon: p.Epsilon, Delta: p.Delta, Mu2: p.Mu2, Rho: p.Rho, ReserveDelta: p.ReserveDelta, WindowDays: p.WindowDays,
	}
	bound, windows := indexOf(boundNames(), p.Bound), indexOf(windowNames(), p.Windows)
	if bound < 0 || windows < 0 {
		return Terms{}, errRecord
	}
	t.Bound, t.Windows = Bound(bound), WindowKind(windows)
	for _, q := range p.Quotas {
		t.Quotas = append(t.Quotas, Quota(q))
	}
	for _, m := range p.Plan {
		kind := indexOf(kindNames(), m.Kind)
		scale, err1 := ratOf(m.Scale)
		sensitivity, err2 := ratOf(m.Sensitivity)
		if kind < 1 || err1 != nil || err2 != nil {
			return Terms{}, errRecord
		}
		t.Plan = append(t.Plan, Planned{m.Name, accounting.Mechanism{
			Kind: accounting.MechanismKind(kind), Scale: scale, Sensitivity: sensitivity, Epsilon: m.Epsilon, Delta: m.Delta, Count: m.Count,
		}})
	}
	return t, nil
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// ratOf reads a fraction in lowest terms; "" is none.
func ratOf(text string) (*big.Rat, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > 256 {
		return nil, errRecord
	}
	num, denom, ok := cut(text)
	if !ok {
		return nil, errRecord
	}
	r := new(big.Rat).SetFrac(num, denom)
	if r.String() != text {
		return nil, errRecord
	}
	return r, nil
}

func cut(text string) (num, denom *big.Int, ok bool) {
	for i := range text {
		if text[i] == '/' {
			n, ok1 := new(big.Int).SetString(text[:i], 10)
			d, ok2 := new(big.Int).SetString(text[i+1:], 10)
			return n, d, ok1 && ok2 && d.Sign() > 0
		}
	}
	return nil, nil, false
}
