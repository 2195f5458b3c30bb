package iab_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent/iab"
)

// failer is what checks need of a test, a property test or a fuzz test.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// sameTCF holds the reader to the slow one: both read text and agree on every
// field, or both refuse it.
func sameTCF(t failer, text string) bool {
	t.Helper()
	want, slowErr := readSlowTCF(text)
	p, err := iab.ParseTCF(text)
	if (err == nil) != (slowErr == nil) {
		t.Fatalf("%q: %v, and the slow reader: %v", text, err, slowErr)
	}
	if err != nil {
		if !slices.ContainsFunc([]error{iab.ErrText, iab.ErrLength, iab.ErrVersion, iab.ErrRange, iab.ErrSegment},
			func(known error) bool { return errors.Is(err, known) }) || p != (iab.TCF{}) {
			t.Fatalf("%q: %v", text, err)
		}
		return false
	}
	tenths := func(at time.Time) int { return int(at.UnixMilli() / 100) }
	two := func(b [2]byte) string { return string(b[:]) }
	got := slowTCF{
		created: tenths(p.Created()), updated: tenths(p.LastUpdated()), cmp: p.CMP(), cmpVersion: p.CMPVersion(),
		screen: p.ConsentScreen(), language: two(p.Language()), country: two(p.Country()), vendorList: p.VendorList(),
		policy: p.Policy(), serviceSpecific: p.ServiceSpecific(), nonStandard: p.NonStandardTexts(),
		features: having(24, p.SpecialFeature), purposes: having(24, p.PurposeConsent), interests: having(24, p.PurposeInterest),
		purposeOne: p.PurposeOneTreatment(), publisher: p.HasPublisher(), custom: p.CustomPurposes(),
		vendors: want.vendors, vendorInterests: want.vendorInterests, restrictions: want.restrictions, disclosed: want.disclosed,
		customPurposes: want.customPurposes, customInts: want.customInts,
	}
	if got.publisher {
		got.ownPurposes, got.ownInterests = having(24, p.PublisherConsent), having(24, p.PublisherInterest)
	}
	if !reflect.DeepEqual(&got, want) || p.String() != text || p.MaxVendor() != want.vendors.max || p.HasDisclosed() != (want.disclosed != nil) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", text, got, *want)
	}
	sameSet(t, text, want.vendors, p.VendorConsent)
	sameSet(t, text, want.vendorInterests, p.VendorInterest)
	if want.disclosed != nil {
		sameSet(t, text, *want.disclosed, p.Disclosed)
	} else {
		sameSet(t, text, spans{}, p.Disclosed)
	}
	sameRestrictions(t, text, want.restrictions, &p)
	return true
}

// edges lists the identifiers at which a set may change, and their neighbours.
func edges(list []span) []int {
	ids := []int{-1, 0, 1, 65535, 65536, 1 << 20}
	for _, r := range list[:min(len(list), 64)] {
		ids = append(ids, r.first-1, r.first, r.last, r.last+1)
	}
	return ids
}

func sameSet(t failer, text string, want spans, has func(int) bool) {
	t.Helper()
	for _, id := range append(edges(want.list), want.max, want.max+1) {
		if has(id) != want.has(id) {
			t.Fatalf("%q: %d is %v", text, id, has(id))
		}
	}
}

func sameRestrictions(t failer, text string, list []slowRestriction, p *iab.TCF) {
	t.Helper()
	for _, r := range list[:min(len(list), 16)] {
		for _, vendor := range edges(r.vendors)[:min(20, 6+4*len(r.vendors))] {
			for kind := range 4 {
				want := false
				for _, other := range list {
					same := other.purpose == r.purpose && other.kind == kind && r.purpose >= 1 && r.purpose <= 24
					want = want || same && spans{list: other.vendors}.has(vendor)
				}
				if got := p.Restricts(iab.Restriction{Purpose: r.purpose, Vendor: vendor, Kind: iab.RestrictionKind(kind)}); got != want {
					t.Fatalf("%q: purpose %d, vendor %d, kind %d is %v", text, r.purpose, vendor, kind, got)
				}
			}
		}
	}
}

// anySpans draws a set that ranges can be written of.
func anySpans(t *rapid.T, most int) spans {
	s := spans{max: rapid.IntRange(0, most).Draw(t, "max")}
	for n := rapid.IntRange(0, 5).Draw(t, "ranges"); n > 0 && s.max > 0; n-- {
		first := rapid.IntRange(1, s.max).Draw(t, "first")
		s.list = append(s.list, span{first, rapid.IntRange(first, s.max).Draw(t, "last")})
	}
	return s
}

func anySet(t *rapid.T, most int) []int {
	list := []int{}
	for i := range most {
		if rapid.Bool().Draw(t, "bit") {
			list = append(list, i+1)
		}
	}
	return list
}

// anyTCF draws a TC string, its fields and a form for it.
func anyTCF(t *rapid.T) (*slowTCF, form) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("ABCXYZ")), 2, 2, -1)
	s := &slowTCF{
		created: rapid.IntRange(0, 1<<36-1).Draw(t, "created"), updated: rapid.IntRange(0, 1<<36-1).Draw(t, "updated"),
		cmp: rapid.IntRange(0, 4095).Draw(t, "cmp"), cmpVersion: rapid.IntRange(0, 4095).Draw(t, "version"),
		screen: rapid.IntRange(0, 63).Draw(t, "screen"), language: letters.Draw(t, "language"), country: letters.Draw(t, "country"),
		vendorList: rapid.IntRange(0, 4095).Draw(t, "list"), policy: rapid.IntRange(0, 63).Draw(t, "policy"),
		serviceSpecific: rapid.Bool().Draw(t, "specific"), nonStandard: rapid.Bool().Draw(t, "texts"),
		features: anySet(t, 12), purposes: anySet(t, 24), interests: anySet(t, 24), purposeOne: rapid.Bool().Draw(t, "one"),
		vendors: anySpans(t, 600), vendorInterests: anySpans(t, 600),
	}
	for n := rapid.IntRange(0, 4).Draw(t, "restrictions"); n > 0; n-- {
		s.restrictions = append(s.restrictions, slowRestriction{
			rapid.IntRange(0, 63).Draw(t, "purpose"), rapid.IntRange(0, 3).Draw(t, "kind"), anySpans(t, 65535).list,
		})
	}
	if rapid.Bool().Draw(t, "disclosed") {
		d := anySpans(t, 600)
		s.disclosed = &d
	}
	if s.publisher = rapid.Bool().Draw(t, "publisher"); s.publisher {
		s.ownPurposes, s.ownInterests = anySet(t, 24), anySet(t, 24)
		s.custom = rapid.IntRange(0, 63).Draw(t, "custom")
		s.customPurposes, s.customInts = anySet(t, s.custom), anySet(t, s.custom)
	}
	return s, form{
		vendors: rapid.Bool().Draw(t, "as ranges"), interests: rapid.Bool().Draw(t, "as ranges"), disclosed: rapid.Bool().Draw(t, "as ranges"),
		unit: rapid.SampledFrom([]int{8, 24}).Draw(t, "unit"), publisherFirst: rapid.Bool().Draw(t, "order"),
	}
}

func TestTCFReadsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, f := anyTCF(t)
		text := s.write(f)
		if !sameTCF(t, text) {
			t.Fatalf("%s is refused", text)
		}
		p, _ := iab.ParseTCF(text)
		for id := range 602 {
			if p.VendorConsent(id) != s.vendors.has(id) || p.VendorInterest(id) != s.vendorInterests.has(id) {
				t.Fatalf("vendor %d of %s", id, text)
			}
			if s.disclosed != nil && p.Disclosed(id) != s.disclosed.has(id) {
				t.Fatalf("disclosed vendor %d of %s", id, text)
			}
		}
		// Whatever stands at the end of a segment, zeros may follow it.
		if longer := text + "AAAA"; !sameTCF(t, longer) {
			t.Fatalf("%s is refused", longer)
		}
	})
}

// Cut short at any character, or with any character replaced, a string is read as
// the slow reader reads it, or refused as there.
func TestTCFDamaged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, f := anyTCF(t)
		text := []byte(s.write(f))
		switch i := rapid.IntRange(0, len(text)-1).Draw(t, "where"); rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			text = text[:i]
		case 1:
			text[i] = rapid.SampledFrom([]byte(alphabet+".~=+/ \n\x00\xff")).Draw(t, "to")
		case 2:
			text = slices.Insert(text, i, rapid.SampledFrom([]byte(alphabet+".")).Draw(t, "in"))
		}
		sameTCF(t, string(text))
	})
}

// plain is a string of today as platforms write it, consenting to everything.
func plain() *slowTCF {
	day := int(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC).UnixMilli() / 100)
	return &slowTCF{
		created: day, updated: day, cmp: 31, cmpVersion: 2, language: "EN", country: "DE", vendorList: 140, policy: 5,
		serviceSpecific: true, features: []int{1, 2}, purposes: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, interests: []int{2, 7, 8, 9, 10, 11},
		vendors:         spans{max: 800, list: []span{{1, 40}, {42, 300}, {755, 800}}},
		vendorInterests: spans{max: 800, list: []span{{1, 20}, {800, 800}}},
		disclosed:       &spans{max: 801, list: []span{{1, 801}}},
		publisher:       true, ownPurposes: []int{1}, ownInterests: []int{},
	}
}

func TestTCFRefuses(t *testing.T) {
	valid := plain().write(form{vendors: true, interests: true, disclosed: true})
	core, rest, _ := strings.Cut(valid, ".")
	with := func(change func(*slowTCF)) string {
		s := plain()
		change(s)
		return s.write(form{vendors: true, interests: true, disclosed: true})
	}
	for _, c := range []struct {
		name, text string
		err        error
	}{
		{"empty", "", iab.ErrLength},
		{"too long", core + strings.Repeat("A", iab.MaxText), iab.ErrLength},
		{"version 1", "B" + valid[1:], iab.ErrVersion},
		{"version 3", "D" + valid[1:], iab.ErrVersion},
		{"padding", core + "=", iab.ErrText},
		{"the other base64", strings.Replace(valid, "A", "+", 1), iab.ErrText},
		{"white space", " " + valid, iab.ErrText},
		{"line end", valid + "\n", iab.ErrText},
		{"no length of bytes", core + strings.Repeat("A", 5-len(core)%4), iab.ErrText},
		{"loose bits", core + "AAAB", iab.ErrLength},
		{"short", core[:40], iab.ErrLength},
		{"only a version", "CAAA", iab.ErrLength},
		{"empty segment", valid + ".", iab.ErrLength},
		{"empty core", "." + rest, iab.ErrLength},
		{"core twice", core + ".AAAA", iab.ErrSegment},
		{"disclosed twice", valid + ".IAAA", iab.ErrSegment},
		{"short disclosed", core + ".IAPA", iab.ErrLength},
		{"unknown segments", core + ".QAAA.gAAA.oAAA.wAAA.4AAA", nil},
		{"eight segments", core + ".IAAA.QAAA.YAAAAAAAAAAA.gAAA.oAAA.wAAA.4AAA", nil},
		{"unknown twice", core + ".QAAA.QAAA", iab.ErrSegment},
		{"bad text in unknown", core + ".QA=A", iab.ErrText},
		{"vendor 0", with(func(s *slowTCF) { s.vendors.list = []span{{0, 3}} }), iab.ErrRange},
		{"backward", with(func(s *slowTCF) { s.vendors.list = []span{{5, 3}} }), iab.ErrRange},
		{"beyond the largest", with(func(s *slowTCF) { s.vendorInterests.list = []span{{5, 801}} }), iab.ErrRange},
		{"disclosed beyond", with(func(s *slowTCF) { s.disclosed.list = []span{{802, 802}} }), iab.ErrRange},
		{"restricted vendor 0", with(func(s *slowTCF) { s.restrictions = []slowRestriction{{1, 0, []span{{0, 0}}}} }), iab.ErrRange},
		{"valid", valid, nil},
	} {
		if _, err := iab.ParseTCF(c.text); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		sameTCF(t, c.text)
	}
}

// The longest strings there are, of ranges and of restrictions that mean nothing,
// are read and looked up in without allocating, each in a time that no caller notices.
func TestTCFBounds(t *testing.T) {
	many := plain()
	many.disclosed, many.publisher = nil, false
	for range 2800 {
		many.vendors.list = append(many.vendors.list, span{800, 800})
	}
	empty := plain()
	empty.disclosed, empty.publisher = nil, false
	for range 2300 {
		empty.restrictions = append(empty.restrictions, slowRestriction{purpose: 1})
	}
	for name, text := range map[string]string{
		"ranges": many.write(form{vendors: true, interests: true}), "restrictions": empty.write(form{vendors: true, interests: true}),
		"bits": (&slowTCF{language: "AA", country: "AA", vendors: spans{max: 48800}}).write(form{}),
	} {
		if len(text) > iab.MaxText || len(text) < iab.MaxText*9/10 {
			t.Fatalf("%s: %d bytes", name, len(text))
		}
		start := time.Now()
		sum := 0
		const times = 100
		for range times {
			p, err := iab.ParseTCF(text)
			if err != nil {
				t.Fatal(err)
			}
			if p.VendorConsent(799) || p.Restricts(iab.Restriction{Purpose: 1, Vendor: 1}) {
				sum++
			}
		}
		if took := time.Since(start); took > times*10*time.Millisecond {
			t.Errorf("%s: %v for %d strings", name, took, times)
		}
		if n := testing.AllocsPerRun(10, func() {
			p, _ := iab.ParseTCF(text)
			if p.VendorConsent(799) {
				sum++
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestZeroTCF(t *testing.T) {
	var p iab.TCF
	for id := -1; id < 70000; id += 7 {
		if p.PurposeConsent(id) || p.VendorConsent(id) || p.Disclosed(id) || p.SpecialFeature(id) || p.VendorInterest(id) {
			t.Fatalf("the zero TCF consents to %d", id)
		}
	}
	if p.Restricts(iab.Restriction{}) || p.HasDisclosed() || p.HasPublisher() || p.String() != "" {
		t.Error("the zero TCF says something")
	}
}
