package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/segment"
)

// testUpdate replaces rows of both kinds in one step, in the order of the call.
func testUpdate(t *testing.T, s Store) {
	ctx := t.Context()
	putConsent(t, s, 1, "consent-1")
	put(t, s, key(one, 1), "one-1")
	put(t, s, key(two, 1), "two-1")
	put(t, s, key(two, 3), "")
	var saw []string
	err := s.Update(ctx, people(1, 3), []segment.Key{key(two, 1), key(one, 1), key(two, 2), key(two, 3)}, func(i int, row []byte) ([]byte, error) {
		if i == 0 {
			saw = nil
		}
		saw = append(saw, fmt.Sprintf("%d %s %v", i, row, row != nil))
		if i%2 == 0 {
			return nil, nil
		}
		return fmt.Appendf(nil, "new-%d", i), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(saw), "[0 consent-1 true 1  false 2 two-1 true 3 one-1 true 4  false 5  true]"; got != want {
		t.Errorf("f was called with %s, want %s", got, want)
	}
	for n, want := range map[int]string{1: "", 2: "new-1"} {
		if row, err := s.ConsentRow(ctx, who(n)); err != nil || string(row) != want {
			t.Errorf("consent %d is %q, %v", n, row, err)
		}
	}
	for k, want := range map[segment.Key]string{key(two, 1): "", key(one, 1): "new-3", key(two, 2): "", key(two, 3): "new-5"} {
		if row, err := s.ProfileRow(ctx, k); err != nil || string(row) != want || (row == nil) != (want == "") {
			t.Errorf("%s is %q, %v", k.Purpose, row, err)
		}
	}
	// An error, wherever it comes, leaves everything as it was.
	for stop := range 3 {
		err := s.Update(ctx, people(2, 3), keys(one, 1, 3), func(i int, row []byte) ([]byte, error) {
			if i == stop {
				return nil, errStop
			}
			return []byte("half"), nil
		})
		if err != errStop {
			t.Errorf("an error of f: %v", err)
		}
	}
	if row, err := s.ConsentRow(ctx, who(2)); err != nil || string(row) != "new-1" {
		t.Errorf("after errors, the consent is %q, %v", row, err)
	}
	if row, err := s.ProfileRow(ctx, key(one, 1)); err != nil || string(row) != "new-3" {
		t.Errorf("after errors, the profile is %q, %v", row, err)
	}
	none := func(int, []byte) ([]byte, error) { return []byte("x"), nil }
	if err := s.Update(ctx, nil, nil, none); err != nil {
		t.Errorf("nothing to update: %v", err)
	}
	if s.Update(ctx, []ident.Subject{who(2), {}}, nil, none) == nil || s.Update(ctx, people(2, 3), []segment.Key{{Purpose: one}}, none) == nil {
		t.Error("a row without a pseudonym was updated")
	}
	if row, _ := s.ConsentRow(ctx, who(2)); string(row) != "new-1" {
		t.Error("half an update was written")
	}
}

// testMove moves rows between two names, back and forth, while others count in
// whichever is there: no scan sees both or neither, and no count is lost.
func testMove(t *testing.T, s Store) {
	const crowd, moves, each = 4, 25, 20
	ctx := t.Context()
	for i := range crowd {
		put(t, s, key(one, i), string(numberRow(1)))
	}
	var moving, counting sync.WaitGroup
	for i := range crowd {
		from, to := i, i+crowd
		moving.Go(func() {
			for range moves {
				var row []byte
				err := s.Update(ctx, []ident.Subject{who(from), who(to)}, []segment.Key{key(one, from), key(one, to)}, func(i int, old []byte) ([]byte, error) {
					switch {
					case i == 2:
						row = bytes.Clone(old)
						return nil, nil
					case i == 3 && (row == nil || old != nil):
						return nil, errStop
					case i == 3:
						return row, nil
					}
					return old, nil
				})
				if err != nil {
					t.Error("moved: ", err)
					return
				}
				from, to = to, from
			}
		})
		for range 2 {
			counting.Go(func() {
				for n := 0; n < each; {
					err := s.ProfileUpdate(ctx, []segment.Key{key(one, i), key(one, i+crowd)}, func(_ int, row []byte) ([]byte, error) {
						if row == nil {
							return nil, nil
						}
						return numberRow(number(row) + 1), nil
					})
					if err != nil {
						t.Error("counted: ", err)
						return
					}
					n++
				}
			})
		}
	}
	for range 20 {
		if n := len(scan(t, s, one)); n != crowd {
			t.Errorf("a scan sees %d rows of %d people", n, crowd)
			break
		}
	}
	moving.Wait()
	counting.Wait()
	for _, row := range scan(t, s, one) {
		if number([]byte(row)) != 2*each+1 {
			t.Errorf("a row counts %d of %d", number([]byte(row)), 2*each+1)
		}
	}
}
