package pseudonym

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
)

// What the external tests need of the inside.
var (
	Enc           = enc
	LooksHashed   = looksHashed
	ParseKeyFile  = parseKeyFile
	FormatKeyFile = formatKeyFile
	CheckStrength = (*secrets).checkStrength
)

type Secrets = secrets

func ContextKey(key *[32]byte, tenant, purpose, idtype, epoch string) (*[32]byte, error) {
	return contextKey(&root{key: key}, tenant, purpose, idtype, epoch)
}

// NewSecrets assembles secrets of one root that need not be strong, for known
// answers.
func NewSecrets(key, bounding, signing *[32]byte, keyID uint32, created time.Time) *Secrets {
	check, err := checkValue(key)
	if err != nil {
		panic(err)
	}
	return &secrets{
		roots:    []*root{{KeyInfo{keyID, Write, created, created, created.AddDate(writeYears, 0, 0), check}, key, nil}},
		bounding: bounding, signing: signing, boundingCreated: created, signingCreated: created,
	}
}

// NewTestKeyring skips the check for weak keys.
func NewTestKeyring(s *Secrets) *Keyring { return s.ring() }

// Keys returns the keys in a ring.
func Keys(k *Keyring) []*[32]byte { return k.open().keys() }

// Follows reports whether next may take the place of k in a key file.
func Follows(next, k *Keyring) bool { return next.open().follows(k.open()) }

// OtherBounding returns k with another bounding key.
func OtherBounding(k *Keyring) *Keyring {
	s := *k.open()
	s.bounding = new([32]byte)
	return s.ring()
}

// FormatKeyring writes the key file of k.
func FormatKeyring(k *Keyring) ([]byte, error) { return formatKeyFile(k.open()) }

// Fix gives the text of a key file the checksum that it should have.
func Fix(b []byte) []byte {
	if len(b) < checksumLine {
		return b
	}
	b = bytes.Clone(b[:len(b)-checksumLine])
	return appendChecksum(b, b)
}

// Versions are tables of normalisers for tests.
type (
	Versions   = versions
	Normaliser = normaliser
)

// ThisVersion returns the table that is in use, to be changed.
func ThisVersion() *Versions { v := normalisers; return &v }

// Email1 is the normaliser email/1, whatever version is current.
func Email1() Normaliser { return normaliser{"email/1", normaliseEmail} }

// NewNormaliser makes an earlier version.
func NewNormaliser(idtype string, f func(s string) (string, error)) Normaliser {
	return normaliser{idtype, func(buf *[maxNormal]byte, s string) (int, error) {
		text, err := f(s)
		return copy(buf[:], text), err
	}}
}

// SetVersions makes current and earlier the versions of an identifier type.
func SetVersions(v *Versions, kind ident.Kind, current string, earlier ...Normaliser) {
	v.current[kind-1], v.earlier[kind-1] = current, earlier
}

// NewVersionedDeriver is NewDeriver with another table of normalisers.
func NewVersionedDeriver(k *Keyring, tenant string, purposes []string, v *Versions) (*Deriver, error) {
	return newDeriver(k, tenant, purposes, "", v)
}

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
func ForceHMAC(d *Deriver, k *Keyring) error {
	s, err := k.secrets()
	if err != nil {
		return err
	}
	c := d.open()
	pooled := func(p **prf, r *root, purpose, idtype, epoch string) error {
		key, err := contextKey(r, c.tenant, purpose, idtype, epoch)
		if err == nil {
			*p = &prf{pool: newHMACPool(key)}
		}
		return err
	}
	swap := func(ctx *purposeKeys, r *root, purpose, epoch string) error {
		for kind := range kinds {
			if err := pooled(&ctx.current[kind], r, purpose, c.current[kind], epoch); err != nil {
				return err
			}
			for i, v := range c.earlier[kind] {
				if err := pooled(&ctx.earlier[kind][i], r, purpose, v.idtype, epoch); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, under := range c.roots {
		r := s.roots[find(s.roots, under.keyID)]
		for i, p := range c.names {
			if err := swap(&under.purposes[i], r, p, c.epoch); err != nil {
				return err
			}
		}
		if err := swap(&under.subject, r, SubjectPurpose, ""); err != nil {
			return err
		}
	}
	key, err := expand(s.bounding, labelBounding, c.tenant)
	c.bounding = &prf{pool: newHMACPool(key)}
	return err
}

// KeyBytes returns every stretch of key material behind k and d.
func KeyBytes(k *Keyring, d *Deriver) (b [][]byte) {
	for _, key := range k.open().keys() {
		b = append(b, key[:])
	}
	c := d.open()
	prfs := []*prf{c.bounding}
	add := func(ctx *purposeKeys) {
		prfs = append(prfs, ctx.current[:]...)
		for _, earlier := range ctx.earlier {
			prfs = append(prfs, earlier...)
		}
	}
	for _, under := range c.roots {
		add(&under.subject)
		for i := range under.purposes {
			add(&under.purposes[i])
		}
	}
	for _, p := range prfs {
		if p.states != nil {
			b = append(b, p.states.inner[stateHead:stateHead+32], p.states.outer[stateHead:stateHead+32])
		}
	}
	return b
}

// Sealed is a sealed key file that was read and not opened.
type (
	Sealed      = sealedFile
	SealingKeys = sealingKeys
)

// What the tests of sealed files need of the inside.
var (
	ParseSealed  = parseSealed
	FormatSealed = (*sealedFile).format
	Stretch      = (*sealedFile).stretch
	OpenSealed   = (*sealedFile).open
)

// Seal seals under a cost that a file may ask for.
func Seal(text, passphrase []byte, memory, passes, lanes uint32) ([]byte, error) {
	return seal(text, passphrase, cost{memory, passes, lanes})
}
