package mustfail

import "github.com/discreet-go/discreet/pseudonym"

// Nor are twenty bytes, say of a hash.
func id(digest [20]byte) pseudonym.ID {
	return pseudonym.ID(digest) // want: cannot convert digest
}
