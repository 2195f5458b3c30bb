package segment

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxWishes is how many categories a person may be not interested in, and how
// many segments a person may have left, of one purpose.
const MaxWishes = 256

// Errors of Dismiss, Interested and Leave.
var (
	ErrWishes    = errors.New("segment: at most 256 wishes of a kind: take one back, or dismiss a category above several")
	ErrAbove     = errors.New("segment: a category above is dismissed: take that one back")
	ErrNoSegment = errors.New("segment: no segment of that name is defined for the purpose")
)

// Begin returns the row of a person about whom nothing is held yet, with a wish
// to follow: row itself where there is one and its consent has not lapsed, else
// one that holds nothing but what the proofs say. By itself such a row is
// dropped by the next function that changes it. Errors: those of [Rules.Admit].
func (r *Rules) Begin(row []byte, g Grant, l Link, m Moment) ([]byte, error) {
	today, err := r.prove(&g, &l, &m)
	if err != nil {
		return nil, err
	}
	p, enters := new(Profile), int32(0)
	if len(row) > 0 {
		if err := p.decode(row); err != nil {
			return nil, err
		}
		if !lapsed(p, &g, &m) {
			return row, nil
		}
		enters = p.entersAgain(m.Window)
		p = new(Profile)
	}
	p.reset(l.Salt(), today)
	p.enters = enters
	p.note(&g, &m, today)
	p.window, p.start = m.Window, m.WindowStart
	return p.encode(nil, nil, 0), nil
}

// Dismiss returns the row of a person who is not interested in a category: what
// it holds about the category and everything below it is forgotten, as by
// [Rules.ForgetCategory], and later events of it are refused
// ([RefusedDismissed]) until [Rules.Interested]. The category is remembered,
// not what was done in it, nor when the wish was made.
//
// A dismissal takes in those below it. At [MaxWishes] it fails with
// [ErrWishes], and row stays as it is. A sensitive category is never taken, so
// that nothing is remembered of it. One that the taxonomy does not know is
// refused with [ErrUnknown]. A nil row stays nil: see [Rules.Begin].
//
// Dismissing commutes with events: an event outside of the subtree may come
// before or after, with the same bytes; one of the subtree leaves, if it came
// before, its message id and day of recording, and nothing else.
func (r *Rules) Dismiss(row []byte, category string) ([]byte, error) {
	i, ok := r.taxonomy.index[category]
	if !ok {
		return nil, fmt.Errorf("segment: dismiss: %w", ErrUnknown)
	}
	if r.taxonomy.nodes[i].sensitive {
		return r.ForgetCategory(row, category)
	}
	full := false
	next, err := r.rewrite(row, func(p *Profile) bool {
		before := len(p.dismissed)
		fresh := !r.dismissed(p, i)
		p.dismissed = slices.DeleteFunc(p.dismissed, func(d ref) bool { return fresh && r.belowOf(i, p.bytes(d)) })
		if full = fresh && len(p.dismissed) == MaxWishes; full {
			return false
		}
		if fresh {
			p.dismissed = p.wish(p.dismissed, r.taxonomy.nodes[i].id) // which an alias may have named
		}
		return r.forget(p, func(c []byte) bool { return r.belowOf(i, c) }) || fresh || before != len(p.dismissed)
	})
	if full {
		return nil, ErrWishes
	}
	return next, err
}

// Interested takes dismissals back: of the category and of everything below it.
// What was forgotten stays forgotten; later events count. Where a category above
// is dismissed it fails with [ErrAbove]. Taking back what was not dismissed
// changes nothing. The row that is left may be nil.
func (r *Rules) Interested(row []byte, category string) ([]byte, error) {
	i, known := r.taxonomy.index[category]
	above := false
	next, err := r.rewrite(row, func(p *Profile) bool {
		if known && r.taxonomy.nodes[i].parent >= 0 {
			if above = r.dismissed(p, r.taxonomy.nodes[i].parent); above {
				return false
			}
		}
		before := len(p.dismissed)
		p.dismissed = slices.DeleteFunc(p.dismissed, func(d ref) bool {
			return string(p.bytes(d)) == category || known && r.belowOf(i, p.bytes(d))
		})
		return before != len(p.dismissed)
	})
	if above {
		return nil, ErrAbove
	}
	return next, err
}

// Leave returns the row of a person who is not in the segment any more, whatever
// its predicates say and in whatever version it is, until [Rules.Rejoin].
// Leaving never puts anybody into another segment: under None, a segment that was left
// counts as if it had not been. Errors: [ErrNoSegment], [ErrWishes], [ErrRow].
// A nil row stays nil: see [Rules.Begin].
func (r *Rules) Leave(row []byte, segment string) ([]byte, error) {
	if !r.defined(segment) {
		return nil, ErrNoSegment
	}
	full := false
	next, err := r.rewrite(row, func(p *Profile) bool {
		if p.hasLeft(segment) {
			return false
		}
		if full = len(p.left) == MaxWishes; full {
			return false
		}
		p.left = p.wish(p.left, segment)
		return true
	})
	if full {
		return nil, ErrWishes
	}
	return next, err
}

// Rejoin takes leaving a segment back: its predicates decide again. The row
// that is left may be nil.
func (r *Rules) Rejoin(row []byte, segment string) ([]byte, error) {
	return r.rewrite(row, func(p *Profile) bool {
		i, ok := p.searchWish(p.left, segment)
		if ok {
			p.left = slices.Delete(p.left, i, i+1)
		}
		return ok
	})
}

// Renew returns the row of a person whose consent was prolonged to end, as it
// stood at now, if the row holds wishes or slots: they last as long as consent does, also
// where no event comes that would tell the row. Other rows, one whose consent had
// ended at now, and one that ends later anyway, stay as they are. It fails with
// [ErrRow] only.
func (r *Rules) Renew(row []byte, now, end time.Time) ([]byte, error) {
	return r.rewrite(row, func(p *Profile) bool {
		until := min(max(end.UnixMilli(), 0), MaxMilli)
		if !p.wishes() && len(p.slots) == 0 || p.expired(now) || p.until >= until {
			return false
		}
		p.until = until
		return true
	})
}

// Dismissed returns the categories that the person is not interested in, sorted;
// each stands for everything below it too.
func (p *Profile) Dismissed() []string { return p.strings(p.dismissed) }

// Left returns the segments that the person has left, sorted.
func (p *Profile) Left() []string { return p.strings(p.left) }

func (p *Profile) strings(list []ref) []string {
	var names []string
	for _, w := range list {
		names = append(names, p.string(w))
	}
	return names
}

// Dismisses reports whether the person of the profile is not interested in the
// category: it, or one above it, is dismissed.
func (r *Rules) Dismisses(p *Profile, category string) bool {
	i, ok := r.taxonomy.index[category]
	return ok && r.dismissed(p, i)
}

// dismissed reports whether the node, or one above it, is dismissed.
func (r *Rules) dismissed(p *Profile, i int32) bool {
	text := p.buf
	for _, d := range p.dismissed { // by what it names today: an id may have become an alias
		var root int32
		var ok bool
		if text == nil { // as read
			root, ok = r.taxonomy.index[p.string(d)]
		} else {
			root, ok = r.taxonomy.index[string(p.bytes(d))]
		}
		if ok && r.taxonomy.below(root, i) {
			return true
		}
	}
	return false
}

// belowOf reports whether a category is the node or below it.
func (r *Rules) belowOf(root int32, category []byte) bool {
	i, ok := r.taxonomy.index[string(category)]
	return ok && r.taxonomy.below(root, i)
}

// defined reports whether a segment of that name is.
func (r *Rules) defined(segment string) bool {
	return slices.ContainsFunc(r.definitions, func(d definition) bool { return d.Name == segment })
}
