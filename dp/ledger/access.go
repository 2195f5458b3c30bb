package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors of the access log.
var (
	// ErrActor: a privileged call needs to know who makes it and why.
	ErrActor = errors.New("ledger: a privileged call needs an Actor: an ID of 1 to 128 and a Reason of 1 to 256 printable characters")

	// ErrAccess: the access entry could not be written, so the call was not made.
	ErrAccess = errors.New("ledger: the access could not be logged, so nothing was done")
)

// Actor says who makes a privileged call, and why. It never names the person
// whom the call is about: where people ask for themselves, the ID is that of the
// service that asks for them, such as "self-service".
type Actor struct {
	ID     string // an operator or a service: 1 to 128 printable characters
	Reason string // for people to read later: 1 to 256 printable characters
}

// Check returns ErrActor for an Actor that no privileged call takes.
func (a Actor) Check() error {
	if !a.valid() {
		return ErrActor
	}
	return nil
}

func (a Actor) valid() bool { return printable(a.ID, 128) && printable(a.Reason, 256) }

func printable(text string, most int) bool {
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > most {
		return false
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// AccessStore keeps the access log: a log of its own beside the ledger, since
// the ledger tells nothing of people, and who asked about a person when does.
type AccessStore interface {
	// AccessAppend adds records, at least one, at positions seq, seq+1 and so on, as
	// [Store.LedgerAppend] does.
	AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error

	// AccessRead calls f with every record from position from on, as
	// [Store.LedgerRead] does.
	AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error

	// AccessTail returns the number of records and a copy of the last one.
	AccessTail(ctx context.Context) (length uint64, last []byte, err error)
}

// Access is one entry of the access log.
type Access struct {
	Actor
	Action string    // the privileged call
	Time   time.Time // UTC, in milliseconds
}

// accessRecord is a line of the log, in canonical form.
type accessRecord struct {
	V    int    `json:"v"`
	Seq  uint64 `json:"seq"`
	Time int64  `json:"time"` // ms
	Who  string `json:"who"`
	What string `json:"what"`
	Why  string `json:"why"`
	Prev digest `json:"prev"`
	Hash digest `json:"hash,omitzero"`
}

const (
	accessMax = 8192 // bytes of a record
	actionMax = 96   // characters of an action
)

// encode sets the hash of r and returns its line.
func (r *accessRecord) encode() ([]byte, error) {
	r.Hash = digest{}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	h.Write([]byte("discreet-access-v0\n"))
	h.Write(r.Prev[:])
	h.Write(body)
	h.Sum(r.Hash[:0])
	line := append(body[:len(body)-1], `,"hash":"`...)
	return append(hex.AppendEncode(line, r.Hash[:]), `"}`...), nil
}

// decodeAccess reads a line, or returns nil. It accepts nothing but what encode
// writes.
func decodeAccess(line []byte) *accessRecord {
	var r accessRecord
	if len(line) > accessMax || json.Unmarshal(line, &r) != nil {
		return nil
	}
	hash := r.Hash
	again, err := r.encode()
	if err != nil || r.Hash != hash || !bytes.Equal(again, line) || r.V != 0 || r.Time < 0 || r.Time/msPerDay > int64(dayMax) ||
		!(Actor{r.Who, r.Why}).valid() || !printable(r.What, actionMax) {
		return nil
	}
	return &r
}

// AccessLog is the hash-chained log of privileged calls: who, what, why and
// when, and nothing about whom. Calls that wait share an append. It is safe for
// concurrent use.
type AccessLog struct {
	store AccessStore

	queue   sync.Mutex // guards waiting
	waiting []*access

	mu   sync.Mutex // guards what follows; held over an append
	read bool       // next and head are those of the store
	next uint64
	head digest
}

// access is an entry that waits.
type access struct {
	record accessRecord
	done   bool // guarded by mu
	err    error
}

// NewAccessLog returns the access log of the store.
func NewAccessLog(s AccessStore) *AccessLog { return &AccessLog{store: s} }

// Note logs a privileged call, durably, before it is made. It returns ErrActor,
// ErrClockBack for a clock outside of the years 1970 to 9999, an error of ctx, or
// ErrAccess; the call is then not to be made.
func (l *AccessLog) Note(ctx context.Context, by Actor, action string, now time.Time) error {
	_, ms, ok := dayOf(now)
	switch {
	case !by.valid() || !printable(action, actionMax):
		return ErrActor
	case !ok:
		return ErrClockBack
	case ctx.Err() != nil:
		return ctx.Err()
	}
	e := &access{record: accessRecord{Time: ms, Who: by.ID, What: action, Why: by.Reason}}
	l.queue.Lock()
	l.waiting = append(l.waiting, e)
	l.queue.Unlock()

	l.mu.Lock()
	defer l.mu.Unlock()
	if e.done {
		return e.err
	}
	l.queue.Lock()
	group := l.waiting
	l.waiting = nil
	l.queue.Unlock()
	err := ErrAccess // should the store panic
	defer func() {
		for _, other := range group {
			other.done, other.err = true, err
		}
	}()
	err = l.append(context.WithoutCancel(ctx), group)
	return err
}

// append writes the group behind whatever the store has. l.mu is held.
func (l *AccessLog) append(ctx context.Context, group []*access) error {
	for {
		if !l.read {
			if err := l.tail(ctx); err != nil {
				return err
			}
		}
		l.read = false // until it is known what is stored
		rows, head := make([][]byte, len(group)), l.head
		for i, e := range group {
			e.record.Seq, e.record.Prev = l.next+uint64(i), head
			line, err := e.record.encode()
			if err != nil {
				return ErrAccess
			}
			rows[i], head = line, e.record.Hash
		}
		err := l.store.AccessAppend(ctx, l.next, rows...)
		switch {
		case err == nil:
			l.next, l.head, l.read = l.next+uint64(len(group)), head, true
			return nil
		case !errors.Is(err, ErrConflict):
			return fmt.Errorf("%w: %w", ErrAccess, err)
		}
		before := l.next
		if err := l.tail(ctx); err != nil {
			return err
		}
		if l.next == before {
			return fmt.Errorf("%w: the store reports a conflict that is not there", ErrAccess)
		}
	}
}

// tail reads where the log ends.
func (l *AccessLog) tail(ctx context.Context) error {
	n, last, err := l.store.AccessTail(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAccess, err)
	}
	l.next, l.head = n, digest{}
	if n > 0 {
		r := decodeAccess(last)
		if r == nil || r.Seq != n-1 {
			return &BrokenError{n - 1, "it is not an access entry in canonical form, or its hash is wrong"}
		}
		l.head = r.Hash
	}
	l.read = true
	return nil
}

// Read calls f with every entry from the first on, and checks their chain on the
// way: a *BrokenError names the first entry that is not as it was written. f may
// be nil. An error of f ends it and is returned.
func (l *AccessLog) Read(ctx context.Context, f func(Access) error) error {
	next, head := uint64(0), digest{}
	return l.store.AccessRead(ctx, 0, func(seq uint64, line []byte) error {
		r := decodeAccess(line)
		switch {
		case r == nil:
			return &BrokenError{next, "it is not an access entry in canonical form, or its hash is wrong"}
		case seq != next || r.Seq != next || r.Prev != head:
			return &BrokenError{next, "it does not follow from the entry before"}
		}
		next, head = next+1, r.Hash
		if f == nil {
			return nil
		}
		return f(Access{Actor{r.Who, r.Why}, r.What, time.UnixMilli(r.Time).UTC()})
	})
}

// Find calls f with the entries from position from on whose action begins with one
// of the prefixes, each checked by itself, and returns the position after the
// last one read. It is quicker than Read, and leaves the chain to it.
func (l *AccessLog) Find(ctx context.Context, from uint64, prefixes []string, f func(Access) error) (next uint64, err error) {
	marks := make([][]byte, len(prefixes))
	for i, p := range prefixes {
		quoted, err := json.Marshal(p)
		if err != nil {
			return from, err
		}
		marks[i] = append([]byte(`"what":`), quoted[:len(quoted)-1]...)
	}
	next = from
	err = l.store.AccessRead(ctx, from, func(seq uint64, line []byte) error {
		if next = seq + 1; !slices.ContainsFunc(marks, func(m []byte) bool { return bytes.Contains(line, m) }) {
			return nil
		}
		r := decodeAccess(line)
		if r == nil || r.Seq != seq {
			return &BrokenError{seq, "it is not an access entry in canonical form, or its hash is wrong"}
		}
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(r.What, p) }) {
			return nil
		}
		return f(Access{Actor{r.Who, r.Why}, r.What, time.UnixMilli(r.Time).UTC()})
	})
	return next, err
}
