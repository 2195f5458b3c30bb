package consent

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Limits on notices.
const (
	MaxConsentDays   = 395  // 13 months: the longest a consent may last without being given again
	MaxRetentionDays = 3650 // ten years
	MaxRefusalDays   = 3650
	RefusalDays      = 365 // how long a refusal is respected without asking again, where a notice says nothing

	maxTitle = 200     // bytes of a title or a list entry
	maxText  = 1 << 16 // bytes of a text
	maxList  = 128     // entries of a list
)

// Notice is what a person is shown before choosing. It is immutable: a changed
// text is a new Version. Locales of one version say the same thing.
type Notice struct {
	ID      string `json:"id"`      // 1 to 64 of a-z, 0-9, dot, dash, underscore
	Version int    `json:"version"` // from 1
	Locale  string `json:"locale"`  // "en", "pt-BR", "zh-Hant", "es-419"

	Controller string    `json:"controller,omitempty"` // who asks, and how to reach them
	Title      string    `json:"title"`
	Text       string    `json:"text,omitempty"`
	Purposes   []Purpose `json:"purposes"`             // why; at least one, shown together
	Bundles    []Bundle  `json:"bundles,omitempty"`    // sets of purposes that can be answered at once
	Categories []string  `json:"categories"`           // what is held, in words for people; at least one
	Sources    []string  `json:"sources,omitempty"`    // where it comes from, when not from the person's own use
	Recipients []string  `json:"recipients,omitempty"` // who else sees it, for the controller: processors and the like; empty: nobody
	Transfers  []string  `json:"transfers,omitempty"`  // countries and organisations outside of the law's reach that it goes to, each with what protects it there

	// ThirdParties get data for ends of their own, each by name. Required where
	// a purpose is Sharing, and refused elsewhere.
	ThirdParties []string `json:"third_parties,omitempty"`

	Rights     []string `json:"rights,omitempty"`    // what a person can do, besides withdrawing
	HowTo      []string `json:"how_to,omitempty"`    // how to use each of Rights, in their order; all of them, or none
	Complaint  string   `json:"complaint,omitempty"` // which authority to complain to, and how to reach it
	Withdrawal string   `json:"withdrawal"`          // how to withdraw; required, as easy as agreeing

	RetentionDays int `json:"retention_days"`         // how long data is kept at most, 1 to 3650
	ConsentDays   int `json:"consent_days"`           // how long a consent lasts, 1 to 395; there is no default
	RefusalDays   int `json:"refusal_days,omitempty"` // no new question for so long after a refusal, up to 3650; 0 means 365
}

// rule is what a notice or a set of them breaks, told after [ErrBook].
type rule string

func (r rule) Error() string { return string(r) }

// Rules of a notice.
const (
	errID         rule = "an id is 1 to 64 characters of a-z, 0-9, dot, dash and underscore"
	errVersion    rule = "versions count from 1 to 1,000,000"
	errLocale     rule = "a locale is a language, or language-Script, language-REGION, language-Script-REGION"
	errTitle      rule = "a title is 1 to 200 bytes of trimmed printable text"
	errText       rule = "a text is at most 65,536 bytes of trimmed printable text"
	errPurpose    rule = "a notice names at least one purpose, each once, by a valid key"
	errCategories rule = "categories, sources, recipients, transfers, third parties and rights are lists of at most 128 distinct titles, and at least one category"
	errHowTo      rule = "HowTo is empty, or one text for each of Rights"
	errSharing    rule = "a notice names third parties where a purpose of it is sharing, and nowhere else"
	errWithdrawal rule = "a notice says how to withdraw"
	errRetention  rule = "RetentionDays is 1 to 3650"
	errExpiry     rule = "ConsentDays is 1 to 395: a consent expires"
	errRefusal    rule = "RefusalDays is 0, for 365, or at most 3650"
)

const maxVersion = 1_000_000

// check returns the first rule that the notice breaks.
func (n *Notice) check() error {
	switch {
	case !contrib.ValidName(n.ID):
		return errID
	case n.Version < 1 || n.Version > maxVersion:
		return errVersion
	case !validLocale(n.Locale):
		return errLocale
	case !title(n.Title):
		return errTitle
	case !text(n.Text) || !text(n.Controller) || !text(n.Complaint):
		return errText
	case n.Withdrawal == "" || !text(n.Withdrawal):
		return errWithdrawal
	case len(n.Categories) == 0 ||
		!titles(n.Categories) || !titles(n.Sources) || !titles(n.Recipients) || !titles(n.Transfers) ||
		!titles(n.ThirdParties) || !titles(n.Rights):
		return errCategories
	case len(n.HowTo) != 0 && len(n.HowTo) != len(n.Rights) ||
		slices.ContainsFunc(n.HowTo, func(s string) bool { return s == "" || !text(s) }):
		return errHowTo
	case n.RetentionDays < 1 || n.RetentionDays > MaxRetentionDays:
		return errRetention
	case n.ConsentDays < 1 || n.ConsentDays > MaxConsentDays:
		return errExpiry
	case n.RefusalDays < 0 || n.RefusalDays > MaxRefusalDays:
		return errRefusal
	case len(n.Purposes) == 0 || len(n.Purposes) > maxList:
		return errPurpose
	}
	for i, p := range n.Purposes {
		if !ValidPurpose(p.Key) || n.purpose(p.Key) != i {
			return errPurpose
		}
		if !title(p.Title) {
			return errTitle
		}
		if !text(p.Text) {
			return errText
		}
	}
	if n.shares() != (len(n.ThirdParties) > 0) {
		return errSharing
	}
	return n.checkBundles()
}

// shares reports whether a purpose of the notice is sharing.
func (n *Notice) shares() bool {
	return slices.ContainsFunc(n.Purposes, func(p Purpose) bool { return p.Sharing })
}

// purpose returns the index of the purpose in the notice, or -1.
func (n *Notice) purpose(key string) int {
	return slices.IndexFunc(n.Purposes, func(p Purpose) bool { return p.Key == key })
}

// refusalDays returns how long a refusal keeps.
func (n *Notice) refusalDays() int {
	if n.RefusalDays == 0 {
		return RefusalDays
	}
	return n.RefusalDays
}

// clone returns a copy that shares nothing that can change.
func (n Notice) clone() Notice {
	n.Purposes = slices.Clone(n.Purposes)
	n.Bundles = slices.Clone(n.Bundles)
	for i := range n.Bundles {
		n.Bundles[i].Purposes = slices.Clone(n.Bundles[i].Purposes)
	}
	n.Categories = slices.Clone(n.Categories)
	n.Sources = slices.Clone(n.Sources)
	n.Recipients = slices.Clone(n.Recipients)
	n.Transfers = slices.Clone(n.Transfers)
	n.ThirdParties = slices.Clone(n.ThirdParties)
	n.Rights = slices.Clone(n.Rights)
	n.HowTo = slices.Clone(n.HowTo)
	return n
}

func titles(list []string) bool {
	if len(list) > maxList {
		return false
	}
	for i, s := range list {
		if !title(s) || slices.Contains(list[:i], s) {
			return false
		}
	}
	return true
}

func title(s string) bool {
	return s != "" && len(s) <= maxTitle && !strings.Contains(s, "\n") && text(s)
}

// text reports whether s is trimmed, valid, printable text; a line feed and
// the joiners that some scripts and emoji need are the only unprintable parts.
func text(s string) bool {
	if len(s) > maxText || !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) && r != '\n' && r != '\u200c' && r != '\u200d' {
			return false
		}
	}
	return true
}
