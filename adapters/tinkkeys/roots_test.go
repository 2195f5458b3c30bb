package tinkkeys_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/discreet-go/discreet/adapters/tinkkeys"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/prf/hmacprf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

var secret = regexp.MustCompile(`(?m)^root [0-9a-f]{6} ([0-9a-f]{64})$`)

// local makes a key file and returns its ring and the bytes of its root.
func local(t testing.TB) (*pseudonym.Keyring, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	k, err := pseudonym.CreateKeyFile(path)
	check(t, err)
	text, err := os.ReadFile(path)
	check(t, err)
	key, err := hex.DecodeString(string(secret.FindSubmatch(text)[1]))
	check(t, err)
	return k, key
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// add adds a key of known bytes to a keyset.
func add(t testing.TB, m *keyset.Manager, key []byte, hash hmacprf.HashType) uint32 {
	t.Helper()
	params, err := hmacprf.NewParameters(len(key), hash)
	check(t, err)
	k, err := hmacprf.NewKey(secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{}), params)
	check(t, err)
	id, err := m.AddKey(k)
	check(t, err)
	return id
}

func handle(t testing.TB, m *keyset.Manager) *keyset.Handle {
	t.Helper()
	h, err := m.Handle()
	check(t, err)
	return h
}

func config(roots []pseudonym.RemoteRoot) pseudonym.RemoteConfig {
	return pseudonym.RemoteConfig{Tenant: "shop", Purposes: []string{"ads"}, Roots: roots}
}

func id(t testing.TB, k *pseudonym.Keyring) pseudonym.ID {
	t.Helper()
	d, err := pseudonym.NewDeriver(k, "shop", []string{"ads"})
	check(t, err)
	id, err := d.ID(pseudonym.Email("ada@example.com"), "ads")
	check(t, err)
	return id
}

// A key inside Tink derives what a key file with the same bytes derives.
func TestSameBytesSamePseudonyms(t *testing.T) {
	lender, _ := local(t)
	k, key := local(t)
	m := keyset.NewManager()
	tinkID := add(t, m, key, hmacprf.SHA256)
	check(t, m.SetPrimary(tinkID))
	h := handle(t, m)
	roots, err := tinkkeys.Roots(h, []tinkkeys.Key{{TinkID: tinkID, Info: k.Roots()[0]}})
	check(t, err)
	ring, err := lender.WithRemote(t.Context(), config(roots))
	check(t, err)
	if id(t, ring) != id(t, k) {
		t.Fatal("another pseudonym")
	}
	f, err := tinkkeys.PRF(h, tinkID)
	check(t, err)
	if value, err := pseudonym.RemoteCheck(t.Context(), f); err != nil || value != k.Check() {
		t.Fatalf("another check value, %v", err)
	}
}

// A rotation inside Tink: what was written before is found, as long as its line
// says so.
func TestRotation(t *testing.T) {
	lender, _ := local(t)
	first, firstKey := local(t)
	second, secondKey := local(t)
	m := keyset.NewManager()
	one := add(t, m, firstKey, hmacprf.SHA256)
	check(t, m.SetPrimary(one))
	table := []tinkkeys.Key{{TinkID: one, Info: first.Roots()[0]}}
	open := func() (*pseudonym.Keyring, error) {
		roots, err := tinkkeys.Roots(handle(t, m), table)
		if err != nil {
			return nil, err
		}
		return lender.WithRemote(t.Context(), config(roots))
	}
	ring, err := open()
	check(t, err)
	before := id(t, ring)

	two := add(t, m, secondKey, hmacprf.SHA256)
	now := first.Created().AddDate(1, 0, 0)
	info := second.Roots()[0]
	info.Created, info.Since, info.Deadline = now, now, now.AddDate(1, 0, 0)
	old := first.Roots()[0]
	old.State, old.Since, old.Deadline = pseudonym.Read, now, now.AddDate(2, 0, 0)
	table = []tinkkeys.Key{{TinkID: two, Info: info}, {TinkID: one, Info: old}}
	if _, err := open(); !errors.Is(err, tinkkeys.ErrPrimary) {
		t.Fatalf("the root that writes is not primary: %v", err)
	}
	check(t, m.SetPrimary(two))
	ring, err = open()
	check(t, err)
	if id(t, ring) == before || id(t, ring) != id(t, second) && ring.KeyID() == second.KeyID() {
		t.Fatal("the new key does not write")
	}
	d, err := pseudonym.NewDeriver(ring, "shop", []string{"ads"})
	check(t, err)
	found := func(d *pseudonym.Deriver) bool {
		list, err := d.AppendAll(nil, pseudonym.Email("ada@example.com"), "ads")
		check(t, err)
		for _, c := range list {
			if c == before {
				return true
			}
		}
		return false
	}
	if !found(d) {
		t.Fatal("what was written before is not found")
	}
	check(t, m.Disable(one))
	if _, err := open(); !errors.Is(err, tinkkeys.ErrKey) {
		t.Fatalf("a disabled key is read: %v", err)
	}
	table[1].Info.State, table[1].Info.Deadline = pseudonym.Destroyed, time.Time{}
	ring, err = open()
	check(t, err)
	d, err = pseudonym.NewDeriver(ring, "shop", []string{"ads"})
	check(t, err)
	if found(d) {
		t.Fatal("a destroyed root still derives")
	}
}

func TestRefused(t *testing.T) {
	k, key := local(t)
	m := keyset.NewManager()
	good := add(t, m, key, hmacprf.SHA256)
	sha512 := add(t, m, key, hmacprf.SHA512)
	sha1 := add(t, m, key, hmacprf.SHA1)
	short := add(t, m, key[:16], hmacprf.SHA256)
	check(t, m.SetPrimary(good))
	others := map[string]uint32{}
	for name, template := range map[string]func() *tinkpb.KeyTemplate{"hkdf": prf.HKDFSHA256PRFKeyTemplate, "cmac": prf.AESCMACPRFKeyTemplate} {
		id, err := m.Add(template())
		check(t, err)
		others[name] = id
	}
	h := handle(t, m)
	for name, c := range map[string]struct {
		id   uint32
		want error
	}{
		"SHA-512": {sha512, tinkkeys.ErrKeyType}, "SHA-1": {sha1, tinkkeys.ErrKeyType}, "16 bytes": {short, tinkkeys.ErrKeyType},
		"HKDF": {others["hkdf"], tinkkeys.ErrKeyType}, "CMAC": {others["cmac"], tinkkeys.ErrKeyType}, "none": {good + 1, tinkkeys.ErrKey},
	} {
		if _, err := tinkkeys.PRF(h, c.id); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tinkkeys.PRF(nil, good); !errors.Is(err, tinkkeys.ErrKeyset) {
		t.Errorf("no keyset: %v", err)
	}
	info := k.Roots()[0]
	if _, err := tinkkeys.Roots(h, []tinkkeys.Key{{TinkID: good, Info: info}, {TinkID: good, Info: info}}); !errors.Is(err, tinkkeys.ErrTable) {
		t.Errorf("twice: %v", err)
	}
	other, _ := local(t)
	roots, err := tinkkeys.Roots(h, []tinkkeys.Key{{TinkID: good, Info: other.Roots()[0]}})
	check(t, err)
	if _, err := k.WithRemote(t.Context(), config(roots)); !errors.Is(err, pseudonym.ErrRemoteCheck) {
		t.Errorf("a table that names another key: %v", err)
	}
}

func ExampleRoots() {
	// In a service, the keyset is read encrypted, with a key of a key management service.
	m := keyset.NewManager()
	tinkID, err := m.Add(prf.HMACSHA256PRFKeyTemplate())
	if err == nil {
		err = m.SetPrimary(tinkID)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := m.Handle()
	if err != nil {
		fmt.Println(err)
		return
	}
	// Once, when the key is taken into use:
	f, err := tinkkeys.PRF(h, tinkID)
	if err != nil {
		fmt.Println(err)
		return
	}
	made := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	info := pseudonym.KeyInfo{ID: 0x0a1b2c, State: pseudonym.Write, Created: made, Since: made, Deadline: made.AddDate(1, 0, 0)}
	if info.Check, err = pseudonym.RemoteCheck(context.Background(), f); err != nil {
		fmt.Println(err)
		return
	}
	// At every start:
	roots, err := tinkkeys.Roots(h, []tinkkeys.Key{{TinkID: tinkID, Info: info}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(roots), roots[0].State)
	// Output: 1 write
}
