package openrtb

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/prebid/openrtb/v20/openrtb2"
)

// Errors of Data and PPS.
var (
	ErrProvider = errors.New("openrtb: a provider has an id or a name, each at most 128 bytes of printable text")
	ErrSegtax   = errors.New("openrtb: segtax is a number from 1, and the taxonomy has a function for its ids")
	ErrID       = errors.New("openrtb: an id is not of the form that ids of the taxonomy have")
	ErrNow      = errors.New("openrtb: now is not set, so nothing can be told to be over")
	ErrPPS      = errors.New("openrtb: Ad Manager takes Audience 1.1 and Content 2.2, each once, as Data made them")
)

// Numbers of taxonomies in ext.segtax, as the IAB Tech Lab lists them. Content 3.x
// is not compatible with 2.x.
const (
	Audience11 = 4
	Content21  = 5
	Content22  = 6
	Content30  = 7
	Vendor     = 500 // and above, but for the topics: lists of vendors
	TopicsV1   = 600
	TopicsV2   = 601
)

// Provider says in a bid request whose data it is, by the id or the name that
// the exchange knows it under.
type Provider struct {
	ID   string
	Name string
}

// Taxonomy says which list the ids are of, and which id a segment has there.
type Taxonomy struct {
	Segtax int                                       // from 1
	ID     func(segment string) (id string, ok bool) // false leaves the segment out
}

// Membership is one segment that a person is in, as the engine exports it.
type Membership struct {
	Segment string
	Expires time.Time // the first moment at which it is over; a zero time is over
}

// Data returns the memberships that are not over at now as one data object, ids
// sorted and each once. Where none is left it returns a zero Data, which belongs in
// no request: [User] leaves it out. The errors are [ErrProvider], [ErrSegtax],
// [ErrNow], and [ErrID] for an id that the taxonomy cannot hold: digits in Audience
// 1.1 and the topics; 1 to 16 letters, digits and hyphens in other lists of the IAB
// Tech Lab; 1 to 64 bytes of printable text in those of vendors.
func Data(p Provider, t Taxonomy, now time.Time, memberships []Membership) (openrtb2.Data, error) {
	switch {
	case p.ID == "" && p.Name == "", !printable(p.ID, 128), !printable(p.Name, 128):
		return openrtb2.Data{}, ErrProvider
	case t.Segtax < 1 || t.ID == nil:
		return openrtb2.Data{}, ErrSegtax
	case now.IsZero():
		return openrtb2.Data{}, ErrNow
	}
	var ids []string
	for _, m := range memberships {
		if !now.Before(m.Expires) {
			continue
		}
		id, ok := t.ID(m.Segment)
		if !ok {
			continue
		}
		if !validID(t.Segtax, id) {
			return openrtb2.Data{}, ErrID
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return openrtb2.Data{}, nil
	}
	slices.Sort(ids)
	d := openrtb2.Data{ID: p.ID, Name: p.Name, Ext: json.RawMessage(`{"segtax":` + strconv.Itoa(t.Segtax) + `}`)}
	for _, id := range slices.Compact(ids) {
		d.Segment = append(d.Segment, openrtb2.Segment{ID: id})
	}
	return d, nil
}

// User returns a copy of user with the data objects behind those that it has; data
// without a segment is left out. A nil user becomes one that holds the data and
// nothing else, and stays nil where there is none. The given user is not changed.
func User(user *openrtb2.User, data ...openrtb2.Data) *openrtb2.User {
	data = slices.DeleteFunc(slices.Clone(data), func(d openrtb2.Data) bool { return len(d.Segment) == 0 })
	if len(data) == 0 {
		return user
	}
	var u openrtb2.User
	if user != nil {
		u = *user
	}
	u.Data = slices.Concat(u.Data, data)
	return &u
}

// validID reports whether a taxonomy can hold an id.
func validID(segtax int, id string) bool {
	switch {
	case segtax == Audience11 || segtax >= TopicsV1 && segtax < TopicsV1+10:
		return len(id) <= 9 && only(id, false) && id[0] != '0'
	case segtax < Vendor:
		return len(id) <= 16 && only(id, true)
	}
	return id != "" && printable(id, 64)
}

// only reports whether s is made of digits, or of letters, digits and hyphens.
func only(s string, letters bool) bool {
	for _, c := range []byte(s) {
		digit := c >= '0' && c <= '9'
		if !digit && !(letters && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-')) {
			return false
		}
	}
	return s != ""
}

// printable reports whether s is text of at most limit bytes.
func printable(s string, limit int) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return len(s) <= limit && utf8.ValidString(s)
}
