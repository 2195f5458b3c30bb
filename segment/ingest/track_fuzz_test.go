package ingest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/discreet-go/discreet/segment/ingest"
)

// FuzzTrack decodes any bytes. What is accepted is JSON that encoding/json reads
// in the same way; what is JSON without any name twice is accepted; the error is
// always the same one.
func FuzzTrack(f *testing.F) {
	one := viewed(`"context":{"consent":{"categoryPreferences":{"Ads":true}},"ip":"203.0.113.9"},`)
	for _, s := range []string{
		one, `{"batch":[` + one + `,` + one + `],"sentAt":"2026-01-05T11:00:00Z"}`, `{"batch":[]}`, `{}`, `[]`, `{"batch":{}}`, "",
		strings.Replace(one, `"boots"`, `"\ud83d\udc62\n"`, 1), strings.Replace(one, `"boots"`, `"\ud83d"`, 1), strings.Replace(one, `"userId"`, `"user\u0049d"`, 1),
		strings.Replace(one, `"product_id":"boots"`, `"products":[{"sku":"a"},{"sku":"b","quantity":"3"},[]]`, 1),
		strings.Replace(one, `"timestamp"`, `"originalTimestamp":"2026-01-05T10:00:00+02:00","sentAt":"2026-01-05T10:00:00.5Z","receivedAt":"2026-01-05T09:00:00Z","timestamp"`, 1),
		`{"a":[[[[[[]]]]]],"b":-0.5E+7,"c":{"":null}}`, `{"userId":"a","userId":"b"}`, `{"a":01}`, "{\"a\":\"\xff\"}", `{"a":"\u00`, strings.Repeat(`{"a":`, 70), one + "x",
	} {
		f.Add([]byte(s))
	}
	m := shop()
	m.Purposes, m.KeepDenied = map[string][]string{"Ads": {"ads"}, "Fun": {"ads", "personalize"}}, true
	d, err := ingest.NewTracks(tracks(m))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := d.Stats()
		rows, err := d.Decode(nil, body)
		after := d.Stats()
		if err != nil && (err != ingest.ErrBody || rows != nil || after.Rows != before.Rows+1) {
			t.Fatal("another error, or rows beside it")
		}
		if after.Rows != after.Yielded+after.NoPerson+after.Malformed+after.Excluded || after.Yielded != before.Yielded+int64(len(rows)) {
			t.Fatal("counts do not add up")
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("what is no JSON was read")
		}
		for _, r := range rows {
			if r.Person.IsZero() || r.MessageID == "" || len(r.MessageID) > 128 || r.Kind == "" || r.Count < 1 || r.Item == "" && r.Category == "" ||
				!utf8.ValidString(r.Item) || r.Time.Before(noon.AddDate(0, 0, -90)) || r.Time.After(noon.Add(10*time.Minute)) {
				t.Fatal("a row breaks a promise")
			}
		}
		plain, names := simple(body)
		if !plain {
			return
		}
		if err != nil {
			t.Fatalf("refused: %q", body)
		}
		if names["batch"] || names["products"] || len(rows) == 0 {
			return
		}
		var want struct {
			UserID, AnonymousID any
			Properties          map[string]any
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if dec.Decode(&want) != nil || names["UserID"] || names["userid"] {
			return // encoding/json takes other spellings of a name, too
		}
		if who := rows[0].Person.Expose(); who != text(want.UserID) && who != text(want.AnonymousID) {
			t.Fatal("another person")
		}
		if item := rows[0].Item; item != "" && item != text(want.Properties["product_id"]) && item != text(want.Properties["sku"]) {
			t.Fatal("another item")
		}
	})
}

// simple reports whether a body is an object in which no name stands twice
// beside itself, small, without escapes of halves of characters; and its names.
func simple(body []byte) (ok bool, names map[string]bool) {
	names = map[string]bool{}
	if !json.Valid(body) || !utf8.Valid(body) || len(body) > 2000 || bytes.Contains(body, []byte(`\u`)) || strings.Trim(string(body), " \t\r\n")[0] != '{' {
		return false, names
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		object bool
		seen   map[string]bool
		isName bool
	}
	var stack []level
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return !names["batch"], names
		}
		if err != nil {
			return false, names
		}
		top := len(stack) - 1
		if s, is := tok.(string); is && top >= 0 && stack[top].object && stack[top].isName {
			if stack[top].seen[s] {
				return false, names
			}
			stack[top].seen[s], names[s], stack[top].isName = true, true, false
			continue
		}
		if top >= 0 && tok != json.Delim('}') && tok != json.Delim(']') {
			stack[top].isName = true
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			stack = append(stack, level{tok == json.Delim('{'), map[string]bool{}, true})
			if len(stack) > ingest.MaxDepth {
				return false, names
			}
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
	}
}

// FuzzTrackMapping: what is read is read again from its own JSON as the same, and
// decodes; the error is always the same one.
func FuzzTrackMapping(f *testing.F) {
	golden, err := os.ReadFile("testdata/track-mapping.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	for _, s := range []string{`{}`, `null`, `[`, `{"user-id":"opaque","events":{"x":"y"},"items":["a"]}`, `{"user-id":"opaque","events":{"x":"y"},"items":["a"]} 1`, `{"x":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ingest.ParseTrackMapping(data)
		if err != nil {
			if err != ingest.ErrTrackMapping {
				t.Fatal("another error")
			}
			return
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ingest.ParseTrackMapping(out)
		if err != nil {
			t.Fatal("not read again")
		}
		if back, _ := json.Marshal(again); !bytes.Equal(out, back) {
			t.Fatal("another mapping")
		}
		if _, err := ingest.NewTracks(tracks(&m)); err != nil {
			t.Fatal(err)
		}
	})
}
