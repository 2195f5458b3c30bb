package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/proof"
)

// CountsKeys seal exact counts of a tenant's people where they must be stored, and
// bind them to what is charged for them; package dp takes them. They print as a fixed
// text.
type CountsKeys = proof.CountsKeys

// CountsKeys returns the keys under which a tenant's exact counts are sealed: by
// [Keyring.WrapStoreKey], so that whoever holds the root can open them, and bound, by
// a pseudorandom function under a key that follows from the one behind bounding
// salts, which no rotation of roots changes. It fails with [ErrKeyring] and
// [ErrTenant].
func (k *Keyring) CountsKeys(tenant string) (CountsKeys, error) {
	s, err := k.secrets()
	if err != nil {
		return CountsKeys{}, err
	}
	if !contrib.ValidName(tenant) {
		return CountsKeys{}, ErrTenant
	}
	key, err := expand(s.bounding, labelCounts, tenant)
	if err != nil {
		return CountsKeys{}, err
	}
	return proof.NewCountsKeys(proof.CountsKeyFuncs{
		Wrap:   func(key *[32]byte) ([]byte, error) { return k.WrapStoreKey(tenant, key) },
		Unwrap: func(wrapped []byte) (*[32]byte, error) { return k.UnwrapStoreKey(tenant, wrapped) },
		Bind: func(message []byte) ([32]byte, error) {
			h := hmac.New(sha256.New, key[:])
			h.Write(message)
			return [32]byte(h.Sum(nil)), nil
		},
	}), nil
}
