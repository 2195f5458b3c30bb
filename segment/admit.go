package segment

import (
	"cmp"
	"crypto/sha256"
	"math"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Limits of admission.
const (
	MaxAhead     = 10 * time.Minute // clocks of senders may be ahead by so much
	MaxMessageID = 256              // bytes
	MaxEvents    = maxCount         // Event.Count at the most

	// What a row of a person holds at the most.
	MaxNotice = 128                     // bytes of a notice id
	MaxDay    = 84_370                  // a day: in 2200
	MaxMilli  = MaxDay * 86_400_000 * 4 // an end of consent, in milliseconds

	maxMessages = 8192 // message ids kept of one person and purpose
	messageDays = 7    // days they are kept

	minDay = 730 // 1972-01-01
)

// Event is one thing that one person did. It names nobody: the Link does.
type Event struct {
	MessageID string    // unique for the person; a replay within seven days is a no-op. Empty: never a duplicate
	Kind      string    // "view", "purchase", ...: a name, or empty; not kept
	Item      string    // what it was about: 1 to 128 bytes of printable text; empty if Category is set
	Category  string    // id in the taxonomy; empty if Item is set
	Count     int       // how often it happened, at most MaxEvents; zero counts as one
	Value     int64     // amount of it all, whatever Count, in whole thousandths of Unit, 0 to MaxAmount; kept only where a definition or measure sums it
	Unit      string    // of Value, such as "EUR": 1 to 16 characters of A-Z, a-z, 0-9, dot, dash, underscore; may be empty where Value is zero
	Time      time.Time // when it happened; only the day in the zone of the rules is kept
}

// Moment is what recording knows of now.
type Moment struct {
	Now         time.Time // by the service's clock
	Window      int32     // accounting window that Now lies in, from 0
	WindowStart Day       // its first day, the same for every event of the window
	EntersNext  bool      // the person came back after withdrawing or erasing in this window: counts in releases from the next one on
}

// Outcome says what became of an event. The zero Outcome is none.
type Outcome uint8

// What may become of an event. All but Admitted leave the row as it was.
const (
	Admitted               Outcome = iota + 1
	Duplicate                      // the message id was recorded within seven days
	RefusedInterval                // event or now is outside the consent interval
	RefusedFuture                  // more than MaxAhead ahead of now
	RefusedTooOld                  // older than the TTL
	RefusedCategoryUnknown         // not in the taxonomy
	RefusedSensitive               // marked sensitive, or below such a category
	RefusedMalformed               // neither item nor category, or a field breaks its rule
	RefusedFull                    // too many message ids within seven days
	RefusedDismissed               // the person is not interested in the category
)

// String returns a stable code.
func (o Outcome) String() string {
	switch o {
	case Admitted:
		return "admitted"
	case Duplicate:
		return "duplicate"
	case RefusedInterval:
		return "outside-consent"
	case RefusedFuture:
		return "future"
	case RefusedTooOld:
		return "too-old"
	case RefusedCategoryUnknown:
		return "category-unknown"
	case RefusedSensitive:
		return "category-sensitive"
	case RefusedMalformed:
		return "malformed"
	case RefusedFull:
		return "full"
	case RefusedDismissed:
		return "dismissed"
	}
	return "none"
}

// MarshalText returns the stable code.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Admit takes one event into a person's row and returns the row that follows,
// which is row itself when nothing changed; a nil row is a new person. It is
// the only way in. g and l prove that the person of the row agreed to the
// purpose; a proof that is zero, of another person or of another purpose is an
// error ([ErrGrant], [ErrLink], [ErrSubject], [ErrPurpose]), as are an absurd
// moment ([ErrMoment]) and a row that is none ([ErrRow]). What is wrong with
// the event itself is an Outcome.
//
// A row whose consent lapsed before this consent was given counts as absent, but for
// when its person counts: where it held slots of the window, from the next one on, and
// where it had a later window to wait for, from that one on.
// The first event of an accounting window drops what was over on its first day.
// Admit does not change row and returns fresh bytes: one allocation of the size
// of the row. It costs a few microseconds on a row of 1 KB: most events change
// a few bytes of it; a new category, a new window or an item in place of a
// kept one cost more, the last one hash for each kept item; so does an amount that a
// definition or measure sums.
//
// An amount in another unit than the one in which they sum its category is not
// kept; the event counts like any other. So is one without category.
func (r *Rules) Admit(row []byte, g Grant, l Link, e Event, m Moment) ([]byte, Outcome, error) {
	return r.AdmitInto(nil, row, g, l, e, m)
}

// AdmitInto is [Rules.Admit] that appends the row that follows to dst, which does
// not share memory with row, and returns what becomes of it: it allocates nothing
// where dst has room. Where nothing changed it returns row, as Admit does.
func (r *Rules) AdmitInto(dst, row []byte, g Grant, l Link, e Event, m Moment) ([]byte, Outcome, error) {
	today, err := r.prove(&g, &l, &m)
	if err != nil {
		return nil, 0, err
	}
	day, node, refused := r.check(&g, &e, &m, today)
	if refused != 0 {
		return row, refused, nil
	}
	if node != nil {
		e.Category = node.id // which an alias may have named
	}
	add := r.amount(node, &e)
	p := r.pool.Get().(*Profile)
	defer func() {
		p.buf = nil // lets go of row
		r.pool.Put(p)
	}()

	fresh, enters := len(row) == 0, int32(0)
	var c cursor
	if !fresh {
		if c, err = p.decodeHead(row); err != nil {
			return nil, 0, err
		}
		if fresh = lapsed(p, &g, &m); fresh {
			if p.slotted {
				if err := p.decodeBody(&c); err != nil {
					return nil, 0, err
				}
			}
			enters = p.entersAgain(m.Window)
		}
	}
	if fresh {
		p.buf = p.own
		p.reset(l.Salt(), today)
		p.enters = enters
	}
	if node != nil && r.dismissed(p, r.taxonomy.index[node.id]) {
		return row, RefusedDismissed, nil
	}
	var hash *[messageSize]byte
	if e.MessageID != "" {
		h := messageHash(&p.salt, e.MessageID)
		hash = &h
	}
	if refused := p.admissible(e.MessageID, hash, max(p.seen, today)); refused != 0 {
		return row, refused, nil
	}
	if !fresh {
		if add.sum == 0 {
			if next, ok := r.splice(dst, p, c, &g, hash, &e, &m, day, today); ok {
				return next, Admitted, nil
			}
		}
		p.own = append(p.own[:0], row...)
		p.buf, c.b = p.own, p.own
		if err := p.decodeBody(&c); err != nil {
			return nil, 0, err
		}
	}
	r.take(p, &g, &e, &m, taking{node, add, day}, today)
	p.scratch = p.encode(p.scratch[:0], hash, today)
	p.own = p.buf
	return append(dst, p.scratch...), Admitted, nil
}

// taking is what an event that is admitted goes to.
type taking struct {
	node *node // of its category, or nil
	add  amount
	day  Day
}

// take puts an admitted event into a decoded row, all but its message id.
func (r *Rules) take(p *Profile, g *Grant, e *Event, m *Moment, to taking, today Day) {
	p.note(g, m, today)
	if m.Window > p.window {
		p.window, p.start = m.Window, m.WindowStart
		r.prune(p, r.startDay(p.start), p.window)
	}
	count := uint32(max(e.Count, 1))
	if to.node != nil {
		p.count(to.node.id, to.day, count, to.add)
	}
	if e.Item != "" {
		for i := range r.measures {
			if r.counts(i, e.Item, today-to.day) {
				p.contribute(&r.measures[i], m.Window, e, to.day, count)
			}
		}
	}
	p.dropCategories()
}

// prove checks the proofs and the moment and returns the day of now in the zone.
func (r *Rules) prove(g *Grant, l *Link, m *Moment) (Day, error) {
	if err := Prove(r.purpose, g, l); err != nil {
		return 0, err
	}
	if _, err := m.Day(); err != nil {
		return 0, err
	}
	return r.Day(m.Now), nil
}

// Prove holds what whoever writes into a row of a person has to show: a Grant and a Link
// of one person for the purpose of the row. It returns [ErrGrant], [ErrLink],
// [ErrSubject] or [ErrPurpose]. Rows of other kinds than profiles ask for the same.
func Prove(purpose string, g *Grant, l *Link) error {
	notice, version := g.Notice()
	switch {
	case g.IsZero() || len(notice) > MaxNotice || version < 0 || version > math.MaxInt32:
		return ErrGrant
	case l.IsZero():
		return ErrLink
	case l.Subject() != g.Subject():
		return ErrSubject
	case l.Purpose() != purpose || g.Purpose() != purpose:
		return ErrPurpose
	}
	return nil
}

// Day returns the day of now in UTC, or [ErrMoment] for one that is out of range or lies
// before the window.
func (m *Moment) Day() (Day, error) {
	d := m.Now.Unix() / 86400
	if d < minDay || d >= MaxDay || m.Window < 0 || m.WindowStart < 0 || int64(m.WindowStart) > d {
		return 0, ErrMoment
	}
	return Day(d), nil
}

// check returns the event's day and category node, or why it is refused.
func (r *Rules) check(g *Grant, e *Event, m *Moment, today Day) (Day, *node, Outcome) {
	switch {
	case e.Time.IsZero(), e.Item == "" && e.Category == "", e.Count < 0, e.Count > MaxEvents, !e.saneAmount(),
		len(e.MessageID) > MaxMessageID,
		e.Item != "" && !contrib.ValidKey(e.Item),
		e.Kind != "" && !contrib.ValidName(e.Kind):
		return 0, nil, RefusedMalformed
	case !g.Covers(e.Time), !g.Covers(m.Now):
		return 0, nil, RefusedInterval
	case e.Time.After(m.Now.Add(MaxAhead)):
		return 0, nil, RefusedFuture
	}
	day := min(r.Day(e.Time), today)
	if day <= today-r.ttl {
		return 0, nil, RefusedTooOld
	}
	if e.Category == "" {
		return day, nil, 0
	}
	i, ok := r.taxonomy.index[e.Category]
	if !ok {
		return 0, nil, RefusedCategoryUnknown
	}
	n := &r.taxonomy.nodes[i]
	if n.sensitive {
		return 0, nil, RefusedSensitive
	}
	return day, n, 0
}

// lapsed reports whether the row's consent ended before the consent of g began.
func lapsed(p *Profile, g *Grant, m *Moment) bool {
	return p.expired(m.Now) && g.From().UnixMilli() >= p.until
}

// entersAgain returns the accounting window from which the person of a row that lapsed
// counts, or 0. What the row counted in is gone with its slots, so that the person
// counts in nothing more of the window, however often consent lapses in it.
func (p *Profile) entersAgain(window int32) int32 {
	switch {
	case p.slotted && p.counting(window):
		return max(p.enters, window+1)
	case p.enters > window:
		return p.enters
	}
	return 0
}

// note takes what the head of the row says about the recording of an event. End
// of consent and notice are those of the newest event: of the last day, there of
// the highest version, there of the latest end.
func (p *Profile) note(g *Grant, m *Moment, today Day) {
	if m.EntersNext {
		p.enters = max(p.enters, m.Window+1)
	}
	notice, version := g.Notice()
	until := min(max(g.To().UnixMilli(), 0), MaxMilli)
	same := notice == string(p.bytes(p.notice))
	newer := today > p.seen || p.until == 0
	if today == p.seen && !newer {
		newer = cmp.Or(cmp.Compare(version, int(p.version)), cmp.Compare(until, p.until)) > 0 ||
			version == int(p.version) && until == p.until && notice > string(p.bytes(p.notice))
	}
	p.created, p.seen = min(p.created, today), max(p.seen, today)
	if !newer {
		return
	}
	p.until, p.version = until, uint32(version)
	if !same {
		p.notice = p.add(notice)
	}
}

// messageHash is a keyed pseudorandom function of the message id: SHA-256 of
// a fixed tag, the secret salt of fixed length, and the id, cut to eight bytes.
func messageHash(salt *ident.Salt, id string) (h [messageSize]byte) {
	var buf [32 + MaxMessageID]byte
	n := copy(buf[:], "message-id/0....")
	n += copy(buf[n:], salt[:])
	n += copy(buf[n:], id)
	sum := sha256.Sum256(buf[:n])
	copy(h[:], sum[:])
	return h
}

// admissible drops the message ids older than seven days and says whether the
// new one, with its hash under the row's salt, is a duplicate, or one too many.
func (p *Profile) admissible(id string, hash *[messageSize]byte, newest Day) Outcome {
	p.forgetMessages(newest)
	if hash == nil {
		return 0
	}
	return p.repeated(id, hash, 0)
}

// repeated says whether a message id is a duplicate, or one too many beside those of
// the row and so many more.
func (p *Profile) repeated(id string, hash *[messageSize]byte, more int32) Outcome {
	total, ok := p.known(p.messages, hash)
	total += more
	for i := range p.others {
		h := messageHash(&p.others[i].salt, id)
		n, found := p.known(p.others[i].messages, &h)
		total, ok = total+n, ok || found
	}
	switch {
	case ok:
		return Duplicate
	case total >= maxMessages:
		return RefusedFull
	}
	return 0
}

// known returns how many ids the list holds, and whether the hash is among them.
func (p *Profile) known(list []messageDay, hash *[messageSize]byte) (total int32, ok bool) {
	for _, m := range list {
		if _, found := searchHash(p.buf[m.at:m.at+m.n*messageSize], hash); found {
			ok = true
		}
		total += m.n
	}
	return total, ok
}
