package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// The kinds of record. Others are left to later versions; a log that holds one
// is refused.
const (
	kindOpen    = "open"
	kindWindow  = "window"
	kindDeclare = "declare"
	kindReserve = "reserve"
	kindRetry   = "retry"
	kindAnswer  = "answer"
	kindVoid    = "void"
	kindTerms   = "terms"
	kindSplit   = "split"
	kindClose   = "close"
	kindGiven   = "given"
)

const (
	recordVersion = 1
	recordMax     = 32 << 10 // bytes; only terms with long lists come near
	msPerDay      = 86_400_000
	dayMax        = contrib.Day(2_932_896) // 9999-12-31
)

var errRecord = errors.New("ledger: not a canonical record")

// digest is a SHA-256 value; its text form is 64 hexadecimal digits.
type digest [sha256.Size]byte

func (d digest) IsZero() bool { return d == digest{} }

func (d digest) String() string { return hex.EncodeToString(d[:]) }

func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

func (d *digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return errRecord
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// date is a day written as 2006-01-02.
type date contrib.Day

func (d date) MarshalText() ([]byte, error) {
	if d < 0 || contrib.Day(d) > dayMax {
		return nil, errRecord
	}
	return startOf(contrib.Day(d)).AppendFormat(nil, time.DateOnly), nil
}

func (d *date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil || t.Year() < 1970 {
		return errRecord
	}
	*d = date(t.Unix() / 86400)
	return nil
}

func startOf(d contrib.Day) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// dayOf returns the UTC day of t and its milliseconds, or false outside of
// 1970 to 9999.
func dayOf(t time.Time) (contrib.Day, int64, bool) {
	ms := t.UnixMilli()
	if ms < 0 || ms/msPerDay > int64(dayMax) {
		return 0, 0, false
	}
	return contrib.Day(ms / msPerDay), ms, true
}

// record is one line of the log. Exactly the part named by Kind is present.
type record struct {
	V       int            `json:"v"`
	Seq     uint64         `json:"seq"`
	Kind    string         `json:"kind"`
	Time    int64          `json:"time"` // ms, the clock of the call that led to the record
	Prev    digest         `json:"prev"` // hash of the record before, zeros for the first
	Open    *openRecord    `json:"open,omitempty"`
	Window  *windowRecord  `json:"window,omitempty"`
	Declare *declareRecord `json:"declare,omitempty"`
	Reserve *reserveRecord `json:"reserve,omitempty"`
	Retry   *retryRecord   `json:"retry,omitempty"`
	Answer  *answerRecord  `json:"answer,omitempty"`
	Void    *voidRecord    `json:"void,omitempty"`
	Terms   *termsRecord   `json:"terms,omitempty"`
	Split   *splitRecord   `json:"split,omitempty"`
	Close   *closeRecord   `json:"close,omitempty"`
	Given   *givenRecord   `json:"given,omitempty"`
	Hash    digest         `json:"hash,omitzero"` // of everything before it, chained to Prev
}

type openRecord struct {
	Population string `json:"population"` // 32 hexadecimal digits, random
	Day        date   `json:"day"`
	termsPart
	Account string      `json:"account,omitempty"` // like population; of an account that was split off
	Parent  *parentPart `json:"parent,omitempty"`
}

// parentPart names the split record that an account was opened by.
type parentPart struct {
	Entry uint64 `json:"entry"`
	Hash  digest `json:"hash"`
}

type windowRecord struct {
	From int32 `json:"from"`
	To   int32 `json:"to"`
}

type declareRecord struct {
	Name string `json:"name"`
	Spec digest `json:"spec"`
	Day  date   `json:"day"`
}

type reserveRecord struct {
	Window  int32            `json:"window"`
	Name    string           `json:"name"`
	Spec    digest           `json:"spec"`
	AsOf    date             `json:"as_of"`
	Mu2     accounting.Units `json:"mu2"`
	Delta   accounting.Units `json:"delta"`
	Rho     accounting.Units `json:"rho,omitzero"`
	Days    int              `json:"days,omitempty"`
	Quotas  []string         `json:"quotas,omitempty"`
	Planned string           `json:"planned,omitempty"`
}

func (r *reserveRecord) charge() charge {
	return charge{Loss{r.Mu2, r.Rho, r.Delta}, r.Quotas, r.Planned, contrib.Day(r.AsOf), r.Days}
}

type retryRecord struct {
	Entry uint64 `json:"entry"`
}

type answerRecord struct {
	Entry  uint64 `json:"entry"`
	Bytes  int64  `json:"bytes"`
	SHA256 digest `json:"sha256"`
}

type voidRecord struct {
	Entry uint64 `json:"entry"`
}

// termsRecord changes the terms from a later window on.
type termsRecord struct {
	From int32 `json:"from"`
	termsPart
}

// splitRecord gives a part of the totals, in all windows, to another account.
type splitRecord struct {
	Account string           `json:"account"` // 32 hexadecimal digits, random
	Mu2     accounting.Units `json:"mu2"`
	Rho     accounting.Units `json:"rho"`
	Delta   accounting.Units `json:"delta"`
}

func (s *splitRecord) loss() Loss { return Loss{s.Mu2, s.Rho, s.Delta} }

// closeRecord leaves nothing of the windows, or data days, up to one.
type closeRecord struct {
	Through int32 `json:"through"`
}

// givenRecord says what a checkpoint knew to be split off, after the log was put
// back to a state from before that.
type givenRecord struct {
	Mu2   accounting.Units `json:"mu2"`
	Rho   accounting.Units `json:"rho"`
	Delta accounting.Units `json:"delta"`
}

// encode sets the hash of r and returns its line, without the line break.
func (r *record) encode() ([]byte, error) {
	body, err := r.body()
	if err != nil {
		return nil, err
	}
	r.Hash = chain(r.V, r.Prev, body)
	line := append(body[:len(body)-1], `,"hash":"`...)
	line = hex.AppendEncode(line, r.Hash[:])
	return append(line, `"}`...), nil
}

// body returns the record without its hash.
func (r *record) body() ([]byte, error) {
	bare := *r
	bare.Hash = digest{}
	return json.Marshal(&bare)
}

func chain(version int, prev digest, body []byte) digest {
	h := sha256.New()
	fmt.Fprintf(h, "discreet-ledger-v%d\n", version)
	h.Write(prev[:])
	h.Write(body)
	return digest(h.Sum(nil))
}

// decode reads a line. It accepts nothing but what encode writes.
func decode(line []byte) (*record, error) {
	if len(line) > recordMax {
		return nil, errRecord
	}
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, errRecord
	}
	hash := r.Hash
	again, err := r.encode()
	if err != nil || r.Hash != hash || !bytes.Equal(again, line) {
		return nil, errRecord
	}
	if r.V < 0 || r.V > recordVersion || r.V == 0 && !r.first() || r.Time < 0 || r.Time/msPerDay > int64(dayMax) || !r.shaped() {
		return nil, errRecord
	}
	return &r, nil
}

// shaped reports whether the part named by Kind, and only that, is there.
func (r *record) shaped() bool {
	parts := 0
	for _, there := range [...]bool{
		r.Open != nil, r.Window != nil, r.Declare != nil, r.Reserve != nil, r.Retry != nil, r.Answer != nil,
		r.Void != nil, r.Terms != nil, r.Split != nil, r.Close != nil, r.Given != nil,
	} {
		if there {
			parts++
		}
	}
	if parts != 1 {
		return false
	}
	switch r.Kind {
	case kindOpen:
		return r.Open != nil
	case kindWindow:
		return r.Window != nil
	case kindDeclare:
		return r.Declare != nil
	case kindReserve:
		return r.Reserve != nil
	case kindRetry:
		return r.Retry != nil
	case kindAnswer:
		return r.Answer != nil
	case kindVoid:
		return r.Void != nil
	case kindTerms:
		return r.Terms != nil
	case kindSplit:
		return r.Split != nil
	case kindClose:
		return r.Close != nil
	case kindGiven:
		return r.Given != nil
	}
	return false
}

// first reports whether r has nothing that version 0 has not.
func (r *record) first() bool {
	if r.Void != nil || r.Terms != nil || r.Split != nil || r.Close != nil || r.Given != nil {
		return false
	}
	if o := r.Open; o != nil && (o.Parent != nil || o.Account != "" || !o.termsPart.first()) {
		return false
	}
	v := r.Reserve
	return v == nil || v.Rho.IsZero() && v.Days == 0 && v.Quotas == nil && v.Planned == ""
}
