package ingest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/segment/ingest"
)

const retailHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func TestOnlineRetailRows(t *testing.T) {
	in := retailHeader +
		"536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n" +
		"C536379,22632,HAND WARMER,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n" +
		"536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n" +
		"536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France\n" +
		"536371,22632,HAND WARMER,0,2010-12-01 08:45:00,18.0,12583.0,France\n" +
		"536371,22632,HAND WARMER,1,2010-12-01 08:45:00,0.0,12583.0,France\n" +
		"536371,22632,HAND WARMER,one,2010-12-01 08:45:00,1.0,12583.0,France\n" +
		"536371,22632,\"HAND WARMER, \"\"OWL\"\" DESIGN\",2,2010-12-01 08:25:00,1.0,12583.0,France\n"
	rows, stats, err := all(t, strings.NewReader(in), ingest.Config{Profile: ingest.OnlineRetail()})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || stats.Rows != 8 || stats.NoPerson != 1 || stats.Malformed != 1 || stats.Excluded != 4 {
		t.Fatalf("%d rows, %+v", len(rows), stats)
	}
	for _, r := range []ingest.Reason{ingest.ReasonCancelled, ingest.ReasonStockCode, ingest.ReasonQuantity, ingest.ReasonPrice, ingest.ReasonAmount} {
		if stats.Reasons[r] != 1 {
			t.Errorf("reason %v: %d", r, stats.Reasons[r])
		}
	}
	a, b := rows[0], rows[1]
	if a.Person.Expose() != "17850" || a.Item != "85123A" || a.MessageID != "536365/85123A/1" || a.Kind != "purchase" ||
		a.Category != "retail.lighting" || a.Count != 1 || a.Number != 1 ||
		!a.Time.Equal(time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC)) {
		t.Errorf("first row is wrong: %+v", a)
	}
	if b.Number != 8 || b.Category != "retail.comfort" || !b.Back || stats.Back != 1 || stats.BackMost != time.Minute {
		t.Errorf("second row is wrong: %+v %+v", b, stats)
	}
}

func TestOnlineRetailFile(t *testing.T) {
	r, err := ingest.Open(data(t, "online-retail/online-retail.csv.gz"), ingest.Config{Profile: ingest.OnlineRetail()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	start := time.Now()
	people, items, ids := map[string]bool{}, map[string]bool{}, map[string]bool{}
	categories := map[string]int{}
	for row, err := range r.Rows(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		people[row.Person.Expose()] = true
		items[row.Item] = true
		ids[row.MessageID] = true
		categories[row.Category]++
	}
	took, s := time.Since(start), r.Stats()
	if s.Rows != 541_909 || s.Yielded != 396_337 || s.NoPerson != 135_080 || s.Malformed != 0 || s.Back != 0 {
		t.Errorf("%+v", s)
	}
	if len(people) != 4334 || len(items) != 3659 || len(ids) != 396_337 {
		t.Errorf("%d people, %d items, %d message ids", len(people), len(items), len(ids))
	}
	known := 1 - float64(categories[ingest.RetailRoot])/float64(s.Yielded)
	t.Logf("%.1f %% of rows have a category: %v", 100*known, categories)
	t.Logf("%.0f rows/s; left out: %v", float64(s.Rows)/took.Seconds(), s.Reasons)
	if known < 0.75 {
		t.Errorf("only %.1f %% of rows have a category", 100*known)
	}
}

func TestRetailTaxonomy(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(ingest.RetailTaxonomyTSV(), "\n"), "\n")
	if lines[0] != "id\tparent_id\tname\tpath\tdepth\tflag" {
		t.Fatal("header")
	}
	known := map[string]bool{}
	for _, l := range lines[1:] {
		f := strings.Split(l, "\t")
		if len(f) != 6 || f[5] != "" || known[f[0]] || f[1] != "" && !known[f[1]] {
			t.Errorf("bad line of %d fields", len(f))
		}
		known[f[0]] = true
	}
	for _, d := range []string{
		"", "POSTAGE", "RED RETROSPOT MUG", "PAPER CHAIN KIT 50'S CHRISTMAS", "TEA BAG PLATE", "BAG 250g SWIRLY MARBLES",
		"PLAYING CARDS KEEP CALM", "GREETING CARD", "CARD HOLDER", "LUNCH BAG CARS", "LUNCH BOX", "SPOTTY BUNTING", "RED DRAWER KNOB",
		"KEY FOB", "DOLL", "SEWING KIT", "HERB MARKER", "T-LIGHT", "METAL SIGN", "HOT WATER BOTTLE",
	} {
		if c := ingest.RetailCategory(d); !known[c] {
			t.Errorf("category %q is not in the taxonomy", c)
		}
	}
	for d, want := range map[string]string{
		"PLAYING CARDS KEEP CALM": "retail.toys", "FANCY FONT BIRTHDAY CARD, ": "retail.stationery",
		"tea bag plate": "retail.kitchen", "BAG 250g SWIRLY MARBLES": "retail.toys", "MUGGED": "retail",
		"60 CAKE CASES VINTAGE CHRISTMAS": "retail.kitchen", "HOT-WATER BOTTLE": "retail.comfort",
	} {
		if got := ingest.RetailCategory(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
