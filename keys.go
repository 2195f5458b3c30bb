package discreet

import (
	"context"
	"errors"
	"slices"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// ErrKeys: SetKeys got a keyring that does not go on from the one in use.
var ErrKeys = errors.New("discreet: the keyring must still read the root that writes now, and sign as now")

// errKeys: the keyring was exchanged while a call was under way, which begins anew.
var errKeys = errors.New("discreet: another keyring")

// keyset is a keyring in use. It is exchanged as a whole.
type keyset struct {
	ring    *pseudonym.Keyring
	deriver *pseudonym.Deriver

	counted   []uint32 // ids of the roots whose rows are released
	destroyed []uint32
}

// counts reports whether rows under a root are released.
func (k *keyset) counts(root uint32) bool { return slices.Contains(k.counted, root) }

// current returns errKeys where k is not in use any more, and ErrClosed. The caller
// holds rights.
func (e *Engine) current(k *keyset) error {
	switch {
	case e.closed.Load():
		return ErrClosed
	case e.keys.Load() != k:
		return errKeys
	}
	return nil
}

func (e *Engine) newKeyset(ring *pseudonym.Keyring) (*keyset, error) {
	purposes := make([]string, len(e.rooms))
	for i, r := range e.rooms {
		purposes[i] = r.purpose
	}
	d, err := pseudonym.NewDeriver(ring, e.cfg.Tenant, purposes)
	if err != nil {
		return nil, err
	}
	k := &keyset{ring: ring, deriver: d}
	for _, info := range ring.Roots() {
		switch info.State {
		case pseudonym.Write, pseudonym.Read:
			k.counted = append(k.counted, info.ID)
		case pseudonym.Destroyed:
			k.destroyed = append(k.destroyed, info.ID)
		}
	}
	return k, nil
}

// SetKeys goes on with another keyring: one that [pseudonym.Keyring.Rotate] or
// [pseudonym.Keyring.Retire] made of the one in use. Its root that writes is used
// from now on; whoever stands under an older root is moved when next seen, or by
// Rekey, with everything that is held, in one durable step: no release ever
// counts a person twice, or misses one.
//
// It returns ErrKeys where people would be lost: the root that writes now must
// write or be read in the new keyring. To exchange the signing key, open the
// engine anew.
func (e *Engine) SetKeys(ctx context.Context, ring *pseudonym.Keyring, by Actor) (err error) {
	defer e.observe("SetKeys", e.cfg.Now(), &err)
	if ring == nil || ring.KeyID() == 0 {
		return ErrKeys
	}
	vkey, err := ring.Verifier(e.cfg.Tenant)
	if err != nil {
		return err
	}
	next, err := e.newKeyset(ring)
	if err != nil {
		return err
	}
	if err := e.note(ctx, by, "SetKeys"); err != nil {
		return err
	}
	e.rights.Lock()
	defer e.rights.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	check := e.keys.Load().ring.Check()
	on := slices.ContainsFunc(ring.Roots(), func(r pseudonym.KeyInfo) bool {
		return r.Check == check && (r.State == pseudonym.Write || r.State == pseudonym.Read)
	})
	if !on || vkey != e.vkeys[0] {
		return ErrKeys
	}
	if err := e.cfg.Store.Bind(ctx, e.cfg.Tenant, ring); err != nil {
		return err
	}
	e.keys.Store(next)
	return nil
}

// KeyReport counts the profile and consent rows that stand under each root, and
// says which old roots may go; see [pseudonym.Keyring.Report]. A store that is
// sealed may need an old root still: Reseal boltstore first. Cost: a scan of the
// store. The counts are exact and stay inside.
func (e *Engine) KeyReport(ctx context.Context) (list []pseudonym.KeyUse, err error) {
	defer e.observe("KeyReport", e.cfg.Now(), &err)
	if e.closed.Load() {
		return nil, ErrClosed
	}
	return e.keys.Load().ring.Report(func(yield func(pseudonym.ID, error) bool) {
		see := func(id pseudonym.ID) error {
			if !yield(id, nil) {
				return errStop
			}
			return nil
		}
		for _, r := range e.rooms {
			if err := e.cfg.Store.ProfileScan(ctx, r.purpose, func(id segment.ID, _ []byte) error { return see(id) }); err != nil {
				if err != errStop {
					yield(pseudonym.ID{}, err)
				}
				return
			}
		}
		err := e.cfg.Store.ConsentSweep(ctx, func(who consent.Subject, row []byte) ([]byte, error) { return row, see(who.ID()) })
		if err != nil && err != errStop {
			yield(pseudonym.ID{}, err)
		}
	})
}

// lost reports whether nobody can be found under a pseudonym any more: its root
// was destroyed.
func (k *keyset) lost(id pseudonym.ID) bool { return slices.Contains(k.destroyed, id.KeyID()) }

// sign takes over what signs.
func (e *Engine) sign() (err error) {
	if e.signer, err = e.cfg.Keys.Signer(e.cfg.Tenant); err != nil {
		return err
	}
	e.vkeys, err = e.cfg.Keys.Verifiers(e.cfg.Tenant)
	return err
}
