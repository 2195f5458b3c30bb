package consent_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// kept returns a store with n records, each a day after the one before.
func kept(t failer, n int) *shelf {
	t.Helper()
	s := new(shelf)
	l := consent.NewLog(s)
	for i := range n {
		add(t, l, after(i), mark(byte(i)))
	}
	return s
}

// named wants an error that names a record.
func named(t failer, err error, seq int) {
	t.Helper()
	var b *consent.BrokenError
	if !errors.As(err, &b) || b.Seq != uint64(seq) || !errors.Is(err, consent.ErrBroken) || b.Rule == "" {
		t.Fatal("want record", seq, "got", err)
	}
}

func headOf(t failer, s *shelf) consent.LogHead {
	t.Helper()
	h, err := consent.NewLog(s).Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestLogEveryBit: any bit that is turned over is found where it is, by reading,
// by holding the log against a head, and by looking for what stands behind it.
func TestLogEveryBit(t *testing.T) {
	ctx, s := t.Context(), kept(t, 5)
	l, head := consent.NewLog(s), headOf(t, s)
	for seq, row := range s.records {
		for bit := range 8 * len(row) {
			s.records[seq] = bytes.Clone(row)
			s.records[seq][bit/8] ^= 1 << (bit % 8)
			named(t, l.Read(ctx, nil), seq)
			named(t, l.Holds(ctx, head), seq)
			_, ok, err := l.Find(ctx, mark(4))
			if ok {
				t.Fatal("found behind what is broken")
			}
			named(t, err, seq)
		}
		s.records[seq] = row
	}
	for _, err := range []error{l.Read(ctx, nil), l.Holds(ctx, head)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLogTampered removes, swaps, inserts and cuts records of logs of any length.
func TestLogTampered(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(r, "records")
		s := kept(r, n)
		l, head := consent.NewLog(s), headOf(r, s)
		i := rapid.IntRange(0, n-1).Draw(r, "at")
		records := slices.Clone(s.records)
		switch what := rapid.SampledFrom([]string{"removed", "cut", "swapped", "copied", "forged", "shorter", "longer", "replaced"}).Draw(r, "what"); what {
		case "removed": // at the end it shows against the head only
			s.records = slices.Delete(records, i, i+1)
			if i < n-1 {
				named(r, l.Read(t.Context(), nil), i)
			}
			named(r, l.Holds(t.Context(), head), i)
		case "cut":
			s.records = records[:i]
			if err := l.Read(t.Context(), nil); err != nil {
				r.Fatal(err)
			}
			named(r, l.Holds(t.Context(), head), i)
		case "swapped":
			j := rapid.IntRange(0, n-1).Filter(func(j int) bool { return j != i }).Draw(r, "with")
			records[i], records[j] = records[j], records[i]
			s.records = records
			named(r, l.Read(t.Context(), nil), min(i, j))
		case "copied":
			s.records = slices.Insert(records, rapid.IntRange(0, n-1).Draw(r, "to"), records[i])
			first, whole := 0, kept(r, n).records
			for first < n && bytes.Equal(s.records[first], whole[first]) {
				first++
			}
			named(r, l.Read(t.Context(), nil), first)
		case "forged": // an insertion that follows from the record before breaks the next one
			forged := kept(r, i)
			add(r, consent.NewLog(forged), after(i), mark(200))
			s.records = slices.Insert(records, i, forged.records[i])
			named(r, l.Read(t.Context(), nil), i+1)
			named(r, l.Holds(t.Context(), head), min(i+1, n-1))
		case "shorter":
			records[i] = records[i][:rapid.IntRange(0, len(records[i])-1).Draw(r, "bytes")]
			s.records = records
			named(r, l.Read(t.Context(), nil), i)
		case "longer":
			records[i] = append(slices.Clone(records[i]), 0)
			s.records = records
			named(r, l.Read(t.Context(), nil), i)
		case "replaced": // everything from i on, chained anew: only a head tells
			s.records = kept(r, i).records
			for k := i; k < n+2; k++ {
				add(r, consent.NewLog(s), after(k), mark(byte(100+k)))
			}
			if err := l.Read(t.Context(), nil); err != nil {
				r.Fatal(err)
			}
			named(r, l.Holds(t.Context(), head), n-1)
		}
	})
}

// A log that grows holds every head that it had.
func TestLogHolds(t *testing.T) {
	ctx, s := t.Context(), new(shelf)
	l := consent.NewLog(s)
	heads := []consent.LogHead{headOf(t, s)}
	for i := range 6 {
		add(t, l, after(i), mark(byte(i)))
		heads = append(heads, headOf(t, s))
	}
	if heads[0] != (consent.LogHead{}) || heads[6].Length != 6 {
		t.Fatalf("heads %+v", heads)
	}
	for i, h := range heads {
		if err := l.Holds(ctx, h); err != nil {
			t.Errorf("head %d: %v", i, err)
		}
		bad := h
		bad.Chain[3] ^= 1
		if err := l.Holds(ctx, bad); i == 0 && !errors.Is(err, consent.ErrHead) {
			t.Errorf("a head of nothing: %v", err)
		} else if i > 0 {
			named(t, err, i-1)
		}
	}
	list := logged(t, s)
	if list[3].Chain != heads[4].Chain {
		t.Error("a record and the head that it made differ")
	}
	if err := l.Holds(ctx, consent.LogHead{Length: 9, Chain: heads[6].Chain}); err == nil {
		t.Error("a longer log is held")
	} else {
		named(t, err, 6)
	}
}

func TestLogFind(t *testing.T) {
	ctx, s := t.Context(), kept(t, 4)
	l := consent.NewLog(s)
	add(t, l, after(9), mark(2), mark(7)) // mark(2) a second time
	for n, want := range map[byte]uint64{0: 0, 2: 2, 3: 3, 7: 5} {
		if seq, ok, err := l.Find(ctx, mark(n)); err != nil || !ok || seq != want {
			t.Errorf("mark %d: %d %v %v", n, seq, ok, err)
		}
	}
	if seq, ok, err := l.Find(ctx, mark(99)); err != nil || ok || seq != 0 {
		t.Errorf("what is not there: %d %v %v", seq, ok, err)
	}
	stop := errors.New("stop")
	if err := l.Read(ctx, func(consent.LogRecord) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of f: %v", err)
	}
}

// Nothing is appended to a log that does not go on from where it was.
func TestAppendToBroken(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		n     int
		spoil func(s *shelf)
		fresh int // the record that a new process names
		old   int // and one that knew the log before; -1: it sees no change behind what it knew
	}{
		"last":        {3, func(s *shelf) { s.records[2][72] ^= 1 }, 2, -1},
		"only":        {1, func(s *shelf) { s.records[0][9] ^= 1 }, 0, -1},
		"last form":   {3, func(s *shelf) { s.records[2] = []byte("x") }, 2, -1},
		"but one":     {3, func(s *shelf) { s.records[1] = []byte("x") }, 1, -1},
		"added":       {3, func(s *shelf) { s.records = append(s.records, s.records[2]) }, 3, 3},
		"added, form": {3, func(s *shelf) { s.records = append(s.records, []byte("x")) }, 3, 3},
	} {
		s := kept(t, c.n)
		old := consent.NewLog(s)
		s.next = "fails"
		if _, err := old.Append(ctx, after(5), mark(9)); !errors.Is(err, consent.ErrLog) { // it knows the end now
			t.Fatal(err)
		}
		c.spoil(s)
		n := len(s.records)
		_, err := consent.NewLog(s).Append(ctx, after(6), mark(1))
		named(t, err, c.fresh)
		if c.old >= 0 {
			_, err = old.Append(ctx, after(6), mark(1))
			named(t, err, c.old)
		}
		if len(s.records) != n {
			t.Errorf("%s: appended", name)
		}
	}

	// Put back to an older state under a process that knows more.
	s := kept(t, 3)
	l := consent.NewLog(s)
	add(t, l, after(9), mark(9))
	for _, left := range []int{2, 0} {
		s.records = s.records[:left]
		_, err := l.Append(ctx, after(9), mark(10))
		named(t, err, left)
	}
	s.records = [][]byte{[]byte("x")}
	_, err := l.Head(ctx)
	named(t, err, 0)
}

// chained returns a record, made from the description of the format.
func chained(version byte, before [32]byte, seq, ms uint64, commitment [32]byte) []byte {
	at := binary.BigEndian.AppendUint64(nil, ms)
	chain := sha256.Sum256(slices.Concat([]byte("discreet-consent-log/0\n"), before[:], binary.BigEndian.AppendUint64(nil, seq), at, commitment[:]))
	return slices.Concat([]byte{version}, at, commitment[:], chain[:])
}

// What is refused although the chain is right.
func TestLogForm(t *testing.T) {
	const m = 1_700_000_000_000
	first := chained(0, [32]byte{}, 0, m, mark(0))
	chain := [32]byte(first[41:])
	for name, c := range map[string]struct {
		row []byte
		ok  bool
	}{
		"same time":     {chained(0, chain, 1, m, mark(1)), true},
		"year 9999":     {chained(0, chain, 1, 253_402_300_799_999, mark(1)), true},
		"version":       {chained(1, chain, 1, m, mark(1)), false},
		"earlier":       {chained(0, chain, 1, m-1, mark(1)), false},
		"time zero":     {chained(0, chain, 1, 0, mark(1)), false},
		"after 9999":    {chained(0, chain, 1, 253_402_300_800_000, mark(1)), false},
		"negative":      {chained(0, chain, 1, 1<<64-1, mark(1)), false},
		"no commitment": {chained(0, chain, 1, m, [32]byte{}), false},
		"position":      {chained(0, chain, 2, m, mark(1)), false},
		"from nothing":  {chained(0, [32]byte{}, 1, m, mark(1)), false},
	} {
		s := &shelf{records: [][]byte{first, c.row}}
		err := consent.NewLog(s).Read(t.Context(), nil)
		if !c.ok {
			named(t, err, 1)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	named(t, consent.NewLog(&shelf{records: [][]byte{chained(0, [32]byte{}, 0, 0, mark(0))}}).Read(t.Context(), nil), 0)
}

// FuzzLogRecord reads hostile bytes behind a record: what is read is exactly what
// an append writes.
func FuzzLogRecord(f *testing.F) {
	s := kept(f, 2)
	f.Add(s.records[0])
	f.Add(s.records[1])
	f.Add([]byte{})
	f.Add(make([]byte, 73))
	f.Add(append(bytes.Clone(s.records[1]), 0))
	f.Fuzz(func(t *testing.T, row []byte) {
		for _, before := range [][][]byte{nil, {s.records[0]}} {
			hostile := &shelf{records: append(slices.Clone(before), row)}
			l := consent.NewLog(hostile)
			if _, err := l.Head(t.Context()); err != nil && !errors.Is(err, consent.ErrBroken) {
				t.Fatal(err)
			}
			err := l.Read(t.Context(), nil)
			if err != nil {
				named(t, err, len(before))
				if _, err := l.Append(t.Context(), t0, mark(1)); !errors.Is(err, consent.ErrBroken) {
					t.Fatal("appended behind what is no record")
				}
				continue
			}
			last := logged(t, hostile)[len(before)]
			again := &shelf{records: slices.Clone(before)}
			add(t, consent.NewLog(again), last.Time, last.Commitment)
			if !bytes.Equal(again.records[len(before)], row) {
				t.Fatal("a second encoding of one record is read")
			}
		}
	})
}

func BenchmarkLogRead(b *testing.B) {
	s := new(shelf)
	add(b, consent.NewLog(s), t0, slices.Repeat([][32]byte{mark(1)}, 4096)...)
	l := consent.NewLog(s)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Read(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Nanosecond)/float64(b.N)/4096, "ns/record")
}

func BenchmarkLogAppend(b *testing.B) {
	l := consent.NewLog(new(shelf))
	b.ReportAllocs()
	for b.Loop() {
		add(b, l, t0, mark(1))
	}
}
