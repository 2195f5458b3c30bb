package iab

import "strings"

// The sections that this package reads, by their numbers in a GPP string.
const (
	SectionTCF    = 2  // TC string, read by ParseTCF
	SectionUSP    = 6  // US Privacy, read by ParseUSP
	SectionUSNat  = 7  // United States, national; read by ParseUS as are the states
	SectionUSCA   = 8  // California
	SectionUSVA   = 9  // Virginia
	SectionUSCO   = 10 // Colorado
	SectionUSUT   = 11 // Utah
	SectionUSCT   = 12 // Connecticut
	lastUSSection = 27 // the last state known to have a section
)

// GPP is a string of the Global Privacy Platform: a header that numbers sections,
// and their texts, which [ParseGPP] does not read. It refers to the text that it
// was read from, is comparable, and may be used from several goroutines. The zero
// GPP holds no section.
//
// Source: IAB Tech Lab, Global Privacy Platform, "Consent String Specification".
type GPP struct {
	text string
	n    int
	ids  [MaxSections]uint16 // ascending
	ends [MaxSections]uint16 // of the sections in the text
	head uint16              // end of the header
}

// ParseGPP reads the header of a GPP string, of type 3 and version 1, and finds the
// sections. It allocates nothing, keeps text, and takes time proportional to its
// length: a header that announces more sections than the text holds, or more than
// MaxSections, is refused before its ranges are read on.
//
// The errors are ErrLength, ErrText, ErrHeader, ErrVersion, ErrRange and ErrSection.
func ParseGPP(text string) (GPP, error) {
	if text == "" || len(text) > MaxText {
		return GPP{}, ErrLength
	}
	head := strings.IndexByte(text, '~')
	if head < 0 {
		head = len(text)
	}
	if !encoded(text[:head]) {
		return GPP{}, ErrText
	}
	parts := strings.Count(text[head:], "~")
	if parts > MaxSections {
		return GPP{}, ErrSection
	}
	g := GPP{text: text, n: parts, head: uint16(head)}
	r := readerOf(text, 0, head)
	if err := g.header(&r); err != nil {
		return GPP{}, err
	}
	from := head
	for i := range parts {
		end := len(text)
		if j := strings.IndexByte(text[from+1:], '~'); j >= 0 {
			end = from + 1 + j
		}
		g.ends[i] = uint16(end)
		from = end
	}
	return g, nil
}

// header reads the numbers of the sections, of which there are g.n.
func (g *GPP) header(r *reader) error {
	const headerType, version = 3, 1
	if r.take(6) != headerType {
		return ErrHeader
	}
	if v := r.take(6); !r.short && v != version {
		return ErrVersion
	}
	items := int(r.take(12))
	if r.short {
		return ErrLength
	}
	if items > g.n {
		return ErrSection
	}
	id, found := 0, 0
	for range items {
		group := r.take(1) == 1
		first := id + r.fibonacci()
		last := first
		if group {
			last += r.fibonacci()
		}
		switch {
		case r.short:
			return ErrLength
		case first == id, group && last == first, last > 1<<16-1:
			return ErrRange
		case last-first >= g.n-found:
			return ErrSection
		}
		for id = first; id <= last; id++ {
			g.ids[found] = uint16(id)
			found++
		}
		id = last
	}
	if found != g.n {
		return ErrSection
	}
	if !r.rest() {
		return ErrLength
	}
	return nil
}

// String returns the text that was read.
func (g *GPP) String() string { return g.text }

// Len returns the number of sections.
func (g *GPP) Len() int { return g.n }

// At returns the number and the text of section i, from 0 to Len()-1, in the
// order of the string, which is that of the numbers; beyond, 0 and "".
func (g *GPP) At(i int) (id int, text string) {
	if i < 0 || i >= g.n {
		return 0, ""
	}
	from := g.head
	if i > 0 {
		from = g.ends[i-1]
	}
	return int(g.ids[i]), g.text[from+1 : g.ends[i]]
}

// Section returns the text of the section with a number, and whether there is one.
func (g *GPP) Section(id int) (text string, ok bool) {
	for i := range g.n {
		if int(g.ids[i]) == id {
			_, text := g.At(i)
			return text, true
		}
	}
	return "", false
}
