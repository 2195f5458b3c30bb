package audit

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

// ErrTiny is returned for a domain that has nothing to enumerate, or too much.
var ErrTiny = errors.New("audit: a tiny domain has records, a function, and at most 2^22 neighbouring pairs")

// ErrSensitivity is returned where one person changes more than is claimed.
var ErrSensitivity = errors.New("audit: one person changes more than is claimed")

// ErrThreshold is returned for a threshold that keeps what it must not, or the reverse.
var ErrThreshold = errors.New("audit: the threshold is not where it is claimed")

// ErrFit is returned for draws that cannot be compared with a distribution.
var ErrFit = errors.New("audit: fitting takes at least 1000 draws, and probabilities from 0 to 1 that fill most of the distribution")

// Tiny is a domain small enough to try every neighbouring pair of inputs.
type Tiny[R any] struct {
	// Records is all that can happen to one person at once.
	Records []R
	// MaxRecords is how many of them a person has at the most; every order and
	// repetition is tried.
	MaxRecords int
	// MaxOthers is how many other people there are at the most.
	MaxOthers int
	// Vector returns the exact bounded table before noise, people in the order given.
	Vector func(people [][]R) (map[string]int64, error)
}

// Norms say by how much one person changes a table.
type Norms struct {
	L0        int      // cells
	L1        *big.Int // sum over cells
	L2Squared *big.Int // sum of squares over cells
	LInf      *big.Int // in one cell
}

// Sensitivity adds every possible person, at the end and at the start, to every
// possible database of the domain and returns the largest change in each norm,
// exactly. It makes (sum over k <= MaxRecords of len(Records)^k) to the power of
// MaxOthers+1 pairs. Errors: ErrTiny, that of Vector.
func Sensitivity[R any](t Tiny[R]) (Norms, error) {
	worst := Norms{L1: new(big.Int), L2Squared: new(big.Int), LInf: new(big.Int)}
	if len(t.Records) == 0 || t.MaxRecords < 1 || t.MaxOthers < 0 || t.Vector == nil {
		return worst, ErrTiny
	}
	size, term := 1.0, 1.0
	for range t.MaxRecords {
		term *= float64(len(t.Records))
		size += term
	}
	if math.Pow(size, float64(t.MaxOthers+1)) > 1<<22 {
		return worst, ErrTiny
	}
	persons := [][]R{nil}
	for from := 0; from < len(persons); from++ {
		if p := persons[from]; len(p) < t.MaxRecords {
			for _, r := range t.Records {
				persons = append(persons, append(append([]R(nil), p...), r))
			}
		}
	}
	var try func(others [][]R) error
	try = func(others [][]R) error {
		base, err := t.Vector(others)
		if err != nil {
			return err
		}
		for _, p := range persons {
			last := append(append([][]R(nil), others...), p)
			first := append([][]R{p}, others...)
			for i, people := range [][][]R{last, first} {
				if i == 1 && len(others) == 0 {
					continue
				}
				v, err := t.Vector(people)
				if err != nil {
					return err
				}
				worst.raise(base, v)
			}
			if len(others) < t.MaxOthers {
				if err := try(last); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return worst, try(nil)
}

// raise takes the change from a to b into account. A key that is in one table
// alone changes a cell even if its value is 0.
func (n *Norms) raise(a, b map[string]int64) {
	l0, l1, l2, linf := 0, new(big.Int), new(big.Int), new(big.Int)
	change := func(x, y int64, both bool) {
		d := new(big.Int).Sub(big.NewInt(x), big.NewInt(y))
		d.Abs(d)
		if d.Sign() == 0 && both {
			return
		}
		l0++
		l1.Add(l1, d)
		l2.Add(l2, new(big.Int).Mul(d, d))
		if d.Cmp(linf) > 0 {
			linf.Set(d)
		}
	}
	for k, x := range a {
		y, ok := b[k]
		change(x, y, ok)
	}
	for k, y := range b {
		if _, ok := a[k]; !ok {
			change(0, y, false)
		}
	}
	n.L0 = max(n.L0, l0)
	for _, p := range []struct{ worst, now *big.Int }{{n.L1, l1}, {n.L2Squared, l2}, {n.LInf, linf}} {
		if p.now.Cmp(p.worst) > 0 {
			p.worst.Set(p.now)
		}
	}
}

// Within returns ErrSensitivity, with the norm and both numbers, if a norm is
// larger than claimed. Norms that the claim leaves at 0 or nil are not compared.
func (n Norms) Within(claim Norms) error {
	if claim.L0 > 0 && n.L0 > claim.L0 {
		return fmt.Errorf("%w: L0 is %d, claimed %d", ErrSensitivity, n.L0, claim.L0)
	}
	for _, p := range []struct {
		name       string
		is, claims *big.Int
	}{{"L1", n.L1, claim.L1}, {"L2 squared", n.L2Squared, claim.L2Squared}, {"L-infinity", n.LInf, claim.LInf}} {
		if p.claims != nil && p.is != nil && p.is.Cmp(p.claims) > 0 {
			return fmt.Errorf("%w: %s is %s, claimed %s", ErrSensitivity, p.name, p.is, p.claims)
		}
	}
	return nil
}

// Threshold returns ErrThreshold unless keeps is true from t on and false
// below: at t and t-1, next to them, and at the ends of int64.
func Threshold(t int64, keeps func(noisy int64) bool) error {
	for _, x := range []int64{t - 2, t - 1, t, t + 1, 0, 1, -1, math.MinInt64, math.MaxInt64} {
		if keeps(x) != (x >= t) {
			return fmt.Errorf("%w: claimed %d, wrong at %d", ErrThreshold, t, x)
		}
	}
	return nil
}

// Fit compares draws with the probabilities that are claimed for them, by
// Pearson's chi-square over groups of values with at least 50 draws expected.
// It returns the probability of draws that fit worse, if the claim is true:
// reject below 1e-6, say. Draws at which pmf is 0 give 0. The distribution must
// lie within 2^20 of 0 but for a millionth; else ErrFit.
func Fit(draws []int64, pmf func(x int64) float64) (float64, error) {
	n := float64(len(draws))
	if len(draws) < 1000 || pmf == nil {
		return 0, ErrFit
	}
	count := make(map[int64]int, 1024)
	for _, x := range draws {
		count[x]++
	}
	total := pmf(0)
	reach := int64(0)
	for total < 1-1e-6 && reach < 1<<20 {
		reach++
		total += pmf(reach) + pmf(-reach)
	}
	if !(total >= 1-1e-6 && total < 1+1e-6) {
		return 0, ErrFit
	}
	type group struct{ seen, want float64 }
	var groups []group
	now, inside := group{}, 0
	for x := -reach; x <= reach; x++ {
		p := pmf(x)
		if !(p >= 0 && p <= 1) {
			return 0, ErrFit
		}
		if p == 0 && count[x] > 0 {
			return 0, nil
		}
		now.seen += float64(count[x])
		now.want += n * p
		inside += count[x]
		if now.want >= 50 {
			groups = append(groups, now)
			now = group{}
		}
	}
	// What lies beyond reach, and what is left over, joins the last group.
	for x := range count {
		if (x < -reach || x > reach) && !(pmf(x) > 0) {
			return 0, nil
		}
	}
	now.seen += n - float64(inside)
	now.want += n * max(0, 1-total)
	if len(groups) > 0 {
		groups[len(groups)-1].seen += now.seen
		groups[len(groups)-1].want += now.want
	}
	if len(groups) < 2 {
		return 0, ErrFit
	}
	chi2 := 0.0
	for _, g := range groups {
		chi2 += (g.seen - g.want) * (g.seen - g.want) / g.want
	}
	return gammaQ(float64(len(groups)-1)/2, chi2/2), nil
}

// gammaQ returns the regularised upper incomplete gamma function (Abramowitz
// and Stegun 6.5.29, 6.5.31).
func gammaQ(a, x float64) float64 {
	if x <= 0 {
		return 1
	}
	lg, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - lg)
	if x < a+1 {
		sum, term := 1/a, 1/a
		for k := 1; k < 1_000_000 && term > 1e-16*sum; k++ {
			term *= x / (a + float64(k))
			sum += term
		}
		return max(0, 1-front*sum)
	}
	b := x + 1 - a
	c, d := 1e300, 1/b
	h := d
	for i := 1; i < 1_000_000; i++ {
		an := -float64(i) * (float64(i) - a)
		b += 2
		d = 1 / (an*d + b)
		c = b + an/c
		h *= d * c
		if math.Abs(d*c-1) < 1e-15 {
			break
		}
	}
	return front * h
}
