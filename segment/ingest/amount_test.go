package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
	"github.com/discreet-go/discreet/segment/ingest"
	"pgregory.net/rapid"
)

// An amount is read exactly, or the row is malformed.
func TestAmounts(t *testing.T) {
	for text, want := range map[string]int64{
		"": 0, "0": 0, "0.000": 0, "12": 12_000, "12.5": 12_500, "12.50": 12_500, "012.345": 12_345, "0.001": 1, "3.1410000": 3_141,
		"1099511627.776": segment.MaxAmount, "1099511627.77600": segment.MaxAmount,
		"1099511627.777": -1, "1099511628": -1, "99999999999999999999": -1, "0.0001": -1, "1.2345": -1, "-1": -1, "+1": -1, "1e3": -1, "1,5": -1, "1.": -1, ".5": -1,
		".": -1, "1.2.3": -1, " 1": -1, "NaN": -1, "0x1": -1, "١": -1, strings.Repeat("0", 33): -1,
	} {
		for name, c := range map[string]struct{ mapping, file string }{
			"column": {plain + ",value=price,unit=currency", fmt.Sprintf("who,what,at,price,currency\na,x,1,%q,EUR\n", text)},
			"fixed":  {plain + ",value=price,unit==EUR", fmt.Sprintf("who,what,at,price\na,x,1,%q\n", text)},
			"json":   {plain + ",value=price,unit==EUR", fmt.Sprintf(`{"who":"a","what":"x","at":1,"price":%q}`, text)},
		} {
			rows, stats, err := all(t, strings.NewReader(c.file), mapping(t, c.mapping))
			switch {
			case want < 0:
				if len(rows) != 0 || stats.Reasons[ingest.ReasonAmount] != 1 {
					t.Errorf("%s: %q: %v %v", name, text, rows, err)
				}
			case err != nil || len(rows) != 1 || rows[0].Value != want || (rows[0].Unit == "EUR") != (text != ""):
				t.Errorf("%s: %q: %v %v", name, text, rows, err)
			}
		}
	}
	for line, want := range map[string]int64{`"price":12.5`: 12_500, `"price":null`: 0, `"price":1e2`: -1, `"price":true`: -1, `"more":1`: 0} {
		rows, _, _ := all(t, strings.NewReader(`{"who":"a","what":"x","at":1,`+line+`}`), mapping(t, plain+",value=price,unit==EUR"))
		if (len(rows) == 1) != (want >= 0) || len(rows) == 1 && rows[0].Value != want {
			t.Errorf("%s: %v", line, rows)
		}
	}
	for _, unit := range []string{"", "E R", "€", strings.Repeat("E", 17)} {
		if rows, stats, _ := all(t, strings.NewReader("who,what,at,price,currency\na,x,1,5,"+unit+"\n"), mapping(t, plain+",value=price,unit=currency")); len(rows) != 0 || stats.Reasons[ingest.ReasonAmount] != 1 {
			t.Errorf("unit %q: %v", unit, rows)
		}
	}
	for _, m := range []string{",value=price", ",unit=currency", ",unit==EUR", ",value=price,unit==E R", ",value=price,unit=="} {
		if _, err := ingest.ParseMapping(plain + m); err != ingest.ErrMapping {
			t.Errorf("%q: %v", m, err)
		}
	}
}

// What is written with three places is read as it was.
func TestAmountsRoundTrip(t *testing.T) {
	c := mapping(t, plain+",value=price,unit==EUR")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, segment.MaxAmount).Draw(t, "thousandths")
		text := fmt.Sprintf("%d.%03d", n/1000, n%1000)
		r, err := ingest.New(strings.NewReader("who,what,at,price\na,x,1,"+text+"\n"), c)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range r.Rows(context.Background()) {
			if err != nil || row.Value != n {
				t.Fatal(row.Value, err)
			}
		}
		if r.Stats().Yielded != 1 {
			t.Fatal(r.Stats())
		}
	})
}
