package consent

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Limits on the disclosures of a record.
const (
	MaxDisclosures = 256  // of one person; Disclose refuses more, and forgets none
	MaxTold        = 64   // entries of a journal that tell of disclosures, and new ones in one step
	maxMerged      = 4096 // that merges bring together
)

// Errors of [Record.Disclose].
var (
	ErrDisclosure  = errors.New("consent: a disclosure has a recipient, a segment, purposes, a pseudonym and an end after today")
	ErrUnnamed     = errors.New("consent: no text that is agreed to now names the recipient for that purpose")
	ErrDisclosures = errors.New("consent: a record has room for 256 disclosures, and for 64 new ones in one step; none is forgotten for another")
)

// Disclosure says that a recipient was told that a person is in a segment. All of
// it is personal data, and told to the person.
type Disclosure struct {
	Recipient string    `json:"recipient"` // the third party, as the text names it that was agreed to
	Sharing   string    `json:"sharing"`   // the purpose that was agreed to, under which it was told
	Purpose   string    `json:"purpose"`   // the purpose whose segment it is
	Segment   string    `json:"segment"`   // its name
	Member    ident.ID  `json:"member"`    // the pseudonym under which the recipient knows the person; no other recipient has it
	First     time.Time `json:"first"`     // day on which it was told first, UTC
	Last      time.Time `json:"last"`      // day on which it was told last, UTC
	Until     time.Time `json:"until"`     // first day on which the recipient may not use it any more, UTC
}

// About reports whether the disclosure rests on the purpose: it was made under it,
// or the segment is of it.
func (d *Disclosure) About(purpose string) bool { return d.Sharing == purpose || d.Purpose == purpose }

// disclosure is a Disclosure with days since 1970.
type disclosure struct {
	disclosed
	member             ident.ID
	first, last, until int64
}

// disclosed is what a disclosure is about; one entry of the journal tells of it.
type disclosed struct{ recipient, sharing, purpose, segment string }

func compareDisclosures(x, y disclosure) int {
	a, b := x.member.Bytes(), y.member.Bytes()
	return cmp.Or(
		cmp.Compare(x.recipient, y.recipient), cmp.Compare(x.sharing, y.sharing),
		cmp.Compare(x.purpose, y.purpose), cmp.Compare(x.segment, y.segment), bytes.Compare(a[:], b[:]))
}

// valid reports whether d can be told of.
func (d *disclosed) valid() bool {
	return title(d.recipient) && ValidPurpose(d.sharing) && ValidPurpose(d.purpose) && contrib.ValidName(d.segment)
}

func dayOf(ms int64) int64 { return ms / dayMillis }

const lastDay = maxMoment / dayMillis

// Disclosures returns what was disclosed, as far as a recipient may still hold it
// or was to have deleted it not longer ago than [Record.Expire] keeps, sorted.
func (r *Record) Disclosures() []Disclosure {
	var list []Disclosure
	for i := range r.disclosed {
		d := &r.disclosed[i]
		list = append(list, Disclosure{
			d.recipient, d.sharing, d.purpose, d.segment, d.member,
			moment(d.first * dayMillis), moment(d.last * dayMillis), moment(d.until * dayMillis),
		})
	}
	return list
}

// Disclose records that a recipient is told, now, that the person is in a segment,
// before it is told. First and Last of d are not read. The record has to hold an
// open consent for d.Sharing, to a text of the book that says that this is sharing
// and names the recipient among its third parties; else it returns ErrUnnamed. Told
// again, a disclosure lasts longer; the first time, the journal gets an entry with
// the text that was agreed to. It reports whether the record changed.
//
// A withdrawal leaves disclosures as they are: whoever received something still
// has to be told. [Record.Erase] removes them, [Record.Merge] joins them. Where there is no
// room it returns ErrDisclosures, and nothing may be told: it never forgets one to
// make room for another.
func (r *Record) Disclose(b *Book, d Disclosure, now time.Time) (changed bool, err error) {
	t := r.history.moment(now)
	next := disclosure{disclosed{d.Recipient, d.Sharing, d.Purpose, d.Segment}, d.Member, dayOf(t), dayOf(t), dayOf(millis(d.Until))}
	if !next.valid() || d.Member.IsZero() || millis(d.Until) > maxMoment || next.until <= next.last {
		return false, ErrDisclosure
	}
	open := b.naming(&r.history, d.Sharing, d.Recipient, t)
	if open == nil {
		return false, ErrUnnamed
	}
	i, found := slices.BinarySearchFunc(r.disclosed, next, compareDisclosures)
	if found {
		old := &r.disclosed[i]
		before := *old
		old.last, old.until = max(old.last, next.last), max(old.until, next.until)
		return *old != before, nil
	}
	if len(r.disclosed) >= MaxDisclosures {
		return false, ErrDisclosures
	}
	told := slices.ContainsFunc(r.disclosed, func(o disclosure) bool { return o.disclosed == next.disclosed })
	if !told && r.newlyTold() >= MaxTold {
		return false, ErrDisclosures
	}
	r.disclosed = slices.Insert(r.disclosed, i, next)
	if !told {
		r.tell(next.disclosed, t, open.shown)
	}
	return true, nil
}

// newlyTold counts the entries of disclosures that are not written yet.
func (r *Record) newlyTold() (n int) {
	for _, e := range r.journal[len(r.journal)-r.fresh:] {
		if e.Kind == KindDisclosed {
			n++
		}
	}
	return n
}

// tell adds the entry of a disclosure.
func (r *Record) tell(d disclosed, t int64, shown evidence) {
	r.add(KindDisclosed, t, []string{d.sharing}, shown, "")
	e := &r.journal[len(r.journal)-1]
	e.Recipient, e.Of, e.Segment = d.recipient, d.purpose, d.segment
}

// Shares reports whether the person agreed to the purpose, and has not taken it
// back, by a text of the book that says that the purpose is sharing and names the
// recipient among its third parties. What a [Source] allows names nobody.
func (b *Book) Shares(h *History, sharing, recipient string, now time.Time) bool {
	return b.naming(h, sharing, recipient, h.moment(now)) != nil
}

// ThirdParty reports whether a text of the book asks for the purpose, as sharing,
// and names the recipient among its third parties.
func (b *Book) ThirdParty(sharing, recipient string) bool {
	for _, e := range b.editions {
		for i := range e.texts {
			if e.texts[i].notice.sharesWith(sharing, recipient) {
				return true
			}
		}
	}
	return false
}

// naming returns the open interval whose text names the recipient, or nil.
func (b *Book) naming(h *History, sharing, recipient string, t int64) *interval {
	if !b.purposes[sharing].Sharing {
		return nil
	}
	open := h.open(sharing, t)
	if open == nil {
		return nil
	}
	e := b.edition(open.shown.notice, open.shown.version)
	if e == nil {
		return nil
	}
	if text := e.locale(open.shown.locale); text == nil || text.hash != open.shown.hash || !text.notice.sharesWith(sharing, recipient) {
		return nil
	}
	return open
}

// sharesWith reports whether the notice asks for the purpose, as sharing, and names
// the recipient among its third parties.
func (n *Notice) sharesWith(sharing, recipient string) bool {
	i := n.purpose(sharing)
	return i >= 0 && n.Purposes[i].Sharing && slices.Contains(n.ThirdParties, recipient)
}

// joinDisclosures returns both lists as one: of what stands in both the earlier
// first day, and the later last day and end. Over the limit of merges those go that
// have to be deleted earliest.
func joinDisclosures(a, b []disclosure) []disclosure {
	list := slices.Clone(a)
	for _, d := range b {
		i, found := slices.BinarySearchFunc(list, d, compareDisclosures)
		if !found {
			list = slices.Insert(list, i, d)
			continue
		}
		old := &list[i]
		old.first, old.last, old.until = min(old.first, d.first), max(old.last, d.last), max(old.until, d.until)
	}
	if n := len(list) - maxMerged; n > 0 {
		slices.SortStableFunc(list, func(x, y disclosure) int { return cmp.Compare(x.until, y.until) })
		list = list[n:]
		slices.SortFunc(list, compareDisclosures)
	}
	return list
}
