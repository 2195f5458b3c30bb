package discreet

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// definitionWords says who is in a segment.
func (e *Engine) definitionWords(d *segment.Definition) []string { return d.Words(e.cfg.Taxonomy) }

// released says what anybody may learn from everything that is published.
func (e *Engine) released() ProcessingBudget {
	budget := e.plan.Budget()
	mu2, reserve := e.plan.Totals()
	b := ProcessingBudget{Epsilon: budget.Epsilon, Delta: budget.Delta, WindowDays: budget.WindowDays}
	window := count(int64(b.WindowDays), "day")
	own := "What is a person's own goes to that person."
	if e.cfg.Audience != nil {
		own = "What is a person's own goes to that person; and which segments it is in, to third parties that this person agreed to by name."
	}
	b.Words = []string{
		"The engine publishes differentially private tables, and nothing else. " + own,
		fmt.Sprintf("Whatever somebody concludes about a person from everything that is published within a window of %s, taken together, is at most %g times as likely, or as unlikely, "+
			"with that person's record as without it (e to the power of epsilon, which is %g), but for a probability of %g (delta).", window, above(math.Exp(b.Epsilon)), b.Epsilon, b.Delta),
		"It holds whatever else is known, for all that one identifier ever did, agreed to, refused, withdrew or erased. A publication that would not fit is refused.",
	}
	windows := (364+b.WindowDays-1)/b.WindowDays + 1 // that 365 days touch
	mu := float64(accounting.MuUp(mu2)) * math.Sqrt(float64(windows))
	year, err := accounting.EpsilonForMu(accounting.Mu(mu), b.Delta)
	if err != nil {
		b.Words = append(b.Words, "Windows add up: over a year nothing that is worth telling is promised.")
		return b
	}
	b.Words = append(b.Words, fmt.Sprintf("Windows add up: over any 365 days, which touch at most %d of them, epsilon is at most %g with a delta of at most %g.",
		windows, above(year), above(b.Delta+float64(windows)*reserve.Float64())))
	return b
}

// above rounds a number above zero up to three digits.
func above(x float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(x))-2)
	up, err := strconv.ParseFloat(strconv.FormatFloat(math.Ceil(x/unit)*unit, 'g', 3, 64), 64)
	if err != nil || up < x {
		return x
	}
	return up
}

// limits says until when what is kept.
func (e *Engine) limits() []ProcessingLimit {
	ttl := count(int64(e.cfg.TTLDays), "day")
	list := []ProcessingLimit{
		{"what a person did, by day and category", ttl + " after the day, and no longer than the consent: deleted when consent is withdrawn; when it expires, used no more, and deleted by the next sweep"},
		{"what a person did that a measure may count", "as above, and no longer than the look-back of the measure"},
		{"hashes of message ids, against repetition", "7 days"},
		{"what a person is not interested in, and which segments a person has left", "as long as the consent, prolonged or not: deleted when consent is withdrawn; when it expires, by the next sweep"},
		{"a consent that ended, and which notice was shown", count(int64(e.rememberDays()), "day") + " after its end"},
		{"a refusal or a withdrawal", "until the person agrees or is erased, so that no older yes revives it; which notice was shown goes as above"},
		{"the entries that prove what a person was asked and answered, at most 128", count(int64(consent.MaxConsentDays+e.rememberDays()), "day") + ", and no longer than until an erasure"},
		{"the moment of an erasure, without anything else", "as a consent that ended"},
		{"the log of commitments to those entries", "no limit: it holds times, and tells of nobody once the entries are gone"},
		{"published tables, and the account of what they revealed", "no limit: what they reveal of a person is bounded, as said below"},
		{"the log of who looked at people, and why", "no limit: it names operators, and nobody whose data it was"},
		{"copies of the store", Blank + "how long backups are kept, and that erasures since are repeated when one is restored"},
	}
	if slices.ContainsFunc(e.rooms, func(r room) bool { return r.series() }) {
		list = append(list, ProcessingLimit{"hashes of the segments that a person counts in, over the publications of a series",
			"until the accounting window is over, and at most one window longer; no longer than the consent"})
	}
	if r := e.auditRoom(); r != nil {
		list = append(list, ProcessingLimit{"what a person stated for audits, and campaigns with their outcomes",
			count(int64(r.audit.TTLDays()), "day") + " after it was stated, shown or known last, and no longer than the consent: deleted when consent is withdrawn; when it expires, by the next sweep"})
	}
	if a := e.cfg.Audience; a != nil {
		list = append(list,
			ProcessingLimit{"what a third party was told of a person, there", count(int64(a.TTLDays), "day") + " after it was told last, and no longer than the consents: a contract has to say so"},
			ProcessingLimit{"which third party was told what of a person", count(int64(e.rememberDays()), "day") + " after the third party may not use it any more, and no longer than until an erasure"},
		)
	}
	return list
}

// rememberDays returns how long Sweep keeps what a person ended.
func (e *Engine) rememberDays() int {
	days := max(e.cfg.TTLDays+1, 2*e.cfg.Budget.WindowDays) // an event from before may come late, a return must be noticed
	if r := e.auditRoom(); r != nil {
		days = max(days, r.audit.TTLDays()+1)
	}
	if e.cfg.Source != nil { // an older yes of it may still stand
		days = max(days, consent.MaxConsentDays+1)
	}
	return days
}

// security lists the measures that the library takes (Article 30(1)(g)), with what
// the store says of itself.
func (e *Engine) security() []string {
	held := "No event is kept: a profile holds counts by day and category, and what a declared measure may count, within its bounds."
	if e.sums() {
		held = "No event is kept: a profile holds counts by day and category, sums of amounts of those categories that a segment or measure sums, and what a declared measure may count, within its bounds."
	}
	list := []string{
		"Identifiers are not kept: a person stands under a pseudonym, HMAC-SHA-256 under a key of its own for every purpose, so that rows of two purposes cannot be joined without the keys.",
		held,
		"An event enters a profile only with a decision that its person agreed, to this purpose, when it happened and when it is recorded. What is unknown, late or failing means no.",
		"Categories that are marked sensitive are refused, with all below them.",
		"What was asked and answered is in a log of salted commitments, which shows changes; erasing a person deletes the salts.",
		"Whoever asks for a person's data, publishes, or hands out who is in a segment, states who and why, and is logged before anything is done, in a log that shows changes.",
		"What is published is charged to the account, durably, before noise is drawn; the account is a log that shows changes, and published tables are signed.",
		"A withdrawal or an erasure is durable when it is acknowledged.",
	}
	if e.cfg.sink() != nil {
		list = append(list, "An older copy of the store is refused, by signed checkpoints in a second place.")
	} else {
		list = append(list, Blank+"how an older copy of the store is noticed; there are no checkpoints in a second place")
	}
	if e.remembersErasures() {
		list = append(list, "What was erased is erased again before an older copy of the store opens.")
	} else {
		list = append(list, Blank+"how erasures are repeated after an older copy of the store is restored; the store does not do so by itself")
	}
	if _, ok := e.cfg.Store.(interface{ Compact(context.Context) error }); ok {
		list = append(list, "What was deleted is gone from the store's file, byte by byte, after the next sweep.")
	} else {
		list = append(list, Blank+"when what was deleted is gone from the store's pages and logs")
	}
	return append(list,
		Blank+"where the store stands, whether its values and its disks are encrypted, and who can read it",
		Blank+"who holds the key file, where its backup is, and when keys turn",
		Blank+"how often the sweep runs that deletes what is over",
		Blank+"how those who send events and those who use the rights of people are authenticated",
	)
}

// sums reports whether any segment or measure adds amounts up.
func (e *Engine) sums() bool {
	sum := func(p segment.Predicate) bool { return p.Sum != nil }
	return slices.ContainsFunc(e.cfg.Segments, func(d segment.Definition) bool {
		return slices.ContainsFunc(d.All, sum) || slices.ContainsFunc(d.Any, sum) || slices.ContainsFunc(d.None, sum)
	}) || slices.ContainsFunc(e.specs(), func(s contrib.Spec) bool { return s.Amount.Unit != "" })
}

// remembersErasures reports whether what was erased does not come back with an
// older copy of the store.
func (e *Engine) remembersErasures() bool {
	_, ok := e.cfg.Store.(interface {
		ProfileErase(context.Context, segment.Key, func([]byte) ([]byte, error)) error
	})
	return ok
}
