package mustfail

import "github.com/discreet-go/discreet/pseudonym"

// A string is no pseudonym.
func id(email string) pseudonym.ID {
	return pseudonym.ID(email) // want: cannot convert email
}
