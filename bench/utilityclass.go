package main

// A class holds relative errors of cells with at least so many people, and fewer than
// the next one has.
type class struct {
	name       string
	from       int64
	ours, peer mean
}

// mean is the mean of what was added.
type mean struct {
	n   int
	sum float64
}

func (m *mean) add(v float64) { m.n, m.sum = m.n+1, m.sum+v }

func (m *mean) value() float64 { return m.sum / float64(m.n) }

func classes() []class {
	return []class{{name: "10", from: 10}, {name: "100", from: 100}, {name: "1000", from: 1000}}
}

// classOf returns the class of a cell, or nil for a smaller one.
func classOf(list []class, people int64) (c *class) {
	for i := range list {
		if people >= list[i].from {
			c = &list[i]
		}
	}
	return c
}

// classes reports the relative errors by size, for the sizes that there are.
func (b *bench) classes(name, metric string, list []class) error {
	for _, c := range list {
		if c.ours.n == 0 {
			continue
		}
		err := b.reports(name, "",
			result{Metric: metric + "_" + c.name, Value: c.ours.value()},
			result{Metric: metric + "_" + c.name + "_google_default", Value: c.peer.value()},
		)
		if err != nil {
			return err
		}
	}
	return nil
}
