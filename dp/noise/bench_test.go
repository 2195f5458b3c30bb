package noise_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/discreet-go/discreet/dp/noise"
)

func BenchmarkGaussianFill(b *testing.B) {
	for _, sigma := range []int64{1, 50, 1 << 30} {
		b.Run(fmt.Sprintf("sigma-%d", sigma), func(b *testing.B) {
			s, err := noise.NewScale(big.NewRat(sigma, 1))
			if err != nil {
				b.Fatal(err)
			}
			g, err := noise.NewGaussian(s)
			if err != nil {
				b.Fatal(err)
			}
			cells := make([]int64, 1<<16)
			b.ReportAllocs()
			for b.Loop() {
				if err := g.Fill(cells); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cells)), "ns/draw")
		})
	}
}

func BenchmarkLaplaceFill(b *testing.B) {
	s, err := noise.NewScale(big.NewRat(10, 1))
	if err != nil {
		b.Fatal(err)
	}
	l, err := noise.NewLaplace(s)
	if err != nil {
		b.Fatal(err)
	}
	cells := make([]int64, 1<<16)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Fill(cells); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(cells)), "ns/draw")
}
