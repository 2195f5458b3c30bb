package proof_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/proof"
)

func items() proof.Release {
	cell := func(segment, item string, v int64) proof.Cell {
		return proof.Cell{Segment: segment, Item: item, Value: v, Low: v - 25, High: v + 25}
	}
	return proof.NewRelease(proof.Header{
		Format: "discreet-release/0", Name: "items-week-47", Measure: "items", Kind: "segment-items", Partitions: "discovered",
		WindowFrom: "2026-11-01", WindowTo: "2026-12-01", AsOf: "2026-11-23", Since: "2026-09-02", Lookback: 28,
		Sigma: 12.91, StdDev: 12.913, L0: 10, LInf: 1, Mu: 0.245, Delta: 1e-7, Threshold: 72,
		Epsilon: 2, WindowDelta: 1e-6, Level: 0.95, Margin: 25, Cells: 4,
	}, []proof.Cell{
		cell("cooking", "pan, \"large\"", 108), cell("cooking", "wok", 412), cell("travel", "=1+1", 108), cell("travel", "żółw\u202e\u009b", 72),
	}, []byte("note"))
}

func sizes() proof.Release {
	return proof.NewRelease(proof.Header{
		Format: "discreet-release/0", Name: "sizes", Measure: "sizes", Kind: "segment-sizes", Partitions: "public", AsOf: "2026-11-23",
		L0: 1, LInf: 1, Level: 0.95, Margin: 3, Cells: 1,
	}, []proof.Cell{{Segment: "cooking", Value: -2, Low: -5, High: 1}}, nil)
}

func text(t *testing.T, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name string
		r    proof.Release
		rows int
		want string
	}{
		{"items", items(), 0, "" +
			"segment  item          value  low  high\n" +
			"cooking  wok             412  387   437\n" +
			"cooking  pan, \"large\"    108   83   133\n" +
			"travel   =1+1            108   83   133\n" +
			"travel   żółw��           72   47    97\n"},
		{"first", items(), 1, "" +
			"segment  item  value  low  high\n" +
			"cooking  wok     412  387   437\n" +
			"... and 3 more cells\n"},
		{"all but one", items(), 3, "" +
			"segment  item          value  low  high\n" +
			"cooking  wok             412  387   437\n" +
			"cooking  pan, \"large\"    108   83   133\n" +
			"travel   =1+1            108   83   133\n" +
			"... and 1 more cell\n"},
		{"sizes", sizes(), 10, "" +
			"segment  value  low  high\n" +
			"cooking     -2   -5     1\n"},
		{"empty", proof.NewRelease(items().Header(), nil, nil), 5, "segment  item  value  low  high\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, func(b *bytes.Buffer) error { return c.r.Table(b, c.rows) }); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestLongKeysAreCut(t *testing.T) {
	r := proof.NewRelease(items().Header(), []proof.Cell{{Segment: "a", Item: strings.Repeat("ż", 128)}}, nil)
	got := text(t, func(b *bytes.Buffer) error { return r.Table(b, 0) })
	if !strings.Contains(got, strings.Repeat("ż", 45)+"... ") || strings.Contains(got, strings.Repeat("ż", 46)) {
		t.Error(got)
	}
}

func TestCSV(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(text(t, func(b *bytes.Buffer) error { return items().CSV(b) }))).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatal(rows, err)
	}
	if got := strings.Join(rows[0], ","); got != "segment,item,value,low,high" {
		t.Error(got)
	}
	for i, c := range items().Cells() {
		if got, want := fmt.Sprint(rows[i+1]), fmt.Sprint([]any{c.Segment, c.Item, c.Value, c.Low, c.High}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := text(t, func(b *bytes.Buffer) error { return sizes().CSV(b) }); got != "segment,value,low,high\ncooking,-2,-5,1\n" {
		t.Error(got)
	}
}

func TestJSON(t *testing.T) {
	var got struct {
		Header    proof.Header
		Cells     []proof.Cell
		Statement string
	}
	if err := json.Unmarshal([]byte(text(t, func(b *bytes.Buffer) error { return items().JSON(b) })), &got); err != nil {
		t.Fatal(err)
	}
	if got.Header != items().Header() || len(got.Cells) != 4 || got.Cells[1] != items().At(1) || got.Statement != items().Statement() {
		t.Error(got)
	}
	empty, err := json.Marshal(proof.NewRelease(items().Header(), nil, nil))
	if err != nil || !strings.Contains(string(empty), `"cells":[]`) {
		t.Error(string(empty), err)
	}
	var r proof.Release
	if err := json.Unmarshal([]byte(`{"header":{"format":"discreet-release/0"}}`), &r); !errors.Is(err, proof.ErrJSON) || !r.IsZero() {
		t.Error("a release is read without its signature:", err)
	}
}

type failing struct{ after int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after -= len(p); f.after < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorsAreTold(t *testing.T) {
	for name, err := range map[string]error{
		"table": items().Table(&failing{}, 0), "csv": items().CSV(&failing{}), "json": items().JSON(&failing{}),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStatement holds every number a reader needs.
func TestStatement(t *testing.T) {
	const want = "Release items-week-47 counts people in each segment and item within the 28 days up to the end of 2026-11-23" +
		" (measure items, counting since 2026-09-02)." +
		" One person counts in at most 10 cells, with at most 1 in each; what they have beyond that is left out." +
		" Every value is the exact number so bounded plus rounded Gaussian noise of scale 12.91 (standard deviation 12.91)," +
		" drawn exactly from a cryptographic generator; with probability of about 95% the exact number lies within 25 of it." +
		" The items come from the data: a cell is shown if its noisy number of people is at least 72," +
		" so cells close to that tend to be overstated." +
		" The release is 0.245-Gaussian differentially private with respect to adding or removing everything that one person did," +
		" but for a probability of at most 1e-07 that it shows a cell which only that person is in." +
		" All releases of the window from 2026-11-01 to the day before 2026-12-01 together are (2, 1e-06)-differentially private." +
		" Not protected: facts about groups, and one person under several identifiers beyond the sum of their parts."
	if got := items().Statement(); got != want {
		t.Errorf("got\n%s", got)
	}
	h := sizes().Header()
	h.LInf = 3
	for _, part := range []string{"counts people in each segment as of", "at most 1 cell,", "every one is shown"} {
		if !strings.Contains(sizes().Statement(), part) {
			t.Errorf("%q is missing", part)
		}
	}
	if !strings.Contains(proof.NewRelease(h, nil, nil).Statement(), "counts events") {
		t.Error("events are called people")
	}
}

// TestStatementJSON holds the machine-readable form, and that it has what the text has.
func TestStatementJSON(t *testing.T) {
	var got []byte
	for _, r := range []proof.Release{items(), sizes()} {
		line, err := r.StatementJSON()
		if err != nil {
			t.Fatal(err)
		}
		var c proof.Claims
		if err := json.Unmarshal(line, &c); err != nil || !reflect.DeepEqual(c, r.Claims()) || c.Text != r.Statement() {
			t.Errorf("%+v, %v", c, err)
		}
		got = append(append(got, line...), '\n')
	}
	want, err := os.ReadFile("testdata/statement-0.jsonl")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; got\n%s", err, got)
	}
	if _, err := (proof.Release{}).StatementJSON(); err != proof.ErrZero {
		t.Error(err)
	}
	if c := (proof.Release{}).Claims(); c.Format != "" || c.NotProtected != nil {
		t.Error("the zero Release claims something")
	}
}

func TestZeroRelease(t *testing.T) {
	var r proof.Release
	if !r.IsZero() || r.Len() != 0 || r.Cells() != nil || r.Note() != nil {
		t.Error("the zero Release holds something")
	}
	if r.String() != "invalid release" || r.Statement() != "This is not a release." {
		t.Error("the zero Release passes for one")
	}
	if got := items().String(); got != "release items-week-47 of items as of 2026-11-23, 4 cells" {
		t.Error(got)
	}
}

// TestReleaseIsNotShared changes what the accessors return.
func TestReleaseIsNotShared(t *testing.T) {
	r := items()
	r.Cells()[0].Value = 7
	r.Note()[0] = 'x'
	if r.At(0).Value != 108 || string(r.Note()) != "note" {
		t.Error("a caller changed the release")
	}
}
