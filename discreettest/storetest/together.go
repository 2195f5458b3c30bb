package storetest

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

func increment(_ int, row []byte) ([]byte, error) { return numberRow(number(row) + 1), nil }

// testCalledAgain has another update come in while f runs. The store may call f
// again, or let the other wait; neither update may be lost.
func testCalledAgain(t *testing.T, s Store) {
	for _, n := range []int{1, 3} { // alone, and among others
		var wg sync.WaitGroup
		calls := 0
		err := s.ProfileUpdate(t.Context(), keys(one, 0, n), func(i int, row []byte) ([]byte, error) {
			if i == 0 {
				if calls++; calls <= 10 { // more often than a store may lose
					done := make(chan error, 1)
					wg.Go(func() { done <- s.ProfileUpdate(t.Context(), keys(one, 0, 1), increment) })
					select {
					case err := <-done:
						if err != nil {
							t.Error(err)
						}
					case <-time.After(50 * time.Millisecond):
					}
				}
			}
			return increment(i, row)
		})
		if err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		row, err := s.ProfileRow(t.Context(), key(one, 0))
		if err != nil || number(row) != uint64(min(calls, 10)+1) {
			t.Fatalf("%d updates left %d: %v", min(calls, 10)+1, number(row), err)
		}
		if err := s.ProfileUpdate(t.Context(), keys(one, 0, n), func(int, []byte) ([]byte, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// testCounters holds that no increment is lost, in profiles or consent rows.
func testCounters(t *testing.T, s Store) {
	const workers, each, rows = 8, 25, 4
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			d := dice(w)
			for range each {
				from := d.below(rows)
				if err := s.ProfileUpdate(t.Context(), keys(one, from, rows), increment); err != nil {
					t.Error(err)
				}
				err := s.ConsentUpdate(t.Context(), people(from, rows), increment)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last, err := s.ProfileRow(t.Context(), key(one, rows-1))
	if err != nil || number(last) != workers*each {
		t.Errorf("the profile counts %d: %v", number(last), err)
	}
	row, err := s.ConsentRow(t.Context(), who(rows-1))
	if err != nil || number(row) != workers*each {
		t.Errorf("the consent row counts %d: %v", number(row), err)
	}
}

// testTogether moves units between rows of two purposes while scans add them
// up: a scan that saw half of a step would find another sum.
func testTogether(t *testing.T, s Store) {
	const workers, each, rows, start = 4, 60, 40, 1000
	fill := func(int, []byte) ([]byte, error) { return numberRow(start), nil }
	for _, purpose := range []string{one, two} {
		if err := s.ProfileUpdate(t.Context(), keys(purpose, 0, rows), fill); err != nil {
			t.Fatal(err)
		}
	}
	var movers, scanners sync.WaitGroup
	stop := make(chan struct{})
	for w := range workers {
		movers.Go(func() {
			d := dice(w)
			for range each {
				a, b := d.below(rows), d.below(rows)
				if a == b {
					continue
				}
				// Within each purpose a unit moves; two others keep it company.
				k := []segment.Key{key(one, a), key(two, b), key(one, b), key(two, a)}
				err := s.ProfileUpdate(t.Context(), k, func(i int, row []byte) ([]byte, error) {
					return numberRow(number(row) + uint64(i/2)*2 - 1), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, purpose := range []string{one, two} {
		scanners.Go(func() {
			for {
				sum := uint64(0)
				for _, row := range scan(t, s, purpose) {
					sum += number([]byte(row))
				}
				if sum != rows*start {
					t.Errorf("a scan adds up to %d of %d", sum, rows*start)
				}
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	movers.Wait()
	close(stop)
	scanners.Wait()
}

// testSweepConcurrently holds that sweeps and updates do not lose each other's work.
func testSweepConcurrently(t *testing.T, s Store) {
	const rows, each = 300, 20
	if err := s.ProfileUpdate(t.Context(), keys(one, 0, rows), func(int, []byte) ([]byte, error) { return numberRow(0), nil }); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	swept := 0
	for w := range 3 {
		wg.Go(func() {
			for i := range each {
				if w == 0 && i%4 == 0 {
					err := s.ProfileSweep(t.Context(), one, func(_ segment.ID, row []byte) ([]byte, error) { return increment(0, row) })
					if err != nil {
						t.Error(err)
					}
					swept++
				}
				if w > 0 {
					if err := s.ProfileUpdate(t.Context(), keys(one, 0, rows), increment); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, row := range scan(t, s, one) {
		if number([]byte(row)) != uint64(2*each+swept) {
			t.Fatalf("a row counts %d of %d", number([]byte(row)), 2*each+swept)
		}
	}
}

// testForgetTogether watches erasures: whoever sees one part done sees all of it.
func testForgetTogether(t *testing.T, s Store) {
	const crowd = 30
	for i := range crowd {
		put(t, s, key(one, i), "row")
		put(t, s, key(two, i), "row")
		putConsent(t, s, i, "consent")
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range crowd {
			err := s.Forget(t.Context(), who(i), func([]byte) ([]byte, error) { return []byte("erased"), nil }, []segment.Key{key(one, i), key(two, i)})
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range 2 {
		wg.Go(func() {
			for i := 0; i < crowd; {
				consent, err := s.ConsentRow(t.Context(), who(i))
				if err != nil {
					t.Error(err)
					return
				}
				first, err := s.ProfileRow(t.Context(), key(one, i))
				if err != nil {
					t.Error(err)
					return
				}
				second, err := s.ProfileRow(t.Context(), key(two, i))
				if err != nil {
					t.Error(err)
					return
				}
				gone := string(consent) == "erased"
				if gone && first != nil || first == nil && second != nil {
					t.Error("an erasure is seen by halves")
					return
				}
				if gone {
					i++
				}
			}
		})
	}
	wg.Wait()
}

// testForgetAgainstUpdates erases while others write: an update that began
// before the erasure must not bring the old row back.
func testForgetAgainstUpdates(t *testing.T, s Store) {
	for i := range 15 {
		put(t, s, key(one, i), string(numberRow(1_000_000)))
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for range 2 {
			wg.Go(func() {
				for {
					if err := s.ProfileUpdate(t.Context(), keys(one, i, i+1), increment); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		err := s.Forget(t.Context(), who(i), func([]byte) ([]byte, error) { return nil, nil }, keys(one, i, i+1))
		if err != nil {
			t.Error(err)
		}
		close(stop)
		wg.Wait()
		row, err := s.ProfileRow(t.Context(), key(one, i))
		if err != nil || number(row) >= 1_000_000 {
			t.Fatalf("the row from before the erasure is back: %d, %v", number(row), err)
		}
	}
}

// testScript runs a long sequence of single steps against a plain model.
func testScript(t *testing.T, s Store) {
	const crowd = 12
	ctx := t.Context()
	profiles, consents := map[segment.Key]string{}, map[int]string{}
	d := dice(42)
	pick := func() (all []segment.Key) {
		seen := map[segment.Key]bool{}
		for range 1 + d.below(5) {
			if k := key([]string{one, two}[d.below(2)], d.below(crowd)); !seen[k] {
				seen[k] = true
				all = append(all, k)
			}
		}
		return all
	}
	for step := range 400 {
		fresh := fmt.Sprint("row ", step)
		change := func(i int, row []byte) []byte {
			switch (step + i) % 4 {
			case 0:
				return nil
			case 1:
				return row
			case 2:
				return append(append([]byte{}, row...), 'x')
			}
			return []byte(fresh)
		}
		model := func(i int, old string, had bool) (string, bool) {
			var row []byte
			if had {
				row = []byte(old)
			}
			next := change(i, row)
			return string(next), next != nil
		}
		set := func(k segment.Key, row string, has bool) {
			if delete(profiles, k); has {
				profiles[k] = row
			}
		}
		var err error
		switch d.below(6) {
		case 0, 1, 2:
			all := pick()
			err = s.ProfileUpdate(ctx, all, func(i int, row []byte) ([]byte, error) { return change(i, row), nil })
			for i, k := range all {
				old, had := profiles[k]
				row, has := model(i, old, had)
				set(k, row, has)
			}
		case 3:
			n := d.below(crowd)
			err = s.ConsentUpdate(ctx, people(n, crowd), func(i int, row []byte) ([]byte, error) { return change(i, row), nil })
			for i := range crowd - n {
				old, had := consents[n+i]
				if row, has := model(i, old, had); has {
					consents[n+i] = row
				} else {
					delete(consents, n+i)
				}
			}
		case 4:
			if step%3 != 0 {
				continue
			}
			err = s.ProfileSweep(ctx, one, func(_ segment.ID, row []byte) ([]byte, error) { return change(0, row), nil })
			for k, old := range maps.Clone(profiles) {
				if k.Purpose == one {
					row, has := model(0, old, true)
					set(k, row, has)
				}
			}
		case 5:
			n, all := d.below(crowd), pick()
			err = s.Forget(ctx, who(n), func([]byte) ([]byte, error) { return []byte(fresh), nil }, all)
			consents[n] = fresh
			for _, k := range all {
				delete(profiles, k)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if step%20 == 0 {
			compare(t, s, crowd, profiles, consents)
		}
	}
	compare(t, s, crowd, profiles, consents)
}

func compare(t testing.TB, s Store, crowd int, profiles map[segment.Key]string, consents map[int]string) {
	t.Helper()
	text := func(row string, ok bool) string {
		if !ok {
			return "-"
		}
		return row
	}
	for n := range crowd {
		row, ok := consents[n]
		wantConsent(t, s, n, text(row, ok))
		for _, purpose := range []string{one, two} {
			row, ok := profiles[key(purpose, n)]
			want(t, s, key(purpose, n), text(row, ok))
		}
	}
	for _, purpose := range []string{one, two} {
		found := scan(t, s, purpose)
		n := 0
		for k, row := range profiles {
			if k.Purpose == purpose {
				n++
				if found[k.ID] != row {
					t.Fatal("a scan finds another row than the model")
				}
			}
		}
		if len(found) != n {
			t.Fatalf("a scan finds %d rows of %d", len(found), n)
		}
	}
	seen := 0
	err := s.ConsentSweep(t.Context(), func(_ ident.Subject, row []byte) ([]byte, error) {
		seen++
		return row, nil
	})
	if err != nil || seen != len(consents) {
		t.Fatalf("a sweep finds %d consent rows of %d: %v", seen, len(consents), err)
	}
}
