package pseudonym_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
)

// fiveRoots returns a ring with one root that writes, two that are read, newest
// first, one erase-only between them, and one destroyed; and the ids in order.
func fiveRoots(t testing.TB) (k *pseudonym.Keyring, read, erase []uint32) {
	t.Helper()
	must := step(t)
	k = newRing(t)
	now := k.Created()
	for range 4 {
		k = must(k.Rotate(now))
	}
	list := k.Roots()
	k = must(k.Retire(list[2].ID, pseudonym.EraseOnly, now))
	for state := pseudonym.EraseOnly; state <= pseudonym.Destroyed; state++ {
		k = must(k.Retire(list[3].ID, state, now))
	}
	return k, []uint32{list[0].ID, list[1].ID, list[4].ID}, []uint32{list[2].ID}
}

func keyIDs(ids []pseudonym.ID) (list []uint32) {
	for _, id := range ids {
		list = append(list, id.KeyID())
	}
	return list
}

func TestCandidatesOrder(t *testing.T) {
	k, read, erase := fiveRoots(t)
	jane := pseudonym.Email("jane@example.com")
	for _, d := range []*pseudonym.Deriver{deriver(t, k, "acme", "ads", "recommend"), pooled(t, k, "acme", "ads", "recommend")} {
		all, err := d.AppendAll(nil, jane, "recommend")
		if err != nil || !slices.Equal(keyIDs(all), append(slices.Clone(read), erase...)) {
			t.Errorf("all: %v, %v", all, err)
		}
		some, err := d.AppendCandidates(nil, jane, "recommend")
		if err != nil || !slices.Equal(keyIDs(some), read) {
			t.Errorf("candidates: %v, %v", some, err)
		}
		every, err := d.Every(nil, jane, "recommend")
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range every {
			if l.ID() != all[i] || l.Purpose() != "recommend" || l.Subject().ID().KeyID() != all[i].KeyID() {
				t.Errorf("link %d is another one's", i)
			}
		}
		checkForms(t, d, jane, "recommend", every, len(read))
	}
}

// A person under an earlier root has the link that Link gave then, salt and all.
// TestSingle: exactly where there is nothing under earlier links.
func TestSingle(t *testing.T) {
	five, _, _ := fiveRoots(t)
	one := newRing(t)
	retired := step(t)(one.Rotate(one.Created()))
	retired = step(t)(retired.Retire(retired.Roots()[1].ID, pseudonym.EraseOnly, one.Created()))
	seen := map[bool]int{}
	for _, k := range []*pseudonym.Keyring{one, five, retired} {
		d := deriver(t, k, "acme", "ads")
		for _, who := range []pseudonym.Raw{pseudonym.Email("jane@example.com"), pseudonym.Phone("+4915112345678"), pseudonym.Opaque("c-1")} {
			earlier, err := d.Earlier(nil, who, "ads")
			if single := d.Single(who); err != nil || single != (len(earlier) == 0) {
				t.Errorf("single is %v with %d earlier links, %v", single, len(earlier), err)
			}
			seen[d.Single(who)]++
		}
	}
	var none pseudonym.Deriver
	if len(seen) != 2 || none.Single(pseudonym.Opaque("c-1")) || deriver(t, one, "acme", "ads").Single(pseudonym.Raw{}) {
		t.Errorf("%v", seen)
	}
}

func TestEarlierLinksAreThoseOfThen(t *testing.T) {
	must := step(t)
	k := newRing(t)
	jane := pseudonym.Phone("+44 113 496 0987")
	var want []pseudonym.Link
	for range 4 {
		l, err := deriver(t, k, "acme", "ads").Link(jane, "ads")
		if err != nil {
			t.Fatal(err)
		}
		want = slices.Insert(want, 0, l)
		k = must(k.Rotate(k.Created()))
	}
	if got, err := deriver(t, k, "acme", "ads").Earlier(nil, jane, "ads"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

// shouting is a made-up version 0 of the e-mail normaliser: upper case, and it
// refuses what has a plus and accepts what has no @.
func shouting(s string) (string, error) {
	if strings.Contains(s, "+") {
		return "", pseudonym.ErrEmail
	}
	return strings.ToUpper(s), nil
}

// A second version of a normaliser comes into the table beside the first, and
// every pseudonym of the first is found again.
func TestNormaliserVersions(t *testing.T) {
	k, read, erase := fiveRoots(t)
	now := deriver(t, k, "acme", "ads")
	v := pseudonym.ThisVersion()
	pseudonym.SetVersions(v, ident.KindEmail, "email/2", pseudonym.Email1(), pseudonym.NewNormaliser("email/0", shouting))
	later, err := pseudonym.NewVersionedDeriver(k, "acme", []string{"ads"}, v)
	if err != nil {
		t.Fatal(err)
	}
	jane, plus, odd := pseudonym.Email("Jane@example.com"), pseudonym.Email("jane+a@example.com"), pseudonym.Email("jane")

	before, err := now.Every(nil, jane, "ads")
	if err != nil {
		t.Fatal(err)
	}
	after, err := later.Every(nil, jane, "ads")
	if err != nil || len(after) != 3*len(before) {
		t.Fatalf("%d links, %v", len(after), err)
	}
	for i, l := range before {
		if after[3*i+1] != l {
			t.Errorf("root %d: the link of version 1 is not the second one", i)
		}
		if after[3*i] == l || after[3*i].ID().KeyID() != l.ID().KeyID() || after[3*i+2].ID().KeyID() != l.ID().KeyID() {
			t.Errorf("root %d: versions are not apart, or under another root", i)
		}
	}
	checkForms(t, later, jane, "ads", after, 3*len(read))
	if id, err := later.ID(jane, "ads"); err != nil || id != after[0].ID() {
		t.Errorf("ID is not the first candidate: %v", err)
	}

	// Known answer of version 0, computed here.
	root := *pseudonym.Keys(k)[2]
	for what, l := range map[string]pseudonym.ID{"ads": after[2].ID(), pseudonym.SubjectPurpose: after[2].Subject().ID()} {
		key, err := pseudonym.ContextKey(&root, "acme", what, "email/0", "")
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key[:])
		mac.Write([]byte("JANE@EXAMPLE.COM"))
		if b := l.Bytes(); string(b[4:]) != string(mac.Sum(nil)[:16]) {
			t.Errorf("%s: version 0 derives another value", what)
		}
	}

	// What one version refuses has pseudonyms by the others.
	if got, err := later.AppendAll(nil, plus, "ads"); err != nil || len(got) != 2*(len(read)+len(erase)) {
		t.Errorf("refused by version 0: %d pseudonyms, %v", len(got), err)
	}
	got, err := later.AppendCandidates(nil, odd, "ads")
	if err != nil || !slices.Equal(keyIDs(got), read) {
		t.Errorf("accepted by version 0 only: %v, %v", got, err)
	}
	if links, err := later.Earlier(nil, odd, "ads"); err != nil || len(links) != len(read) || links[0].ID() != got[0] {
		t.Errorf("accepted by version 0 only, links: %v, %v", links, err)
	}
	if _, err := later.ID(odd, "ads"); !errors.Is(err, pseudonym.ErrEmailForm) {
		t.Errorf("the current version decides ID: %v", err)
	}
	if got, err := later.AppendCandidates(nil, pseudonym.Email("jane+"), "ads"); !errors.Is(err, pseudonym.ErrEmailForm) || got != nil {
		t.Errorf("accepted by no version: %v, %v", got, err)
	}
	// Other types have the one version that they had.
	if a, err := later.Every(nil, pseudonym.Opaque("1"), "ads"); err != nil || len(a) != len(before) {
		t.Errorf("another type: %v", err)
	}
}

func TestCandidatesRefuse(t *testing.T) {
	_, d := newDeriver(t, "ads")
	jane := pseudonym.Email("jane@example.com")
	var zero pseudonym.Deriver
	for name, c := range map[string]struct {
		d       *pseudonym.Deriver
		r       pseudonym.Raw
		purpose string
		want    error
	}{
		"anonymous":       {d, pseudonym.Raw{}, "ads", pseudonym.ErrAnonymous},
		"unknown kind":    {d, ident.NewRaw(200, "jane"), "ads", pseudonym.ErrAnonymous},
		"unknown rule":    {d, pseudonym.Digest(0, "jane"), "ads", pseudonym.ErrDigest},
		"unknown purpose": {d, jane, "recommend", pseudonym.ErrPurpose},
		"bad address":     {d, pseudonym.Email("jane"), "ads", pseudonym.ErrEmailForm},
		"empty opaque":    {d, pseudonym.Opaque(""), "ads", pseudonym.ErrOpaque},
		"zero deriver":    {&zero, jane, "ads", pseudonym.ErrKeyring},
		"nil deriver":     {nil, jane, "ads", pseudonym.ErrKeyring},
	} {
		var errs []error
		check := func(n int, err error) {
			if n != 1 {
				t.Errorf("%s: dst has %d values after an error", name, n)
			}
			errs = append(errs, err)
		}
		ids, err := c.d.AppendCandidates(make([]pseudonym.ID, 1), c.r, c.purpose)
		check(len(ids), err)
		ids, err = c.d.AppendAll(make([]pseudonym.ID, 1), c.r, c.purpose)
		check(len(ids), err)
		links, err := c.d.Earlier(make([]pseudonym.Link, 1), c.r, c.purpose)
		check(len(links), err)
		links, err = c.d.Every(make([]pseudonym.Link, 1), c.r, c.purpose)
		check(len(links), err)
		if c.want != pseudonym.ErrPurpose {
			subjects, err := c.d.AppendSubjects(make([]pseudonym.Subject, 1), c.r)
			check(len(subjects), err)
			subjects, err = c.d.AppendAllSubjects(make([]pseudonym.Subject, 1), c.r)
			check(len(subjects), err)
		}
		for i, err := range errs {
			if !errors.Is(err, c.want) {
				t.Errorf("%s, call %d: %v", name, i, err)
			}
		}
	}
}

func TestCandidatesDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector keeps digests off the stack and makes sync.Pool forget")
	}
	k, _, _ := fiveRoots(t)
	v := pseudonym.ThisVersion()
	pseudonym.SetVersions(v, ident.KindEmail, "email/2", pseudonym.Email1())
	versioned, err := pseudonym.NewVersionedDeriver(k, "acme", []string{"ads"}, v)
	if err != nil {
		t.Fatal(err)
	}
	jane := pseudonym.Email("Jane.Saoirse@example.com")
	ids, subjects, links := make([]pseudonym.ID, 0, 16), make([]pseudonym.Subject, 0, 16), make([]pseudonym.Link, 0, 16)
	for name, d := range map[string]*pseudonym.Deriver{
		"saved states": deriver(t, k, "acme", "ads"), "pool": pooled(t, k, "acme", "ads"), "two versions": versioned,
	} {
		for what, derive := range map[string]func() error{
			"AppendCandidates":  func() error { _, err := d.AppendCandidates(ids, jane, "ads"); return err },
			"AppendAll":         func() error { _, err := d.AppendAll(ids, jane, "ads"); return err },
			"AppendSubjects":    func() error { _, err := d.AppendSubjects(subjects, jane); return err },
			"AppendAllSubjects": func() error { _, err := d.AppendAllSubjects(subjects, jane); return err },
			"Earlier":           func() error { _, err := d.Earlier(links, jane, "ads"); return err },
			"Every":             func() error { _, err := d.Every(links, jane, "ads"); return err },
		} {
			if err := derive(); err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(200, func() { _ = derive() }); n != 0 {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}
