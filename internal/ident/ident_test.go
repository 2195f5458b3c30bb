package ident_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/ident"
	"pgregory.net/rapid"
)

func anID(t *rapid.T) ident.ID {
	key := rapid.Uint32Range(1, 0xffffff).Draw(t, "key id")
	prf := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "prf")
	return ident.NewID(key, (*[16]byte)(prf))
}

// Known answer of the layout: format 1, key id, value; Crockford base32.
func TestIDKnownAnswer(t *testing.T) {
	prf := [16]byte{0x9c, 0x07, 0xb6, 0x57, 0xc3, 0xdc, 0xca, 0xce, 0x15, 0xf2, 0xad, 0x14, 0x35, 0x3b, 0x19, 0x53}
	id := ident.NewID(1, &prf)
	text, err := id.MarshalText()
	if err != nil || string(text) != "040000cw0yv5fgywsb71bwnd2gtkp6ak" {
		t.Errorf("text %s, %v", text, err)
	}
	want := append([]byte{1, 0, 0, 1}, prf[:]...)
	if b := id.Bytes(); !bytes.Equal(b[:], want) || id.KeyID() != 1 {
		t.Errorf("bytes %x, key %d", b, id.KeyID())
	}
	if len(text) != ident.IDTextSize || len(want) != ident.IDSize {
		t.Error("sizes differ from the constants")
	}
}

func TestIDComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := anID(t)
		var fromText, fromBinary, fromJSON ident.ID
		text, _ := id.MarshalText()
		if err := fromText.UnmarshalText(text); err != nil || fromText != id {
			t.Fatalf("text: %v", err)
		}
		if text[0] != '0' || strings.ToLower(string(text)) != string(text) {
			t.Fatal("text does not start with 0 in lower case")
		}
		b, _ := id.MarshalBinary()
		if err := fromBinary.UnmarshalBinary(b); err != nil || fromBinary != id || !id.Equal(fromBinary) {
			t.Fatalf("binary: %v", err)
		}
		j, err := json.Marshal(map[ident.ID]ident.ID{id: id})
		if err != nil {
			t.Fatal(err)
		}
		m := map[ident.ID]ident.ID{}
		if err := json.Unmarshal(j, &m); err != nil || m[id] != id {
			t.Fatalf("JSON: %v", err)
		}
		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode(id); err != nil {
			t.Fatal(err)
		}
		if err := gob.NewDecoder(&buf).Decode(&fromJSON); err != nil || fromJSON != id {
			t.Fatalf("gob: %v", err)
		}
		other := anID(t)
		if id.Equal(other) != (id == other) {
			t.Fatal("Equal and == disagree")
		}
	})
}

// Text sorts as bytes do, so an index over either has one order.
func TestIDTextKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anID(t), anID(t)
		x, y := a.Bytes(), b.Bytes()
		s, _ := a.MarshalText()
		u, _ := b.MarshalText()
		if bytes.Compare(x[:], y[:]) != bytes.Compare(s, u) {
			t.Fatal("text and bytes sort differently")
		}
	})
}

func TestIDRefuses(t *testing.T) {
	const good = "040000cw0yv5fgywsb71bwnd2gtkp6ak"
	for name, s := range map[string]string{
		"empty": "", "short": good[:31], "long": good + "0", "upper case": strings.ToUpper(good),
		"i for 1": good[:30] + "ik", "l for 1": good[:30] + "lk", "o for 0": good[:30] + "ok", "u": good[:30] + "uk",
		"space": good[:31] + " ", "dash": good[:31] + "-", "not ASCII": good[:30] + "é", "byte 255": good[:31] + "\xff",
		"format 0": "00" + good[2:], "format 2": "0g" + good[2:], "format 255": "zz" + good[2:],
		"key id 0": "0400000" + strings.Repeat("0", 25), "zero": strings.Repeat("0", 32),
	} {
		before := ident.NewID(7, new([16]byte))
		id := before
		err := id.UnmarshalText([]byte(s))
		if !errors.Is(err, ident.ErrID) || id != before {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && len(s) > 3 && strings.Contains(err.Error(), s) {
			t.Errorf("%s: error echoes the input", name)
		}
	}
	for name, b := range map[string][]byte{
		"nil": nil, "short": make([]byte, 19), "long": make([]byte, 21), "zero": make([]byte, 20),
		"format 2": append([]byte{2, 0, 0, 1}, make([]byte, 16)...), "key id 0": append([]byte{1, 0, 0, 0}, make([]byte, 16)...),
	} {
		if id, err := ident.IDFromBytes(b); !errors.Is(err, ident.ErrID) || !id.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzIDText(f *testing.F) {
	f.Add([]byte("040000cw0yv5fgywsb71bwnd2gtkp6ak"))
	f.Add([]byte("06nwvvsrb0qjwp9tm6b64k2czmqs5xx4"))
	f.Add([]byte(strings.Repeat("z", 32)))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		var id ident.ID
		if err := id.UnmarshalText(text); err != nil {
			if err != ident.ErrID || !id.IsZero() {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		again, _ := id.MarshalText()
		if !bytes.Equal(again, text) || id.KeyID() == 0 {
			t.Fatal("accepted text that is not canonical")
		}
	})
}

func FuzzIDBytes(f *testing.F) {
	f.Add(append([]byte{1, 0, 0, 1}, make([]byte, 16)...))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		id, err := ident.IDFromBytes(b)
		if back := id.Bytes(); err == nil && !bytes.Equal(back[:], b) || (err != nil) != id.IsZero() {
			t.Fatal("accepted bytes that do not come back")
		}
	})
}

func TestZeroValues(t *testing.T) {
	var raw ident.Raw
	if !raw.IsZero() || raw.Expose() != "" || raw.Kind() != ident.KindNone {
		t.Error("the zero Raw is not the anonymous visitor")
	}
	if ident.NewRaw(ident.KindEmail, "").IsZero() {
		t.Error("an empty address is taken for an anonymous visitor")
	}
	if !(ident.Link{}).IsZero() || !(ident.Subject{}).IsZero() || !(ident.ID{}).IsZero() {
		t.Error("zero values are not zero")
	}
	id := ident.NewID(1, new([16]byte))
	for name, l := range map[string]ident.Link{
		"subject": ident.NewLink(ident.Subject{}, "ads", id, ident.Salt{}),
		"purpose": ident.NewLink(ident.NewSubject(id), "", id, ident.Salt{}),
		"ID":      ident.NewLink(ident.NewSubject(id), "ads", ident.ID{}, ident.Salt{}),
	} {
		if !l.IsZero() {
			t.Errorf("a link without %s is valid", name)
		}
	}
}

func TestRawExposes(t *testing.T) {
	for _, s := range []string{"jane@example.com", "a", "é\x00\xff", ""} {
		if got := ident.NewRaw(ident.KindOpaque, s).Expose(); got != s {
			t.Errorf("%q comes out as %q", s, got)
		}
	}
	buf := []byte("jane@example.com")
	raw := ident.NewRaw(ident.KindEmail, string(buf))
	slices.Reverse(buf)
	if raw.Expose() != "jane@example.com" {
		t.Error("a Raw follows the caller's buffer")
	}
}

// IDs, subjects, salts and links print by key id only, whatever the verb.
func TestPseudonymsPrintByKeyOnly(t *testing.T) {
	prf := [16]byte([]byte("0123456789abcdef"))
	id := ident.NewID(7, &prf)
	salt := ident.Salt(prf)
	link := ident.NewLink(ident.NewSubject(id), "ads", id, salt)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t"} {
		for _, v := range []any{id, &id, link, &link, salt, &salt, ident.NewSubject(id), []any{id, salt}, map[string]ident.Link{"a": link}, struct{ ID ident.ID }{id}} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, "0123456789") || strings.Contains(got, "30313233") || strings.Contains(got, "48 49 50") || !strings.Contains(got, "key=7") && !strings.Contains(got, "[salt]") {
				t.Errorf("%s of %T: %s", verb, v, got)
			}
		}
	}
}

// TestRawSame: one text of one kind is the same and has one hash under a seed.
func TestRawSame(t *testing.T) {
	seed, other := maphash.MakeSeed(), maphash.MakeSeed()
	list := []ident.Raw{
		{}, ident.NewRaw(ident.KindEmail, "jane@example.com"), ident.NewRaw(ident.KindOpaque, "jane@example.com"),
		ident.NewRaw(ident.KindEmail, "Jane@example.com"), ident.NewRaw(ident.KindEmail, ""),
	}
	for i, a := range list {
		again := ident.NewRaw(a.Kind(), strings.Clone(a.Expose()))
		if !a.Same(again) || a.Hash(seed) != again.Hash(seed) {
			t.Errorf("%d is not itself", i)
		}
		for j, b := range list {
			if i != j && (a.Same(b) || a.Hash(seed) == b.Hash(seed)) {
				t.Errorf("%d and %d are the same", i, j)
			}
		}
	}
	if list[1].Hash(seed) == list[1].Hash(other) {
		t.Error("the seed is not in the hash")
	}
}
