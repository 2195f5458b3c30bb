package ingest

// Reason says why a row was not yielded. The list is fixed.
type Reason uint8

// Reasons. A malformed row breaks the format or a rule of a field; an excluded
// one is readable, and a rule leaves it out.
const (
	ReasonNone Reason = iota

	ReasonNoPerson // readable, but nobody is named

	ReasonTooLong   // malformed: record over a limit of bytes, lines, fields, depth or entries
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
	ReasonAmount    // malformed: amount, quantity or price not a number in range, or no unit

	ReasonCancelled // excluded: a cancellation
	ReasonQuantity  // excluded: quantity not positive
	ReasonPrice     // excluded: price not positive
	ReasonStockCode // excluded: not the code of an article

	ReasonCall     // excluded: a call other than track
	ReasonEvent    // excluded: an event that the table does not name
	ReasonUnmapped // excluded: a category that the table does not name
	ReasonDenied   // excluded: a preference says no to a purpose, or says nothing
	ReasonSkew     // excluded: clocks that cannot be reconciled
	ReasonFuture   // excluded: further ahead of now than segment.MaxAhead
	ReasonOld      // excluded: before the last TTLDays

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
	ReasonCall:      "call",
	ReasonEvent:     "event",
	ReasonUnmapped:  "unmapped",
	ReasonDenied:    "denied",
	ReasonSkew:      "skew",
	ReasonFuture:    "future",
	ReasonOld:       "old",
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

// Excluded reports whether a cleaning rule, a table, a preference or its time left
// the row out.
func (r Reason) Excluded() bool { return r >= ReasonCancelled && r < numReasons }
