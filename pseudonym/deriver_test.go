package pseudonym_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"pgregory.net/rapid"
)

func newDeriver(t testing.TB, purposes ...string) (*pseudonym.Keyring, *pseudonym.Deriver) {
	t.Helper()
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return k, deriver(t, k, "acme", purposes...)
}

func deriver(t testing.TB, k *pseudonym.Keyring, tenant string, purposes ...string) *pseudonym.Deriver {
	t.Helper()
	d, err := pseudonym.NewDeriver(k, tenant, purposes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pooled returns a Deriver that computes as under FIPS mode.
func pooled(t testing.TB, k *pseudonym.Keyring, tenant string, purposes ...string) *pseudonym.Deriver {
	t.Helper()
	d := deriver(t, k, tenant, purposes...)
	if err := pseudonym.ForceHMAC(d, k); err != nil {
		t.Fatal(err)
	}
	if d.Engine() != "crypto/hmac" {
		t.Fatalf("engine %q", d.Engine())
	}
	return d
}

func TestDeriveDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector keeps digests off the stack and makes sync.Pool forget")
	}
	k, d := newDeriver(t, "ads")
	email := pseudonym.Email("Jane.Saoirse@example.com")
	opaque := pseudonym.Opaque("customer-17850")
	bad := pseudonym.Email("jane doe@example.com")
	for _, d := range []*pseudonym.Deriver{d, pooled(t, k, "acme", "ads")} {
		for what, derive := range map[string]func() error{
			"ID of an e-mail address":  func() error { _, err := d.ID(email, "ads"); return err },
			"ID of a customer number":  func() error { _, err := d.ID(opaque, "ads"); return err },
			"Subject":                  func() error { _, err := d.Subject(email); return err },
			"Link":                     func() error { _, err := d.Link(email, "ads"); return err },
			"refusal":                  func() error { _, _ = d.ID(bad, "ads"); return nil },
			"wrapping and ID, unnamed": func() error { _, err := d.ID(pseudonym.Email("a@b.c"), "ads"); return err },
		} {
			if err := derive(); err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(200, func() { _ = derive() }); n != 0 {
				t.Errorf("%s engine, %s: %v allocations", d.Engine(), what, n)
			}
		}
	}
}

func TestDeriverRefuses(t *testing.T) {
	k, d := newDeriver(t, "ads")
	jane := pseudonym.Email("jane@example.com")
	var zero pseudonym.Deriver
	var none *pseudonym.Deriver
	for name, c := range map[string]struct {
		d       *pseudonym.Deriver
		r       pseudonym.Raw
		purpose string
		want    error
	}{
		"anonymous":        {d, pseudonym.Raw{}, "ads", pseudonym.ErrAnonymous},
		"unknown kind":     {d, ident.NewRaw(200, "jane"), "ads", pseudonym.ErrAnonymous},
		"unknown purpose":  {d, jane, "recommend", pseudonym.ErrPurpose},
		"empty purpose":    {d, jane, "", pseudonym.ErrPurpose},
		"reserved purpose": {d, jane, pseudonym.SubjectPurpose, pseudonym.ErrPurpose},
		"bad address":      {d, pseudonym.Email("jane"), "ads", pseudonym.ErrEmailForm},
		"hash":             {d, pseudonym.Email("d41d8cd98f00b204e9800998ecf8427e"), "ads", pseudonym.ErrHashed},
		"empty opaque":     {d, pseudonym.Opaque(""), "ads", pseudonym.ErrOpaque},
		"zero deriver":     {&zero, jane, "ads", pseudonym.ErrKeyring},
		"nil deriver":      {none, jane, "ads", pseudonym.ErrKeyring},
	} {
		id, err := c.d.ID(c.r, c.purpose)
		if !errors.Is(err, c.want) || !id.IsZero() {
			t.Errorf("%s: ID %v, %v", name, id, err)
		}
		link, err := c.d.Link(c.r, c.purpose)
		if !errors.Is(err, c.want) || !link.IsZero() {
			t.Errorf("%s: Link %v, %v", name, link, err)
		}
		if c.want == pseudonym.ErrPurpose {
			continue
		}
		subject, err := c.d.Subject(c.r)
		if !errors.Is(err, c.want) || !subject.IsZero() {
			t.Errorf("%s: Subject %v, %v", name, subject, err)
		}
	}
	if zero.Engine() != "none" {
		t.Errorf("zero Deriver has engine %q", zero.Engine())
	}

	for name, c := range map[string]struct {
		k        *pseudonym.Keyring
		tenant   string
		purposes []string
		want     error
	}{
		"nil keyring":      {nil, "acme", nil, pseudonym.ErrKeyring},
		"zero keyring":     {new(pseudonym.Keyring), "acme", nil, pseudonym.ErrKeyring},
		"empty tenant":     {k, "", nil, pseudonym.ErrTenant},
		"upper-case":       {k, "Acme", nil, pseudonym.ErrTenant},
		"long tenant":      {k, strings.Repeat("a", 65), nil, pseudonym.ErrTenant},
		"empty purpose":    {k, "acme", []string{"ads", ""}, pseudonym.ErrPurpose},
		"space in purpose": {k, "acme", []string{"a b"}, pseudonym.ErrPurpose},
		"reserved purpose": {k, "acme", []string{pseudonym.SubjectPurpose}, pseudonym.ErrPurpose},
	} {
		if d, err := pseudonym.NewDeriver(c.k, c.tenant, c.purposes); !errors.Is(err, c.want) || d != nil {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	if _, err := pseudonym.NewDeriver(k, strings.Repeat("a", 64), nil); err != nil {
		t.Errorf("no purposes: %v", err)
	}
}

// No two of keyring, tenant, purpose, subject and identifier type share a value.
func TestSeparation(t *testing.T) {
	const text = "jane@example.com"
	seen := map[[16]byte]string{}
	note := func(where string, id pseudonym.ID) {
		t.Helper()
		b := id.Bytes()
		prf := [16]byte(b[4:]) // without the key id, which differs anyway
		if other, ok := seen[prf]; ok {
			t.Errorf("%s and %s share a value", where, other)
		}
		seen[prf] = where
	}
	for ring := range 2 {
		k, _ := newDeriver(t)
		for _, tenant := range []string{"acme", "globex", "ab", "a"} {
			purposes := []string{"ads", "ad", "s", "bc", "c", "email", "consent-subjects"}
			d := deriver(t, k, tenant, purposes...)
			for kind, raw := range map[string]pseudonym.Raw{"email": pseudonym.Email(text), "opaque": pseudonym.Opaque(text)} {
				where := fmt.Sprint("ring ", ring, ", ", tenant, ", ", kind)
				s, err := d.Subject(raw)
				if err != nil {
					t.Fatal(err)
				}
				note(where+", subject", s.ID())
				for _, purpose := range purposes {
					link, err := d.Link(raw, purpose)
					if err != nil {
						t.Fatal(err)
					}
					if link.Subject() != s || link.ID().KeyID() != k.KeyID() {
						t.Errorf("%s: link names another subject or key", where)
					}
					note(where+", "+purpose, link.ID())
					salt := link.Salt()
					if other, ok := seen[salt]; ok {
						t.Errorf("%s: salt equals %s", where, other)
					}
					seen[salt] = where + ", " + purpose + ", salt"
				}
			}
		}
	}
}

// Two purposes given in any order, or beside others, derive the same values.
func TestPurposesDoNotInfluenceEachOther(t *testing.T) {
	k, _ := newDeriver(t)
	jane := pseudonym.Email("jane@example.com")
	a, err := deriver(t, k, "acme", "ads", "recommend").ID(jane, "ads")
	if err != nil {
		t.Fatal(err)
	}
	b, err := deriver(t, k, "acme", "recommend", "other", "ads", "ads").ID(jane, "ads")
	if err != nil || a != b {
		t.Errorf("other purposes change an ID: %v", err)
	}
}

func TestEncIsInjective(t *testing.T) {
	field := rapid.OneOf(
		rapid.StringOf(rapid.RuneFrom([]rune("a\x00\x01\x02"))),
		rapid.String(),
	)
	fields := rapid.SliceOfN(field, 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		a, b := fields.Draw(t, "a"), fields.Draw(t, "b")
		x, err := pseudonym.Enc(a...)
		if err != nil {
			t.Fatal(err)
		}
		y, err := pseudonym.Enc(b...)
		if err != nil {
			t.Fatal(err)
		}
		if same := fmt.Sprintf("%q", a) == fmt.Sprintf("%q", b); same != (string(x) == string(y)) {
			t.Fatalf("%q and %q encode to %x and %x", a, b, x, y)
		}
		// It decodes: the fields can be cut off again.
		for _, f := range a {
			n := int(x[0])<<8 | int(x[1])
			if string(x[2:2+n]) != f {
				t.Fatalf("field %q does not come back", f)
			}
			x = x[2+n:]
		}
		if len(x) != 0 {
			t.Fatalf("%d bytes behind the last field", len(x))
		}
	})
}

func TestConcurrentDeriving(t *testing.T) {
	k, d := newDeriver(t, "ads", "recommend")
	addresses := make([]pseudonym.Raw, 50)
	want := make([]pseudonym.Link, len(addresses))
	for i := range addresses {
		addresses[i] = pseudonym.Email(fmt.Sprintf("person-%d@example.com", i))
		var err error
		if want[i], err = d.Link(addresses[i], "ads"); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []*pseudonym.Deriver{d, pooled(t, k, "acme", "ads", "recommend")} {
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for n := range 400 {
					i := (n*7 + g) % len(addresses)
					link, err := d.Link(addresses[i], "ads")
					if err != nil || link != want[i] {
						t.Errorf("%s engine, person %d: another link, %v", d.Engine(), i, err)
						return
					}
					if id, err := d.ID(addresses[i], "recommend"); err != nil || id == link.ID() {
						t.Errorf("%s engine, person %d: %v", d.Engine(), i, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}
