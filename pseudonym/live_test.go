package pseudonym_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// People are derived while the ring rotates 10,000 times; every pseudonym that
// came out is among the candidates of the newest ring.
func TestLive(t *testing.T) {
	const writers, people = 3, 4
	rotations := 10_000
	if raceEnabled {
		rotations = 1000 // each step is twenty times as slow
	}
	k, d := newDeriver(t, "ads")
	live, err := pseudonym.NewLive(d)
	if err != nil {
		t.Fatal(err)
	}
	raws := make([]pseudonym.Raw, people)
	for i := range raws {
		raws[i] = pseudonym.Opaque(fmt.Sprint("customer-", i))
	}
	var done atomic.Bool
	var wg sync.WaitGroup
	seen := make([]map[pseudonym.ID]int, writers)
	for w := range seen {
		seen[w] = map[pseudonym.ID]int{}
		wg.Go(func() {
			for d := (*pseudonym.Deriver)(nil); !done.Load() || d == nil; {
				if d == live.Deriver() {
					runtime.Gosched() // everybody was derived under this one
					continue
				}
				d = live.Deriver()
				for who, raw := range raws {
					link, err := d.Link(raw, "ads")
					if err != nil {
						t.Error(err)
						return
					}
					if id, err := d.ID(raw, "ads"); err != nil || id != link.ID() || id.KeyID() != link.Subject().ID().KeyID() {
						t.Errorf("one Deriver, two roots: %v", err)
						return
					}
					seen[w][link.ID()] = who
				}
			}
		})
	}
	for range rotations {
		next, err := k.Rotate(k.Created())
		if err == nil {
			k, err = next, live.Swap(next)
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	done.Store(true)
	wg.Wait()

	if n := len(k.Roots()); n != rotations+1 {
		t.Errorf("%d roots, want %d", n, rotations+1)
	}
	candidates := map[pseudonym.ID]int{}
	for who, raw := range raws {
		list, err := live.Deriver().AppendCandidates(nil, raw, "ads")
		if err != nil || len(list) != rotations+1 || list[0].KeyID() != k.KeyID() {
			t.Fatalf("%d candidates, %v", len(list), err)
		}
		for _, id := range list {
			candidates[id] = who
		}
	}
	for w := range seen {
		for id, who := range seen[w] {
			if got, ok := candidates[id]; !ok || got != who {
				t.Fatalf("a pseudonym under key %06x is not found again", id.KeyID())
			}
		}
	}

	// What Swap took over equals what is derived afresh.
	for _, info := range k.Roots()[5:] {
		for state := pseudonym.EraseOnly; state <= pseudonym.Destroyed; state++ {
			if k, err = k.Retire(info.ID, state, info.Since); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := live.Swap(k); err != nil {
		t.Fatal(err)
	}
	want, err := deriver(t, k, "acme", "ads").Every(nil, raws[0], "ads")
	if err != nil {
		t.Fatal(err)
	}
	checkForms(t, live.Deriver(), raws[0], "ads", want, 5)
}

func TestSwapRefuses(t *testing.T) {
	must := step(t)
	k, d := newDeriver(t, "ads")
	live, err := pseudonym.NewLive(d)
	if err != nil {
		t.Fatal(err)
	}
	next := must(k.Rotate(k.Created()))
	if err := live.Swap(next); err != nil {
		t.Fatal(err)
	}
	now := live.Deriver()
	for name, c := range map[string]*pseudonym.Keyring{"older": k, "another": newRing(t), "zero": new(pseudonym.Keyring), "nil": nil} {
		if err := live.Swap(c); !errors.Is(err, pseudonym.ErrKeyring) || live.Deriver() != now {
			t.Errorf("%s ring: %v", name, err)
		}
	}
	for _, d := range []*pseudonym.Deriver{nil, new(pseudonym.Deriver)} {
		if l, err := pseudonym.NewLive(d); !errors.Is(err, pseudonym.ErrKeyring) || l != nil {
			t.Errorf("no Deriver: %v", err)
		}
	}
	// Of many at once, the newest ring stays.
	rings := []*pseudonym.Keyring{next}
	for range 20 {
		rings = append(rings, must(rings[len(rings)-1].Rotate(k.Created())))
	}
	var wg sync.WaitGroup
	for _, ring := range rings {
		wg.Go(func() {
			if err := live.Swap(ring); err != nil && !errors.Is(err, pseudonym.ErrKeyring) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if id, err := live.Deriver().ID(pseudonym.Opaque("1"), "ads"); err != nil || id.KeyID() != rings[20].KeyID() {
		t.Errorf("an older ring stayed: %v", err)
	}
}

// A swap keeps tenant, purposes and epoch.
func TestSwapKeepsEpoch(t *testing.T) {
	k := newRing(t)
	d, err := pseudonym.NewEpochDeriver(k, "acme", []string{"ads", "recommend"}, 7)
	if err != nil {
		t.Fatal(err)
	}
	live, err := pseudonym.NewLive(d)
	if err != nil {
		t.Fatal(err)
	}
	k = step(t)(k.Rotate(k.Created()))
	if err := live.Swap(k); err != nil {
		t.Fatal(err)
	}
	if d, err = pseudonym.NewEpochDeriver(k, "acme", []string{"ads", "recommend"}, 7); err != nil {
		t.Fatal(err)
	}
	want, err := d.Every(nil, pseudonym.Opaque("1"), "recommend")
	if err != nil {
		t.Fatal(err)
	}
	checkForms(t, live.Deriver(), pseudonym.Opaque("1"), "recommend", want, 2)
}
