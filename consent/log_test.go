package consent_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
)

var errDisk = errors.New("consent_test: the disk failed")

// shelf keeps a consent log, and fails on demand.
type shelf struct {
	mu      sync.Mutex
	records [][]byte
	appends int
	next    string // what the next append does: "", "fails", "fails later", "conflict", "panics"
	tail    error
	before  func() // runs before each append, outside of the lock
}

func (s *shelf) ConsentLogAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.next
	s.next = ""
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case next == "fails":
		return errDisk
	case next == "panics":
		panic("consent_test: the store panics")
	case next == "conflict" || seq != uint64(len(s.records)):
		return consent.ErrConflict
	}
	s.appends++
	for _, r := range records {
		s.records = append(s.records, bytes.Clone(r))
	}
	if next == "fails later" {
		return errDisk
	}
	return nil
}

func (s *shelf) ConsentLogRead(_ context.Context, from uint64, f func(uint64, []byte) error) error {
	s.mu.Lock()
	records := s.records[:len(s.records):len(s.records)]
	s.mu.Unlock()
	for ; from < uint64(len(records)); from++ {
		if err := f(from, records[from]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) ConsentLogTail(context.Context) (uint64, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.records)
	if n == 0 || s.tail != nil {
		return 0, nil, s.tail
	}
	return uint64(n), bytes.Clone(s.records[n-1]), nil
}

func mark(n byte) [32]byte { return [32]byte{31: n + 1} }

func add(t failer, l *consent.Log, now time.Time, marks ...[32]byte) uint64 {
	t.Helper()
	first, err := l.Append(context.Background(), now, marks...)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func logged(t failer, s consent.LogStore) (list []consent.LogRecord) {
	t.Helper()
	err := consent.NewLog(s).Read(context.Background(), func(r consent.LogRecord) error { list = append(list, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// written are the entries of the golden file.
func written() []consent.Entry {
	var hash [32]byte
	for i := range hash {
		hash[i] = byte(i)
	}
	fill := func(b byte) (a [16]byte) { copy(a[:], bytes.Repeat([]byte{b}, len(a))); return a }
	return []consent.Entry{
		{Kind: consent.KindServed, At: t0, Purposes: []string{content, stats}, Notice: "shop", Version: 1, Locale: "en", Hash: hash, Record: fill(0xaa), Salt: fill(1)},
		{Kind: consent.KindGiven, At: t0, Purposes: []string{content}, Notice: "shop", Version: 1, Locale: "en", Hash: hash, Method: "banner", Record: fill(0xaa), Salt: fill(2)},
		{Kind: consent.KindImported, At: after(-1), Purposes: []string{stats}, Method: "paper", Proof: "archive/2026-05", Record: fill(0xbb), Salt: fill(3)},
		{Kind: consent.KindOptedOut, At: t0.Add(7 * time.Millisecond), Method: "gpc", Record: fill(0xcc), Salt: fill(4)},
	}
}

// The golden log was written by another program from the description of the
// format, commitments included.
func TestLogGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/log_v0.hex")
	if err != nil {
		t.Fatal(err)
	}
	var golden []byte
	for line := range strings.Lines(string(text)) {
		line, _, _ := strings.Cut(line, "#")
		part, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatal(err)
		}
		golden = append(golden, part...)
	}
	s := new(shelf)
	l := consent.NewLog(s)
	for i, e := range written() {
		now := e.At
		if e.Kind == consent.KindImported {
			now = t0.Add(-time.Second)
		}
		if first := add(t, l, now, e.Commitment()); first != uint64(i) {
			t.Errorf("entry %d is at %d", i, first)
		}
	}
	if got := slices.Concat(s.records...); !bytes.Equal(got, golden) {
		t.Errorf("log = %x", got)
	}
	back := new(shelf)
	back.records = slices.Collect(slices.Chunk(golden, len(golden)/4))
	list := logged(t, back)
	for i, e := range written() {
		if list[i].Commitment != e.Commitment() || list[i].Seq != uint64(i) {
			t.Errorf("record %d is another", i)
		}
	}
	if !list[2].Time.Equal(t0) || !list[3].Time.Equal(t0.Add(7*time.Millisecond)) || list[3].Time.Location() != time.UTC {
		t.Errorf("times %v, %v", list[2].Time, list[3].Time)
	}
}

// Every field of an entry is in its commitment.
func TestCommitmentBindsEveryField(t *testing.T) {
	base := written()[1]
	seen := map[[32]byte]string{base.Commitment(): "itself"}
	for name, change := range map[string]func(e *consent.Entry){
		"kind":         func(e *consent.Entry) { e.Kind = consent.KindRefused },
		"time":         func(e *consent.Entry) { e.At = e.At.Add(time.Millisecond) },
		"purposes":     func(e *consent.Entry) { e.Purposes = []string{stats} },
		"more":         func(e *consent.Entry) { e.Purposes = append(e.Purposes, stats) },
		"none":         func(e *consent.Entry) { e.Purposes = nil },
		"joined":       func(e *consent.Entry) { e.Purposes, e.Notice = nil, content+e.Notice },
		"notice":       func(e *consent.Entry) { e.Notice = "stop" },
		"version":      func(e *consent.Entry) { e.Version = 2 },
		"locale":       func(e *consent.Entry) { e.Locale = "de" },
		"hash":         func(e *consent.Entry) { e.Hash[31] ^= 1 },
		"method":       func(e *consent.Entry) { e.Method = "settings" },
		"proof":        func(e *consent.Entry) { e.Proof = "x" },
		"method/proof": func(e *consent.Entry) { e.Method, e.Proof = "", e.Method },
		"record":       func(e *consent.Entry) { e.Record[0] ^= 1 },
		"salt":         func(e *consent.Entry) { e.Salt[15] ^= 1 },
		"swapped":      func(e *consent.Entry) { e.Salt, e.Record = e.Record, e.Salt },
	} {
		e := base
		e.Purposes = slices.Clone(base.Purposes)
		change(&e)
		if other, ok := seen[e.Commitment()]; ok {
			t.Errorf("%s has the commitment of %s", name, other)
		}
		seen[e.Commitment()] = name
	}
}

func TestAppend(t *testing.T) {
	ctx, s := t.Context(), new(shelf)
	l := consent.NewLog(s)
	if first := add(t, l, t0, mark(0), mark(1)); first != 0 {
		t.Errorf("first at %d", first)
	}
	other := consent.NewLog(s) // another process, or the next one
	if first := add(t, other, t0, mark(2)); first != 2 {
		t.Errorf("another process appends at %d", first)
	}
	if first := add(t, l, t0, mark(3)); first != 3 { // finds the log longer than it knew
		t.Errorf("after it the first one appends at %d", first)
	}
	if s.appends != 3 {
		t.Errorf("%d appends", s.appends)
	}

	n := len(s.records)
	for name, c := range map[string]struct {
		now   time.Time
		marks [][32]byte
		want  error
	}{
		"nothing":     {t0, nil, consent.ErrCommitments},
		"zero":        {t0, [][32]byte{mark(1), {}}, consent.ErrCommitments},
		"too many":    {t0, slices.Repeat([][32]byte{mark(1)}, 4097), consent.ErrCommitments},
		"no time":     {time.Time{}, [][32]byte{mark(1)}, consent.ErrClock},
		"before 1970": {time.Unix(-1, 0), [][32]byte{mark(1)}, consent.ErrClock},
		"after 9999":  {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), [][32]byte{mark(1)}, consent.ErrClock},
	} {
		if first, err := l.Append(ctx, c.now, c.marks...); !errors.Is(err, c.want) || first != 0 {
			t.Errorf("%s: %d, %v", name, first, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Append(cancelled, t0, mark(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if len(s.records) != n {
		t.Error("a refusal left a record")
	}
	add(t, l, t0, slices.Repeat([][32]byte{mark(1)}, 4096)...)
	if got := len(logged(t, s)); got != n+4096 {
		t.Errorf("%d records", got)
	}
}

// A failure leaves the log whole, and the next call goes on from what is there.
func TestAppendFails(t *testing.T) {
	ctx, s := t.Context(), new(shelf)
	l := consent.NewLog(s)
	for i, fault := range []string{"fails", "fails later", "conflict", "panics"} {
		n := len(s.records)
		func() {
			defer func() {
				if r := recover(); (r != nil) != (fault == "panics") {
					t.Errorf("%s: %v", fault, r)
				}
			}()
			s.next = fault
			first, err := l.Append(ctx, t0, mark(9))
			if !errors.Is(err, consent.ErrLog) || first != 0 || errors.Is(err, errDisk) != (fault != "conflict") {
				t.Errorf("%s: %d, %v", fault, first, err)
			}
		}()
		want := n
		if fault == "fails later" {
			want++
		}
		if first := add(t, l, after(i), mark(byte(i))); first != uint64(want) {
			t.Errorf("after %s: appended at %d, not %d", fault, first, want)
		}
		if got := len(logged(t, s)); got != want+1 {
			t.Errorf("after %s: %d records", fault, got)
		}
	}
	s.tail = errDisk
	if _, err := consent.NewLog(s).Append(ctx, t0, mark(1)); !errors.Is(err, consent.ErrLog) || !errors.Is(err, errDisk) {
		t.Errorf("a tail that fails: %v", err)
	}
	if _, err := consent.NewLog(s).Head(ctx); !errors.Is(err, errDisk) {
		t.Errorf("a head that fails: %v", err)
	}
}

// Somebody else is faster each time: there is an end to it.
func TestAppendGivesUp(t *testing.T) {
	s := new(shelf)
	l, other := consent.NewLog(s), consent.NewLog(s)
	rivals := 0
	s.before = func() {
		before := s.before
		s.before = nil
		add(t, other, t0, mark(1))
		rivals++
		s.before = before
	}
	_, err := l.Append(t.Context(), t0, mark(0))
	if !errors.Is(err, consent.ErrLog) || !errors.Is(err, consent.ErrConflict) || rivals != 64 {
		t.Errorf("after %d rivals: %v", rivals, err)
	}
	s.before = nil
	if first := add(t, l, t0, mark(0)); first != 64 {
		t.Errorf("then at %d", first)
	}
	logged(t, s)
}

// Times never go back, over calls, processes and calls that share an append.
func TestAppendTimes(t *testing.T) {
	s := new(shelf)
	a, b := consent.NewLog(s), consent.NewLog(s)
	add(t, a, after(2), mark(0))
	add(t, b, after(1), mark(1))
	add(t, a, after(3), mark(2))
	add(t, consent.NewLog(s), t0, mark(3))
	var got []time.Time
	for _, r := range logged(t, s) {
		got = append(got, r.Time)
	}
	if want := []time.Time{after(2), after(2), after(3), after(3)}; !slices.Equal(got, want) {
		t.Errorf("times %v", got)
	}
}

// Many callers over several processes, few appends, nobody lost, and everybody
// is told the right position.
func TestAppendTogether(t *testing.T) {
	s := new(shelf)
	logs := []*consent.Log{consent.NewLog(s), consent.NewLog(s), consent.NewLog(s)}
	var wg sync.WaitGroup
	at := make([]uint64, 96)
	for i := range at {
		wg.Go(func() {
			first, err := logs[i%len(logs)].Append(t.Context(), t0, mark(byte(2*i)), mark(byte(2*i+1)))
			if err != nil {
				t.Error(err)
			}
			at[i] = first
		})
	}
	wg.Wait()
	list := logged(t, s)
	if len(list) != 2*len(at) {
		t.Fatalf("%d records", len(list))
	}
	for i, first := range at {
		if list[first].Commitment != mark(byte(2*i)) || list[first+1].Commitment != mark(byte(2*i+1)) {
			t.Errorf("call %d does not find its records at %d", i, first)
		}
	}
}
