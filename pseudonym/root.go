package pseudonym

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"time"
)

// State says what the root of a [Keyring] is still used for. It only grows.
type State uint8

// The states of a root.
const (
	Write     State = iota + 1 // derives new pseudonyms; exactly one root does
	Read                       // finds rows that were written under it
	EraseOnly                  // finds rows to show, export or erase them, and for nothing else
	Destroyed                  // key bytes are gone; id, check value and dates remain
)

var stateNames = [...]string{Write: "write", Read: "read", EraseOnly: "erase-only", Destroyed: "destroyed"}

// String returns the name of the state as it stands in a key file; "invalid"
// for none of the constants.
func (s State) String() string {
	if s < Write || s > Destroyed {
		return "invalid"
	}
	return stateNames[s]
}

// Years that a root is meant to write and then to be read, after NIST SP 800-57
// part 1, table 1.
const (
	writeYears = 1
	readYears  = 2
)

// maxRoots is the most roots in a ring, destroyed ones included.
const maxRoots = 1 << 14

// KeyInfo is what may be known of a root: nothing in it is secret.
type KeyInfo struct {
	ID    uint32 // 24 bits, not zero; stands in every [ID] made under the root
	State State

	Created  time.Time // UTC, whole seconds
	Since    time.Time // when it came into its state
	Deadline time.Time // when it should leave its state; zero for none

	Check [8]byte // check value, see [Keyring.Check]
}

// root is one root. It does not change once it is in a ring; rings share it.
type root struct {
	KeyInfo
	key    *[32]byte // nil once destroyed, and where the root is kept elsewhere
	remote fetched   // then: what it returned
}

// newRoot draws a root that writes from now on.
func newRoot(now time.Time) (*root, error) {
	r := &root{KeyInfo: KeyInfo{State: Write, Created: now, Since: now, Deadline: now.AddDate(writeYears, 0, 0)}, key: new([32]byte)}
	if _, err := rand.Read(r.key[:]); err != nil {
		return nil, err
	}
	if weak(r.key) {
		return nil, ErrWeakKey
	}
	var err error
	r.Check, err = checkValue(r.key)
	return r, err
}

// drawID draws a key id that is not zero and that no other root has.
func (r *root) drawID(others []*root) error {
	for r.ID = 0; r.ID == 0 || find(others, r.ID) >= 0; {
		var id [3]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		r.ID = uint32(id[0])<<16 | uint32(id[1])<<8 | uint32(id[2])
	}
	return nil
}

// find returns the place of the root with the id, or -1.
func find(roots []*root, id uint32) int {
	for i, r := range roots {
		if r.ID == id {
			return i
		}
	}
	return -1
}

// checkValue computes the check value of a root.
func checkValue(key *[32]byte) (v [8]byte, err error) {
	info, err := enc(labelCheck)
	if err != nil {
		return v, err
	}
	b, err := hkdf.Expand(sha256.New, key[:], string(info), len(v))
	copy(v[:], b)
	return v, err
}

// validTime reports whether t is UTC, in whole seconds, of the years 1970 to 9999.
func validTime(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond() == 0 && t.Year() >= 1970 && t.Year() <= 9999
}

// valid reports whether the dates and the key fit the state.
func (r *root) valid() bool {
	switch {
	case r.ID == 0 || r.ID > 0xffffff, (r.key == nil && r.remote == nil) != (r.State == Destroyed):
		return false
	case !validTime(r.Created) || !validTime(r.Since) || r.Since.Before(r.Created):
		return false
	}
	switch r.State {
	case Write, Read:
		return validTime(r.Deadline)
	case EraseOnly:
		return r.Deadline.IsZero() || validTime(r.Deadline)
	case Destroyed:
		return r.Deadline.IsZero()
	}
	return false
}
