package iab_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// today is when the strings of these tests are heard: eight days after plain was written.
var today = time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)

// asked is what the rule of these tests needs: purposes 1, 3 and 4, special
// feature 1, and vendor 42.
func asked() *iab.TCFRule {
	return &iab.TCFRule{Vendor: 42, Purposes: []int{1, 3, 4}, SpecialFeatures: []int{1}}
}

func without(list []int, id int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(i int) bool { return i == id })
}

func tenths(at time.Time) int { return int(at.UnixMilli() / 100) }

// Each of the policy rules, and each refusal, alone.
func TestHearTCF(t *testing.T) {
	day := func(y int, m time.Month, d int) int { return tenths(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)) }
	for _, c := range []struct {
		name   string
		change func(*slowTCF)
		want   consent.Signal
	}{
		{"consent to all", func(*slowTCF) {}, permits},
		{"no purpose 1", func(s *slowTCF) { s.purposes = without(s.purposes, 1) }, forbids},
		{"no purpose 4", func(s *slowTCF) { s.purposes = without(s.purposes, 4) }, forbids},
		{"no purpose that is not asked for", func(s *slowTCF) { s.purposes = without(s.purposes, 5) }, permits},
		{"no special feature", func(s *slowTCF) { s.features = []int{2} }, forbids},
		{"no vendor", func(s *slowTCF) { s.vendors.list = []span{{1, 41}, {43, 800}} }, forbids},
		{"legitimate interest alone", func(s *slowTCF) {
			s.purposes, s.interests = nil, s.purposes
			s.vendors, s.vendorInterests = s.vendorInterests, s.vendors
		}, forbids},
		{"the publisher's consent alone", func(s *slowTCF) { s.purposes, s.ownPurposes = nil, s.purposes }, forbids},
		{"nobody was asked for purpose 1", func(s *slowTCF) { s.purposes, s.purposeOne = without(s.purposes, 1), true }, unclear},
		{"nor for purpose 1, and no purpose 3", func(s *slowTCF) { s.purposes, s.purposeOne = []int{4}, true }, forbids},
		{"not allowed by the publisher", restricted(3, iab.NotAllowed, span{40, 50}), forbids},
		{"legitimate interest by the publisher", restricted(4, iab.RequireLegitimateInterest, span{42, 42}), forbids},
		{"consent by the publisher", restricted(4, iab.RequireConsent, span{42, 42}), permits},
		{"undefined restriction", restricted(1, iab.UndefinedRestriction, span{42, 42}), unclear},
		{"another vendor restricted", restricted(3, iab.NotAllowed, span{43, 800}), permits},
		{"another purpose restricted", restricted(5, iab.NotAllowed, span{42, 42}), permits},
		{"vendor not shown", func(s *slowTCF) { s.disclosed.list = []span{{1, 41}} }, unclear},
		{"vendor not shown and no consent", func(s *slowTCF) { s.disclosed.list, s.vendors.list = []span{{1, 41}}, nil }, unclear},
		{"vendor not shown and no purpose", func(s *slowTCF) { s.disclosed.list, s.purposes = []span{{1, 41}}, nil }, forbids},
		{"no disclosed vendors", func(s *slowTCF) { s.disclosed = nil }, unclear},
		{"no disclosed vendors, no purpose", func(s *slowTCF) { s.disclosed, s.purposes = nil, nil }, unclear},
		{"policy 4", func(s *slowTCF) { s.policy = 4 }, permits},
		{"policy 4 without disclosed vendors", func(s *slowTCF) { s.policy, s.disclosed = 4, nil }, unclear},
		{"the same, of February 2026", func(s *slowTCF) {
			s.policy, s.disclosed, s.created = 4, nil, day(2026, 2, 28)
			s.updated = s.created
		}, permits},
		{"policy 5 of then", func(s *slowTCF) { s.disclosed, s.created, s.updated = nil, day(2026, 2, 28), day(2026, 2, 28) }, unclear},
		{"policy 3", func(s *slowTCF) { s.policy = 3 }, unclear},
		{"policy 6", func(s *slowTCF) { s.policy = 6 }, unclear},
		{"policy 63", func(s *slowTCF) { s.policy = 63 }, unclear},
		{"not of one service", func(s *slowTCF) { s.serviceSpecific = false }, unclear},
		{"created after it was updated", func(s *slowTCF) { s.created++ }, unclear},
		{"395 days old", aged(395 * 24 * time.Hour), permits},
		{"older", aged(395*24*time.Hour + 100*time.Millisecond), unclear},
		{"two days ahead", aged(-48 * time.Hour), permits},
		{"further ahead", aged(-48*time.Hour - 100*time.Millisecond), unclear},
		{"of 1970", func(s *slowTCF) { s.created, s.updated = 0, 0 }, unclear},
		{"of the end of time", func(s *slowTCF) { s.updated = 1<<36 - 1 }, unclear},
	} {
		s := plain()
		c.change(s)
		for _, f := range []form{{}, {vendors: true, interests: true, disclosed: true}} {
			text := s.write(f)
			h := (&iab.Rule{TCF: asked()}).Hear(&consent.Signals{TCF: text}, today)
			if h != (consent.Heard{TCF: c.want}) {
				t.Errorf("%s: %+v, want %v", c.name, h, c.want)
			}
			gpp := writeGPP([]slowSection{{2, text}}, false)
			if h := (&iab.Rule{TCF: asked()}).Hear(&consent.Signals{GPP: gpp}, today); h != (consent.Heard{TCF: c.want}) {
				t.Errorf("%s, as a section: %+v, want %v", c.name, h, c.want)
			}
		}
	}
}

func restricted(purpose int, kind iab.RestrictionKind, vendors ...span) func(*slowTCF) {
	return func(s *slowTCF) {
		s.restrictions = []slowRestriction{{2, 0, []span{{1, 800}}}, {purpose, int(kind), vendors}}
	}
}

func aged(by time.Duration) func(*slowTCF) {
	return func(s *slowTCF) {
		s.updated = tenths(today.Add(-by))
		s.created, s.policy = s.updated, 4
	}
}

// Policies before 4 counted until the end of September 2023.
func TestHearOldPolicy(t *testing.T) {
	for last, want := range map[time.Time]consent.Signal{
		time.Date(2023, 9, 30, 23, 59, 59, 0, time.UTC): permits,
		time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC):    unclear,
	} {
		s := plain()
		s.created, s.updated, s.policy, s.disclosed = tenths(last), tenths(last), 2, nil
		h := (&iab.Rule{TCF: asked()}).Hear(&consent.Signals{TCF: s.write(form{})}, last.Add(time.Hour))
		if h.TCF != want {
			t.Errorf("%v: %v, want %v", last, h.TCF, want)
		}
	}
}

// Only purposes are asked where there is no vendor.
func TestHearPurposesOnly(t *testing.T) {
	s := plain()
	s.vendors.list, s.disclosed.list = nil, nil
	s.restrictions = []slowRestriction{{1, 0, []span{{1, 65535}}}}
	rule := iab.Rule{TCF: &iab.TCFRule{Purposes: []int{1, 11}}}
	if h := rule.Hear(&consent.Signals{TCF: s.write(form{})}, today); h.TCF != permits {
		t.Errorf("%v", h)
	}
}

func TestCheck(t *testing.T) {
	good := []*iab.Rule{nil, {}, {US: true}, {TCF: asked()}, {TCF: &iab.TCFRule{Vendor: 65535}}, {TCF: &iab.TCFRule{SpecialFeatures: []int{12}}}}
	for i, r := range good {
		if err := r.Check(); err != nil {
			t.Errorf("rule %d: %v", i, err)
		}
	}
	text := plain().write(form{})
	for i, r := range []*iab.TCFRule{
		{}, {Vendor: -1}, {Vendor: 65536}, {Purposes: []int{0}}, {Purposes: []int{1, 12}}, {Purposes: []int{-1}},
		{Vendor: 1, SpecialFeatures: []int{13}}, {Vendor: 1, SpecialFeatures: []int{0}},
	} {
		r := iab.Rule{TCF: r}
		if err := r.Check(); !errors.Is(err, iab.ErrRule) {
			t.Errorf("bad rule %d: %v", i, err)
		}
		if h := r.Hear(&consent.Signals{TCF: text}, today); h.TCF != unclear {
			t.Errorf("bad rule %d hears %v", i, h)
		}
	}
}

// us writes a national section of version 1, clean but for some fields.
func us(changes ...any) string {
	fields := clean("usnat1")
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i].(string)] = changes[i+1].(int)
	}
	return writeUS("usnat1", 1, fields, 6)
}

func TestHearGPP(t *testing.T) {
	yes, no := us(), us("SaleOptOut", 1)
	gpp := func(list ...slowSection) string { return writeGPP(list, false) }
	tc := plain().write(form{})
	refused := plain()
	refused.purposes = nil
	for _, c := range []struct {
		name string
		s    consent.Signals
		want consent.Heard // by a rule of both kinds
		zero consent.Heard // by the zero rule
	}{
		{"nothing", consent.Signals{}, consent.Heard{}, consent.Heard{}},
		{"GPC", consent.Signals{GPC: true, Age: consent.Adult}, consent.Heard{GPC: forbids, Age: consent.Adult}, consent.Heard{Age: consent.Adult}},
		{"national", consent.Signals{GPP: gpp(slowSection{7, yes})}, consent.Heard{GPP: permits}, consent.Heard{}},
		{"opted out", consent.Signals{GPP: gpp(slowSection{7, no})}, consent.Heard{GPP: forbids}, consent.Heard{}},
		{"GPC inside", consent.Signals{GPP: gpp(slowSection{7, us("Gpc", 1)})}, consent.Heard{GPC: forbids, GPP: permits}, consent.Heard{}},
		{"GPC inside, not set", consent.Signals{GPP: gpp(slowSection{7, us("Gpc", 0)})}, consent.Heard{GPP: permits}, consent.Heard{}},
		{"GPC where the state has none", consent.Signals{GPP: gpp(slowSection{9, writeUS("usva", 1, clean("usva"), 8) + ".YA"})},
			consent.Heard{GPC: forbids, GPP: permits}, consent.Heard{}},
		{"two, the stricter", consent.Signals{GPP: gpp(slowSection{7, yes}, slowSection{8, "BVWSSSVY"})}, consent.Heard{GPP: forbids, Age: consent.Child}, consent.Heard{Age: consent.Child}},
		{"only one applies", consent.Signals{GPP: gpp(slowSection{7, yes}, slowSection{8, "BVWSSSVY"}), GPPSections: []int{7}}, consent.Heard{GPP: permits}, consent.Heard{}},
		{"it and one that is not there", consent.Signals{GPP: gpp(slowSection{7, yes}), GPPSections: []int{7, 8}}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"TCF is not there", consent.Signals{GPP: gpp(slowSection{7, yes}), GPPSections: []int{2}}, consent.Heard{TCF: unclear}, consent.Heard{}},
		{"USP is not there", consent.Signals{GPP: gpp(slowSection{7, yes}), GPPSections: []int{6}}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"no string", consent.Signals{GPPSections: []int{7}}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"none applies", consent.Signals{GPP: gpp(slowSection{7, no}), GPPSections: []int{-1}}, consent.Heard{}, consent.Heard{}},
		{"none applies, and one does", consent.Signals{GPP: gpp(slowSection{7, no}), GPPSections: []int{-1, 7}}, consent.Heard{GPP: forbids}, consent.Heard{}},
		{"section 0", consent.Signals{GPP: gpp(slowSection{7, yes}), GPPSections: []int{0}}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"too many apply", consent.Signals{GPP: gpp(slowSection{7, yes}), GPPSections: make([]int, 65)}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"no sections", consent.Signals{GPP: "DBAA"}, consent.Heard{}, consent.Heard{}},
		{"damaged", consent.Signals{GPP: "DBABLA"}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"damaged section", consent.Signals{GPP: gpp(slowSection{7, yes + "B"})}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"damaged section and an opt-out", consent.Signals{GPP: gpp(slowSection{7, no}, slowSection{8, "B"})}, consent.Heard{GPP: forbids}, consent.Heard{}},
		{"a state that is not read", consent.Signals{GPP: gpp(slowSection{13, "BAAAAABA"})}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"Canada", consent.Signals{GPP: gpp(slowSection{5, "BPSG"})}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"section 28", consent.Signals{GPP: gpp(slowSection{28, "B"})}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"US Privacy", consent.Signals{GPP: gpp(slowSection{6, "1YNN"})}, consent.Heard{GPP: permits}, consent.Heard{}},
		{"US Privacy, opted out", consent.Signals{GPP: gpp(slowSection{6, "1YYN"})}, consent.Heard{GPP: forbids}, consent.Heard{}},
		{"US Privacy, damaged", consent.Signals{GPP: gpp(slowSection{6, "1YY"})}, consent.Heard{GPP: unclear}, consent.Heard{}},
		{"TCF inside and outside", consent.Signals{TCF: tc, GPP: gpp(slowSection{2, tc})}, consent.Heard{TCF: permits}, consent.Heard{}},
		{"TCF refused inside", consent.Signals{TCF: tc, GPP: gpp(slowSection{2, refused.write(form{})})}, consent.Heard{TCF: forbids}, consent.Heard{}},
		{"TCF refused outside", consent.Signals{TCF: refused.write(form{}), GPP: gpp(slowSection{2, tc})}, consent.Heard{TCF: forbids}, consent.Heard{}},
		{"TCF damaged inside", consent.Signals{TCF: tc, GPP: gpp(slowSection{2, "CAAA"})}, consent.Heard{TCF: unclear}, consent.Heard{}},
		{"TCF 1", consent.Signals{TCF: "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"}, consent.Heard{TCF: unclear}, consent.Heard{}},
		{"an adult who is a child", consent.Signals{GPP: gpp(slowSection{7, us("KnownChildSensitiveDataConsents 2", 1)}), Age: consent.Adult},
			consent.Heard{GPP: forbids, Age: consent.Child}, consent.Heard{Age: consent.Child}},
		{"a minor who agreed", consent.Signals{GPP: gpp(slowSection{7, us("KnownChildSensitiveDataConsents 1", 2)})},
			consent.Heard{GPP: permits, Age: consent.Minor}, consent.Heard{Age: consent.Minor}},
		{"a child, by the caller", consent.Signals{GPP: gpp(slowSection{7, us("KnownChildSensitiveDataConsents 1", 2)}), Age: consent.Child},
			consent.Heard{GPP: permits, Age: consent.Child}, consent.Heard{Age: consent.Child}},
	} {
		both := iab.Rule{TCF: asked(), US: true}
		if h := both.Hear(&c.s, today); h != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, h, c.want)
		}
		if h := (&iab.Rule{}).Hear(&c.s, today); h != c.zero {
			t.Errorf("%s, by the zero rule: %+v, want %+v", c.name, h, c.zero)
		}
		if h := (&iab.Rule{TCF: asked()}).Hear(&c.s, today); h.TCF != c.want.TCF || h.GPC != consent.Silent {
			t.Errorf("%s, by a rule of TCF: %+v, want %+v", c.name, h, c.want)
		}
		if h := (&iab.Rule{US: true}).Hear(&c.s, today); h.TCF != consent.Silent || h.GPC != c.want.GPC {
			t.Errorf("%s, by a rule of the US: %+v, want %+v", c.name, h, c.want)
		}
	}
	if h := (*iab.Rule)(nil).Hear(&consent.Signals{GPC: true, Age: consent.Minor}, today); h != (consent.Heard{Age: consent.Minor}) {
		t.Errorf("the nil rule hears %v", h)
	}
	if h := (&iab.Rule{US: true}).Hear(nil, today); h != (consent.Heard{}) {
		t.Errorf("nil is heard as %v", h)
	}
}

// An opt-out of a US section that a rule without US does not listen to says
// nothing to it.
func TestHearUSOnlyWhereAsked(t *testing.T) {
	for _, id := range []int{6, 7, 13, 27} {
		s := consent.Signals{GPP: writeGPP([]slowSection{{id, us("SaleOptOut", 1)}}, false)}
		if h := (&iab.Rule{TCF: asked()}).Hear(&s, today); h.GPP != consent.Silent {
			t.Errorf("section %d: %v", id, h)
		}
	}
}

// Whatever came along, one signal more never makes what is heard less strict; and
// whoever takes away a consent is heard at least as strictly.
func TestHearOnlyGrowsStricter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := plain()
		if rapid.Bool().Draw(t, "restricted") {
			s.restrictions = []slowRestriction{{rapid.IntRange(0, 12).Draw(t, "purpose"), rapid.IntRange(0, 3).Draw(t, "kind"), anySpans(t, 60).list}}
		}
		if rapid.Bool().Draw(t, "purposes") {
			s.purposes = anySet(t, 24)
		}
		s.purposeOne = rapid.Bool().Draw(t, "one")
		rule := iab.Rule{TCF: asked(), US: rapid.Bool().Draw(t, "US")}
		before := rule.Hear(&consent.Signals{TCF: s.write(form{})}, today)

		switch rapid.IntRange(0, 4).Draw(t, "take away") {
		case 0:
			s.purposes = without(s.purposes, rapid.IntRange(1, 24).Draw(t, "purpose"))
		case 1:
			s.vendors.list = anySpans(t, 800).list[:0]
		case 2:
			s.features = nil
		case 3:
			s.restrictions = append(s.restrictions, slowRestriction{rapid.IntRange(1, 11).Draw(t, "purpose"), 0, []span{{1, 65535}}})
		case 4:
			s.purposes = nil
		}
		signals := consent.Signals{TCF: s.write(form{})}
		after := rule.Hear(&signals, today)
		if strict(after.TCF) < strict(before.TCF) {
			t.Fatalf("%v, and before %v", after, before)
		}

		l := rapid.SampledFrom(layouts).Draw(t, "layout")
		fields := clean(l.name)
		for _, f := range slowLayout(l.name) {
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				fields[f] = rapid.IntRange(0, 3).Draw(t, "value")
			}
		}
		if rapid.Bool().Draw(t, "sub-section") {
			fields["Gpc"] = rapid.IntRange(0, 1).Draw(t, "Gpc")
		}
		signals.GPP = writeGPP([]slowSection{{l.section, writeUS(l.name, l.version, fields, 8)}}, false)
		more := rule.Hear(&signals, today)
		signals.GPC = true
		most := rule.Hear(&signals, today)
		for i, pair := range [][2]consent.Heard{{after, more}, {more, most}} {
			a, b := pair[0], pair[1]
			if strict(b.GPC) < strict(a.GPC) || strict(b.TCF) < strict(a.TCF) || strict(b.GPP) < strict(a.GPP) || b.Age < a.Age {
				t.Fatalf("step %d: %v, and before %v", i, b, a)
			}
		}
	})
}

func TestHearAllocatesNothing(t *testing.T) {
	tc := plain().write(form{})
	for name, s := range map[string]consent.Signals{
		"TCF": {TCF: tc}, "GPP": {GPP: writeGPP([]slowSection{{2, tc}, {7, us("Gpc", 0)}, {8, "BAAAAABA.QA"}}, false)},
		"damaged": {TCF: tc[:50], GPP: "DBAB6FKBY" + strings.Repeat("~", 64), GPPSections: []int{7, 8}},
		"listed":  {GPP: writeGPP([]slowSection{{7, us()}}, false), GPPSections: []int{7, 12}, GPC: true, Age: consent.Adult},
	} {
		rule := iab.Rule{TCF: asked(), US: true}
		var h consent.Heard
		if n := testing.AllocsPerRun(100, func() { h = rule.Hear(&s, today) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if h == (consent.Heard{}) {
			t.Errorf("%s is not heard", name)
		}
	}
}

// Only the one character counts.
func TestGPCWords(t *testing.T) {
	for value, want := range map[string]bool{"1": true, "": false, " 1": false, "1 ": false, "01": false, "1,1": false, "１": false, "true": false} {
		if iab.GPC(value) != want || iab.GPC("0", value) != want {
			t.Errorf("%q", value)
		}
	}
	if iab.GPC() {
		t.Error("no header is an opt-out")
	}
}
