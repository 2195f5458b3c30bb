package consent

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrBook is returned by [NewBook], with the rule and the position of the
// notice that breaks it.
var ErrBook = errors.New("consent: notices refused")

const (
	maxNotices      = 1024
	maxBookPurposes = 256
)

// Book is a checked set of notices. It is immutable and safe for concurrent use.
type Book struct {
	editions []*edition            // by order of first declaration
	byID     map[string][]*edition // by version, ascending
	purposes map[string]Purpose
	keys     []string // sorted keys of purposes
}

// edition is one version of a notice in all its locales.
type edition struct {
	id      string
	version int
	texts   []localized // in the order declared
}

type localized struct {
	notice Notice
	hash   [32]byte
}

// NewBook checks the notices together and copies them. It refuses notices that
// break a rule of their own, duplicates of (id, version, locale), locales of one
// version that differ in purposes and their flags, bundles, retention, expiry,
// refusal memory or the number of categories, sources, recipients, transfers and
// third parties, and a version that lacks a locale of the version before it.
//
// A purpose is advertising, or sharing, for everybody or for nobody: the newest
// version of each notice that names it must say the same. Earlier versions may
// differ; a flag that was set later is [Material]. A bundle has no key that is a
// purpose anywhere in the book.
//
// Earlier versions should stay in the book: without them nobody can tell what
// changed, and people are asked again.
func NewBook(notices []Notice) (*Book, error) {
	if len(notices) == 0 || len(notices) > maxNotices {
		return nil, fmt.Errorf("%w: there are 1 to %d", ErrBook, maxNotices)
	}
	b := &Book{byID: map[string][]*edition{}, purposes: map[string]Purpose{}}
	for i, n := range notices {
		err := n.check()
		if err == nil {
			err = b.add(n.clone())
		}
		if err != nil {
			return nil, fmt.Errorf("%w: notice %d: %w", ErrBook, i, err)
		}
	}
	for _, list := range b.byID {
		slices.SortFunc(list, func(x, y *edition) int { return cmp.Compare(x.version, y.version) })
		for i := 1; i < len(list); i++ {
			for _, t := range list[i-1].texts {
				if list[i].locale(t.notice.Locale) == nil {
					return nil, fmt.Errorf("%w: a version lacks a locale of the version before it", ErrBook)
				}
			}
		}
	}
	if err := b.describe(); err != nil {
		return nil, err
	}
	if len(b.keys) > maxBookPurposes {
		return nil, fmt.Errorf("%w: there are at most %d purposes", ErrBook, maxBookPurposes)
	}
	slices.Sort(b.keys)
	return b, nil
}

// Rules of a set of notices.
const (
	errDuplicate rule = "id, version and locale are given twice"
	errLocales   rule = "locales of one version differ in what they promise"
)

// describe collects the purposes. The newest version of a notice that names one
// counts, first declared first, and notices whose newest version does not name it
// any more come last.
func (b *Book) describe() error {
	current := map[string]bool{} // the newest version of its notice describes the purpose
	for _, e := range b.editions {
		for _, p := range e.texts[0].notice.Purposes {
			if e != b.latest(e.id, p.Key) {
				continue
			}
			known, ok := b.purposes[p.Key]
			if ok && (known.Advertising != p.Advertising || known.Sharing != p.Sharing) {
				return fmt.Errorf("%w: notices disagree on whether a purpose is advertising or sharing", ErrBook)
			}
			if !ok {
				b.keys = append(b.keys, p.Key)
			}
			if newest := e == b.newest(e.id); !ok || newest && !current[p.Key] {
				b.purposes[p.Key], current[p.Key] = p, newest
			}
		}
	}
	for _, e := range b.editions {
		for _, bundle := range e.texts[0].notice.Bundles {
			if _, ok := b.purposes[bundle.Key]; ok {
				return fmt.Errorf("%w: a bundle has the key of a purpose", ErrBook)
			}
		}
	}
	return nil
}

func (b *Book) add(n Notice) error {
	t := localized{n, n.Hash()}
	for _, e := range b.byID[n.ID] {
		if e.version != n.Version {
			continue
		}
		if e.locale(n.Locale) != nil {
			return errDuplicate
		}
		if !samePromise(&e.texts[0].notice, &n) {
			return errLocales
		}
		e.texts = append(e.texts, t)
		return nil
	}
	e := &edition{n.ID, n.Version, []localized{t}}
	b.editions = append(b.editions, e)
	b.byID[n.ID] = append(b.byID[n.ID], e)
	return nil
}

func samePromise(x, y *Notice) bool {
	return slices.EqualFunc(x.Purposes, y.Purposes, func(p, q Purpose) bool {
		return p.Key == q.Key && p.Advertising == q.Advertising && p.Sharing == q.Sharing
	}) && sameBundles(x, y) &&
		x.RetentionDays == y.RetentionDays && x.ConsentDays == y.ConsentDays && x.refusalDays() == y.refusalDays() &&
		len(x.Categories) == len(y.Categories) && len(x.Sources) == len(y.Sources) && len(x.Recipients) == len(y.Recipients) &&
		len(x.Transfers) == len(y.Transfers) && len(x.ThirdParties) == len(y.ThirdParties)
}

func (e *edition) locale(locale string) *localized {
	for i := range e.texts {
		if e.texts[i].notice.Locale == locale {
			return &e.texts[i]
		}
	}
	return nil
}

func (e *edition) covers(purpose string) bool { return e.texts[0].notice.purpose(purpose) >= 0 }

func (b *Book) edition(id string, version int) *edition {
	for _, e := range b.byID[id] {
		if e.version == version {
			return e
		}
	}
	return nil
}

// newest returns the newest edition of the notice, or nil.
func (b *Book) newest(id string) *edition {
	list := b.byID[id]
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// latest returns the newest edition of the notice that names the purpose, or nil.
func (b *Book) latest(id, purpose string) *edition {
	for _, e := range slices.Backward(b.byID[id]) {
		if e.covers(purpose) {
			return e
		}
	}
	return nil
}

// Notice returns one version of a notice, in the locale declared first.
func (b *Book) Notice(id string, version int) (Notice, bool) {
	return b.Localized(id, version)
}

// Localized returns one version of a notice in the first of the locales that it
// exists in, then in the first one whose language it exists in, then in the
// locale declared first.
func (b *Book) Localized(id string, version int, locales ...string) (Notice, bool) {
	e := b.edition(id, version)
	if e == nil {
		return Notice{}, false
	}
	for _, l := range locales {
		if t := e.locale(l); t != nil {
			return t.notice.clone(), true
		}
	}
	for _, l := range locales {
		language, _, _ := strings.Cut(l, "-")
		for i := range e.texts {
			if t, _, _ := strings.Cut(e.texts[i].notice.Locale, "-"); t == language {
				return e.texts[i].notice.clone(), true
			}
		}
	}
	return e.texts[0].notice.clone(), true
}

// Newest returns the newest version of a notice in the locale, chosen as by
// [Book.Localized].
func (b *Book) Newest(id, locale string) (Notice, bool) {
	e := b.newest(id)
	if e == nil {
		return Notice{}, false
	}
	return b.Localized(id, e.version, locale)
}

// Purpose returns the purpose as the newest notice that names it describes it.
func (b *Book) Purpose(key string) (Purpose, bool) {
	p, ok := b.purposes[key]
	return p, ok
}

// Purposes returns the keys of all purposes, sorted.
func (b *Book) Purposes() []string { return slices.Clone(b.keys) }

// Under returns the keys of the purposes that a denial of key reaches: itself,
// if the book knows it, and all below it, sorted.
func (b *Book) Under(key string) []string {
	var list []string
	for _, k := range b.keys {
		if under(k, key) {
			list = append(list, k)
		}
	}
	return list
}

// RetentionDays returns the shortest time of keeping that any notice promised
// for the purpose, in days, or 0 for an unknown purpose. Nothing may be kept
// longer.
func (b *Book) RetentionDays(purpose string) int {
	shortest := 0
	for _, e := range b.editions {
		if d := e.texts[0].notice.RetentionDays; e.covers(purpose) && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	return shortest
}
