package ingest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/segment/ingest"
)

// canaryCalls returns calls with a canary in every place that no table names: as
// a value and as a name, plain and escaped, nested, in arrays and among products.
func canaryCalls(canaries []string) (calls []string) {
	at := 0
	next := func() string { at++; return canaries[at%len(canaries)] }
	escaped := func(s string) string {
		var b strings.Builder
		for _, c := range s {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
		return b.String()
	}
	holds := func(s string) []string {
		q, e := `"`+s+`"`, `"`+escaped(s)+`"`
		return []string{
			q, e, `[` + q + `]`, `{"email":` + q + `}`, `{` + q + `:1}`, `{` + e + `:{` + e + `:[` + e + `]}}`,
			`[[{"a":[{"traits":{"email":` + q + `}}]}]]`, `[1,null,{"userId":` + q + `}]`,
		}
	}
	for i := range 8 {
		fill := func() string { return holds(next())[i] }
		var own, context, properties strings.Builder
		for _, name := range []string{"channel", "version", "_metadata", "integrations", "writeKey", "traits", "projectId", "UserId", "userid", "rudderId", "request_ip", "userId ", "batch"} {
			fmt.Fprintf(&own, `%q:%s,`, name, fill())
		}
		for _, name := range []string{"ip", "userAgent", "userAgentData", "traits", "device", "network", "page", "location", "campaign", "referrer", "screen", "os", "library", "sessionId", "externalId", "consentManagement"} {
			fmt.Fprintf(&context, `%q:%s,`, name, fill())
		}
		for _, name := range []string{"url", "path", "email", "name", "brand", "coupon", "order_id", "price", "image_url", "product"} {
			fmt.Fprintf(&properties, `%q:%s,`, name, fill())
		}
		own.WriteString(`"` + next() + `":1,"` + escaped(next()) + `":2,`)
		context.WriteString(`"` + next() + `":1,`)
		properties.WriteString(`"` + escaped(next()) + `":2,`)
		consent := fmt.Sprintf(`"consent":{"provider":%s,"categoryPreferences":{"Ads":true,%q:true,"%s":%s}}`, fill(), next(), escaped(next()), fill())
		whole := func(event, category, when, products string) string {
			call := `{` + own.String() + `"type":"track","event":"` + event + `","userId":"u-1","anonymousId":` + fill() + `,"messageId":"m-1","timestamp":"` + when + `",` +
				`"context":{` + context.String() + consent + `},"properties":{` + properties.String() + products + `"product_id":"boots","category":"` + category + `"}}`
			return call
		}
		ok := "2026-01-05T11:00:00Z"
		listed := `"products":[` + fill() + `,{` + properties.String() + `"sku":"novel"},{"sku":"dune","category":"` + next() + `"}],`
		for _, call := range []string{
			whole("Product Viewed", "Shoes", ok, ""),
			whole("Order Completed", "Shoes", ok, listed),
			whole(next(), "Shoes", ok, ""),               // an event that is not in the table
			whole("Product Viewed", next(), ok, ""),      // a category that is not
			whole("Product Viewed", "Shoes", next(), ""), // no time
			strings.Replace(whole("Product Viewed", "Shoes", ok, ""), `"Ads":true`, `"Ads":`+fill(), 1),
			strings.Replace(whole("Product Viewed", "Shoes", ok, ""), `"m-1"`, `[`+fill()+`]`, 1),
			strings.Replace(whole("Product Viewed", "Shoes", ok, ""), `"boots"`, `[`+fill()+`]`, 1),
			strings.Replace(whole("Product Viewed", "Shoes", ok, ""), `"u-1"`, `[`+fill()+`]`, 1),
			strings.Replace(whole("Product Viewed", "Shoes", ok, ""), `"track"`, fill(), 1),
			strings.TrimSuffix(whole("Product Viewed", "Shoes", ok, ""), "}"),
			whole("Product Viewed", "Shoes", ok, "") + next(),
		} {
			// In a batch the member of that name is one that nobody asks for.
			calls = append(calls, call, `{"batch":[`+call+`],"context":{"ip":"`+next()+`"},`+strings.Split(own.String(), `"batch"`)[0]+`"x":`+fill()+`}`)
			calls = append(calls, strings.Replace(call, `"batch":`, `"batches":`, 1))
		}
	}
	return calls
}

// TestTrackCanary looks for what no table names in everything that comes out.
func TestTrackCanary(t *testing.T) {
	canaries := discreettest.Canaries(t, 40)
	m := shop()
	m.UserID, m.AnonymousID = "opaque", ""
	m.Purposes = map[string][]string{"Ads": {"ads"}}
	d, err := ingest.NewTracks(tracks(m))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	show := func(v any) {
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, v)
		b, _ := json.Marshal(v)
		out.Write(b)
	}
	calls := canaryCalls(canaries)
	var rows []ingest.Row
	for _, body := range calls {
		more, err := d.Decode(nil, []byte(body))
		rows = append(rows, more...)
		show(err)
	}
	stats := d.Stats()
	if len(rows) < 30 {
		t.Fatalf("only %d rows of %d calls: %v", len(rows), len(calls), stats.Reasons)
	}
	for _, r := range []ingest.Reason{
		ingest.ReasonEvent, ingest.ReasonUnmapped, ingest.ReasonTime, ingest.ReasonDenied, ingest.ReasonMessageID,
		ingest.ReasonItem, ingest.ReasonPerson, ingest.ReasonCall, ingest.ReasonJSON,
	} {
		if stats.Reasons[r] == 0 {
			t.Errorf("no call is refused for %v", r)
		}
	}
	show(rows)
	show(stats)
	for _, r := range rows {
		show(r)
		out.WriteString(r.Person.Expose() + "\n")
	}
	read, stats, err := all(t, strings.NewReader(strings.Join(calls, "\n")), tracks(m))
	show(read)
	show(stats)
	show(err)
	broken, err := ingest.New(io.MultiReader(strings.NewReader(strings.Repeat("{"+canaries[0]+"\n", 2000))), tracks(m))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range broken.Rows(t.Context()) {
		show(err)
	}
	// What the decoder keeps between calls: no string of it, neither among those
	// that it remembers nor among what it hands out next.
	for _, s := range stringsOf(reflect.ValueOf(d), map[unsafe.Pointer]bool{}) {
		out.WriteString(s + "\n")
	}
	discreettest.Sweep(t, canaries, map[string][]byte{"what comes out": []byte(out.String())})
	if form, ok := discreettest.Leaked(canaries, []byte(strings.Join(calls, "\n"))); !ok {
		t.Errorf("the calls hold no canary %s", form)
	}
}

// stringsOf returns every string that can be reached from v, also through
// unexported fields. The bytes of the decoder's buffers are not strings.
func stringsOf(v reflect.Value, seen map[unsafe.Pointer]bool) (out []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || v.Kind() == reflect.Pointer && seen[v.UnsafePointer()] {
			return nil
		}
		if v.Kind() == reflect.Pointer {
			seen[v.UnsafePointer()] = true
		}
		return stringsOf(v.Elem(), seen)
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, stringsOf(v.Field(i), seen)...)
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil
		}
		for i := range v.Len() {
			out = append(out, stringsOf(v.Index(i), seen)...)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			out = append(append(out, stringsOf(it.Key(), seen)...), stringsOf(it.Value(), seen)...)
		}
	}
	return out
}

// What nobody asks for costs no allocation, so nothing is made of it.
func TestTrackDropsWithoutMaking(t *testing.T) {
	var context strings.Builder
	for i := range 100 {
		fmt.Fprintf(&context, `"k%d\u0041":{"e":["someone%d@leak.example",{"x":"\u0061\n"}]},`, i, i)
	}
	bare, full := viewed(""), viewed(context.String()+`"context":{`+context.String()+`"ip":"203.0.113.9"},`)
	count := func(body string) float64 {
		d, err := ingest.NewTracks(tracks(shop()))
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]ingest.Row, 0, 1)
		b := []byte(body)
		return testing.AllocsPerRun(200, func() {
			if rows, err = d.Decode(rows[:0], b); err != nil || len(rows) != 1 {
				t.Fatal("not decoded")
			}
		})
	}
	if a, b := count(bare), count(full); a != b || a > 2 {
		t.Errorf("%v allocations, %v with what is dropped", a, b)
	}
}
