package pseudonym

import (
	"crypto/ed25519"

	"github.com/discreet-go/discreet/internal/contrib"
	"golang.org/x/mod/sumdb/note"
)

// Signer returns the keyring's Ed25519 signer under a name, which is the tenant.
// Its signatures are those of golang.org/x/mod/sumdb/note. It is safe for
// concurrent use. Errors: [ErrKeyring], [ErrTenant].
func (k *Keyring) Signer(name string) (note.Signer, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	vkey, err := k.Verifier(name)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, ErrTenant
	}
	private := ed25519.NewKeyFromSeed(s.signing[:])
	return &signer{name: name, hash: v.KeyHash(), sign: func(msg []byte) ([]byte, error) {
		return ed25519.Sign(private, msg), nil
	}}, nil
}

// Verifier returns the public half of the signing key as a verifier key text of
// golang.org/x/mod/sumdb/note: "name+hash+base64". It may be published. Errors:
// [ErrKeyring], [ErrTenant].
func (k *Keyring) Verifier(name string) (string, error) {
	all, err := k.Verifiers(name)
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// Verifiers returns the public halves of the signing key and of those before
// it, newest first, in the form of [Keyring.Verifier]: whoever reads what was
// signed at any time needs them all. Errors: [ErrKeyring], [ErrTenant].
func (k *Keyring) Verifiers(name string) ([]string, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	if !contrib.ValidName(name) {
		return nil, ErrTenant
	}
	list := make([]string, 0, 1+len(s.signed))
	add := func(public [32]byte) error {
		vkey, err := note.NewEd25519VerifierKey(name, public[:])
		list = append(list, vkey)
		return err
	}
	if err := add(publicKey(s.signing)); err != nil {
		return nil, err
	}
	for _, v := range s.signed {
		if err := add(v.public); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// signer keeps the key behind a function value, out of sight of printers.
type signer struct {
	name string
	hash uint32
	sign func([]byte) ([]byte, error)
}

func (s *signer) Name() string                    { return s.name }
func (s *signer) KeyHash() uint32                 { return s.hash }
func (s *signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }
