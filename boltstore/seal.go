package boltstore

import "github.com/discreet-go/discreet/internal/sealed"

const (
	sealDomain = "discreet-bolt-v0"
	headSize   = sealed.HeadSize
)

// sealer seals values under the key of the file. It is safe for concurrent use.
type sealer struct{ box *sealed.Box }

func newSealer(key *[32]byte) (*sealer, error) {
	box, err := sealed.New(sealDomain, key)
	return &sealer{box}, err
}

// seal returns the value as it is stored in bucket under key.
func (s *sealer) seal(bucket, key, value []byte) []byte { return s.box.Seal(bucket, key, value) }

// open returns the value. It decrypts in place: sealed must be the caller's own
// copy, and must not be used afterwards.
func (s *sealer) open(bucket, key, sealed []byte) ([]byte, error) {
	value, ok := s.box.Open(bucket, key, sealed)
	if !ok {
		return nil, ErrDamaged
	}
	return value, nil
}
