package consent

import (
	"crypto/sha256"
	"encoding/binary"
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
	Categories []string  `json:"categories"`           // what is held, in words for people; at least one
	Sources    []string  `json:"sources,omitempty"`    // where it comes from, when not from the person's own use
	Recipients []string  `json:"recipients,omitempty"` // who else sees it; empty: nobody
	Rights     []string  `json:"rights,omitempty"`     // what a person can do, besides withdrawing
	Withdrawal string    `json:"withdrawal"`           // how to withdraw; required, as easy as agreeing

	RetentionDays int `json:"retention_days"`         // how long data is kept at most, 1 to 3650
	ConsentDays   int `json:"consent_days"`           // how long a consent lasts, 1 to 395; there is no default
	RefusalDays   int `json:"refusal_days,omitempty"` // no new question for so long after a refusal, up to 3650; 0 means 365
}

// Hash identifies the exact content: SHA-256 over a format name and every field
// that is not empty, each with its name, its count and length-prefixed values.
func (n Notice) Hash() [32]byte {
	w := hashWriter{[]byte("discreet-notice/0\n")}
	w.texts("id", n.ID)
	w.number("version", n.Version)
	w.texts("locale", n.Locale)
	w.texts("title", n.Title)
	w.texts("text", n.Text)
	for _, p := range n.Purposes {
		w.list("purpose", []string{p.Key, p.Title, p.Text})
		w.flag("advertising", p.Advertising)
		w.flag("sharing", p.Sharing)
	}
	w.list("categories", n.Categories)
	w.list("recipients", n.Recipients)
	w.number("retention_days", n.RetentionDays)
	w.number("consent_days", n.ConsentDays)
	w.number("refusal_days", n.RefusalDays)
	w.texts("withdrawal", n.Withdrawal)
	w.texts("controller", n.Controller)
	w.list("sources", n.Sources)
	w.list("rights", n.Rights)
	return sha256.Sum256(w.b)
}

type hashWriter struct{ b []byte }

func (w *hashWriter) bytes(s string) {
	w.b = append(binary.BigEndian.AppendUint32(w.b, uint32(len(s))), s...)
}

func (w *hashWriter) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.bytes(name)
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(len(values)))
	for _, v := range values {
		w.bytes(v)
	}
}

func (w *hashWriter) texts(name, value string) {
	if value != "" {
		w.list(name, []string{value})
	}
}

func (w *hashWriter) flag(name string, set bool) {
	if set {
		w.bytes(name)
	}
}

func (w *hashWriter) number(name string, v int) {
	if v != 0 {
		w.list(name, []string{string(binary.BigEndian.AppendUint64(nil, uint64(v)))})
	}
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
	errCategories rule = "categories, sources, recipients and rights are lists of at most 128 distinct titles, and at least one category"
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
	case !text(n.Text) || !text(n.Controller):
		return errText
	case n.Withdrawal == "" || !text(n.Withdrawal):
		return errWithdrawal
	case len(n.Categories) == 0 ||
		!titles(n.Categories) || !titles(n.Sources) || !titles(n.Recipients) || !titles(n.Rights):
		return errCategories
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
	return nil
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
	n.Categories = slices.Clone(n.Categories)
	n.Sources = slices.Clone(n.Sources)
	n.Recipients = slices.Clone(n.Recipients)
	n.Rights = slices.Clone(n.Rights)
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

// validLocale accepts a language of two or three letters, a script of four and
// a region of two letters or three digits, in that order and in canonical case.
func validLocale(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) > 3 || !letters(parts[0], 2, 'a') && !letters(parts[0], 3, 'a') {
		return false
	}
	parts = parts[1:]
	if len(parts) > 0 && len(parts[0]) == 4 {
		if !letters(parts[0][:1], 1, 'A') || !letters(parts[0][1:], 3, 'a') {
			return false
		}
		parts = parts[1:]
	}
	switch len(parts) {
	case 0:
		return true
	case 1:
		return letters(parts[0], 2, 'A') || len(parts[0]) == 3 && strings.Trim(parts[0], "0123456789") == ""
	}
	return false
}

func letters(s string, n int, first byte) bool {
	if len(s) != n {
		return false
	}
	for i := range n {
		if s[i] < first || s[i] > first+25 {
			return false
		}
	}
	return true
}
