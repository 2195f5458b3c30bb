package accounting

import (
	"math"
	"math/big"

	"github.com/discreet-go/discreet/internal/exact"
)

// maxSigmaBits bounds sigma by 2^maxSigmaBits.
const maxSigmaBits = 60

// SigmaFor returns the smallest sigma, rounded up by less than 2^-62 of it to a
// multiple of a power of two, with l2Squared/sigma^2 <= mu2: the standard
// deviation of the normal variables whose rounding makes a release with that
// squared L2 sensitivity cost at most mu2. The inequality holds between
// integers, exactly. Errors: [ErrSensitivity], [ErrUnits] for a mu2 of zero,
// [ErrSigma].
func SigmaFor(l2Squared uint64, mu2 Units) (*big.Rat, error) {
	if l2Squared == 0 {
		return nil, ErrSensitivity
	}
	if mu2.IsZero() {
		return nil, ErrUnits
	}
	// sigma = root/2^k, with root >= sqrt(l2Squared 2^(96+2k) / n).
	n := mu2.int()
	square := new(big.Int).Lsh(new(big.Int).SetUint64(l2Squared), unitBits)
	k := uint(max(0, 64-(square.BitLen()-n.BitLen()-1)/2))
	square.Lsh(square, 2*k)
	root := exact.CeilSqrt(exact.CeilQuo(square, n))
	sigma := new(big.Rat).SetFrac(root, new(big.Int).Lsh(big.NewInt(1), k))
	return sigma, checkSigma(sigma)
}

// Mu2Of returns what a release with that squared L2 sensitivity and that sigma
// costs, rounded up: l2Squared/sigma^2.
func Mu2Of(l2Squared uint64, sigma *big.Rat) (Units, error) {
	if l2Squared == 0 {
		return Units{}, ErrSensitivity
	}
	if err := checkSigma(sigma); err != nil {
		return Units{}, err
	}
	r := new(big.Rat).SetInt(new(big.Int).SetUint64(l2Squared))
	return UnitsUp(r.Quo(r, new(big.Rat).Mul(sigma, sigma)))
}

// checkSigma holds the range of every function that takes a sigma: above 2^-60
// and at most 2^60.
func checkSigma(sigma *big.Rat) error {
	if sigma == nil || sigma.Sign() <= 0 {
		return ErrSigma
	}
	d := sigma.Num().BitLen() - sigma.Denom().BitLen()
	if d > maxSigmaBits || d < -maxSigmaBits || sigma.Cmp(new(big.Rat).SetInt64(1<<maxSigmaBits)) > 0 {
		return ErrSigma
	}
	return nil
}

// StdDev returns the standard deviation of round(Z), Z normal with standard
// deviation sigma, rounded up by less than 1e-12 of it for sigma of 1/4 and
// more. By Poisson summation the variance is
//
//	sigma^2 + 1/12 + sum over k >= 1 of (-1)^k e^(-2 pi^2 k^2 sigma^2) (4 sigma^2 + 1/(pi k)^2)
//
// whose terms alternate and shrink. It is for display: what a release's error
// is, not what it costs.
func StdDev(sigma *big.Rat) (float64, error) {
	if err := checkSigma(sigma); err != nil {
		return 0, err
	}
	s := exact.FloatUp(sigma)
	v := s*s + 1.0/12
	for k := 1.0; k <= 40; k++ { // stops after a positive term: an upper bound
		term := math.Exp(-2*math.Pi*math.Pi*k*k*s*s) * (4*s*s + 1/(math.Pi*math.Pi*k*k))
		if math.Mod(k, 2) == 1 {
			term = -term
		}
		v += term
	}
	return math.Sqrt(math.Max(v, 0)) * (1 + 0x1p-50), nil
}
