package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
)

// noon is now for the tests of track calls.
var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// shop is a mapping that uses everything but preferences.
func shop() *ingest.TrackMapping {
	m := ingest.Ecommerce()
	m.UserID, m.AnonymousID = "email", "opaque"
	m.Category, m.Categories = "category", map[string]string{"Shoes": "sports.running", "Novels": "books.fiction"}
	return &m
}

func tracks(m *ingest.TrackMapping) ingest.Config {
	return ingest.Config{Track: m, Now: func() time.Time { return noon }, TTLDays: 90}
}

// viewed returns a track call; more are members that come first.
func viewed(more string) string {
	return `{` + more + `"type":"track","event":"Product Viewed","userId":"ann@example.com","messageId":"m-1",` +
		`"timestamp":"2026-01-05T11:00:00Z","properties":{"product_id":"boots","category":"Shoes","quantity":2}}`
}

func decode(t testing.TB, c ingest.Config, body string) ([]ingest.Row, ingest.Stats, error) {
	t.Helper()
	d, err := ingest.NewTracks(c)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Decode(nil, []byte(body))
	return rows, d.Stats(), err
}

func TestTrackForms(t *testing.T) {
	want := ingest.Row{Number: 1, MessageID: "m-1", Kind: "view", Item: "boots", Category: "sports.running", Count: 2, Time: noon.Add(-time.Hour)}
	one := viewed(`"channel":"web","context":{"ip":"203.0.113.9","traits":{"email":"x"}},"integrations":{"All":true},`)
	for name, in := range map[string]io.Reader{
		"one":          strings.NewReader(one),
		"blank lines":  strings.NewReader("\n \r\n" + one + "\r\n\n"),
		"mark":         strings.NewReader("\xef\xbb\xbf" + one),
		"gzip":         gz(one + "\n"),
		"batch":        strings.NewReader(`{"batch":[` + one + `],"sentAt":"2026-01-05T11:00:00Z"}`),
		"without type": strings.NewReader(strings.Replace(one, `"type":"track",`, "", 1)),
		"escapes":      strings.NewReader(strings.NewReplacer(`"event"`, `"\u0065vent"`, "boots", `b\u006fots`, `"properties"`, `"propertie\u0073"`).Replace(one)),
		"spaces":       strings.NewReader(strings.NewReplacer(`":`, "\" :\t", `,"`, " , \"", "{", "{ ", "}", " }").Replace(one)),
		"number":       strings.NewReader(strings.Replace(one, `"quantity":2`, `"quantity":"2","price":-1.5e-3`, 1)),
	} {
		rows, stats, err := all(t, in, tracks(shop()))
		if err != nil || len(rows) != 1 || stats.Rows != 1 || stats.Yielded != 1 {
			t.Errorf("%s: %d rows, %+v, %v", name, len(rows), stats, err)
			continue
		}
		got := rows[0]
		if got.Person.Expose() != "ann@example.com" || got.Person.Kind() != ident.KindEmail {
			t.Errorf("%s: person", name)
		}
		got.Person = want.Person
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	// A body of a request may span lines, and rows go behind those that are there.
	d, err := ingest.NewTracks(tracks(shop()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Decode(nil, []byte(strings.ReplaceAll(one, ",", ",\n")))
	rows, err2 := d.Decode(rows, []byte(one))
	if err != nil || err2 != nil || len(rows) != 2 || rows[1].Number != 2 || d.Stats().Yielded != 2 {
		t.Errorf("%d rows, %v, %v", len(rows), err, err2)
	}
	// Rows are their own: the body may be used again.
	body := []byte(one)
	rows, err = d.Decode(nil, body)
	clear(body)
	if err != nil || rows[0].Item != "boots" || rows[0].MessageID != "m-1" || rows[0].Person.Expose() != "ann@example.com" {
		t.Error("a row is a view into the body")
	}
}

func TestTrackReasons(t *testing.T) {
	good := viewed("")
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		call string
		want ingest.Reason
	}{
		{good, ingest.ReasonNone},
		{swap(`"userId":"ann@example.com"`, `"userId":42`), ingest.ReasonNone},
		{swap(`"userId":"ann@example.com"`, `"userId":null,"anonymousId":"a"`), ingest.ReasonNone},
		{swap(`"userId":"ann@example.com"`, `"userId":" ","anonymousId":"a"`), ingest.ReasonNone},
		{swap(`"quantity":2`, `"quantity":null`), ingest.ReasonNone},
		{swap(`"category":"Shoes"`, `"category":null`), ingest.ReasonNone},
		{swap(`"product_id":"boots"`, `"product_id":"","sku":"b"`), ingest.ReasonNone},
		{swap(`"product_id":"boots"`, `"product_id":17`), ingest.ReasonNone},
		{swap(`"product_id":"boots",`, ``), ingest.ReasonNone},
		{swap(`"properties":{`, `"context":[],"properties":{`), ingest.ReasonNone},

		{swap(`"track"`, `"identify"`), ingest.ReasonCall},
		{swap(`"track"`, `1`), ingest.ReasonCall},
		{swap(`"Product Viewed"`, `"product viewed"`), ingest.ReasonEvent},
		{swap(`"Product Viewed"`, `null`), ingest.ReasonEvent},
		{swap(`"event":"Product Viewed",`, ``), ingest.ReasonEvent},
		{swap(`"userId":"ann@example.com",`, ``), ingest.ReasonNoPerson},
		{swap(`"ann@example.com"`, `""`), ingest.ReasonNoPerson},
		{swap(`"ann@example.com"`, `{"id":1}`), ingest.ReasonPerson},
		{swap(`"ann@example.com"`, `["a"]`), ingest.ReasonPerson},
		{swap(`"ann@example.com"`, `true`), ingest.ReasonPerson},
		{swap(`"ann@example.com"`, `1e3`), ingest.ReasonPerson},
		{swap(`ann@example.com`, long), ingest.ReasonPerson},
		{swap(`"messageId":"m-1",`, ``), ingest.ReasonMessageID},
		{swap(`"m-1"`, `""`), ingest.ReasonMessageID},
		{swap(`"m-1"`, `null`), ingest.ReasonMessageID},
		{swap(`"m-1"`, `7`), ingest.ReasonMessageID},
		{swap(`m-1`, `a\nb`), ingest.ReasonMessageID},
		{swap(`m-1`, long), ingest.ReasonMessageID},
		{swap(`"timestamp":"2026-01-05T11:00:00Z",`, ``), ingest.ReasonTime},
		{swap(`2026-01-05T11:00:00Z`, `2026-01-05 11:00:00`), ingest.ReasonTime},
		{swap(`2026-01-05T11:00:00Z`, `1969-12-31T23:59:59Z`), ingest.ReasonTime},
		{swap(`"2026-01-05T11:00:00Z"`, `1767610800`), ingest.ReasonTime},
		{swap(`2026-01-05T11:00:00Z`, `2026-01-05T12:10:01Z`), ingest.ReasonFuture},
		{swap(`2026-01-05T11:00:00Z`, `2026-01-05T12:10:00Z`), ingest.ReasonNone},
		{swap(`2026-01-05T11:00:00Z`, `2025-10-08T00:00:00Z`), ingest.ReasonNone},
		{swap(`2026-01-05T11:00:00Z`, `2025-10-07T23:59:59Z`), ingest.ReasonOld},
		{swap(`"Shoes"`, `"Prayer Books"`), ingest.ReasonUnmapped},
		{swap(`"Shoes"`, `""`), ingest.ReasonUnmapped},
		{swap(`"Shoes"`, `["Shoes"]`), ingest.ReasonCategory},
		{swap(`"product_id":"boots"`, `"product_id":{"id":"boots"}`), ingest.ReasonItem},
		{swap(`"boots"`, `1.5`), ingest.ReasonItem},
		{swap(`boots`, long), ingest.ReasonItem},
		{swap(`"product_id":"boots","category":"Shoes",`, ``), ingest.ReasonItem},
		{swap(`{"product_id":"boots","category":"Shoes","quantity":2}`, `null`), ingest.ReasonItem},
		{swap(`"quantity":2`, `"quantity":0`), ingest.ReasonCount},
		{swap(`"quantity":2`, `"quantity":2.5`), ingest.ReasonCount},
		{swap(`"quantity":2`, `"quantity":99999999999999999999`), ingest.ReasonCount},
		{swap(`"quantity":2`, `"quantity":[2]`), ingest.ReasonCount},
		{swap(`"quantity":2`, `"quantity":true`), ingest.ReasonCount},
	} {
		rows, stats, err := decode(t, tracks(shop()), c.call)
		if err != nil || c.want == ingest.ReasonNone && len(rows) != 1 || c.want != ingest.ReasonNone && (len(rows) != 0 || stats.Reasons[c.want] != 1) {
			t.Errorf("%s: %d rows, %v, %v; want %v", c.call, len(rows), stats.Reasons, err, c.want)
		}
		// The same inside a batch, where its neighbours stay.
		rows, stats, err = decode(t, tracks(shop()), `{"batch":[`+good+`,`+c.call+`,`+good+`]}`)
		if len(rows)+int(stats.Reasons[c.want]) != 3 || err != nil || stats.Rows != 3 {
			t.Errorf("%s in a batch: %d rows, %v, %v", c.call, len(rows), stats.Reasons, err)
		}
		if c.want.Excluded() == c.want.Malformed() && c.want != ingest.ReasonNone && c.want != ingest.ReasonNoPerson {
			t.Errorf("%v is neither malformed nor excluded", c.want)
		}
	}
}

// What breaks the grammar or a limit gives nothing of the whole body.
func TestTrackBodies(t *testing.T) {
	good := viewed("")
	inside := strings.TrimSuffix(good, "}")
	for _, c := range []struct {
		body string
		want ingest.Reason
	}{
		{"", ingest.ReasonJSON}, {"null", ingest.ReasonJSON}, {"[" + good + "]", ingest.ReasonJSON}, {`"x"`, ingest.ReasonJSON},
		{inside, ingest.ReasonJSON}, {good + "}", ingest.ReasonJSON}, {good + good, ingest.ReasonJSON}, {good + "\x00", ingest.ReasonJSON},
		{inside + ",}", ingest.ReasonJSON}, {inside + `,"x"}`, ingest.ReasonJSON}, {inside + `,"x":}`, ingest.ReasonJSON}, {inside + `,x:1}`, ingest.ReasonJSON},
		{inside + `,"x":01}`, ingest.ReasonJSON}, {inside + `,"x":1.}`, ingest.ReasonJSON}, {inside + `,"x":-}`, ingest.ReasonJSON}, {inside + `,"x":1e}`, ingest.ReasonJSON},
		{inside + `,"x":tru}`, ingest.ReasonJSON}, {inside + `,"x":nul}`, ingest.ReasonJSON}, {inside + `,"x":[1,]}`, ingest.ReasonJSON}, {inside + `,"x":[,1]}`, ingest.ReasonJSON},
		{inside + `,"x":"\x"}`, ingest.ReasonJSON}, {inside + `,"x":"\u12g4"}`, ingest.ReasonJSON}, {inside + ",\"x\":\"\t\"}", ingest.ReasonJSON}, {inside + ",\"x\":\"\xff\"}", ingest.ReasonJSON},
		{inside + `,"x":[}]}`, ingest.ReasonJSON}, {inside + `,"x":{"a":1]}`, ingest.ReasonJSON},
		{inside + `,"userId":"b"}`, ingest.ReasonJSON}, {inside + `,"user\u0049d":"b"}`, ingest.ReasonJSON}, {inside + `,"properties":{}}`, ingest.ReasonJSON},
		{inside + `,"context":{},"context":{}}`, ingest.ReasonJSON},
		{strings.Replace(good, `"quantity"`, `"product_id"`, 1), ingest.ReasonJSON},
		{strings.Replace(good, `ann@`, `\ud800@`, 1), ingest.ReasonJSON}, {strings.Replace(good, `ann@`, `\udc00@`, 1), ingest.ReasonJSON},
		{inside + ",\"x\":\"" + strings.Repeat("a", 20) + "\x01" + strings.Repeat("a", 20) + "\"}", ingest.ReasonJSON},
		{inside + `,"x":"\ud800"}`, ingest.ReasonNone}, // nobody asks for it
		{inside + `,"batch":{}}`, ingest.ReasonType},
		{`{"batch":[` + good + `,7]}`, ingest.ReasonJSON}, {`{"batch":[[` + good + `]]}`, ingest.ReasonJSON}, {`{"batch":[` + good + `],"batch":[]}`, ingest.ReasonJSON},
		{inside + `,"x":` + strings.Repeat("[", ingest.MaxDepth-1) + strings.Repeat("]", ingest.MaxDepth-1) + `}`, ingest.ReasonNone},
		{inside + `,"x":` + strings.Repeat("[", ingest.MaxDepth) + strings.Repeat("]", ingest.MaxDepth) + `}`, ingest.ReasonTooLong},
		{inside + `,"x":` + strings.Repeat(`{"a":`, 100_000), ingest.ReasonTooLong},
		{inside + `,"x":[` + strings.Repeat("1,", ingest.MaxMembers-20) + `1]}`, ingest.ReasonNone},
		{inside + `,"x":[` + strings.Repeat("1,", ingest.MaxMembers) + `1]}`, ingest.ReasonTooLong},
		{`{"batch":[` + strings.Repeat(`{},`, ingest.MaxCalls) + `{}]}`, ingest.ReasonTooLong},
		{strings.Repeat(" ", ingest.MaxBody) + good, ingest.ReasonTooLong},
		{strings.Replace(good, `"product_id"`, `"products":[`+strings.Repeat("{},", ingest.MaxProducts)+`{}],"product_id"`, 1), ingest.ReasonTooLong},
	} {
		rows, stats, err := decode(t, tracks(shop()), c.body)
		name := c.body[max(0, len(c.body)-40):]
		if c.want == ingest.ReasonNone {
			if err != nil || len(rows) != 1 {
				t.Errorf("...%s: %v, %v", name, stats.Reasons, err)
			}
			continue
		}
		if err != ingest.ErrBody || rows != nil || stats.Rows != 1 || stats.Reasons[c.want] != 1 {
			t.Errorf("...%s: %d rows, %v, %v; want %v", name, len(rows), stats.Reasons, err, c.want)
		}
		if strings.ContainsRune(c.body, 0x0a) || c.body == "" {
			continue
		}
		// As a line of a file it costs itself only.
		rows, stats, err = all(t, strings.NewReader(good+"\n"+c.body+"\n"+good+"\n"), tracks(shop()))
		if err != nil || len(rows) != 2 || rows[1].Number != 3 || stats.Malformed != 1 {
			t.Errorf("...%s as a line: %d rows, %+v, %v", name, len(rows), stats, err)
		}
	}
}

// The bound of members is one of each call: a batch of many calls passes.
func TestTrackLongBatch(t *testing.T) {
	var calls []string
	for range ingest.MaxCalls {
		calls = append(calls, viewed(`"context":{"ip":"203.0.113.9"},`))
	}
	rows, stats, err := decode(t, tracks(shop()), `{"batch":[`+strings.Join(calls, ",")+`]}`)
	if err != nil || len(rows) != ingest.MaxCalls {
		t.Errorf("%d rows, %+v, %v", len(rows), stats, err)
	}
}

func TestTrackSkew(t *testing.T) {
	at := func(s string) string { return "2026-01-05T" + s + "Z" }
	live := shop()
	live.Live = true
	for _, c := range []struct {
		name                                  string
		live                                  bool
		original, sent, received, stamp, want string
		reason                                ingest.Reason
	}{
		// receivedAt - (sentAt - originalTimestamp)
		{name: "right clock", original: at("10:00:00"), sent: at("10:00:05"), received: at("10:00:06"), want: at("10:00:01")},
		{name: "an hour ahead", original: at("11:00:00"), sent: at("11:00:05"), received: at("10:00:06"), want: at("10:00:01")},
		{name: "in 1990", original: "1990-06-01T00:00:00Z", sent: "1990-06-01T01:00:00Z", received: at("11:30:00"), want: at("10:30:00")},
		{name: "in 2099", original: "2099-06-01T00:00:00Z", sent: "2099-06-01T01:00:00Z", received: at("11:30:00"), want: at("10:30:00")},
		{name: "queued for five days", original: "2025-12-31T09:00:00Z", sent: at("09:00:00"), received: at("09:00:01"), want: "2025-12-31T09:00:01Z"},
		{name: "fractions", original: at("10:00:00.25"), sent: at("10:00:00.75"), received: at("10:00:01"), want: at("10:00:00.5")},
		{name: "zones", original: "2026-01-05T12:00:00+02:00", sent: "2026-01-05T05:00:05-05:00", received: at("10:00:06"), want: at("10:00:01")},
		{name: "corrected already", original: at("11:00:00"), sent: at("11:00:05"), received: at("10:00:06"), stamp: at("10:00:01"), want: at("10:00:01")},
		{name: "not sent: timestamp", original: at("11:00:00"), received: at("10:00:06"), stamp: at("10:00:01"), want: at("10:00:01")},
		{name: "not received: timestamp", original: at("11:00:00"), sent: at("11:00:05"), stamp: at("10:00:01"), want: at("10:00:01")},
		{name: "only original", original: at("10:00:00"), want: at("10:00:00")},
		{name: "nothing", reason: ingest.ReasonTime},
		{name: "broken sent", original: at("10:00:00"), sent: "soon", received: at("10:00:00"), stamp: at("10:00:00"), reason: ingest.ReasonTime},

		{name: "clock set back while kept", original: at("10:05:00"), sent: at("10:00:00"), received: at("11:00:00"), want: at("11:05:00")},
		{name: "clock set far back while kept", original: at("10:11:00"), sent: at("10:00:00"), received: at("11:00:00"), reason: ingest.ReasonSkew},
		{name: "kept for longer than the TTL", original: "2025-10-01T00:00:00Z", sent: at("10:00:00"), received: at("10:00:00"), reason: ingest.ReasonSkew},
		{name: "absurd", original: "1970-01-01T00:00:00Z", sent: "9999-01-01T00:00:00Z", received: at("10:00:00"), reason: ingest.ReasonSkew},
		{name: "received in the future", original: at("10:00:00"), sent: at("11:00:00"), received: at("12:11:00"), reason: ingest.ReasonSkew},
		{name: "a future made up", original: at("10:09:00"), sent: at("10:00:00"), received: at("12:05:00"), reason: ingest.ReasonFuture},

		{name: "live", live: true, original: at("16:00:00"), sent: at("16:00:05"), want: at("11:59:55")},
		{name: "live, timestamp is the sender's", live: true, stamp: at("16:00:00"), sent: at("16:00:05"), want: at("11:59:55")},
		{name: "live, received is not believed", live: true, original: at("16:00:00"), sent: at("16:00:05"), received: at("02:00:00"), want: at("11:59:55")},
		{name: "live, not sent", live: true, stamp: at("11:59:00"), want: at("11:59:00")},
	} {
		var more strings.Builder
		for _, f := range [][2]string{{"originalTimestamp", c.original}, {"sentAt", c.sent}, {"receivedAt", c.received}, {"timestamp", c.stamp}} {
			if f[1] != "" {
				fmt.Fprintf(&more, `"%s":"%s",`, f[0], f[1])
			}
		}
		m := shop()
		if c.live {
			m = live
		}
		rows, stats, err := decode(t, tracks(m), strings.Replace(viewed(more.String()), `"timestamp":"2026-01-05T11:00:00Z",`, "", 1))
		if err != nil {
			t.Fatal(err)
		}
		if c.reason != ingest.ReasonNone {
			if stats.Reasons[c.reason] != 1 || len(rows) != 0 {
				t.Errorf("%s: %v, want %v", c.name, stats.Reasons, c.reason)
			}
			continue
		}
		if len(rows) != 1 {
			t.Errorf("%s: %v", c.name, stats.Reasons)
		} else if want, _ := time.Parse(time.RFC3339, c.want); !rows[0].Time.Equal(want) || rows[0].Time.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", c.name, rows[0].Time, want)
		}
	}
	// sentAt and receivedAt of a batch stand for calls that have none, wherever they are.
	call := strings.Replace(viewed(`"originalTimestamp":"2026-01-05T11:00:00Z",`), `"timestamp":"2026-01-05T11:00:00Z",`, "", 1)
	rows, _, err := decode(t, tracks(shop()), `{"batch":[`+call+`],"sentAt":"2026-01-05T11:00:05Z","receivedAt":"2026-01-05T10:00:06Z"}`)
	if err != nil || len(rows) != 1 || !rows[0].Time.Equal(noon.Add(-2*time.Hour+time.Second)) {
		t.Errorf("times of the batch: %v, %v", rows, err)
	}
}

func TestTrackProducts(t *testing.T) {
	order := `{"type":"track","event":"Order Completed","userId":"ann@example.com","messageId":"o-1","timestamp":"2026-01-05T11:00:00Z",` +
		`"properties":{"order_id":"secret","total":99.9,"products":[{"product_id":"boots","category":"Shoes","quantity":1},` +
		`{"sku":"novel","category":"Bibles"},7,{"sku":"dune","category":"Novels","quantity":3,"price":9}]}}`
	rows, stats, err := all(t, strings.NewReader(order+"\n"+viewed("")+"\n"), tracks(shop()))
	if err != nil || len(rows) != 3 || stats.Rows != 5 || stats.Reasons[ingest.ReasonUnmapped] != 1 || stats.Reasons[ingest.ReasonItem] != 1 {
		t.Fatalf("%d rows, %+v, %v", len(rows), stats, err)
	}
	for i, want := range []string{"1 o-1/1 purchase boots sports.running 1", "4 o-1/4 purchase dune books.fiction 3", "5 m-1 view boots sports.running 2"} {
		r := rows[i]
		if got := fmt.Sprint(r.Number, " ", r.MessageID, " ", r.Kind, " ", r.Item, " ", r.Category, " ", r.Count); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
	_, stats, _ = decode(t, tracks(shop()), `{"batch":[{"event":"Order Completed","userId":"a","messageId":"m","timestamp":"2026-01-05T11:00:00Z","properties":{"products":[]}}]}`)
	if stats.Reasons[ingest.ReasonItem] != 1 || stats.Rows != 1 {
		t.Errorf("no products: %+v", stats)
	}
	// The number of a product must fit into the message id, too.
	_, stats, _ = decode(t, tracks(shop()), strings.Replace(order, "o-1", strings.Repeat("o", 127), 1))
	if stats.Reasons[ingest.ReasonMessageID] != 4 {
		t.Errorf("long message id: %+v", stats.Reasons)
	}
}

// Every table of one or two categories over two purposes, with every way to
// answer or not: a purpose is denied unless all of its categories say true.
func TestTrackPreferences(t *testing.T) {
	answers := []string{"", "true", "false", "null", `"true"`, "1", `{"x":true}`, "[true]"}
	tables := []map[string][]string{
		{"Ads": {"ads"}},
		{"Ads": {"ads"}, "Fun": {"personalize"}},
		{"Ads": {"ads"}, "Fun": {"ads", "personalize"}},
		{"Ads": {"ads", "personalize"}, "Fun": {"personalize"}},
	}
	n := 0
	for _, table := range tables {
		for _, ads := range answers {
			for _, fun := range answers {
				n++
				var said []string
				if ads != "" {
					said = append(said, `"Ads":`+ads)
				}
				if fun != "" {
					said = append(said, `"Fun":`+fun)
				}
				said = append(said, `"Other":true`)
				call := viewed(`"context":{"consent":{"categoryPreferences":{` + strings.Join(said, ",") + `}}},`)
				var want []string
				purposes := map[string]bool{}
				for category, list := range table {
					for _, p := range list {
						yes := category == "Ads" && ads == "true" || category == "Fun" && fun == "true"
						if before, ok := purposes[p]; ok {
							yes = yes && before
						}
						purposes[p] = yes
					}
				}
				for _, p := range []string{"ads", "personalize"} {
					if yes, ok := purposes[p]; ok && !yes {
						want = append(want, p)
					}
				}
				m := shop()
				m.Purposes, m.KeepDenied = table, true
				rows, _, err := decode(t, tracks(m), call)
				if err != nil || len(rows) != 1 || fmt.Sprint(rows[0].Denied) != fmt.Sprint(want) {
					t.Fatalf("%v, Ads %s, Fun %s: %v, want %v", table, ads, fun, rows, want)
				}
				consent := ingest.ConsentNone
				if len(want) == 0 {
					consent = ingest.ConsentGiven
				} else if len(want) == len(purposes) {
					consent = ingest.ConsentRefused
				}
				if rows[0].Consent != consent {
					t.Errorf("%v, Ads %s, Fun %s: consent %v, want %v", table, ads, fun, rows[0].Consent, consent)
				}
				m.KeepDenied = false
				rows, stats, err := decode(t, tracks(m), call)
				if err != nil || (len(rows) == 1) != (len(want) == 0) || len(rows)+int(stats.Reasons[ingest.ReasonDenied]) != 1 {
					t.Errorf("%v, Ads %s, Fun %s: %d rows, %v", table, ads, fun, len(rows), stats.Reasons)
				}
			}
		}
	}
	if n != 256 {
		t.Errorf("%d cases", n)
	}
	m := shop()
	m.Purposes = map[string][]string{"Ads": {"ads"}}
	for more, want := range map[string]ingest.Reason{
		``:                            ingest.ReasonDenied,
		`"context":null,`:             ingest.ReasonDenied,
		`"context":{"consent":true},`: ingest.ReasonDenied,
		`"context":{"consent":{"categoryPreferences":["Ads"]}},`:                                            ingest.ReasonDenied,
		`"context":{"categoryPreferences":{"Ads":true}},`:                                                   ingest.ReasonDenied,
		`"consent":{"categoryPreferences":{"Ads":true}},`:                                                   ingest.ReasonDenied,
		`"context":{"consent":{"categoryPreferences":{"ads":true}}},`:                                       ingest.ReasonDenied,
		`"context":{"consent":{"categoryPreferences":{"Ads":true,"Ads":true}}},`:                            ingest.ReasonJSON,
		`"context":{"consent":{"categoryPreferences":{"Ads":false},"categoryPreferences":{"Ads":true}}},`:   ingest.ReasonJSON,
		`"context":{"consent":{},"consent":{"categoryPreferences":{"Ads":true}}},`:                          ingest.ReasonJSON,
		`"context":{"consent":{"categoryPreferences":{"A\u0064s":true},"x":1},"ip":"203.0.113.9"},`:         ingest.ReasonNone,
		`"context":{"ip":[1,{"consent":{}}],"consent":{"x":"}","categoryPreferences":{"x":1,"Ads":true}}},`: ingest.ReasonNone,
	} {
		rows, stats, _ := decode(t, tracks(m), viewed(more))
		if (len(rows) == 1) != (want == ingest.ReasonNone) || want != ingest.ReasonNone && stats.Reasons[want] != 1 {
			t.Errorf("%s: %d rows, %v, want %v", more, len(rows), stats.Reasons, want)
		}
	}
}

func TestTrackConfig(t *testing.T) {
	bad := func(f func(*ingest.TrackMapping)) ingest.Config {
		m := shop()
		f(m)
		return tracks(m)
	}
	csv := mapping(t, plain)
	csv.Now = time.Now
	days := tracks(shop())
	days.TTLDays = 731
	none := tracks(shop())
	none.Now = nil
	both := tracks(shop())
	both.Mapping = csv.Mapping
	form := tracks(shop())
	form.Format = ingest.FormatCSV
	for name, c := range map[string]struct {
		c    ingest.Config
		want error
	}{
		"nobody":              {bad(func(m *ingest.TrackMapping) { m.UserID, m.AnonymousID = "", "" }), ingest.ErrTrackMapping},
		"unknown kind":        {bad(func(m *ingest.TrackMapping) { m.UserID = "name" }), ingest.ErrTrackMapping},
		"unknown other kind":  {bad(func(m *ingest.TrackMapping) { m.AnonymousID = "name" }), ingest.ErrTrackMapping},
		"no events":           {bad(func(m *ingest.TrackMapping) { m.Events = nil }), ingest.ErrTrackMapping},
		"kind is no name":     {bad(func(m *ingest.TrackMapping) { m.Events["x"] = "X Y" }), ingest.ErrTrackMapping},
		"event without name":  {bad(func(m *ingest.TrackMapping) { m.Events[""] = "x" }), ingest.ErrTrackMapping},
		"no item or category": {bad(func(m *ingest.TrackMapping) { m.Items, m.Category, m.Categories = nil, "", nil }), ingest.ErrTrackMapping},
		"category, no table":  {bad(func(m *ingest.TrackMapping) { m.Categories = nil }), ingest.ErrTrackMapping},
		"table, no category":  {bad(func(m *ingest.TrackMapping) { m.Category = "" }), ingest.ErrTrackMapping},
		"empty id":            {bad(func(m *ingest.TrackMapping) { m.Categories["x"] = "" }), ingest.ErrTrackMapping},
		"five items":          {bad(func(m *ingest.TrackMapping) { m.Items = strings.Split("abcde", "") }), ingest.ErrTrackMapping},
		"empty item":          {bad(func(m *ingest.TrackMapping) { m.Items = []string{""} }), ingest.ErrTrackMapping},
		"same member twice":   {bad(func(m *ingest.TrackMapping) { m.Count = "sku" }), ingest.ErrTrackMapping},
		"same as products":    {bad(func(m *ingest.TrackMapping) { m.Products = "sku" }), ingest.ErrTrackMapping},
		"kept without table":  {bad(func(m *ingest.TrackMapping) { m.KeepDenied = true }), ingest.ErrTrackMapping},
		"no purposes":         {bad(func(m *ingest.TrackMapping) { m.Purposes = map[string][]string{"Ads": nil} }), ingest.ErrTrackMapping},
		"purpose is no name":  {bad(func(m *ingest.TrackMapping) { m.Purposes = map[string][]string{"Ads": {"Ads!"}} }), ingest.ErrTrackMapping},
		"no clock":            {none, ingest.ErrLimits},
		"clock, no TTL":       {csv, ingest.ErrLimits},
		"TTL too long":        {days, ingest.ErrLimits},
		"two mappings":        {both, ingest.ErrMapping},
		"CSV":                 {form, ingest.ErrTrackMapping},
	} {
		if _, err := ingest.New(strings.NewReader(""), c.c); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := ingest.NewTracks(ingest.Config{}); !errors.Is(err, ingest.ErrTrackMapping) {
		t.Errorf("nothing: %v", err)
	}
	many := map[string][]string{}
	for i := range 64 {
		many[fmt.Sprint("c", i)] = []string{fmt.Sprint("p", i)}
	}
	m := shop()
	m.Purposes = many
	if _, err := ingest.NewTracks(tracks(m)); err != nil {
		t.Error(err)
	}
	many["c64"] = []string{"p"}
	if _, err := ingest.NewTracks(tracks(m)); !errors.Is(err, ingest.ErrTrackMapping) {
		t.Error("65 categories")
	}
}

// The limits of time hold for files by a mapping as well, and are those of an engine.
func TestAges(t *testing.T) {
	c := mapping(t, plain)
	c.Now, c.TTLDays = func() time.Time { return noon }, 90
	ahead, first := noon.Add(segment.MaxAhead).Unix(), noon.Truncate(24*time.Hour).AddDate(0, 0, -89).Unix()
	in := fmt.Sprintf("who,what,at\na,x,%d\na,x,%d\na,x,%d\na,x,%d\n", ahead, ahead+1, first, first-1)
	rows, stats, err := all(t, strings.NewReader(in), c)
	if err != nil || len(rows) != 2 || stats.Excluded != 2 || stats.Reasons[ingest.ReasonFuture] != 1 || stats.Reasons[ingest.ReasonOld] != 1 {
		t.Errorf("%d rows, %+v, %v", len(rows), stats, err)
	}
	if rows[0].Number != 1 || rows[1].Number != 3 {
		t.Error("numbers")
	}
}

// A little gzip that unpacks to much costs the memory of one line, not of all.
func TestGzipBombs(t *testing.T) {
	for name, c := range map[string]ingest.Config{"tracks": tracks(shop()), "json lines": mapping(t, plain), "csv": mapping(t, plain)} {
		head := viewed("")
		if name == "json lines" {
			head = `{"who":"a","what":"x","at":1}`
		} else if name == "csv" {
			head = "who,what,at"
		}
		packed, err := io.ReadAll(gz(head + "\n" + strings.Repeat(`[`, 48<<20) + "\n" + strings.Repeat("\n", 16<<20)))
		if err != nil || len(packed) > 1<<20 {
			t.Fatal("not a bomb")
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := ingest.New(strings.NewReader(string(packed)), c)
		if err != nil {
			t.Fatal(err)
		}
		for range r.Rows(context.Background()) {
		}
		runtime.ReadMemStats(&after)
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 8*ingest.MaxBody {
			t.Errorf("%s: %d bytes were allocated", name, grew)
		}
		if s := r.Stats(); s.Reasons[ingest.ReasonTooLong] != 1 {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
