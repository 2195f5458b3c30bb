package pseudonymtest

import (
	"slices"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// AssertRotation derives the people under the keyring, takes its root through
// all states by the steps that a service takes, and fails the test where a link
// from before is not found again as long as the root is read, is still a
// candidate once it is erase-only, is not among all until the root is destroyed,
// or is there after that. The same goes for consent subjects. k stays as it is.
// Purposes are those of the service; the people must be accepted.
func AssertRotation(t testing.TB, k *pseudonym.Keyring, tenant string, purposes []string, people ...pseudonym.Raw) {
	t.Helper()
	roots := k.Roots()
	if len(roots) == 0 || len(purposes) == 0 || len(people) == 0 {
		t.Errorf("no keyring, purpose or person: nothing was compared")
		return
	}
	before, err := pseudonym.NewDeriver(k, tenant, purposes)
	if err != nil {
		t.Fatalf("no deriver: %v", err)
		return
	}
	now := roots[0].Since
	next, err := k.Rotate(now)
	for state := pseudonym.Read; err == nil; state++ {
		var after *pseudonym.Deriver
		if after, err = pseudonym.NewDeriver(next, tenant, purposes); err != nil {
			break
		}
		for i, person := range people {
			for j, purpose := range purposes {
				rotated(t, before, after, state, i, person, j, purpose)
			}
		}
		if state == pseudonym.Destroyed {
			return
		}
		next, err = next.Retire(k.KeyID(), state+1, now)
	}
	t.Errorf("no rotation: %v", err)
}

// rotated compares one person and purpose before and after, where the root of
// before has come into a state.
func rotated(t testing.TB, before, after *pseudonym.Deriver, state pseudonym.State, i int, person pseudonym.Raw, j int, purpose string) {
	t.Helper()
	link, err := before.Link(person, purpose)
	if err != nil {
		t.Errorf("person %d, purpose %d: %v", i, j, err)
		return
	}
	some, err1 := after.AppendCandidates(nil, person, purpose)
	all, err2 := after.AppendAll(nil, person, purpose)
	someSubjects, err3 := after.AppendSubjects(nil, person)
	allSubjects, err4 := after.AppendAllSubjects(nil, person)
	earlier, err5 := after.Earlier(nil, person, purpose)
	every, err6 := after.Every(nil, person, purpose)
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			t.Errorf("person %d, purpose %d, root %v: %v", i, j, state, err)
			return
		}
	}
	for _, c := range []struct {
		what      string
		has, want bool
	}{
		{"candidates", slices.Contains(some, link.ID()), state == pseudonym.Read},
		{"candidate subjects", slices.Contains(someSubjects, link.Subject()), state == pseudonym.Read},
		{"earlier links", slices.Contains(earlier, link), state == pseudonym.Read},
		{"all pseudonyms", slices.Contains(all, link.ID()), state != pseudonym.Destroyed},
		{"all subjects", slices.Contains(allSubjects, link.Subject()), state != pseudonym.Destroyed},
		{"all links", slices.Contains(every, link), state != pseudonym.Destroyed},
		{"first candidate", some[0] == link.ID(), false},
	} {
		if c.has != c.want {
			t.Errorf("person %d, purpose %d, root %v: among the %s: %v, want %v", i, j, state, c.what, c.has, c.want)
		}
	}
}
