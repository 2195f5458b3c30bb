package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/jackc/pgx/v5"
)

// Rewrap wraps the key of the store under the root of keys that writes, so that the
// root before may be destroyed: from its return on the schema opens with rings that
// hold the new root. owner is a connection of the schema's owner, since the role of
// the service may not change the binding; it is used for one statement. Values are
// not sealed anew: whoever has the old root and an old copy of the binding opens
// what that copy opened, and what was written since. Where the old root leaked, bring
// the data to a schema of its own.
//
// The store must be bound, and keys must hold the root that it is wrapped under now;
// stores of other processes go on, and take the new root up when Engine.SetKeys or
// Bind gives them a ring with it. Who turned the key, and why, stands in the access
// log before anything is done, at the moment now. Rewrapping under the root that the
// store has already changes nothing. It returns ErrKeyring, ErrTenant, ErrDamaged,
// ErrRole, ErrDatabase, ledger.ErrActor or ledger.ErrAccess; the binding is as it
// was then.
func (s *Store) Rewrap(ctx context.Context, owner *pgx.Conn, keys *pseudonym.Keyring, by ledger.Actor, now time.Time) error {
	b, err := s.ready(ctx)
	if err != nil {
		return err
	}
	if keys == nil || keys.KeyID() == 0 {
		return ErrKeyring
	}
	s.binding.Lock()
	defer s.binding.Unlock()
	salt, check, wrapped, err := s.bindingRow(ctx)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrDamaged
	case err != nil:
		return err
	case !keys.Has(check):
		return ErrKeyring
	case check == keys.Check():
		return nil
	}
	key, err := keys.UnwrapStoreKey(b.tenant, wrapped)
	if errors.Is(err, pseudonym.ErrKeyring) {
		return ErrDamaged
	} else if err != nil {
		return err
	}
	defer clear(key[:])
	next, err := keys.WrapStoreKey(b.tenant, key)
	if err != nil {
		return err
	}
	if err := ledger.NewAccessLog(s).Note(ctx, by, "Rewrap", now); err != nil {
		return err
	}
	writes := keys.Check()
	tag, err := owner.Exec(ctx, s.sql("UPDATE {schema}.binding SET key_check = $1, store_key = $2 WHERE key_check = $3 AND store_key = $4 AND salt = $5"),
		writes[:], next, check[:], wrapped, salt)
	switch {
	case err != nil:
		return clean(ctx, err)
	case tag.RowsAffected() == 0:
		return ErrKeyring // somebody else was faster
	}
	s.bound.Store(&bound{b.box, b.tenant, writes, b.salt})
	return nil
}
