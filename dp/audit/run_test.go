package audit_test

import (
	"context"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
)

func constant(x ...float64) audit.Sample { return floats(func() []float64 { return x }) }

func TestRefusals(t *testing.T) {
	good := audit.Claim{Mu: 1}
	boom := errors.New("boom")
	n := 0
	grows := floats(func() []float64 { n++; return make([]float64, 1+n/300) })
	for _, c := range []struct {
		name          string
		claim         audit.Claim
		with, without audit.Sample
		o             audit.Options
		want          error
	}{
		{"no claim", audit.Claim{}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"two claims", audit.Claim{Mu: 1, Epsilon: 1}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"delta alone", audit.Claim{Delta: 0.1}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"delta of 1", audit.Claim{Mu: 1, Delta: 1}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"negative", audit.Claim{Mu: -1}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"NaN", audit.Claim{Epsilon: math.NaN()}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"NaN delta", audit.Claim{Epsilon: 1, Delta: math.NaN()}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"infinite", audit.Claim{Mu: math.Inf(1)}, constant(0), constant(0), audit.Options{}, audit.ErrClaim},
		{"few runs", good, constant(0), constant(0), audit.Options{Runs: 99}, audit.ErrOptions},
		{"alpha", good, constant(0), constant(0), audit.Options{Alpha: 0.6}, audit.ErrOptions},
		{"NaN alpha", good, constant(0), constant(0), audit.Options{Alpha: math.NaN()}, audit.ErrOptions},
		{"workers", good, constant(0), constant(0), audit.Options{Workers: -1}, audit.ErrOptions},
		{"probe", good, constant(0), constant(0), audit.Options{Probes: []audit.Probe{{Name: "x"}}}, audit.ErrOptions},
		{"no sample", good, constant(0), nil, audit.Options{}, audit.ErrOptions},
		{"NaN output", good, constant(math.NaN()), constant(0), audit.Options{}, audit.ErrOutput},
		{"infinite output", good, constant(0), constant(math.Inf(-1)), audit.Options{}, audit.ErrOutput},
		{"nothing", good, constant(), constant(), audit.Options{}, audit.ErrOutput},
		{"lengths", good, constant(0, 0), constant(0), audit.Options{}, audit.ErrOutput},
		{"growing", good, grows, constant(0), audit.Options{}, audit.ErrOutput},
		{"error", good, constant(0), func(context.Context) ([]float64, error) { return nil, boom }, audit.Options{Workers: 3}, boom},
	} {
		r, err := audit.Run(t.Context(), c.claim, c.with, c.without, c.o)
		if !errors.Is(err, c.want) || r != nil {
			t.Errorf("%s: %v, %v, want %v", c.name, r, err, c.want)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int64
	s := func(context.Context) ([]float64, error) {
		if calls.Add(1) == 200 {
			cancel()
		}
		return []float64{0}, nil
	}
	if _, err := audit.Run(ctx, audit.Claim{Mu: 1}, s, s, audit.Options{Workers: 4, Runs: 1 << 20}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := calls.Load(); n > 300 {
		t.Errorf("%d calls after a cancel at 200", n)
	}
}

// TestRuns counts calls and progress, with one worker and with many.
func TestRuns(t *testing.T) {
	for _, workers := range []int{1, 7} {
		for _, sequential := range []bool{false, true} {
			var with, without atomic.Int64
			count := func(n *atomic.Int64) audit.Sample {
				return func(context.Context) ([]float64, error) { return []float64{float64(n.Add(1) % 2)}, nil }
			}
			var seen []int
			r := run(t, audit.Claim{Mu: 4}, count(&with), count(&without), audit.Options{
				Runs: 7003, Workers: workers, Sequential: sequential,
				Progress: func(done, total int) {
					if total != 7003 {
						t.Errorf("total %d", total)
					}
					seen = append(seen, done)
				},
			})
			if with.Load() != 7003 || without.Load() != 7003 || r.Runs != 7003 {
				t.Errorf("%d and %d calls, report says %d", with.Load(), without.Load(), r.Runs)
			}
			if !slices.IsSorted(seen) || len(seen) < 90 || seen[len(seen)-1] != 7003 {
				t.Errorf("progress %v", seen)
			}
		}
	}
}

func TestLooks(t *testing.T) {
	for _, runs := range []int{100, 1000, 2999, 3000, 20_000, 1_000_001} {
		sum := 0
		sizes := audit.Looks(audit.Options{Runs: runs, Sequential: true})
		for _, s := range sizes {
			sum += s
		}
		if sum != runs || runs >= 3000 && sizes[0] != 1000 {
			t.Errorf("%d runs in looks of %v", runs, sizes)
		}
	}
}

// TestSequentialStops: a gross violation is seen at the first look.
func TestSequentialStops(t *testing.T) {
	third := big.NewRat(1, 3)
	r := run(t, audit.Claim{Mu: 0.5}, gaussian(t, third, 1), gaussian(t, third, 0), audit.Options{Runs: 1_000_000, Sequential: true, Alpha: 1e-8})
	if r.Verdict != audit.Violated || r.Runs > 3000 {
		t.Errorf("after %d runs:\n%s", r.Runs, r)
	}
}

// TestDirections: a leak that shows only when the person is there, and one
// that shows only when not, are both seen, and told apart.
func TestDirections(t *testing.T) {
	n := 0
	rare := floats(func() []float64 { n++; return []float64{float64(b2i(n%10 == 0))} })
	for _, c := range []struct {
		with, without audit.Sample
		want          string
	}{{rare, constant(0), "with"}, {constant(0), rare, "without"}} {
		r := run(t, audit.Claim{Epsilon: 1}, c.with, c.without, audit.Options{})
		if r.Verdict != audit.Violated || r.Direction != c.want {
			t.Errorf("direction %q, want %q:\n%s", r.Direction, c.want, r)
		}
	}
}

// TestReportSaysIt holds the words that a reader needs.
func TestReportSaysIt(t *testing.T) {
	r := run(t, audit.Claim{Mu: 0.5}, constant(1), constant(0), audit.Options{})
	for _, want := range []string{"0.5-GDP", "VIOLATED", "number 0", "100 %", "20000 runs", "once in 1000 audits"} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("no %q in:\n%s", want, r)
		}
	}
	if few := run(t, audit.Claim{Epsilon: 40}, constant(1), constant(0), audit.Options{}); !math.IsInf(few.Power, 1) || !strings.Contains(few.String(), "no violation") {
		t.Errorf("power %g:\n%s", few.Power, few)
	}
}

// TestProbesBite shows each probe on two outputs that it tells apart.
func TestProbesBite(t *testing.T) {
	for _, c := range []struct {
		p    audit.Probe
		out  []float64
		want float64
	}{
		{audit.LowBits(0), []float64{12}, 2},
		{audit.LowBits(0), []float64{0.5 + 0x1p-50}, -50},
		{audit.LowBits(0), []float64{-0x1p-1074}, -1074},
		{audit.LowBits(0), []float64{0}, 2000},
		{audit.LowBits(3), []float64{1}, 2000},
		{audit.LastByte(0), []float64{-1}, 255},
		{audit.LastByte(0), []float64{513.5}, 1},
		{audit.GCD(), []float64{6, -9, 0}, 3},
		{audit.GCD(), []float64{0, 0}, 0},
		{audit.GCD(), []float64{0.5}, -1},
		{audit.KeyPresent(1, -7), []float64{0, -7}, 0},
		{audit.KeyPresent(1, -7), []float64{0, 0}, 1},
		{audit.Support(), []float64{0, 3, -1}, 2},
		{audit.Distinct(), []float64{2, 3, 2}, 2},
		{audit.Difference([2]int{1, 0}), []float64{2, 5}, 3},
	} {
		if got := c.p.Of(c.out); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.p.Name, c.out, got, c.want)
		}
	}
}
