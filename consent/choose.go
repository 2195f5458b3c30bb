package consent

import (
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of a choice. The history is unchanged after any of them.
var (
	// ErrUnknownNotice asks the caller to show a notice that exists: the book
	// has no such id, version and locale.
	ErrUnknownNotice = errors.New("consent: the choice names a notice, version or locale that is not in the book")
	// ErrChoice marks a choice that makes no sense.
	ErrChoice = errors.New("consent: a choice grants or refuses at least one purpose, each once, and never grants below a refused one")
	// ErrPurpose marks a choice about something the notice did not show.
	ErrPurpose = errors.New("consent: the choice names a purpose or bundle that the notice does not")
	// ErrMethod marks an unusable Choice.Method.
	ErrMethod = errors.New("consent: a method is empty or 1 to 64 characters of a-z, 0-9, dot, dash and underscore")
	// ErrFull is returned when a history holds too many purposes, over a
	// thousand, of books that came and went.
	ErrFull = errors.New("consent: a history holds at most 1024 purposes")
	// ErrClock marks a time before 1970 or after 9999, and a yes on a clock that
	// runs more than five minutes behind the person's records.
	ErrClock = errors.New("consent: the clock is out of range or behind the records")
)

// clockSkew is how far clocks of several machines may be apart, in milliseconds.
const clockSkew = 5 * 60 * 1000

// Choice is what a person answered to a notice. It may name a [Bundle] of that
// notice in that version for all purposes in it. A purpose that is named neither
// by itself nor by a bundle stays unanswered, also one below a purpose that was
// agreed to.
type Choice struct {
	Notice  string   `json:"notice"`           // id of the notice that was shown
	Version int      `json:"version"`          // its version
	Locale  string   `json:"locale"`           // the locale it was shown in
	Grant   []string `json:"grant,omitempty"`  // purposes or bundles agreed to
	Refuse  []string `json:"refuse,omitempty"` // purposes or bundles refused or taken back
	Method  string   `json:"method,omitempty"` // how: "banner", "settings", "paper"
}

// Choose records a choice made now. A grant opens an interval that lasts the
// notice's ConsentDays, or keeps the open one, with its beginning, and sets its
// end anew from now; an older version than the one agreed to changes nothing. A
// refusal ends the open intervals of the purpose and of those below it, and is
// remembered for the notice's RefusalDays.
func (b *Book) Choose(h *History, c Choice, now time.Time) error {
	text, err := b.shown(&c)
	if err != nil {
		return err
	}
	n := &text.notice
	if c, err = c.expand(n); err != nil {
		return err
	}
	t := h.moment(now)
	if ms := millis(now); ms < 1 || ms > maxMoment || len(c.Grant) > 0 && t-ms > clockSkew {
		return ErrClock
	}
	if h.missing(c) > maxPurposes-len(h.records) {
		return ErrFull
	}
	shown := evidence{n.ID, n.Version, n.Locale, text.hash, c.Method}
	for _, p := range c.Refuse {
		h.deny(p, Refused, t, t+days(n.refusalDays()), shown)
	}
	for _, p := range c.Grant {
		h.grant(p, t, t+days(n.ConsentDays), shown)
	}
	return nil
}

// Expand returns the choice with its bundles replaced by the purposes that they
// hold in the version that was shown, each purpose once. It returns
// ErrUnknownNotice, ErrMethod, ErrChoice or ErrPurpose where [Book.Choose] would.
func (b *Book) Expand(c Choice) (Choice, error) {
	text, err := b.shown(&c)
	if err != nil {
		return Choice{}, err
	}
	return c.expand(&text.notice)
}

// shown returns the text that the choice answers.
func (b *Book) shown(c *Choice) (*localized, error) {
	if e := b.edition(c.Notice, c.Version); e != nil {
		if text := e.locale(c.Locale); text != nil {
			return text, nil
		}
	}
	return nil, ErrUnknownNotice
}

// missing counts the purposes of the choice that have no record.
func (h *History) missing(c Choice) (n int) {
	for _, p := range slices.Concat(c.Grant, c.Refuse) {
		if h.record(p) == nil {
			n++
		}
	}
	return n
}

// expand checks the choice against the notice and returns it without bundles.
func (c Choice) expand(n *Notice) (Choice, error) {
	if c.Method != "" && !contrib.ValidName(c.Method) {
		return Choice{}, ErrMethod
	}
	if len(c.Grant)+len(c.Refuse) == 0 || len(c.Grant) > maxList || len(c.Refuse) > maxList || twice(c.Grant) || twice(c.Refuse) {
		return Choice{}, ErrChoice
	}
	var err error
	if c.Grant, err = n.expand(c.Grant); err != nil {
		return Choice{}, err
	}
	if c.Refuse, err = n.expand(c.Refuse); err != nil {
		return Choice{}, err
	}
	for _, p := range c.Grant {
		if slices.ContainsFunc(c.Refuse, func(r string) bool { return under(p, r) }) {
			return Choice{}, ErrChoice
		}
	}
	return c, nil
}

// twice reports whether a name is in the list twice.
func twice(list []string) bool {
	for i, s := range list {
		if slices.Contains(list[:i], s) {
			return true
		}
	}
	return false
}
