package dp

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/internal/sealed"
)

// CountsFormat is the first line of sealed counts; docs/formats.md describes what
// follows.
const CountsFormat = "discreet-counts/0"

const (
	countsDomain = "discreet-counts-v0"
	wrappedSize  = 73 // of a key, see docs/formats.md
)

// Errors of sealed counts.
var (
	ErrSealed     = errors.New("dp: not sealed counts in format " + CountsFormat + ", or not under these keys")
	ErrCountsKeys = errors.New("dp: the keys of counts are missing; Keyring.CountsKeys makes them")
)

// CountsKeys seal exact counts under a tenant's keyring; Keyring.CountsKeys of
// package pseudonym makes them.
type CountsKeys = proof.CountsKeys

// Seal returns the counts of a [Table], encrypted under the keys, for [OpenCounts] in
// another process of the same operator: shards that are merged later, a job that ends
// before the release. There is no other way to store them. What it returns is
// personal data, of the same care as the store: delete it when the table is released.
// The counts stay as they are. Calling it while they are drawn or merged makes either
// call return ErrDrawn.
//
// It returns ErrCounts for counts that are none of a table, ErrDrawn, ErrCountsKeys,
// and the errors of the keyring.
func (c *Counts) Seal(keys CountsKeys) ([]byte, error) {
	k, ok := keys.Funcs()
	if !ok {
		return nil, ErrCountsKeys
	}
	if c == nil || c.frame == nil || c.frame.from == nil {
		return nil, ErrCounts
	}
	t := c.take()
	if t == nil {
		return nil, ErrDrawn
	}
	plain := t.append(nil)
	plain = append(plain, t.digest[:]...)
	c.give(t)
	defer clear(plain)
	var key [32]byte
	rand.Read(key[:])
	defer clear(key[:])
	wrapped, err := k.Wrap(&key)
	if err != nil {
		return nil, err
	}
	box, err := sealed.New(countsDomain, &key)
	if err != nil {
		return nil, err
	}
	out := append([]byte(CountsFormat+"\n"), wrapped...)
	return append(out, box.Seal([]byte("counts"), wrapped, plain)...), nil
}

// OpenCounts reads counts of a [Table] that [Counts.Seal] sealed. It is strict: they
// are accepted in the one form in which they are written. Counts may be opened more than once; what
// they are good for is decided by the ledger, which answers a name once.
//
// It returns ErrSpec, ErrTable, ErrCountsKeys, ErrSealed, and ErrCounts for counts
// of another measure, or of one that was declared in another way.
func OpenCounts(spec *Spec, data []byte, keys CountsKeys) (*Counts, error) {
	if err := checkSpec(spec); err != nil {
		return nil, err
	}
	if spec.Kind != contrib.KindTable {
		return nil, ErrTable
	}
	k, ok := keys.Funcs()
	if !ok {
		return nil, ErrCountsKeys
	}
	rest, ok := bytes.CutPrefix(data, []byte(CountsFormat+"\n"))
	if !ok || len(rest) < wrappedSize {
		return nil, ErrSealed
	}
	wrapped, rest := rest[:wrappedSize], rest[wrappedSize:]
	key, err := k.Unwrap(wrapped)
	if err != nil {
		return nil, ErrSealed
	}
	defer clear(key[:])
	box, err := sealed.New(countsDomain, key)
	if err != nil {
		return nil, err
	}
	plain, ok := box.Open([]byte("counts"), wrapped, bytes.Clone(rest))
	if !ok || len(plain) < 32 {
		return nil, ErrSealed
	}
	defer clear(plain)
	end := len(plain) - 32
	t, err := readTally(spec, plain[:end])
	if err != nil {
		return nil, err
	}
	if t.digest != [32]byte(plain[end:]) {
		return nil, ErrSealed
	}
	return seal(t), nil
}

// Binding returns what ties the counts to the charge of a release of that name: a
// keyed function of the exact table, the window and the name. The ledger refuses the
// same name with another one. Without the key nobody can tell which table it is of,
// nor whether two names are for the same one. It is there also after the draw.
//
// It returns ErrCounts for counts that are none of a table, and ErrCountsKeys.
func (c *Counts) Binding(keys CountsKeys, name string) ([32]byte, error) {
	k, ok := keys.Funcs()
	if !ok {
		return [32]byte{}, ErrCountsKeys
	}
	if c == nil || c.frame == nil || c.frame.from == nil {
		return [32]byte{}, ErrCounts
	}
	digest := c.digest()
	b := append([]byte("release/0\x00"), digest[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(c.frame.window))
	return k.Bind(append(b, name...))
}
