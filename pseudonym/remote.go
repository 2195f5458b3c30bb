package pseudonym

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of rings with remote roots.
var (
	// ErrRemote: a remote root could not be asked, or is asked for what was not
	// fetched when the ring was made. The error of the RootPRF is wrapped beside it.
	ErrRemote = errors.New("pseudonym: remote root")

	// ErrRemoteCheck: the remote root is not the one with this check value.
	ErrRemoteCheck = fmt.Errorf("%w does not fit its check value", ErrRemote)

	// ErrRemoteRing: a ring with remote roots is not rotated, retired or written to
	// a file here. Change the key where it is kept and the table of roots, and make
	// the ring anew.
	ErrRemoteRing = errors.New("pseudonym: a ring with remote roots changes where they are kept")
)

// RootPRF is a root that is kept elsewhere and never shown: by a key management
// service, a hardware module, a vault. HMACSHA256 returns HMAC-SHA-256 (RFC 2104)
// of the message under the root, whole. Messages hold names of tenant, purpose
// and identifier type and never an identifier. It MUST return soon after ctx
// ends.
//
// What a local root of the same 32 bytes derives is derived byte for byte: each
// key below a root is one block of HKDF-Expand (RFC 5869), which is one HMAC.
type RootPRF interface {
	HMACSHA256(ctx context.Context, message []byte) ([sha256.Size]byte, error)
}

// RemoteRoot is a remote root and what is to be known of it, which the caller
// keeps: dates and states change in that table, by the rules of [State].
type RemoteRoot struct {
	KeyInfo         // Check as RemoteCheck returned it when the root was taken into use
	PRF     RootPRF // nil for a destroyed root, and for no other
}

// RemoteConfig says what a ring of remote roots is for.
type RemoteConfig struct {
	Tenant   string
	Purposes []string     // all that Derivers of the ring will be made for
	Epochs   []uint64     // of NewEpochDeriver, if any
	Roots    []RemoteRoot // newest first; the first one writes, no other does
}

// RemoteCheck returns the check value of a remote root, see [Keyring.Check].
func RemoteCheck(ctx context.Context, prf RootPRF) (check [8]byte, err error) {
	info, err := enc(labelCheck)
	if err != nil {
		return check, err
	}
	block, err := prf.HMACSHA256(ctx, append(info, 1))
	if err != nil {
		return check, fmt.Errorf("%w: %w", ErrRemote, err)
	}
	copy(check[:], block[:])
	clear(block[:])
	return check, nil
}

// WithRemote returns a ring whose pseudonyms come from remote roots. k lends the
// bounding key and the signing key; its own roots stay behind the remote ones,
// and the one that wrote is read from the creation of the root that writes now
// on, for two years, so that a team can move from a key file to a service.
//
// It asks every remote root that is not destroyed for its check value and for
// each key that the configuration needs, some ten for each purpose and epoch, one
// after the other, and nothing is asked later: who derives needs no network, and
// a service that is away stops a start and not the traffic. What was fetched
// opens the contexts of this tenant only. A Deriver for another tenant, purpose
// or epoch is refused with [ErrRemote].
//
// Errors: [ErrKeyring] where roots and dates make no ring, [ErrKeyTime] where the
// root that writes is older than the newest root of k, [ErrTenant], [ErrPurpose], [ErrWeakKey] for a root given twice, [ErrRemoteRing] where k has
// remote roots, [ErrRemote], [ErrRemoteCheck].
func (k *Keyring) WithRemote(ctx context.Context, c RemoteConfig) (*Keyring, error) {
	s, err := k.secrets()
	switch {
	case err != nil:
		return nil, err
	case s.remote():
		return nil, ErrRemoteRing
	case len(c.Roots) == 0 || c.Roots[0].State != Write:
		return nil, ErrKeyring
	case c.Roots[0].Created.Before(s.roots[0].Created):
		return nil, ErrKeyTime
	case !contrib.ValidName(c.Tenant):
		return nil, ErrTenant
	}
	for _, p := range c.Purposes {
		if !contrib.ValidName(p) || p == SubjectPurpose {
			return nil, ErrPurpose
		}
	}
	next := new(secrets)
	*next = *s
	next.roots = make([]*root, 0, len(c.Roots)+len(s.roots))
	for _, r := range c.Roots {
		if (r.PRF == nil) != (r.State == Destroyed) {
			return nil, ErrKeyring
		}
		made := &root{KeyInfo: r.KeyInfo}
		if r.PRF != nil {
			made.remote = fetched{}
		}
		next.roots = append(next.roots, made)
	}
	last := *s.roots[0]
	last.State, last.Since = Read, c.Roots[0].Created
	last.Deadline = last.Since.AddDate(readYears, 0, 0)
	next.roots = append(append(next.roots, &last), s.roots[1:]...)
	slices.SortStableFunc(next.roots[1:], func(a, b *root) int { return cmp.Compare(b.Created.Unix(), a.Created.Unix()) })
	if !next.valid() {
		return nil, ErrKeyring
	}
	if err := next.checkStrength(); err != nil {
		return nil, err
	}
	wanted, err := c.messages()
	if err != nil {
		return nil, err
	}
	for _, r := range c.Roots { // asked last: nothing is fetched for a ring that cannot be
		if r.PRF == nil {
			continue
		}
		to := next.roots[find(next.roots, r.ID)]
		if err := to.remote.fetch(ctx, &r, wanted); err != nil {
			return nil, err
		}
	}
	return next.ring(), nil
}

// messages lists what a root is asked for, but for its check value.
func (c *RemoteConfig) messages() (list []string, err error) {
	add := func(fields ...string) {
		info, bad := enc(fields...)
		if err = cmp.Or(err, bad); err == nil {
			list = append(list, string(info))
		}
	}
	types := slices.Clone(normalisers.current[:])
	for _, earlier := range normalisers.earlier {
		for _, v := range earlier {
			types = append(types, v.idtype)
		}
	}
	epochs := []string{""}
	for _, e := range c.Epochs {
		epochs = append(epochs, epochName(e))
	}
	for _, t := range types {
		add(labelContext, c.Tenant, SubjectPurpose, t, "")
		for _, p := range c.Purposes {
			for _, e := range epochs {
				add(labelContext, c.Tenant, p, t, e)
			}
		}
	}
	add(labelWrap, c.Tenant)
	return list, err
}

// fetched is what a remote root returned, by the info that was expanded.
type fetched map[string]*[32]byte

func (f fetched) fetch(ctx context.Context, r *RemoteRoot, wanted []string) error {
	check, err := RemoteCheck(ctx, r.PRF)
	if err != nil {
		return err
	}
	if check != r.Check {
		return ErrRemoteCheck
	}
	for _, info := range wanted {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%w: %w", ErrRemote, err)
		}
		block, err := r.PRF.HMACSHA256(ctx, append([]byte(info), 1))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRemote, err)
		}
		f[info] = &block
	}
	return nil
}

// remote reports whether a root of the ring is kept elsewhere.
func (s *secrets) remote() bool {
	return slices.ContainsFunc(s.roots, func(r *root) bool { return r.remote != nil })
}

// expand derives a 32-byte key from the root.
func (r *root) expand(fields ...string) (*[32]byte, error) {
	if r.remote == nil {
		return expand(r.key, fields...)
	}
	info, err := enc(fields...)
	if err != nil {
		return nil, err
	}
	key := r.remote[string(info)]
	if key == nil {
		return nil, ErrRemote
	}
	out := *key // callers clear what they get
	return &out, nil
}
