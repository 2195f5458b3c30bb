package consent

import (
	"encoding/hex"
	"time"
)

// Summary tells a person everything a history holds about them.
type Summary struct {
	Purposes []PurposeSummary `json:"purposes"`          // sorted by key
	Erased   time.Time        `json:"erased,omitzero"`   // everything before this moment was erased
	Merged   time.Time        `json:"merged,omitzero"`   // everything before this moment moved to another identifier
	Journal  []Happened       `json:"journal,omitempty"` // what happened, as far as it is remembered, in the order in which it was recorded

	Disclosures []Disclosure `json:"disclosures,omitempty"` // to whom it was told which segments the person is in
}

// Happened is an [Entry] as it is told to the person.
type Happened struct {
	What     Kind      `json:"what"`
	At       time.Time `json:"at"`
	Purposes []string  `json:"purposes,omitempty"`
	Notice   string    `json:"notice,omitempty"`
	Version  int       `json:"version,omitempty"`
	Locale   string    `json:"locale,omitempty"`
	Method   string    `json:"method,omitempty"`
	Proof    string    `json:"proof,omitempty"` // where it was taken over from

	Recipient string `json:"recipient,omitempty"` // disclosed: who was told
	Of        string `json:"of,omitempty"`        // disclosed: the purpose whose segment it was
	Segment   string `json:"segment,omitempty"`   // disclosed: the segment
}

// PurposeSummary is the state of one purpose.
type PurposeSummary struct {
	Purpose    string    `json:"purpose"`
	Title      string    `json:"title,omitempty"`            // of the purpose, where the book knows it
	State      Reason    `json:"state"`                      // granted, refused, withdrawn or expired
	Since      time.Time `json:"since"`                      // the state lasts from this moment
	Until      time.Time `json:"until,omitzero"`             // granted: it expires
	AskAgain   time.Time `json:"not_asked_before,omitzero"`  // refused, withdrawn: nobody is asked earlier
	Confirmed  time.Time `json:"last_confirmed,omitzero"`    // granted: last agreed to
	Notice     string    `json:"notice,omitempty"`           // what was shown
	Version    int       `json:"version,omitempty"`          // its version
	Locale     string    `json:"locale,omitempty"`           // its locale
	NoticeHash string    `json:"notice_sha256,omitempty"`    // hash of the exact content, in hex
	Method     string    `json:"method,omitempty"`           // how the answer was given
	Withdrawal string    `json:"how_to_withdraw"`            // in words for people
	Earlier    []Period  `json:"earlier_consents,omitempty"` // that ended, oldest first
}

// Period is a consent that ended.
type Period struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"` // the first moment without consent
	Notice  string    `json:"notice"`
	Version int       `json:"version"`
}

const howToWithdraw = "You can withdraw this consent at any time, as easily as you gave it; it takes effect at once."

// Summary lists every purpose the history knows, as of now. [Book.Summary] adds
// titles and each notice's own words on withdrawing.
func (h *History) Summary(now time.Time) Summary {
	if h == nil {
		return Summary{Purposes: []PurposeSummary{}}
	}
	s := Summary{Purposes: make([]PurposeSummary, 0, len(h.records))}
	if h.erased != 0 {
		s.Erased = moment(h.erased)
	}
	if h.merged != 0 {
		s.Merged = moment(h.merged)
	}
	t := h.moment(now)
	for i := range h.records {
		s.Purposes = append(s.Purposes, h.summary(&h.records[i], t))
	}
	return s
}

func (h *History) summary(r *record, t int64) PurposeSummary {
	p := PurposeSummary{Purpose: r.purpose, Withdrawal: howToWithdraw}
	past := r.intervals
	var shown evidence
	if open := h.open(r.purpose, t); open != nil {
		past = past[:len(past)-1]
		shown = open.shown
		p.State = Granted
		p.Since, p.Until, p.Confirmed = moment(open.given), moment(open.end()), moment(open.affirmed)
	} else if d := h.denied(r.purpose); d != nil {
		shown = d.shown
		p.State, p.Since, p.AskAgain = d.kind, moment(d.at), moment(h.quiet(r.purpose))
	} else if last := r.last(); last != nil {
		shown = last.shown
		p.State, p.Since = Expired, moment(last.end())
	} else {
		p.State, p.Since = r.denial.kind, moment(r.denial.at)
	}
	p.Notice, p.Version, p.Locale, p.Method = shown.notice, shown.version, shown.locale, shown.method
	if shown.notice != "" {
		p.NoticeHash = hex.EncodeToString(shown.hash[:])
	}
	for i := range past {
		v := &past[i]
		p.Earlier = append(p.Earlier, Period{moment(v.given), moment(v.end()), v.shown.notice, v.shown.version})
	}
	return p
}

// Summary is [History.Summary] with the title of each purpose and the words on
// withdrawing from the text that was shown, as far as the book has it.
func (b *Book) Summary(h *History, now time.Time) Summary {
	s := h.Summary(now)
	for i := range s.Purposes {
		p := &s.Purposes[i]
		if known, ok := b.purposes[p.Purpose]; ok {
			p.Title = known.Title
		}
		e := b.edition(p.Notice, p.Version)
		if e == nil {
			continue
		}
		if t := e.locale(p.Locale); t != nil {
			if j := t.notice.purpose(p.Purpose); j >= 0 {
				p.Title = t.notice.Purposes[j].Title
			}
			p.Withdrawal = t.notice.Withdrawal
		}
	}
	return s
}

// RecordSummary is [Book.Summary] of the record's history, with its journal and
// what was disclosed.
func (b *Book) RecordSummary(r *Record, now time.Time) Summary {
	s := b.Summary(&r.history, now)
	for _, e := range r.Entries() {
		s.Journal = append(s.Journal, Happened{e.Kind, e.At, e.Purposes, e.Notice, e.Version, e.Locale, e.Method, e.Proof, e.Recipient, e.Of, e.Segment})
	}
	s.Disclosures = r.Disclosures()
	return s
}
