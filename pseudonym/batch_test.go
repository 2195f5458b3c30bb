package pseudonym_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// people returns identifiers of every type and of lengths around the blocks of
// SHA-256, long ones before short ones: nothing of one may reach the next.
func people(t *testing.T) (raws []pseudonym.Raw) {
	t.Helper()
	for _, n := range []int{256, 1, 119, 120, 55, 56, 64, 63, 24, 128, 2} {
		raws = append(raws, pseudonym.Opaque(strings.Repeat("x", n)))
	}
	for _, c := range kindCases {
		if c.err == nil {
			raws = append(raws, byType[c.kind](c.in))
		}
	}
	for _, c := range phoneCases {
		if c.err == nil {
			raws = append(raws, pseudonym.Phone(c.in))
		}
	}
	raws = append(raws, pseudonym.Email("özil@bücher.example"), pseudonym.Email("a@b"))
	return raws
}

func TestIDs(t *testing.T) {
	k, saved := newDeriver(t, "ads")
	raws := people(t)
	for name, d := range map[string]*pseudonym.Deriver{"saved-state": saved, "crypto/hmac": pooled(t, k, "acme", "ads")} {
		dst := make([]pseudonym.ID, len(raws)+1)
		if n, err := d.IDs(dst, raws, "ads"); n != len(raws) || err != nil || !dst[n].IsZero() {
			t.Fatalf("%s: %d of %d, %v", name, n, len(raws), err)
		}
		for i, r := range raws {
			if id, err := saved.ID(r, "ads"); err != nil || id != dst[i] {
				t.Errorf("%s: identifier %d differs from a single derivation, %v", name, i, err)
			}
		}
		if n, err := d.IDs(dst[:3], raws, "ads"); n != 3 || err != io.ErrShortBuffer {
			t.Errorf("%s: short buffer: %d, %v", name, n, err)
		}
		bad := append(raws[:2:2], pseudonym.Phone("5550100"), raws[3])
		clear(dst)
		if n, err := d.IDs(dst, bad, "ads"); n != 2 || err != pseudonym.ErrPhoneForm || !dst[2].IsZero() || dst[1].IsZero() {
			t.Errorf("%s: refused identifier: %d, %v", name, n, err)
		}
		if n, err := d.IDs(dst, raws, "other"); n != 0 || err != pseudonym.ErrPurpose {
			t.Errorf("%s: unknown purpose: %d, %v", name, n, err)
		}
		if n, err := d.IDs(nil, nil, "ads"); n != 0 || err != nil {
			t.Errorf("%s: nothing: %d, %v", name, n, err)
		}
	}
	if n, err := new(pseudonym.Deriver).IDs(nil, nil, "ads"); n != 0 || err != pseudonym.ErrKeyring {
		t.Errorf("zero Deriver: %d, %v", n, err)
	}
}

func TestIDsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	_, d := newDeriver(t, "ads")
	raws := []pseudonym.Raw{pseudonym.Email("jane@example.com"), pseudonym.Phone("+441134960987"), pseudonym.Opaque("7")}
	dst := make([]pseudonym.ID, len(raws))
	if n := testing.AllocsPerRun(200, func() { d.IDs(dst, raws, "ads") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A Deriver is used from many goroutines at once; the race detector watches.
func TestIDsTogether(t *testing.T) {
	_, d := newDeriver(t, "ads")
	raws := people(t)
	want := make([]pseudonym.ID, len(raws))
	if _, err := d.IDs(want, raws, "ads"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := make([]pseudonym.ID, len(raws))
			for range 50 {
				clear(got)
				if _, err := d.IDs(got, raws, "ads"); err != nil {
					t.Error(err)
					return
				}
				for i := range got {
					if got[i] != want[i] {
						t.Errorf("identifier %d differs", i)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// More purposes than are looked up one by one are all found, and none other.
func TestManyPurposes(t *testing.T) {
	k, _ := newDeriver(t, "ads")
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("purpose-%d", i))
	}
	many := deriver(t, k, "acme", names...)
	raw := pseudonym.Email("jane@example.com")
	for _, name := range names {
		one := deriver(t, k, "acme", name)
		a, errA := many.ID(raw, name)
		b, errB := one.ID(raw, name)
		if errA != nil || errB != nil || a != b {
			t.Errorf("%s: %v, %v", name, errA, errB)
		}
	}
	if _, err := many.ID(raw, "ads"); err != pseudonym.ErrPurpose {
		t.Errorf("unknown purpose: %v", err)
	}
}
