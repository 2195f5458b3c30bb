package dp

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/discreet-go/discreet/internal/exact"
)

// String says it in plain sentences, one a line, for people who have to decide or
// to consent. Every bound is rounded up; the sentences depend on the numbers alone.
func (e Explanation) String() string {
	if e.Format == "" || len(e.Tests) == 0 || len(e.Beliefs) == 0 {
		return "This explains nothing."
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	var loss string
	if e.Of.Epsilon > 0 {
		loss = fmt.Sprintf("(%s, %s)-differential privacy", up(e.Epsilon, 4), up(e.Delta, 3))
	} else {
		loss = up(e.Mu, 4) + "-Gaussian differential privacy"
		if e.Delta > 0 {
			loss += fmt.Sprintf(", but for a probability of at most %s that it fails", up(e.Delta, 3))
		}
	}
	line("The loss: %s. It covers %s and a person known under %s.", loss, some(e.Of.Windows, "window"), some(e.Of.Identifiers, "identifier"))
	line("Suppose somebody knows everything about everybody else, and about this person everything but whether their record was in the data.")
	even := e.Beliefs[0]
	line("Where a coin decides that, a guess is right in 50 %% of cases. With all that was released, it is right in at most %s.", percentUp(even.Right))
	for _, t := range e.Tests {
		line("A test that is wrong about %s of the people who are not in the data finds at most %s of those who are.", percent(t.Alarms), percentUp(t.Finds))
	}
	for _, x := range e.Beliefs[1:] {
		line("If they are in the data, who gave that a chance of %s beforehand gives it at most %s afterwards with probability 95 %%, and at most %s with probability 99 %%.",
			percent(x.Prior), percentUp(x.Mostly), percentUp(x.Nearly))
	}
	if e.Advantage >= 1 {
		line("So large a loss rules nothing out.")
	}
	return b.String()
}

// some writes a number with its unit.
func some(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// percent writes a probability that was chosen, not computed, in per cent.
func percent(p float64) string {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(p, 'g', -1, 64))
	if !ok {
		return "100 %"
	}
	return inPercent(r)
}

// percentUp writes a bound in per cent, rounded up.
func percentUp(p float64) string {
	r := new(big.Rat).SetFloat64(p)
	if r == nil {
		return "100 %"
	}
	return inPercent(r)
}

// inPercent rounds up to a tenth of a per cent, and more finely close to 0 and 100.
func inPercent(r *big.Rat) string {
	r = new(big.Rat).Mul(r, big.NewRat(100, 1))
	rest := new(big.Rat).Sub(big.NewRat(100, 1), r)
	if r.Cmp(rest) < 0 {
		rest = r
	}
	places := 1
	for least := big.NewRat(10, 1); places < 6 && rest.Sign() > 0 && rest.Cmp(least) < 0; least.Quo(least, big.NewRat(10, 1)) {
		places++
	}
	return trim(decimalUp(r, places)) + " %"
}

// up writes a number that is not negative, rounded up to the given digits; where
// those digits are a spelling of the number itself, they are it.
func up(x float64, digits int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "more than can be said"
	}
	for y := x; ; y = upward(y * (1 + 0.3*math.Pow10(1-digits))) {
		s := strconv.FormatFloat(y, 'g', digits, 64)
		s = strconv.FormatFloat(parsed(s), 'g', -1, 64)
		if parsed(s) >= x {
			return s
		}
	}
}

func parsed(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// decimalUp writes r, rounded up to so many decimal places.
func decimalUp(r *big.Rat, places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	n := exact.CeilQuo(new(big.Int).Mul(r.Num(), scale), r.Denom())
	return new(big.Rat).SetFrac(n, scale).FloatString(places)
}

// trim takes zeros off the end of a decimal fraction.
func trim(s string) string {
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
