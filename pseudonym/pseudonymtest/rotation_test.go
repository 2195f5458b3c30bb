package pseudonymtest_test

import (
	"fmt"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
)

func TestAssertRotation(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	second, err := k.Rotate(k.Created())
	if err != nil {
		t.Fatal(err)
	}
	jane, john := pseudonym.Email("jane@example.com"), pseudonym.Opaque("customer-1")
	for what, c := range map[string]struct {
		k        *pseudonym.Keyring
		tenant   string
		purposes []string
		people   []pseudonym.Raw
		want     int
	}{
		"holds":           {k, "acme", []string{"ads", "recommend"}, []pseudonym.Raw{jane, john}, 0},
		"two roots":       {second, "acme", []string{"ads"}, []pseudonym.Raw{jane}, 0},
		"refused person":  {k, "acme", []string{"ads"}, []pseudonym.Raw{jane, pseudonym.Email("jane")}, 3}, // once a state
		"refused tenant":  {k, "Acme", []string{"ads"}, []pseudonym.Raw{jane}, 1},
		"refused purpose": {k, "acme", []string{"A"}, []pseudonym.Raw{jane}, 1},
		"no keyring":      {nil, "acme", []string{"ads"}, []pseudonym.Raw{jane}, 1},
		"no purpose":      {k, "acme", nil, []pseudonym.Raw{jane}, 1},
		"nobody":          {k, "acme", []string{"ads"}, nil, 1},
	} {
		expect(t, what, c.want, func(tb testing.TB) {
			pseudonymtest.AssertRotation(tb, c.k, c.tenant, c.purposes, c.people...)
		})
	}
	if len(k.Roots()) != 1 {
		t.Error("the keyring changed")
	}
}

// The comparison bites: a root that was lost, and one that came back.
func TestAssertRotationBites(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	lost, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	jane := pseudonym.Email("jane@example.com")
	derive := func(k *pseudonym.Keyring) *pseudonym.Deriver {
		d, err := pseudonym.NewDeriver(k, "acme", []string{"ads"})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for what, c := range map[string]struct {
		after *pseudonym.Keyring
		state pseudonym.State
		want  int
	}{
		"lost":            {lost, pseudonym.Read, 6},
		"lost to erase":   {lost, pseudonym.EraseOnly, 3},
		"not rotated":     {k, pseudonym.Read, 2}, // is the first, and no earlier link
		"still there":     {k, pseudonym.Destroyed, 6},
		"still candidate": {k, pseudonym.EraseOnly, 3},
	} {
		expect(t, what, c.want, func(tb testing.TB) {
			pseudonymtest.Rotated(tb, derive(k), derive(c.after), c.state, 0, jane, 0, "ads")
		})
	}
}

// In a service's own test, t is the *testing.T and the keyring that of a test.
func ExampleAssertRotation() {
	t := &recorder{}
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		fmt.Println(err)
		return
	}
	pseudonymtest.AssertRotation(t, keys, "acme", []string{"personalize"}, pseudonym.Email("jane@example.com"))
	fmt.Println(len(t.said), "failures")
	// Output: 0 failures
}
