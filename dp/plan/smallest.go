package plan

import (
	"errors"
	"math"
	"strconv"

	"github.com/discreet-go/discreet/dp/accounting"
)

// ErrNoTarget is returned where nothing says how exact a period is to be.
var ErrNoTarget = errors.New("plan: no line of the period has a target")

// ErrNoEpsilon is returned where the targets of a period need more than
// accounting.MaxEpsilon.
var ErrNoEpsilon = errors.New("plan: no epsilon of the envelope is enough for the targets")

// tries bounds the steps from a number that almost does to one that does.
const tries = 200

// SmallestEpsilon returns the smallest epsilon, in five digits, rounded up, with
// which [Allocate] fits the period at the delta of its Budget; Budget.Epsilon is not
// looked at. It returns the errors of Allocate but *ImpossibleError, ErrNoTarget or
// ErrNoEpsilon. It takes up to a few hundred milliseconds.
func SmallestEpsilon(p Period) (float64, error) {
	p.Budget.Epsilon = 1 // where to begin
	if err := p.Budget.Check(); err != nil {
		return 0, err
	}
	w, err := p.check()
	switch {
	case err != nil:
		return 0, err
	case !w.targets:
		return 0, ErrNoTarget
	}
	epsilon, err := w.smallest()
	if err == nil && epsilon == 0 {
		return 0, ErrNoEpsilon
	}
	return epsilon, err
}

// smallest returns 0 where no epsilon fits.
func (w *work) smallest() (float64, error) {
	v := *w
	p := w.period
	for range 30 {
		totals, err := v.totals()
		if err != nil {
			return 0, err
		}
		_, sum, err := v.needs(totals.mu2.Float64(), totals.reserve.Float64(), 0)
		if err != nil {
			return 0, err
		}
		mu := math.Sqrt(sum / v.available())
		if mu > float64(accounting.MaxMu) {
			return 0, nil
		}
		next, err := accounting.EpsilonForMu(accounting.Mu(mu), totals.rest())
		if err != nil {
			return 0, err
		}
		if next > accounting.MaxEpsilon {
			return 0, nil
		}
		next = math.Max(next, accounting.MinEpsilon)
		near := math.Abs(next/v.period.Budget.Epsilon-1) < 3e-6
		v.period.Budget.Epsilon = next
		if near {
			break
		}
	}
	return firstFit(v.period.Budget.Epsilon, func(epsilon float64) error {
		if epsilon > accounting.MaxEpsilon {
			return errNone
		}
		p.Budget.Epsilon = epsilon
		return p.fits()
	})
}

// fits does just what Allocate does, so that what it finds to fit does.
func (p Period) fits() error {
	w, err := p.check()
	if err != nil {
		return err
	}
	_, err = w.allocate()
	return err
}

// impossible makes the error of a period that does not fit.
func (w *work) impossible() error {
	totals, err := w.totals()
	if err != nil {
		return err
	}
	mu2, reserve := totals.mu2.Float64(), totals.reserve.Float64()
	_, sum, err := w.needs(mu2, reserve, 0)
	if err != nil {
		return err
	}
	e := &ImpossibleError{Need: math.Max(sum/mu2+1-w.available(), math.Nextafter(1, 2))}
	if e.Epsilon, err = w.smallest(); err != nil {
		return err
	}
	fits := func(k float64) (bool, error) {
		v, err := w.loosen(k)
		if err != nil {
			return false, err
		}
		limit := v.available() * mu2
		_, sum, err := v.needs(mu2, reserve, limit)
		return sum <= limit, err
	}
	// Twice the noise costs a quarter, but for rounding and thresholds.
	guess := math.Sqrt(sum / (w.available() * mu2))
	lo, hi := math.Max(1, guess*0.95), guess
	if ok, err := fits(lo); err != nil {
		return err
	} else if ok {
		lo, hi = 1, lo
	}
	for ok := false; !ok; {
		if ok, err = fits(hi); err != nil {
			return err
		}
		if !ok {
			lo, hi = hi, hi*1.02
		}
	}
	for hi > lo*(1+1e-5) {
		mid := (lo + hi) / 2
		ok, err := fits(mid)
		if err != nil {
			return err
		}
		if ok {
			hi = mid
		} else {
			lo = mid
		}
	}
	e.Scale, err = firstFit(lo, func(k float64) error {
		return w.times(k).fits()
	})
	if err != nil {
		return err
	}
	return e
}

// times returns the period with every target k times as loose.
func (w *work) times(k float64) Period {
	p := w.period
	p.Lines = append([]Line(nil), p.Lines...)
	for i := range p.Lines {
		if !p.Lines[i].Target.isZero() {
			p.Lines[i].Target = p.Lines[i].Target.times(k)
		}
	}
	return p
}

// loosen is times for numbers on the way: nothing is checked again, and counts need
// not be whole.
func (w *work) loosen(k float64) (*work, error) {
	v := *w
	v.tasks = append([]task(nil), w.tasks...)
	for i := range v.tasks {
		t := &v.tasks[i]
		if !t.target() {
			continue
		}
		t.loose = k
		t.need /= k * k
		if t.spec.Discovered {
			continue
		}
		var err error
		if t.need, err = leastMu2(t, accounting.Units{}, t.need); err != nil {
			return nil, err
		}
	}
	return &v, nil
}

var errNone = errors.New("plan: none")

// firstFit returns the first number of five digits from x on that fits does not call
// short; 0 for errNone. The steps grow, in case x was far off.
func firstFit(x float64, fits func(float64) error) (float64, error) {
	for i := range tries {
		x = upDigits(x)
		switch err := fits(x); err {
		case nil:
			return x, nil
		case errShort:
		case errNone:
			return 0, nil
		default:
			return 0, err
		}
		x *= 1 + math.Ldexp(1e-7, i/8)
	}
	return 0, errShort
}

// upDigits rounds up to five digits, to the float that they are read as.
func upDigits(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 4, 64), 64)
	if y < x {
		y, _ = strconv.ParseFloat(strconv.FormatFloat(x+math.Pow(10, math.Floor(math.Log10(x))-4), 'e', 4, 64), 64)
	}
	return y
}
