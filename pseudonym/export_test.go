package pseudonym

import (
	"crypto/sha256"
	"time"
)

// What the external tests need of the inside.
var (
	Enc           = enc
	ContextKey    = contextKey
	LooksHashed   = looksHashed
	ParseKeyFile  = parseKeyFile
	FormatKeyFile = formatKeyFile
	KeyFileSize   = keyFileSize
	CheckStrength = (*secrets).checkStrength
)

type Secrets = secrets

// NewSecrets assembles secrets that need not be strong, for known answers.
func NewSecrets(root, bounding, signing *[32]byte, keyID uint32, created time.Time) *Secrets {
	return &secrets{
		root: *root, bounding: *bounding, signing: *signing, keyID: keyID,
		created: created, boundingCreated: created, signingCreated: created,
	}
}

// NewTestKeyring skips the check for weak keys.
func NewTestKeyring(s *Secrets) *Keyring { return &Keyring{open: func() *secrets { return s }} }

// Normalise returns the normal form of r.
func Normalise(r Raw) (string, error) {
	var buf [maxNormal]byte
	n, _, err := normalise(&buf, r)
	return string(buf[:n]), err
}

// NormaliseUnicode takes the slow path.
func NormaliseUnicode(s string) (string, error) {
	var buf [maxNormal]byte
	n, err := normaliseUnicodeEmail(&buf, s)
	return string(buf[:n]), err
}

// NormaliseFast takes the fast path; ok is false where it leaves the decision
// to the slow one.
func NormaliseFast(s string) (normal string, ok bool, err error) {
	var buf [maxNormal]byte
	n, encoded, err := normaliseASCIIEmail(&buf, trimASCII(s))
	return string(buf[:n]), !encoded, err
}

// Engines returns both engines under one key: saved states and pooled.
func Engines(key *[32]byte) map[string]func(msg []byte) [sha256.Size]byte {
	m, p := newMidstates(key), newHMACPool(key)
	return map[string]func(msg []byte) [sha256.Size]byte{
		"saved-state": func(msg []byte) (out [sha256.Size]byte) {
			if len(msg) > maxNormal {
				panic("longer than any identifier")
			}
			var padded message
			padded.n = copy(padded.b[:], msg)
			padded.pad()
			m.sum(&padded, &out)
			return out
		},
		"crypto/hmac": func(msg []byte) (out [sha256.Size]byte) { p.sum(msg, &out); return out },
	}
}

// ForceHMAC makes a Deriver use the pooled engine, as under FIPS mode.
func ForceHMAC(d *Deriver, k *Keyring, tenant string) error {
	s, err := k.secrets()
	if err != nil {
		return err
	}
	c := d.open()
	swap := func(ctx *context, purpose string) error {
		for kind, idtype := range types {
			key, err := contextKey(&s.root, tenant, purpose, idtype, "")
			if err != nil {
				return err
			}
			ctx[kind] = &prf{pool: newHMACPool(key)}
		}
		return nil
	}
	for i := range c.purposes {
		if err := swap(&c.purposes[i].context, c.purposes[i].name); err != nil {
			return err
		}
	}
	key, err := expand(&s.bounding, labelBounding, tenant)
	if err != nil {
		return err
	}
	c.bounding = &prf{pool: newHMACPool(key)}
	return swap(&c.subject, SubjectPurpose)
}

// KeyBytes returns every stretch of key material behind k and d.
func KeyBytes(k *Keyring, d *Deriver) (b [][]byte) {
	for _, key := range k.open().keys() {
		b = append(b, key[:])
	}
	c := d.open()
	prfs := append(c.subject[:], c.bounding)
	for i := range c.purposes {
		prfs = append(prfs, c.purposes[i].context[:]...)
	}
	for _, p := range prfs {
		if p.states != nil {
			b = append(b, p.states.inner[stateHead:stateHead+32], p.states.outer[stateHead:stateHead+32])
		}
	}
	return b
}
