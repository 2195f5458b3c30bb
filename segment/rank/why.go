package rank

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Why says what a score is made of. All shares together are one.
type Why struct {
	Segments   []SegmentShare // the person's segments that add something, largest first
	Categories float64        // the person's own categories
	Seen       float64        // the item is in the person's own history
	Popularity float64        // everybody
	Context    float64        // the category of the page
}

// SegmentShare is what one segment adds beyond popularity.
type SegmentShare struct {
	Segment string
	Share   float64
}

// Personal returns the share that the person's own data has.
func (w Why) Personal() float64 {
	sum := w.Categories + w.Seen
	for _, s := range w.Segments {
		sum += s.Share
	}
	return sum
}

// String returns the shares of at least half a percent, largest first, such as
// "62 % segment garden-fans, 38 % popular".
func (w Why) String() string {
	type part struct {
		text  string
		share float64
	}
	parts := []part{
		{"own interests", w.Categories}, {"seen before", w.Seen},
		{"popular", w.Popularity}, {"this page", w.Context},
	}
	for _, s := range w.Segments {
		parts = append(parts, part{"segment " + s.Segment, s.Share})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.share, a.share) })
	var out []string
	for _, p := range parts {
		if p.share >= 0.005 {
			out = append(out, fmt.Sprintf("%.0f %% %s", 100*p.share, p.text))
		}
	}
	return strings.Join(out, ", ")
}
