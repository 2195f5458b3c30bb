package consent

import (
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"time"
)

// Kind says what happened to a person's consent. Its text is a stable code. The
// zero Kind is invalid.
type Kind uint8

// The kinds of entry.
const (
	KindServed    Kind = iota + 1 // a notice was shown
	KindGiven                     // agreed
	KindRefused                   // said no to what was not agreed to
	KindWithdrawn                 // took back what was agreed to
	KindExpired                   // what was agreed to came to its end
	KindImported                  // agreed to elsewhere, earlier; taken over with its Proof
	KindOptedOut                  // a signal, such as Global Privacy Control, said no
	KindMoved                     // what was held moved to another identifier
	KindErased                    // everything was erased
	KindDisclosed                 // a recipient was told, for the first time, that the person is in a segment
)

const lastKind = KindDisclosed

// String returns the code.
func (k Kind) String() string {
	switch k {
	case KindServed:
		return "served"
	case KindGiven:
		return "given"
	case KindRefused:
		return "refused"
	case KindWithdrawn:
		return "withdrawn"
	case KindExpired:
		return "expired"
	case KindImported:
		return "imported"
	case KindOptedOut:
		return "opted-out"
	case KindMoved:
		return "moved"
	case KindErased:
		return "erased"
	case KindDisclosed:
		return "disclosed"
	}
	return "invalid"
}

// MarshalText returns the code.
func (k Kind) MarshalText() ([]byte, error) {
	if k == 0 || k > lastKind {
		return nil, ErrKind
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads the code.
func (k *Kind) UnmarshalText(text []byte) error {
	for c := KindServed; c <= lastKind; c++ {
		if c.String() == string(text) {
			*k = c
			return nil
		}
	}
	return ErrKind
}

// Entry is one thing that happened to a person's consent. The person's row keeps
// it; the consent log keeps its [Entry.Commitment], which tells nothing without
// the Salt. When the row is erased the log still verifies.
//
// No field names a person: keys and ids of purposes and notices, codes, moments,
// random numbers, and two texts of the caller, Method and Proof, which have to keep
// to that. All of it is personal data nevertheless, of a pseudonymous person. The
// Salt leaves the row only in what is given to that person: with it, whoever guesses
// the other fields can check the guess against the log.
type Entry struct {
	Kind     Kind      // what happened
	At       time.Time // when, in milliseconds
	Purposes []string  // what it was about, sorted
	Notice   string    // id of the notice that was shown; "" where none was
	Version  int       // its version
	Locale   string    // its locale
	Hash     [32]byte  // of its exact content
	Method   string    // how the answer was given; opted out: "gpc", "gpp", "tcf", "age" or "source"
	Proof    string    // of what was taken over: where the proof is kept, as [Historic.Proof] says
	Record   [16]byte  // random, the same for all entries of one record; names it in receipts
	Salt     [16]byte  // random, of this entry alone

	// Of what was disclosed alone. Purposes is then the one under which it was told.
	Recipient string // the third party that was told
	Of        string // the purpose whose segment it was told about
	Segment   string // its name
}

// String names the kind only: the salt opens the commitment, and the rest is
// personal data.
func (e Entry) String() string { return "consent entry: " + e.Kind.String() }

// GoString names the kind only.
func (e Entry) GoString() string { return e.String() }

// LogValue names the kind only.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

// Commitment returns SHA-256 over the format name, the salt and every field, each
// text with its length, as docs/formats.md says; the last three only where they are set. It binds the log to the entry and
// hides it: whoever does not have the salt learns nothing.
func (e *Entry) Commitment() [32]byte {
	w := hashWriter{[]byte("discreet-consent-entry/0\n")}
	w.bytes(string(e.Salt[:]))
	w.bytes(string(e.Record[:]))
	w.bytes(e.Kind.String())
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(millis(e.At)))
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(len(e.Purposes)))
	for _, p := range e.Purposes {
		w.bytes(p)
	}
	w.bytes(e.Notice)
	w.b = binary.BigEndian.AppendUint64(w.b, uint64(e.Version))
	w.bytes(e.Locale)
	w.bytes(string(e.Hash[:]))
	w.bytes(e.Method)
	w.bytes(e.Proof)
	if e.Kind == KindDisclosed || e.Recipient != "" || e.Of != "" || e.Segment != "" {
		w.bytes(e.Recipient)
		w.bytes(e.Of)
		w.bytes(e.Segment)
	}
	return sha256.Sum256(w.b)
}
