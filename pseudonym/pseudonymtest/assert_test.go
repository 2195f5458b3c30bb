package pseudonymtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
)

// recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Errorf(f string, a ...any) { r.said = append(r.said, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...) }

// expect holds that an assertion said want failures, none of which shows an
// identifier.
func expect(t *testing.T, what string, want int, f func(testing.TB)) {
	t.Helper()
	r := &recorder{TB: t}
	f(r)
	if len(r.said) != want {
		t.Errorf("%s: %d failures, want %d: %q", what, len(r.said), want, r.said)
	}
	if text := strings.Join(r.said, "\n"); strings.Contains(text, "jane") || strings.Contains(text, "acme") {
		t.Errorf("%s: a failure shows what it was given: %s", what, text)
	}
}

func TestAssertNormalised(t *testing.T) {
	groups := [][]string{{"jane@example.com", " Jane@EXAMPLE.com.\n"}, {"jane+shop@example.com"}}
	for what, c := range map[string]struct {
		groups [][]string
		want   int
	}{
		"holds":                {groups, 0},
		"spelling apart":       {[][]string{{"jane@example.com", "jane.d@example.com"}}, 1},
		"groups meet":          {[][]string{{"jane@example.com"}, {"JANE@example.com"}}, 1},
		"refused":              {append(groups, []string{"jane doe@example.com"}), 1},
		"nothing":              {nil, 1},
		"one alone":            {groups[1:], 1},
		"first of group meets": {[][]string{{"jane@example.com"}, {"JANE@example.com", "jane2@example.com"}}, 2},
	} {
		expect(t, what, c.want, func(tb testing.TB) { pseudonymtest.AssertNormalised(tb, pseudonym.Email, c.groups...) })
	}
}

func TestAssertSeparated(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	jane, john := pseudonym.Email("jane@example.com"), pseudonym.Opaque("jane@example.com")
	again := pseudonym.Email("Jane@example.com")
	for what, c := range map[string]struct {
		keys              *pseudonym.Keyring
		tenants, purposes []string
		people            []pseudonym.Raw
		want              int
	}{
		"holds":          {k, []string{"acme", "acme2"}, []string{"ads", "recommend"}, []pseudonym.Raw{jane, john}, 0},
		"one person":     {k, []string{"acme"}, []string{"ads", "recommend"}, []pseudonym.Raw{jane, again}, 3},
		"one tenant":     {k, []string{"acme", "acme"}, []string{"ads"}, []pseudonym.Raw{jane}, 2},
		"one purpose":    {k, []string{"acme"}, []string{"ads", "ads"}, []pseudonym.Raw{jane}, 1},
		"refused person": {k, []string{"acme"}, []string{"ads"}, []pseudonym.Raw{jane, pseudonym.Email("jane")}, 2},
		"refused tenant": {k, []string{"acme", "Acme"}, []string{"ads"}, []pseudonym.Raw{jane}, 1},
		"no keyring":     {nil, []string{"acme"}, []string{"ads"}, []pseudonym.Raw{jane}, 2},
		"nobody":         {k, []string{"acme"}, []string{"ads"}, nil, 1},
	} {
		expect(t, what, c.want, func(tb testing.TB) {
			pseudonymtest.AssertSeparated(tb, c.keys, c.tenants, c.purposes, c.people...)
		})
	}
}

func TestAssertNoAllocs(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d, err := pseudonym.NewDeriver(k, "acme", []string{"ads"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "nobody", 1, func(tb testing.TB) { pseudonymtest.AssertNoAllocs(tb, d, "ads") })
	expect(t, "refused", 1, func(tb testing.TB) { pseudonymtest.AssertNoAllocs(tb, d, "ads", pseudonym.Phone("5550100")) })
	if raceEnabled {
		return
	}
	expect(t, "holds", 0, func(tb testing.TB) { pseudonymtest.AssertNoAllocs(tb, d, "ads", pseudonym.Email("jane@example.com")) })
	expect(t, "composes", 1, func(tb testing.TB) { // the general path of Unicode allocates
		pseudonymtest.AssertNoAllocs(tb, d, "ads", pseudonym.Email("jané@bücher.example"))
	})
}

// In a service's own test, t is the *testing.T.
func ExampleAssertNormalised() {
	t := &recorder{}
	pseudonymtest.AssertNormalised(t, pseudonym.Email,
		[]string{"jane@example.com", " Jane@EXAMPLE.com."},
		[]string{"jane+shop@example.com"},
	)
	fmt.Println(len(t.said), "failures")
	// Output: 0 failures
}
