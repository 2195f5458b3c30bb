package iab_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent/iab"
)

// sameGPP holds the reader to the slow one.
func sameGPP(t failer, text string) bool {
	t.Helper()
	want, slowErr := readSlowGPP(text)
	g, err := iab.ParseGPP(text)
	if (err == nil) != (slowErr == nil) {
		t.Fatalf("%q: %v, and the slow reader: %v", text, err, slowErr)
	}
	if err != nil {
		if !slices.ContainsFunc([]error{iab.ErrText, iab.ErrLength, iab.ErrVersion, iab.ErrRange, iab.ErrHeader, iab.ErrSection},
			func(known error) bool { return errors.Is(err, known) }) || g != (iab.GPP{}) {
			t.Fatalf("%q: %v", text, err)
		}
		return false
	}
	if g.Len() != len(want) || g.String() != text {
		t.Fatalf("%q: %d sections, want %d", text, g.Len(), len(want))
	}
	for i, w := range want {
		id, part := g.At(i)
		same, ok := g.Section(w.id)
		if id != w.id || part != w.text || same != part || !ok {
			t.Fatalf("%q: section %d is %d, %q, want %v", text, i, id, part, w)
		}
		sameUS(t, id, part)
	}
	for _, i := range []int{-1, len(want), 1 << 20} {
		if id, part := g.At(i); id != 0 || part != "" {
			t.Fatalf("%q has section %d", text, i)
		}
	}
	return true
}

// sameUS holds the reader of sections of the United States to the slow one.
func sameUS(t failer, id int, text string) bool {
	t.Helper()
	want, version, slowErr := readSlowUS(id, text)
	u, err := iab.ParseUS(id, text)
	if (err == nil) != (slowErr == nil) {
		t.Fatalf("%d %q: %v, and the slow reader: %v", id, text, err, slowErr)
	}
	if err != nil {
		if !slices.ContainsFunc([]error{iab.ErrText, iab.ErrLength, iab.ErrVersion, iab.ErrSegment, iab.ErrSection},
			func(known error) bool { return errors.Is(err, known) }) || u != (iab.US{}) {
			t.Fatalf("%d %q: %v", id, text, err)
		}
		return false
	}
	got := usFields(&u)
	if len(got) != len(want) || u.Version() != version || u.Section() != id {
		t.Fatalf("%d %q: %v of version %d, want %v of %d", id, text, got, u.Version(), want, version)
	}
	for name, v := range want {
		if got[name] != v {
			t.Fatalf("%d %q: %s is %d, want %d", id, text, name, got[name], v)
		}
	}
	return true
}

func TestGPPReadsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, iab.MaxSections).Draw(t, "sections")
		var list []slowSection
		id := 0
		for range n {
			id += rapid.OneOf(rapid.Just(1), rapid.IntRange(1, 900)).Draw(t, "step")
			list = append(list, slowSection{id, rapid.StringOf(rapid.RuneFrom([]rune("AB.-1Yé"))).Draw(t, "text")})
		}
		text := writeGPP(list, rapid.Bool().Draw(t, "groups"))
		if !sameGPP(t, text) {
			t.Fatalf("%s is refused", text)
		}
		head, rest, _ := strings.Cut(text, "~")
		if n > 0 {
			rest = "~" + rest
		}
		sameGPP(t, head+"AAAA"+rest)
		b := []byte(text)
		b[rapid.IntRange(0, len(b)-1).Draw(t, "where")] = rapid.SampledFrom([]byte(alphabet+"~.=")).Draw(t, "to")
		sameGPP(t, string(b))
		sameGPP(t, text[:rapid.IntRange(0, len(text)).Draw(t, "cut")])
	})
}

func TestGPPRefuses(t *testing.T) {
	header := func(bits string) string {
		w := &writer{}
		w.bits.WriteString("000011" + "000001" + bits)
		return w.text(6)
	}
	for _, c := range []struct {
		name, text string
		err        error
	}{
		{"empty", "", iab.ErrLength},
		{"only a tilde", "~", iab.ErrHeader},
		{"too long", "DBABMA~" + strings.Repeat("A", iab.MaxText), iab.ErrLength},
		{"a TC string", plain().write(form{}), iab.ErrText}, // of its dots
		{"another type", "CBABMA~x", iab.ErrHeader},
		{"version 2", "DCABMA~x", iab.ErrVersion},
		{"only type and version", "DB", iab.ErrLength},
		{"padding", "DBABMA=~x", iab.ErrText},
		{"loose bits", "DBABMB~x", iab.ErrLength},
		{"unfinished number", header("000000000001"+"0"+"01010") + "~x", iab.ErrLength},
		{"zero length of a group", header("000000000001" + "1" + "11" + "00000000000000000000000000"), iab.ErrSection},
		{"number above 65535", header("000000000001"+"0"+strings.Repeat("0", 24)+"11") + "~x", iab.ErrRange},
		{"numbers that add up above 65535", header("000000000010"+"0"+"000000000000000000000011"+"0"+"000000000000000000000011") + "~x~x", iab.ErrRange},
		{"group that is too long", header("000000000001"+"1"+"11"+"00011") + "~x", iab.ErrSection},
		{"more sections than numbers", "DBABMA~x~y", iab.ErrSection},
		{"fewer sections than numbers", "DBACNY~x", iab.ErrSection},
		{"none", "DBAA", nil},
		{"empty section", "DBABMA~", nil}, // which no reader of a section accepts
		{"one", "DBABMA~x", nil},
	} {
		if _, err := iab.ParseGPP(c.text); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		sameGPP(t, c.text)
	}
}

// A string of nothing but sections, or of nothing but a header, costs no more
// than its length.
func TestGPPBounds(t *testing.T) {
	list := make([]slowSection, iab.MaxSections)
	for i := range list {
		list[i] = slowSection{1000 * (i + 1), strings.Repeat("x", 110)}
	}
	for name, text := range map[string]string{
		"full": writeGPP(list, false), "tildes": "DBABMA" + strings.Repeat("~", 8000), "header": "DBP_" + strings.Repeat("z", 8000),
		"one too many": writeGPP(append(list, slowSection{65000, ""}), false),
	} {
		_, err := iab.ParseGPP(text)
		if (err == nil) != (name == "full") {
			t.Errorf("%s: %v", name, err)
		}
		start := time.Now()
		for range 100 {
			iab.ParseGPP(text)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if n := testing.AllocsPerRun(10, func() { iab.ParseGPP(text) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		sameGPP(t, text)
	}
}

// Sections whose length or rest is not what their layout says, and sub-sections
// that are not for Global Privacy Control.
func TestUSRefuses(t *testing.T) {
	for _, c := range []struct {
		section int
		text    string
		err     error
	}{
		{7, "", iab.ErrLength},
		{7, "BAAAAAAAA", iab.ErrLength},       // 54 bits
		{7, "BAAAAAAAAQ", nil},                // 60
		{7, "BAAAAAAAAQA", nil},               // 66
		{7, "BAAAAAAAAQB", iab.ErrLength},     // and something behind
		{7, "BAAAAAAAAABA", nil},              // 72, of the second layout
		{7, "BAAAAAAAAABB", iab.ErrLength},    // and something behind
		{7, "BAAAAAAAAABAA", iab.ErrLength},   // 78
		{7, "AAAAAAAAAQ", iab.ErrVersion},     // 0
		{7, "DAAAAAAAAQ", iab.ErrVersion},     // 3
		{8, "CAAAAABA", iab.ErrVersion},       // states have one version
		{9, "BAAAABA", nil},                   // 42 bits, 40 of fields
		{9, "BAAAABAA", nil},                  // filled up to 24
		{9, "BAAAAB", iab.ErrLength},          // 36
		{9, "BAAAABAAA", iab.ErrLength},       // 54
		{11, "BAAAAAQ", nil},                  // exactly 42
		{13, "BAAAAABA", iab.ErrSection},      // Florida is not read
		{6, "1YNN", iab.ErrSection},           // and has a reader of its own
		{2, "CAAA", iab.ErrSection},           // as this
		{-1, "BAAAAABA", iab.ErrSection},      //
		{8, "BAAAAABA=", iab.ErrText},         //
		{8, "BAAAA ABA", iab.ErrText},         //
		{8, "BAAAAABA.", iab.ErrLength},       // empty sub-section
		{8, "BAAAAABA.QA", nil},               //
		{8, "BAAAAABA.Q", nil},                //
		{8, "BAAAAABA.YA.QA", nil},            // one that is set counts
		{8, "BAAAAABA.QB", iab.ErrLength},     //
		{8, "BAAAAABA.QAAAA", iab.ErrLength},  //
		{8, "BAAAAABA.AA", iab.ErrSegment},    // a second core
		{8, "BAAAAABA.gA", iab.ErrSegment},    // of type 2
		{8, "BAAAAABA.QA.gA", iab.ErrSegment}, //
		{8, "BAAAAABA.Q=", iab.ErrText},       //
		{8, strings.Repeat("B", 9000), iab.ErrLength},
		{8, "BAAAAABA" + strings.Repeat(".QA", 7), nil},
		{8, "BAAAAABA" + strings.Repeat(".QA", 8), iab.ErrSegment},
	} {
		if _, err := iab.ParseUS(c.section, c.text); !errors.Is(err, c.err) {
			t.Errorf("%d %.40s: %v, want %v", c.section, c.text, err, c.err)
		}
		sameUS(t, c.section, c.text)
	}
}

func TestUSPRefuses(t *testing.T) {
	for text, want := range map[string]error{
		"": iab.ErrLength, "1YN": iab.ErrLength, "1YNNN": iab.ErrLength, "2YNN": iab.ErrVersion, "0YNN": iab.ErrVersion,
		"1ynn": iab.ErrText, "1YNX": iab.ErrText, "1Y N": iab.ErrText, "1---": nil, "1YNN": nil,
	} {
		if _, err := iab.ParseUSP(text); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}
