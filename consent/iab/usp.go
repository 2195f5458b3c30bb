package iab

import "github.com/discreet-go/discreet/consent"

// USP is a US Privacy string, the framework before the sections of the United
// States: four characters. Each field is 'Y', 'N', or '-' where it does not apply.
//
// Source: IAB Tech Lab, "US Privacy String", version 1.
type USP struct {
	Notice      byte // notice and opportunity to opt out were given
	OptOutSale  byte // the person opted out of the sale of data
	LspaCovered byte // the transaction is under the Limited Service Provider Agreement
}

// ParseUSP reads a US Privacy string. The errors are ErrLength, ErrVersion and ErrText.
func ParseUSP(text string) (USP, error) {
	if len(text) != 4 {
		return USP{}, ErrLength
	}
	if text[0] != '1' {
		return USP{}, ErrVersion
	}
	for i := 1; i < 4; i++ {
		if c := text[i]; c != 'Y' && c != 'N' && c != '-' {
			return USP{}, ErrText
		}
	}
	return USP{Notice: text[1], OptOutSale: text[2], LspaCovered: text[3]}, nil
}

// Signal applies the table of docs/formats.md: an opt-out forbids, and a choice
// not to opt out counts only where notice was given.
func (p USP) Signal() consent.Signal {
	switch {
	case p.OptOutSale == 'Y':
		return consent.Forbids
	case p.Notice == 'N', p.OptOutSale == 'N' && p.Notice != 'Y':
		return consent.Unclear
	case p.OptOutSale == 'N':
		return consent.Permits
	}
	return consent.Silent
}
