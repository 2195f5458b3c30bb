package pseudonymtest

import (
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

const (
	tenant  = "pseudonymtest"
	purpose = "test"
)

// AssertNormalised fails the test unless all spellings of a group derive one
// pseudonym, and those of different groups different ones. wrap is the
// constructor of the identifier type, such as pseudonym.Email.
func AssertNormalised(t testing.TB, wrap func(string) pseudonym.Raw, groups ...[]string) {
	t.Helper()
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatalf("no keyring: %v", err)
		return
	}
	d, err := pseudonym.NewDeriver(k, tenant, []string{purpose})
	if err != nil {
		t.Fatalf("no deriver: %v", err)
		return
	}
	seen := map[pseudonym.ID]int{}
	compared := 0
	for g, group := range groups {
		for i, spelling := range group {
			id, err := d.ID(wrap(spelling), purpose)
			if err != nil {
				t.Errorf("group %d, spelling %d: %v", g, i, err)
				continue
			}
			compared++
			other, known := seen[id]
			if known && other != g {
				t.Errorf("group %d, spelling %d: the pseudonym of group %d", g, i, other)
			}
			if !known && i > 0 {
				t.Errorf("group %d, spelling %d: not the pseudonym of the spellings before it", g, i)
			}
			seen[id] = g
		}
	}
	if compared < 2 {
		t.Errorf("%d spellings: nothing was compared", compared)
	}
}

// AssertSeparated fails the test where two pseudonyms, consent subjects
// included, are equal among the tenants, purposes and identifiers, which must
// belong to different people, and where one cannot be derived.
func AssertSeparated(t testing.TB, k *pseudonym.Keyring, tenants, purposes []string, people ...pseudonym.Raw) {
	t.Helper()
	type place struct{ tenant, purpose, person int }
	seen := map[pseudonym.ID]place{}
	check := func(id pseudonym.ID, p place) {
		t.Helper()
		if other, ok := seen[id]; ok {
			t.Errorf("tenant %d, purpose %d, person %d: the pseudonym of tenant %d, purpose %d, person %d (-1: consent subject)",
				p.tenant, p.purpose, p.person, other.tenant, other.purpose, other.person)
		}
		seen[id] = p
	}
	for i, name := range tenants {
		d, err := pseudonym.NewDeriver(k, name, purposes)
		if err != nil {
			t.Errorf("tenant %d: %v", i, err)
			continue
		}
		for n, person := range people {
			if subject, err := d.Subject(person); err != nil {
				t.Errorf("tenant %d, person %d: %v", i, n, err)
			} else {
				check(subject.ID(), place{i, -1, n})
			}
			for j, p := range purposes {
				if id, err := d.ID(person, p); err != nil {
					t.Errorf("tenant %d, purpose %d, person %d: %v", i, j, n, err)
				} else {
					check(id, place{i, j, n})
				}
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("%d pseudonyms: nothing was compared", len(seen))
	}
}

// AssertNoAllocs fails the test where deriving the pseudonym of one of the
// identifiers for the purpose allocates or is refused. The race detector
// allocates on its own account: leave the call out under it.
func AssertNoAllocs(t testing.TB, d *pseudonym.Deriver, purpose string, people ...pseudonym.Raw) {
	t.Helper()
	for i, person := range people {
		var err error
		n := testing.AllocsPerRun(100, func() { _, err = d.ID(person, purpose) })
		if err != nil {
			t.Errorf("person %d: %v", i, err)
		}
		if n != 0 {
			t.Errorf("person %d: %v allocations a pseudonym", i, n)
		}
	}
	if len(people) == 0 {
		t.Errorf("no person: nothing was measured")
	}
}
