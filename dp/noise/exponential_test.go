package noise

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/internal/exact"
)

// As TestFastAndSlowKeepTheSamePoints, for the exponential law.
func TestFastAndSlowKeepTheSameWaits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		i := r.IntN(strips)
		p := wait{left: expEdge[i], width: expEdge[i+1] - expEdge[i], u: r.Uint64()}
		x, _ := newReal(p.u, 64).within(p.left, p.width)
		k := new(big.Rat).Mul(exact.Exp(x.Neg(x), 128).Hi(), new(big.Rat).SetFrac64(int64(p.width), expArea))
		k.Mul(k, new(big.Rat).SetInt64(1<<53))
		boundary := floor(k).Uint64()
		for _, v := range []uint64{boundary, boundary - 1, boundary + 1, r.Uint64() >> 11, 0, 1<<53 - 1} {
			if v >= 1<<53 {
				continue
			}
			rest := []uint64{r.Uint64(), r.Uint64()}
			fast := p
			kept := fast.under(v, tape(rest...))
			slow := p
			slow.digits = newReal(0, 0)
			height, place := reveal(13, digits{v, 53}, digits{rest[0], 64}), reveal(13, digits{p.u, 64}, digits{rest[1], 64})
			turn := 0
			if slow.settle(newReal(0, 0), func() (uint64, uint) {
				if turn++; turn%2 == 1 {
					return height()
				}
				return place()
			}) != kept {
				t.Fatalf("strip %d: fast and slow disagree", i)
			}
			if v < expSure[i] && !kept {
				t.Fatalf("strip %d: a point that is surely kept was not", i)
			}
		}
	}
}

func TestFastAndSlowFloorAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 1500 {
		s, err := NewScale(new(big.Rat).SetFloat64(math.Ldexp(1+r.Float64(), r.IntN(46)-6)))
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewLaplace(s)
		if err != nil {
			t.Fatal(err)
		}
		i := r.IntN(strips)
		p := wait{left: expEdge[i], width: expEdge[i+1] - expEdge[i], u: r.Uint64(), turns: r.Uint64N(maxFastTurns + 2)}
		rest := r.Uint64()
		fast := p
		a, err := l.floor(&fast, tape(rest))
		if err != nil {
			t.Fatal(err)
		}
		slow := p
		slow.digits = newReal(0, 0)
		b, err := s.settleFloor(&slow, reveal(5, digits{p.u, 64}, digits{rest, 64}))
		if err != nil || a != b {
			t.Fatalf("scale %g: %d and %d, %v", s.Float64Up(), a, b, err)
		}
	}
}

// The tail is kept by settleTail as the exact probability says.
func TestTailBoundary(t *testing.T) {
	next := func(w uint64) func() (uint64, uint) { return func() (uint64, uint) { return w, 64 } }
	if settleTail(expTail-1, next(0)) != true || settleTail(expTail+1, next(0)) != false {
		t.Error("beside the boundary")
	}
	if !settleTail(expTail, next(0)) || settleTail(expTail, next(math.MaxUint64)) {
		t.Error("on the boundary the next digits decide")
	}
}

// Turns that were kept are not lost when a later point is rejected: the draws
// beyond the last edge would come out too seldom, by less than tests of the law see.
func TestTurnsSurviveRejection(t *testing.T) {
	const low, high = 0, (1<<53 - 1) << 11
	const last = strips - 1 // where points near the right edge are rejected often
	var p wait
	bit := p.draw(tape(
		strips|low,            // the tail, kept
		strips|high,           // the tail, rejected
		last|high, ^uint64(0), // a strip, rejected
		5|low|1<<10, uint64(77), // a strip, kept
	))
	if p.turns != 1 || p.left != expEdge[5] || p.u != 77 || bit != 1 || p.digits != nil {
		t.Errorf("%d turns, left %d", p.turns, p.left)
	}
}
