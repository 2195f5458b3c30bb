package segment_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

var mappings = []struct {
	file                   string
	rows, sensitive, empty int
}{
	{"iab/Taxonomy Mappings/Content 1.0 to Content 2.0.tsv", 392, 117, 15},
	{"iab/Taxonomy Mappings/Content 2.0 to Content 2.1.tsv", 351, 98, 0},
	{"iab/Taxonomy Mappings/Content 1.0 to Ad Product 2.0.tsv", 392, 117, 0},
	{"iab/Taxonomy Mappings/Ad Product 2.0 to Content 1.0.tsv", 583, 74, 0},
	{"iab/Taxonomy Mappings/Ad Product 2.0 to 1.1.tsv", 564, 71, 148},
	{"iab/Taxonomy Mappings/CTV Genre Mapping.tsv", 44, 3, 0},
	{"iab/Taxonomy Mappings/Podcast Genre Mapping.tsv", 109, 18, 1},
}

// The published mappings have the rows that are known of them. What is special
// where a row comes from makes no alias, wherever the row leads.
func TestPublishedMappings(t *testing.T) {
	special := map[string]bool{}
	for _, s := range segment.Special(segment.TreeContent1) {
		special[s.ID] = true
	}
	for _, m := range mappings {
		list, err := segment.ReadMapping(bytes.NewReader(source(t, m.file)))
		if err != nil {
			t.Errorf("%s: %v", m.file, err)
			continue
		}
		sensitive, empty := 0, 0
		for _, row := range list {
			above, _, _ := strings.Cut(row.From, "-")
			if (special[row.From] || special[above]) && row.Reason == "" {
				t.Errorf("%s: row %d has no reason", m.file, row.Row)
			}
			if row.Reason != "" {
				sensitive++
			}
			if row.To == "" {
				empty++
			}
		}
		if len(list) != m.rows || sensitive != m.sensitive || empty != m.empty {
			t.Errorf("%s: %d rows, %d sensitive, %d without a counterpart", m.file, len(list), sensitive, empty)
		}
	}
}

const mapHead = "CTV Genres\tContent 3.1 Unique ID\tContent 3.1 Mapping\n"

func TestWithMapping(t *testing.T) {
	list, err := segment.ReadMapping(strings.NewReader("Content 1.0 Unique ID\tContent 1.0 IAB Category\tContent 1.0 Tier\tContent 2.0 Unique ID\t\t\t\t\t\t\tImperfect Mapping\r\n" +
		"IAB1\tBooks\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" +
		"IAB2\tAilments and disease\tTier 1\tnews\t\t\t\t\t\t\tMapped to Parent\r\n" + // must not become news
		"IAB2-1\tX\tTier 2\tnews\t\t\t\t\t\t\t\r\n" + // nor what lies below
		"IAB3\tMind\tTier 1\thealth.mental\t\t\t\t\t\t\t\r\n" + // sensitive as its counterpart is
		"IAB4\tNo place\tTier 1\t\t\t\t\t\t\t\tNo counterpart\r\n" +
		"IAB5\tElsewhere\tTier 1\t4711\t\t\t\t\t\t\t\r\n" +
		"sports\tSports\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" + // known already
		"IAB6\tTwice\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" +
		"IAB6\tTwice\tTier 1\tmusic\t\t\t\t\t\t\tOne to Many\r\n" +
		"IAB9\tSame twice\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" +
		"IAB9\tSame twice\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" +
		"IAB23\tno telling name\tTier 1\tbooks\t\t\t\t\t\t\t\r\n" + // known by its id
		"\t\t\tbooks\t\t\t\t\t\t\t\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	tax, left, err := segment.Small().WithMapping(list)
	if err != nil {
		t.Fatal(err)
	}
	rows := []int{}
	for _, m := range left {
		rows = append(rows, m.Row)
	}
	want := []int{3, 4, 6, 7, 8, 9, 10, 13}
	if strings.Join(tax.Aliases(), " ") != "IAB1 IAB3 IAB9" || len(rows) != len(want) {
		t.Fatal(tax.Aliases(), rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("left: %v", rows)
		}
	}
	for id, sensitive := range map[string]bool{"IAB1": false, "IAB3": true, "IAB9": false, "IAB2": true, "IAB2-1": true, "IAB6": true, "IAB23": true, "sports": false} {
		if tax.Sensitive(id) != sensitive {
			t.Errorf("%s: sensitive %v", id, tax.Sensitive(id))
		}
	}
	// A counterpart after rows that are none is none.
	tax, left, err = segment.Small().WithMapping([]segment.Mapping{{From: "a", To: "nowhere"}, {From: "a", To: "books"}, {From: "b", To: "books", Reason: "sex"}, {From: "b", To: "books"}})
	if err != nil || tax.Known("a") || tax.Known("b") || len(left) != 4 {
		t.Error(err, left)
	}
	if _, _, err := segment.Small().WithMapping([]segment.Mapping{{From: "", To: "books"}}); !errors.Is(err, segment.ErrAlias) {
		t.Error(err)
	}
}

func TestReadMappingRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text, row string
		want      error
	}{
		"empty":        {"", "row 1", segment.ErrForm},
		"no header":    {"a\tb\tc\nd\te\tf\n", "row 2", segment.ErrForm},
		"other header": {"CTV Genres\tContent 4 Unique ID\tx\na\t1\tx\n", "row 2", segment.ErrForm},
		"no title":     {"Name\tUnique ID\t\t\t\t\tContent 1.0 ID\t\t\na\t1\t\t\t\t\tIAB1\t\t\n", "row 2", segment.ErrForm},
		"few fields":   {mapHead + "a\t1\n", "row 2", segment.ErrFields},
		"long from":    {mapHead + strings.Repeat("a", 65) + "\t1\tx\n", "row 2", segment.ErrNode},
		"control":      {mapHead + "a\t1\x01\tx\n", "row 2", segment.ErrNode},
	} {
		_, err := segment.ReadMapping(strings.NewReader(c.text))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.row+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadMapping(f *testing.F) {
	f.Add(mapHead + "Action\tsports\tx\nDrama\tfilm.drama\ty\nHealth\tbooks\tz\n")
	f.Add("New Taxonomy ID\tOLD RTB ID\tOLD SUBJECT (v1)\tNew subject (v2)\t\t\t\t\r\nbooks\tIAB1-1\tBooks\tBooks\t\t\t\t\r\n")
	f.Add("Ad Product 2.0\t\t\t\t\t\t\t\t\r\nName\tUnique ID\t\t\t\t\tContent 1.0 ID\t\t\r\na\t1\t\t\t\t\tbooks\t\t\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := segment.ReadMapping(strings.NewReader(text))
		if err != nil {
			return
		}
		small := segment.Small()
		tax, left, err := small.WithMapping(list)
		if err != nil {
			t.Fatal(err)
		}
		if len(tax.Aliases())+len(left) > len(list) {
			t.Fatal("more than there was")
		}
		for _, m := range list {
			if id, ok := tax.Resolve(m.From); ok && !small.Known(m.From) && (m.Reason != "" || id != m.To) || small.Known(m.From) && id != m.From {
				t.Fatal("an alias of something else")
			}
		}
	})
}
