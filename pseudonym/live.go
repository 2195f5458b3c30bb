package pseudonym

import "sync/atomic"

// Live holds the [Deriver] that is in use and exchanges it when the keyring
// changes, while others derive. Reading it takes no lock. Make it with
// [NewLive]; it must not be copied.
type Live struct {
	now atomic.Pointer[Deriver]
}

// NewLive returns a Live that holds d.
func NewLive(d *Deriver) (*Live, error) {
	if _, err := d.contexts(); err != nil {
		return nil, err
	}
	l := new(Live)
	l.now.Store(d)
	return l, nil
}

// Deriver returns the Deriver in use. It stays valid after a Swap; take it anew
// for every event, and use one for all that belongs to an event.
func (l *Live) Deriver() *Deriver { return l.now.Load() }

// Swap derives under another ring from now on, for the same tenant, purposes and
// epoch. It costs what NewDeriver does for each root that is new to it. A ring
// that does not list the root that writes now, because it is older or another
// one's, is refused with [ErrKeyring]. Of several that swap at once each wins in
// turn, and none goes back to an older ring.
func (l *Live) Swap(k *Keyring) error {
	for {
		old := l.now.Load()
		c, err := old.contexts()
		if err != nil {
			return err
		}
		s, err := k.secrets()
		if err != nil {
			return err
		}
		if i := find(s.roots, c.write.keyID); i < 0 || s.roots[i].Check != c.write.check {
			return ErrKeyring
		}
		next, err := c.under(k)
		if err != nil {
			return err
		}
		if l.now.CompareAndSwap(old, next) {
			return nil
		}
	}
}
