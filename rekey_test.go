package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// rotated returns the ring with a new root that writes.
func rotated(t *testing.T, ring *pseudonym.Keyring) *pseudonym.Keyring {
	t.Helper()
	next, err := ring.Rotate(time.Now())
	check(t, err)
	return next
}

func retired(t *testing.T, ring *pseudonym.Keyring, id uint32, to pseudonym.State) *pseudonym.Keyring {
	t.Helper()
	next, err := ring.Retire(id, to, time.Now())
	check(t, err)
	return next
}

// rowsOf returns how many profile rows stand under each key id.
func rowsOf(t *testing.T, s discreet.Store) map[uint32]int {
	t.Helper()
	rows := map[uint32]int{}
	check(t, s.ProfileScan(t.Context(), discreettest.Purpose, func(id segment.ID, _ []byte) error {
		rows[id.KeyID()]++
		return nil
	}))
	return rows
}

func subjectsOf(t *testing.T, s discreet.Store) map[uint32]int {
	t.Helper()
	rows := map[uint32]int{}
	check(t, s.ConsentSweep(t.Context(), func(who consent.Subject, row []byte) ([]byte, error) {
		rows[who.ID().KeyID()]++
		return row, nil
	}))
	return rows
}

func recordOne(t *testing.T, e *discreet.Engine, who discreet.Raw, message string) discreet.Outcome {
	t.Helper()
	out, err := e.Record(t.Context(), discreet.Event{
		Who: who, MessageID: message, Kind: "view", Item: "a", Category: "sports.running", Time: discreettest.Start,
	})
	check(t, err)
	return out[0]
}

// TestSetKeys rotates the root: whoever is seen next is moved, with consent,
// profile and what replays are known by; who is not, is found by every right all
// the same.
func TestSetKeys(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, ring := world.Engine, world.Config.Keys
	old := ring.KeyID()
	for _, who := range []discreet.Raw{ann, bob} {
		check(t, e.Choose(ctx, who, agree))
		if out := recordOne(t, e, who, "1"); out.Result != segment.Admitted {
			t.Fatalf("%v %v", out.Decision, out.Result)
		}
	}
	before, err := e.Export(ctx, ann, operator)
	check(t, err)

	other, err := pseudonym.NewKeyring()
	check(t, err)
	if err := e.SetKeys(ctx, other, operator); !errors.Is(err, discreet.ErrKeys) {
		t.Errorf("a foreign keyring: %v", err)
	}
	next := rotated(t, ring)
	if err := e.SetKeys(ctx, retired(t, next, old, pseudonym.EraseOnly), operator); !errors.Is(err, discreet.ErrKeys) {
		t.Errorf("a keyring that finds nobody: %v", err)
	}
	if err := e.SetKeys(ctx, next, discreet.Actor{}); err == nil {
		t.Error("without an actor")
	}
	check(t, e.SetKeys(ctx, next, operator))

	if out := recordOne(t, e, ann, "1"); out.Result != segment.Duplicate {
		t.Errorf("a replay after the rotation: %v %v", out.Decision, out.Result)
	}
	after, err := e.Export(ctx, ann, operator)
	check(t, err)
	if fmt.Sprint(before.Profiles) != fmt.Sprint(after.Profiles) {
		t.Errorf("after the move:\n%v\nbefore:\n%v", after.Profiles, before.Profiles)
	}
	if got, want := rowsOf(t, store), map[uint32]int{old: 1, next.KeyID(): 1}; !maps.Equal(got, want) {
		t.Errorf("profile rows by key: %v, want %v", got, want)
	}
	if got, want := subjectsOf(t, store), map[uint32]int{old: 1, next.KeyID(): 1}; !maps.Equal(got, want) {
		t.Errorf("consent rows by key: %v, want %v", got, want)
	}
	if n := e.Stats().Moved; n != 1 {
		t.Errorf("%d people moved", n)
	}
	check(t, errOf(e.Erase(ctx, bob, operator)))
	if got, want := rowsOf(t, store), map[uint32]int{next.KeyID(): 1}; !maps.Equal(got, want) {
		t.Errorf("after an erasure, profile rows by key: %v, want %v", got, want)
	}
	check(t, errOf(e.Withdraw(ctx, ann)))
	if got := rowsOf(t, store); len(got) != 0 {
		t.Errorf("after a withdrawal: %v", got)
	}
}

// TestEraseOnly keeps an old root for access and erasure: nothing under it is
// served or released, and everything is shown and erased.
func TestEraseOnly(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, ring := world.Engine, world.Config.Keys
	check(t, e.Choose(ctx, ann, agree))
	recordOne(t, e, ann, "1")
	next := rotated(t, ring)
	check(t, e.SetKeys(ctx, next, operator))
	check(t, e.SetKeys(ctx, retired(t, next, ring.KeyID(), pseudonym.EraseOnly), operator))
	if out := recordOne(t, e, ann, "2"); out.Decision.Allowed {
		t.Error("a consent under a root that is not read any more is used")
	}
	x, err := e.Export(ctx, ann, operator)
	check(t, err)
	if len(x.Profiles) != 1 {
		t.Errorf("the export holds %d profiles", len(x.Profiles))
	}
	check(t, errOf(e.Erase(ctx, ann, operator)))
	if got := rowsOf(t, store); len(got) != 0 {
		t.Errorf("after an erasure: %v", got)
	}
}

// TestDestroyed: what stands under a destroyed root is found by nobody, released
// to nobody, and swept.
func TestDestroyed(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, ring := world.Engine, world.Config.Keys
	check(t, e.Choose(ctx, ann, agree))
	recordOne(t, e, ann, "1")
	next := rotated(t, ring)
	check(t, e.SetKeys(ctx, next, operator))
	next = retired(t, retired(t, next, ring.KeyID(), pseudonym.EraseOnly), ring.KeyID(), pseudonym.Destroyed)
	check(t, e.SetKeys(ctx, next, operator))
	swept, err := e.Sweep(ctx)
	if err != nil || swept.Profiles != 1 || swept.Consents != 1 || len(rowsOf(t, store)) != 0 || len(subjectsOf(t, store)) != 0 {
		t.Errorf("%+v, %v", swept, err)
	}
}

// TestRekey moves everybody in bulk, so that the old root can go.
func TestRekey(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, ring := world.Engine, world.Config.Keys
	var people []discreet.Raw
	for i := range 50 {
		people = append(people, discreet.Email(fmt.Sprintf("person-%d@example.com", i)))
		check(t, e.Choose(ctx, people[i], agree))
		recordOne(t, e, people[i], "1")
	}
	next := rotated(t, ring)
	check(t, e.SetKeys(ctx, next, operator))
	list := append(slices.Clone(people), discreet.Email("nobody"), discreet.Raw{}, discreet.Email("stranger@example.com"))
	m, err := e.Rekey(ctx, slices.Values(list))
	check(t, err)
	if want := (discreet.Moves{People: 53, Malformed: 2, Moved: 50}); m != want {
		t.Errorf("%+v, want %+v", m, want)
	}
	if got, want := rowsOf(t, store), map[uint32]int{next.KeyID(): 50}; !maps.Equal(got, want) {
		t.Errorf("profile rows by key: %v, want %v", got, want)
	}
	report, err := e.KeyReport(ctx)
	if err != nil || len(report) != 2 || report[0].Rows != 100 || report[0].MayGo || report[1].Rows != 0 || !report[1].MayGo {
		t.Errorf("%+v, %v", report, err)
	}
	if m, err := e.Rekey(ctx, slices.Values(list)); err != nil || m.Moved != 0 {
		t.Errorf("once more: %+v, %v", m, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if m, err := e.Rekey(gone, slices.Values(list)); !errors.Is(err, context.Canceled) || m.People != 0 {
		t.Errorf("cancelled: %+v, %v", m, err)
	}
}

// TestAdopt finds people who were recorded under hashes and ids of other
// systems.
func TestAdopt(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store, Adopt: []pseudonym.Rule{pseudonym.SHA256Email}})
	e := world.Engine
	// printf ann@example.com | sha256sum
	hash := discreet.Digest(pseudonym.SHA256Email, "71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476")
	cdp := discreet.Opaque("cdp-77")
	for _, who := range []discreet.Raw{hash, cdp} {
		check(t, e.Choose(ctx, who, agree))
		recordOne(t, e, who, "1")
	}
	if out := recordOne(t, e, discreet.Email(" Ann@Example.com"), "1"); out.Result != segment.Duplicate {
		t.Errorf("who was known by a hash: %v %v", out.Decision, out.Result)
	}
	pairs := func(all ...[2]discreet.Raw) iter.Seq2[discreet.Raw, discreet.Raw] {
		return func(yield func(discreet.Raw, discreet.Raw) bool) {
			for _, p := range all {
				if !yield(p[0], p[1]) {
					return
				}
			}
		}
	}
	m, err := e.Adopt(ctx, pairs([2]discreet.Raw{cdp, bob}, [2]discreet.Raw{discreet.Opaque("cdp-78"), ann}, [2]discreet.Raw{cdp, discreet.Email("?")}))
	check(t, err)
	if want := (discreet.Moves{People: 3, Malformed: 1, Moved: 1}); m != want {
		t.Errorf("%+v, want %+v", m, want)
	}
	if out := recordOne(t, e, bob, "1"); out.Result != segment.Duplicate {
		t.Errorf("who was known by an id: %v %v", out.Decision, out.Result)
	}
	if n := len(rowsOf(t, store)); n != 1 || rowsOf(t, store)[world.Config.Keys.KeyID()] != 2 {
		t.Errorf("rows: %v", rowsOf(t, store))
	}
}

// TestMerge joins two identifiers: the stricter consent wins, one row remains,
// and whoever comes back under the other is asked again.
func TestMerge(t *testing.T) {
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e := world.Engine
	device := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e")
	for _, who := range []discreet.Raw{device, ann} {
		check(t, e.Choose(ctx, who, agree))
	}
	recordOne(t, e, device, "1")
	recordOne(t, e, ann, "2")
	check(t, e.Merge(ctx, device, ann))
	if n := rowsOf(t, store)[world.Config.Keys.KeyID()]; n != 1 {
		t.Errorf("%d rows remain", n)
	}
	if out := recordOne(t, e, ann, "2"); out.Result != segment.Duplicate {
		t.Errorf("a replay: %v %v", out.Decision, out.Result)
	}
	if out := recordOne(t, e, device, "3"); out.Decision.Allowed {
		t.Error("the device is recorded without being asked again")
	}
	if asks, err := e.Needs(ctx, ann); err != nil || len(asks) != 0 {
		t.Errorf("who agreed twice is asked again: %v, %v", asks, err)
	}
	if err := e.Merge(ctx, ann, ann); !errors.Is(err, discreet.ErrSame) {
		t.Errorf("with itself: %v", err)
	}
	check(t, e.Merge(ctx, device, ann)) // nothing is left to merge
	if out := recordOne(t, e, ann, "3"); out.Result != segment.Admitted {
		t.Errorf("after merging twice: %v %v", out.Decision, out.Result)
	}
	if asks, err := e.Needs(ctx, device); err != nil || len(asks) == 0 {
		t.Errorf("the device is not asked again: %v", err)
	}

	// A refusal on one side is one for both.
	check(t, e.Choose(ctx, bob, refuse))
	check(t, e.Merge(ctx, bob, ann))
	if out := recordOne(t, e, ann, "4"); out.Decision.Allowed {
		t.Error("a refusal was lost in the merge")
	}
}

// TestRotationUnderLoad rotates, re-keys and retires while others record, ask
// and erase: no scan ever meets two rows of one person.
func TestRotationUnderLoad(t *testing.T) {
	const crowd, rounds, kept = 6, 60, 3
	ctx, store := t.Context(), memstore.Volatile()
	world := openWorld(t, discreet.Config{Store: store})
	e, ring := world.Engine, world.Config.Keys
	var people []discreet.Raw
	for i := range crowd {
		people = append(people, discreet.Email(fmt.Sprintf("person-%d@example.com", i)))
	}
	var mu sync.Mutex
	owner := map[segment.ID]int{} // of every pseudonym that a ring ever gave
	know := func(ring *pseudonym.Keyring) {
		d, err := pseudonym.NewDeriver(ring, world.Config.Tenant, []string{discreettest.Purpose})
		check(t, err)
		mu.Lock()
		defer mu.Unlock()
		for i, who := range people {
			id, err := d.ID(who, discreettest.Purpose)
			check(t, err)
			owner[id] = i
		}
	}
	know(ring)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	work := func(f func(n int) error) {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range crowd {
		work(func(n int) error {
			if n%50 == 0 {
				if err := e.Choose(ctx, people[i], agree); err != nil {
					return err
				}
			}
			_, err := e.Record(ctx, discreet.Event{
				Who: people[i], MessageID: fmt.Sprint(n), Kind: "view", Item: "a", Category: "sports.running", Time: discreettest.Start,
			})
			return err
		})
	}
	work(func(n int) error { return errOf(e.Withdraw(ctx, people[n%crowd])) })
	released := 0
	work(func(int) error {
		if released++; released > 20 {
			return nil
		}
		_, err := e.Release(ctx, discreet.Query{Name: fmt.Sprint("release-", released), Measure: "sizes", Share: 0.01}, operator)
		return err
	})
	work(func(int) error {
		seen := map[int]bool{}
		return store.ProfileScan(ctx, discreettest.Purpose, func(id segment.ID, _ []byte) error {
			mu.Lock()
			defer mu.Unlock()
			who, ok := owner[id]
			if !ok || seen[who] {
				return fmt.Errorf("a scan meets a person twice, or nobody: %v", ok)
			}
			seen[who] = true
			return nil
		})
	})
	for range rounds {
		ring = rotated(t, ring)
		know(ring)
		check(t, e.SetKeys(ctx, ring, operator))
		if _, err := e.Rekey(ctx, slices.Values(people)); err != nil {
			t.Error(err)
		}
		if roots := ring.Roots(); len(roots) > kept && roots[kept].State == pseudonym.Read {
			id := roots[kept].ID
			ring = retired(t, retired(t, ring, id, pseudonym.EraseOnly), id, pseudonym.Destroyed)
			check(t, e.SetKeys(ctx, ring, operator))
		}
	}
	close(stop)
	wg.Wait()
}
