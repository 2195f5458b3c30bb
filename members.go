package discreet

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// Errors of ExportMemberships.
var (
	ErrRecipient = errors.New("discreet: no notice asks for that purpose as sharing and names the recipient among its third parties")
	ErrSegments  = errors.New("discreet: an export is of 1 to 64 segments, each once")
)

// MembershipExport says what is exported to whom.
type MembershipExport struct {
	Recipient string   // a third party, exactly as the texts name it that people agreed to
	Sharing   string   // the purpose under which it receives: one that is Sharing
	Purpose   string   // the purpose whose segments they are
	Segments  []string // which of them, 1 to 64; nil: all of the purpose

	// Age is how old everybody among the people is, as far as the service knows.
	// Optional: unknown, which counts as Config.UnknownAge. Nobody is exported under,
	// or from, an Advertising purpose who is not known to be an adult.
	Age consent.Age
}

// Membership says that somebody is in a segment.
type Membership struct {
	ID      ID        // of the person, for this recipient and sharing purpose alone; under the root that writes
	Segment string    // of MembershipExport.Purpose
	Expires time.Time // first day, UTC, on which it may not be used any more
}

// Exported counts what an export did. It is exact and stays inside: it is not a
// release, and must not be published, nor handed to the recipient.
type Exported struct {
	People      int                    // taken from the caller
	Malformed   int                    // without an identifier, or one that its normaliser refuses
	Repeated    int                    // came twice within a batch
	Denied      map[consent.Reason]int // people without consent for Sharing or for Purpose
	Unnamed     int                    // people who agreed to a text that does not name the recipient
	Full        int                    // people whose record has no room for one more disclosure
	Outside     int                    // people in none of the segments that are open
	Members     int                    // people of whom at least one membership was handed out
	Memberships int                    // handed out
	Closed      []string               // segments without people enough, at one time or another of the export; sorted
}

// exportBatch is how many people are decided on and recorded in one durable step.
const exportBatch = 256

// ExportMemberships hands f who of the people is in which segment, under a pseudonym
// that the recipient alone gets. A person is handed out only
//
//   - in segments that are open: their newest released count is large enough, see
//     Config.Audience;
//   - with consent to the Sharing purpose by a text that names the recipient among
//     its third parties, as recorded here (what Config.Source allows names nobody, and
//     what it denies is denied), and with consent to Purpose;
//   - if neither purpose is suspended, and the person is known to be an adult where
//     one of them is Advertising;
//   - after the disclosure is recorded, durably: recipient, segment, purposes, days. It
//     is told by Explain and Export, and returned by Withdraw and Erase, so that the
//     recipient can be told in turn.
//
// Whoever took back a consent before f is called is not handed out any more, also
// within a batch that was decided on before. On an error, a disclosure may be recorded
// of what was not handed out; never the other way round. An error of f ends the export
// and is returned. A membership lasts for Config.Audience.TTLDays and no longer than the
// consents it rests on; to keep members, export anew, daily.
//
// It works in batches of 256 people and calls f outside of every lock, from one
// goroutine. by is the service or operator that exports; the call is logged.
func (e *Engine) ExportMemberships(ctx context.Context, q MembershipExport, people iter.Seq[Raw], f func(Membership) error, by Actor) (x Exported, err error) {
	defer e.observe("ExportMemberships", e.cfg.Now(), &err)
	x.Denied = map[consent.Reason]int{}
	if e.closed.Load() {
		return x, ErrClosed
	}
	v, err := e.newExport(q)
	if err != nil {
		return x, err
	}
	if err := e.note(ctx, by, "ExportMemberships"); err != nil {
		return x, err
	}
	if people == nil || f == nil {
		return x, nil
	}
	defer func() {
		slices.Sort(x.Closed)
		e.stats.memberships.Add(int64(x.Memberships))
	}()
	var batch []Raw
	for who := range people {
		x.People++
		if batch = append(batch, who); len(batch) == exportBatch {
			if err := v.batch(ctx, batch, &x, f); err != nil {
				return x, err
			}
			batch = batch[:0]
		}
	}
	return x, v.batch(ctx, batch, &x, f)
}

// export is one call of ExportMemberships.
type export struct {
	e        *Engine
	q        MembershipExport
	room     *room
	segments []string

	purpose string             // that pseudonyms of the recipient are derived under
	keys    *keyset            // in use
	members *pseudonym.Deriver // of the recipient's pseudonyms, under keys
}

func (e *Engine) newExport(q MembershipExport) (*export, error) {
	if e.cfg.Audience == nil {
		return nil, ErrNoAudience
	}
	v := &export{e: e, q: q, segments: slices.Clone(q.Segments), purpose: memberPurpose(q.Sharing, q.Recipient)}
	var ok bool
	if v.room, ok = e.room(q.Purpose); !ok {
		return nil, ErrNoPurpose
	}
	if p, _ := e.book.Purpose(q.Sharing); !p.Sharing || !e.book.ThirdParty(q.Sharing, q.Recipient) {
		return nil, ErrRecipient
	}
	if v.segments == nil {
		for _, d := range v.room.rules.Definitions() {
			v.segments = append(v.segments, d.Name)
		}
	}
	for _, s := range v.segments {
		if !v.room.defines(s) {
			return nil, ErrNoSegment
		}
	}
	slices.Sort(v.segments)
	if n := len(v.segments); n == 0 || n > consent.MaxTold || len(slices.Compact(slices.Clone(v.segments))) < n {
		return nil, ErrSegments
	}
	return v, nil
}

// use derives for the recipient under a keyset.
func (v *export) use(k *keyset) (err error) {
	if v.keys == k {
		return nil
	}
	v.members, err = pseudonym.NewDeriver(k.ring, v.e.cfg.Tenant, []string{v.purpose})
	v.keys = k
	return err
}

// memberPurpose is the name that pseudonyms of a recipient are derived under: no two
// recipients, and no two sharing purposes, have pseudonyms that can be joined.
func memberPurpose(sharing, recipient string) string {
	b := []byte("discreet-member/0\n")
	for _, s := range []string{sharing, recipient} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return "to." + hex.EncodeToString(sum[:20])
}

// open returns the segments that have people enough now, and notes the others.
func (v *export) open(x *Exported) (open []string) {
	for _, s := range v.segments {
		switch {
		case v.e.visible(v.q.Purpose, s).Open:
			open = append(open, s)
		case !slices.Contains(x.Closed, s):
			x.Closed = append(x.Closed, s)
		}
	}
	return open
}
