package plan

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// DefaultReserve is the part of delta that is set aside for thresholds where a
// discovered measure is declared.
const DefaultReserve = 0.1

const nano = 1_000_000_000

// Errors of planning.
var (
	ErrUndeclared = errors.New("plan: no measure is declared under that name")
	ErrDuplicate  = errors.New("plan: two measures or two lines have one name, or one measure is declared in two ways")
	ErrReserve    = errors.New("plan: Config.ReserveShare is at most 0.9, and more than 0 with a discovered measure")
	ErrShare      = contrib.ErrShare
)

// Config is what a plan is made of.
type Config struct {
	Budget dp.Budget
	Specs  []contrib.Spec // the declared measures, with their planned shares

	// ReserveShare is the part of Budget.Delta that is set aside for the
	// thresholds of discovered measures. Optional: nil means DefaultReserve
	// where there is a discovered measure, and none otherwise.
	ReserveShare *float64
}

// SharesError says that the planned shares add up to more than one, or, in a
// [Period], leave next to nothing to the lines without a share.
type SharesError struct {
	Sum   float64 // of the planned shares
	Scale float64 // every share times Scale fits
}

// Error tells the sum and the factor that would do.
func (e *SharesError) Error() string {
	return fmt.Sprintf("plan: the shares of the measures add up to %.4g; multiplied by %.4g they fit", e.Sum, e.Scale)
}

// Plan is a budget and what measures get of it. It does not change and is safe
// for concurrent use.
type Plan struct {
	budget      dp.Budget
	mu2         accounting.Units // of a window
	reserve     accounting.Units // delta of a window, for thresholds
	discovered  int64            // sum of the shares of discovered measures, in billionths
	specs       []contrib.Spec
	predictions []Prediction
}

// New checks the budget and the shares and predicts every declared measure. It
// returns an error of [dp.Budget.Check], ErrDuplicate, ErrReserve, a
// *SharesError, or the error of a measure that cannot be released at its share.
// It takes some milliseconds.
func New(c Config) (*Plan, error) {
	if err := c.Budget.Check(); err != nil {
		return nil, err
	}
	p := &Plan{budget: c.Budget, specs: slices.Clone(c.Specs)}
	var sum int64
	for i, s := range p.specs {
		if slices.ContainsFunc(p.specs[:i], func(o contrib.Spec) bool { return o.Name == s.Name }) {
			return nil, ErrDuplicate
		}
		if s.ShareNano < 1 || s.ShareNano > nano {
			return nil, ErrShare
		}
		sum += s.ShareNano
		if s.Discovered {
			p.discovered += s.ShareNano
		}
	}
	if sum > nano {
		return nil, &SharesError{Sum: float64(sum) / nano, Scale: fitting(nano-int64(len(p.specs)), sum)}
	}
	if err := p.totals(c.ReserveShare); err != nil {
		return nil, err
	}
	for i := range p.specs {
		q, err := p.predict(&p.specs[i], p.specs[i].ShareNano)
		if err != nil {
			return nil, fmt.Errorf("plan: measure %d: %w", i, err)
		}
		p.predictions = append(p.predictions, q)
	}
	return p, nil
}

// fitting returns a factor of four digits that makes shares of that sum fit into
// room, which leaves a billionth for the rounding of each.
func fitting(room, sum int64) float64 {
	f := float64(room) / float64(sum)
	digits := math.Pow(10, 3-math.Floor(math.Log10(f)))
	return math.Floor(f*digits) / digits
}

// totals splits delta into the reserve and what Gaussian noise may use, and
// turns the latter into mu^2. Both are rounded down.
func (p *Plan) totals(reserve *float64) error {
	share := 0.0
	switch {
	case reserve != nil:
		share = *reserve
	case p.discovered > 0:
		share = DefaultReserve
	}
	if !(share >= 0 && share <= 0.9) || share == 0 && p.discovered > 0 {
		return ErrReserve
	}
	all, err := accounting.UnitsDown(new(big.Rat).SetFloat64(p.budget.Delta))
	if err != nil {
		return err
	}
	if p.reserve, err = all.Share(int64(math.Round(share * nano))); err != nil {
		return err
	}
	if p.reserve.IsZero() && share > 0 {
		return ErrReserve
	}
	p.mu2, err = accounting.Mu2For(accounting.Target{Epsilon: p.budget.Epsilon, Delta: p.rest()})
	return err
}

// rest returns the delta that Gaussian noise may use, rounded down.
func (p *Plan) rest() float64 {
	delta := new(big.Rat).SetFloat64(p.budget.Delta)
	return floatDown(delta.Sub(delta, p.reserve.Rat()))
}

// floatDown returns the largest float that is at most r.
func floatDown(r *big.Rat) float64 {
	f, _ := r.Float64()
	if new(big.Rat).SetFloat64(f).Cmp(r) > 0 {
		f = math.Nextafter(f, 0)
	}
	return f
}

// Budget returns the budget that was planned for.
func (p *Plan) Budget() dp.Budget { return p.budget }

// Totals returns what a window may spend: squared mu, and the delta reserve.
func (p *Plan) Totals() (mu2, delta accounting.Units) { return p.mu2, p.reserve }

// Charge returns what a release of a declared measure pays for a share of the
// window's mu^2 in billionths. A discovered measure also pays delta, in
// proportion to its planned share; beyond that share it pays more mu^2 but no
// more delta, so that one measure does not eat the reserve of the others. It
// returns ErrUndeclared or ErrShare.
func (p *Plan) Charge(measure string, shareNano int64) (mu2, delta accounting.Units, err error) {
	s, err := p.spec(measure)
	if err != nil {
		return accounting.Units{}, accounting.Units{}, err
	}
	return p.charge(s, shareNano)
}

func (p *Plan) spec(measure string) (*contrib.Spec, error) {
	for i := range p.specs {
		if p.specs[i].Name == measure {
			return &p.specs[i], nil
		}
	}
	return nil, ErrUndeclared
}

func (p *Plan) charge(s *contrib.Spec, shareNano int64) (mu2, delta accounting.Units, err error) {
	if shareNano < 1 || shareNano > nano {
		return mu2, delta, ErrShare
	}
	if mu2, err = p.mu2.Share(shareNano); err != nil || !s.Discovered {
		return mu2, delta, err
	}
	part := new(big.Rat).SetFrac64(min(shareNano, s.ShareNano), p.discovered)
	delta, err = accounting.UnitsDown(part.Mul(part, p.reserve.Rat()))
	return mu2, delta, err
}
