package peers_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prebid/go-gdpr/consentconstants"
	tcf2 "github.com/prebid/go-gdpr/vendorconsent/tcf2"

	"github.com/discreet-go/discreet/consent/iab"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// bits is a row of bits under construction.
type bits struct{ strings.Builder }

func (b *bits) put(v, n int) { fmt.Fprintf(b, "%0*b", n, v) }

// text fills up to whole bytes, and encodes.
func (b *bits) text() string {
	row := b.String()
	for len(row)%8 != 0 {
		row += "0"
	}
	for len(row)%6 != 0 {
		row += "0"
	}
	var out []byte
	for ; row != ""; row = row[6:] {
		v := 0
		for _, c := range row[:6] {
			v = 2*v + int(c-'0')
		}
		out = append(out, alphabet[v])
	}
	return string(out)
}

// ranges writes up to five ranges of identifiers up to most, in any order.
func (b *bits) ranges(r *rand.Rand, most int) {
	n := r.IntN(6)
	if most == 0 {
		n = 0
	}
	b.put(n, 12)
	for range n {
		first := 1 + r.IntN(most)
		last := first + r.IntN(most-first+1)
		if first == last {
			b.put(0, 1)
			b.put(first, 16)
		} else {
			b.put(1, 1)
			b.put(first, 16)
			b.put(last, 16)
		}
	}
}

func (b *bits) set(r *rand.Rand) {
	most := r.IntN(400)
	b.put(most, 16)
	if r.IntN(2) == 0 {
		b.put(1, 1)
		b.ranges(r, most)
		return
	}
	b.put(0, 1)
	for range most {
		b.put(r.IntN(2), 1)
	}
}

// anyTCF writes a TC string. Fields that only one of the readers takes have
// values that both take: see the differences below.
func anyTCF(r *rand.Rand) string {
	var b bits
	b.put(2, 6)
	b.put(r.IntN(1<<36), 36)
	b.put(r.IntN(1<<36), 36)
	b.put(r.IntN(1<<24), 24)
	b.put(r.IntN(64), 6)
	b.put(r.IntN(26), 6)
	b.put(r.IntN(26), 6)
	b.put(1+r.IntN(4095), 12) // a vendor list 0 is refused by the peer
	b.put(r.IntN(1<<20), 20)
	b.put(r.IntN(1<<24), 24)
	b.put(r.IntN(1<<24), 24)
	b.put(r.IntN(2), 1)
	b.put(r.IntN(1<<12), 12)
	b.set(r)
	b.set(r)
	purposes := r.Perm(24)[:r.IntN(4)] // one restriction of a kind and purpose: of several the peer knows the last
	b.put(len(purposes), 12)
	for _, p := range purposes {
		b.put(p+1, 6)
		b.put(r.IntN(4), 2)
		b.ranges(r, 32767) // larger vendors are refused by the peer
	}
	text := b.text()
	if r.IntN(2) == 0 {
		var d bits
		d.put(1, 3)
		d.set(r)
		text += "." + d.text()
	}
	return text
}

// parse is the peer's, with a panic of its as an error.
func parse(text string) (c tcf2.ConsentMetadata, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the peer panics: %v", p)
		}
	}()
	v, err := tcf2.ParseString(text)
	if err != nil {
		return c, err
	}
	c, ok := v.(tcf2.ConsentMetadata)
	if !ok {
		return c, fmt.Errorf("not of version 2")
	}
	return c, nil
}

// agree holds the two readings to each other.
func agree(t *testing.T, text string, p iab.TCF, c tcf2.ConsentMetadata) {
	t.Helper()
	language := p.Language()
	ours := fmt.Sprint(p.Created().UnixMilli(), p.LastUpdated().UnixMilli(), p.CMP(), p.CMPVersion(), p.ConsentScreen(), string(language[:]),
		p.VendorList(), p.Policy(), p.MaxVendor(), p.PurposeOneTreatment())
	theirs := fmt.Sprint(c.Created().UnixMilli(), c.LastUpdated().UnixMilli(), c.CmpID(), c.CmpVersion(), c.ConsentScreen(), c.ConsentLanguage(),
		c.VendorListVersion(), c.TCFPolicyVersion(), c.MaxVendorID(), c.PurposeOneTreatment())
	if ours != theirs {
		t.Errorf("%s:\nours   %s\ntheirs %s", text, ours, theirs)
	}
	for i := 1; i <= 24; i++ {
		if p.PurposeConsent(i) != c.PurposeAllowed(consentconstants.Purpose(i)) || p.PurposeInterest(i) != c.PurposeLITransparency(consentconstants.Purpose(i)) {
			t.Errorf("%s: purpose %d", text, i)
		}
		if i <= 12 && p.SpecialFeature(i) != c.SpecialFeatureOptIn(uint16(i)) {
			t.Errorf("%s: special feature %d", text, i)
		}
	}
	top := max(p.MaxVendor(), int(c.VendorLegitInterestMaxID())) + 3
	for id := range top {
		if p.VendorConsent(id) != c.VendorConsent(uint16(id)) || p.VendorInterest(id) != c.VendorLegitInterest(uint16(id)) {
			t.Errorf("%s: vendor %d", text, id)
		}
	}
	for purpose := 1; purpose <= 24; purpose++ {
		for kind := range iab.UndefinedRestriction + 1 {
			for id := 1; id < 32768; id += 1 + id/16 {
				if p.Restricts(iab.Restriction{Purpose: purpose, Vendor: id, Kind: kind}) != c.CheckPubRestriction(uint8(purpose), uint8(kind), uint16(id)) {
					t.Fatalf("%s: restriction %d of purpose %d of vendor %d", text, kind, purpose, id)
				}
			}
		}
	}
}

func TestRandomTCF(t *testing.T) {
	for seed := range uint64(300) {
		text := anyTCF(rand.New(rand.NewPCG(seed, 1)))
		p, err := iab.ParseTCF(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		c, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		agree(t, text, p, c)
	}
}

// Of strings with one character replaced, cut off or put in, whatever we read
// they read the same; what we refuse and they read is damaged as they do not look.
func TestDamagedTCF(t *testing.T) {
	both, onlyThey, onlyWe := 0, 0, 0
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 2))
		text := []byte(anyTCF(r))
		switch i := r.IntN(len(text)); r.IntN(3) {
		case 0:
			text = text[:i]
		case 1:
			text[i] = alphabet[r.IntN(64)]
		case 2:
			text = append(text[:i:i], append([]byte{alphabet[r.IntN(64)]}, text[i:]...)...)
		}
		p, err := iab.ParseTCF(string(text))
		c, theirs := parse(string(text))
		switch {
		case err == nil && theirs == nil:
			both++
			if seed%8 == 0 { // restrictions of one kind may have come to stand twice; a few are enough
				agree(t, string(text), p, c)
			}
		case err == nil:
			onlyWe++
			if !known(string(text), theirs) {
				t.Errorf("%s is refused by the peer: %v", text, theirs)
			}
		case theirs == nil:
			onlyThey++
		}
	}
	if both < 500 || onlyThey == 0 {
		t.Errorf("%d were read by both, %d by them, %d by us", both, onlyThey, onlyWe)
	}
	t.Logf("%d were read by both, %d only by them, %d only by us", both, onlyThey, onlyWe)
}

// known reports whether the peer refuses text for one of the differences below,
// or because zeros that a field ends with stand in bits of the last character
// that fill no byte, which the peer drops.
func known(text string, err error) bool {
	for _, why := range []string{"VendorListVersion", "start should be less", "max vendor ID is 32767", "vendors [1, 32767]"} {
		if strings.Contains(err.Error(), why) {
			return true
		}
	}
	core, _, _ := strings.Cut(text, ".")
	return len(core)%4 != 0 && strings.Contains(err.Error(), "bytes long")
}

// What the peer reads, or not, and why we do not, or do.
func TestTCFDifferences(t *testing.T) {
	build := func(list int, ranges, restrictions string) string {
		var b bits
		b.put(2, 6)
		b.put(1, 36)
		b.put(1, 36)
		b.put(0, 42)
		b.put(list, 12)
		b.put(0, 81-12+12)
		b.WriteString("0000000000001010" + "1" + ranges + "00000000000000000" + restrictions)
		return b.text()
	}
	none, noRestriction := "000000000000", "000000000000"
	one := func(purpose, kind, vendor int) string {
		var b bits
		b.put(purpose, 6)
		b.put(kind, 2)
		b.put(1, 12)
		b.put(vendor, 17)
		return b.String()
	}
	valid := build(1, none, noRestriction)
	for _, c := range []struct {
		name, text   string
		ours, theirs bool
	}{
		{"valid", valid, true, true},
		{"vendor list 0, as libraries write where there is none", build(0, none, noRestriction), true, false},
		{"a range of one vendor, which is odd and clear", build(1, "0000000000011"+"0000000000000011"+"0000000000000011", noRestriction), true, false},
		{"a restricted vendor above 32767, which is the peer's bound", build(1, none, "000000000001"+one(1, 0, 40000)), true, false},
		{"something behind the end", valid[:len(valid)-1] + "B", false, true},
		{"version 3", "D" + valid[1:], false, true}, // the peer takes 2 and above
		{"a damaged segment of disclosed vendors", valid + ".IAPA", false, true},
		{"no text in a segment", valid + ".=", false, true},
		{"a line end, which Go's base64 passes over", valid + "\n", false, true},
	} {
		_, err := iab.ParseTCF(c.text)
		_, theirs := parse(c.text)
		if (err == nil) != c.ours || (theirs == nil) != c.theirs {
			t.Errorf("%s: %v, and the peer: %v", c.name, err, theirs)
		}
	}
	// Two restrictions of one purpose and kind: the peer keeps the second alone.
	twice := build(1, none, "000000000010"+one(1, 0, 7)+one(1, 0, 9))
	p, err := iab.ParseTCF(twice)
	c, theirs := parse(twice)
	if err != nil || theirs != nil {
		t.Fatal(err, theirs)
	}
	if !p.Restricts(iab.Restriction{Purpose: 1, Vendor: 7}) || c.CheckPubRestriction(1, 0, 7) || !c.CheckPubRestriction(1, 0, 9) {
		t.Error("the peer keeps both restrictions by now")
	}
}

// vectors reads the reference vectors, which are kept beside the repository, or
// where DISCREET_SHARED says; the test is skipped without them.
func vectors(t *testing.T) (list []struct{ Kind, String string }) {
	t.Helper()
	dir := os.Getenv("DISCREET_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vectors", "consent-vectors.json"))
	if err != nil {
		t.Skipf("reference vectors are not here; set DISCREET_SHARED: %v", err)
	}
	var v struct {
		Vectors, Negative []struct{ Kind, String string }
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return append(v.Vectors, v.Negative...)
}

func TestVectorsTCF(t *testing.T) {
	both, onlyWe := 0, 0
	for _, v := range vectors(t) {
		if v.Kind != "tcfeuv2" {
			continue
		}
		p, err := iab.ParseTCF(v.String)
		c, theirs := parse(v.String)
		switch {
		case err == nil && theirs == nil:
			both++
			agree(t, v.String, p, c)
		case err == nil:
			onlyWe++
			if !strings.Contains(theirs.Error(), "VendorListVersion") {
				t.Errorf("%s is refused by the peer: %v", v.String, theirs)
			}
		case theirs == nil && !strings.Contains(v.String, "."): // they do not look at segments
			t.Errorf("%s is refused by us alone: %v", v.String, err)
		}
	}
	if both != 29 || onlyWe != 8 {
		t.Errorf("%d were read by both, %d only by us", both, onlyWe)
	}
}
