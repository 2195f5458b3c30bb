package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// ErrClaim is returned for a claim that is neither Gaussian DP nor
// (Epsilon, Delta)-DP, or both, or out of range.
var ErrClaim = errors.New("audit: a claim is either Mu or Epsilon, above 0 and at most 64, with Delta from 0 to below 1")

// ErrOptions is returned for options out of range.
var ErrOptions = errors.New("audit: options are out of range")

// ErrOutput is returned when a Sample gives NaN, an infinity, no number at
// all, or not as many numbers as before.
var ErrOutput = errors.New("audit: a sample is a fixed number of finite numbers, 1 to 65536")

// Sample runs the mechanism once, on one fixed input, and returns what an
// outsider sees of it, as numbers: always as many, all finite. A key that may
// be missing becomes two numbers, presence (0 or 1) and value (0 if missing).
// An error is an answer only if an outsider sees it: then make it a number.
// Run copies the slice. Every call must draw fresh noise.
type Sample func(ctx context.Context) ([]float64, error)

// Claim is what the mechanism is said to guarantee for the pair of inputs.
type Claim struct {
	// Mu above 0 claims mu-GDP, up to Delta: for every event E, with
	// G(x) = Phi(PhiInv(x) + Mu), P[E | one input] <= G(P[E | the other]) + Delta.
	Mu float64
	// Epsilon above 0 claims (Epsilon, Delta)-DP. Exactly one of Mu and Epsilon is set.
	Epsilon float64
	// Delta is from 0 to below 1.
	Delta float64
}

// Probe is a number computed from an output that the auditor should look at
// beside the output itself. It must depend on out alone and not change it.
type Probe struct {
	Name string // in words, as the report shows it
	Of   func(out []float64) float64
}

// Options say how to audit. The zero value is 20,000 runs at an alpha of 1e-3
// on one goroutine.
type Options struct {
	// Runs is how often each of the two samples is called at the most, 100 to
	// 2^31; 0 means 20,000. What can be seen improves with its square root.
	Runs int
	// Alpha bounds the probability of a wrong Violated, from 1e-12 to 0.5; 0 means 1e-3.
	Alpha float64
	// Workers is how many goroutines call the samples, which must then allow
	// it; 0 means 1.
	Workers int
	// Sequential looks after 1,000 runs, 2,000 more, 4,000 more and so on, and
	// stops when a violation is certified. Look i spends Alpha/(i(i+1)), so
	// Alpha holds for all looks together. It sees gross violations sooner, and
	// small ones a little worse.
	Sequential bool
	// Probes are looked at beside the outputs. LowBits of every number and GCD
	// are always tried where they could tell something.
	Probes []Probe
	// Progress, if set, is told how many of the runs of each sample are done,
	// about 100 times, by one goroutine at a time.
	Progress func(done, total int)
}

// Run audits a claim on one pair of inputs. It calls with and without Runs
// times each, in turn, and stops at the first error of either.
//
// Memory: the outputs of half of the runs are kept (with Sequential, of all),
// at most 2^24 numbers; later outputs are judged and dropped. Cost beside the
// samples: about a microsecond for each number of an output, and sums over
// pairs of numbers for at most 128 of them.
//
// Errors: ErrClaim, ErrOptions, ErrOutput, that of a sample, that of ctx.
func Run(ctx context.Context, c Claim, with, without Sample, o Options) (*Report, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := o.fill(); err != nil {
		return nil, err
	}
	if with == nil || without == nil {
		return nil, fmt.Errorf("%w: a sample is missing", ErrOptions)
	}
	r := &runner{with: with, without: without, o: o}
	rep := &Report{Claim: c, Alpha: o.Alpha, Verdict: Consistent}
	for i, size := range looks(o) {
		alpha := o.Alpha
		if o.Sequential {
			alpha /= float64(i+1) * float64(i+2)
		}
		if err := r.train(ctx, size/2); err != nil {
			return nil, err
		}
		events := learn(r.pool, c, alpha, o.Probes)
		held := size - size/2
		counts, err := r.hold(ctx, events, held, o.Sequential)
		if err != nil {
			return nil, err
		}
		rep.add(look{events: events, counts: counts, held: held, alpha: alpha})
		if rep.Verdict == Violated {
			break
		}
	}
	rep.Runs = r.done
	return rep, nil
}

// looks returns how many runs each look makes.
func looks(o Options) []int {
	if !o.Sequential {
		return []int{o.Runs}
	}
	var sizes []int
	for left, size := o.Runs, 1000; left > 0; size *= 2 {
		if left < 3*size { // what is left would not do for twice the size
			size = left
		}
		sizes = append(sizes, size)
		left -= size
	}
	return sizes
}

func (c Claim) check() error {
	in := func(x float64) bool { return x > 0 && x <= 64 }
	one := in(c.Mu) && c.Epsilon == 0 || in(c.Epsilon) && c.Mu == 0
	if !one || math.IsNaN(c.Delta) || c.Delta < 0 || c.Delta >= 1 {
		return ErrClaim
	}
	return nil
}

func (o *Options) fill() error {
	if o.Runs == 0 {
		o.Runs = 20_000
	}
	if o.Alpha == 0 {
		o.Alpha = 1e-3
	}
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.Runs < 100 || o.Runs > 1<<31 {
		return fmt.Errorf("%w: Runs is from 100 to 2^31", ErrOptions)
	}
	if !(o.Alpha >= 1e-12 && o.Alpha <= 0.5) {
		return fmt.Errorf("%w: Alpha is from 1e-12 to 0.5", ErrOptions)
	}
	if o.Workers < 1 || o.Workers > 4096 {
		return fmt.Errorf("%w: Workers is from 1 to 4096", ErrOptions)
	}
	for _, p := range o.Probes {
		if p.Name == "" || p.Of == nil {
			return fmt.Errorf("%w: a probe needs a name and a function", ErrOptions)
		}
	}
	return nil
}
