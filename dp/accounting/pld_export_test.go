package accounting

import "context"

// GaussiansOnGrid composes count mechanisms that are mu-GDP on a grid, each
// split, which Compose never does, and returns bounds of epsilon.
func GaussiansOnGrid(mu float64, count int, theta, step, delta float64) (Bounds, error) {
	p := gaussianPart(mu, step)
	p.count = count
	c, err := compose(context.Background(), grid{step: step, parts: []part{p}}, aim{theta, step}, Bounds{}, 0)
	if err != nil {
		return Bounds{}, err
	}
	return c.epsilon(delta)
}

// OnGrid composes what l holds on a grid of the step, also where there is a
// lattice without splits, and returns bounds of delta.
func (l *Loss) OnGrid(theta, step, epsilon float64) (Bounds, error) {
	g := grid{step: step}
	for _, x := range l.groups {
		g.parts = append(g.parts, x.gridPart(step))
	}
	c, err := compose(context.Background(), g, aim{theta, step}, l.infinity, l.keep)
	if err != nil {
		return Bounds{}, err
	}
	return c.delta(epsilon), nil
}

// Transform runs the transform forward, and back.
func Transform(x []complex128) (forward, back []complex128, opposite []int) {
	p := newFFTPlan(len(x))
	forward = append(forward, x...)
	p.forward(forward)
	back = append(back, forward...)
	p.inverse(back)
	for i := range x {
		opposite = append(opposite, mirror(i))
	}
	return forward, back, opposite
}
