package consent

import "slices"

// Change is something that a newer version of a notice adds to an older one and
// that people have to be asked about.
type Change struct {
	Kind  ChangeKind `json:"kind"`
	Value string     `json:"value,omitempty"` // the added purpose key, category, source, recipient, transfer, third party or controller

	// Purpose is the one purpose that the change concerns, or "" where it concerns
	// every purpose of the notice.
	Purpose string `json:"purpose,omitempty"`
}

// Concerns reports whether whoever agreed to the purpose has to be asked again.
func (c Change) Concerns(purpose string) bool { return c.Purpose == "" || c.Purpose == purpose }

// ChangeKind says what changed.
type ChangeKind string

// The kinds of material change. The first four concern one purpose, the others
// every purpose of the notice, because a notice promises them for all.
const (
	PurposeAdded     ChangeKind = "purpose-added"     // a question of its own, for whoever agreed to others
	AdvertisingAdded ChangeKind = "advertising-added" // the purpose became advertising
	SharingAdded     ChangeKind = "sharing-added"     // the purpose became sharing
	ThirdPartyAdded  ChangeKind = "third-party-added" // concerns sharing purposes only

	CategoryAdded     ChangeKind = "category-added"
	SourceAdded       ChangeKind = "source-added"
	RecipientAdded    ChangeKind = "recipient-added"
	TransferAdded     ChangeKind = "transfer-added"
	RetentionLonger   ChangeKind = "retention-longer"
	ControllerChanged ChangeKind = "controller-changed"
	TextUnknown       ChangeKind = "text-unknown" // the text that was shown is not in the book any more, so nobody can tell
)

// Material returns what the newer notice adds: purposes, advertising or sharing
// under a purpose, third parties, categories, sources, recipients, transfers, a
// longer retention, another controller. Nothing else is material: wording and
// titles, bundles, rights and how to use them, how long a consent lasts (the one
// that was given keeps its end), and anything that was removed. An entry of a
// list that is worded anew counts as added, and so does another controller,
// also one that is named no more. Both must be in one locale.
func Material(older, newer Notice) []Change {
	var changes []Change
	for _, p := range newer.Purposes {
		i := older.purpose(p.Key)
		if i < 0 {
			changes = append(changes, Change{PurposeAdded, p.Key, p.Key})
			continue
		}
		before := &older.Purposes[i]
		if p.Advertising && !before.Advertising {
			changes = append(changes, Change{Kind: AdvertisingAdded, Purpose: p.Key})
		}
		if p.Sharing && !before.Sharing {
			changes = append(changes, Change{Kind: SharingAdded, Purpose: p.Key})
		}
		for _, s := range newer.ThirdParties {
			if p.Sharing && !slices.Contains(older.ThirdParties, s) {
				changes = append(changes, Change{ThirdPartyAdded, s, p.Key})
			}
		}
	}
	added := func(kind ChangeKind, before, after []string) {
		for _, s := range after {
			if !slices.Contains(before, s) {
				changes = append(changes, Change{Kind: kind, Value: s})
			}
		}
	}
	added(CategoryAdded, older.Categories, newer.Categories)
	added(SourceAdded, older.Sources, newer.Sources)
	added(RecipientAdded, older.Recipients, newer.Recipients)
	added(TransferAdded, older.Transfers, newer.Transfers)
	if newer.RetentionDays > older.RetentionDays {
		changes = append(changes, Change{Kind: RetentionLonger})
	}
	if newer.Controller != older.Controller {
		changes = append(changes, Change{Kind: ControllerChanged, Value: newer.Controller})
	}
	return changes
}

// changes returns what the newest version adds to the text that was shown, as
// far as it concerns a purpose agreed to then.
func (b *Book) changes(shown *evidence, purpose string) []Change {
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
	return slices.DeleteFunc(Material(text.notice, after.notice), func(c Change) bool { return !c.Concerns(purpose) })
}
