package discreet

import (
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// Raw is an identifier as it came in. The zero Raw is an anonymous visitor. It
// prints as a fixed text everywhere.
type Raw = pseudonym.Raw

// ID is a keyed pseudonym for one purpose.
type ID = pseudonym.ID

// Choice is what a person answered to a notice.
type Choice = consent.Choice

// Decision says whether something may be used for a purpose, and why.
type Decision = consent.Decision

// Event is one thing that one person did. Everything but Who may be kept, in
// bounded form; Who ends where the pseudonym is derived.
type Event struct {
	Who       Raw       // the person; an anonymous visitor's events are refused
	MessageID string    // unique for the person; a replay within seven days is a no-op
	Kind      string    // "view", "purchase", ...
	Item      string    // what it was about; may be empty when Category is set
	Category  string    // taxonomy id; may be empty when Item is set
	Count     int       // how often it happened; zero counts as one
	Value     int64     // amount of it all, in whole thousandths of Unit, at least zero; kept only where a segment or measure sums it
	Unit      string    // of Value, such as "EUR"; may be empty where Value is zero
	Time      time.Time // when it happened
	Signals   Signals   // what came along: TCF, GPP, GPC, age; decided when the event is recorded, and not kept
}

func (e *Event) bare() segment.Event {
	return segment.Event{
		MessageID: e.MessageID, Kind: e.Kind, Item: e.Item, Category: e.Category,
		Count: e.Count, Value: e.Value, Unit: e.Unit, Time: e.Time,
	}
}

// Chosen is one person's answer, for [Engine.ChooseBatch].
type Chosen struct {
	Who    Raw
	Choice Choice
}

// Email wraps an e-mail address as a person's identifier.
func Email(address string) Raw { return pseudonym.Email(address) }

// Phone wraps a phone number in international form as a person's identifier.
func Phone(number string) Raw { return pseudonym.Phone(number) }

// Device wraps a device or advertising identifier as a person's identifier.
func Device(id string) Raw { return pseudonym.Device(id) }

// Digest wraps an unkeyed hash that a system already has of a person's
// identifier; Config.Adopt tells how those come to keyed pseudonyms.
func Digest(rule pseudonym.Rule, hash string) Raw { return pseudonym.Digest(rule, hash) }

// Opaque wraps an identifier without structure, such as a customer number.
func Opaque(id string) Raw { return pseudonym.Opaque(id) }
