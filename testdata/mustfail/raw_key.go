package mustfail

import "github.com/discreet-go/discreet/pseudonym"

// An identifier is not the key of a map.
var seen map[pseudonym.Raw]bool // want: invalid map key type
