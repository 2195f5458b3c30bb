package memstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func bound(t testing.TB) *memstore.Store {
	t.Helper()
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s := memstore.Volatile()
	if err := s.Bind(t.Context(), "test", keys); err != nil {
		t.Fatal(err)
	}
	return s
}

func key(n int) segment.Key {
	return segment.Key{Purpose: "test", ID: ident.NewID(1, &[16]byte{byte(n), byte(n >> 8), 15: byte(n)})}
}

// filled returns a row of n bytes.
func filled(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// TestRowsOfAllLengths writes rows over rows that are longer and shorter, of
// which nothing may be left, while some scan stands or not.
func TestRowsOfAllLengths(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		keys, err := pseudonym.NewKeyring()
		if err != nil {
			t.Fatal(err)
		}
		s := memstore.Volatile()
		if err := s.Bind(ctx, "test", keys); err != nil {
			t.Fatal(err)
		}
		model := map[segment.ID][]byte{}
		step := func() {
			n := rapid.IntRange(0, 3).Draw(t, "person")
			length := rapid.SampledFrom([]int{-1, 0, 1, 31, 32, 33, 60, 64, 65, 100, 200, 208, 300}).Draw(t, "length")
			var next []byte
			if length >= 0 {
				next = filled(rapid.Byte().Draw(t, "fill"), length)
			}
			fails := rapid.IntRange(0, 9).Draw(t, "fails") == 0
			err := s.ProfileUpdate(ctx, []segment.Key{key(n), key(9)}, func(i int, row []byte) ([]byte, error) {
				if i == 1 {
					if fails {
						return nil, context.Canceled
					}
					return row, nil
				}
				if want, ok := model[key(n).ID]; ok != (row != nil) || !bytes.Equal(row, want) {
					t.Fatalf("the row is %q, want %q", row, want)
				}
				return next, nil
			})
			switch {
			case fails && !errors.Is(err, context.Canceled) || !fails && err != nil:
				t.Fatal(err)
			case fails:
			case next == nil:
				delete(model, key(n).ID)
			default:
				model[key(n).ID] = next
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
				step()
				continue
			}
			then := map[segment.ID][]byte{}
			for id, row := range model {
				then[id] = bytes.Clone(row)
			}
			seen := 0
			err := s.ProfileScan(ctx, "test", func(id segment.ID, row []byte) error {
				step() // while the scan stands
				if want, ok := then[id]; !ok || !bytes.Equal(row, want) {
					t.Fatalf("the scan shows %q, want %q", row, want)
				}
				seen++
				return nil
			})
			if len(then) > 0 && err != nil || seen != len(then) {
				t.Fatalf("%d of %d rows, %v", seen, len(then), err)
			}
		}
	})
}

// TestScanAmongWriters has several writers change rows in place, to rows of one
// letter each, while others scan and read: nobody sees a row of two letters.
func TestScanAmongWriters(t *testing.T) {
	s := bound(t)
	ctx := t.Context()
	whole := func(row []byte) error {
		for _, b := range row {
			if b != row[0] {
				return errors.New("a row is of two states")
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 400 {
				n := (i + w) % 5
				err := s.ProfileUpdate(ctx, []segment.Key{key(n), key(n + 5)}, func(_ int, row []byte) ([]byte, error) {
					if err := whole(row); err != nil {
						return nil, err
					}
					return filled(byte(i*4+w), 200+i%7), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for i := range 100 {
				if err := s.ProfileScan(ctx, "test", func(_ segment.ID, row []byte) error { return whole(row) }); err != nil {
					t.Error(err)
				}
				row, err := s.ProfileRow(ctx, key(i%10))
				if err := errors.Join(err, whole(row)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWritingOverAllocatesNothing: a row that fits takes the place of the one
// that was there.
func TestWritingOverAllocatesNothing(t *testing.T) {
	s := bound(t)
	ctx := t.Context()
	keys := []segment.Key{key(1)}
	rows := [][]byte{filled(1, 200), filled(2, 180), filled(3, 208)}
	n := 0
	f := func(int, []byte) ([]byte, error) { n++; return rows[n%len(rows)], nil }
	for range 3 {
		if err := s.ProfileUpdate(ctx, keys, f); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(200, func() {
		if err := s.ProfileUpdate(ctx, keys, f); err != nil {
			t.Error(err)
		}
	}); n != 0 && !raceEnabled {
		t.Errorf("%v allocations", n)
	}
}

func TestAppendConsentRow(t *testing.T) {
	s := bound(t)
	ctx := t.Context()
	who := ident.NewSubject(key(1).ID)
	dst, ok, err := s.AppendConsentRow(ctx, []byte("x"), who)
	if err != nil || ok || string(dst) != "x" {
		t.Fatalf("%q, %v, %v", dst, ok, err)
	}
	err = s.ConsentUpdate(ctx, []ident.Subject{who}, func(int, []byte) ([]byte, error) { return []byte("yes"), nil })
	if err != nil {
		t.Fatal(err)
	}
	dst, ok, err = s.AppendConsentRow(ctx, []byte("x"), who)
	if err != nil || !ok || string(dst) != "xyes" {
		t.Fatalf("%q, %v, %v", dst, ok, err)
	}
	if _, _, err := s.AppendConsentRow(ctx, nil, ident.Subject{}); !errors.Is(err, memstore.ErrKey) {
		t.Error(err)
	}
	s.Close()
	if _, _, err := s.AppendConsentRow(ctx, nil, who); !errors.Is(err, memstore.ErrClosed) {
		t.Error(err)
	}
}

// TestConsentRows: every row once, under its place, whatever else is asked for.
func TestConsentRows(t *testing.T) {
	ctx, s := t.Context(), bound(t)
	var who []ident.Subject
	for n := range 5000 {
		who = append(who, ident.NewSubject(key(n).ID))
	}
	err := s.ConsentUpdate(ctx, who[:3000], func(i int, _ []byte) ([]byte, error) { return fmt.Append(nil, "row ", i), nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 40, 5000} {
		seen := map[int]int{}
		err := s.ConsentRows(ctx, who[:n], func(i int, row []byte) {
			if seen[i]++; string(row) != fmt.Sprint("row ", i) {
				t.Errorf("row %d is that of another", i)
			}
		})
		if err != nil || len(seen) != min(n, 3000) {
			t.Errorf("%d rows of %d subjects: %v", len(seen), n, err)
		}
		for i, times := range seen {
			if times != 1 {
				t.Errorf("row %d came %d times", i, times)
			}
		}
	}
	calls := 0
	if err := s.ConsentRows(ctx, append(who[:1:1], ident.Subject{}), func(int, []byte) { calls++ }); !errors.Is(err, memstore.ErrKey) || calls > 0 {
		t.Errorf("a zero subject: %v after %d calls", err, calls)
	}
	s.Close()
	if err := s.ConsentRows(ctx, who, func(int, []byte) { calls++ }); !errors.Is(err, memstore.ErrClosed) || calls > 0 {
		t.Errorf("a closed store: %v after %d calls", err, calls)
	}
}
