package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment/ingest"
)

const plain = "person=who,person-kind=opaque,kind==view,item=what,time=at,time-layout=unix"

func TestFormats(t *testing.T) {
	full := "person=who,person-kind=email,kind=kind,item=what,category=cat,count=n,time=at,message-id=id,consent=ok"
	want := ingest.Row{Number: 1, MessageID: "m,1", Kind: "view", Item: `a "b"`, Category: "c", Count: 3,
		Time: time.Date(2024, 2, 29, 11, 0, 0, 0, time.UTC), Consent: ingest.ConsentGiven}
	csv := "id,who,kind,what,cat,n,at,ok,more\r\n\r\n\"m,1\",a@b.example,view,\"a \"\"b\"\"\",c,3,2024-02-29T12:00:00+01:00,Yes,\"x\r\ny\"\r\n"
	line := `{"more":{"who":[1,"}"]},"id":"m,1","who":"a@b.example","kind":"view","what":"a \"b\"","cat":"c","n":3,"at":"2024-02-29T12:00:00+01:00","ok":true}`
	for name, in := range map[string]io.Reader{
		"csv":             strings.NewReader(csv),
		"csv gzip":        gz(csv),
		"csv with mark":   strings.NewReader("\xef\xbb\xbf" + csv),
		"csv no end":      strings.NewReader(strings.TrimSuffix(csv, "\r\n")),
		"csv by bytes":    iotest.OneByteReader(strings.NewReader(csv)),
		"jsonl":           strings.NewReader("\n" + line + "\n"),
		"jsonl gzip":      gz(line),
		"jsonl with mark": strings.NewReader("\xef\xbb\xbf " + line),
	} {
		rows, stats, err := all(t, in, mapping(t, full))
		if err != nil || len(rows) != 1 || stats.Yielded != 1 {
			t.Errorf("%s: %d rows, %v, %v", name, len(rows), stats, err)
			continue
		}
		got := rows[0]
		if got.Person.Expose() != "a@b.example" || got.Person.Kind() != ident.KindEmail {
			t.Errorf("%s: person", name)
		}
		got.Person = want.Person
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Every identifier type that derives has a name in a mapping, its own.
func TestPersonKinds(t *testing.T) {
	for name, value := range map[string]string{
		"email": "a@b.example", "email-gmail": "a@b.example", "phone": "+441134960987", "device": "6fa459ea-ee8a-4ca4-894e-db77e160355e", "opaque": "1",
		"sha256-email": strings.Repeat("0a", 32), "sha1-email": strings.Repeat("0a", 20), "md5-email": strings.Repeat("0a", 16), "sha256-phone": strings.Repeat("0a", 32),
	} {
		rows, _, err := all(t, strings.NewReader("who,what,at\n"+value+",x,1\n"), mapping(t, strings.Replace(plain, "person-kind=opaque", "person-kind="+name, 1)))
		if err != nil || len(rows) != 1 || rows[0].Person.Expose() != value || rows[0].Person.IsZero() {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
	if _, err := ingest.ParseMapping(strings.Replace(plain, "person-kind=opaque", "person-kind=name", 1)); err == nil {
		t.Error("a person kind that does not exist")
	}
}

func TestRowPrintsNoPerson(t *testing.T) {
	rows, _, err := all(t, strings.NewReader("who,what,at\ncanary-person,x,1\n"), mapping(t, plain))
	if err != nil || len(rows) != 1 {
		t.Fatal(err)
	}
	text, _ := json.Marshal(rows[0])
	if s := fmt.Sprintf("%v %+v %#v %s", rows[0], rows[0], rows[0], text); strings.Contains(s, "canary") {
		t.Error("the person is in the text")
	}
}

func TestReasons(t *testing.T) {
	m := "person=p,person-kind=opaque,kind=k,item=i,category=c,count=n,time=t,time-layout=unix-ms,message-id=id,consent=ok"
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		row  string
		want ingest.Reason
	}{
		{"a,view,i,c,1,1000,m,", ingest.ReasonNone},
		{",view,i,c,1,1000,m,", ingest.ReasonNoPerson},
		{" ,view,i,c,1,bad,m,", ingest.ReasonNoPerson},
		{long + ",view,i,c,1,1000,m,", ingest.ReasonPerson},
		{"a,VIEW,i,c,1,1000,m,", ingest.ReasonKind},
		{"a,,i,c,1,1000,m,", ingest.ReasonKind},
		{"a,view,,c,1,1000,m,", ingest.ReasonNone},
		{"a,view,,,1,1000,m,", ingest.ReasonItem},
		{"a,view,\xff,c,1,1000,m,", ingest.ReasonItem},
		{"a,view," + long + ",c,1,1000,m,", ingest.ReasonItem},
		{"a,view,i,\x01,1,1000,m,", ingest.ReasonCategory},
		{"a,view,i,c,0,1000,m,", ingest.ReasonCount},
		{"a,view,i,c,1.5,1000,m,", ingest.ReasonCount},
		{"a,view,i,c,,1000,m,", ingest.ReasonCount},
		{"a,view,i,c,1048577,1000,m,", ingest.ReasonCount},
		{"a,view,i,c,99999999999999999999,1000,m,", ingest.ReasonCount},
		{"a,view,i,c,1,,m,", ingest.ReasonTime},
		{"a,view,i,c,1,-1,m,", ingest.ReasonTime},
		{"a,view,i,c,1,9223372036854775807,m,", ingest.ReasonTime},
		{"a,view,i,c,1,1000,,", ingest.ReasonMessageID},
		{"a,view,i,c,1,1000,m,GRANTED", ingest.ReasonNone},
		{"a,view,i,c,1,1000,m,0", ingest.ReasonNone},
		{"a,view,i,c,1,1000,m,maybe", ingest.ReasonConsent},
		{"a,view,i,c,1,1000,m", ingest.ReasonFields},
		{"a,view,i,c,1,1000,m,,", ingest.ReasonFields},
		{"a,view,i\"x,c,1,1000,m,", ingest.ReasonQuote},
		{"a,view,\"i\"x,c,1,1000,m,", ingest.ReasonQuote},
		// The quote is not closed within MaxLines.
		{"a,view,\"i,c,1,1000,m,", ingest.ReasonTooLong},
		{strings.Repeat("a,", ingest.MaxFields), ingest.ReasonTooLong},
		{strings.Repeat("a", ingest.MaxRecord), ingest.ReasonTooLong},
		{"\"" + strings.Repeat("a\n", ingest.MaxLines+1), ingest.ReasonTooLong},
	} {
		good := strings.Repeat("a,view,i,c,1,1000,m,\n", 2*ingest.MaxLines)
		_, stats, err := all(t, strings.NewReader("p,k,i,c,n,t,id,ok\n"+good+c.row+"\n"+good), mapping(t, m))
		if err != nil {
			t.Error(err)
		}
		name := c.row[:min(len(c.row), 30)]
		if c.want == ingest.ReasonNone && len(stats.Reasons) != 0 || c.want != ingest.ReasonNone && stats.Reasons[c.want] != 1 {
			t.Errorf("%q: %v, want %v", name, stats.Reasons, c.want)
		}
		if n := int64(4 * ingest.MaxLines); stats.Yielded < n {
			t.Errorf("%q: %d good rows are lost", name, n-stats.Yielded)
		}
		if stats.Rows != stats.Yielded+stats.NoPerson+stats.Malformed+stats.Excluded {
			t.Errorf("%q: counts do not add up: %+v", name, stats)
		}
	}
}

func TestJSONReasons(t *testing.T) {
	good := `{"who":17,"what":"x","at":1}` + "\n"
	for row, want := range map[string]ingest.Reason{
		`{"who":null,"what":"x","at":1}`:               ingest.ReasonNoPerson,
		`{"what":"x","at":1}`:                          ingest.ReasonNoPerson,
		`{"who":["a"],"what":"x","at":1}`:              ingest.ReasonType,
		`{"who":{"a":1},"what":"x","at":1}`:            ingest.ReasonType,
		`{"who":"a","what":"x","at":1,"who":"b"}`:      ingest.ReasonJSON,
		`{"who":"a","what":"x","at":1,"wh\u006f":"b"}`: ingest.ReasonJSON,
		`{"who":"a","what":"x","at":1} {}`:             ingest.ReasonJSON,
		`{"who":"a","what":"x","at":1`:                 ingest.ReasonJSON,
		"{\"who\":\"\xff\",\"what\":\"x\",\"at\":1}":   ingest.ReasonJSON,
		`[1]`:                    ingest.ReasonJSON,
		`{}`:                     ingest.ReasonNoPerson,
		`{"who":"a","what":"x"}`: ingest.ReasonTime,
		`{"who":"a","what":"x","at":"2024-01-01T00:00:00Z"}`: ingest.ReasonTime,
		strings.Repeat(" ", ingest.MaxRecord) + `{}`:         ingest.ReasonTooLong,
		strings.Repeat(`{"a":`, 20000):                       ingest.ReasonJSON,
	} {
		rows, stats, err := all(t, strings.NewReader(good+row+"\n"+good), mapping(t, plain))
		if err != nil || stats.Reasons[want] != 1 || len(rows) != 2 || rows[0].Person.Expose() != "17" || rows[1].Number != 3 {
			t.Errorf("%.40q: %v %v, want %v", row, stats.Reasons, err, want)
		}
	}
}

func TestMostlyMalformed(t *testing.T) {
	head, good, bad := "who,what,at\n", "a,x,1\n", "a,x,canary\n"
	read := func(body string) (ingest.Stats, error) {
		_, s, err := all(t, strings.NewReader(head+body), mapping(t, plain))
		return s, err
	}
	var broken *ingest.MalformedError
	s, err := read(strings.Repeat(bad, 5000))
	if !errors.As(err, &broken) || broken.Rows != 1000 || broken.Reason != ingest.ReasonTime || s.Rows != 1000 {
		t.Errorf("all bad: %v", err)
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("the error holds a value")
	}
	if s, err = read(strings.Repeat(bad, 501) + strings.Repeat(good, 600)); err == nil || s.Rows != 1000 {
		t.Errorf("first half bad: %v after %d", err, s.Rows)
	}
	if s, err = read(strings.Repeat(bad, 500) + strings.Repeat(good, 600)); err != nil || s.Rows != 1100 {
		t.Errorf("not quite the first half bad: %v after %d", err, s.Rows)
	}
	if _, err = read(strings.Repeat(good+bad, 5000)); err != nil {
		t.Errorf("half bad: %v", err)
	}
	if _, err = read(good + bad + bad); !errors.As(err, &broken) || broken.Rows != 3 {
		t.Errorf("short and mostly bad: %v", err)
	}
	if _, err = read(good + bad); err != nil {
		t.Errorf("short and half bad: %v", err)
	}
	if _, err = read(strings.Repeat(",x,1\n", 3000)); err != nil {
		t.Errorf("nobody named is not malformed: %v", err)
	}
	if _, err = read(""); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

func TestFileErrors(t *testing.T) {
	body := "who,what,at\na,x,1\n"
	packed, _ := io.ReadAll(gz(body + strings.Repeat("b,y,2\n", 10000)))
	for name, c := range map[string]struct {
		in   io.Reader
		want error
	}{
		"empty":            {strings.NewReader(""), ingest.ErrHeader},
		"broken header":    {strings.NewReader("who,\"what\"x,at\n"), ingest.ErrHeader},
		"column missing":   {strings.NewReader("who,at\n"), ingest.ErrColumn},
		"column twice":     {strings.NewReader("who,what,at,who\n"), ingest.ErrColumn},
		"utf-16":           {strings.NewReader("\xff\xfew\x00"), ingest.ErrEncoding},
		"gzip cut":         {strings.NewReader(string(packed[:len(packed)-9])), ingest.ErrFile},
		"gzip head":        {strings.NewReader("\x1f\x8bxxxxxxxxxxxxx"), ingest.ErrFile},
		"reader fails":     {io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrClosedPipe)), ingest.ErrFile},
		"reader fails now": {iotest.ErrReader(io.ErrClosedPipe), ingest.ErrFile},
	} {
		if _, _, err := all(t, c.in, mapping(t, plain)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := ingest.Open(t.TempDir()+"/absent", mapping(t, plain)); err == nil {
		t.Error("absent file opens")
	}
}

func TestContextAndReuse(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := ingest.New(strings.NewReader("who,what,at\n"+strings.Repeat("a,x,1\n", 10000)), mapping(t, plain))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range r.Rows(ctx) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		if n++; n == 100 {
			cancel()
		}
	}
	if n < 100 || n > 400 {
		t.Errorf("stopped after %d rows", n)
	}
	for _, err := range r.Rows(context.Background()) {
		if !errors.Is(err, ingest.ErrUsed) {
			t.Error("read twice")
		}
	}
	r, _ = ingest.New(strings.NewReader("who,what,at\n"), mapping(t, plain))
	for _, err := range r.Rows(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestTimeBack(t *testing.T) {
	rows, s, err := all(t, strings.NewReader("who,what,at\na,x,10\na,x,4\na,x,10\na,x,9\na,x,11\n"), mapping(t, plain))
	if err != nil || s.Back != 2 || s.BackMost != 6*time.Second || !rows[1].Back || rows[2].Back || !rows[3].Back {
		t.Errorf("%+v %v", s, err)
	}
	if s.First.Unix() != 4 || s.Last.Unix() != 11 {
		t.Errorf("%+v", s)
	}
	if rows[3].MessageID != "row/4" {
		t.Error("message id from the row number")
	}
}

func TestParseMapping(t *testing.T) {
	m, err := ingest.ParseMapping(`{"person":"p","person-kind":"opaque","kind":"=view","item":"i","time":"t","time-layout":"Jan 2, 2006"}`)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := all(t, strings.NewReader("p;i;t\na;b,c;Dec 24, 2023\n"), ingest.Config{Mapping: m, Comma: ';'})
	if err != nil || len(rows) != 1 || rows[0].Item != "b,c" || rows[0].Time.Format(time.DateOnly) != "2023-12-24" {
		t.Errorf("%v %v", rows, err)
	}
	if _, err := ingest.New(nil, ingest.Config{Mapping: ingest.Standard()}); err != nil {
		t.Error(err)
	}
	for _, s := range []string{
		"", "person", "person=a", "{", "{}", `{"person":"p","other":"x"}`,
		"person=a,person-kind=telephone,kind==v,item=i,time=t",
		"person=a,person-kind=email,kind==V,item=i,time=t",
		"person=a,person-kind=email,kind==v,time=t",
		"person=a,person=b,person-kind=email,kind==v,item=i,time=t",
		"person=a,person-kind=email,kind==v,item=i,time=t,time-layout=15:04",
		"person=a,person-kind=email,kind==v,item=i,time=t,nonsense=1",
	} {
		if _, err := ingest.ParseMapping(s); !errors.Is(err, ingest.ErrMapping) {
			t.Errorf("%q: %v", s, err)
		}
	}
	both := ingest.Config{Mapping: ingest.Standard(), Profile: ingest.OnlineRetail()}
	if _, err := ingest.New(nil, both); !errors.Is(err, ingest.ErrMapping) {
		t.Error("mapping and profile together")
	}
}

func TestReadCatalog(t *testing.T) {
	ctx := context.Background()
	got, err := ingest.ReadCatalog(ctx, gz("item,price,category\na,1,x\nb,2,\n"))
	if err != nil || len(got) != 2 || got["a"] != "x" || got["b"] != "" {
		t.Errorf("%v %v", got, err)
	}
	got, err = ingest.ReadCatalog(ctx, strings.NewReader(`{"item":"a","category":"x"}`))
	if err != nil || got["a"] != "x" {
		t.Errorf("%v %v", got, err)
	}
	for in, want := range map[string]error{
		"item,category\n":                ingest.ErrCatalogEmpty,
		"item,category\na,x\na,y\n":      ingest.ErrCatalogTwice,
		"item,category\n,x\n":            ingest.ErrCatalogRow,
		"item,category\na,x,y\n":         ingest.ErrCatalogRow,
		"item,kind\na,x\n":               ingest.ErrColumn,
		"{\"item\":\"a\"}\n{\"item\":\n": ingest.ErrCatalogRow,
	} {
		if _, err := ingest.ReadCatalog(ctx, strings.NewReader(in)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}
