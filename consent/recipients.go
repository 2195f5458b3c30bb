package consent

import "slices"

// Recipients returns who may have received data under the purposes, as the texts
// say that the person agreed to at any time that the history remembers: the
// recipients of every such text that the book has, and for a purpose that shares its
// third parties; sorted. Whoever is named has to be told when consent ends.
func (b *Book) Recipients(h *History, purposes []string) []string {
	var list []string
	for _, p := range purposes {
		r := h.record(p)
		if r == nil {
			continue
		}
		for i := range r.intervals {
			shown := &r.intervals[i].shown
			list = append(list, b.named(p, shown.notice, shown.version, shown.locale)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// RecipientsOf returns the recipients that one version of a notice names for a
// purpose, sorted.
func (b *Book) RecipientsOf(purpose, notice string, version int) []string {
	list := b.named(purpose, notice, version, "")
	slices.Sort(list)
	return slices.Compact(list)
}

func (b *Book) named(purpose, notice string, version int, locale string) []string {
	e := b.edition(notice, version)
	if e == nil {
		return nil
	}
	text := e.locale(locale)
	if text == nil {
		text = &e.texts[0]
	}
	list := slices.Clone(text.notice.Recipients)
	if b.purposes[purpose].Sharing {
		list = append(list, text.notice.ThirdParties...)
	}
	return list
}
