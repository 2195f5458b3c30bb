package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/contrib"
)

// TestUtility runs the suite as short as it goes: both sides make the noise that
// their promise asks for. A ratio that is 7 of its standard errors off fails, which by
// chance one of the six is in fewer than 1e-9 of all runs; counts with half or twice
// the noise are.
func TestUtility(t *testing.T) {
	var out, errOut bytes.Buffer
	if err := run(context.Background(), []string{"utility", "-short", "-json"}, &out, &errOut); err != nil {
		t.Fatal(err)
	}
	metrics := map[string]float64{}
	for line := range strings.Lines(out.String()) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Suite != "utility" {
			t.Fatalf("%q: %v", line, err)
		}
		metrics[r.Case+" "+r.Metric] = r.Value
	}
	for metric, want := range map[string]float64{
		// From the scales alone: sqrt(2) 32 L, sqrt(32 L)/mu, and that of composed Laplace noise.
		"month-counts/L=3 ratio": 135.76 / 41.39, "month-counts/L=10 ratio": 452.55 / 75.57,
		"month-counts/L=3 ratio_tuned": 57.4 / 41.39, "month-counts/L=10 ratio_tuned": 106.2 / 75.57,
		"mean/L=3 ratio": 146.2 / 29, "mean/L=10 ratio": 487.4 / 52.9,
	} {
		got, se := metrics[metric], metrics[metric+"_se"]
		if se <= 0 || se > 0.2*want || math.Abs(got-want) > 7*se {
			t.Errorf("%s: %.3f ± %.3f, want %.3f", metric, got, se, want)
		}
	}
	for _, metric := range []string{
		"month-counts/L=3 rmse", "month-counts/L=3 rmse_google_default", "month-counts/L=3 rmse_google_tuned", "month-counts/L=3 rmse_unbounded",
		"mean/L=3 rmse", "mean/L=3 rmse_google_default", "mean/L=3 error_at_1000", "discovered-keys/L=10 count50", "discovered-keys/L=10 count50_list_google",
	} {
		if metrics[metric] <= 0 {
			t.Errorf("no %s", metric)
		}
	}
	// Of 30 keys a count, the estimate has a standard error of 0.5.
	for metric, stated := range map[string]string{"count50": "count50_stated", "count50_list": "count50_list_stated"} {
		got, want := metrics["discovered-keys/L=10 "+metric], metrics["discovered-keys/L=10 "+stated]
		if math.Abs(got-want) > 5 {
			t.Errorf("%s: %.1f, want about %.0f", metric, got, want)
		}
	}
	if !strings.Contains(errOut.String(), "online-retail left out: -data is not set") {
		t.Errorf("not told what is left out: %q", errOut.String())
	}
}

func TestDeviations(t *testing.T) {
	var a, b deviations
	for _, v := range []float64{3, -3, 3, -3} {
		a.add(v)
	}
	for _, v := range []float64{1, -1, 0, 0} {
		b.add(v)
	}
	if a.rmse() != 3 || a.relative() != 0 || b.rmse() != math.Sqrt(0.5) || b.relative() != 0.25/(2*0.5) {
		t.Error(a.rmse(), a.relative(), b.rmse(), b.relative())
	}
	if ratio, se := a.over(&b); math.Abs(ratio-3*math.Sqrt2) > 1e-12 || math.Abs(se-ratio*0.25) > 1e-12 {
		t.Error(ratio, se)
	}
}

// TestMiddle puts a step and a ramp through the estimate of where a curve is a half.
func TestMiddle(t *testing.T) {
	if got := middle(2, 60, 60-40); got != 39.5 { // 0 up to 39, 1 from 40 on
		t.Error(got)
	}
	sum := 0.0
	for c := 2; c < 60; c++ {
		sum += min(1, max(0, float64(c-20)/10))
	}
	if got := middle(2, 60, sum); math.Abs(got-25) > 1e-9 {
		t.Error(got)
	}
}

func TestHighest(t *testing.T) {
	values := make([]int64, 30)
	for i := range values {
		values[i] = int64(i % 10)
	}
	got := highest(values)
	if len(got) != utilityTop || !slices.Equal(got[:4], []int{9, 19, 29, 8}) || common(got, []int{9, 0, 29}) != 2 {
		t.Error(got)
	}
	if c := classOf(classes(), 9); c != nil {
		t.Error("a cell of nine has a class")
	}
	list := classes()
	if classOf(list, 10) != &list[0] || classOf(list, 999) != &list[1] || classOf(list, 1000) != &list[2] {
		t.Error("wrong class")
	}
}

// TestLeastLaplace holds the scale against the one that the loss distribution gives.
func TestLeastLaplace(t *testing.T) {
	for numbers, want := range map[int]float64{96: 40.6, 320: 75.1} {
		if got, err := leastLaplace(t.Context(), numbers); err != nil || math.Abs(got/want-1) > 2e-3 {
			t.Error(numbers, got, err)
		}
	}
}

// TestReaders reads a few lines in the form of two data sets.
func TestReaders(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(text))
		w.Close()
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sets := map[string]dataSet{}
	for _, s := range dataSets() {
		sets[s.name] = s
	}
	web := sets["msweb"]
	write(web.files[0], "A,1000,1,\"x\",\"/x\"\nC,\"10001\",10001\nV,1000,1\nV,1001,1\nC,\"10002\",10002\nV,1001,1\n")
	people, categories, err := web.people(dir)
	if err != nil || len(people) != 2 || !slices.Equal(categories, []string{"1000", "1001"}) ||
		!slices.Equal(people[0].Items, []contrib.Entry{{Item: "1000", Day: web.last, Count: 1}, {Item: "1001", Day: web.last, Count: 1}}) ||
		!slices.Equal(people[1].Days, []contrib.Act{{Row: 1, Day: web.last, Events: 1}}) {
		t.Errorf("%+v, %v, %v", people, categories, err)
	}
	movies := sets["movietweetings"]
	write(movies.files[0], "1::One (1999)::Comedy|Drama\n2::Two (2001)::\n")
	// A day that counts, the same film again a day later, a film without a genre, and
	// one long before.
	write(movies.files[1], "7::1::8::1377000000\n7::1::9::1377100000\n8::2::5::1377000000\n9::1::5::1300000000\n")
	people, categories, err = movies.people(dir)
	if err != nil || len(people) != 2 || !slices.Equal(categories, []string{"Comedy", "Drama"}) || len(people[0].Days) != 4 ||
		!slices.Equal(people[0].Items, []contrib.Entry{{Item: "1", Day: 1377100000 / 86400, Count: 1}}) || len(people[1].Days) != 0 {
		t.Errorf("%+v, %v, %v", people, categories, err)
	}
	for name, text := range map[string]string{"empty": "", "no visitor": "V,1000,1\n"} {
		write(web.files[0], text)
		if _, _, err := web.people(dir); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	write(movies.files[1], "7::1::8\n")
	if _, _, err := movies.people(dir); err == nil {
		t.Error("a line without a time is taken")
	}
}
