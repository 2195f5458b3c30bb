package ingest_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/discreet-go/discreet/segment/ingest"
)

// FuzzCSV reads the same bytes with encoding/csv. Where that accepts the whole
// file and all rows are wide enough, both must see the same values.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"p,i,t\na,b,1\n", "p,i,t\r\n\"a\",\"b\"\"c\",1\r\n", "p,i,t\n\"a\nb\",x,1", "p,i,t\n\"a", "p,i,t\na\"b,c,1\n",
		"\"p\",i,t\n\n\n,,\n", "p,i,t,u\na,b,1,\"\"\n", "\xef\xbb\xbfp,i,t\n", "\x1f\x8b", "p,i,t\n\"a\r\n\",b,1\r\nc,d,2\r", "p,p,i,t\n",
		"p,i,t\n\"a\"b,c,1\n\"\n\"\n\"\n",
	} {
		f.Add(s)
	}
	m := ingest.Mapping{Person: "p", PersonKind: "opaque", Kind: "=view", Item: "i", Time: "t", TimeLayout: "unix"}
	f.Fuzz(func(t *testing.T, in string) {
		got := read(t, in, ingest.Config{Format: ingest.FormatCSV, Mapping: m})
		if strings.HasPrefix(in, "\xef\xbb\xbf") || strings.HasPrefix(in, "\x1f\x8b") {
			return
		}
		r := csv.NewReader(strings.NewReader(in))
		want, err := r.ReadAll()
		if err != nil || got == nil || len(want) == 0 || len(want[0]) < 3 || strings.Count(in, "\n") > ingest.MaxLines {
			return
		}
		if len(got.rows)+int(got.stats.NoPerson+got.stats.Malformed) != len(want)-1 {
			t.Fatalf("%d + %d rows, want %d", len(got.rows), got.stats.Malformed, len(want)-1)
		}
		at := map[string]int{}
		for i, name := range want[0] {
			at[strings.TrimSpace(name)] = i
		}
		for _, row := range got.rows {
			fields := want[row.Number]
			if row.Person.Expose() != fields[at["p"]] || row.Item != fields[at["i"]] {
				t.Fatal("values differ")
			}
		}
	})
}

// FuzzJSONLines reads every line with encoding/json too.
func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{
		`{"p":"a","i":"b","t":1}`, `{"p":1e3,"i":"\u00e9","t":"1"}` + "\n" + `{"p":null}`, `{"x":[{},"]",1],"p":"a"}`,
		`{"p":"a\"}","i":"\\","t":0}`, `{ "p" : true , "i" : -1.5 , "t" : 3 } `, `{"p":"\ud800","i":"x","t":1}`, `[`, `{}`, "{\"p\":\"\xff\"}",
		`{"p":"a","i":"b","t":1,"v":12.50,"u":"EUR"}`, `{"p":"a","i":"b","t":1,"v":"0.0010","u":"points"}`, `{"p":"a","i":"b","t":1,"v":1e3,"u":""}`,
	} {
		f.Add(s)
	}
	m := ingest.Mapping{Person: "p", PersonKind: "opaque", Kind: "=view", Item: "i", Value: "v", Unit: "u", Time: "t", TimeLayout: "unix"}
	f.Fuzz(func(t *testing.T, in string) {
		got := read(t, in, ingest.Config{Format: ingest.FormatJSONLines, Mapping: m})
		if got == nil || strings.HasPrefix(in, "\xef\xbb\xbf") || strings.HasPrefix(in, "\x1f\x8b") {
			return
		}
		var lines []string
		for line := range strings.SplitSeq(in, "\n") {
			if line = strings.Trim(line, " \t\r\n"); line != "" {
				lines = append(lines, line)
			}
		}
		if got.stats.Rows != int64(len(lines)) {
			t.Fatalf("%d rows, want %d", got.stats.Rows, len(lines))
		}
		for _, row := range got.rows {
			d := json.NewDecoder(strings.NewReader(lines[row.Number-1]))
			d.UseNumber()
			var want map[string]any
			if d.Decode(&want) != nil {
				t.Fatal("a row that is no JSON is yielded")
			}
			if row.Person.Expose() != text(want["p"]) || row.Item != text(want["i"]) {
				t.Fatalf("values differ")
			}
		}
	})
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

type result struct {
	rows  []ingest.Row
	stats ingest.Stats
}

// read reads in and checks what must hold for any bytes. It returns nil when
// the file was not read to its end.
func read(t *testing.T, in string, c ingest.Config) *result {
	r, err := ingest.New(strings.NewReader(in), c)
	if err != nil {
		t.Fatal(err)
	}
	var out result
	var last int64
	for row, err := range r.Rows(context.Background()) {
		if err != nil {
			var broken *ingest.MalformedError
			if len(in) > 20 && strings.Contains(err.Error(), in) {
				t.Fatal("the error holds the input")
			}
			if errors.As(err, &broken) && broken.Rows < 1000 {
				break // at the end
			}
			return nil
		}
		if row.Number <= last || row.Person.IsZero() || row.MessageID == "" || row.Count < 1 || row.Value < 0 || row.Value > 1<<40 || row.Value > 0 && row.Unit == "" || !utf8.ValidString(row.Item) {
			t.Fatal("row breaks a promise")
		}
		last = row.Number
		out.rows = append(out.rows, row)
	}
	if out.stats = r.Stats(); out.stats.Rows != out.stats.Yielded+out.stats.NoPerson+out.stats.Malformed+out.stats.Excluded {
		t.Fatal("counts do not add up")
	}
	return &out
}

func BenchmarkCSV(b *testing.B) {
	benchmark(b, "p,i,t\n", "customer-1234,item-5678,1700000000\n")
}

func BenchmarkJSONLines(b *testing.B) {
	benchmark(b, "", `{"p":"customer-1234","i":"item-5678","t":1700000000,"page":"/a/b/c","price":12.5}`+"\n")
}

func benchmark(b *testing.B, head, line string) {
	const rows = 10_000
	in := head + strings.Repeat(line, rows)
	m := ingest.Mapping{Person: "p", PersonKind: "opaque", Kind: "=view", Item: "i", Time: "t", TimeLayout: "unix"}
	b.ReportAllocs()
	for b.Loop() {
		r, err := ingest.New(io.Reader(strings.NewReader(in)), ingest.Config{Mapping: m})
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}
