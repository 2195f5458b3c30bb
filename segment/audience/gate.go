package audience

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/discreet-go/discreet/dp"
)

// remembered is how many releases a gate keeps apart, so that one that comes late
// still takes its place.
const remembered = 64

// Gate opens and closes the segments of one purpose. It is safe for concurrent use.
// Make it with [New]; the zero Gate keeps everything closed.
type Gate struct {
	cfg    Config
	source Source

	mu      sync.RWMutex
	settled fold   // of the releases before those of looks
	looks   []look // by entry
	now     fold   // of all
}

// look is what one release says.
type look struct {
	entry  uint64
	day    dp.Day
	counts map[string]count
}

type count struct{ value, low int64 }

// fold is what releases come to, in their order.
type fold struct {
	entry uint64 // of the newest; 0: none
	day   dp.Day
	open  map[string]dp.Day // segments that are open, and since which release
}

// New makes a gate that is closed. It returns ErrConfig or ErrSource.
func New(c Config, from Source) (*Gate, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := from.check(); err != nil {
		return nil, err
	}
	from.Measures = slices.Clone(from.Measures)
	return &Gate{cfg: c, source: from}, nil
}

// Config returns what the gate was made with.
func (g *Gate) Config() Config { return g.cfg }

// Observe takes releases, in any order; one that it has is passed over. It returns
// ErrRelease, and takes none, where one is not of segment sizes, or not of the
// gate's account and measures. After a restart, Observe what was released before.
// Cost: each time, one pass over the segments of the newest 64 releases.
func (g *Gate) Observe(releases ...dp.Release) error {
	list := make([]look, len(releases))
	for i, r := range releases {
		var err error
		if list[i], err = g.look(r); err != nil {
			return err
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortStableFunc(list, func(a, b look) int { return cmp.Compare(a.entry, b.entry) })
	for _, l := range list {
		i, found := slices.BinarySearchFunc(g.looks, l.entry, func(o look, entry uint64) int { return cmp.Compare(o.entry, entry) })
		if found || l.entry <= g.settled.entry {
			continue
		}
		g.looks = slices.Insert(g.looks, i, l)
		if len(g.looks) > remembered {
			g.settled = g.cfg.take(g.settled, &g.looks[0])
			g.looks = slices.Delete(g.looks, 0, 1)
		}
	}
	g.now = g.settled
	for i := range g.looks {
		g.now = g.cfg.take(g.now, &g.looks[i])
	}
	return nil
}

// look reads a release: of whole people, since a value scaled to a norm is a thousand
// times what it counts, and with Gaussian noise, which margins are made for.
func (g *Gate) look(r dp.Release) (look, error) {
	h := r.Header()
	day, ok := dayOf(h.AsOf)
	if !ok || h.Kind != "segment-sizes" || h.Per > 1 || h.Pure > 0 || h.Level != dp.Level || h.Entry == 0 ||
		h.Account != g.source.Account || !slices.Contains(g.source.Measures, h.Measure) {
		return look{}, ErrRelease
	}
	l := look{entry: h.Entry, day: day, counts: make(map[string]count, r.Len())}
	margin := int64(-1) // the release's own
	if g.cfg.Chance != 0 {
		var err error
		if margin, err = g.cfg.margin(h.Sigma); err != nil {
			return look{}, ErrRelease
		}
	}
	for i := range r.Len() {
		c := r.At(i)
		n := count{c.Value, c.Low}
		if margin >= 0 {
			n.low = math.MinInt64
			if c.Value >= math.MinInt64+margin {
				n.low = c.Value - margin
			}
		}
		l.counts[c.Segment] = n
	}
	return l, nil
}

// take returns what a release makes of what was before. Where that was too old by
// then, everything was closed in between.
func (c *Config) take(before fold, l *look) fold {
	next := fold{l.entry, l.day, map[string]dp.Day{}}
	alive := before.entry > 0 && l.day-before.day <= dp.Day(c.MaxAgeDays)
	for segment, n := range l.counts {
		since, open := before.open[segment]
		switch {
		case alive && open && n.low >= c.stays():
			next.open[segment] = since
		case n.low >= c.opens():
			next.open[segment] = l.day
		}
	}
	return next
}

// Visible says whether a segment is open on a day, UTC, and why.
func (g *Gate) Visible(segment string, today dp.Day) State {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.state(segment, today)
}

// All returns the state of every segment that the newest release names, sorted.
func (g *Gate) All(today dp.Day) []State {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if len(g.looks) == 0 {
		return nil
	}
	var list []State
	for segment := range g.looks[len(g.looks)-1].counts {
		list = append(list, g.state(segment, today))
	}
	slices.SortFunc(list, func(a, b State) int { return cmp.Compare(a.Segment, b.Segment) })
	return list
}

func (g *Gate) state(segment string, today dp.Day) State {
	s := State{Segment: segment, Why: Uncounted}
	if len(g.looks) == 0 {
		return s
	}
	l := &g.looks[len(g.looks)-1]
	s.AsOf, s.Entry = textOf(l.day), l.entry
	n, named := l.counts[segment]
	s.Value, s.Low = n.value, n.low
	since, open := g.now.open[segment]
	switch {
	case !named:
		s.Why = Absent
	case today-l.day > dp.Day(g.cfg.MaxAgeDays):
		s.Why = Stale
	case !open:
		s.Why = Few
	default:
		s.Open, s.Why, s.Since = true, Enough, textOf(since)
	}
	return s
}
