package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Errors of track calls.
var (
	ErrTrackMapping = errors.New("ingest: a track mapping needs userId or anonymousId of a known kind, events with a kind each, and items, or a category with a table; purposes and names within their bounds")
	ErrLimits       = errors.New("ingest: Now and TTLDays, 1 to 730, are given together, and always for track calls")
	ErrBody         = errors.New("ingest: the body is not one track call or one batch of them within the limits")
)

// TrackMapping says what of a track call of Segment or RudderStack becomes an
// event. What it does not name is passed over and reaches nothing: no row, no
// error, no string. The names of members are taken exactly; Items, Category,
// Count and Products are members of properties, not of what lies below.
type TrackMapping struct {
	// UserID and AnonymousID are the kinds of identifier that userId and
	// anonymousId hold, as person-kind in a [Mapping]; "" leaves the one out.
	// Where both are mapped and there, userId names the person.
	UserID      string `json:"user-id,omitempty"`
	AnonymousID string `json:"anonymous-id,omitempty"`

	// Events gives the kind of each event that is taken, by its name.
	Events map[string]string `json:"events"`

	// Items names the members that may hold the item, at most 4; the first that
	// is there counts. Category names the member that holds the category, and
	// Categories gives the taxonomy's id for each of its values: a value that is
	// not in the table refuses the event, since it may be a sensitive one. Count
	// names the member that holds how often, a whole number from 1.
	Items      []string          `json:"items,omitempty"`
	Category   string            `json:"category,omitempty"`
	Categories map[string]string `json:"categories,omitempty"`
	Count      string            `json:"count,omitempty"`

	// Products names the member that lists several products. Where it is there,
	// each of them is an event with the members above, at most [MaxProducts].
	Products string `json:"products,omitempty"`

	// Purposes gives the purposes that each category of
	// context.consent.categoryPreferences stands for, at most 64 categories. A
	// purpose is denied unless all of its categories are there and true. With
	// KeepDenied unset an event of which any purpose is denied is refused. With
	// it set the event comes with the list, [Row.Denied], and who reads it must
	// drop the event or withdraw those purposes before recording it: an engine
	// records an event for every purpose that it knows a consent for.
	Purposes   map[string][]string `json:"purposes,omitempty"`
	KeepDenied bool                `json:"keep-denied,omitempty"`

	// Live is set where calls come straight from senders: receivedAt is then Now,
	// whatever the call says, and timestamp is the sender's clock.
	Live bool `json:"live,omitempty"`
}

// Ecommerce returns a mapping of the e-commerce events that both document:
// Product Viewed is a "view", Product Added a "cart", Order Completed a
// "purchase" of each of its products. Persons are opaque user ids. Categories
// and Purposes are the caller's to fill in.
func Ecommerce() TrackMapping {
	return TrackMapping{
		UserID:   "opaque",
		Events:   map[string]string{"Product Viewed": "view", "Product Added": "cart", "Order Completed": "purchase"},
		Items:    []string{"product_id", "sku"},
		Count:    "quantity",
		Products: "products",
	}
}

// ParseTrackMapping reads a mapping from JSON, see docs/formats.md.
func ParseTrackMapping(data []byte) (TrackMapping, error) {
	var m TrackMapping
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if len(data) > MaxBody || d.Decode(&m) != nil {
		return TrackMapping{}, ErrTrackMapping
	}
	if _, err := d.Token(); err != io.EOF {
		return TrackMapping{}, ErrTrackMapping
	}
	if _, err := m.plan(); err != nil {
		return TrackMapping{}, err
	}
	return m, nil
}

// Limits of a track mapping.
const (
	maxItems      = 4
	maxEvents     = 1 << 10
	maxCategories = 1 << 16
	maxPrefs      = 64
	maxPrefName   = 256 // bytes of names in the tables
)

// slots are the members of properties that are asked for, by their place.
const (
	slotCategory = maxItems
	slotCount    = maxItems + 1
	numSlots     = maxItems + 2
)

// trackPlan is a mapping, checked and made ready. Nothing changes it.
type trackPlan struct {
	user, anonymous ident.Kind
	names           [numSlots]string // "" asks for nothing
	products        string
	events          map[string]string
	categories      map[string]string
	prefs           map[string]int // bit of each category of preferences
	purposes        []purposeNeed
	keepDenied      bool
	live            bool
}

// purposeNeed is a purpose and the categories that must all be true for it.
type purposeNeed struct {
	name string
	need uint64
}

// plan checks the mapping.
func (m *TrackMapping) plan() (*trackPlan, error) {
	p := &trackPlan{
		products: m.Products, events: m.Events, categories: m.Categories,
		keepDenied: m.KeepDenied, live: m.Live,
	}
	var ok bool
	if p.user, ok = personKinds[m.UserID]; !ok && m.UserID != "" {
		return nil, ErrTrackMapping
	}
	if p.anonymous, ok = personKinds[m.AnonymousID]; !ok && m.AnonymousID != "" {
		return nil, ErrTrackMapping
	}
	if p.user == ident.KindNone && p.anonymous == ident.KindNone || len(m.Items) > maxItems ||
		len(m.Items) == 0 && m.Category == "" || (m.Category == "") != (len(m.Categories) == 0) ||
		len(m.Events) == 0 || len(m.Events) > maxEvents || len(m.Categories) > maxCategories {
		return nil, ErrTrackMapping
	}
	copy(p.names[:], m.Items)
	p.names[slotCategory], p.names[slotCount] = m.Category, m.Count
	if slices.Contains(m.Items, "") || !distinct(append(p.names[:], m.Products)) {
		return nil, ErrTrackMapping
	}
	for name, kind := range m.Events {
		if name == "" || len(name) > maxPrefName || !contrib.ValidName(kind) {
			return nil, ErrTrackMapping
		}
	}
	for name, id := range m.Categories {
		if name == "" || len(name) > maxPrefName || !contrib.ValidKey(id) {
			return nil, ErrTrackMapping
		}
	}
	return p, p.prefer(m.Purposes)
}

// prefer takes the table of preferences in.
func (p *trackPlan) prefer(table map[string][]string) error {
	if len(table) > maxPrefs || len(table) == 0 && p.keepDenied {
		return ErrTrackMapping
	}
	p.prefs = make(map[string]int, len(table))
	need := map[string]uint64{}
	for name, purposes := range table {
		if name == "" || len(name) > maxPrefName || len(purposes) == 0 {
			return ErrTrackMapping
		}
		bit := len(p.prefs)
		p.prefs[name] = bit
		for _, purpose := range purposes {
			if !contrib.ValidName(purpose) {
				return ErrTrackMapping
			}
			need[purpose] |= 1 << bit
		}
	}
	for name, bits := range need {
		p.purposes = append(p.purposes, purposeNeed{name, bits})
	}
	slices.SortFunc(p.purposes, func(a, b purposeNeed) int { return strings.Compare(a.name, b.name) })
	return nil
}

// distinct reports whether no name is there twice or too long.
func distinct(names []string) bool {
	for i, n := range names {
		if n != "" && (slices.Contains(names[:i], n) || len(n) > maxPrefName) {
			return false
		}
	}
	return true
}
