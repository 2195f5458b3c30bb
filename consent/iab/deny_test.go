package iab_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
)

// clean is a section in which every notice was given, nobody opted out of
// anything, and no sensitive data nor child is known of.
func clean(layout string) map[string]int {
	fields := map[string]int{}
	for _, f := range slowLayout(layout) {
		switch {
		case strings.HasSuffix(f, "Notice"):
			fields[f] = 1
		case strings.HasSuffix(f, "OptOut"), f == "MspaCoveredTransaction":
			fields[f] = 2
		default:
			fields[f] = 0
		}
	}
	return fields
}

// layouts are the sections with their numbers and versions.
var layouts = []struct {
	name             string
	section, version int
}{{"usnat1", 7, 1}, {"usnat2", 7, 2}, {"usca", 8, 1}, {"usva", 9, 1}, {"usco", 10, 1}, {"usut", 11, 1}, {"usct", 12, 1}}

func section(t failer, layout string, fields map[string]int) iab.US {
	t.Helper()
	for _, l := range layouts {
		if l.name == layout {
			u, err := iab.ParseUS(l.section, writeUS(layout, l.version, fields, 8))
			if err != nil {
				t.Fatalf("%s: %v", layout, err)
			}
			return u
		}
	}
	t.Fatalf("no layout %s", layout)
	return iab.US{}
}

const (
	permits = consent.Permits
	forbids = consent.Forbids
	unclear = consent.Unclear
)

// rows are the answers to a clean section with one field changed to 0, 1, 2 and 3.
type rows map[string][4]consent.Signal

var (
	notice     = [4]consent.Signal{unclear, permits, unclear, unclear} // 0 contradicts the choice that is claimed
	otherwise  = [4]consent.Signal{permits, permits, unclear, unclear}
	choice     = [4]consent.Signal{permits, forbids, permits, unclear}
	category   = choice
	neverIn    = [4]consent.Signal{permits, forbids, unclear, unclear}
	young      = [4]consent.Signal{permits, forbids, forbids, unclear}
	personal   = [4]consent.Signal{permits, permits, unclear, unclear}
	covered    = [4]consent.Signal{unclear, permits, permits, unclear}
	mode       = [4]consent.Signal{permits, permits, permits, unclear}
	serving    = [4]consent.Signal{permits, unclear, permits, unclear}
	everywhere = rows{
		"MspaCoveredTransaction": covered, "MspaOptOutOptionMode": mode, "MspaServiceProviderMode": serving,
		"SaleOptOutNotice": notice, "SaleOptOut": choice,
	}
)

func table(more rows, sensitive ...[4]consent.Signal) rows {
	all := maps.Clone(everywhere)
	maps.Copy(all, more)
	for i, s := range sensitive {
		all[fmt.Sprintf("SensitiveDataProcessing %d", i+1)] = s
	}
	return all
}

// tables hold every field of every section, in the sections' own numbers.
var tables = map[string]rows{
	"usnat1": table(rows{
		"SharingNotice": notice, "SharingOptOutNotice": notice, "TargetedAdvertisingOptOutNotice": notice,
		"SensitiveDataProcessingOptOutNotice": otherwise, "SensitiveDataLimitUseNotice": otherwise,
		"SharingOptOut": choice, "TargetedAdvertisingOptOut": choice, "PersonalDataConsents": personal,
		"KnownChildSensitiveDataConsents 1": choice, "KnownChildSensitiveDataConsents 2": young,
	}, category, category, category, category, category, neverIn, neverIn, category, neverIn, neverIn, category, neverIn),
	"usnat2": table(rows{
		"SharingNotice": notice, "SharingOptOutNotice": notice, "TargetedAdvertisingOptOutNotice": notice,
		"SensitiveDataProcessingOptOutNotice": otherwise, "SensitiveDataLimitUseNotice": otherwise,
		"SharingOptOut": choice, "TargetedAdvertisingOptOut": choice, "PersonalDataConsents": personal,
		"KnownChildSensitiveDataConsents 1": choice, "KnownChildSensitiveDataConsents 2": young, "KnownChildSensitiveDataConsents 3": choice,
	}, category, category, category, category, category, neverIn, neverIn, category, neverIn, neverIn, category, neverIn,
		category, neverIn, category, neverIn),
	// documents, accounts, place, origin or belief or union, mail, genetic, biometric, health, sex life
	"usca": table(rows{
		"SharingOptOutNotice": notice, "SensitiveDataLimitUseNotice": otherwise, "SharingOptOut": choice, "PersonalDataConsents": personal,
		"KnownChildSensitiveDataConsents 1": young, "KnownChildSensitiveDataConsents 2": young,
	}, neverIn, neverIn, category, category, neverIn, neverIn, neverIn, category, category),
	"usva": table(rows{
		"SharingNotice": otherwise, "TargetedAdvertisingOptOutNotice": notice, "TargetedAdvertisingOptOut": choice,
		"KnownChildSensitiveDataConsents 1": young,
	}, category, category, category, category, category, neverIn, neverIn, category),
	"usco": table(rows{
		"SharingNotice": otherwise, "TargetedAdvertisingOptOutNotice": notice, "TargetedAdvertisingOptOut": choice,
		"KnownChildSensitiveDataConsents 1": young,
	}, category, category, category, category, category, neverIn, neverIn),
	"usut": table(rows{
		"SharingNotice": otherwise, "TargetedAdvertisingOptOutNotice": notice, "TargetedAdvertisingOptOut": choice,
		"SensitiveDataProcessingOptOutNotice": otherwise, "KnownChildSensitiveDataConsents 1": young,
	}, category, category, category, category, category, neverIn, neverIn, category),
	"usct": table(rows{
		"SharingNotice": otherwise, "TargetedAdvertisingOptOutNotice": notice, "TargetedAdvertisingOptOut": choice,
		"KnownChildSensitiveDataConsents 1": young, "KnownChildSensitiveDataConsents 2": young, "KnownChildSensitiveDataConsents 3": young,
	}, category, category, category, category, category, neverIn, neverIn, category),
}

// Every value of every field of every section, one field at a time.
func TestDenialTable(t *testing.T) {
	for _, l := range layouts {
		base := clean(l.name)
		if len(tables[l.name]) != len(base) {
			t.Errorf("%s: %d rows, %d fields", l.name, len(tables[l.name]), len(base))
		}
		u := section(t, l.name, base)
		if got := u.Signal(); got != permits {
			t.Errorf("%s, clean: %v", l.name, got)
		}
		for f := range base {
			want, ok := tables[l.name][f]
			if !ok {
				t.Errorf("%s: no row for %s", l.name, f)
			}
			for v := range 4 {
				changed := maps.Clone(base)
				changed[f] = v
				u := section(t, l.name, changed)
				if got := u.Signal(); got != want[v] {
					t.Errorf("%s with %s %d: %v, want %v", l.name, f, v, got, want[v])
				}
			}
		}
	}
}

// The rows that need two fields.
func TestDenialTablePairs(t *testing.T) {
	for _, c := range []struct {
		layout string
		fields map[string]int
		want   consent.Signal
	}{
		{"usnat1", map[string]int{"SaleOptOutNotice": 0, "SaleOptOut": 0}, permits}, // nothing is sold
		{"usnat1", map[string]int{"SharingNotice": 0, "SharingOptOutNotice": 0, "SharingOptOut": 0}, permits},
		{"usnat1", map[string]int{"TargetedAdvertisingOptOutNotice": 0, "TargetedAdvertisingOptOut": 0}, permits},
		{"usnat1", map[string]int{"SensitiveDataProcessingOptOutNotice": 0, "SensitiveDataProcessing 1": 2}, unclear},
		{"usnat1", map[string]int{"SensitiveDataLimitUseNotice": 0, "SensitiveDataProcessing 8": 2}, unclear},
		{"usnat2", map[string]int{"SensitiveDataLimitUseNotice": 0, "SensitiveDataProcessing 13": 2}, unclear},
		{"usca", map[string]int{"SensitiveDataLimitUseNotice": 0, "SensitiveDataProcessing 3": 2}, unclear},
		{"usut", map[string]int{"SensitiveDataProcessingOptOutNotice": 0, "SensitiveDataProcessing 5": 2}, unclear},
		{"usva", map[string]int{"SensitiveDataProcessing 5": 2}, permits}, // has no such notice
		{"usnat1", map[string]int{"SaleOptOutNotice": 2, "SaleOptOut": 1}, forbids},
		{"usnat1", map[string]int{"MspaCoveredTransaction": 0, "TargetedAdvertisingOptOut": 1}, forbids},
		// Connecticut knows of consent of the young, and of none of the very young.
		{"usct", map[string]int{"KnownChildSensitiveDataConsents 2": 2, "KnownChildSensitiveDataConsents 3": 2}, forbids},
	} {
		fields := clean(c.layout)
		maps.Copy(fields, c.fields)
		if u := section(t, c.layout, fields); u.Signal() != c.want {
			t.Errorf("%s %v: %v, want %v", c.layout, c.fields, u.Signal(), c.want)
		}
	}
}

// A field more that denies never makes a section permit more.
func TestDenialOnlyGrowsStricter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom(layouts).Draw(t, "layout")
		fields := clean(l.name)
		names := slowLayout(l.name)
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			fields[rapid.SampledFrom(names).Draw(t, "field")] = rapid.IntRange(0, 3).Draw(t, "value")
		}
		before := section(t, l.name, fields)
		f := rapid.SampledFrom(names).Draw(t, "denied")
		denying := false
		for v, s := range tables[l.name][f] {
			// A 0 denies only beside a claim, which the change may take away elsewhere.
			if s != permits && v > 0 && fields[f] != v && tables[l.name][f][fields[f]] == permits && fields[f] != 0 {
				fields[f], denying = v, true
				break
			}
		}
		if !denying {
			return
		}
		after := section(t, l.name, fields)
		if strict(after.Signal()) < strict(before.Signal()) || after.Signal() == permits {
			t.Fatalf("%s with %s: %v, and before %v", l.name, f, after.Signal(), before.Signal())
		}
		if after.Age() < before.Age() {
			t.Fatalf("%s with %s: age %v, and before %v", l.name, f, after.Age(), before.Age())
		}
	})
}

// strict orders signals.
func strict(s consent.Signal) int {
	return map[consent.Signal]int{consent.Silent: 0, permits: 1, unclear: 2, forbids: 3}[s]
}

func TestAges(t *testing.T) {
	const child = "KnownChildSensitiveDataConsents "
	for _, c := range []struct {
		layout string
		known  []int // of each field whether anything is known
		want   consent.Age
	}{
		{"usnat1", []int{0, 0}, consent.AgeUnknown},
		{"usnat1", []int{1, 0}, consent.Minor},
		{"usnat1", []int{0, 1}, consent.Child},
		{"usnat1", []int{1, 1}, consent.Child},
		{"usnat2", []int{0, 0, 1}, consent.Minor},
		{"usnat2", []int{1, 0, 1}, consent.Minor},
		{"usnat2", []int{0, 1, 1}, consent.Child},
		{"usca", []int{0, 0}, consent.AgeUnknown},
		{"usca", []int{1, 0}, consent.Child}, // less than 16, and who knows how much
		{"usca", []int{0, 1}, consent.Child},
		{"usva", []int{1}, consent.Child},
		{"usco", []int{1}, consent.Child},
		{"usut", []int{1}, consent.Child},
		{"usut", []int{0}, consent.AgeUnknown},
		{"usct", []int{0, 0, 0}, consent.AgeUnknown},
		{"usct", []int{1, 0, 0}, consent.Child},
		{"usct", []int{0, 1, 0}, consent.Minor},
		{"usct", []int{0, 0, 1}, consent.Minor},
		{"usct", []int{1, 1, 1}, consent.Child},
	} {
		for value := 1; value <= 3; value++ {
			fields := clean(c.layout)
			for i, known := range c.known {
				fields[child+fmt.Sprint(i+1)] = known * value
			}
			if u := section(t, c.layout, fields); u.Age() != c.want {
				t.Errorf("%s %v of %d: %v, want %v", c.layout, c.known, value, u.Age(), c.want)
			}
		}
	}
	var zero iab.US
	if zero.Age() != consent.AgeUnknown || zero.Signal() != consent.Silent {
		t.Error("the zero US says something")
	}
	if _, ok := zero.Get(iab.SaleOptOut); ok {
		t.Error("the zero US has a field")
	}
}

// A version of the national section with the length of the other is read as its
// length says, and denies by what is there.
func TestNationalLengthDecides(t *testing.T) {
	for _, version := range []int{1, 2} {
		for layout, categories := range map[string]int{"usnat1": 12, "usnat2": 16} {
			fields := clean(layout)
			u, err := iab.ParseUS(7, writeUS(layout, version, fields, 6))
			if err != nil || u.Signal() != permits || u.Version() != version {
				t.Errorf("%s of version %d: %v, %v", layout, version, err, u.Signal())
			}
			if _, ok := u.Get(iab.SensitiveDataProcessing + iab.Field(categories) - 1); !ok {
				t.Errorf("%s of version %d has no category %d", layout, version, categories)
			}
			fields[fmt.Sprintf("SensitiveDataProcessing %d", categories)] = 2
			u, err = iab.ParseUS(7, writeUS(layout, version, fields, 6))
			if err != nil || u.Signal() != unclear {
				t.Errorf("%s of version %d: %v, %v", layout, version, err, u.Signal())
			}
		}
	}
}

func TestUSPSignal(t *testing.T) {
	for text, want := range map[string]consent.Signal{
		"1YYN": forbids, "1NYN": forbids, "1-YN": forbids, "1YNN": permits, "1YN-": permits,
		"1NNN": unclear, "1-NN": unclear, "1N--": unclear, "1---": consent.Silent, "1Y--": consent.Silent,
	} {
		p, err := iab.ParseUSP(text)
		if err != nil || p.Signal() != want {
			t.Errorf("%s: %v, %v, want %v", text, err, p.Signal(), want)
		}
	}
	if (iab.USP{}).Signal() != consent.Silent {
		t.Error("the zero USP says something")
	}
}
