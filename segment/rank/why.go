package rank

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Why says what a score is made of. All shares together are one.
type Why struct {
	Segments   []SegmentShare  // the person's segments that add something, largest first
	Categories float64         // the person's own categories
	Interests  []CategoryShare // what Categories is made of, largest first
	Seen       float64         // the item is in the person's own history
	Likeness   float64         // its title is like those of the person's own items
	Pairs      float64         // it goes with the person's own items
	Like       string          // the own item that Likeness and Pairs owe most to, or ""
	Popularity float64         // everybody
	Context    float64         // the category of the page

	// Capped: it is here because everybody sees it, as the person's limit of
	// personal places was reached.
	Capped bool
}

// SegmentShare is what one segment adds beyond popularity.
type SegmentShare struct {
	Segment string
	Share   float64
}

// CategoryShare is what one of the person's own categories adds.
type CategoryShare struct {
	Category string
	Share    float64
}

// Personal returns the share that the person's own data has.
func (w Why) Personal() float64 {
	sum := w.Categories + w.Seen + w.Likeness + w.Pairs
	for _, s := range w.Segments {
		sum += s.Share
	}
	return sum
}

type whyPart struct {
	text  string
	share float64
}

// largest returns the parts of at least half a percent, largest first.
func largest(parts []whyPart) []whyPart {
	parts = slices.DeleteFunc(parts, func(p whyPart) bool { return p.share < 0.005 })
	slices.SortStableFunc(parts, func(a, b whyPart) int { return cmp.Compare(b.share, a.share) })
	return parts
}

// String returns the shares of at least half a percent, largest first, such as
// "62 % segment garden-fans, 38 % popular".
func (w Why) String() string {
	parts := []whyPart{
		{"own interests", w.Categories}, {"seen before", w.Seen},
		{"like own items", w.Likeness}, {"goes with own items", w.Pairs},
		{"popular", w.Popularity}, {"this page", w.Context},
	}
	for _, s := range w.Segments {
		parts = append(parts, whyPart{"segment " + s.Segment, s.Share})
	}
	var out []string
	for _, p := range largest(parts) {
		out = append(out, fmt.Sprintf("%.0f %% %s", 100*p.share, p.text))
	}
	return strings.Join(out, ", ")
}

// Text says it in words for the person. title gives the public name of a
// segment, category or item; nil, or "", leaves the key as it is.
//
//	You see this because of your interest in Garden (61 %) and because many people like it (39 %).
func (w Why) Text(title func(key string) string) string {
	name := func(key string) string {
		if title != nil {
			if t := title(key); t != "" {
				return t
			}
		}
		return key
	}
	parts := []whyPart{
		{"you had it before", w.Seen}, {"many people like it", w.Popularity}, {"it fits this page", w.Context},
	}
	like := "it is like things you had"
	if w.Like != "" {
		like = "it is like " + name(w.Like) + ", which you had"
	}
	parts = append(parts, whyPart{like, w.Likeness})
	with := "it goes with things you had"
	if w.Like != "" && w.Likeness == 0 {
		with = "it goes with " + name(w.Like) + ", which you had"
	}
	parts = append(parts, whyPart{with, w.Pairs})
	rest := w.Categories
	for _, c := range w.Interests {
		parts = append(parts, whyPart{"of your interest in " + name(c.Category), c.Share})
		rest -= c.Share
	}
	parts = append(parts, whyPart{"of your interests", rest})
	for _, s := range w.Segments {
		parts = append(parts, whyPart{"you are in the group " + name(s.Segment), s.Share})
	}
	var out []string
	for _, p := range largest(parts) {
		out = append(out, fmt.Sprintf("because %s (%.0f %%)", p.text, 100*p.share))
	}
	text := "You see this " + strings.Join(out, ", ") + "."
	if n := len(out); n > 1 {
		text = "You see this " + strings.Join(out[:n-1], ", ") + " and " + out[n-1] + "."
	}
	if w.Capped {
		text += " Nothing of you was used for this place: you limited how many may be personal."
	}
	return text
}
