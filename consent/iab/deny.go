package iab

import "github.com/discreet-go/discreet/consent"

// The two-bit values that the specifications define. What they mean depends on
// the field.
const (
	notApplicable = 0
	first         = 1 // opted out; no consent; notice was given; yes
	second        = 2 // did not opt out; consent; notice was not given; no
	undefined     = 3
)

// sensitiveField returns the field of a sensitive category of the national section.
func sensitiveField(category int) Field { return SensitiveDataProcessing + Field(category-1) }

// childField returns the field of an age of children: 1 for 13 to 16, 2 for less
// than 13, 3 for 16 to 17.
func childField(n int) Field { return KnownChildSensitiveDataConsents + Field(n-1) }

// moves says where the sensitive categories of a state stand in the national
// section; the others keep their place, or have none where they are not listed.
type move struct{ from, to uint8 }

var (
	californiaMoves = [...]move{{1, 9}, {2, 10}, {3, 8}, {4, 1}, {4, 2}, {5, 12}, {6, 6}, {7, 7}, {8, 3}, {9, 4}}
	utahMoves       = [...]move{{1, 1}, {2, 2}, {3, 4}, {4, 5}, {5, 3}, {6, 6}, {7, 7}, {8, 8}}
)

// national returns the fields as a national section would hold them, with those
// absent that the state does not have.
func (u *US) national() fieldsUS {
	f := u.fields
	switch u.section {
	case SectionUSCA:
		f.rearrange(&u.fields, californiaMoves[:])
	case SectionUSUT:
		f.rearrange(&u.fields, utahMoves[:])
	}
	if u.section == SectionUSNat {
		return f
	}
	// A state that does not tell the young from the very young never consents, and
	// Connecticut, which does, never for the very young.
	all := [children]uint8(u.fields[KnownChildSensitiveDataConsents:])
	one, two, three := notApplicable, notApplicable, absent
	for _, v := range all {
		switch v {
		case absent, notApplicable:
		case undefined:
			three = undefined
		default:
			one, two = first, first
		}
	}
	if u.section == SectionUSCT && all[1] == second && all[2] == second {
		one = second
	}
	f[childField(1)], f[childField(2)], f[childField(3)] = uint8(one), uint8(two), three
	return f
}

// rearrange moves the sensitive categories.
func (f *fieldsUS) rearrange(from *fieldsUS, moves []move) {
	for i := range Field(sensitives) {
		f[SensitiveDataProcessing+i] = absent
	}
	for _, m := range moves {
		f[sensitiveField(int(m.to))] = from[sensitiveField(int(m.from))]
	}
}

// Signal applies the denial table of docs/formats.md: what the section says about
// selling and sharing data and about advertising. A refusal or an opt-out
// Forbids; a contradiction, a missing notice, an undefined value and whatever
// else denies without being the person's no is Unclear; all else Permits. Global
// Privacy Control is not part of it: see Get with Gpc.
//
// The rows are those of Prebid's "US Compliance Support" and of its code, each
// state read as a national section; where they differ, the stricter one.
func (u *US) Signal() consent.Signal {
	if u.section == 0 {
		return consent.Silent
	}
	f := u.national()
	with := f.byValue()
	switch {
	case with.forbidden():
		return consent.Forbids
	case with.unclear():
		return consent.Unclear
	}
	return consent.Permits
}

// fieldSet is a set of fields, one bit each.
type fieldSet uint64

// valueSets are the fields by their values; the last is of those absent.
type valueSets [absent + 1]fieldSet

func (f *fieldsUS) byValue() (with valueSets) {
	for i, v := range f {
		with[min(v, absent)] |= 1 << i
	}
	return with
}

// The fields of the rows.
const (
	optOuts          fieldSet = 1<<SaleOptOut | 1<<SharingOptOut | 1<<TargetedAdvertisingOptOut
	notices          fieldSet = 1<<SharingNotice | 1<<SaleOptOutNotice | 1<<SharingOptOutNotice | 1<<TargetedAdvertisingOptOutNotice | sensitiveNotices
	sensitiveNotices fieldSet = 1<<SensitiveDataProcessingOptOutNotice | 1<<SensitiveDataLimitUseNotice
	sensitive        fieldSet = (1<<sensitives - 1) << SensitiveDataProcessing
	childAll         fieldSet = (1<<children - 1) << KnownChildSensitiveDataConsents
	veryYoung        fieldSet = 2 << KnownChildSensitiveDataConsents

	// never are the sensitive categories that have no business in advertising,
	// whatever the person agreed to: genetic, biometric, documents of identity,
	// accounts and cards, contents of mail, victims of crime, transgender or
	// nonbinary: 6, 7, 9, 10, 12, 14, 16.
	never fieldSet = (1<<5 | 1<<6 | 1<<8 | 1<<9 | 1<<11 | 1<<13 | 1<<15) << SensitiveDataProcessing
)

// forbidden holds the rows in which the person, or who answers for a child, said
// no. Consent for the very young is not recognised.
func (with *valueSets) forbidden() bool {
	return with[first]&(optOuts|sensitive|childAll) != 0 || with[second]&veryYoung != 0
}

// unclear holds the rows in which the section cannot be relied on.
func (with *valueSets) unclear() bool {
	no, na, undef := with[second], with[notApplicable], with[undefined]
	switch {
	case no&notices != 0: // notice was not given
		return true
	case with.unasked(SharingNotice, SharingOptOut),
		with.unasked(SaleOptOutNotice, SaleOptOut),
		with.unasked(SharingOptOutNotice, SharingOptOut),
		with.unasked(TargetedAdvertisingOptOutNotice, TargetedAdvertisingOptOut):
		return true
	case na&sensitiveNotices != 0 && no&sensitive != 0: // consent without notice
		return true
	case no&never != 0:
		return true
	case no&(1<<PersonalDataConsents) != 0: // consent to what is unrelated to the purpose of collection
		return true
	case with[first]&(1<<MspaServiceProviderMode) != 0: // the publisher handles no data for advertising
		return true
	case na&(1<<MspaCoveredTransaction) != 0: // must not be zero
		return true
	}
	return undef != 0
}

// unasked reports whether notice of an opt-out was not due, and yet the person is
// said not to have opted out.
func (with *valueSets) unasked(notice, optOut Field) bool {
	return with[notApplicable]>>notice&1 == 1 && with[second]>>optOut&1 == 1
}

// Age returns Child or Minor where the section says that the person is known to
// be a child, and AgeUnknown otherwise. A section that does not tell ages apart
// means Child.
func (u *US) Age() consent.Age {
	if u.section == 0 {
		return consent.AgeUnknown
	}
	known := func(n int) bool {
		v := u.fields[childField(n)]
		return v != absent && v != notApplicable
	}
	young, minor := known(2), known(1) || known(3)
	switch u.section {
	case SectionUSNat:
	case SectionUSCT: // numbered otherwise: a known child first, then twice 13 to 16
		young, minor = known(1), known(2) || known(3)
	default:
		young = young || minor
	}
	switch {
	case young:
		return consent.Child
	case minor:
		return consent.Minor
	}
	return consent.AgeUnknown
}
