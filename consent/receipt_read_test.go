package consent_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

func TestReadReceiptUnverified(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	data := signed(t, receipt(t, goldenInput(t)), s)
	text, _, _ := strings.Cut(string(data), "\n\n")
	text += "\n"
	wrong, renamed := newReceiptSigner(t, "shop", 9), newReceiptSigner(t, "mall", 1)
	_, signature, _ := strings.Cut(string(data), "\n\n")
	_, foreign, _ := strings.Cut(string(wrong.resign(text)), "\n\n")
	for name, c := range map[string]struct {
		data      []byte
		verifiers []string
		want      error
	}{
		"trusted":             {data, []string{wrong.vkey, s.vkey, s.vkey}, nil},
		"nobody trusted":      {data, nil, consent.ErrReceiptUnverified},
		"another key":         {data, []string{wrong.vkey}, consent.ErrReceiptUnverified},
		"another name":        {data, []string{renamed.vkey}, consent.ErrReceiptUnverified},
		"signed by another":   {wrong.resign(text), []string{s.vkey}, consent.ErrReceiptUnverified},
		"unsigned":            {[]byte(text), []string{s.vkey}, consent.ErrReceiptUnverified},
		"empty":               {nil, []string{s.vkey}, consent.ErrReceiptUnverified},
		"cut":                 {data[:len(data)-9], []string{s.vkey}, consent.ErrReceiptUnverified},
		"signature twice":     {[]byte(text + "\n" + signature + signature), []string{s.vkey}, consent.ErrReceiptUnverified},
		"foreign signature":   {[]byte(text + "\n" + signature + foreign), []string{s.vkey}, consent.ErrReceiptUnverified},
		"broken verifier":     {data, []string{s.vkey, "shop+0000+x"}, consent.ErrReceiptVerifier},
		"empty verifier":      {data, []string{""}, consent.ErrReceiptVerifier},
		"one byte too much":   {append(bytes.Clone(data), make([]byte, 1<<20+1-len(data))...), []string{s.vkey}, consent.ErrReceiptSize},
		"as much as there is": {append(bytes.Clone(data), make([]byte, 1<<20-len(data))...), []string{s.vkey}, consent.ErrReceiptUnverified},
	} {
		r, err := consent.ReadReceipt(c.data, c.verifiers)
		if !errors.Is(err, c.want) || r.IsZero() != (err != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestReadReceiptEveryByte changes, drops and doubles every byte of a signed
// receipt, also those of the signature.
func TestReadReceiptEveryByte(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	in := goldenInput(t)
	in.Entries, in.Summary = in.Entries[9:10], consent.Summary{}
	data := signed(t, receipt(t, in), s)
	if _, err := consent.ReadReceipt(data, []string{s.vkey}); err != nil {
		t.Fatal(err)
	}
	signature := bytes.Index(data, []byte("\n\n"))
	for i := range data {
		for bit := range 8 {
			if i < signature && bit != i%8 { // the text goes through one hash
				continue
			}
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			if _, err := consent.ReadReceipt(bad, []string{s.vkey}); err == nil {
				t.Errorf("bit %d of byte %d counts for nothing", bit, i)
			}
		}
		for _, bad := range [][]byte{append(bytes.Clone(data[:i]), data[i+1:]...), append(bytes.Clone(data[:i+1]), data[i:]...)} {
			if _, err := consent.ReadReceipt(bad, []string{s.vkey}); err == nil && !bytes.Equal(bad, data) {
				t.Errorf("byte %d missing or doubled counts for nothing", i)
			}
		}
	}
	// Loose bits of base64 are another spelling of the same signature.
	loose := bytes.Clone(data)
	last := len(loose) - 3 // before "=\n"
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		loose[last] = c
		if _, err := consent.ReadReceipt(loose, []string{s.vkey}); err == nil && c != data[last] {
			t.Error("a signature has two spellings")
		}
	}
}

// leaves calls f with every field below v that is not a struct or a list, and
// its path.
func leaves(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		f(path, v)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			leaves(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			leaves(v.Index(i), path, f)
		}
	default:
		f(path, v)
	}
}

// change gives the field another value of the kind it had.
func change(v reflect.Value) {
	switch x := v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(x.Add(time.Second)))
	case int:
		v.SetInt(int64(x) + 1)
	case uint64:
		v.SetUint(x + 1)
	case bool:
		v.SetBool(!x)
	default: // a string type: the last letter or digit moves on
		s := []byte(v.String())
		if len(s) == 0 {
			s = []byte("x")
		} else if c := &s[len(s)-1]; *c == '9' || *c == 'z' {
			*c = '0'
		} else {
			*c++
		}
		v.SetString(string(s))
	}
}

// TestReadReceiptEveryField changes every field of the golden receipt, one at a
// time. Under the old signature none is accepted; and under a new one of the
// trusted key, none without a new receipt_id.
func TestReadReceiptEveryField(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	kept, err := os.ReadFile(goldenReceipt)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(kept[:bytes.Index(kept, []byte("\n\n"))+1])
	r := receipt(t, goldenInput(t))
	seen := map[string]bool{}
	leaves(reflect.ValueOf(&r).Elem(), "", func(path string, v reflect.Value) {
		seen[path] = true
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		change(v)
		text := textOf(t, r)
		if text == whole {
			t.Errorf("%s is not in the text", path)
		}
		if _, err := consent.ReadReceipt([]byte(text+string(kept[len(whole):])), []string{s.vkey}); !errors.Is(err, consent.ErrReceiptUnverified) {
			t.Errorf("%s: changed: %v", path, err)
		}
		if _, err := consent.ReadReceipt(s.resign(text), []string{s.vkey}); !errors.Is(err, consent.ErrReceipt) {
			t.Errorf("%s: changed and signed again: %v", path, err)
		}
		if _, err := r.Sign(s); !errors.Is(err, consent.ErrReceipt) {
			t.Errorf("%s: changed and signed: %v", path, err)
		}
		v.Set(old)
	})
	if textOf(t, r) != whole || len(seen) < 60 {
		t.Errorf("%d fields were seen", len(seen))
	}
}

// TestReceiptIsWhole fails when a field is added that the golden receipt does
// not show.
func TestReceiptIsWhole(t *testing.T) {
	r := receipt(t, goldenInput(t))
	shown := map[string]bool{}
	leaves(reflect.ValueOf(r), "", func(path string, v reflect.Value) { shown[path] = shown[path] || !v.IsZero() })
	for path, ok := range shown {
		if never := strings.HasSuffix(path, ".Sensitive") || strings.HasSuffix(path, ".Special"); ok == never {
			t.Errorf("%s in the golden receipt: %v", path, ok)
		}
	}
}

// TestReadReceiptBinds changes every field of what happened, and writes the rest
// anew around it: the commitment tells.
func TestReadReceiptBinds(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	for _, name := range []string{"Time", "Purposes", "Method", "Proof", "Salt", "Commitment"} {
		r := receipt(t, goldenInput(t))
		v := reflect.ValueOf(&r.Records[1].Events[1]).Elem().FieldByName(name) // imported, with a proof
		if name == "Purposes" {
			v.Set(reflect.ValueOf([]string{"ads"}))
		} else {
			change(v)
		}
		if _, err := consent.ReadReceipt(s.resign(reidentify(textOf(t, r))), []string{s.vkey}); !errors.Is(err, consent.ErrReceiptCommitment) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReadReceiptIsStrict signs texts with the trusted key, and with the
// receipt_id that fits, that are wrong in one place each.
func TestReadReceiptIsStrict(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	ok := textOf(t, receipt(t, goldenInput(t)))
	if reidentify(ok) != ok {
		t.Fatal("the receipt_id is not what docs/formats.md says")
	}
	replace := func(old, new string) string {
		if !strings.Contains(ok, old) {
			t.Fatalf("no %s to replace", old)
		}
		return strings.Replace(ok, old, new, 1)
	}
	set := func(f func(*consent.Receipt)) string {
		r := receipt(t, goldenInput(t))
		f(&r)
		return textOf(t, r)
	}
	purpose := func(f func(*consent.ReceiptPurpose)) string {
		return set(func(r *consent.Receipt) {
			list := r.Records[0].Processing[0].Purposes
			for i := range list {
				f(&list[i])
			}
		})
	}
	notice := func(f func(*consent.ReceiptProcessing)) string {
		return set(func(r *consent.Receipt) { f(&r.Records[0].Processing[0]) })
	}
	event := func(f func(*consent.ReceiptEvent)) string {
		return set(func(r *consent.Receipt) { f(&r.Records[0].Events[1]) })
	}
	for name, text := range map[string]string{
		"nothing":                 "\n",
		"format alone":            consent.ReceiptFormat + "\n",
		"another format":          replace("discreet-receipt/0\n", "discreet-release/0\n"),
		"no object":               consent.ReceiptFormat + "\nnull\n",
		"a list":                  consent.ReceiptFormat + "\n[]\n",
		"empty object":            consent.ReceiptFormat + "\n{}\n",
		"a line more":             ok + "{}\n",
		"a blank line":            ok + "\n",
		"after the object":        replace("}}\n", "}}{}\n"),
		"unknown field":           replace(`"records":`, `"more":1,"records":`),
		"unknown inner field":     replace(`"kind":`, `"more":1,"kind":`),
		"field twice":             replace(`"notice_version":1`, `"notice_version":1,"notice_version":1`),
		"field in capitals":       replace(`"event_state"`, `"Event_state"`),
		"fields swapped":          replace(`"notice_id":"sold","version":1`, `"version":1,"notice_id":"sold"`),
		"space":                   replace(`"length":4711`, `"length": 4711`),
		"another number form":     replace(`"length":4711`, `"length":4.711e3`),
		"another string form":     replace(`"banner"`, `"\u0062anner"`),
		"escaped for HTML":        replace(`<Shop>`, `\u003cShop\u003e`),
		"null for a list":         replace(`"recipient_third_parties":[]`, `"recipient_third_parties":null`),
		"null for a time":         replace(`"issued":"2027-06-06T12:00:00Z"`, `"issued":null`),
		"empty optional list":     replace(`"storage_locations"`, `"collection_method":[],"storage_locations"`),
		"empty optional text":     replace(`"method":"gpc"`, `"method":""`),
		"time with a zone":        replace(`"issued":"2027-06-06T12:00:00Z"`, `"issued":"2027-06-06T14:00:00+02:00"`),
		"time in another form":    replace(`12:00:01.5Z`, `12:00:01.500Z`),
		"time too fine":           replace(`12:00:01.5Z`, `12:00:01.5004Z`),
		"schema version":          set(func(r *consent.Receipt) { r.SchemaVersion = "discreet-receipt/1" }),
		"profile":                 set(func(r *consent.Receipt) { r.Profile = "" }),
		"no issue":                set(func(r *consent.Receipt) { r.Issued = time.Time{} }),
		"identifier as principal": set(func(r *consent.Receipt) { r.Principal = "ann@example.com" }),
		"no party":                set(func(r *consent.Receipt) { r.Parties = nil }),
		"two parties":             set(func(r *consent.Receipt) { r.Parties = append(r.Parties, r.Parties[0]) }),
		"party without address":   set(func(r *consent.Receipt) { r.Parties[0].Address = "" }),
		"party without contact":   set(func(r *consent.Receipt) { r.Parties[0].Contact = "" }),
		"party with a role":       set(func(r *consent.Receipt) { r.Parties[0].Role = "PII processor" }),
		"party that draws":        set(func(r *consent.Receipt) { r.Parties[0].Name = "a\x1b[2Jb" }),
		"no states":               set(func(r *consent.Receipt) { r.States = nil }),
		"states unsorted":         set(func(r *consent.Receipt) { r.States[0], r.States[1] = r.States[1], r.States[0] }),
		"state twice":             set(func(r *consent.Receipt) { r.States[1] = r.States[0] }),
		"state unknown":           set(func(r *consent.Receipt) { r.States[0].State = "granted" }),
		"state of no purpose":     set(func(r *consent.Receipt) { r.States[0].Purpose = "a..b" }),
		"state that draws":        set(func(r *consent.Receipt) { r.States[0].Title = "\x1b" }),
		"state without time":      set(func(r *consent.Receipt) { r.States[0].Since = time.Time{} }),
		"no records":              set(func(r *consent.Receipt) { r.Records = nil }),
		"record twice":            set(func(r *consent.Receipt) { r.Records[1] = r.Records[0] }),
		"record id":               set(func(r *consent.Receipt) { r.Records[0].ID = strings.ReplaceAll(r.Records[0].ID, "-", "") }),
		"record id in capitals":   set(func(r *consent.Receipt) { r.Records[0].ID = strings.ToUpper(r.Records[0].ID) }),
		"record of nothing":       set(func(r *consent.Receipt) { r.Records[2].Events = nil }),
		"no processing":           set(func(r *consent.Receipt) { r.Records[2].Processing = nil }),
		"text missing":            set(func(r *consent.Receipt) { r.Records[0].Processing = r.Records[0].Processing[:0] }),
		"log without chain":       set(func(r *consent.Receipt) { r.Log.Chain = "" }),
		"log without length":      set(func(r *consent.Receipt) { r.Log.Length = 0 }),
		"chain in capitals":       set(func(r *consent.Receipt) { r.Log.Chain = strings.ToUpper(r.Log.Chain) }),
		"notice id":               notice(func(p *consent.ReceiptProcessing) { p.Notice.ID = "a b" }),
		"notice version":          notice(func(p *consent.ReceiptProcessing) { p.Notice.Version = 0 }),
		"notice hash":             notice(func(p *consent.ReceiptProcessing) { p.Notice.SHA256 = "" }),
		"notice of nothing":       notice(func(p *consent.ReceiptProcessing) { p.Notice.SHA256 = strings.Repeat("0", 64) }),
		"another notice":          notice(func(p *consent.ReceiptProcessing) { p.Notice.SHA256 = strings.Repeat("1", 64) }),
		"notice title":            notice(func(p *consent.ReceiptProcessing) { p.Notice.Title = "" }),
		"notice title unknown":    notice(func(p *consent.ReceiptProcessing) { p.Notice.Known = false }),
		"notice url":              notice(func(p *consent.ReceiptProcessing) { p.Notice.URL = "javascript:alert(1)" }),
		"language":                notice(func(p *consent.ReceiptProcessing) { p.Language = "" }),
		"another language":        notice(func(p *consent.ReceiptProcessing) { p.Language = "de" }),
		"no purposes":             notice(func(p *consent.ReceiptProcessing) { p.Purposes = p.Purposes[:0] }),
		"purposes twice":          notice(func(p *consent.ReceiptProcessing) { p.Purposes[1] = p.Purposes[0] }),
		"purposes that differ":    notice(func(p *consent.ReceiptProcessing) { p.Purposes[1].Withdrawal = "Write to us." }),
		"no key":                  purpose(func(p *consent.ReceiptPurpose) { p.Purpose = "" }),
		"no title":                purpose(func(p *consent.ReceiptPurpose) { p.Title = "" }),
		"text that draws":         purpose(func(p *consent.ReceiptPurpose) { p.Text = "a\tb" }),
		"purpose type":            purpose(func(p *consent.ReceiptPurpose) { p.Types = []string{"sharing", "advertising"} }),
		"lawful basis":            purpose(func(p *consent.ReceiptPurpose) { p.LawfulBasis = "contract" }),
		"nothing held":            purpose(func(p *consent.ReceiptPurpose) { p.PII = p.PII[:0] }),
		"something held":          purpose(func(p *consent.ReceiptPurpose) { p.PII[0].Type = "" }),
		"sensitive":               purpose(func(p *consent.ReceiptPurpose) { p.PII[0].Sensitive = true }),
		"special":                 purpose(func(p *consent.ReceiptPurpose) { p.PII[0].Special = true }),
		"other controllers":       purpose(func(p *consent.ReceiptPurpose) { p.Controllers = []string{"mall.example"} }),
		"no controllers":          purpose(func(p *consent.ReceiptPurpose) { p.Controllers = nil }),
		"no place":                purpose(func(p *consent.ReceiptPurpose) { p.Locations = nil }),
		"no retention":            purpose(func(p *consent.ReceiptPurpose) { p.Retention = "" }),
		"retention unknown":       purpose(func(p *consent.ReceiptPurpose) { p.Retention = "unknown" }),
		"retention of zero":       purpose(func(p *consent.ReceiptPurpose) { p.Retention = "P0D" }),
		"retention with a zero":   purpose(func(p *consent.ReceiptPurpose) { p.Retention = "P0180D" }),
		"retention with a plus":   purpose(func(p *consent.ReceiptPurpose) { p.Retention = "P+180D" }),
		"retention in seconds":    purpose(func(p *consent.ReceiptPurpose) { p.Retention = "PT180S" }),
		"retention for ever":      purpose(func(p *consent.ReceiptPurpose) { p.Retention = "P9223372036854775807D" }),
		"no jurisdiction":         purpose(func(p *consent.ReceiptPurpose) { p.Jurisdiction = "" }),
		"recipient without name":  purpose(func(p *consent.ReceiptPurpose) { p.Recipients[0] = "" }),
		"third party, not shared": purpose(func(p *consent.ReceiptPurpose) { p.ThirdParties = []string{"Adder Ltd"} }),
		"shared with nobody":      purpose(func(p *consent.ReceiptPurpose) { p.ThirdParties = []string{} }),
		"null third parties":      purpose(func(p *consent.ReceiptPurpose) { p.ThirdParties = nil }),
		"transfer to nowhere":     purpose(func(p *consent.ReceiptPurpose) { p.Transfers[0] = "" }),
		"right without name":      purpose(func(p *consent.ReceiptPurpose) { p.Rights[0].Right = "" }),
		"right that draws":        purpose(func(p *consent.ReceiptPurpose) { p.Rights[0].HowTo = "\x1b" }),
		"authority that draws":    purpose(func(p *consent.ReceiptPurpose) { p.Authority = "\x1b" }),
		"no withdrawal":           purpose(func(p *consent.ReceiptPurpose) { p.Withdrawal = "" }),
		"withdrawal elsewhere":    purpose(func(p *consent.ReceiptPurpose) { p.WithdrawalURL = "http://shop.example" }),
		"event without time":      event(func(v *consent.ReceiptEvent) { v.Time = time.Time{} }),
		"event of no kind":        event(func(v *consent.ReceiptEvent) { v.Kind = "granted" }),
		"event of another kind":   event(func(v *consent.ReceiptEvent) { v.Kind = "served" }),
		"event without state":     event(func(v *consent.ReceiptEvent) { v.State = "" }),
		"event of another state":  event(func(v *consent.ReceiptEvent) { v.State = "refused" }),
		"event of another length": event(func(v *consent.ReceiptEvent) { v.Validity = "until-given" }),
		"event of no length":      event(func(v *consent.ReceiptEvent) { v.Validity = "" }),
		"length in other digits":  event(func(v *consent.ReceiptEvent) { v.Validity = "PT0.5S" }),
		"length with no fraction": event(func(v *consent.ReceiptEvent) { v.Validity = "PT1.000S" }),
		"length in letters":       event(func(v *consent.ReceiptEvent) { v.Validity = "PT1.abcS" }),
		"a day in seconds":        event(func(v *consent.ReceiptEvent) { v.Validity = "PT86400S" }),
		"length in two units":     event(func(v *consent.ReceiptEvent) { v.Validity = "P1DT1S" }),
		"event of another type":   event(func(v *consent.ReceiptEvent) { v.Type = "signal" }),
		"event of somebody":       event(func(v *consent.ReceiptEvent) { v.Entity = "shop.example" }),
		"event of nobody":         event(func(v *consent.ReceiptEvent) { v.Entity = "" }),
		"event of other text":     event(func(v *consent.ReceiptEvent) { v.SHA256 = strings.Repeat("1", 64) }),
		"event without salt":      event(func(v *consent.ReceiptEvent) { v.Salt = "" }),
		"event with zero salt":    event(func(v *consent.ReceiptEvent) { v.Salt = strings.Repeat("0", 32) }),
		"event about null":        event(func(v *consent.ReceiptEvent) { v.Purposes = nil }),
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{reidentify(text), text} { // the latter keeps the id of the right spelling
				if _, err := consent.ReadReceipt(s.resign(text), []string{s.vkey}); !errors.Is(err, consent.ErrReceipt) {
					t.Fatalf("got %v", err)
				}
			}
		})
	}
	later := replace("discreet-receipt/0\n", "discreet-receipt/1\n")
	if _, err := consent.ReadReceipt(s.resign(later), []string{s.vkey}); !errors.Is(err, consent.ErrReceiptVersion) {
		t.Errorf("a later version: %v", err)
	}
}

// failingSigner stands for a key that is not at hand.
type failingSigner struct{ note.Signer }

func (failingSigner) Sign([]byte) ([]byte, error) { return nil, errors.New("not at hand") }

func TestSignRefuses(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	r := receipt(t, goldenInput(t))
	if _, err := r.Sign(nil); !errors.Is(err, consent.ErrReceiptSigner) {
		t.Errorf("no signer: %v", err)
	}
	if _, err := r.Sign(failingSigner{s}); !errors.Is(err, consent.ErrReceiptSigner) {
		t.Errorf("failing signer: %v", err)
	}
	for _, r := range []*consent.Receipt{nil, {}} {
		if _, err := r.Sign(s); !errors.Is(err, consent.ErrReceipt) {
			t.Errorf("zero receipt: %v", err)
		}
		if !r.IsZero() || r.Plain() != "" || r.Controller() != (consent.ReceiptParty{}) {
			t.Error("a zero receipt says something")
		}
	}
	in := goldenInput(t)
	for len(in.Entries) < 3000 {
		in.Entries = append(in.Entries, in.Entries...)
	}
	large := receipt(t, in)
	if _, err := large.Sign(s); !errors.Is(err, consent.ErrReceiptSize) {
		t.Errorf("large receipt: %v", err)
	}
}

// TestReceiptComesBack holds Read(Sign(x)) == x for receipts of any entries.
func TestReceiptComesBack(t *testing.T) {
	s := newReceiptSigner(t, "shop", 1)
	known, lost := sold(), shop()
	lost.ID = "lost"
	keys := []string{"ads", "ads.partners", content, "share", stats}
	rapid.Check(t, func(t *rapid.T) {
		in := goldenInput(t)
		at := t0
		list := make([]consent.Entry, rapid.IntRange(0, 12).Draw(t, "entries"))
		for i := range list {
			at = at.Add(time.Duration(rapid.Int64Range(0, 1<<36).Draw(t, "ms")) * time.Millisecond)
			var about []string
			for _, k := range keys {
				if rapid.Bool().Draw(t, k) {
					about = append(about, k)
				}
			}
			text := rapid.SampledFrom([]*consent.Notice{nil, &known, &lost}).Draw(t, "text")
			list[i] = entryOf(rapid.Map(rapid.IntRange(1, 9), func(k int) consent.Kind { return consent.Kind(k) }).Draw(t, "kind"),
				at, text, rapid.ByteRange(1, 3).Draw(t, "record"), byte(i+1), about...)
			list[i].Method = rapid.SampledFrom([]string{"", "banner", "gpc"}).Draw(t, "method")
			list[i].Proof = rapid.StringMatching(`[a-z0-9:/._-]{0,20}`).Draw(t, "proof")
		}
		in.Entries = list
		r := receipt(t, in)
		data := signed(t, r, s)
		back, err := consent.ReadReceipt(data, []string{s.vkey})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, r) || !bytes.Equal(signed(t, back, s), data) || back.Plain() != r.Plain() {
			t.Fatal("the receipt does not come back")
		}
		if got := len(back.Entries()); got != len(list) {
			t.Fatalf("%d entries of %d", got, len(list))
		}
	})
}

// FuzzReadReceipt reads any bytes: only what the key signed comes through.
func FuzzReadReceipt(f *testing.F) {
	s := newReceiptSigner(f, "shop", 1)
	kept, err := os.ReadFile(goldenReceipt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Add(bytes.ReplaceAll(kept, []byte("shop"), []byte("mall")))
	f.Add([]byte("\n\n— shop AAAA\n"))
	f.Add([]byte("discreet-receipt/0\n{}\n\n— shop " + base64.StdEncoding.EncodeToString(make([]byte, 68)) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := consent.ReadReceipt(data, []string{s.vkey})
		if err == nil && !bytes.Equal(data, kept) {
			t.Fatal("a receipt that was never signed is read")
		}
		if r.IsZero() != (err != nil) {
			t.Fatal("half a receipt")
		}
	})
}

// FuzzReceiptText signs any text: what is accepted is written back the same.
func FuzzReceiptText(f *testing.F) {
	s := newReceiptSigner(f, "shop", 1)
	text := textOf(f, receipt(f, goldenInput(f)))
	f.Add(text)
	in := goldenInput(f)
	in.Entries, in.Summary = in.Entries[9:], consent.Summary{}
	f.Add(textOf(f, receipt(f, in)))
	in.Entries, in.Log = nil, consent.LogHead{}
	f.Add(textOf(f, receipt(f, in)))
	f.Add(strings.Replace(text, "/0", "/1", 1))
	f.Add("discreet-receipt/0\n{}\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, text := range []string{text, reidentify(text)} {
			data := s.resign(text)
			r, err := consent.ReadReceipt(data, []string{s.vkey})
			if err != nil {
				if !r.IsZero() {
					t.Fatal("half a receipt")
				}
				continue
			}
			if again, err := r.Sign(s); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("written back as %q, %v", again, err)
			}
			if _ = r.Plain(); len(r.Entries()) == 0 && len(r.Records) > 0 {
				t.Fatal("no entries")
			}
		}
	})
}
