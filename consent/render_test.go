package consent_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// marked returns labels that are told apart from English ones and each other.
func marked() consent.Labels {
	var l consent.Labels
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		v.Field(i).SetString("Label " + v.Type().Field(i).Name + " #")
	}
	return l
}

// What is promised to people is on the page, in every setting of the labels.
func TestRenderingsShowEverything(t *testing.T) {
	n := whole()
	n.Text, n.Withdrawal = "First.\nSecond.", "Open Settings.\nSwitch it off."
	for name, text := range map[string]string{
		"plain": n.Plain(), "plain, labels": n.PlainWith(marked()),
		"html": unmarked(t, n.HTML(consent.Labels{})), "html, labels": unmarked(t, n.HTML(marked())),
	} {
		want := slices.Concat(n.Categories, n.Sources, n.Recipients, n.ThirdParties, n.Transfers, n.Rights, n.HowTo, []string{
			n.Title, "First.", "Second.", n.Controller, n.Complaint, "Open Settings.", "Switch it off.", "180", "365",
		})
		for _, p := range n.Purposes {
			want = append(want, p.Title, p.Text)
		}
		for _, b := range n.Bundles {
			want = append(want, b.Title, b.Text)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not in\n%s", name, w, text)
			}
		}
		for _, b := range n.Bundles { // its purposes are named a second time
			if i := strings.LastIndex(text, b.Title); !strings.Contains(text[i:], n.Purposes[0].Title) {
				t.Errorf("%s: the bundle does not name its purposes", name)
			}
		}
	}
}

func TestLabels(t *testing.T) {
	n, l := whole(), marked()
	if n.Plain() != n.PlainWith(consent.Labels{}) || n.HTML(consent.English()) != n.HTML(consent.Labels{}) {
		t.Error("empty labels are not English")
	}
	english, ours := reflect.ValueOf(consent.English()), reflect.ValueOf(l)
	for i := range english.NumField() {
		name, in, of := english.Type().Field(i).Name, english.Field(i).String(), ours.Field(i).String()
		if in == "" {
			t.Errorf("%s has no English label", name)
		}
		shown := n
		if name == "Nobody" {
			shown = shop()
		}
		for _, text := range []string{shown.PlainWith(l), shown.HTML(l)} {
			of := of
			switch name {
			case "Kept":
				of = strings.ReplaceAll(of, "#", "180")
			case "Lasts":
				of = strings.ReplaceAll(of, "#", "365")
			}
			if !strings.Contains(text, of) || strings.Contains(text, in+"\n") {
				t.Errorf("%s: the label is not shown in\n%s", name, text)
			}
		}
	}
	if strings.Contains(shop().PlainWith(l), "Label From") || strings.Contains(shop().HTML(l), "Label Bundles") {
		t.Error("an empty part has a heading")
	}
	if strings.Contains(sharing().Plain(), consent.English().Nobody) {
		t.Error("nobody sees it, and somebody gets it")
	}
}

// goldenNotice compares with a file of testdata. A change of the JSON is a change
// of format: give it a new name.
func goldenNotice(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("DISCREET_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: got\n%s", name, got)
	}
}

func TestRenderingGolden(t *testing.T) {
	goldenNotice(t, "notice.txt", whole().Plain())
	goldenNotice(t, "notice.html", whole().HTML(consent.Labels{}))
	data, err := whole().JSON()
	if err != nil {
		t.Fatal(err)
	}
	goldenNotice(t, "notice-v0.json", string(data)+"\n")
}

// page is a fragment of HTML taken apart.
type page struct {
	elements []string // names
	values   []string // of attributes, as "name=value"
	text     string
}

// parse reads the fragment, which has to be balanced.
func parse(fragment string) (p page, err error) {
	d := xml.NewDecoder(strings.NewReader(fragment))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			p.elements = append(p.elements, token.Name.Local)
			for _, a := range token.Attr {
				p.values = append(p.values, a.Name.Local+"="+a.Value)
			}
			if token.Name.Local == "br" {
				p.text += "\n"
			}
		case xml.CharData:
			p.text += string(token)
		case xml.EndElement:
		default:
			return p, errors.New("neither an element nor text")
		}
	}
}

func unmarked(t *testing.T, fragment string) string {
	t.Helper()
	p, err := parse(fragment)
	if err != nil {
		t.Fatal(err)
	}
	return p.text
}

func TestHTMLStructure(t *testing.T) {
	p, err := parse(whole().HTML(consent.Labels{}))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, v := range p.values {
		if id, ok := strings.CutPrefix(v, "id="); ok {
			if slices.Contains(ids, id) {
				t.Errorf("id %s is there twice", id)
			}
			ids = append(ids, id)
		}
	}
	want := []string{"notice:shop", "notice:shop:" + content, "notice:shop:" + stats, "notice:shop:share", "notice:shop:ads", "notice:shop:basics"}
	if !slices.Equal(ids, want) {
		t.Errorf("ids %q, want %q", ids, want)
	}
	for _, v := range p.values {
		if to, ok := strings.CutPrefix(v, "href=#"); ok && !slices.Contains(ids, to) {
			t.Errorf("%s leads nowhere", v)
		}
	}
	if !slices.Contains(p.values, "lang=en") || !slices.Contains(p.values, "dir=ltr") {
		t.Errorf("language and direction are not in %q", p.values)
	}
}

func TestHTMLDirection(t *testing.T) {
	for locale, want := range map[string]string{
		"en": "ltr", "de-AT": "ltr", "zh-Hant-TW": "ltr", "es-419": "ltr", "ku": "ltr", "az-Latn": "ltr", "ar-Latn": "ltr", "ara": "ltr",
		"ar": "rtl", "ar-EG": "rtl", "he": "rtl", "fa-IR": "rtl", "ur": "rtl", "yi": "rtl", "ckb": "rtl", "dv": "rtl",
		"az-Arab": "rtl", "ku-Arab-IQ": "rtl", "ff-Adlm": "rtl", "en-Hebr": "rtl",
	} {
		p, err := parse(in(locale, shop()).HTML(consent.Labels{}))
		if err != nil || !slices.Contains(p.values, "dir="+want) || !slices.Contains(p.values, "lang="+locale) {
			t.Errorf("%s: %v %q, want %s", locale, err, p.values, want)
		}
	}
}

// fill puts a text into every string of a value, and counts them.
func fill(v reflect.Value, s string) (n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
		return 1
	case reflect.Struct:
		for i := range v.NumField() {
			n += fill(v.Field(i), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += fill(v.Index(i), s)
		}
	}
	return n
}

// hostile checks that a text, wherever it stands, adds no element and no
// attribute, and arrives as it is.
func hostile(t interface{ Fatalf(string, ...any) }, s string) {
	allowed := []string{"article", "h2", "h3", "p", "ul", "li", "strong", "em", "a", "br"}
	n := whole()
	before, err := parse(n.HTML(consent.Labels{}))
	if err != nil {
		t.Fatalf("%v", err)
	}
	l := consent.English()
	fill(reflect.ValueOf(&l).Elem(), s)
	if fill(reflect.ValueOf(&n).Elem(), s) < 25 {
		t.Fatalf("the test fills too little")
	}
	fragment := n.HTML(l)
	p, err := parse(fragment)
	if err != nil {
		t.Fatalf("%v:\n%s", err, fragment)
	}
	for _, e := range p.elements {
		if !slices.Contains(allowed, e) {
			t.Fatalf("an element %s in\n%s", e, fragment)
		}
	}
	for _, v := range p.values {
		name, _, _ := strings.Cut(v, "=")
		if !slices.Contains([]string{"id", "lang", "dir", "href"}, name) {
			t.Fatalf("an attribute %s in\n%s", v, fragment)
		}
	}
	if len(p.values) > len(before.values)+1 { // every purpose of the bundle is found: one key for all
		t.Fatalf("%d attributes, %d before", len(p.values), len(before.values))
	}
	if !strings.Contains(p.text, s) {
		t.Fatalf("%q does not arrive in\n%s", s, p.text)
	}
}

func TestHTMLEscapesHostileText(t *testing.T) {
	for _, s := range []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "</article><h1>x</h1>",
		"<!-- ", "]]>", "<![CDATA[<b>x</b>]]>", "&lt;b&gt;", "&", "a\nb", "javascript:alert(1)", `\"`, "`", "<", "#",
	} {
		if s == "#" {
			continue // stands for a number in a label
		}
		hostile(t, s)
	}
	alphabet := []rune("<>&\"'`=/!-[]{}()\\ \nabcs:;%é\u05d0😀")
	rapid.Check(t, func(t *rapid.T) {
		hostile(t, "x"+rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 30, -1).Draw(t, "text")+"x")
	})
}

func TestReadNotice(t *testing.T) {
	n := whole()
	n.Title = "Less < more & > \"all\""
	data, err := n.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(data), "<>&") {
		t.Errorf("not fit for a page: %s", data)
	}
	back, err := consent.ReadNotice(data)
	if err != nil || !reflect.DeepEqual(back, n) {
		t.Fatalf("%v: %+v", err, back)
	}
	replace := func(old, with string) []byte { return []byte(strings.Replace(string(data), old, with, 1)) }
	for name, bad := range map[string][]byte{
		"nothing":      nil,
		"null":         []byte("null"),
		"list":         []byte("[]"),
		"spaces":       append(slices.Clone(data), '\n'),
		"twice":        append(slices.Clone(data), data...),
		"another text": replace("Panel", "Panes"),
		"another hash": replace(`"hash":"`, `"hash":"00`),
		"format":       replace("notice/0", "notice/1"),
		"unknown":      replace(`"id":`, `"x":1,"id":`),
		"field twice":  replace(`"id":`, `"id":"shop","id":`),
		"other case":   replace(`"id":`, `"ID":`),
		"no rules":     replace(`"version":1`, `"version":0`),
		"too long":     make([]byte, 1<<25+1),
	} {
		if n, err := consent.ReadNotice(bad); !errors.Is(err, consent.ErrNotice) || n.ID != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadNotice(f *testing.F) {
	for _, n := range []consent.Notice{shop(), everything(), whole(), in("ar", bundled())} {
		data, err := n.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Add([]byte(`{"format":"discreet-notice/0","hash":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := consent.ReadNotice(data)
		if err != nil {
			if !errors.Is(err, consent.ErrNotice) {
				t.Fatal(err)
			}
			return
		}
		if again, err := n.JSON(); err != nil || string(again) != string(data) {
			t.Fatalf("%v: read, and written otherwise", err)
		}
		if _, err := consent.NewBook([]consent.Notice{n}); err != nil {
			t.Fatalf("a notice that no book takes: %v", err)
		}
		if _, err := parse(n.HTML(consent.Labels{})); err != nil {
			t.Fatal(err)
		}
		n.Plain()
	})
}
