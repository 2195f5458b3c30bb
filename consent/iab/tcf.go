package iab

import (
	"strings"
	"time"
)

// TCF is a TC string of version 2 (Transparency and Consent Framework 2.0 to
// 2.3), read by [ParseTCF]. It refers to the text that it was read from, is
// comparable, and may be copied and used from several goroutines. The zero TCF
// consents to nothing.
//
// Source: IAB Tech Lab, "Consent string and vendor list formats v2".
type TCF struct {
	text             string
	created, updated uint64 // tenths of seconds since 1970
	purposes         uint32 // 24 bits, purpose 1 first
	interests        uint32
	ownPurposes      uint32 // of the publisher
	ownInterests     uint32
	vendors          idSet
	vendorInterests  idSet
	disclosed        idSet
	restrictions     uint16 // bit of the text where they begin
	nRestrictions    uint16
	cmp, cmpVersion  uint16
	vendorList       uint16
	features         uint16 // 12 bits, special feature 1 first
	language         [2]uint8
	country          [2]uint8
	screen           uint8
	policy           uint8
	ownCustom        uint8
	segments         uint8 // types that were there, one bit each
	serviceSpecific  bool
	nonStandard      bool
	purposeOne       bool
}

// The types of segments that are read.
const (
	disclosedSegment = 1
	publisherSegment = 3
)

// ParseTCF reads a TC string: the core, and the segments of disclosed vendors and
// of the publisher, in any order; segments of other types are passed over. It
// allocates nothing, keeps text, and takes time proportional to its length.
//
// Every character is checked, every range, and that what follows the last field
// is zero bits only. A string of any other version than 2 is ErrVersion; the
// other errors are ErrText, ErrLength, ErrRange and ErrSegment.
func ParseTCF(text string) (TCF, error) {
	if text == "" || len(text) > MaxText {
		return TCF{}, ErrLength
	}
	if sextets[text[0]] != 2 && sextets[text[0]] < 64 {
		return TCF{}, ErrVersion
	}
	t := TCF{text: text}
	for from, segment := 0, 0; ; segment++ {
		if segment == MaxSegments {
			return TCF{}, ErrSegment
		}
		until := len(text)
		if i := strings.IndexByte(text[from:], '.'); i >= 0 {
			until = from + i
		}
		if err := t.segment(segment, from, until); err != nil {
			return TCF{}, err
		}
		if until == len(text) {
			return t, nil
		}
		from = until + 1
	}
}

// segment reads the characters from to until of the text.
func (t *TCF) segment(number, from, until int) error {
	part := t.text[from:until]
	if part == "" {
		return ErrLength
	}
	if len(part)%4 == 1 || !encoded(part) {
		return ErrText
	}
	r := readerOf(t.text, from, until)
	var err error
	if number == 0 {
		err = t.core(&r)
	} else {
		kind := uint8(r.take(3))
		if kind == 0 || t.segments&(1<<kind) != 0 {
			return ErrSegment
		}
		t.segments |= 1 << kind
		switch kind {
		case disclosedSegment:
			t.disclosed, err = readSet(&r)
		case publisherSegment:
			t.ownPurposes = uint32(r.take(24))
			t.ownInterests = uint32(r.take(24))
			t.ownCustom = uint8(r.take(6))
			r.skip(2 * int(t.ownCustom))
		default:
			return nil
		}
	}
	if err != nil {
		return err
	}
	if r.short || !r.rest() {
		return ErrLength
	}
	return nil
}

// core reads the core segment.
func (t *TCF) core(r *reader) error {
	const fixed = 213 // bits before the vendors
	if r.end-r.pos < fixed {
		return ErrLength
	}
	r.take(6) // the version, which is 2
	t.created = r.take(36)
	t.updated = r.take(36)
	v := r.take(42)
	t.cmp, t.cmpVersion, t.screen = uint16(v>>30), uint16(v>>18&0xfff), uint8(v>>12&63)
	t.language = [2]uint8{uint8(v >> 6 & 63), uint8(v & 63)}
	v = r.take(32)
	t.vendorList, t.policy = uint16(v>>20), uint8(v>>14&63)
	t.serviceSpecific, t.nonStandard, t.features = v>>13&1 == 1, v>>12&1 == 1, uint16(v&0xfff)
	v = r.take(48)
	t.purposes, t.interests = uint32(v>>24), uint32(v&0xffffff)
	v = r.take(13)
	t.purposeOne, t.country = v>>12 == 1, [2]uint8{uint8(v >> 6 & 63), uint8(v & 63)}

	var err error
	if t.vendors, err = readSet(r); err != nil {
		return err
	}
	if t.vendorInterests, err = readSet(r); err != nil {
		return err
	}
	t.nRestrictions = uint16(r.take(12))
	t.restrictions = uint16(r.pos)
	for range t.nRestrictions {
		if err := checkRanges(r, int(r.take(20)&0xfff), 1<<16-1); err != nil {
			return err
		}
		if r.short {
			return ErrLength
		}
	}
	return nil
}

// purposeBit returns the bit of a purpose among 24, or 0.
func purposeBit(purpose int) uint32 {
	if purpose < 1 || purpose > 24 {
		return 0
	}
	return 1 << (24 - purpose)
}

// String returns the text that was read.
func (t *TCF) String() string { return t.text }

// Created returns the time that is noted as that of creation, in UTC, to a tenth
// of a second. Since December 2021 it is the same as LastUpdated, and a day.
func (t *TCF) Created() time.Time { return instant(t.created) }

// LastUpdated returns when the person last chose, in UTC, to a tenth of a second.
func (t *TCF) LastUpdated() time.Time { return instant(t.updated) }

func instant(tenths uint64) time.Time {
	return time.Unix(int64(tenths/10), int64(tenths%10)*100_000_000).UTC()
}

// CMP returns the number of the consent management platform that wrote the string.
func (t *TCF) CMP() int { return int(t.cmp) }

// CMPVersion returns the version of that platform, in its own numbers.
func (t *TCF) CMPVersion() int { return int(t.cmpVersion) }

// ConsentScreen returns the screen on which the person chose, in the platform's numbers.
func (t *TCF) ConsentScreen() int { return int(t.screen) }

// Language returns the two letters of the language in which the person was asked,
// in upper case. What no letters encode to comes out as other ASCII characters.
func (t *TCF) Language() [2]byte { return letters(t.language) }

// Country returns the two letters of the publisher's country, as Language does.
func (t *TCF) Country() [2]byte { return letters(t.country) }

func letters(v [2]uint8) [2]byte { return [2]byte{'A' + v[0], 'A' + v[1]} }

// VendorList returns the version of the global vendor list that was shown.
func (t *TCF) VendorList() int { return int(t.vendorList) }

// Policy returns the version of the framework's policies: 4 is that of 2.2, 5 that of 2.3.
func (t *TCF) Policy() int { return int(t.policy) }

// ServiceSpecific reports whether the string speaks of one service, or group of
// them. Strings that do not have been invalid since September 2021.
func (t *TCF) ServiceSpecific() bool { return t.serviceSpecific }

// NonStandardTexts reports whether the person was asked in words of the platform's own.
func (t *TCF) NonStandardTexts() bool { return t.nonStandard }

// SpecialFeature reports whether the person opted in to a special feature, 1 to 12.
func (t *TCF) SpecialFeature(id int) bool {
	return id >= 1 && id <= 12 && t.features>>(12-id)&1 == 1
}

// PurposeConsent reports whether the person consents to a purpose, 1 to 24.
func (t *TCF) PurposeConsent(purpose int) bool { return t.purposes&purposeBit(purpose) != 0 }

// PurposeInterest reports whether legitimate interest was made known for a
// purpose, 1 to 24, and not objected to. That is no consent.
func (t *TCF) PurposeInterest(purpose int) bool { return t.interests&purposeBit(purpose) != 0 }

// PurposeOneTreatment reports whether the person was never asked about purpose 1,
// storing and reading on the device, because the publisher's law does not ask for it.
func (t *TCF) PurposeOneTreatment() bool { return t.purposeOne }

// VendorConsent reports whether the person consents to a vendor, by its number in
// the global vendor list. Looking it up costs time proportional to the number of
// ranges, or nothing of note where the string has a bit for each vendor.
func (t *TCF) VendorConsent(id int) bool { return t.vendors.has(t.text, id) }

// VendorInterest reports whether the legitimate interest of a vendor was made
// known and not objected to, at the cost of VendorConsent. That is no consent.
func (t *TCF) VendorInterest(id int) bool { return t.vendorInterests.has(t.text, id) }

// MaxVendor returns the largest number of a vendor that the consents speak of.
func (t *TCF) MaxVendor() int { return int(t.vendors.max) }

// HasDisclosed reports whether the string says which vendors were shown to the
// person. Since 2.3 it must.
func (t *TCF) HasDisclosed() bool { return t.segments&(1<<disclosedSegment) != 0 }

// Disclosed reports whether a vendor was shown to the person, at the cost of VendorConsent.
func (t *TCF) Disclosed(id int) bool { return t.disclosed.has(t.text, id) }

// HasPublisher reports whether the string holds consent to the publisher's own purposes.
func (t *TCF) HasPublisher() bool { return t.segments&(1<<publisherSegment) != 0 }

// PublisherConsent reports whether the person consents to a purpose, 1 to 24, of
// the publisher itself.
func (t *TCF) PublisherConsent(purpose int) bool { return t.ownPurposes&purposeBit(purpose) != 0 }

// PublisherInterest reports whether legitimate interest of the publisher itself
// was made known for a purpose, 1 to 24, and not objected to. That is no consent.
func (t *TCF) PublisherInterest(purpose int) bool { return t.ownInterests&purposeBit(purpose) != 0 }

// CustomPurposes returns how many purposes of its own the publisher asked about.
// What was answered to them is not read.
func (t *TCF) CustomPurposes() int { return int(t.ownCustom) }
