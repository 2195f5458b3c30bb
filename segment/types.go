package segment

import (
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
)

// ID is a keyed pseudonym for one purpose.
type ID = ident.ID

// Link proves that a consent subject and a pseudonym were made from one raw
// identifier.
type Link = ident.Link

// Grant proves that consent was decided.
type Grant = proof.Grant
