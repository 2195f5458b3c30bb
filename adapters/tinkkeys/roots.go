package tinkkeys

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/hmacprf"
)

var (
	// ErrKeyset: the keyset could not be used as a set of PRFs.
	ErrKeyset = errors.New("tinkkeys: not a keyset of PRFs")

	// ErrKey: the keyset has no enabled key with this id.
	ErrKey = errors.New("tinkkeys: no enabled key with this id")

	// ErrKeyType: the key computes something else than HMAC-SHA-256 under 32 bytes
	// or more.
	ErrKeyType = errors.New("tinkkeys: the key is not an HMAC PRF with SHA-256 of at least 32 bytes")

	// ErrPrimary: the root that writes is not the primary key of the keyset.
	ErrPrimary = errors.New("tinkkeys: the root that writes is not the primary key")

	// ErrTable: a Tink key stands in the table twice.
	ErrTable = errors.New("tinkkeys: a key stands in the table twice")

	errCompute = errors.New("tinkkeys: Tink did not compute")
)

// Key ties a key of a Tink keyset to a root.
type Key struct {
	TinkID uint32
	Info   pseudonym.KeyInfo
}

// Roots returns the roots of the table, in its order: newest first, as
// pseudonym.RemoteConfig asks for. The root that writes must be the primary key.
// Destroyed roots need no key in the keyset. Errors: [ErrKeyset], [ErrKey],
// [ErrKeyType], [ErrPrimary], [ErrTable].
func Roots(handle *keyset.Handle, table []Key) ([]pseudonym.RemoteRoot, error) {
	list := make([]pseudonym.RemoteRoot, 0, len(table))
	seen := map[uint32]bool{}
	for _, k := range table {
		if seen[k.TinkID] {
			return nil, ErrTable
		}
		seen[k.TinkID] = true
		root := pseudonym.RemoteRoot{KeyInfo: k.Info}
		if k.Info.State != pseudonym.Destroyed {
			entry, err := enabled(handle, k.TinkID)
			if err != nil {
				return nil, err
			}
			if k.Info.State == pseudonym.Write && !entry.IsPrimary() {
				return nil, ErrPrimary
			}
			if root.PRF, err = PRF(handle, k.TinkID); err != nil {
				return nil, err
			}
		}
		list = append(list, root)
	}
	return list, nil
}

// PRF returns one key of the keyset as a remote root. It is safe for concurrent
// use. Errors: [ErrKeyset], [ErrKey], [ErrKeyType].
func PRF(handle *keyset.Handle, tinkID uint32) (pseudonym.RootPRF, error) {
	entry, err := enabled(handle, tinkID)
	if err != nil {
		return nil, err
	}
	p, ok := entry.Key().Parameters().(*hmacprf.Parameters)
	if !ok || p.HashType() != hmacprf.SHA256 || p.KeySizeInBytes() < sha256.Size {
		return nil, ErrKeyType
	}
	set, err := prf.NewPRFSet(handle)
	if err != nil {
		return nil, ErrKeyset
	}
	f := set.PRFs[tinkID]
	if f == nil {
		return nil, ErrKey
	}
	return root{f}, nil
}

// enabled returns the enabled key with the id.
func enabled(handle *keyset.Handle, tinkID uint32) (*keyset.Entry, error) {
	if handle == nil {
		return nil, ErrKeyset
	}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, ErrKeyset
		}
		if entry.KeyID() == tinkID && entry.KeyStatus() == keyset.Enabled {
			return entry, nil
		}
	}
	return nil, ErrKey
}

// root is one key of a keyset.
type root struct{ prf.PRF }

func (r root) HMACSHA256(ctx context.Context, message []byte) (out [sha256.Size]byte, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	b, err := r.ComputePRF(message, uint32(len(out)))
	if err != nil || len(b) != len(out) {
		return out, errCompute
	}
	copy(out[:], b)
	clear(b)
	return out, nil
}
