package pseudonym_test

import (
	"crypto/fips140"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

func newRing(t testing.TB) *pseudonym.Keyring {
	t.Helper()
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// step returns the ring that a step makes, which must succeed.
func step(t testing.TB) func(*pseudonym.Keyring, error) *pseudonym.Keyring {
	return func(k *pseudonym.Keyring, err error) *pseudonym.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
}

func TestStates(t *testing.T) {
	must := step(t)
	k0 := newRing(t)
	at := k0.Created()
	first := k0.KeyID()
	days := func(n int) time.Time { return at.AddDate(0, 0, n) }

	k1 := must(k0.Rotate(days(300).Add(time.Millisecond)))
	if list := k0.Roots(); len(list) != 1 || list[0].State != pseudonym.Write || list[0].Deadline != at.AddDate(1, 0, 0) {
		t.Errorf("the ring before changed: %v", list)
	}
	w, r := k1.Roots()[0], k1.Roots()[1]
	if w.State != pseudonym.Write || w.Created != days(300) || w.Since != days(300) || w.Deadline != days(300).AddDate(1, 0, 0) ||
		w.ID == first || k1.KeyID() != w.ID || k1.Check() != w.Check || k1.Created() != w.Created {
		t.Errorf("new root: %v", w)
	}
	if r.State != pseudonym.Read || r.ID != first || r.Check != k0.Check() || r.Created != at || r.Since != days(300) || r.Deadline != days(300).AddDate(2, 0, 0) {
		t.Errorf("root before: %v", r)
	}
	k2 := must(k1.Retire(first, pseudonym.EraseOnly, days(400)))
	if r := k2.Roots()[1]; r.State != pseudonym.EraseOnly || r.Since != days(400) || !r.Deadline.IsZero() || !k2.Has(k0.Check()) {
		t.Errorf("erase-only root: %v", r)
	}
	k3 := must(k2.Retire(first, pseudonym.Destroyed, days(500)))
	if r := k3.Roots()[1]; r.State != pseudonym.Destroyed || r.Since != days(500) || r.Created != at || r.Check != k0.Check() || k3.Has(k0.Check()) || !k2.Has(k0.Check()) {
		t.Errorf("destroyed root: %v", r)
	}
	if n := len(pseudonym.Keys(k3)); n != 3 {
		t.Errorf("%d keys are left, want bounding key, signing key and one root", n)
	}

	second := k1.KeyID()
	for name, c := range map[string]struct {
		k    *pseudonym.Keyring
		f    func(k *pseudonym.Keyring) (*pseudonym.Keyring, error)
		want error
	}{
		"write root":            {k1, retire(second, pseudonym.EraseOnly, days(400)), pseudonym.ErrWriteKey},
		"write root to read":    {k1, retire(second, pseudonym.Read, days(400)), pseudonym.ErrWriteKey},
		"only root":             {k0, retire(first, pseudonym.Destroyed, days(400)), pseudonym.ErrWriteKey},
		"unknown":               {k0, retire(second, pseudonym.EraseOnly, days(400)), pseudonym.ErrKeyID},
		"id zero":               {k1, retire(0, pseudonym.EraseOnly, days(400)), pseudonym.ErrKeyID},
		"skipped":               {k1, retire(first, pseudonym.Destroyed, days(400)), pseudonym.ErrKeyState},
		"same":                  {k1, retire(first, pseudonym.Read, days(400)), pseudonym.ErrKeyState},
		"back to read":          {k2, retire(first, pseudonym.Read, days(400)), pseudonym.ErrKeyState},
		"back to write":         {k2, retire(first, pseudonym.Write, days(400)), pseudonym.ErrKeyState},
		"back from destroyed":   {k3, retire(first, pseudonym.EraseOnly, days(600)), pseudonym.ErrKeyState},
		"beyond destroyed":      {k3, retire(first, pseudonym.Destroyed+1, days(600)), pseudonym.ErrKeyState},
		"no state":              {k1, retire(first, 0, days(400)), pseudonym.ErrKeyState},
		"retired too early":     {k1, retire(first, pseudonym.EraseOnly, days(299)), pseudonym.ErrKeyTime},
		"retired in 10000":      {k1, retire(first, pseudonym.EraseOnly, at.AddDate(8000, 0, 0)), pseudonym.ErrKeyTime},
		"rotated too early":     {k1, rotate(days(299)), pseudonym.ErrKeyTime},
		"rotated in 1969":       {k1, rotate(time.Unix(-1, 0)), pseudonym.ErrKeyTime},
		"rotated in 9998":       {k1, rotate(time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)), pseudonym.ErrKeyTime},
		"signing too early":     {k1, signing(days(-1)), pseudonym.ErrKeyTime},
		"signing in 10000":      {k1, signing(at.AddDate(8000, 0, 0)), pseudonym.ErrKeyTime},
		"deadline of none":      {k1, deadline(7, days(1)), pseudonym.ErrKeyID},
		"no deadline to write":  {k1, deadline(second, time.Time{}), pseudonym.ErrKeyTime},
		"no deadline to read":   {k1, deadline(first, time.Time{}), pseudonym.ErrKeyTime},
		"deadline in 10000":     {k1, deadline(second, at.AddDate(8000, 0, 0)), pseudonym.ErrKeyTime},
		"deadline of destroyed": {k3, deadline(first, days(900)), pseudonym.ErrKeyTime},
		"zero ring, rotate":     {new(pseudonym.Keyring), rotate(days(1)), pseudonym.ErrKeyring},
		"zero ring, retire":     {new(pseudonym.Keyring), retire(first, pseudonym.EraseOnly, days(1)), pseudonym.ErrKeyring},
		"zero ring, signing":    {nil, signing(days(1)), pseudonym.ErrKeyring},
		"zero ring, deadline":   {nil, deadline(first, days(1)), pseudonym.ErrKeyring},
	} {
		if k, err := c.f(c.k); !errors.Is(err, c.want) || k != nil {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
}

type change = func(*pseudonym.Keyring) (*pseudonym.Keyring, error)

func rotate(now time.Time) change {
	return func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.Rotate(now) }
}

func signing(now time.Time) change {
	return func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.RotateSigning(now) }
}

func retire(id uint32, to pseudonym.State, now time.Time) change {
	return func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.Retire(id, to, now) }
}

func deadline(id uint32, at time.Time) change {
	return func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) { return k.SetDeadline(id, at) }
}

func TestStateNames(t *testing.T) {
	for s, want := range map[pseudonym.State]string{
		0: "invalid", pseudonym.Write: "write", pseudonym.Read: "read", pseudonym.EraseOnly: "erase-only", pseudonym.Destroyed: "destroyed", 5: "invalid",
	} {
		if s.String() != want {
			t.Errorf("state %d is called %q", uint8(s), s)
		}
	}
}

func TestOverdue(t *testing.T) {
	must := step(t)
	k := newRing(t)
	at := k.Created()
	first := k.KeyID()
	ids := func(now time.Time) (list []uint32) {
		for _, info := range k.Overdue(now) {
			list = append(list, info.ID)
		}
		return list
	}
	if got := ids(at.AddDate(1, 0, 0).Add(-time.Second)); got != nil {
		t.Errorf("overdue before the year is over: %v", got)
	}
	if got := ids(at.AddDate(1, 0, 0)); !slices.Equal(got, []uint32{first}) {
		t.Errorf("overdue after a year: %v", got)
	}
	k = must(k.Rotate(at.AddDate(1, 1, 0)))
	if got := ids(at.AddDate(1, 1, 0)); got != nil {
		t.Errorf("overdue after the rotation: %v", got)
	}
	if got := ids(at.AddDate(3, 1, 0)); !slices.Equal(got, []uint32{k.KeyID(), first}) {
		t.Errorf("overdue two years later: %v", got)
	}
	// A root past its deadline still does what it did.
	d := deriver(t, k, "acme", "ads")
	if got, err := d.AppendCandidates(nil, pseudonym.Opaque("1"), "ads"); err != nil || len(got) != 2 {
		t.Errorf("%d candidates, %v", len(got), err)
	}
	k = must(k.SetDeadline(first, at.AddDate(9, 0, 0)))
	if got := ids(at.AddDate(3, 1, 0)); !slices.Equal(got, []uint32{k.KeyID()}) {
		t.Errorf("overdue with a later deadline: %v", got)
	}
	k = must(k.Retire(first, pseudonym.EraseOnly, at.AddDate(3, 1, 0)))
	if got := ids(at.AddDate(100, 0, 0)); !slices.Equal(got, []uint32{k.KeyID()}) {
		t.Errorf("an erase-only root without a deadline is overdue: %v", got)
	}
	k = must(k.SetDeadline(first, at.AddDate(4, 0, 0)))
	if got := ids(at.AddDate(4, 0, 0)); !slices.Equal(got, []uint32{k.KeyID(), first}) {
		t.Errorf("an erase-only root with a deadline: %v", got)
	}
	k = must(k.SetDeadline(first, time.Time{}))
	k = must(k.Retire(first, pseudonym.Destroyed, at.AddDate(4, 0, 0)))
	if got := ids(at.AddDate(100, 0, 0)); !slices.Equal(got, []uint32{k.KeyID()}) {
		t.Errorf("a destroyed root is overdue: %v", got)
	}
	if new(pseudonym.Keyring).Overdue(at) != nil || new(pseudonym.Keyring).Roots() != nil || new(pseudonym.Keyring).Has([8]byte{}) {
		t.Error("an invalid keyring has roots")
	}
}

// Signing and bounding keys rotate apart from the roots.
func TestRotateSigning(t *testing.T) {
	must := step(t)
	k := newRing(t)
	at := k.Created()
	links := func(k *pseudonym.Keyring) pseudonym.Link {
		l, err := deriver(t, k, "acme", "ads").Link(pseudonym.Opaque("1"), "ads")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var signed [][]byte
	var want []string
	sign := func(k *pseudonym.Keyring) {
		t.Helper()
		s, err := k.Signer("acme")
		if err != nil {
			t.Fatal(err)
		}
		b, err := note.Sign(&note.Note{Text: "hello\n"}, s)
		if err != nil {
			t.Fatal(err)
		}
		v, err := k.Verifier("acme")
		if err != nil || slices.Contains(want, v) {
			t.Fatalf("the signing key is the one before: %v", err)
		}
		signed, want = append(signed, b), slices.Insert(want, 0, v)
	}
	sign(k)
	before := links(k)
	for i := range 3 {
		k = must(k.RotateSigning(at.AddDate(0, i, 0)))
		sign(k)
	}
	if links(k) != before {
		t.Error("another signing key changes links")
	}
	got, err := k.Verifiers("acme")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("verifiers %v, %v", got, err)
	}
	var known []note.Verifier
	for _, text := range got {
		v, err := note.NewVerifier(text)
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, v)
	}
	for i, b := range signed {
		if _, err := note.Open(b, note.VerifierList(known...)); err != nil {
			t.Errorf("note %d does not open: %v", i, err)
		}
	}
	if k := must(k.Rotate(at.AddDate(1, 0, 0))); true {
		if after, _ := k.Verifiers("acme"); !slices.Equal(after, want) {
			t.Error("another root changes the verifiers")
		}
	}
	if _, err := k.Verifiers("A"); !errors.Is(err, pseudonym.ErrTenant) {
		t.Errorf("bad name: %v", err)
	}
	if n := len(pseudonym.Keys(k)); n != 3 {
		t.Errorf("%d keys are left, want 3: no seed of an earlier signing key", n)
	}
}

// A store key opens under each ring that holds the root it was wrapped with.
func TestStoreKeyOverRoots(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("the cipher is not allowed in FIPS 140-only mode")
	}
	must := step(t)
	k := newRing(t)
	at, first := k.Created(), k.KeyID()
	key := sha256.Sum256([]byte("store key"))
	wrapped, err := k.WrapStoreKey("acme", &key)
	if err != nil {
		t.Fatal(err)
	}
	opens := func(what string, k *pseudonym.Keyring, wrapped []byte, want bool) {
		t.Helper()
		got, err := k.UnwrapStoreKey("acme", wrapped)
		if (err == nil) != want || err == nil && *got != key || err != nil && !errors.Is(err, pseudonym.ErrKeyring) {
			t.Errorf("%s: %v", what, err)
		}
	}
	one := k
	k = must(must(k.Rotate(at)).Rotate(at))
	opens("read", k, wrapped, true)
	again, err := k.WrapStoreKey("acme", &key)
	if err != nil {
		t.Fatal(err)
	}
	opens("wrapped later", k, again, true)
	opens("wrapped later, by the ring before", one, again, false)
	k = must(k.Retire(first, pseudonym.EraseOnly, at))
	opens("erase-only", k, wrapped, true)
	k = must(k.Retire(first, pseudonym.Destroyed, at))
	opens("destroyed", k, wrapped, false)
	opens("wrapped later, first root destroyed", k, again, true)
}

// A ring under random steps: one root writes, states only grow, nothing is lost,
// and it comes back from its file unchanged.
func TestRingMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, err := pseudonym.NewKeyring()
		if err != nil {
			t.Fatal(err)
		}
		now := k.Created()
		t.Repeat(map[string]func(*rapid.T){
			"step": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 400).Draw(t, "days")) * 24 * time.Hour)
				before := k.Roots()
				var next *pseudonym.Keyring
				var err error
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					next, err = k.Rotate(now)
				case 1:
					next, err = k.RotateSigning(now)
				case 2:
					r := rapid.SampledFrom(before).Draw(t, "root")
					to := pseudonym.State(rapid.IntRange(0, 5).Draw(t, "state"))
					next, err = k.Retire(r.ID, to, now)
					if ok := r.State != pseudonym.Write && to == r.State+1 && to <= pseudonym.Destroyed; ok != (err == nil) {
						t.Fatalf("from %v to %v: %v", r.State, to, err)
					}
				case 3:
					r := rapid.SampledFrom(before).Draw(t, "root")
					next, err = k.SetDeadline(r.ID, now)
					if (r.State == pseudonym.Destroyed) != (err != nil) {
						t.Fatalf("deadline of %v: %v", r.State, err)
					}
				}
				if !slices.Equal(k.Roots(), before) {
					t.Fatal("the ring changed")
				}
				if err != nil {
					return
				}
				if !pseudonym.Follows(next, k) {
					t.Fatal("a step does not follow")
				}
				if !slices.Equal(states(next), states(k)) && pseudonym.Follows(k, next) {
					t.Fatal("a step back follows")
				}
				k = next
			},
			"": func(t *rapid.T) {
				b, err := pseudonym.FormatKeyring(k)
				if err != nil {
					t.Fatal(err)
				}
				s, err := pseudonym.ParseKeyFile(b)
				if err != nil {
					t.Fatal(err)
				}
				again := pseudonym.NewTestKeyring(s)
				if !slices.Equal(again.Roots(), k.Roots()) || again.Roots()[0].State != pseudonym.Write {
					t.Fatal("does not come back")
				}
				va, _ := k.Verifiers("acme")
				if vb, _ := again.Verifiers("acme"); !slices.Equal(va, vb) {
					t.Fatal("other verifiers come back")
				}
				if err := pseudonym.CheckStrength(s); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

func states(k *pseudonym.Keyring) (list []pseudonym.State) {
	for _, info := range k.Roots() {
		list = append(list, info.State)
	}
	return list
}
