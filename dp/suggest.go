package dp

import (
	"math"
	"strconv"
	"strings"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Planned says what bounds are looked for.
type Planned struct {
	Cells int              // that people can be in: all of the table's rows, or items
	Mu2   accounting.Units // loss of one release of it
}

// Suggestion holds bounds on how many cells one person counts in, and the error that each
// has. They are a function of a release alone, so they cost nothing.
type Suggestion struct {
	Max       int     `json:"max"`       // L0, without a norm
	MaxError  float64 `json:"max_error"` // root mean square error of a cell with it, in people
	Norm      int     `json:"norm"`      // MaxNorm, without another bound
	NormError float64 `json:"norm_error"`

	Sources []Source `json:"sources"`
}

// Suggest returns, from a released histogram of how many segments, items or categories
// people have, the bounds with which a table of people has the least error. A lower bound
// leaves more out of what people have, a higher one needs more noise. With n(m) people who
// have m, over K cells, the squared error of a cell is taken for
//
//	(sum n(m) max(0, m - L)/K)^2         + L/mu^2        with L0 = L, and
//	(sum n(m) max(0, m - C sqrt(m))/K)^2 + C^2/mu^2      with the norm C,
//
// as if all cells lost alike what bounds leave out. Where some cells have much more people
// than others they lose more, so that somewhat higher bounds are better. People in a bin
// are taken for the middle of it, those in the last for its lower end.
//
// A bound taken from a release is post-processing; one taken from exact numbers would be a
// release that nobody paid for. Errors: ErrReleases, ErrMeasures for a release that is no
// histogram of numbers of something people have, ErrCells for no cells in the plan or in
// the release, ErrLoss.
func Suggest(histogram Release, plan Planned) (Suggestion, error) {
	h := histogram.Header()
	quantity, _, _ := strings.Cut(h.Of, " ")
	switch {
	case histogram.IsZero():
		return Suggestion{}, ErrReleases
	case h.Kind != contrib.KindHistogram.String() || quantity != "segments" && quantity != "items" && quantity != "categories":
		return Suggestion{}, ErrMeasures
	case plan.Cells < 1 || histogram.Len() == 0:
		return Suggestion{}, ErrCells
	case plan.Mu2.IsZero():
		return Suggestion{}, ErrLoss
	}
	bins, err := binsOf(histogram, plan.Cells)
	if err != nil {
		return Suggestion{}, err
	}
	s := Suggestion{Sources: []Source{{Account: h.Account, Entry: h.Entry, Name: h.Name, AsOf: h.AsOf}}}
	mu2 := plan.Mu2.Float64()
	most := min(plan.Cells, contrib.MaxSegments)
	s.Max, s.MaxError = least(most, func(bound float64) float64 {
		return square(bins.lost(func(m float64) float64 { return m - bound })/float64(plan.Cells)) + bound/mu2
	})
	s.Norm, s.NormError = least(int(math.Ceil(math.Sqrt(float64(most)))), func(norm float64) float64 {
		return square(bins.lost(func(m float64) float64 { return m - norm*math.Sqrt(m) })/float64(plan.Cells)) + square(norm)/mu2
	})
	return s, nil
}

// bins are numbers of people by what they have. Noisy numbers stay as they are: those
// below zero make up for those that are too large.
type bins []struct{ people, has float64 }

func binsOf(r Release, cells int) (bins, error) {
	list := make(bins, r.Len())
	for i := range list {
		c := r.At(i)
		from, err := strconv.ParseInt(c.Part, 10, 64)
		if err != nil {
			return nil, ErrCells
		}
		has := float64(from)
		if i+1 < len(list) {
			to, err := strconv.ParseInt(r.At(i+1).Part, 10, 64)
			if err != nil || to <= from {
				return nil, ErrCells
			}
			has += float64(to-1-from) / 2
		}
		list[i].people, list[i].has = float64(c.Value), math.Min(has, float64(cells))
	}
	return list, nil
}

// lost adds up what is left out.
func (b bins) lost(of func(m float64) float64) float64 {
	sum := 0.0
	for _, bin := range b {
		sum += bin.people * math.Max(0, of(bin.has))
	}
	return math.Max(0, sum)
}

// least returns the bound with the least squared error, and its root.
func least(most int, squared func(float64) float64) (bound int, rootMeanSquare float64) {
	best := math.Inf(1)
	for b := 1; b <= most; b++ {
		if e := squared(float64(b)); e < best {
			bound, best = b, e
		}
	}
	return bound, math.Sqrt(best)
}
