package phonenumbers

import (
	"errors"
	"strings"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/nyaruka/phonenumbers"
)

// ErrNumber is returned for every text that is not one valid number. It names no
// part of it.
var ErrNumber = errors.New("phonenumbers: not a valid number of the region")

// maxInput is the longest text that is read, in bytes.
const maxInput = 64

// Parser implements pseudonym.PhoneParser. It holds nothing and is safe for
// concurrent use.
type Parser struct{}

var _ pseudonym.PhoneParser = Parser{}

// E164 returns the E.164 form of a number written in the manner of region, two
// capital letters of ISO 3166, or internationally. Digits are those of ASCII;
// between them stand spaces, dots, hyphens, slashes and round brackets. All else
// is [ErrNumber].
func (Parser) E164(number, region string) (string, error) {
	number = strings.TrimSpace(number)
	if number == "" || len(number) > maxInput || phonenumbers.GetCountryCodeForRegion(region) == 0 {
		return "", ErrNumber
	}
	for i, c := range []byte(number) {
		if !('0' <= c && c <= '9' || strings.IndexByte(" .-/()", c) >= 0 || c == '+' && i == 0) {
			return "", ErrNumber
		}
	}
	n, err := phonenumbers.Parse(number, region)
	if err != nil { // its words quote the number
		return "", ErrNumber
	}
	if n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", ErrNumber
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}
