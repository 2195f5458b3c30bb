package noise_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

func discrete(t testing.TB, sigma float64) *noise.DiscreteGaussian {
	t.Helper()
	s, err := noise.NewScale(new(big.Rat).SetFloat64(sigma))
	if err != nil {
		t.Fatal(err)
	}
	g, err := noise.NewDiscreteGaussian(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func drawDiscrete(t testing.TB, sigma float64, n int) []int64 {
	t.Helper()
	out := make([]int64, n)
	if err := discrete(t, sigma).Fill(out); err != nil {
		t.Fatal(err)
	}
	return out
}

// discreteLaw is the law of the discrete Gaussian, summed from its weights.
func discreteLaw(sigma float64) law {
	reach := int64(math.Ceil(9*sigma)) + 2
	sums := make([]float64, reach+1) // sums[k] = weight of all j <= -k
	total := 0.0
	for k := reach; k >= 0; k-- {
		total += math.Exp(-float64(k) * float64(k) / (2 * sigma * sigma))
		sums[k] = total
	}
	all := 2*sums[1] + 1
	return law{fmt.Sprintf("discrete Gaussian, sigma %g", sigma), func(j int64) float64 {
		switch {
		case j < -reach:
			return 0
		case j <= 0:
			return sums[-j] / all
		case j >= reach:
			return 1
		}
		return 1 - sums[j+1]/all
	}, reach}
}

func TestDiscreteGaussianFit(t *testing.T) {
	const n = 1 << 17
	for _, sigma := range []float64{0.5, 0.9, 1, 2, 10.025, 50} {
		l, draws := discreteLaw(sigma), drawDiscrete(t, sigma, n)
		if badFit(draws, l) || badMoments(draws, l) {
			t.Errorf("%s: the draws do not follow it", l.name)
		}
	}
	for _, sigma := range []float64{1e6, 0x1p40} { // where rounding makes no difference
		if badFit(drawDiscrete(t, sigma, n), rounded(sigma)) {
			t.Errorf("sigma %g: the draws do not follow the law", sigma)
		}
	}
	// The check has teeth: a scale wrong by 2 % adds n 8e-4 = 420 to the
	// statistic, whose limit is 160.
	for _, sigma := range []float64{1, 50} {
		for _, f := range []float64{0.98, 1.02} {
			if l := discreteLaw(sigma); !badFit(drawDiscrete(t, sigma*f, many), l) {
				t.Errorf("%s: noise of %g times the scale was accepted", l.name, f)
			}
		}
	}
	// Rounded Gaussian noise is another law: at sigma 1 its variance is 1/12 more.
	if !badFit(draw(t, 1, many), discreteLaw(1)) {
		t.Error("rounded Gaussian noise passed for discrete")
	}
}

// Half of all draws at sigma 2^-6 would be others than 0 if the coin were fair;
// the law leaves e^-2048.
func TestDiscreteGaussianEnds(t *testing.T) {
	for _, x := range drawDiscrete(t, 0x1p-6, 1000) {
		if x != 0 {
			t.Fatalf("drew %d", x)
		}
	}
	if _, err := noise.NewDiscreteGaussian(noise.Scale{}); err != noise.ErrScale {
		t.Errorf("the zero Scale: %v", err)
	}
	cells := []int64{1}
	if err := new(noise.DiscreteGaussian).AddTo(cells); err != noise.ErrScale || cells[0] != 0 {
		t.Errorf("the zero sampler: %v", err)
	}
	cells = []int64{noise.MaxCell + 1}
	if err := discrete(t, 2).AddTo(cells); err != noise.ErrCell {
		t.Errorf("a cell beyond the range: %v", err)
	}
}

// share counts how often f is true; the check allows 5.2 standard deviations.
func share(t *testing.T, n int, p float64, f func() (bool, error)) bool {
	t.Helper()
	k := 0.0
	for range n {
		yes, err := f()
		if err != nil {
			t.Fatal(err)
		}
		if yes {
			k++
		}
	}
	return math.Abs(k-float64(n)*p) <= zLimit*math.Sqrt(float64(n)*p*(1-p))
}

func TestBernoulliExp(t *testing.T) {
	const n = 30_000
	toss := func(x *big.Rat) func() (bool, error) { return func() (bool, error) { return noise.BernoulliExp(x) } }
	for _, x := range []*big.Rat{big.NewRat(1, 1000), big.NewRat(1, 3), big.NewRat(1, 1), big.NewRat(22, 7)} {
		f, _ := x.Float64()
		if !share(t, n, math.Exp(-f), toss(x)) {
			t.Errorf("e^-%g: wrong share", f)
		}
	}
	if yes, err := noise.BernoulliExp(new(big.Rat)); !yes || err != nil {
		t.Error("e^0 is not certain")
	}
	for range 1000 {
		if yes, err := noise.BernoulliExp(big.NewRat(1000, 1)); yes || err != nil {
			t.Error("e^-1000 happened")
		}
	}
	for _, x := range []*big.Rat{nil, big.NewRat(-1, 5), big.NewRat(1<<20+1, 1)} {
		if _, err := noise.BernoulliExp(x); err != noise.ErrExponent {
			t.Errorf("exponent %v: %v", x, err)
		}
	}
}

// chosen draws n choices and returns the chi-square statistic against e^(rate score).
func chosen(t *testing.T, scores []int64, rate *big.Rat, law float64, n int) float64 {
	t.Helper()
	count := make([]float64, len(scores))
	for range n {
		i, err := noise.Choose(scores, rate)
		if err != nil {
			t.Fatal(err)
		}
		count[i]++
	}
	var all, stat float64
	for _, s := range scores {
		all += math.Exp(law * float64(s))
	}
	for i, s := range scores {
		want := float64(n) * math.Exp(law*float64(s)) / all
		stat += (count[i] - want) * (count[i] - want) / want
	}
	return stat
}

func TestChoose(t *testing.T) {
	scores := []int64{7, 0, 7, -5, 12, 3}
	limit := chiLimit(len(scores) - 1)
	if x := chosen(t, scores, big.NewRat(1, 10), 0.1, 30_000); x > limit {
		t.Errorf("the choices do not follow the law: %g", x)
	}
	if x := chosen(t, scores, new(big.Rat), 0, 20_000); x > limit {
		t.Errorf("rate 0 is not uniform: %g", x)
	}
	if i, err := noise.Choose([]int64{math.MinInt64, math.MaxInt64}, big.NewRat(1, 1<<45)); i != 1 || err != nil {
		t.Errorf("scores far apart: %d, %v", i, err)
	}
	for _, c := range []struct {
		scores []int64
		rate   *big.Rat
		want   error
	}{
		{nil, big.NewRat(1, 1), noise.ErrScores},
		{[]int64{1}, nil, noise.ErrExponent},
		{[]int64{1}, big.NewRat(-1, 1), noise.ErrExponent},
		{[]int64{math.MinInt64, math.MaxInt64}, big.NewRat(1, 1), noise.ErrExponent},
	} {
		if _, err := noise.Choose(c.scores, c.rate); err != c.want {
			t.Errorf("%v: %v", c.scores, err)
		}
	}
}
