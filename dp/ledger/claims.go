package ledger

import "sync"

// Claims keeps what [Store.LedgerClaim] hands out, for a store that one process
// at a time can open. The zero Claims is ready; it is safe for concurrent use.
type Claims struct {
	mu   sync.Mutex
	held map[uint64]struct{}
}

// Claim takes a key until give is called, or returns ErrHeld.
func (c *Claims) Claim(key uint64) (give func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.held[key]; ok {
		return nil, ErrHeld
	}
	if c.held == nil {
		c.held = map[uint64]struct{}{}
	}
	c.held[key] = struct{}{}
	var once sync.Once
	return func() {
		once.Do(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.held, key)
		})
	}, nil
}
