package mustfail

import (
	"math/rand/v2"

	"github.com/discreet-go/discreet/dp/noise"
)

// Noise takes no source of randomness.
func draw(s noise.Scale) {
	noise.NewGaussian(s, rand.NewPCG(1, 2)) // want: too many arguments in call to noise.NewGaussian
}
