package ingest

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// Mapping says which column holds what. See the package comment.
type Mapping struct {
	Person     string `json:"person"`
	PersonKind string `json:"person-kind"`
	MessageID  string `json:"message-id"`
	Kind       string `json:"kind"`
	Item       string `json:"item"`
	Category   string `json:"category"`
	Count      string `json:"count"`
	Value      string `json:"value,omitempty"`
	Unit       string `json:"unit,omitempty"`
	Time       string `json:"time"`
	TimeLayout string `json:"time-layout"`
	Consent    string `json:"consent"`
}

// Standard returns the mapping of files written for this package: every column
// is named like its field (person, message-id, kind, item, category, count,
// time, consent), the person is an opaque id and times are RFC 3339. Amounts are not
// mapped.
func Standard() Mapping {
	return Mapping{
		Person: "person", PersonKind: "opaque", MessageID: "message-id", Kind: "kind", Item: "item",
		Category: "category", Count: "count", Time: "time", TimeLayout: "rfc3339", Consent: "consent",
	}
}

// ParseMapping reads a mapping written as
// "person=customer,person-kind=opaque,item=sku,time=at,kind==purchase", or as a
// JSON object of the same fields (needed where a column or a layout holds a
// comma).
func ParseMapping(s string) (Mapping, error) {
	var m Mapping
	if strings.HasPrefix(strings.TrimSpace(s), "{") {
		d := json.NewDecoder(strings.NewReader(s))
		d.DisallowUnknownFields()
		if d.Decode(&m) != nil || d.More() {
			return Mapping{}, ErrMapping
		}
		_, err := m.decoder()
		return m, err
	}
	to := map[string]*string{
		"person": &m.Person, "person-kind": &m.PersonKind, "message-id": &m.MessageID, "kind": &m.Kind,
		"item": &m.Item, "category": &m.Category, "count": &m.Count, "value": &m.Value, "unit": &m.Unit, "time": &m.Time,
		"time-layout": &m.TimeLayout, "consent": &m.Consent,
	}
	for part := range strings.SplitSeq(s, ",") {
		field, value, _ := strings.Cut(part, "=")
		dst := to[strings.TrimSpace(field)]
		if dst == nil || *dst != "" || value == "" {
			return Mapping{}, ErrMapping
		}
		*dst = value
	}
	_, err := m.decoder()
	return m, err
}

// decoder turns the values of named columns into a Row. decode returns
// ReasonNone when the row is to be yielded.
type decoder struct {
	columns []string // distinct
	decode  func(vals [][]byte, number int64, row *Row) Reason
}

const maxPerson = 256 // bytes of an identifier

// personKinds are the identifier types by their names in a mapping, which are
// those of the derivation.
var personKinds = map[string]ident.Kind{
	"email": ident.KindEmail, "email-gmail": ident.KindEmailGmail, "phone": ident.KindPhone, "device": ident.KindDevice, "opaque": ident.KindOpaque,
	"sha256-email": ident.KindSHA256Email, "sha1-email": ident.KindSHA1Email, "md5-email": ident.KindMD5Email, "sha256-phone": ident.KindSHA256Phone,
}

// decoder checks the mapping and returns how to read by it.
func (m Mapping) decoder() (*decoder, error) {
	personKind, ok := personKinds[m.PersonKind]
	if !ok || m.Person == "" || m.Time == "" || m.Kind == "" || m.Item == "" && m.Category == "" {
		return nil, ErrMapping
	}
	d := &decoder{}
	col := func(name string) int {
		if name == "" {
			return -1
		}
		for i, c := range d.columns {
			if c == name {
				return i
			}
		}
		d.columns = append(d.columns, name)
		return len(d.columns) - 1
	}
	person, item, category, count := col(m.Person), col(m.Item), col(m.Category), col(m.Count)
	at, id, agreed := col(m.Time), col(m.MessageID), col(m.Consent)
	fixed, kind := "", -1
	if k, ok := strings.CutPrefix(m.Kind, "="); !ok {
		kind = col(m.Kind)
	} else if fixed = k; !contrib.ValidName(k) {
		return nil, ErrMapping
	}
	amount, ok := m.amounts(col)
	if !ok {
		return nil, ErrMapping
	}
	parse, err := timeParser(m.TimeLayout)
	if err != nil {
		return nil, err
	}
	keep := newInterner()
	d.decode = func(v [][]byte, number int64, row *Row) Reason {
		who := v[person]
		if len(bytes.TrimSpace(who)) == 0 {
			return ReasonNoPerson
		}
		if len(who) > maxPerson {
			return ReasonPerson
		}
		*row = Row{Number: number, Kind: fixed, Count: 1}
		var ok bool
		if row.Time, ok = parse(v[at]); !ok {
			return ReasonTime
		}
		if kind >= 0 {
			if row.Kind = keep.get(v[kind]); !contrib.ValidName(row.Kind) {
				return ReasonKind
			}
		}
		if category >= 0 && len(v[category]) > 0 {
			if row.Category, ok = keep.key(v[category]); !ok {
				return ReasonCategory
			}
		}
		if item >= 0 && len(v[item]) > 0 {
			if row.Item, ok = keep.key(v[item]); !ok {
				return ReasonItem
			}
		} else if row.Category == "" {
			return ReasonItem
		}
		if count >= 0 {
			if row.Count, ok = parseCount(v[count]); !ok {
				return ReasonCount
			}
		}
		if !amount.read(v, keep, row) {
			return ReasonAmount
		}
		if agreed >= 0 {
			if row.Consent, ok = parseConsent(v[agreed]); !ok {
				return ReasonConsent
			}
		}
		if id >= 0 {
			if row.MessageID = string(v[id]); !contrib.ValidKey(row.MessageID) {
				return ReasonMessageID
			}
		} else {
			row.MessageID = "row/" + strconv.FormatInt(number, 10)
		}
		row.Person = ident.NewRaw(personKind, string(who))
		return ReasonNone
	}
	return d, nil
}

// MaxCount is the largest count a row may carry.
const MaxCount = contrib.MaxPerCell

func parseCount(b []byte) (int, bool) {
	n, err := strconv.Atoi(string(b))
	return n, err == nil && n >= 1 && n <= MaxCount
}

// parseConsent reads the listed words in any case.
func parseConsent(b []byte) (Consent, bool) {
	if len(b) > 8 {
		return ConsentNone, false
	}
	switch strings.ToLower(string(b)) {
	case "":
		return ConsentNone, true
	case "yes", "true", "1", "granted":
		return ConsentGiven, true
	case "no", "false", "0", "refused":
		return ConsentRefused, true
	}
	return ConsentNone, false
}

// timeParser returns the reader of a layout.
func timeParser(layout string) (func([]byte) (time.Time, bool), error) {
	unix := func(unit int64) func([]byte) (time.Time, bool) {
		return func(b []byte) (time.Time, bool) {
			n, err := strconv.ParseInt(string(b), 10, 64)
			if err != nil || n < 0 || n > maxUnix*unit {
				return time.Time{}, false
			}
			return time.UnixMilli(n * (1000 / unit)).UTC(), true
		}
	}
	switch layout {
	case "unix":
		return unix(1), nil
	case "unix-ms":
		return unix(1000), nil
	case "", "rfc3339":
		layout = time.RFC3339
	case time.DateTime:
		return parseDateTime, nil
	}
	// A layout must at least give the day back.
	day := time.Date(2021, 11, 23, 0, 0, 0, 0, time.UTC)
	if back, err := time.Parse(layout, day.Format(layout)); err != nil || !back.Equal(day) {
		return nil, ErrMapping
	}
	return func(b []byte) (time.Time, bool) {
		if len(b) > 128 {
			return time.Time{}, false
		}
		t, err := time.Parse(layout, string(b))
		if err != nil || t.Unix() < 0 || t.Unix() > maxUnix {
			return time.Time{}, false
		}
		return t.UTC(), true
	}, nil
}

const maxUnix = 253_402_300_799 // end of the year 9999, UTC

// parseDateTime reads 2006-01-02 15:04:05 in UTC.
func parseDateTime(b []byte) (time.Time, bool) {
	if len(b) != len(time.DateTime) || b[4] != '-' || b[7] != '-' || b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	bad := false
	num := func(i, n int) int {
		v := 0
		for _, c := range b[i : i+n] {
			bad = bad || c < '0' || c > '9'
			v = v*10 + int(c-'0')
		}
		return v
	}
	y, mo, d, h, mi, s := num(0, 4), num(5, 2), num(8, 2), num(11, 2), num(14, 2), num(17, 2)
	if bad || y < 1970 || h > 23 || mi > 59 || s > 59 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(mo), d, h, mi, s, 0, time.UTC)
	return t, t.Day() == d && t.Month() == time.Month(mo)
}

// interner gives equal bytes one string, up to a bound.
type interner struct{ m map[string]string }

const maxInterned = 1 << 16

func newInterner() *interner { return &interner{make(map[string]string)} }

func (in *interner) get(b []byte) string {
	if s, ok := in.m[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(in.m) < maxInterned && len(s) <= contrib.MaxItemLen {
		in.m[s] = s
	}
	return s
}

// key returns the string of an item or a category, checked. What is interned by
// it was checked before or is checked again.
func (in *interner) key(b []byte) (string, bool) {
	if len(b) > contrib.MaxItemLen || !utf8.Valid(b) {
		return "", false
	}
	s := in.get(b)
	return s, contrib.ValidKey(s)
}
