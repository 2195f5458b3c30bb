package consent

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Errors of what a receipt has to say of who is responsible. Each comes with the
// rule that is broken.
var (
	ErrController = errors.New("consent: a controller lacks something that a receipt must say")
	ErrTerms      = errors.New("consent: receipt terms lack something that a receipt must say")
)

// Controller is who decides what data is used for and answers for it: the PII
// controller of ISO/IEC TS 27560:2023, the controller of the GDPR. All fields but
// two of the three contacts are required.
type Controller struct {
	ID      string // names the controller for good, 1 to 200 bytes: a register number, an LEI, a domain
	Name    string // legal name, 1 to 200 bytes
	Type    string // what kind of body, in words, 1 to 200 bytes: "company", "public authority"
	Address string // postal address, 1 to 1000 bytes, lines ended by line feeds
	Country string // where it is established: ISO 3166-1, two capital letters

	Email string // one of the three at least: an e-mail address,
	Phone string // a phone number with its plus and country code,
	URL   string // an https address of a page to write to
}

// Rules of a controller and of receipt terms.
const (
	errControllerID      rule = "ID is 1 to 200 bytes of trimmed printable text"
	errControllerName    rule = "Name is 1 to 200 bytes of trimmed printable text"
	errControllerType    rule = "Type is 1 to 200 bytes of trimmed printable text"
	errControllerAddress rule = "Address is 1 to 1000 bytes of trimmed printable text"
	errControllerCountry rule = "Country is two capital letters"
	errControllerContact rule = "one of Email, Phone and URL is given, each in its form"
	errStorageLocations  rule = "StorageLocations are 1 to 128 distinct titles"
	errJurisdiction      rule = "Jurisdiction is 1 to 200 bytes of trimmed printable text"
	errService           rule = "Service is at most 200 bytes of trimmed printable text"
	errTermsURL          rule = "a URL is empty or an https address of at most 2000 bytes"
)

const (
	maxAddress = 1000 // bytes of a postal address
	maxURL     = 2000 // bytes of an address on the web
)

// Check returns nil, or ErrController with the first rule that is broken. It
// looks at the form only.
func (c Controller) Check() error {
	if r := c.broken(); r != "" {
		return fmt.Errorf("%w: %w", ErrController, r)
	}
	return nil
}

func (c *Controller) broken() rule {
	switch {
	case !title(c.ID):
		return errControllerID
	case !title(c.Name):
		return errControllerName
	case !title(c.Type):
		return errControllerType
	case c.Address == "" || len(c.Address) > maxAddress || !text(c.Address):
		return errControllerAddress
	case !letters(c.Country, 2, 'A'):
		return errControllerCountry
	case c.contact() == "", c.Email != "" && !validEmail(c.Email), c.Phone != "" && !validPhone(c.Phone), !validURL(c.URL):
		return errControllerContact
	}
	return ""
}

// contact returns the way to reach the controller that is named first.
func (c *Controller) contact() string { return cmp.Or(c.Email, c.Phone, c.URL) }

// ReceiptTerms is what a receipt says that no [Notice] holds: it is the same for
// all people of a service. Controller, StorageLocations and Jurisdiction are
// mandatory in ISO/IEC TS 27560:2023, the rest is optional.
type ReceiptTerms struct {
	Controller       Controller
	StorageLocations []string // where data is stored: 1 to 128 countries or places, in words or codes
	Jurisdiction     string   // whose law applies, in words or a code: "EU", "DE", "US-CA"

	Service       string // what the purposes belong to
	NoticeURL     string // https: where the notices can be read
	WithdrawalURL string // https: where consent can be withdrawn
	RightsURL     string // https: where rights can be used
}

// Check returns nil, ErrController or ErrTerms, with the first rule that is
// broken. It looks at the form only.
func (t ReceiptTerms) Check() error {
	if err := t.Controller.Check(); err != nil {
		return err
	}
	if r := t.broken(); r != "" {
		return fmt.Errorf("%w: %w", ErrTerms, r)
	}
	return nil
}

func (t *ReceiptTerms) broken() rule {
	switch {
	case len(t.StorageLocations) == 0 || !titles(t.StorageLocations):
		return errStorageLocations
	case !title(t.Jurisdiction):
		return errJurisdiction
	case t.Service != "" && !title(t.Service):
		return errService
	case !validURL(t.NoticeURL) || !validURL(t.WithdrawalURL) || !validURL(t.RightsURL):
		return errTermsURL
	}
	return ""
}

// validURL accepts nothing, or an https address with a host and without a user.
func validURL(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > maxURL || !text(s) || strings.ContainsAny(s, " \n\"<>\\^`{|}") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && strings.HasPrefix(s, "https://") && u.Hostname() != "" && u.User == nil
}

// validEmail accepts text with one @ inside and no space. What reaches somebody
// is not decided here.
func validEmail(s string) bool {
	before, after, _ := strings.Cut(s, "@")
	return title(s) && before != "" && after != "" && !strings.ContainsAny(after, "@") && !strings.ContainsAny(s, " <>\"")
}

// validPhone accepts a plus and 7 to 15 digits, with single spaces or hyphens
// between them.
func validPhone(s string) bool {
	digits, apart := 0, true
	for i, c := range []byte(s) {
		switch {
		case i == 0 && c == '+':
		case i > 0 && c >= '0' && c <= '9':
			digits, apart = digits+1, false
		case i > 0 && (c == ' ' || c == '-') && !apart:
			apart = true
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15 && !apart
}
