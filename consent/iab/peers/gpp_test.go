package peers_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/prebid/go-gpp"
	"github.com/prebid/go-gpp/sections/uspca"
	"github.com/prebid/go-gpp/sections/uspco"
	"github.com/prebid/go-gpp/sections/uspct"
	"github.com/prebid/go-gpp/sections/uspnat"
	"github.com/prebid/go-gpp/sections/usput"
	"github.com/prebid/go-gpp/sections/uspva"

	"github.com/discreet-go/discreet/consent/iab"
)

// core returns the peer's core sub-section, and whether Global Privacy Control is set.
func core(s gpp.Section) (reflect.Value, bool) {
	switch s := s.(type) {
	case uspnat.USPNAT:
		return reflect.ValueOf(s.CoreSegment), s.GPCSegment.Gpc
	case uspca.USPCA:
		return reflect.ValueOf(s.CoreSegment), s.GPCSegment.Gpc
	case uspva.USPVA:
		return reflect.ValueOf(s.CoreSegment), false // the peer knows no such sub-section
	case uspco.USPCO:
		return reflect.ValueOf(s.CoreSegment), s.GPCSegment.Gpc
	case usput.USPUT:
		return reflect.ValueOf(s.CoreSegment), false
	case uspct.USPCT:
		return reflect.ValueOf(s.CoreSegment), s.GPCSegment.Gpc
	}
	return reflect.Value{}, false
}

// fields are ours under their names.
var fields = map[string]iab.Field{
	"SharingNotice": iab.SharingNotice, "SaleOptOutNotice": iab.SaleOptOutNotice, "SharingOptOutNotice": iab.SharingOptOutNotice,
	"TargetedAdvertisingOptOutNotice":     iab.TargetedAdvertisingOptOutNotice,
	"SensitiveDataProcessingOptOutNotice": iab.SensitiveDataProcessingOptOutNotice,
	"SensitiveDataLimitUseNotice":         iab.SensitiveDataLimitUseNotice,
	"SaleOptOut":                          iab.SaleOptOut, "SharingOptOut": iab.SharingOptOut, "TargetedAdvertisingOptOut": iab.TargetedAdvertisingOptOut,
	"PersonalDataConsents": iab.PersonalDataConsents, "MspaCoveredTransaction": iab.MspaCoveredTransaction,
	"MspaOptOutOptionMode": iab.MspaOptOutOptionMode, "MspaServiceProviderMode": iab.MspaServiceProviderMode,
	"SensitiveDataProcessing": iab.SensitiveDataProcessing, "KnownChildSensitiveDataConsents": iab.KnownChildSensitiveDataConsents,
}

// agreeUS compares every field that the peer reads, and reports how many.
func agreeUS(t *testing.T, text string, u iab.US, s gpp.Section) (n int) {
	t.Helper()
	c, gpc := core(s)
	if !c.IsValid() {
		return 0
	}
	same := func(f iab.Field, theirs uint64) {
		t.Helper()
		n++
		if ours, ok := u.Get(f); !ok || uint64(ours) != theirs {
			t.Errorf("%s: field %d of section %d is %d, %v, and by the peer %d", text, f, u.Section(), ours, ok, theirs)
		}
	}
	for i := range c.NumField() {
		name, v := c.Type().Field(i).Name, c.Field(i)
		if name == "Version" {
			if v.Uint() != uint64(u.Version()) {
				t.Errorf("%s: version %d, and by the peer %d", text, u.Version(), v.Uint())
			}
			continue
		}
		f, ok := fields[name]
		if !ok {
			t.Fatalf("the peer has a field %s", name)
		}
		if v.Kind() != reflect.Slice {
			same(f, v.Uint())
			continue
		}
		for j := range v.Len() {
			same(f+iab.Field(j), v.Index(j).Uint())
		}
	}
	if ours, ok := u.Get(iab.Gpc); ok && u.Section() != iab.SectionUSVA && u.Section() != iab.SectionUSUT && (ours == 1) != gpc {
		t.Errorf("%s: Gpc is %d, and by the peer %v", text, ours, gpc)
	}
	return n
}

// agreeGPP compares two readings, and returns how many fields.
func agreeGPP(t *testing.T, text string) (n int) {
	t.Helper()
	g, err := iab.ParseGPP(text)
	c, theirs := gpp.Parse(text)
	if err != nil || len(c.Sections) != g.Len() {
		t.Errorf("%s: %v, %d sections, and by the peer %v, %d", text, err, g.Len(), theirs, len(c.Sections))
		return 0
	}
	for i := range g.Len() {
		id, part := g.At(i)
		if id != int(c.SectionTypes[i]) {
			t.Errorf("%s: section %d is %d, and by the peer %d", text, i, id, c.SectionTypes[i])
		}
		u, err := iab.ParseUS(id, part)
		if _, ok := u.Get(iab.SensitiveDataProcessing + 15); err != nil || ok { // the peer knows no second version
			continue
		}
		n += agreeUS(t, text, u, c.Sections[i])
	}
	return n
}

// count of two-bit fields behind the version.
var count = map[int]int{7: 27, 8: 20, 9: 17, 10: 16, 11: 18, 12: 19}

func TestRandomGPP(t *testing.T) {
	n := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		head := bits{}
		head.put(3, 6)
		head.put(1, 6)
		head.put(1, 12)
		head.WriteString("1" + "01011" + "00011") // 7 and the five that follow
		text := head.text()
		for id := 7; id <= 12; id++ {
			var b bits
			b.put(1, 6)
			for range count[id] {
				b.put(r.IntN(4), 2)
			}
			text += "~" + b.text()
			if r.IntN(2) == 0 {
				text += []string{".QA", ".YA"}[r.IntN(2)]
			}
		}
		// The peer takes a sub-section of Virginia and Utah for base64, and refuses it.
		parts := strings.Split(text, "~")
		for i := range parts {
			if i == 3 || i == 5 {
				parts[i], _, _ = strings.Cut(parts[i], ".")
			}
		}
		n += agreeGPP(t, strings.Join(parts, "~"))
	}
	if n != 2000*117 {
		t.Errorf("%d fields were compared", n)
	}
}

func TestVectorsGPP(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		if v.Kind != "gpp" {
			continue
		}
		if _, err := iab.ParseGPP(v.String); err != nil {
			if c, theirs := gpp.Parse(v.String); theirs == nil {
				t.Errorf("%s is refused by us alone, the peer has %d sections", v.String, len(c.Sections))
			}
			continue
		}
		n += agreeGPP(t, v.String)
	}
	if n < 200 {
		t.Errorf("%d fields were compared", n)
	}
}

// What the peer reads, and why we do not.
func TestGPPDifferences(t *testing.T) {
	for _, c := range []struct {
		name         string
		section      int
		text         string
		ours, theirs bool
	}{
		{"valid", 8, "BAAAAABA", true, true},
		{"version 27: fields may be others", 9, "bSFgmiU", false, true},
		{"something behind the fields", 8, "BAAAAABB", false, true},
		{"a third sub-section that is none", 8, "BAAAAABA.QA.=", false, true},
		{"a sub-section of a state that has none by its specification", 9, "BAAAABA.YA", true, false},
	} {
		_, err := iab.ParseUS(c.section, c.text)
		head := map[int]string{8: "DBABBg", 9: "DBABRg"}[c.section]
		_, theirs := gpp.Parse(head + "~" + c.text)
		if (err == nil) != c.ours || (len(theirs) == 0) != c.theirs {
			t.Errorf("%s: %v, and the peer: %v", c.name, err, theirs)
		}
	}
	// The second version of the national section the peer reads with the fields of the first.
	c, theirs := gpp.Parse("DBABLA~CVVVkkkkkpFY.YA")
	u, err := iab.ParseUS(7, "CVVVkkkkkpFY.YA")
	if err != nil || theirs != nil {
		t.Fatal(err, theirs)
	}
	national := c.Sections[0].(uspnat.USPNAT)
	if covered, _ := u.Get(iab.MspaCoveredTransaction); fmt.Sprint(covered) == fmt.Sprint(national.CoreSegment.MspaCoveredTransaction) {
		t.Log("the peer may know the second version by now")
	}
}
