package openrtb_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/adapters/openrtb"
	"github.com/prebid/openrtb/v20/openrtb2"
)

var (
	now  = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	shop = openrtb.Provider{ID: "shop-1", Name: "shop.example"}
)

// in returns memberships that end a day from now.
func in(segments ...string) (list []openrtb.Membership) {
	for _, s := range segments {
		list = append(list, openrtb.Membership{Segment: s, Expires: now.AddDate(0, 0, 1)})
	}
	return list
}

// table is a taxonomy with these ids.
func table(segtax int, ids map[string]string) openrtb.Taxonomy {
	return openrtb.Taxonomy{Segtax: segtax, ID: func(s string) (string, bool) { id, ok := ids[s]; return id, ok }}
}

func data(t testing.TB, p openrtb.Provider, tax openrtb.Taxonomy, m []openrtb.Membership) openrtb2.Data {
	t.Helper()
	d, err := openrtb.Data(p, tax, now, m)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGolden writes a bid request and reads it back with the types of Prebid.
func TestGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/bidrequest.json")
	if err != nil {
		t.Fatal(err)
	}
	byName := openrtb.Provider{Name: "shop.example"}
	user := openrtb.User(nil,
		data(t, shop, table(openrtb.Audience11, map[string]string{"runners": "6", "cooks": "284"}), in("runners", "cooks")),
		data(t, shop, table(openrtb.Content22, nil), in("runners")),
		data(t, byName, table(openrtb.Content30, map[string]string{"films": "KHPC6A"}), in("films", "runners")),
		data(t, byName, table(openrtb.TopicsV2, map[string]string{"runners": "215"}), in("runners")),
	)
	request := openrtb2.BidRequest{ID: "80ce30c53c16e6ede735f123ef6e32361bfc7b22", Imp: []openrtb2.Imp{{ID: "1"}}, User: user}
	got, err := json.MarshalIndent(request, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if got = append(got, '\n'); !bytes.Equal(got, want) {
		t.Errorf("%s", got)
	}
	// RawMessage keeps the white space of a file: compare what it means.
	var back openrtb2.BidRequest
	var flat bytes.Buffer
	if json.Compact(&flat, want) != nil || json.Unmarshal(flat.Bytes(), &back) != nil || !reflect.DeepEqual(back.User, user) {
		t.Error("it reads back as something else")
	}
}

func TestExpired(t *testing.T) {
	tax := table(openrtb.Audience11, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"})
	list := []openrtb.Membership{
		{Segment: "a", Expires: now.Add(time.Nanosecond)}, {Segment: "b", Expires: now}, {Segment: "c", Expires: now.Add(-time.Hour)}, {Segment: "d"},
	}
	if d := data(t, shop, tax, list); len(d.Segment) != 1 || d.Segment[0].ID != "1" {
		t.Errorf("%v", d.Segment)
	}
	if d := data(t, shop, tax, list[1:]); !reflect.DeepEqual(d, openrtb2.Data{}) {
		t.Errorf("nothing is left, and yet %v", d)
	}
	if d := data(t, shop, tax, nil); !reflect.DeepEqual(d, openrtb2.Data{}) {
		t.Errorf("nobody is in it, and yet %v", d)
	}
	// The order of the export and two segments of one id do not show.
	tax = table(openrtb.Audience11, map[string]string{"a": "7", "b": "7", "c": "10"})
	x, y := data(t, shop, tax, in("a", "b", "c")), data(t, shop, tax, in("c", "b"))
	if !reflect.DeepEqual(x, y) || len(x.Segment) != 2 {
		t.Errorf("%v, %v", x.Segment, y.Segment)
	}
}

func TestUser(t *testing.T) {
	if openrtb.User(nil) != nil || openrtb.User(nil, openrtb2.Data{}) != nil {
		t.Error("a user is made of nothing")
	}
	before := openrtb2.User{ID: "x", Data: make([]openrtb2.Data, 1, 8)}
	before.Data[0] = openrtb2.Data{ID: "other"}
	if openrtb.User(&before, openrtb2.Data{Name: "empty"}) != &before {
		t.Error("a user is changed by nothing")
	}
	d := data(t, shop, table(500, map[string]string{"a": "sneakers, worn"}), in("a"))
	after := openrtb.User(&before, d)
	if after.ID != "x" || len(after.Data) != 2 || after.Data[0].ID != "other" || after.Data[1].ID != "shop-1" {
		t.Errorf("%+v", after)
	}
	if len(before.Data) != 1 || before.Data[:2][1].ID != "" {
		t.Error("the given user changed")
	}
	if fresh := openrtb.User(nil, d); !reflect.DeepEqual(*fresh, openrtb2.User{Data: []openrtb2.Data{d}}) {
		t.Errorf("%+v", fresh)
	}
}

func TestRefusals(t *testing.T) {
	some := table(openrtb.Audience11, map[string]string{"a": "1"})
	long := strings.Repeat("x", 129)
	for name, c := range map[string]struct {
		p    openrtb.Provider
		t    openrtb.Taxonomy
		now  time.Time
		want error
	}{
		"nobody's":       {openrtb.Provider{}, some, now, openrtb.ErrProvider},
		"long id":        {openrtb.Provider{ID: long}, some, now, openrtb.ErrProvider},
		"long name":      {openrtb.Provider{Name: long}, some, now, openrtb.ErrProvider},
		"control":        {openrtb.Provider{Name: "a\nb"}, some, now, openrtb.ErrProvider},
		"no UTF-8":       {openrtb.Provider{Name: "\xff"}, some, now, openrtb.ErrProvider},
		"segtax 0":       {shop, table(0, nil), now, openrtb.ErrSegtax},
		"segtax below 0": {shop, table(-4, nil), now, openrtb.ErrSegtax},
		"no function":    {shop, openrtb.Taxonomy{Segtax: 4}, now, openrtb.ErrSegtax},
		"no now":         {shop, some, time.Time{}, openrtb.ErrNow},
	} {
		if d, err := openrtb.Data(c.p, c.t, c.now, in("a")); !errors.Is(err, c.want) || !reflect.DeepEqual(d, openrtb2.Data{}) {
			t.Errorf("%s: %v, %v; want %v", name, d, err, c.want)
		}
	}
	for _, c := range []struct {
		segtax int
		id     string
		ok     bool
	}{
		{openrtb.Audience11, "1558", true}, {openrtb.Audience11, "KHPC6A", false}, {openrtb.Audience11, "", false}, {openrtb.Audience11, "0", false}, {openrtb.Audience11, "-1", false},
		{openrtb.Audience11, "1234567890", false}, {openrtb.Audience11, "canary", false},
		{1, "IAB1-2", true}, {openrtb.Content21, "8VZQHL", true}, {openrtb.Content22, "49", true}, {openrtb.Content30, "KHPC6A", true}, {openrtb.Content30, "a b", false}, {openrtb.Content22, "", false},
		{openrtb.Content22, strings.Repeat("1", 17), false}, {openrtb.TopicsV1, "349", true}, {openrtb.TopicsV2, "629", true}, {openrtb.TopicsV2, "/Arts", false}, {609, "x", false},
		{openrtb.Vendor, "vendor segment", true}, {599, "x", true}, {610, "x", true}, {openrtb.Vendor, "", false}, {openrtb.Vendor, "a\x00", false}, {openrtb.Vendor, strings.Repeat("x", 65), false},
	} {
		_, err := openrtb.Data(shop, table(c.segtax, map[string]string{"a": c.id}), now, in("a"))
		if c.ok && err != nil || !c.ok && err != openrtb.ErrID {
			t.Errorf("segtax %d, id %q: %v", c.segtax, c.id, err)
		}
	}
}

func TestPPS(t *testing.T) {
	audience := data(t, shop, table(openrtb.Audience11, map[string]string{"a": "6", "b": "284"}), in("a", "b"))
	content := data(t, shop, table(openrtb.Content22, map[string]string{"a": "49"}), in("a"))
	got, err := openrtb.PPS(audience, openrtb2.Data{}, content)
	if err != nil {
		t.Fatal(err)
	}
	text, err := base64.StdEncoding.DecodeString(got)
	want := `{"PublisherProvidedTaxonomySignals":[{"taxonomy":"IAB_AUDIENCE_1_1","values":["284","6"]},{"taxonomy":"IAB_CONTENT_2_2","values":["49"]}]}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	if got, err := openrtb.PPS(); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := openrtb.PPS(openrtb2.Data{}); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	foreign := audience
	foreign.Segment = []openrtb2.Segment{{ID: "not a number"}}
	for name, list := range map[string][]openrtb2.Data{
		"content 3.0": {data(t, shop, table(openrtb.Content30, map[string]string{"a": "1"}), in("a"))},
		"twice":       {audience, audience},
		"no ext":      {{Segment: audience.Segment}},
		"foreign ids": {foreign},
	} {
		if got, err := openrtb.PPS(list...); got != "" || !errors.Is(err, openrtb.ErrPPS) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzData: whatever names and ids are, what is written is one JSON object that
// holds the ids that are not over, each once, and nothing else.
func FuzzData(f *testing.F) {
	f.Add(4, "shop", "runners", "6", "cooks", "284", int64(1), int64(-1))
	f.Add(7, "shop", "films", "KHPC6A", "films", "KHPC6A", int64(1), int64(1))
	f.Add(500, "\"", "a", "\u2028<&>", "b", "\\", int64(0), int64(1))
	f.Add(0, "", "", "", "", "\xff", int64(1), int64(1))
	f.Fuzz(func(t *testing.T, segtax int, name, s1, id1, s2, id2 string, left1, left2 int64) {
		ids := map[string]string{s1: id1, s2: id2}
		list := []openrtb.Membership{{Segment: s1, Expires: now.Add(time.Duration(left1))}, {Segment: s2, Expires: now.Add(time.Duration(left2))}}
		d, err := openrtb.Data(openrtb.Provider{Name: name}, table(segtax, ids), now, list)
		if err != nil {
			if !reflect.DeepEqual(d, openrtb2.Data{}) {
				t.Fatal("data beside an error")
			}
			return
		}
		want := map[string]bool{}
		for _, m := range list {
			if now.Before(m.Expires) {
				want[ids[m.Segment]] = true
			}
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Name    string
			Segment []struct{ ID string }
			Ext     struct{ Segtax int }
		}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&back); err != nil {
			t.Fatal(err)
		}
		if len(back.Segment) != len(want) || len(want) > 0 && (back.Name != name || back.Ext.Segtax != segtax) {
			t.Fatalf("%s", b)
		}
		for _, s := range back.Segment {
			if !want[s.ID] {
				t.Fatalf("%s", b)
			}
		}
	})
}

func Example() {
	ids := map[string]string{"runners": "284", "cooks": "6"}
	audience := openrtb.Taxonomy{Segtax: openrtb.Audience11, ID: func(segment string) (string, bool) { id, ok := ids[segment]; return id, ok }}
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	// As the engine exported them, for this recipient.
	memberships := []openrtb.Membership{
		{Segment: "runners", Expires: now.AddDate(0, 0, 20)},
		{Segment: "cooks", Expires: now.AddDate(0, 0, -1)}, // over
	}
	data, err := openrtb.Data(openrtb.Provider{Name: "shop.example"}, audience, now, memberships)
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := json.Marshal(openrtb.User(nil, data))
	fmt.Println(string(user), err)
	ppsj, err := openrtb.PPS(data)
	fmt.Println(ppsj, err)
	// Output:
	// {"data":[{"name":"shop.example","segment":[{"id":"284"}],"ext":{"segtax":4}}]} <nil>
	// eyJQdWJsaXNoZXJQcm92aWRlZFRheG9ub215U2lnbmFscyI6W3sidGF4b25vbXkiOiJJQUJfQVVESUVOQ0VfMV8xIiwidmFsdWVzIjpbIjI4NCJdfV19 <nil>
}
