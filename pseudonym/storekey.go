package pseudonym

import (
	"crypto/cipher"
	"crypto/rand"

	"github.com/discreet-go/discreet/internal/contrib"
	"golang.org/x/crypto/chacha20poly1305"
)

// wrapFormat is the first byte of a wrapped store key.
const wrapFormat = 1

// wrappedSize is the size of a wrapped store key: format, nonce, key, tag.
const wrappedSize = 1 + chacha20poly1305.NonceSizeX + 32 + chacha20poly1305.Overhead

// WrapStoreKey seals the key that a store encrypts with under the root that
// writes and the tenant: XChaCha20-Poly1305 with a random nonce, 73 bytes in all.
// The result may be stored next to the data. It fails with [ErrKeyring],
// [ErrTenant], and under GODEBUG=fips140=only, which forbids the cipher.
func (k *Keyring) WrapStoreKey(tenant string, key *[32]byte) ([]byte, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	aead, aad, err := s.roots[0].wrapper(tenant)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 1+chacha20poly1305.NonceSizeX, wrappedSize)
	out[0] = wrapFormat
	if _, err := rand.Read(out[1:]); err != nil {
		return nil, err
	}
	return aead.Seal(out, out[1:], key[:], aad), nil
}

// UnwrapStoreKey opens what WrapStoreKey sealed under any root of the ring that
// is not destroyed; it tries them in turn, newest first, at some microseconds
// each. It fails with [ErrKeyring] where keyring, tenant or bytes are not the
// ones that were sealed.
func (k *Keyring) UnwrapStoreKey(tenant string, wrapped []byte) (*[32]byte, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	for _, r := range s.roots {
		if r.State == Destroyed {
			continue
		}
		aead, aad, err := r.wrapper(tenant)
		if err != nil {
			return nil, err
		}
		if len(wrapped) != wrappedSize || wrapped[0] != wrapFormat {
			return nil, ErrKeyring
		}
		nonce, sealed := wrapped[1:1+chacha20poly1305.NonceSizeX], wrapped[1+chacha20poly1305.NonceSizeX:]
		key := new([32]byte)
		if b, err := aead.Open(key[:0], nonce, sealed, aad); err == nil && len(b) == len(key) {
			return key, nil
		}
	}
	return nil, ErrKeyring
}

// wrapper returns the cipher of a tenant and the data it authenticates.
func (r *root) wrapper(tenant string) (cipher.AEAD, []byte, error) {
	if !contrib.ValidName(tenant) {
		return nil, nil, ErrTenant
	}
	key, err := r.expand(labelWrap, tenant)
	if err != nil {
		return nil, nil, err
	}
	defer clear(key[:])
	aad, err := enc(labelWrap, tenant)
	if err != nil {
		return nil, nil, err
	}
	aead, err := chacha20poly1305.NewX(key[:])
	return aead, aad, err
}
