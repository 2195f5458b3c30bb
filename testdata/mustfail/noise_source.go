package mustfail

import (
	"crypto/rand"

	"github.com/discreet-go/discreet/dp/noise"
)

// Nor when it is drawn.
func draw(g *noise.Gaussian, cells []int64) {
	g.Fill(cells, rand.Reader) // want: too many arguments in call to g.Fill
}
