package pseudonym

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
)

// Labels separate the uses of a key. The number of fields behind a label is fixed.
const (
	labelContext  = "pseudonym-kdf-v1"       // root: tenant, purpose, type, epoch
	labelCheck    = "pseudonym-kcv-v1"       // root: none
	labelWrap     = "discreet-store-wrap-v1" // root: tenant
	labelBounding = "bounding-salt-v1"       // bounding key: tenant
	labelCounts   = "counts-binding-v1"      // bounding key: tenant
)

var errField = errors.New("pseudonym: field longer than 65535 bytes")

// enc encodes fields injectively: each behind its length in two bytes.
func enc(fields ...string) ([]byte, error) {
	var b []byte
	for _, f := range fields {
		if len(f) > math.MaxUint16 {
			return nil, errField
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(f)))
		b = append(b, f...)
	}
	return b, nil
}

// expand derives a 32-byte key. It is one HMAC: HMAC-SHA-256(key, info | 0x01).
func expand(key *[32]byte, fields ...string) (*[32]byte, error) {
	info, err := enc(fields...)
	if err != nil {
		return nil, err
	}
	b, err := hkdf.Expand(sha256.New, key[:], string(info), 32)
	if err != nil {
		return nil, err
	}
	out := [32]byte(b)
	clear(b)
	return &out, nil
}

// contextKey derives the key of one tenant, purpose, identifier type and epoch.
func contextKey(r *root, tenant, purpose, idtype, epoch string) (*[32]byte, error) {
	return r.expand(labelContext, tenant, purpose, idtype, epoch)
}
