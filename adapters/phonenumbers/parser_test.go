package phonenumbers_test

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/adapters/phonenumbers"
	"github.com/discreet-go/discreet/pseudonym"
)

var cases = []struct{ in, region, want string }{
	{"0113 496 0987", "GB", "+441134960987"},
	{"0044 113 496 0987", "GB", "+441134960987"},
	{"+44 (0)113 496 0987", "GB", "+441134960987"},
	{"+441134960987", "US", "+441134960987"},
	{"(650)555-1212", "US", "+16505551212"},
	{"+1 (650) 555-1212", "US", "+16505551212"},
	{"0491 570 006", "AU", "+61491570006"},
	{"06 698 12345", "IT", "+390669812345"},
	{"8 (916) 123-45-67", "RU", "+79161234567"},

	{"", "GB", ""},
	{"(650)555-1212", "", ""},
	{"(650)555-1212", "us", ""},
	{"(650)555-1212", "ZZ", ""},
	{"65 1243 5678", "SG", ""}, // no subscriber has it
	{"1-800-FLOWERS", "US", ""},
	{"+1 650 555 1212 ext 5", "US", ""},
	{"6505551212;ext=5", "US", ""},
	{"+١٢٣٤٥٦٧٨٩٠", "US", ""},
	{"６５０５５５１２１２", "US", ""},
	{"+12345678901234567", "US", ""},
	{"650 555 1212+", "US", ""},
	{"tel:+16505551212", "US", ""},
}

func TestE164(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d, err := pseudonym.NewDeriver(k, "acme", []string{"ads"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, err := phonenumbers.Parser{}.E164(c.in, c.region)
		if got != c.want || c.want == "" && err != phonenumbers.ErrNumber || c.want != "" && err != nil {
			t.Errorf("%+q in %q: %q, %v; want %q", c.in, c.region, got, err, c.want)
		}
		raw, err := pseudonym.PhoneIn(phonenumbers.Parser{}, c.in, c.region)
		if c.want == "" {
			if err != pseudonym.ErrPhoneForm {
				t.Errorf("%+q: %v", c.in, err)
			}
			continue
		}
		// National and international spelling are one person.
		national, err1 := d.ID(raw, "ads")
		international, err2 := d.ID(pseudonym.Phone(c.want), "ads")
		if err != nil || err1 != nil || err2 != nil || national != international {
			t.Errorf("%+q: %v, %v, %v", c.in, err, err1, err2)
		}
	}
}

// What the tables call an example number of a region, pseudonym.Phone accepts:
// both know the same country codes and lengths.
func TestTablesAgree(t *testing.T) {
	k, _ := pseudonym.NewKeyring()
	d, err := pseudonym.NewDeriver(k, "acme", []string{"ads"})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, region := range phonenumbers.Regions() {
		for _, s := range phonenumbers.Samples(region) {
			n++
			if _, err := d.ID(pseudonym.Phone(s), "ads"); err != nil {
				t.Errorf("%s: %s: %v", region, s, err)
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d samples", n)
	}
}

// FuzzE164: what is accepted passes phone/1 and reads as itself.
func FuzzE164(f *testing.F) {
	for _, c := range cases {
		f.Add(c.in, c.region)
	}
	f.Fuzz(func(t *testing.T, number, region string) {
		s, err := phonenumbers.Parser{}.E164(number, region)
		if err != nil {
			if s != "" || err != phonenumbers.ErrNumber {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if again, err := (phonenumbers.Parser{}).E164(s, region); err != nil || again != s {
			t.Fatalf("%q reads as %q, %v", s, again, err)
		}
	})
}

func Example() {
	raw, err := pseudonym.PhoneIn(phonenumbers.Parser{}, "0113 496 0987", "GB")
	fmt.Println(raw, err)
	_, err = pseudonym.PhoneIn(phonenumbers.Parser{}, "0113 496 0987", "US")
	fmt.Println(err)
	// Output:
	// [raw identifier] <nil>
	// pseudonym: not an international phone number: not a plus, digits and single separators
}
