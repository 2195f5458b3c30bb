package consent

import (
	"encoding/hex"
	"time"
)

// ReceiptFormat names the text that a receipt is signed as: this line, and one
// line of JSON for the [Receipt]. docs/formats.md describes it.
const ReceiptFormat = "discreet-receipt/0"

const (
	receiptProfile    = "ISO/IEC TS 27560:2023"
	receiptController = "PII controller"
	receiptBasis      = "consent"
)

// Receipt tells one person what the consent records hold about them, in the
// fields of ISO/IEC TS 27560:2023: a receipt that contains whole records. It is
// made with [NewReceipt] or read with [ReadReceipt], and only a receipt of those
// two can be signed. The zero Receipt is invalid. It is personal data of one
// person, and names that person by pseudonym only. Whoever has it must not change
// what it points to.
//
// Times are UTC in whole milliseconds. Hashes, salts, commitments and chains are
// lower-case hexadecimal.
type Receipt struct {
	SchemaVersion string          `json:"schema_version"`   // ReceiptFormat
	Profile       string          `json:"profile_of"`       // the standard
	ID            string          `json:"receipt_id"`       // UUID, computed from everything else
	Issued        time.Time       `json:"issued"`           // as of when
	Principal     string          `json:"pii_principal_id"` // the pseudonym
	States        []ReceiptState  `json:"state"`            // what holds at Issued, sorted by purpose
	Records       []ReceiptRecord `json:"records"`          // in the order in which they began
	Parties       []ReceiptParty  `json:"party_identification"`
	Log           ReceiptLog      `json:"consent_log"`
}

// ReceiptState is what holds for one purpose at the time of issue.
type ReceiptState struct {
	Purpose  string     `json:"purpose"`
	Title    string     `json:"title,omitempty"` // of the purpose, where the book knows it
	State    EventState `json:"event_state"`     // only StateGiven permits
	Since    time.Time  `json:"since"`
	Until    time.Time  `json:"until,omitzero"`            // given: the first moment without consent
	AskAgain time.Time  `json:"not_asked_before,omitzero"` // refused, withdrawn
}

// ReceiptRecord is one consent record: what was shown, and what happened.
type ReceiptRecord struct {
	ID         string              `json:"record_id"` // UUID
	Processing []ReceiptProcessing `json:"pii_processing"`
	Events     []ReceiptEvent      `json:"events"` // at least one, in the order of the entries
}

// ReceiptProcessing is one text that was shown in a record, and what it said.
type ReceiptProcessing struct {
	Notice   ReceiptNotice    `json:"privacy_notice"`
	Language string           `json:"language"` // the locale it was shown in
	Purposes []ReceiptPurpose `json:"purposes"` // of the text; where that is not known, of the events
}

// ReceiptNotice names the exact text that was shown.
type ReceiptNotice struct {
	ID      string `json:"notice_id"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`          // Notice.Hash of the content
	Known   bool   `json:"text_known"`      // the text with this hash was at hand when the receipt was made
	Title   string `json:"title,omitempty"` // known: its title
	URL     string `json:"url,omitempty"`   // where notices can be read
}

// ReceiptPurpose is what a text says of one purpose. Of a text that is not known
// any more there is the key, and what holds for the whole service.
type ReceiptPurpose struct {
	Purpose       string         `json:"purpose"`                     // its key
	Title         string         `json:"title,omitempty"`             // in the language of the text
	Text          string         `json:"description,omitempty"`       // in the language of the text
	Types         []string       `json:"purpose_type,omitempty"`      // "advertising", "sharing"
	LawfulBasis   string         `json:"lawful_basis"`                // "consent"
	PII           []ReceiptPII   `json:"pii_information"`             // what is held
	Controllers   []string       `json:"pii_controllers"`             // party_id of those responsible
	Collection    []string       `json:"collection_method,omitempty"` // where it comes from, when not from the person's own use
	Locations     []string       `json:"storage_locations"`           // where it is stored
	Retention     string         `json:"retention_period"`            // ISO 8601: "P180D"; or "unknown"
	Service       string         `json:"service,omitempty"`           // what the purpose belongs to
	Jurisdiction  string         `json:"jurisdiction"`                // whose law applies
	ThirdParties  []string       `json:"recipient_third_parties"`     // sharing: who gets it for ends of their own; empty: nobody
	Recipients    []string       `json:"recipients,omitempty"`        // who else sees it, for the controller; empty: nobody
	Transfers     []string       `json:"transfers,omitempty"`         // where else it goes, and what protects it there
	Withdrawal    string         `json:"withdrawal_method"`           // in words for people
	WithdrawalURL string         `json:"withdrawal_url,omitempty"`
	Rights        []ReceiptRight `json:"privacy_rights,omitempty"` // besides withdrawing
	RightsURL     string         `json:"privacy_rights_url,omitempty"`
	Authority     string         `json:"authority_party,omitempty"` // to complain to, in words for people
}

// ReceiptRight is something that a person can do, in words for people.
type ReceiptRight struct {
	Right string `json:"right"`
	HowTo string `json:"how_to,omitempty"`
}

// ReceiptPII is one category of data. Sensitive and special categories are never
// held: what would be one is blocked before it is stored.
type ReceiptPII struct {
	Type      string `json:"pii_type"`               // in words for people
	Sensitive bool   `json:"sensitive_pii_category"` // false
	Special   bool   `json:"special_pii_category"`   // false
}

// ReceiptParty is a party that the receipt names.
type ReceiptParty struct {
	ID      string `json:"party_id"`
	Name    string `json:"party_name"`
	Role    string `json:"party_role"` // "PII controller"
	Type    string `json:"party_type"`
	Address string `json:"party_address"`
	Country string `json:"party_country"`
	Contact string `json:"party_contact"` // the first of the three that follow
	Email   string `json:"party_email,omitempty"`
	Phone   string `json:"party_phone,omitempty"`
	URL     string `json:"party_url,omitempty"`
}

// ReceiptEvent is one [Entry]: all of its fields, so that its commitment can be
// computed again, and what the standard calls them.
type ReceiptEvent struct {
	Time       time.Time  `json:"event_time"`
	Validity   string     `json:"validity_duration"` // ISO 8601, "until-answered", "until-given" or "unknown"
	Entity     string     `json:"entity_id"`         // who did it: pii_principal_id, or party_id of the controller
	Type       string     `json:"event_type"`        // "expressed" by the person, a "signal", "imported", or "none"
	State      EventState `json:"event_state"`
	Kind       string     `json:"kind"` // of the entry
	Purposes   []string   `json:"purposes"`
	Notice     string     `json:"notice_id,omitempty"`
	Version    int        `json:"notice_version,omitempty"`
	Locale     string     `json:"notice_language,omitempty"`
	SHA256     string     `json:"notice_sha256,omitempty"`
	Method     string     `json:"method,omitempty"`
	Proof      string     `json:"proof,omitempty"`
	Salt       string     `json:"salt"`
	Commitment string     `json:"commitment"` // what the consent log holds
}

// ReceiptLog is the head of the consent log when the receipt was made.
type ReceiptLog struct {
	Length uint64 `json:"length"` // records
	Chain  string `json:"chain"`  // of the last one
}

// EventState is a state of consent in ISO/IEC TS 27560:2023. The zero EventState
// is invalid.
type EventState string

// The states. Only the first two permit use.
const (
	StateGiven       EventState = "given"
	StateReaffirmed  EventState = "re-affirmed" // given again while it was given
	StateRequested   EventState = "requested"
	StateRefused     EventState = "refused"
	StateWithdrawn   EventState = "withdrawn"
	StateExpired     EventState = "expired"
	StateInvalidated EventState = "invalidated" // given, and suspended by whoever uses it
	StateTerminated  EventState = "terminated"  // erased
	StateUnknown     EventState = "unknown"     // moved between identifiers: what holds is what the other events and the states say
)

// IsZero reports whether the receipt is the zero Receipt, which says nothing.
func (r *Receipt) IsZero() bool { return r == nil || r.ID == "" }

// Controller returns the party that is responsible, or a zero one.
func (r *Receipt) Controller() ReceiptParty {
	if r == nil || len(r.Parties) == 0 {
		return ReceiptParty{}
	}
	return r.Parties[0]
}

// Entries returns the entries that the events stand for, record after record.
// The consent log holds the [Entry.Commitment] of each. Events that are not well
// formed, of which a receipt that was read has none, are left out.
func (r *Receipt) Entries() []Entry {
	if r == nil {
		return nil
	}
	var list []Entry
	for i := range r.Records {
		for j := range r.Records[i].Events {
			if e, ok := r.Records[i].Events[j].entry(r.Records[i].ID); ok {
				list = append(list, e)
			}
		}
	}
	return list
}

// entry returns the entry of an event of the record, if it is well formed.
func (v *ReceiptEvent) entry(record string) (Entry, bool) {
	e := Entry{
		At: v.Time, Purposes: v.Purposes, Notice: v.Notice, Version: v.Version, Locale: v.Locale,
		Method: v.Method, Proof: v.Proof,
	}
	for k := KindServed; k <= KindErased; k++ { // disclosures are in no receipt
		if k.String() == v.Kind {
			e.Kind = k
		}
	}
	ok := readUUID(record, &e.Record) && readHex(v.Salt, e.Salt[:]) &&
		(v.SHA256 == "" || readHex(v.SHA256, e.Hash[:]) && e.Hash != [32]byte{})
	return e, ok && e.broken() == ""
}

// readHex reads exactly len(to) bytes of lower-case hexadecimal.
func readHex(s string, to []byte) bool {
	if len(s) != 2*len(to) {
		return false
	}
	for _, c := range []byte(s) {
		if c >= 'A' && c <= 'F' {
			return false
		}
	}
	_, err := hex.Decode(to, []byte(s))
	return err == nil
}

// uuid writes 16 bytes in the text form of RFC 9562.
func uuid(b [16]byte) string {
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func readUUID(s string, to *[16]byte) bool {
	if len(s) != 36 {
		return false
	}
	return readHex(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:], to[:]) && uuid(*to) == s
}
