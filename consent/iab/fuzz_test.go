package iab_test

import (
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// FuzzTCF holds the reader of TC strings to the slow one on hostile text: the same
// strings are refused, every field of the others is the same, nothing panics, and
// a rule hears something.
func FuzzTCF(f *testing.F) {
	f.Add(plain().write(form{}))
	f.Add(plain().write(form{vendors: true, interests: true, disclosed: true, publisherFirst: true, unit: 24}))
	s := plain()
	s.restrictions = []slowRestriction{{1, 0, []span{{1, 3}, {9, 9}}}, {3, 2, nil}}
	f.Add(s.write(form{vendors: true}))
	f.Add("")
	f.Add("CAAA.IAAA")
	if v := load(); v != nil {
		for _, v := range append(v.Vectors, v.Negative...) {
			if v.Kind == "tcfeuv2" {
				f.Add(v.String)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		readable := sameTCF(t, text)
		rule := iab.Rule{TCF: asked(), US: true}
		heard := rule.Hear(&consent.Signals{TCF: text}, today)
		if heard.GPP != consent.Silent || heard.GPC != consent.Silent {
			t.Fatalf("%q is heard as %v", text, heard)
		}
		if got := heard.TCF; (got == consent.Silent) != (text == "") || !readable && got == permits {
			t.Fatalf("%q is heard as %v", text, heard)
		}
		// Later it is never heard as permitting more, once it is not of the future.
		if later := rule.Hear(&consent.Signals{TCF: text}, today.Add(300*24*time.Hour)); heard.TCF == forbids && later.TCF == permits {
			t.Fatalf("%q is heard later as %v", text, later)
		}
	})
}

// FuzzGPP does the same for GPP strings and the sections of the United States.
func FuzzGPP(f *testing.F) {
	f.Add(writeGPP([]slowSection{{2, plain().write(form{})}, {6, "1YNN"}, {7, us("Gpc", 1)}, {8, "BAAAAABA.QA"}}, true))
	f.Add(writeGPP([]slowSection{{7, us()}}, false))
	for _, l := range layouts {
		f.Add(writeGPP([]slowSection{{l.section, writeUS(l.name, l.version, clean(l.name), 24)}}, false))
	}
	f.Add("DBAA")
	f.Add("DBAB6FKBY")
	if v := load(); v != nil {
		for _, v := range append(append(v.Vectors, v.Mismatch...), v.Negative...) {
			if v.Kind == "gpp" {
				f.Add(v.String)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		readable := sameGPP(t, text)
		for _, l := range layouts {
			sameUS(t, l.section, text) // as a section too
		}
		rule := iab.Rule{TCF: asked(), US: true}
		all := rule.Hear(&consent.Signals{GPP: text}, today)
		if !readable && text != "" && all.GPP != unclear {
			t.Fatalf("%q is heard as %v", text, all)
		}
		// What is heard of one section is heard of the whole at least as strictly.
		g, _ := iab.ParseGPP(text)
		for i := range g.Len() {
			id, _ := g.At(i)
			one := rule.Hear(&consent.Signals{GPP: text, GPPSections: []int{id}}, today)
			if strict(one.GPP) > strict(all.GPP) || strict(one.TCF) > strict(all.TCF) || strict(one.GPC) > strict(all.GPC) || one.Age > all.Age {
				t.Fatalf("section %d of %q is heard as %v, all as %v", id, text, one, all)
			}
		}
	})
}
