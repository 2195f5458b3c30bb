package mustfail

import "github.com/discreet-go/discreet/pseudonym"

// Keys do not leave the ring.
func root(k *pseudonym.Keyring) any {
	return k.root // want: k.root undefined
}
