package mustfail

import "github.com/discreet-go/discreet/pseudonym"

// A Link is made from one Raw, never from an ID that was found somewhere.
func link(id pseudonym.ID) pseudonym.Link {
	return pseudonym.Link{id: id} // want: unexported field id
}
