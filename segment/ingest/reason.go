package ingest

// Reason says why a row was not yielded. The list is fixed.
type Reason uint8

// Reasons. A malformed row breaks the format or a rule of a field; an excluded
// one is readable, and a profile's cleaning rule leaves it out.
const (
	ReasonNone Reason = iota

	ReasonNoPerson // readable, but nobody is named

	ReasonTooLong   // malformed: record over the limit of bytes, lines or fields
	ReasonQuote     // malformed: broken CSV quoting
	ReasonFields    // malformed: other number of fields than the header
	ReasonJSON      // malformed: not one JSON object of valid UTF-8, or a mapped member twice
	ReasonType      // malformed: a mapped JSON member is an object or an array
	ReasonPerson    // malformed: person too long or not of the profile's form
	ReasonMessageID // malformed: message id empty, too long or not printable
	ReasonKind      // malformed: kind not a name
	ReasonItem      // malformed: item absent, too long or not printable
	ReasonCategory  // malformed: category too long or not printable
	ReasonCount     // malformed: count not a whole number in range
	ReasonTime      // malformed: time not in the layout, or out of the years 1970 to 9999
	ReasonConsent   // malformed: consent not one of the listed words
	ReasonAmount    // malformed: quantity or price not a number

	ReasonCancelled // excluded: a cancellation
	ReasonQuantity  // excluded: quantity not positive
	ReasonPrice     // excluded: price not positive
	ReasonStockCode // excluded: not the code of an article

	numReasons
)

var reasonCodes = [numReasons]string{
	ReasonNone:      "none",
	ReasonNoPerson:  "no-person",
	ReasonTooLong:   "too-long",
	ReasonQuote:     "quote",
	ReasonFields:    "fields",
	ReasonJSON:      "json",
	ReasonType:      "json-type",
	ReasonPerson:    "person",
	ReasonMessageID: "message-id",
	ReasonKind:      "kind",
	ReasonItem:      "item",
	ReasonCategory:  "category",
	ReasonCount:     "count",
	ReasonTime:      "time",
	ReasonConsent:   "consent",
	ReasonAmount:    "amount",
	ReasonCancelled: "cancelled",
	ReasonQuantity:  "quantity",
	ReasonPrice:     "price",
	ReasonStockCode: "stock-code",
}

// String returns the stable code of the reason.
func (r Reason) String() string {
	if r < numReasons {
		return reasonCodes[r]
	}
	return "unknown"
}

// Malformed reports whether the reason is a fault of the row.
func (r Reason) Malformed() bool { return r >= ReasonTooLong && r < ReasonCancelled }

// Excluded reports whether a cleaning rule left the row out.
func (r Reason) Excluded() bool { return r >= ReasonCancelled && r < numReasons }
