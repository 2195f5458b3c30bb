package noise

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/internal/exact"
)

// tape is a stream that replays words, and random ones after them.
func tape(words ...uint64) *stream {
	r := rand.New(rand.NewPCG(7, uint64(len(words))))
	const size = 64
	return &stream{buf: make([]byte, size), pos: size, fill: func(buf []byte) {
		for i := 0; i < len(buf); i += 8 {
			w := r.Uint64()
			if len(words) > 0 {
				w, words = words[0], words[1:]
			}
			binary.LittleEndian.PutUint64(buf[i:], w)
		}
	}}
}

// The constant and the error bound of expNeg, on random and extreme arguments.
func TestExpNegErrorBound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	worst := int64(0)
	for i := range 4000 {
		y := r.Uint64() >> 2 >> (i % 40)
		if i < 33 {
			y = uint64(i) << 57
		}
		y = min(y, 32<<57)
		scale := new(big.Int).Lsh(big.NewInt(1), 57)
		at := func(y uint64) *big.Rat {
			return new(big.Rat).SetFrac(new(big.Int).Neg(new(big.Int).SetUint64(y)), scale)
		}
		one := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 63))
		got := new(big.Int).SetUint64(expNeg(y))
		for _, end := range []*big.Rat{exact.Exp(at(y), 100).Hi(), exact.Exp(at(y+3), 100).Lo()} {
			d := new(big.Int).Sub(floor(end.Mul(end, one)), got)
			worst = max(worst, d.Abs(d).Int64())
		}
	}
	if worst > 210 {
		t.Errorf("off by %d units, the proof says less than 200 and the code uses 256", worst)
	}
}

// Whatever the fast comparison decides, the slow one decides too, with the digits
// revealed one by one; near the boundary, where the fast one gives up, on it, and
// far from it.
func TestFastAndSlowKeepTheSamePoints(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		i := r.IntN(strips)
		p := point{left: edge[i], width: edge[i+1] - edge[i], u: r.Uint64()}
		p.weight = p.width
		if r.IntN(4) == 0 {
			far := uint(r.IntN(maxFastTail))
			p = point{left: edge[strips] + uint64(far)<<edgeBits, width: 1 << edgeBits, u: p.u, weight: 1 << (edgeBits + 1 + far), far: far}
		}
		// The probability of keeping the point, in units of 2^-53.
		p.digits = newReal(p.u, 64)
		x, _ := p.span()
		k := new(big.Rat).Mul(exact.Exp(minusHalfSquare(x), 128).Hi(), new(big.Rat).SetFrac(new(big.Int).SetUint64(p.weight), big.NewInt(area)))
		k.Mul(k, new(big.Rat).SetInt64(1<<53))
		boundary := floor(k).Uint64()
		p.digits = nil
		for _, v := range []uint64{boundary, boundary - 1, boundary + 1, r.Uint64() >> 11, 0, 1<<53 - 1} {
			if v >= 1<<53 {
				continue
			}
			rest := []uint64{r.Uint64(), r.Uint64()} // of the height, of the point
			fast := p
			kept := fast.under(v, tape(rest...))
			slow := p
			slow.digits = newReal(0, 0)
			// The first digits are those of v and u, the next those of rest.
			height, place := reveal(13, digits{v, 53}, digits{rest[0], 64}), reveal(13, digits{p.u, 64}, digits{rest[1], 64})
			turn := 0
			bits := func() (uint64, uint) {
				if turn++; turn%2 == 1 {
					return height()
				}
				return place()
			}
			if slow.settle(newReal(0, 0), bits) != kept {
				t.Fatalf("strip %d: fast and slow disagree", i)
			}
			if i < strips && p.far == 0 && p.weight == p.width && v < sure[i] && !kept {
				t.Fatalf("strip %d: a point that is surely kept was not", i)
			}
		}
	}
}

// Rounding: 64-bit products and digits one by one give the same integer.
func TestFastAndSlowRoundAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 1500 {
		sigma := math.Ldexp(1+r.Float64(), r.IntN(46)-6)
		if n%10 == 0 {
			sigma = math.Ldexp(1, r.IntN(47)-6)
		}
		s, err := NewScale(new(big.Rat).SetFloat64(sigma))
		if err != nil {
			t.Fatal(err)
		}
		g, err := NewGaussian(s)
		if err != nil {
			t.Fatal(err)
		}
		i := r.IntN(strips)
		p := point{left: edge[i], width: edge[i+1] - edge[i], u: r.Uint64()}
		if n%5 == 0 { // a point whose sigma x is as close to a half as digits allow
			want := new(big.Rat).SetFrac64(2*int64(sigma)+1, 2)
			x := want.Quo(want, s.Rat())
			x.Mul(x, big.NewRat(1<<edgeBits, 1))
			at := floor(x).Uint64()
			if at >= edge[strips] {
				continue
			}
			for i = 0; edge[i+1] <= at; i++ {
			}
			p.left, p.width = edge[i], edge[i+1]-edge[i]
			x.Sub(x, new(big.Rat).SetInt(new(big.Int).SetUint64(p.left)))
			x.Quo(x, new(big.Rat).SetInt(new(big.Int).SetUint64(p.width)))
			x.Mul(x, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64)))
			p.u = floor(x).Uint64()
		}
		rest := r.Uint64()
		fast := p
		a, err := g.round(&fast, tape(rest))
		if err != nil {
			t.Fatal(err)
		}
		slow := p
		slow.digits = newReal(0, 0)
		b, err := s.settleRound(&slow, reveal(5, digits{p.u, 64}, digits{rest, 64}))
		if err != nil || a != b {
			t.Fatalf("sigma %g: %d and %d, %v", sigma, a, b, err)
		}
	}
}

// digits are the low bits of a word, first digit first.
type digits struct {
	word  uint64
	width uint
}

// reveal returns a source that reveals step digits at a time.
func reveal(step uint, all ...digits) func() (uint64, uint) {
	n, left := new(big.Int), uint(0)
	for _, d := range all {
		n.Lsh(n, d.width).Or(n, new(big.Int).SetUint64(d.word))
		left += d.width
	}
	return func() (uint64, uint) {
		k := min(step, left)
		left -= k
		w := new(big.Int).Rsh(n, left).Uint64() & (1<<k - 1)
		return w, k
	}
}

func TestRoundRefusesWhatDoesNotFit(t *testing.T) {
	s, err := NewScale(new(big.Rat).SetInt64(1 << 40))
	if err != nil {
		t.Fatal(err)
	}
	p := point{left: 1 << 60, width: 1 << 32, digits: newReal(5, 64)}
	if _, err := s.settleRound(&p, reveal(64, digits{0, 64})); err != ErrOverflow {
		t.Errorf("2^68: %v", err)
	}
}

// Every word of a stream is used once: the recorder counts those handed out, and a
// draw takes two unless a point is rejected, is in the tail, or needs more digits.
func TestDrawsUseFreshWords(t *testing.T) {
	s, err := NewScale(big.NewRat(50, 1))
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGaussian(s)
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	r := rand.New(rand.NewPCG(4, 4))
	handed := 0
	rec := &stream{buf: make([]byte, 8), pos: 8, fill: func(buf []byte) {
		handed++
		binary.LittleEndian.PutUint64(buf, r.Uint64())
	}}
	cells := make([]int64, n)
	if err := fillFrom(cells, rec, g); err != nil {
		t.Fatal(err)
	}
	// The kept share is sqrt(pi/2) 2^32 / (1024 area), 0.996; a tail slot costs one
	// word more. 2/0.996 + 1/1020 words a draw, with a standard error of 0.0005.
	if per := float64(handed) / n; per < 2.005 || per > 2.015 {
		t.Errorf("%g words a draw", per)
	}
	// The same words give the same draws: nothing else is random.
	r = rand.New(rand.NewPCG(4, 4))
	again := make([]int64, n)
	if err := fillFrom(again, rec, g); err != nil {
		t.Fatal(err)
	}
	for i := range cells {
		if cells[i] != again[i] {
			t.Fatal("a draw depends on more than the stream")
		}
	}
}

// Two streams differ in every word: the chance of one equal pair in 2 x 8 words is
// below 2^-57.
func TestStreamsAreFreshAndWiped(t *testing.T) {
	seen := map[uint64]bool{}
	for range 2 {
		s, err := newStream(10)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			w := s.next()
			if seen[w] || w == 0 {
				t.Fatal("a word came twice")
			}
			seen[w] = true
		}
		s.wipe()
		for _, b := range s.buf {
			if b != 0 {
				t.Fatal("the buffer was not wiped")
			}
		}
	}
}

// A long tail: words of zeros push the point far out, where weights need more
// than 64 bits, and the point is rejected by exact arithmetic.
func TestFarTail(t *testing.T) {
	p := point{}
	if p.tail(1<<63, 0, tape(0, 1<<10, 1<<62, 1<<62)) {
		t.Error("a point 78 sigma out was kept")
	}
	if p.far != 74 || p.weight != 0 || p.digits == nil {
		t.Errorf("rectangle %d", p.far)
	}
	if p.tail(0, 1<<52, tape(1<<20)) || p.digits != nil {
		t.Error("a point 24 sigma out was not rejected at once")
	}
}
