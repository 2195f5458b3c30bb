package accounting

import (
	"math"
	"math/bits"
)

// fftLevel bounds the relative error, in the Euclidean norm, that each of the
// log2 n levels of a transform adds: mu + gamma_4 (sqrt 2 + mu) with factors wrong
// by at most mu = 4 u, u = 2^-53, is below 10 u. Source: Higham (2002), Accuracy
// and Stability of Numerical Algorithms, theorem 24.2. Two levels are done at a
// time here, with no more roundings than in two steps.
const fftLevel = 18 * 0x1p-53

// fftPlan holds the factors of transforms of one length.
type fftPlan struct {
	n     int          // a power of two, at least 4
	roots []complex128 // e^(-2 pi i k/n) for k < 3n/4
}

func newFFTPlan(n int) *fftPlan {
	p := &fftPlan{n: n, roots: make([]complex128, 3*n/4)}
	for k := range p.roots {
		p.roots[k] = root(k, n)
	}
	return p
}

// root returns e^(-2 pi i k/n) for 0 <= k < n; angles are brought below pi/4
// exactly, so that both parts are within 3 u.
func root(k, n int) complex128 {
	octant, r := 8*k/n, k
	r -= octant * n / 8
	if octant%2 == 1 {
		r = n/8 - r
	}
	if n == 4 { // has no octants
		return [4]complex128{1, -1i, -1, 1i}[k]
	}
	s, c := math.Sincos(2 * math.Pi * float64(r) / float64(n))
	switch octant {
	case 0:
		return complex(c, -s)
	case 1:
		return complex(s, -c)
	case 2:
		return complex(-s, -c)
	case 3:
		return complex(-c, -s)
	case 4:
		return complex(-c, s)
	case 5:
		return complex(-s, c)
	case 6:
		return complex(s, c)
	}
	return complex(c, s)
}

// forward transforms x in place, leaving the result in bit-reversed order.
func (p *fftPlan) forward(x []complex128) {
	n := p.n
	for ; n >= 4; n /= 4 {
		q, stride := n/4, p.n/n
		for at := 0; at < p.n; at += n {
			a, b, c, d := x[at:at+q], x[at+q:at+2*q], x[at+2*q:at+3*q], x[at+3*q:at+n]
			for k := range a {
				a0, a1, a2, a3 := a[k], b[k], c[k], d[k]
				s, t := a0+a2, a1+a3
				u, v := a0-a2, a1-a3
				v = complex(imag(v), -real(v))
				a[k] = s + t
				b[k] = (s - t) * p.roots[2*k*stride]
				c[k] = (u + v) * p.roots[k*stride]
				d[k] = (u - v) * p.roots[3*k*stride]
			}
		}
	}
	if n == 2 {
		for i := 0; i < p.n; i += 2 {
			x[i], x[i+1] = x[i]+x[i+1], x[i]-x[i+1]
		}
	}
}

// inverse undoes forward: x comes in bit-reversed order and is divided by n.
func (p *fftPlan) inverse(x []complex128) {
	n := 4
	if levels(p.n)%2 == 1 {
		n = 8
		for i := 0; i < p.n; i += 2 {
			x[i], x[i+1] = x[i]+x[i+1], x[i]-x[i+1]
		}
	}
	for ; n <= p.n; n *= 4 {
		q, stride := n/4, p.n/n
		for at := 0; at < p.n; at += n {
			a, b, c, d := x[at:at+q], x[at+q:at+2*q], x[at+2*q:at+3*q], x[at+3*q:at+n]
			for k := range a {
				a0, a1 := a[k], b[k]*conj(p.roots[2*k*stride])
				a2, a3 := c[k]*conj(p.roots[k*stride]), d[k]*conj(p.roots[3*k*stride])
				s, t := a0+a1, a0-a1
				u, v := a2+a3, a2-a3
				v = complex(-imag(v), real(v))
				a[k], c[k] = s+u, s-u
				b[k], d[k] = t+v, t-v
			}
		}
	}
	f := 1 / float64(p.n) // a power of two: exact
	for i, v := range x {
		x[i] = complex(real(v)*f, imag(v)*f)
	}
}

// mirror returns where the frequency opposite to that at place i stands, in
// bit-reversed order: in each block [t, 2t), t a power of two, the last is
// opposite to the first.
func mirror(i int) int {
	if i < 2 {
		return i
	}
	return 3<<levels(i) - 1 - i
}

// levels returns floor(log2 n).
func levels(n int) int { return bits.Len(uint(n)) - 1 }

func conj(z complex128) complex128 { return complex(real(z), -imag(z)) }

// power returns z^k for k >= 1.
func power(z complex128, k int) complex128 {
	for ; k%2 == 0; k /= 2 {
		z *= z
	}
	r := z
	for k /= 2; k > 0; k /= 2 {
		z *= z
		if k%2 == 1 {
			r *= z
		}
	}
	return r
}
