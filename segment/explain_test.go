package segment_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

func TestExplain(t *testing.T) {
	r := rules(t)
	row := goldenRow(t)
	now := start.Add(2 * day)
	x := r.Explain(read(t, row), now)
	if x.Purpose != purpose || x.Notice != "pages" || x.NoticeVersion != 2 || x.Expired || x.KeptDays != 60 ||
		x.FirstRecorded != "2026-03-02" || x.LastRecorded != "2026-03-04" || len(x.Segments) != 3 || len(x.Leave) == 0 {
		t.Fatalf("%+v", x)
	}
	in := map[string]bool{}
	for _, m := range x.Segments {
		in[m.Segment] = m.In
		for _, f := range append(append(m.All, m.Any...), m.None...) {
			if f.Path == "" || f.Needed < 0 || f.WithinDays < 1 {
				t.Errorf("%+v", f)
			}
		}
	}
	if want := r.Segments(read(t, row), dayOf(now)); !in["readers"] || in["cooks"] || len(want) != 1 {
		t.Error(in, want)
	}
	text := x.String()
	for _, want := range []string{"Reads often: in", "Books > Comics: at least 2 events within 30 days; found 0: does not hold", "half-life 7 days"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	events := int64(0)
	for _, c := range x.Interests {
		for _, d := range c.Days {
			events += d.Events
		}
	}
	if events != 15 { // 1+1+2+1+1+2+1+1, 1, 4
		t.Error(events)
	}

	ended := r.Explain(read(t, row), start.AddDate(0, 0, 265))
	for _, m := range ended.Segments {
		if m.In || !ended.Expired {
			t.Error("in a segment after consent has ended")
		}
	}
	if !strings.Contains(ended.String(), "Consent has ended") {
		t.Error(ended.String())
	}
}

func TestExport(t *testing.T) {
	r := rules(t)
	row := goldenRow(t)
	x := r.Export(read(t, row), start.Add(2*day))
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"format":"discreet-profile/0"`, `"purpose":"personalize"`, `"segments":["readers"]`, `"message_ids":9`, `"enters_window":5`,
		`{"category":"sports.running","path":"Sports \u003e Running","days":[{"day":"2026-01-21","events":1}]}`,
		`{"measure":"public","window":4,"item":"item-2","category":"home.garden","last_day":"2026-02-28","events":4}`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if x = r.Export(read(t, row), start.AddDate(0, 0, 265)); len(x.Segments) != 0 {
		t.Error("segments after consent has ended")
	}
	// An empty profile exports empty lists, not null.
	text, err = json.Marshal(r.Export(new(segment.Profile), start))
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%s %v", text, err)
	}
}
