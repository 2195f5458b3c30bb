package consent

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// receiptChecker looks at the parts of a receipt. Every string that people may
// be shown is printable text, every list that may be empty is a list.
type receiptChecker struct {
	r          *Receipt
	controller string          // party_id
	seen       map[string]bool // records
}

func (c *receiptChecker) head() bool {
	r, p := c.r, &c.r.Parties[0]
	var (
		id    ident.ID
		chain [32]byte
	)
	party := Controller{p.ID, p.Name, p.Type, p.Address, p.Country, p.Email, p.Phone, p.URL}
	if party.broken() != "" || *p != party.party() || p.ID == r.Principal {
		return false
	}
	if id.UnmarshalText([]byte(r.Principal)) != nil || !whole(r.Issued) || r.States == nil || r.Records == nil {
		return false
	}
	if !readHex(r.Log.Chain, chain[:]) || (r.Log.Length == 0) != (chain == [32]byte{}) {
		return false
	}
	for i := range r.States {
		if !c.state(&r.States[i]) || i > 0 && r.States[i-1].Purpose >= r.States[i].Purpose {
			return false
		}
	}
	c.seen = make(map[string]bool, len(r.Records))
	return true
}

func (c *receiptChecker) state(s *ReceiptState) bool {
	switch s.State {
	case StateGiven, StateInvalidated, StateRefused, StateWithdrawn, StateExpired:
	default:
		return false
	}
	return ValidPurpose(s.Purpose) && (s.Title == "" || title(s.Title)) && whole(s.Since) &&
		(s.Until.IsZero() || whole(s.Until)) && (s.AskAgain.IsZero() || whole(s.AskAgain))
}

func (c *receiptChecker) record(d *ReceiptRecord) bool {
	var id [16]byte
	if !readUUID(d.ID, &id) || c.seen[d.ID] || d.Processing == nil || len(d.Events) == 0 {
		return false
	}
	c.seen[d.ID] = true
	for i := range d.Processing {
		if !c.processing(&d.Processing[i]) {
			return false
		}
	}
	for i := range d.Events {
		if !c.event(d, &d.Events[i]) {
			return false
		}
	}
	return true
}

func (c *receiptChecker) processing(p *ReceiptProcessing) bool {
	n := &p.Notice
	var hash [32]byte
	switch {
	case !contrib.ValidName(n.ID), n.Version < 1, n.Version > maxVersion, !validURL(n.URL),
		!readHex(n.SHA256, hash[:]), hash == [32]byte{},
		!validLocale(p.Language), p.Purposes == nil, n.Known && len(p.Purposes) == 0,
		n.Known != title(n.Title), !n.Known && n.Title != "":
		return false
	}
	for i := range p.Purposes {
		if !c.purpose(&p.Purposes[i], n.Known) || !sameText(&p.Purposes[0], &p.Purposes[i]) {
			return false
		}
		for j := range i {
			if p.Purposes[j].Purpose == p.Purposes[i].Purpose {
				return false
			}
		}
	}
	return true
}

func (c *receiptChecker) purpose(p *ReceiptPurpose, known bool) bool {
	switch {
	case !ValidPurpose(p.Purpose), known != title(p.Title), !known && p.Title != "", !text(p.Text),
		p.LawfulBasis != receiptBasis, !slices.Equal(p.Controllers, []string{c.controller}),
		p.PII == nil, known != (len(p.PII) > 0), len(p.PII) > maxList, !titles(p.Collection), p.ThirdParties == nil, !titles(p.ThirdParties), !titles(p.Recipients), !titles(p.Transfers),
		len(p.ThirdParties) > 0 != (known && slices.Contains(p.Types, purposeSharing)), len(p.Rights) > maxList, !text(p.Authority),
		p.Withdrawal == "", !text(p.Withdrawal), known != (validPeriod(p.Retention) && strings.HasSuffix(p.Retention, "D")), !known && p.Retention != unknownPeriod:
		return false
	}
	t := ReceiptTerms{StorageLocations: p.Locations, Jurisdiction: p.Jurisdiction, Service: p.Service, WithdrawalURL: p.WithdrawalURL, RightsURL: p.RightsURL}
	if t.broken() != "" {
		return false
	}
	for i := range p.PII {
		if !title(p.PII[i].Type) || p.PII[i].Sensitive || p.PII[i].Special {
			return false
		}
	}
	for _, r := range p.Rights {
		if !title(r.Right) || !text(r.HowTo) {
			return false
		}
	}
	return len(p.Types) == 0 || slices.Equal(p.Types, []string{purposeAdvertising}) || slices.Equal(p.Types, []string{purposeSharing}) ||
		slices.Equal(p.Types, []string{purposeAdvertising, purposeSharing})
}

// sameText reports whether two purposes agree in what a text says of all of its
// purposes, so that it can be told once.
func sameText(a, b *ReceiptPurpose) bool {
	x, y := *a, *b
	for _, p := range []*ReceiptPurpose{&x, &y} {
		p.Purpose, p.Title, p.Text, p.Types, p.ThirdParties = "", "", "", nil, nil
	}
	return reflect.DeepEqual(x, y)
}

func (c *receiptChecker) event(d *ReceiptRecord, v *ReceiptEvent) bool {
	e, ok := v.entry(d.ID)
	if !ok || !whole(v.Time) || v.Purposes == nil || !validOutcome(e.Kind, v.State, v.Validity) {
		return false
	}
	kind, byPerson := e.eventType()
	if v.Type != kind || byPerson != (v.Entity == c.r.Principal) || !byPerson && v.Entity != c.controller {
		return false
	}
	return e.Notice == "" || slices.ContainsFunc(d.Processing, func(p ReceiptProcessing) bool {
		return p.Notice.ID == v.Notice && p.Notice.Version == v.Version && p.Notice.SHA256 == v.SHA256 && p.Language == v.Locale
	})
}

// validOutcome reports whether an entry of the kind can bring about the state, for so long.
func validOutcome(k Kind, s EventState, validity string) bool {
	yes := validity == unknownPeriod || validPeriod(validity)
	no := validity == untilGiven
	switch k {
	case KindServed:
		return s == StateRequested && validity == untilAnswered
	case KindGiven:
		return (s == StateGiven || s == StateReaffirmed) && yes
	case KindImported:
		return s == StateGiven && yes
	case KindRefused:
		return s == StateRefused && no
	case KindWithdrawn:
		return s == StateWithdrawn && no
	case KindOptedOut:
		return (s == StateRefused || s == StateWithdrawn) && no
	case KindExpired:
		return s == StateExpired && no
	case KindMoved:
		return s == StateUnknown && validity == unknownPeriod
	}
	return s == StateTerminated && no // erased
}

// validPeriod accepts what period writes, but for "unknown".
func validPeriod(s string) bool {
	var unit, ms int64 = dayMillis, 0
	number, ok := strings.CutSuffix(s, "D")
	number, ok2 := strings.CutPrefix(number, "P")
	if !ok {
		unit = 1000
		number, ok = strings.CutSuffix(s, "S")
		number, ok2 = strings.CutPrefix(number, "PT")
	}
	number, fraction, _ := strings.Cut(number, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || !ok2 || err != nil || n < 0 || n > maxMoment/unit {
		return false
	}
	if ms = n * unit; fraction != "" {
		f, err := strconv.ParseInt(fraction, 10, 64)
		if err != nil || f < 0 || f > 999 {
			return false
		}
		ms += f
	}
	return ms > 0 && period(ms) == s
}

// whole reports whether the time has the form of a receipt.
func whole(t time.Time) bool {
	ms := millis(t)
	return ms >= 1 && ms <= maxMoment && t.Location() == time.UTC && t.Equal(moment(ms))
}
