package pseudonym_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// vault keeps one root and counts what it is asked.
type vault struct {
	key    []byte
	asked  int
	refuse error
	after  int // refuse from this call on
}

func (v *vault) HMACSHA256(_ context.Context, message []byte) (out [32]byte, err error) {
	if v.asked++; v.refuse != nil && v.asked > v.after {
		return out, v.refuse
	}
	h := hmac.New(sha256.New, v.key)
	h.Write(message)
	copy(out[:], h.Sum(nil))
	return out, nil
}

var rootSecret = regexp.MustCompile(`(?m)^root [0-9a-f]{6} ([0-9a-f]{64})$`)

// localRoot makes a key file and returns its ring and the bytes of its root.
func localRoot(t *testing.T) (*pseudonym.Keyring, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	k, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(string(rootSecret.FindSubmatch(text)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return k, key
}

func remoteConfig(roots ...pseudonym.RemoteRoot) pseudonym.RemoteConfig {
	return pseudonym.RemoteConfig{Tenant: "shop", Purposes: []string{"ads", "help"}, Epochs: []uint64{3}, Roots: roots}
}

var remotePeople = []pseudonym.Raw{
	pseudonym.Email("ada@example.com"), pseudonym.Opaque("user-1"), pseudonym.Phone("+441134960987"),
}

// A remote root derives, byte for byte, what a local root of the same bytes does.
func TestRemoteEqualsLocal(t *testing.T) {
	lender, _ := localRoot(t)
	local, key := localRoot(t)
	v := &vault{key: key}
	check, err := pseudonym.RemoteCheck(t.Context(), v)
	if err != nil || check != local.Check() {
		t.Fatalf("another check value, %v", err)
	}
	ring, err := lender.WithRemote(t.Context(), remoteConfig(pseudonym.RemoteRoot{KeyInfo: local.Roots()[0], PRF: v}))
	if err != nil {
		t.Fatal(err)
	}
	asked := v.asked
	if ring.KeyID() != local.KeyID() || ring.Check() != local.Check() || !ring.Has(lender.Check()) || ring.Roots()[1].State != pseudonym.Read {
		t.Fatalf("roots %v", ring.Roots())
	}
	for _, epoch := range []bool{false, true} {
		derive := func(k *pseudonym.Keyring) *pseudonym.Deriver {
			t.Helper()
			d, err := pseudonym.NewDeriver(k, "shop", []string{"ads", "help"})
			if epoch {
				d, err = pseudonym.NewEpochDeriver(k, "shop", []string{"ads", "help"}, 3)
			}
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		mine, theirs := derive(local), derive(ring)
		for _, who := range remotePeople {
			for _, p := range []string{"ads", "help"} {
				a, errA := mine.Link(who, p)
				b, errB := theirs.Link(who, p)
				if errA != nil || errB != nil || a.ID() != b.ID() || a.Subject() != b.Subject() {
					t.Fatalf("another pseudonym: %v, %v", errA, errB)
				}
			}
			list, err := theirs.AppendCandidates(nil, who, "ads")
			if err != nil || len(list) != 2 {
				t.Fatalf("%d candidates, %v", len(list), err)
			}
		}
	}
	secret := &[32]byte{1, 2, 3}
	wrapped, err := ring.WrapStoreKey("shop", secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*pseudonym.Keyring{"remote": ring, "local": local} {
		if got, err := k.UnwrapStoreKey("shop", wrapped); err != nil || *got != *secret {
			t.Errorf("%s: the store key does not open: %v", name, err)
		}
	}
	if v.asked != asked {
		t.Errorf("the root was asked %d times after the ring was made", v.asked-asked)
	}
	if shown := printed(ring); bytes.Contains(shown, key) || strings.Contains(string(shown), hex.EncodeToString(key)) {
		t.Error("the root shows")
	}
}

func printed(k *pseudonym.Keyring) []byte {
	text, _ := k.MarshalText()
	return text
}

// One remote root follows another, and the local one from before stays readable.
func TestRemoteRotation(t *testing.T) {
	lender, _ := localRoot(t)
	first, firstKey := localRoot(t)
	second, secondKey := localRoot(t)
	d, err := pseudonym.NewDeriver(lender, "shop", []string{"ads", "help"})
	if err != nil {
		t.Fatal(err)
	}
	under := func(k *pseudonym.Keyring) pseudonym.ID {
		t.Helper()
		if d, err = pseudonym.NewDeriver(k, "shop", []string{"ads", "help"}); err != nil {
			t.Fatal(err)
		}
		id, err := d.ID(remotePeople[0], "ads")
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	one := pseudonym.RemoteRoot{KeyInfo: first.Roots()[0], PRF: &vault{key: firstKey}}
	now := first.Created().AddDate(1, 0, 0)
	two := pseudonym.RemoteRoot{KeyInfo: second.Roots()[0], PRF: &vault{key: secondKey}}
	two.Created, two.Since, two.Deadline = now, now, now.AddDate(1, 0, 0)
	old := under(lender)
	ring, err := lender.WithRemote(t.Context(), remoteConfig(one))
	if err != nil {
		t.Fatal(err)
	}
	middle := under(ring)
	one.State, one.Since, one.Deadline = pseudonym.Read, now, now.AddDate(2, 0, 0)
	if ring, err = lender.WithRemote(t.Context(), remoteConfig(two, one)); err != nil {
		t.Fatal(err)
	}
	newest := under(ring)
	list, err := d.AppendCandidates(nil, remotePeople[0], "ads")
	if err != nil || len(list) != 3 || list[0] != newest || list[1] != middle && list[2] != middle || list[1] != old && list[2] != old {
		t.Fatalf("candidates %v, %v", list, err)
	}
	one.State, one.Deadline, one.PRF = pseudonym.Destroyed, time.Time{}, nil
	if ring, err = lender.WithRemote(t.Context(), remoteConfig(two, one)); err != nil {
		t.Fatal(err)
	}
	under(ring)
	if list, err = d.AppendAll(nil, remotePeople[0], "ads"); err != nil || len(list) != 2 {
		t.Fatalf("a destroyed root still derives: %v, %v", list, err)
	}
}

func TestRemoteRefuses(t *testing.T) {
	lender, lenderKey := localRoot(t)
	local, key := localRoot(t)
	_, other := localRoot(t)
	good := pseudonym.RemoteRoot{KeyInfo: local.Roots()[0], PRF: &vault{key: key}}
	changed := func(f func(*pseudonym.RemoteRoot)) pseudonym.RemoteRoot {
		r := good
		f(&r)
		return r
	}
	away := errors.New("the service is away")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		config pseudonym.RemoteConfig
		want   error
	}{
		"no roots":    {t.Context(), remoteConfig(), pseudonym.ErrKeyring},
		"two write":   {t.Context(), remoteConfig(good, good), pseudonym.ErrKeyring},
		"none writes": {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.State = pseudonym.Read })), pseudonym.ErrKeyring},
		"no service":  {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.PRF = nil })), pseudonym.ErrKeyring},
		"older":       {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.Created = r.Created.AddDate(-1, 0, 0) })), pseudonym.ErrKeyTime},
		"no dates":    {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.Created = time.Time{} })), pseudonym.ErrKeyTime},
		"another key": {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.PRF = &vault{key: other} })), pseudonym.ErrRemoteCheck},
		"away":        {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.PRF = &vault{key: key, refuse: away} })), away},
		"away later":  {t.Context(), remoteConfig(changed(func(r *pseudonym.RemoteRoot) { r.PRF = &vault{key: key, refuse: away, after: 7} })), pseudonym.ErrRemote},
		"cancelled":   {cancelled, remoteConfig(good), context.Canceled},
		"the lender's own": {t.Context(), remoteConfig(pseudonym.RemoteRoot{KeyInfo: func() pseudonym.KeyInfo {
			info := lender.Roots()[0]
			info.ID ^= 1
			return info
		}(), PRF: &vault{key: lenderKey}}), pseudonym.ErrWeakKey},
		"no tenant":  {t.Context(), pseudonym.RemoteConfig{Roots: []pseudonym.RemoteRoot{good}}, pseudonym.ErrTenant},
		"no purpose": {t.Context(), pseudonym.RemoteConfig{Tenant: "shop", Purposes: []string{"A"}, Roots: []pseudonym.RemoteRoot{good}}, pseudonym.ErrPurpose},
	} {
		if k, err := lender.WithRemote(c.ctx, c.config); !errors.Is(err, c.want) || k != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	ring, err := lender.WithRemote(t.Context(), remoteConfig(good))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"another tenant":  func() error { _, err := pseudonym.NewDeriver(ring, "other", []string{"ads"}); return err },
		"another purpose": func() error { _, err := pseudonym.NewDeriver(ring, "shop", []string{"stats"}); return err },
		"another epoch":   func() error { _, err := pseudonym.NewEpochDeriver(ring, "shop", []string{"ads"}, 4); return err },
		"another store":   func() error { _, err := ring.WrapStoreKey("other", new([32]byte)); return err },
	} {
		if err := f(); !errors.Is(err, pseudonym.ErrRemote) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "keys")
	if _, err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"rotate":  func() error { _, err := ring.Rotate(time.Now()); return err },
		"signing": func() error { _, err := ring.RotateSigning(time.Now()); return err },
		"again":   func() error { _, err := ring.WithRemote(t.Context(), remoteConfig(good)); return err },
		"a file": func() error {
			_, err := pseudonym.UpdateKeyFile(path, func(*pseudonym.Keyring) (*pseudonym.Keyring, error) { return ring, nil })
			if errors.Is(err, pseudonym.ErrKeyFileLoss) { // of another ring, which is noticed first
				err = pseudonym.ErrRemoteRing
			}
			return err
		},
	} {
		if err := f(); !errors.Is(err, pseudonym.ErrRemoteRing) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
