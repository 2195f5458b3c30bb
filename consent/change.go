package consent

import "slices"

// Change is something that a newer version of a notice adds to an older one and
// that people have to be asked about.
type Change struct {
	Kind  ChangeKind `json:"kind"`
	Value string     `json:"value,omitempty"` // the added purpose key, category, source, recipient or controller
}

// ChangeKind says what changed.
type ChangeKind string

// The kinds of material change.
const (
	PurposeAdded      ChangeKind = "purpose-added"
	CategoryAdded     ChangeKind = "category-added"
	SourceAdded       ChangeKind = "source-added"
	RecipientAdded    ChangeKind = "recipient-added"
	RetentionLonger   ChangeKind = "retention-longer"
	ControllerChanged ChangeKind = "controller-changed"
	TextUnknown       ChangeKind = "text-unknown" // the text that was shown is not in the book any more, so nobody can tell
)

// Material returns what the newer notice adds: purposes, categories, sources,
// recipients, a longer retention, another controller. Wording, titles and
// anything that was removed are not material. Both must be in one locale.
func Material(older, newer Notice) []Change {
	var changes []Change
	for _, p := range newer.Purposes {
		if older.purpose(p.Key) < 0 {
			changes = append(changes, Change{PurposeAdded, p.Key})
		}
	}
	added := func(kind ChangeKind, before, after []string) {
		for _, s := range after {
			if !slices.Contains(before, s) {
				changes = append(changes, Change{kind, s})
			}
		}
	}
	added(CategoryAdded, older.Categories, newer.Categories)
	added(SourceAdded, older.Sources, newer.Sources)
	added(RecipientAdded, older.Recipients, newer.Recipients)
	if newer.RetentionDays > older.RetentionDays {
		changes = append(changes, Change{Kind: RetentionLonger})
	}
	if newer.Controller != older.Controller {
		changes = append(changes, Change{ControllerChanged, newer.Controller})
	}
	return changes
}

// changes returns what the newest version adds to the text that was shown, as
// far as it concerns purposes agreed to then: an added purpose is a question of
// its own.
func (b *Book) changes(shown *evidence) []Change {
	newest := b.newest(shown.notice)
	if newest == nil || newest.version < shown.version {
		return nil
	}
	before := b.edition(shown.notice, shown.version)
	if before == nil {
		return []Change{{Kind: TextUnknown}}
	}
	text := before.locale(shown.locale)
	if text != nil && text.hash != shown.hash {
		return []Change{{Kind: TextUnknown}} // edited under the same version
	}
	if text == nil {
		text = &before.texts[0]
	}
	after := newest.locale(text.notice.Locale)
	if after == nil {
		return []Change{{Kind: TextUnknown}}
	}
	return slices.DeleteFunc(Material(text.notice, after.notice), func(c Change) bool { return c.Kind == PurposeAdded })
}
