package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"math"
	"math/big"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/dp/audit"
	"github.com/discreet-go/discreet/dp/noise"
)

// interests is how many segments one person may be in.
const interests = 9

func subjects() ([]subject, error) {
	claim := audit.Claim{Mu: 0.5}
	perCell, err := segmentSizes(1)
	if err != nil {
		return nil, err
	}
	perPerson, err := segmentSizes(interests)
	if err != nil {
		return nil, err
	}
	exact, err := exactLaplace()
	if err != nil {
		return nil, err
	}
	return []subject{
		{
			name: "Segment sizes, noise made for one cell", claim: claim, with: perCell(1), without: perCell(0),
			before: "Counts people in 9 segments and adds Gaussian noise to each count. The author asked:\n   by how much does a person change a count? By 1. So the noise is made for 1.",
			after:  "A person who is in all 9 segments changes 9 counts at once, and somebody\n   who adds the 9 noisy counts up sees all of it while most of the noise cancels. Noise has to be\n   made for people, not for cells: for sqrt(9) = 3, three times as large.",
		},
		{
			name: "Segment sizes, noise made for one person", claim: claim, with: perPerson(1), without: perPerson(0),
			before: "The same table, with noise for all that one person can change.",
		},
		{
			name: "One count, Laplace noise in floats", claim: audit.Claim{Epsilon: 1}, with: floatLaplace(1), without: floatLaplace(0),
			before: "A count of a rare thing, nobody or one person, plus Laplace noise of scale 1 from the\n   textbook: sign * log(uniform). On paper this is 1-DP.",
			after:  "A float near 0 has finer last bits than one that was 1 before. The last bits of\n   the noisy number tell what the noise was added to, however large the noise is. Noise has\n   to be drawn in integers.",
		},
		{
			name: "One count, discrete Laplace noise", claim: audit.Claim{Epsilon: 1}, with: exact(1), without: exact(0),
			before: "The same count with noise in integers from dp/noise.",
		},
	}, nil
}

// segmentSizes returns the release of 9 segment sizes at mu = 1/2, with noise
// for people who change as many cells. Its samples are about 100 people a
// segment and someone more, who is in all of them (1) or is not there (0).
func segmentSizes(cells uint64) (func(more int64) audit.Sample, error) {
	mu2, err := accounting.UnitsDown(big.NewRat(1, 4))
	if err != nil {
		return nil, err
	}
	sigma, err := accounting.SigmaFor(cells, mu2)
	if err != nil {
		return nil, err
	}
	scale, err := noise.NewScale(sigma)
	if err != nil {
		return nil, err
	}
	g, err := noise.NewGaussian(scale)
	if err != nil {
		return nil, err
	}
	return func(more int64) audit.Sample {
		return func(context.Context) ([]float64, error) {
			sizes := make([]int64, interests)
			for i := range sizes {
				sizes[i] = 100 + int64(i) + more
			}
			err := g.AddTo(sizes)
			return numbers(sizes), err
		}
	}, nil
}

// exactLaplace adds discrete Laplace noise of scale 1.
func exactLaplace() (func(count int64) audit.Sample, error) {
	scale, err := noise.NewScale(big.NewRat(1, 1))
	if err != nil {
		return nil, err
	}
	l, err := noise.NewLaplace(scale)
	if err != nil {
		return nil, err
	}
	return func(count int64) audit.Sample {
		return func(context.Context) ([]float64, error) {
			cell := []int64{count}
			err := l.AddTo(cell)
			return numbers(cell), err
		}
	}, nil
}

// floatLaplace is how Laplace noise must NOT be drawn.
func floatLaplace(count float64) audit.Sample {
	return func(context.Context) ([]float64, error) {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, err
		}
		bits := binary.LittleEndian.Uint64(b[:])
		uniform := (float64(bits>>11) + 0.5) / (1 << 53)
		z := -math.Log(uniform)
		if bits&1 == 1 {
			z = -z
		}
		return []float64{count + z}, nil
	}
}

func numbers(cells []int64) []float64 {
	out := make([]float64, len(cells))
	for i, c := range cells {
		out[i] = float64(c)
	}
	return out
}
