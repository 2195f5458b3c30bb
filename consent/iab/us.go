package iab

import "strings"

// Field is a field of a section of the United States, under the name that the
// national section gives it.
type Field uint8

// The fields. Of SensitiveDataProcessing and KnownChildSensitiveDataConsents each
// is the first of several: category 3 of a section is SensitiveDataProcessing+2.
// Categories are numbered as the section in question does.
const (
	SharingNotice Field = iota
	SaleOptOutNotice
	SharingOptOutNotice
	TargetedAdvertisingOptOutNotice
	SensitiveDataProcessingOptOutNotice
	SensitiveDataLimitUseNotice
	SaleOptOut
	SharingOptOut
	TargetedAdvertisingOptOut
	PersonalDataConsents
	MspaCoveredTransaction
	MspaOptOutOptionMode
	MspaServiceProviderMode
	Gpc // of the sub-section; 0 or 1
	SensitiveDataProcessing
	KnownChildSensitiveDataConsents Field = SensitiveDataProcessing + sensitives

	numFields = KnownChildSensitiveDataConsents + children
)

// How many fields there are of either kind, at the most.
const (
	sensitives = 16
	children   = 3
)

// absent stands for a field that a section does not have.
const absent uint8 = 4

// fieldsUS are the values of all fields.
type fieldsUS [numFields]uint8

// nothing has no field.
var nothing = func() (f fieldsUS) {
	for i := range f {
		f[i] = absent
	}
	return f
}()

// US is a section of the United States, read by [ParseUS]: national, California,
// Virginia, Colorado, Utah or Connecticut. It is comparable and refers to
// nothing. The zero US is no section.
//
// Source: IAB Tech Lab, Global Privacy Platform, sections US-National and
// US-States.
type US struct {
	section uint8
	version uint8
	fields  fieldsUS
}

// layout is the order of two-bit fields behind the version of a core
// sub-section: those before the sensitive categories, the numbers of categories
// and of children, and whether PersonalDataConsents follows. The three fields of
// the MSPA end it.
type layout struct {
	before    []Field
	sensitive int
	children  int
	personal  bool
}

// characters returns how many characters a core sub-section has at the least and
// at the most: its bits are filled up to six, eight or 24.
func (l *layout) characters() (least, most int) {
	bits := 6 + 2*(len(l.before)+l.sensitive+l.children+3)
	if l.personal {
		bits += 2
	}
	return (bits + 5) / 6, (bits + 23) / 24 * 4
}

var (
	usnat1 = layout{usnat2.before, 12, 2, true}
	usnat2 = layout{[]Field{
		SharingNotice, SaleOptOutNotice, SharingOptOutNotice, TargetedAdvertisingOptOutNotice,
		SensitiveDataProcessingOptOutNotice, SensitiveDataLimitUseNotice, SaleOptOut, SharingOptOut, TargetedAdvertisingOptOut,
	}, 16, 3, true}
	usca = layout{[]Field{SaleOptOutNotice, SharingOptOutNotice, SensitiveDataLimitUseNotice, SaleOptOut, SharingOptOut}, 9, 2, true}
	usva = layout{[]Field{SharingNotice, SaleOptOutNotice, TargetedAdvertisingOptOutNotice, SaleOptOut, TargetedAdvertisingOptOut}, 8, 1, false}
	usco = layout{usva.before, 7, 1, false}
	usut = layout{[]Field{
		SharingNotice, SaleOptOutNotice, TargetedAdvertisingOptOutNotice, SensitiveDataProcessingOptOutNotice,
		SaleOptOut, TargetedAdvertisingOptOut,
	}, 8, 1, false}
	usct = layout{usva.before, 8, 3, false}
)

// layoutOf returns the layout of a section, and how many versions of it are
// known. The national section has two, and strings that mix a version with the
// other's length are about: as in the reference library the length decides.
func layoutOf(section, characters int) (l *layout, versions uint8) {
	switch section {
	case SectionUSNat:
		if least, _ := usnat2.characters(); characters < least {
			return &usnat1, 2
		}
		return &usnat2, 2
	case SectionUSCA:
		return &usca, 1
	case SectionUSVA:
		return &usva, 1
	case SectionUSCO:
		return &usco, 1
	case SectionUSUT:
		return &usut, 1
	case SectionUSCT:
		return &usct, 1
	}
	return nil, 0
}

// ParseUS reads the section of that number, SectionUSNat to SectionUSCT: the core
// sub-section and those for Global Privacy Control. It allocates nothing.
//
// Values are as they are in the string, also 3, which no field defines. The
// errors are ErrSection for another number, ErrText, ErrLength, ErrVersion, and
// ErrSegment for a sub-section of another kind.
func ParseUS(section int, text string) (US, error) {
	if len(text) > MaxText {
		return US{}, ErrLength
	}
	core, more, again := strings.Cut(text, ".")
	l, versions := layoutOf(section, len(core))
	if l == nil {
		return US{}, ErrSection
	}
	if core == "" {
		return US{}, ErrLength
	}
	if !encoded(core) {
		return US{}, ErrText
	}
	u := US{section: uint8(section), version: sextets[core[0]], fields: nothing}
	if u.version == 0 || u.version > versions {
		return US{}, ErrVersion
	}
	if least, most := l.characters(); len(core) < least || len(core) > most {
		return US{}, ErrLength
	}
	if !u.core(l, core) {
		return US{}, ErrLength
	}
	for n := 1; again; n++ {
		if n == MaxSegments {
			return US{}, ErrSegment
		}
		var part string
		part, more, again = strings.Cut(more, ".")
		if err := u.subsection(part); err != nil {
			return US{}, err
		}
	}
	return u, nil
}

// core reads the fields of a core sub-section that is long enough, and reports
// whether only zeros follow them. A character holds three fields.
func (u *US) core(l *layout, core string) bool {
	var room [3 * (longestCore - 1)]uint8
	values := room[:3*(len(core)-1)]
	for i := 1; i < len(core); i++ {
		v := sextets[core[i]]
		three := values[3*i-3 : 3*i]
		three[0], three[1], three[2] = v>>4&3, v>>2&3, v&3
	}
	for i, f := range l.before {
		u.fields[f] = values[i]
	}
	values = values[len(l.before):]
	copy(u.fields[SensitiveDataProcessing:], values[:l.sensitive])
	values = values[l.sensitive:]
	copy(u.fields[KnownChildSensitiveDataConsents:], values[:l.children])
	values = values[l.children:]
	if l.personal {
		u.fields[PersonalDataConsents] = values[0]
		values = values[1:]
	}
	u.fields[MspaCoveredTransaction] = values[0]
	u.fields[MspaOptOutOptionMode] = values[1]
	u.fields[MspaServiceProviderMode] = values[2]
	for _, v := range values[3:] {
		if v != 0 {
			return false
		}
	}
	return true
}

// longestCore is how many characters a core sub-section has at the most.
const longestCore = 12

// subsection reads a sub-section behind the core. Of several for Global Privacy
// Control one that is set counts.
func (u *US) subsection(part string) error {
	if part == "" || len(part) > 4 {
		return ErrLength
	}
	if !encoded(part) {
		return ErrText
	}
	r := readerOf(part, 0, len(part))
	const gpc = 1
	if r.take(2) != gpc {
		return ErrSegment
	}
	set := uint8(r.take(1))
	if !r.rest() {
		return ErrLength
	}
	if u.fields[Gpc] == absent {
		u.fields[Gpc] = 0
	}
	u.fields[Gpc] |= set
	return nil
}

// Section returns the number of the section, or 0.
func (u *US) Section() int { return int(u.section) }

// Version returns the version that the section says it has.
func (u *US) Version() int { return int(u.version) }

// Get returns the value of a field, 0 to 3, and whether the section has the field.
func (u *US) Get(f Field) (value int, ok bool) {
	if f >= numFields || u.section == 0 || u.fields[f] == absent {
		return 0, false
	}
	return int(u.fields[f]), true
}
