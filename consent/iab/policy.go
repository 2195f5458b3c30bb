package iab

import (
	"time"

	"github.com/discreet-go/discreet/consent"
)

// The rules of the framework's policies, in tenths of seconds as strings count.
const (
	second10 = 10
	day10    = 24 * 60 * 60 * second10

	oldest = 395 * day10 // people are asked again after 13 months at the latest
	ahead  = 2 * day10   // strings carry days, of whatever zone, and clocks differ

	policy4From   = 1_696_118_400 * second10 // 2023-10-01: strings under older policies are invalid
	disclosedFrom = 1_772_323_200 * second10 // 2026-03-01: strings without disclosed vendors are invalid

	policy22 = 4 // that of TCF 2.2
	policy23 = 5 // that of TCF 2.3, the newest known
)

// hear reads a TC string. What makes it Unclear comes after what Forbids only
// where the string can be relied on at all.
func (r *TCFRule) hear(text string, now time.Time) consent.Signal {
	t, err := ParseTCF(text)
	if err != nil || !r.valid() || !t.current(now) {
		return consent.Unclear
	}
	heard := consent.Permits
	var purposes uint32
	for _, p := range r.Purposes {
		purposes |= purposeBit(p)
		switch {
		case p == 1 && t.purposeOne: // nobody was asked, so nobody agreed or refused
			heard = stricter(heard, consent.Unclear)
		case !t.PurposeConsent(p):
			return consent.Forbids
		}
	}
	for _, f := range r.SpecialFeatures {
		if !t.SpecialFeature(f) {
			return consent.Forbids
		}
	}
	if r.Vendor == 0 {
		return heard
	}
	switch kinds := t.kinds(r.Vendor, purposes); {
	case kinds&(1<<NotAllowed|1<<RequireLegitimateInterest) != 0:
		return consent.Forbids
	case kinds&(1<<UndefinedRestriction) != 0:
		heard = consent.Unclear
	}
	switch {
	case t.HasDisclosed() && !t.Disclosed(r.Vendor):
		return consent.Unclear // the person was never shown the vendor
	case !t.VendorConsent(r.Vendor):
		return consent.Forbids
	}
	return heard
}

// current reports whether the string is one that the policies let anybody rely on.
func (t *TCF) current(now time.Time) bool {
	ms := now.UnixMilli()
	if ms < 0 {
		return false
	}
	tenths := uint64(ms) / 100
	switch {
	case t.updated > tenths+ahead, t.updated+oldest < tenths, t.created > t.updated:
		return false
	case !t.serviceSpecific:
		return false
	case t.policy > policy23, t.policy < policy22 && t.updated >= policy4From:
		return false
	case !t.HasDisclosed() && (t.policy >= policy23 || t.updated >= disclosedFrom):
		return false
	}
	return true
}
