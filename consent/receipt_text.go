package consent

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// ReceiptLabels are the fixed words around a receipt, in the language of the
// person. An empty label is replaced by the English one.
type ReceiptLabels struct {
	Title, Number, Issued, For, By                         string // head
	Holds, Happened, Nothing                               string // what holds, what happened
	Shown, TextUnknown, Held, From, Why, Kept, KeptUnknown string // what was shown
	Stored, Law, Recipients, Nobody, Advertising, Sharing  string
	Transfers, Rights, Complaint, Withdraw                 string
	Log, Records, Chain                                    string
	Since, Until, AskAgain                                 string // between a state and a time
	Given, Reaffirmed, Requested, Refused, Withdrawn       string // states
	Expired, Invalidated, Imported, Version, Method, Proof string
	Erased, Moved                                          string // events
}

// EnglishReceipt returns the labels that [Receipt.Plain] uses. In Kept, #
// stands for a number of days.
func EnglishReceipt() ReceiptLabels {
	return ReceiptLabels{
		Title: "Consent receipt", Number: "Number", Issued: "Issued", For: "For the person known here as", By: "By",
		Holds: "What holds now", Happened: "What happened", Nothing: "Nothing.",
		Shown:       "What you were shown",
		TextUnknown: "The text is not at hand any more. Whoever has it can check it against this hash.",
		Held:        "What is held", From: "Where it comes from", Why: "Why",
		Kept: "Kept for at most # days", KeptUnknown: "For how long it is kept stands in that text",
		Stored: "Stored in", Law: "Under the law of", Recipients: "Who else sees it, for the service", Nobody: "Nobody.",
		Advertising: "advertising", Sharing: "sharing with third parties",
		Transfers: "Where else it goes", Complaint: "Where to complain", Rights: "Your rights", Withdraw: "How to withdraw",
		Log: "The consent log, when this was issued", Records: "Records", Chain: "Chain of the last one",
		Since: "since", Until: "until", AskAgain: "not asked again before",
		Given: "agreed", Reaffirmed: "agreed again", Requested: "shown and asked", Refused: "refused", Withdrawn: "taken back",
		Expired: "expired", Invalidated: "agreed, and its use is suspended for everybody", Erased: "everything was erased", Moved: "records of two identifiers became one",
		Imported: "taken over from elsewhere", Version: "version", Method: "by", Proof: "proof",
	}
}

// Plain tells the receipt in plain text for people, with English labels: what
// was agreed to, when, to which text, until when, what is held, who sees it, and
// how to withdraw.
func (r *Receipt) Plain() string { return r.PlainWith(EnglishReceipt()) }

// PlainWith tells the receipt in plain text with the given labels. Times are UTC.
func (r *Receipt) PlainWith(l ReceiptLabels) string {
	if r.IsZero() {
		return ""
	}
	w := &receiptWriter{l: l.filled()}
	w.head(r)
	w.states(r.States)
	w.events(r)
	w.texts(r)
	w.heading(w.l.Log)
	w.line("  ", w.l.Records+": "+strconv.FormatUint(r.Log.Length, 10))
	w.line("  ", w.l.Chain+": "+r.Log.Chain)
	return w.b.String()
}

// receiptWriter writes the text of a receipt.
type receiptWriter struct {
	l ReceiptLabels
	b strings.Builder
}

func (w *receiptWriter) line(indent, s string) {
	w.b.WriteString(indent + strings.ReplaceAll(s, "\n", "\n"+indent) + "\n")
}

func (w *receiptWriter) heading(s string) { w.b.WriteString("\n" + s + "\n") }

func (w *receiptWriter) head(r *Receipt) {
	p := r.Controller()
	w.line("", w.l.Title)
	w.heading(w.l.Number + ": " + r.ID)
	w.line("", w.l.Issued+": "+clock(r.Issued))
	w.line("", w.l.For+": "+r.Principal)
	w.line("", w.l.By+": "+p.Name+" ("+p.Type+"), "+strings.ReplaceAll(p.Address, "\n", ", ")+", "+p.Country)
	for _, s := range []string{p.Email, p.Phone, p.URL} {
		if s != "" {
			w.line("  ", s)
		}
	}
}

func (w *receiptWriter) states(list []ReceiptState) {
	w.heading(w.l.Holds)
	if len(list) == 0 {
		w.line("  ", w.l.Nothing)
	}
	for i := range list {
		s := &list[i]
		out := "- " + named(s.Title, s.Purpose) + ": " + w.state(s.State) + " " + w.l.Since + " " + clock(s.Since)
		if !s.Until.IsZero() {
			out += ", " + w.l.Until + " " + clock(s.Until)
		}
		if !s.AskAgain.IsZero() {
			out += ", " + w.l.AskAgain + " " + clock(s.AskAgain)
		}
		w.line("  ", out)
	}
}

func (w *receiptWriter) events(r *Receipt) {
	w.heading(w.l.Happened)
	if len(r.Records) == 0 {
		w.line("  ", w.l.Nothing)
	}
	for i := range r.Records {
		for j := range r.Records[i].Events {
			v := &r.Records[i].Events[j]
			out := "- " + clock(v.Time) + ": " + w.happened(v)
			if len(v.Purposes) > 0 {
				out += ": " + strings.Join(v.Purposes, ", ")
			}
			if v.Notice != "" {
				out += "; " + w.notice(v.Notice, v.Version, v.Locale)
			}
			if v.Method != "" {
				out += "; " + w.l.Method + " " + v.Method
			}
			if v.Proof != "" {
				out += "; " + w.l.Proof + " " + v.Proof
			}
			w.line("  ", out)
		}
	}
}

// happened tells the state that an event brought about, and where from.
func (w *receiptWriter) happened(v *ReceiptEvent) string {
	if v.Type == eventImported {
		return w.state(v.State) + " (" + w.l.Imported + ")"
	}
	return w.state(v.State)
}

func (w *receiptWriter) notice(id string, version int, locale string) string {
	if version > 0 {
		id += " " + w.l.Version + " " + strconv.Itoa(version)
	}
	if locale != "" {
		id += " (" + locale + ")"
	}
	return id
}

// texts writes each text once.
func (w *receiptWriter) texts(r *Receipt) {
	type text struct {
		ReceiptNotice
		language string
	}
	seen := map[text]bool{}
	for i := range r.Records {
		for j := range r.Records[i].Processing {
			p := &r.Records[i].Processing[j]
			if key := (text{p.Notice, p.Language}); p.Notice.Known && seen[key] {
				continue
			} else {
				seen[key] = true
			}
			w.heading(w.l.Shown + ": " + w.notice(p.Notice.ID, p.Notice.Version, p.Language))
			if p.Notice.Title != "" {
				w.line("  ", p.Notice.Title)
			}
			if p.Notice.SHA256 != "" {
				w.line("  ", "SHA-256 "+p.Notice.SHA256)
			}
			if p.Notice.URL != "" {
				w.line("  ", p.Notice.URL)
			}
			if !p.Notice.Known {
				w.line("  ", w.l.TextUnknown)
			}
			if len(p.Purposes) > 0 {
				w.purposes(p)
			}
		}
	}
}

// purposes writes what the text says: why for each purpose, and the rest, which
// is the same for all purposes of one text, once.
func (w *receiptWriter) purposes(p *ReceiptProcessing) {
	w.line("  ", w.l.Why+":")
	for i := range p.Purposes {
		q := &p.Purposes[i]
		out := "- " + named(q.Title, q.Purpose)
		for _, t := range q.Types {
			if t == purposeSharing {
				out += ", " + w.l.Sharing + " (" + strings.Join(q.ThirdParties, "; ") + ")"
			} else {
				out += ", " + w.l.Advertising
			}
		}
		if q.Text != "" {
			out += ": " + q.Text
		}
		w.line("    ", out)
	}
	q := &p.Purposes[0]
	if p.Notice.Known {
		held := make([]string, len(q.PII))
		for i := range q.PII {
			held[i] = q.PII[i].Type
		}
		w.list(w.l.Held, held, "")
		w.list(w.l.From, q.Collection, "")
		w.list(w.l.Recipients, q.Recipients, w.l.Nobody)
		w.list(w.l.Transfers, q.Transfers, "")
		days := strings.TrimSuffix(strings.TrimPrefix(q.Retention, "P"), "D")
		w.line("  ", strings.ReplaceAll(w.l.Kept, "#", days)+".")
	} else {
		w.line("  ", w.l.KeptUnknown+".")
	}
	w.line("  ", w.l.Stored+" "+strings.Join(q.Locations, ", ")+". "+w.l.Law+" "+q.Jurisdiction+".")
	var rights []string
	for _, r := range q.Rights {
		if r.HowTo != "" {
			r.Right += ": " + r.HowTo
		}
		rights = append(rights, r.Right)
	}
	if q.RightsURL != "" {
		rights = append(rights, q.RightsURL)
	}
	w.list(w.l.Rights, rights, "")
	if q.Authority != "" {
		w.line("  ", w.l.Complaint+": "+q.Authority)
	}
	w.line("  ", w.l.Withdraw+": "+q.Withdrawal)
	if q.WithdrawalURL != "" {
		w.line("    ", q.WithdrawalURL)
	}
}

func (w *receiptWriter) list(label string, values []string, none string) {
	if len(values) == 0 && none != "" {
		w.line("  ", label+": "+none)
	}
	for i, v := range values {
		if i == 0 {
			w.line("  ", label+":")
		}
		w.line("    ", "- "+v)
	}
}

func (w *receiptWriter) state(s EventState) string {
	switch s {
	case StateGiven:
		return w.l.Given
	case StateReaffirmed:
		return w.l.Reaffirmed
	case StateRequested:
		return w.l.Requested
	case StateRefused:
		return w.l.Refused
	case StateWithdrawn:
		return w.l.Withdrawn
	case StateExpired:
		return w.l.Expired
	case StateInvalidated:
		return w.l.Invalidated
	case StateTerminated:
		return w.l.Erased
	}
	return w.l.Moved
}

func named(title, key string) string {
	if title == "" {
		return key
	}
	return title + " (" + key + ")"
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// filled returns the labels with English ones in place of those that are empty.
func (l ReceiptLabels) filled() ReceiptLabels {
	en := EnglishReceipt()
	to, from := l.all(), en.all()
	for i := range to {
		*to[i] = cmp.Or(*to[i], *from[i])
	}
	return l
}

// all returns every label.
func (l *ReceiptLabels) all() []*string {
	return []*string{
		&l.Title, &l.Number, &l.Issued, &l.For, &l.By, &l.Holds, &l.Happened, &l.Nothing,
		&l.Shown, &l.TextUnknown, &l.Held, &l.From, &l.Why, &l.Kept, &l.KeptUnknown,
		&l.Stored, &l.Law, &l.Recipients, &l.Nobody, &l.Advertising, &l.Sharing, &l.Transfers, &l.Rights, &l.Complaint, &l.Withdraw,
		&l.Log, &l.Records, &l.Chain, &l.Since, &l.Until, &l.AskAgain,
		&l.Given, &l.Reaffirmed, &l.Requested, &l.Refused, &l.Withdrawn,
		&l.Expired, &l.Invalidated, &l.Imported, &l.Version, &l.Method, &l.Proof, &l.Erased, &l.Moved,
	}
}
