package pseudonym

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// minPassphrase is the shortest passphrase that seals a key file, in bytes.
const minPassphrase = 15

// Labels of what is derived from the key that argon2id makes of a passphrase.
const (
	labelSealCommit = "sealed-keys-commit-v1"
	labelSealKey    = "sealed-keys-aead-v1"
)

// cost says what argon2id has to do.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint32
}

// sealCost is the second recommended option of RFC 9106, section 4: 64 MiB, 3
// passes, 4 lanes, with a salt of 128 and a key of 256 bits. The first one takes
// 2 GiB, which many services do not have.
var sealCost = cost{memory: 64 << 10, passes: 3, threads: 4}

// accepted bounds what a file may ask for: not less than is written, which a
// guesser would like, and not so much that opening it hurts.
func (c cost) accepted() bool {
	return c.memory >= 64<<10 && c.memory <= 256<<10 && c.passes >= 3 && c.passes <= 10 && c.threads >= 1 && c.threads <= 16
}

// sealedFile is what a sealed key file holds.
type sealedFile struct {
	cost
	salt   [16]byte
	commit [32]byte // tells another passphrase
	nonce  [chacha20poly1305.NonceSizeX]byte
	box    []byte
}

// sealingKeys are what a passphrase gives under one salt and cost.
type sealingKeys struct{ commit, seal *[32]byte }

// stretch derives the keys of a passphrase. It takes some 100 milliseconds and
// the memory that cost says.
func (f *sealedFile) stretch(passphrase []byte) (*sealingKeys, error) {
	b := argon2.IDKey(passphrase, f.salt[:], f.passes, f.memory, uint8(f.threads), 32)
	key := [32]byte(b)
	clear(b)
	defer clear(key[:])
	commit, err := expand(&key, labelSealCommit)
	if err != nil {
		return nil, err
	}
	seal, err := expand(&key, labelSealKey)
	return &sealingKeys{commit, seal}, err
}

func (k *sealingKeys) wipe() {
	clear(k.commit[:])
	clear(k.seal[:])
}

// aead returns the cipher. It fails under GODEBUG=fips140=only.
func (k *sealingKeys) aead() (cipher.AEAD, error) { return chacha20poly1305.NewX(k.seal[:]) }

// seal seals the text of a key file under a passphrase.
func seal(text, passphrase []byte, c cost) ([]byte, error) {
	if len(passphrase) < minPassphrase {
		return nil, ErrPassphraseShort
	}
	f := &sealedFile{cost: c}
	for _, b := range [][]byte{f.salt[:], f.nonce[:]} {
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
	}
	keys, err := f.stretch(passphrase)
	if err != nil {
		return nil, err
	}
	defer keys.wipe()
	aead, err := keys.aead()
	if err != nil {
		return nil, err
	}
	f.commit = *keys.commit
	f.box = aead.Seal(nil, f.nonce[:], text, f.header())
	return f.format(), nil
}

// unseal returns the text of the key file.
func (f *sealedFile) unseal(passphrase []byte) ([]byte, error) {
	keys, err := f.stretch(passphrase)
	if err != nil {
		return nil, err
	}
	defer keys.wipe()
	return f.open(keys)
}

// open tells another passphrase from a changed file.
func (f *sealedFile) open(keys *sealingKeys) ([]byte, error) {
	aead, err := keys.aead()
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(keys.commit[:], f.commit[:]) != 1 {
		return nil, ErrPassphrase
	}
	text, err := aead.Open(make([]byte, 0, len(f.box)), f.nonce[:], f.box, f.header())
	if err != nil {
		return nil, ErrSealedTampered
	}
	return text, nil
}
