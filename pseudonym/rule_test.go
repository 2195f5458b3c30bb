package pseudonym_test

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// The hashes are those of `printf test@example.com | sha256sum` and so on.
func TestRuleOf(t *testing.T) {
	for _, c := range []struct {
		rule pseudonym.Rule
		raw  pseudonym.Raw
		want string
	}{
		{pseudonym.SHA256Email, pseudonym.Email(" Test@Example.com\n"), "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"},
		{pseudonym.SHA256Email, pseudonym.EmailGmail("test@example.com"), "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"},
		{pseudonym.SHA1Email, pseudonym.Email("test@example.com"), "567159d622ffbb50b11b0efd307be358624a26ee"},
		{pseudonym.MD5Email, pseudonym.Email("test@example.com"), "55502f40dc8b7c769880b10874abc9d0"},
		{pseudonym.SHA256Phone, pseudonym.Phone("+44 113 496 0987"), "0fac52d27ec377f8ad2f9de75d1f9bace693237e31868ae6f4616b8bbd0e94fb"},
		{pseudonym.SHA256Email, pseudonym.Email("no address"), ""},
		{pseudonym.SHA256Email, pseudonym.Opaque("test@example.com"), ""},
		{pseudonym.SHA256Email, pseudonym.Phone("+441134960987"), ""},
		{pseudonym.SHA256Phone, pseudonym.Email("test@example.com"), ""},
		{pseudonym.Rule(0), pseudonym.Email("test@example.com"), ""},
		{pseudonym.Rule(9), pseudonym.Email("test@example.com"), ""},
		{pseudonym.SHA256Email, pseudonym.Raw{}, ""},
	} {
		got, ok := c.rule.Of(c.raw)
		if ok != (c.want != "") || ok && got.Expose() != c.want {
			t.Errorf("rule %d: %v, %s, want %s", c.rule, ok, got.Expose(), c.want)
		}
	}
}

// TestReport counts rows by root: an old one may go when nothing stands under it.
func TestReport(t *testing.T) {
	ring, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	rows := func(rings ...*pseudonym.Keyring) iter.Seq2[pseudonym.ID, error] {
		return func(yield func(pseudonym.ID, error) bool) {
			for i, k := range rings {
				d, err := pseudonym.NewDeriver(k, "shop", []string{"ads"})
				if err != nil {
					t.Fatal(err)
				}
				id, err := d.ID(pseudonym.Opaque(string(rune('a'+i))), "ads")
				if !yield(id, err) {
					return
				}
			}
		}
	}
	second, err := ring.Rotate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	third, err := second.Rotate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	list, err := third.Report(rows(ring, third, ring, stranger))
	if err != nil || len(list) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []pseudonym.KeyUse{
		{KeyInfo: pseudonym.KeyInfo{ID: third.KeyID(), State: pseudonym.Write}, Rows: 1},
		{KeyInfo: pseudonym.KeyInfo{ID: second.KeyID(), State: pseudonym.Read}, MayGo: true},
		{KeyInfo: pseudonym.KeyInfo{ID: ring.KeyID(), State: pseudonym.Read}, Rows: 2},
		{KeyInfo: pseudonym.KeyInfo{ID: stranger.KeyID()}, Rows: 1},
	} {
		got := list[i]
		if got.ID != want.ID || got.State != want.State || got.Rows != want.Rows || got.MayGo != want.MayGo {
			t.Errorf("root %d: %+v, want %+v", i, got, want)
		}
	}
	broken := errors.New("broken")
	_, err = third.Report(func(yield func(pseudonym.ID, error) bool) { yield(pseudonym.ID{}, broken) })
	if err != broken {
		t.Errorf("a scan that fails: %v", err)
	}
	if _, err := new(pseudonym.Keyring).Report(rows()); !errors.Is(err, pseudonym.ErrKeyring) {
		t.Errorf("no keyring: %v", err)
	}
}
