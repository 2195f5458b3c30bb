package consenthttp

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/discreet-go/discreet/consent"
)

// MaxString is the length of the longest string that is passed on, in bytes.
const MaxString = 8192

// Unreadable stands in [consent.Signals] for a TC or GPP string that came along
// and cannot be relied on. It is no string of either kind, so every reader finds
// it unclear, and it denies.
const Unreadable = "?"

const (
	maxSections = 64
	maxSection  = 1<<16 - 1
)

// signals hears what came along with the request.
func (h *Handlers) signals(r *http.Request) *consent.Signals {
	s := &consent.Signals{GPC: gpc(r.Header)}
	var tcf, gpp voice
	each(r, &h.cfg.TCF, tcf.hear)
	each(r, &h.cfg.GPP, gpp.hear)
	s.TCF, s.GPP = tcf.text, gpp.text

	var parts sections
	each(r, &h.cfg.Sections, parts.hear)
	switch {
	case parts.unclear || len(parts.ids) > 0 && s.GPP == "":
		s.GPP = Unreadable
	case s.GPP != Unreadable:
		s.GPPSections = parts.ids
	}
	return s
}

// gpc reports whether a line of Sec-GPC is exactly "1".
func gpc(h http.Header) bool { return slices.Contains(h.Values("Sec-GPC"), "1") }

// voice is what all places together say.
type voice struct{ text string }

// hear adds what one place says.
func (v *voice) hear(s string) {
	switch {
	case s == "":
	case v.text != "" && v.text != s || !readable(s):
		v.text = Unreadable
	default:
		v.text = s
	}
}

// readable reports whether s may be a TC or GPP string: base64url, and the dot
// and tilde that join parts.
func readable(s string) bool {
	return len(s) <= MaxString && !strings.ContainsFunc(s, func(r rune) bool {
		return !letter(r) && r != '-' && r != '_' && r != '.' && r != '~'
	})
}

// sections is what all places together say about the sections that apply.
type sections struct {
	heard   bool
	unclear bool
	ids     []int // sorted; nil for all
}

// hear adds what one place says.
func (p *sections) hear(s string) {
	if s == "" {
		return
	}
	ids, ok := parseSections(s)
	if !ok || p.heard && !slices.Equal(p.ids, ids) {
		*p = sections{unclear: true}
		return
	}
	p.heard, p.ids = true, ids
}

// parseSections reads section ids that are separated by commas, or by
// underscores as in apps. 0 and -1 stand for all sections.
func parseSections(s string) (ids []int, ok bool) {
	if len(s) > MaxString {
		return nil, false
	}
	all := false
	for field := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '_' }) {
		field = strings.TrimSpace(field)
		if field == "0" || field == "-1" {
			all = true
			continue
		}
		n, err := strconv.ParseUint(field, 10, 32)
		if err != nil || n < 1 || n > maxSection || len(ids) == maxSections {
			return nil, false
		}
		ids = append(ids, int(n))
	}
	if all {
		return nil, true
	}
	slices.Sort(ids)
	return slices.Compact(ids), len(ids) > 0
}
