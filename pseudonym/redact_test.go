package pseudonym_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/discreet-go/discreet/pseudonym"
)

// spellings are the ways in which printers and encoders write bytes.
func spellings(b []byte) []string {
	s := []string{
		string(b), strings.ToUpper(string(b)),
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		base64.StdEncoding.EncodeToString(b), strings.Trim(fmt.Sprintf("%q", b), `"`),
	}
	for _, f := range []string{"%d", "%x", "%X", "%o", "%#x", "%#v", "%b"} {
		for _, sep := range []string{" ", ", ", ","} {
			var parts []string
			for _, c := range b {
				parts = append(parts, fmt.Sprintf(f, c))
			}
			s = append(s, strings.Join(parts, sep))
		}
	}
	return s
}

type (
	exported[T any] struct{ V T }
	hidden[T any]   struct{ v T }
)

// shapes puts v into the places where methods are and are not reached.
func shapes[T any](v T) map[string]any {
	return map[string]any{
		"value":                                v,
		"pointer":                              &v,
		"exported field":                       exported[T]{v},
		"unexported field":                     hidden[T]{v},
		"pointer to struct, unexported field":  &hidden[T]{v},
		"pointer in an unexported field":       hidden[*T]{&v},
		"slice":                                []T{v},
		"array of any":                         [1]any{v},
		"map":                                  map[string]T{"k": v},
		"nested":                               map[string][]*hidden[T]{"k": {{v}}},
		"unexported field in unexported field": hidden[hidden[T]]{hidden[T]{v}},
		"interface in an unexported field":     hidden[any]{v},
	}
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%o", "%b", "%c", "%U", "%e", "%t", "%w", "%!", "%z", "%100v", "%-8.3s"}

type encoder struct {
	name string
	run  func(w *bytes.Buffer, v any)
}

var encoders = []encoder{
	{"slog text", func(w *bytes.Buffer, v any) { slog.New(slog.NewTextHandler(w, nil)).Info("m", "v", v) }},
	{"slog json", func(w *bytes.Buffer, v any) { slog.New(slog.NewJSONHandler(w, nil)).Info("m", "v", v) }},
	{"log", func(w *bytes.Buffer, v any) { log.New(w, "", 0).Println(v) }},
	{"json", func(w *bytes.Buffer, v any) { failure(w, json.NewEncoder(w).Encode(v)) }},
	{"xml", func(w *bytes.Buffer, v any) { failure(w, xml.NewEncoder(w).Encode(v)) }},
	{"gob", func(w *bytes.Buffer, v any) { failure(w, gob.NewEncoder(w).Encode(v)) }},
	{"template", func(w *bytes.Buffer, v any) {
		failure(w, template.Must(template.New("t").Parse("{{.}} {{printf \"%x\" .}}")).Execute(w, v))
	}},
	{"errorf", func(w *bytes.Buffer, v any) { fmt.Fprint(w, fmt.Errorf("broken: %v", v)) }},
	{"expvar", func(w *bytes.Buffer, v any) { fmt.Fprint(w, expvar.Func(func() any { return v })) }},
	{"panic", func(w *bytes.Buffer, v any) {
		defer func() { fmt.Fprintln(w, recover()); w.Write(debug.Stack()) }()
		panic(v)
	}},
	{"panic with an error", func(w *bytes.Buffer, v any) {
		defer func() { fmt.Fprintln(w, recover()) }()
		panic(errors.Join(errors.New("broken"), fmt.Errorf("%+v", v)))
	}},
}

func failure(w *bytes.Buffer, err error) {
	if err != nil {
		fmt.Fprintln(w, err)
	}
}

// sinks runs v through every shape, verb and encoder and hands the text to look.
func sinks[T any](v T, look func(sink, text string)) (n int) {
	for shape, s := range shapes(v) {
		for _, verb := range verbs {
			look(verb+" of "+shape, fmt.Sprintf(verb, s))
			n++
		}
		for _, e := range encoders {
			var w bytes.Buffer
			e.run(&w, s)
			look(e.name+" of "+shape, w.String())
			n++
		}
	}
	return n
}

// careless is what an identifier often is: a string that redacts itself wherever
// its methods are reached.
type careless struct{ s string }

func (careless) String() string               { return "redacted" }
func (careless) GoString() string             { return "redacted" }
func (careless) Format(f fmt.State, _ rune)   { fmt.Fprint(f, "redacted") }
func (careless) LogValue() slog.Value         { return slog.StringValue("redacted") }
func (careless) MarshalText() ([]byte, error) { return []byte("redacted"), nil }
func (careless) MarshalJSON() ([]byte, error) { return []byte(`"redacted"`), nil }

// The sinks find a string, and one that only redacts itself by its methods; and
// they cover the verbs, and more sinks than the 140, of the reference list.
func TestSinksBite(t *testing.T) {
	const address = "canary.person+5550100@example.com"
	needles := spellings([]byte(address))
	count := func(leaks *int) func(_, text string) {
		return func(_, text string) {
			for _, n := range needles {
				if strings.Contains(text, n) {
					*leaks++
					return
				}
			}
		}
	}
	var plain, hiding int
	n := sinks(address, count(&plain))
	sinks(careless{address}, count(&hiding))
	if n < 140 || plain < n/2 || hiding < n/10 {
		t.Errorf("of %d sinks, %d show a string and %d one that redacts itself", n, plain, hiding)
	}
	var v struct {
		Sinks struct{ Verbs []string } `json:"redaction_sinks"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	for _, verb := range v.Sinks.Verbs {
		if !slices.Contains(verbs, verb) {
			t.Errorf("the verb %s is not tried", verb)
		}
	}
	t.Logf("of %d sinks, %d show a string and %d one that redacts itself", n, plain, hiding)
}

func TestNothingLeaks(t *testing.T) {
	const address = "canary.person+5550100@example.com"
	k := newRing(t)
	k = step(t)(k.Rotate(k.Created()))
	d := deriver(t, k, "acme", "ads")
	live, err := pseudonym.NewLive(d)
	if err != nil {
		t.Fatal(err)
	}
	raw := pseudonym.Email(address)
	link, err := d.Link(raw, "ads")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := k.Signer("acme")
	if err != nil {
		t.Fatal(err)
	}

	var needles []string
	for _, b := range append(pseudonym.KeyBytes(k, d), []byte(address)) {
		for at := 0; at+8 <= len(b); at += 8 {
			needles = append(needles, spellings(b[at:at+8])...)
		}
	}
	look := func(what string) func(sink, text string) {
		return func(sink, text string) {
			for _, needle := range needles {
				if strings.Contains(text, needle) {
					t.Errorf("%s leaks through %s", what, sink)
					return
				}
			}
		}
	}
	n := sinks(raw, look("Raw"))
	n += sinks(pseudonym.Opaque(address), look("opaque Raw"))
	n += sinks(k, look("*Keyring"))
	n += sinks(*k, look("Keyring"))
	n += sinks(d, look("*Deriver"))
	n += sinks(*d, look("Deriver"))
	n += sinks(live, look("*Live"))
	n += sinks(k.Roots(), look("KeyInfo"))
	n += sinks(link, look("Link"))
	n += sinks(link.Subject(), look("Subject"))
	n += sinks(link.ID(), look("ID"))
	n += sinks(signer, look("Signer"))
	if n < 10*140 {
		t.Errorf("only %d sinks", n)
	}

	// The net itself catches: a plain string and a plain key do leak.
	caught := 0
	sinks(address, func(sink, text string) {
		if strings.Contains(text, address) {
			caught++
		}
	})
	key := pseudonym.KeyBytes(k, d)[0]
	sinks([32]byte(key), func(sink, text string) {
		for _, s := range spellings(key[:8]) {
			if strings.Contains(text, s) {
				caught++
				return
			}
		}
	})
	if caught < 200 {
		t.Errorf("plain values were caught in %d sinks only", caught)
	}
}

//go:noinline
func trace(r pseudonym.Raw, k pseudonym.Keyring, d pseudonym.Deriver, l pseudonym.Link) string {
	_, _, _, _ = r, k, d, l
	return string(debug.Stack())
}

// A traceback shows arguments as words: of these types, addresses at most.
func TestTracebackShowsNoKey(t *testing.T) {
	k, d := newDeriver(t, "ads")
	raw := pseudonym.Email("canary.person@example.com")
	text := trace(raw, *k, *d, pseudonym.Link{})
	for _, b := range append(pseudonym.KeyBytes(k, d), []byte(raw.Expose())) {
		for _, s := range spellings(b[:8]) {
			if strings.Contains(text, s) {
				t.Errorf("a traceback shows %d bytes", len(s))
			}
		}
	}
}

// Secrets are neither compared nor used as map keys, and no reflective walk
// finds bytes behind them.
func TestSecretsAreOpaque(t *testing.T) {
	for _, v := range []any{pseudonym.Raw{}, pseudonym.Keyring{}, pseudonym.Deriver{}} {
		if reflect.TypeOf(v).Comparable() {
			t.Errorf("%T is comparable", v)
		}
	}
	for _, v := range []any{pseudonym.Keyring{}, pseudonym.Deriver{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if kind := typ.Field(i).Type.Kind(); kind != reflect.Func && kind != reflect.Array {
				t.Errorf("%v has a field of kind %v", typ, kind)
			}
		}
	}
}

// No error of any derivation, and nothing IDNA or the decoders said, holds the
// identifier.
func TestErrorsShowNoIdentifier(t *testing.T) {
	_, d := newDeriver(t, "ads")
	for _, c := range emailCases {
		_, err := d.ID(pseudonym.Email(c.in), "ads")
		if err == nil {
			continue
		}
		for _, part := range strings.FieldsFunc(c.in, func(r rune) bool { return r == '@' || r == '.' || r == ' ' }) {
			if len(part) > 3 && part != "user" && strings.Contains(err.Error(), part) {
				t.Errorf("the error for %+q holds %+q", c.in, part)
			}
		}
	}
}
