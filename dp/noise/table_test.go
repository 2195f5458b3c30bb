package noise

import (
	"bytes"
	"fmt"
	"go/format"
	"math/big"
	"os"
	"testing"

	"github.com/discreet-go/discreet/internal/exact"
)

// shape is a density to be covered, up to a factor: e to the minus exponent. tail
// is the largest share of an area that the rest beyond an edge needs.
type shape struct {
	name     string
	area     int64
	edges    []uint64
	sure     []uint64
	exponent func(x *big.Rat) *big.Rat // minus the exponent
	tail     int64                     // in units of 2^-32, times the density at the last edge
}

func shapes() []shape {
	return []shape{
		{"normal", area, edge[:], sure[:], minusHalfSquare, 1 << (edgeBits + 1)},
		{"exponential", expArea, expEdge[:], expSure[:], func(x *big.Rat) *big.Rat { return new(big.Rat).Neg(x) }, 1 << edgeBits},
	}
}

func (s shape) density(edge int64) exact.Interval {
	return exact.Exp(s.exponent(big.NewRat(edge, 1<<edgeBits)), 128)
}

// layout computes the strips for an area: each strip is as wide as the area
// allows under the bound that the density has at its left edge. fits reports
// whether the rest fits in the last slot.
func (s shape) layout(area int64) (edges []int64, fits bool) {
	edges = []int64{0}
	for i := range strips {
		// width * density <= area, proven with the upper end.
		width := new(big.Rat).Quo(big.NewRat(area, 1), s.density(edges[i]).Hi())
		w := new(big.Int).Quo(width.Num(), width.Denom())
		if w.BitLen() > edgeBits { // so far out that little is left
			return nil, true
		}
		edges = append(edges, edges[i]+w.Int64())
	}
	rest := new(big.Rat).Mul(s.density(edges[strips]).Hi(), big.NewRat(s.tail, 1))
	return edges, rest.Cmp(big.NewRat(area, 1)) <= 0
}

// chance returns the floor of 2^53 times e^-exponent(edge) width/area.
func (s shape) chance(area, edge, width int64) int64 {
	k := new(big.Rat).Mul(s.density(edge).Lo(), big.NewRat(width, area))
	return floor(k.Mul(k, big.NewRat(1<<53, 1))).Int64()
}

// The tables in the source are those computed here in exact arithmetic, and their
// areas the smallest that cover the density. DISCREET_WRITE_TABLE=1 writes them.
func TestTableIsWhatTheDensityDemands(t *testing.T) {
	for _, s := range shapes() {
		if os.Getenv("DISCREET_WRITE_TABLE") != "" {
			s.write(t)
			continue
		}
		edges, fits := s.layout(s.area)
		if !fits {
			t.Fatalf("%s: the area does not cover the tail", s.name)
		}
		if _, fits := s.layout(s.area - 1); fits {
			t.Errorf("%s: a smaller area would do", s.name)
		}
		for i := range edges {
			if s.edges[i] != uint64(edges[i]) {
				t.Fatalf("%s: edge %d", s.name, i)
			}
			// The density at the right edge is the smallest in the strip.
			if i < strips && s.sure[i] != uint64(s.chance(s.area, edges[i+1], edges[i+1]-edges[i])) {
				t.Fatalf("%s: threshold %d", s.name, i)
			}
		}
	}
	if last := edge[strips]; last >= 4<<edgeBits || last <= 2<<edgeBits {
		t.Error("the code and the proof assume that the normal tail begins between 2 and 4")
	}
	if last := expEdge[strips]; last >= 7<<edgeBits {
		t.Error("fast comparisons assume that the exponential tail begins below 7")
	}
	if last := int64(expEdge[strips]); expTail != shapes()[1].chance(expArea, last, 1<<edgeBits) {
		t.Error("the chance of the exponential tail")
	}
	// The bound that tail uses for later rectangles: at their left edges, from
	// maxFastTail on, the probability of keeping a point is below 2^-26 and falls.
	for far := int64(maxFastTail); far < 40; far++ {
		x := big.NewRat(int64(edge[strips])+far<<edgeBits, 1<<edgeBits)
		k := new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), uint(edgeBits+1+far)), big.NewInt(area))
		k.Mul(k, exact.Exp(minusHalfSquare(x), 256).Hi())
		if k.Cmp(big.NewRat(1, 1<<26)) > 0 {
			t.Errorf("tail rectangle %d keeps too much", far)
		}
	}
}

// write finds the area and writes the table of s.
func (s shape) write(t *testing.T) {
	lo, hi := int64(1), int64(1)<<32
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if _, fits := s.layout(mid); fits {
			hi = mid
		} else {
			lo = mid
		}
	}
	edges, _ := s.layout(hi)
	names, file := [3]string{"area", "edge", "sure"}, "table.go"
	if s.name == "exponential" {
		names, file = [3]string{"expArea", "expEdge", "expSure"}, "exptable.go"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `package noise

// Computed, and compared on every run, by TestTableIsWhatTheDensityDemands.

// %[1]s is that of a slot, in units of 2^-32: the smallest for which %[4]d strips and
// the tail cover the %[5]s density.
const %[1]s = %[6]d

// %[2]s holds the left edges of the strips, and of the tail.
var %[2]s = [strips + 1]uint64{`, names[0], names[1], names[2], strips, s.name, hi)
	for i, e := range edges {
		if i%8 == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%#x, ", e)
	}
	fmt.Fprintf(&b, `
}

// %[1]s holds, for each strip, 2^53 times a probability with which every point of
// it is kept.
var %[1]s = [strips]uint64{`, names[2])
	for i := range strips {
		if i%6 == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%#x, ", s.chance(hi, edges[i+1], edges[i+1]-edges[i]))
	}
	b.WriteString("\n}\n")
	if s.name == "exponential" {
		fmt.Fprintf(&b, "\n// expTail is the floor of 2^53 times the probability that the tail is kept.\nconst expTail = %#x\n",
			s.chance(hi, edges[strips], 1<<edgeBits))
	}
	src, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, src, 0o644); err != nil {
		t.Fatal(err)
	}
}
