package iab

import (
	"time"

	"github.com/discreet-go/discreet/consent"
)

// Rule says what the strings of the frameworks mean for one purpose. The zero
// Rule hears nothing but ages. It is not changed by hearing, and may be used from
// several goroutines.
type Rule struct {
	// TCF is what a TC string must consent to; nil where TC strings say nothing
	// about the purpose.
	TCF *TCFRule

	// US: opt-outs under the laws of the United States and Global Privacy Control
	// apply, because the purpose is advertising, or sharing with third parties.
	US bool
}

// TCFRule is what a TC string must consent to, all of it.
type TCFRule struct {
	Vendor          int   // who asks, by its number in the global vendor list; 0 where only purposes are asked about
	Purposes        []int // purposes that need consent, 1 to 11
	SpecialFeatures []int // special features that need an opt-in, 1 to 12
}

const (
	lastPurpose = 11
	lastFeature = 12
	lastVendor  = 1<<16 - 1
)

// Check returns ErrRule for numbers that no string can answer, and for a TCFRule
// that asks for nothing. Hearing with such a rule makes every TC string Unclear.
func (r *Rule) Check() error {
	if r != nil && r.TCF != nil && !r.TCF.valid() {
		return ErrRule
	}
	return nil
}

func (r *TCFRule) valid() bool {
	for _, p := range r.Purposes {
		if p < 1 || p > lastPurpose {
			return false
		}
	}
	for _, f := range r.SpecialFeatures {
		if f < 1 || f > lastFeature {
			return false
		}
	}
	if r.Vendor < 0 || r.Vendor > lastVendor {
		return false
	}
	return r.Vendor > 0 || len(r.Purposes) > 0 || len(r.SpecialFeatures) > 0
}

// Hear reads signals as of now. It never fails: a string that cannot be read or
// relied on is Unclear. It allocates nothing and takes time proportional to the
// length of the strings. Nil signals and a nil Rule hear nothing.
//
// A TC string may come alone, in a GPP string, or both; of several signals of
// one kind the strictest counts: Forbids, then Unclear, then Permits. Where
// GPPSections says which sections apply, only those are heard, and one that is
// not there, or that nobody here reads, is Unclear; the number -1 says that none
// applies. The age is the given one, or a stricter one that a section tells.
func (r *Rule) Hear(s *consent.Signals, now time.Time) consent.Heard {
	var h consent.Heard
	if s == nil {
		return h
	}
	h.Age = s.Age
	if r == nil {
		return h
	}
	if s.GPC && r.US {
		h.GPC = consent.Forbids
	}
	if s.TCF != "" && r.TCF != nil {
		h.TCF = r.TCF.hear(s.TCF, now)
	}
	if s.GPP != "" || len(s.GPPSections) > 0 {
		r.hearGPP(&h, s, now)
	}
	return h
}

// noSection among the sections that apply says that none does.
const noSection = -1

// hearGPP hears a GPP string, and the list of sections that apply.
func (r *Rule) hearGPP(h *consent.Heard, s *consent.Signals, now time.Time) {
	if len(s.GPPSections) > 0 {
		some := false
		for _, id := range s.GPPSections {
			some = some || id != noSection
		}
		if !some {
			return
		}
	}
	g, err := ParseGPP(s.GPP)
	if err != nil || len(s.GPPSections) > MaxSections {
		r.unknown(h)
		return
	}
	if len(s.GPPSections) == 0 {
		for i := range g.Len() {
			id, text := g.At(i)
			r.hearSection(h, id, text, now)
		}
		return
	}
	for _, id := range s.GPPSections {
		if id == noSection {
			continue
		}
		text, _ := g.Section(id) // without one it is read as empty, which no section is
		r.hearSection(h, id, text, now)
	}
}

// unknown notes that something applies that cannot be read.
func (r *Rule) unknown(h *consent.Heard) {
	if r.US || r.TCF != nil {
		h.GPP = stricter(h.GPP, consent.Unclear)
	}
}

// hearSection hears one section.
func (r *Rule) hearSection(h *consent.Heard, id int, text string, now time.Time) {
	switch {
	case id == SectionTCF:
		if r.TCF != nil {
			h.TCF = stricter(h.TCF, r.TCF.hear(text, now))
		}
	case id == SectionUSP:
		if !r.US {
			return
		}
		if p, err := ParseUSP(text); err == nil {
			h.GPP = stricter(h.GPP, p.Signal())
		} else {
			r.unknown(h)
		}
	case id >= SectionUSNat && id <= SectionUSCT:
		u, err := ParseUS(id, text)
		if err == nil {
			h.Age = max(h.Age, u.Age()) // ages are in the order of strictness
		}
		if !r.US {
			return
		}
		if err != nil {
			r.unknown(h)
			return
		}
		h.GPP = stricter(h.GPP, u.Signal())
		if u.fields[Gpc] == 1 {
			h.GPC = consent.Forbids
		}
	case id > SectionUSCT && id <= lastUSSection:
		if r.US {
			r.unknown(h)
		}
	default:
		r.unknown(h)
	}
}

// stricter returns the stricter of two signals.
func stricter(a, b consent.Signal) consent.Signal {
	if strictness(b) > strictness(a) {
		return b
	}
	return a
}

func strictness(s consent.Signal) int {
	switch s {
	case consent.Silent:
		return 0
	case consent.Permits:
		return 1
	case consent.Forbids:
		return 3
	}
	return 2
}
