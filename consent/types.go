package consent

import (
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
)

// Raw is an identifier as it came in. Only a [Source] is asked with one.
type Raw = ident.Raw

// Subject names a person in the consent records.
type Subject = ident.Subject

// Grant proves that one subject's consent for one purpose was decided. It is
// made by a [Decision] only; the zero Grant is invalid.
type Grant = proof.Grant
