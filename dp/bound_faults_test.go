package dp_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/ident"
)

// crowd is contributions of many people, of whom one has far more than may count.
func crowd(people, each int) (list []dp.Contribution) {
	for i := range people * each {
		n := uint64(i % people)
		list = append(list, of(n, fmt.Sprintf("p%d", (n*7+uint64(i/people))%40), 1))
	}
	for i := range people * each {
		list = append(list, of(uint64(people), fmt.Sprintf("p%d", i%3000), 1))
	}
	return list
}

// TestBoundDealsAgain bounds people whose subjects begin alike, up to all bytes but
// one, with room for few: buckets are dealt again, as far down as they must.
func TestBoundDealsAgain(t *testing.T) {
	spec := mustSpec(t, dp.Table{Name: "m", Purpose: "p", Partitions: dp.Discovered{}, MaxPartitions: 2, Of: dp.CountedPeople{}, Share: 1})
	for _, same := range []int{0, 1, 3, 8, 15} {
		var list []dp.Contribution
		for i := range uint64(200) {
			var id [16]byte
			binary.BigEndian.PutUint64(id[8:], i)
			b := id
			for k := range b { // byte 15, which tells them apart, goes to place same
				b[k] = 0
			}
			b[same] = id[15]
			l := ident.NewLink(ident.NewSubject(ident.NewID(7, &b)), "p", ident.NewID(7, &[16]byte{byte(i), 1}), salt(i))
			for p := range 5 {
				list = append(list, dp.Contribution{Link: l, Grant: grantOf(l, midnight(0), midnight(today+9)), Partition: fmt.Sprint(p)})
			}
		}
		want := dp.Plain(bound(t, spec, list, dp.BoundOptions{Workers: 1}))
		reads := 0
		got, err := dp.BoundOn(t.Context(), spec, 3, today, given(list), dp.BoundOptions{Dir: t.TempDir(), Workers: 1}, 30, func(f dp.File) dp.File {
			return &hooked{File: f, read: func([]byte, int64) error { reads++; return nil }}
		})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dp.Plain(got), want) {
			t.Errorf("told apart by byte %d, people are bounded in another way", same)
		}
		if reads < len(list)/30 {
			t.Errorf("only %d runs were read", reads)
		}
	}
}

// hooked is a file whose calls are looked at, and fail where the hook says.
type hooked struct {
	dp.File
	write, read func(b []byte, off int64) error
	closed      func()
}

func (h *hooked) WriteAt(b []byte, off int64) (int, error) {
	if h.write != nil {
		if err := h.write(b, off); err != nil {
			n, _ := h.File.WriteAt(b[:len(b)/2], off) // as a full disk does
			return n, err
		}
	}
	return h.File.WriteAt(b, off)
}

func (h *hooked) ReadAt(b []byte, off int64) (int, error) {
	n, err := h.File.ReadAt(b, off)
	if err == nil && h.read != nil {
		err = h.read(b, off)
	}
	return n, err
}

func (h *hooked) Close() error {
	if h.closed != nil {
		h.closed()
	}
	return h.File.Close()
}

// TestBoundFaults fails each write as on a full disk, each read, and changes a bit of
// each run: Bound ends with the cause, or as if nothing had been, and leaves nothing.
func TestBoundFaults(t *testing.T) {
	spec := tableSpecs(t)["events 2"]
	var list []dp.Contribution
	for i := range uint64(400) {
		list = append(list, of(i%90, []string{"a", "b", "c"}[i%3], int64(i%4)))
	}
	want := dp.Plain(bound(t, spec, list, dp.BoundOptions{Workers: 1}))
	bad := errors.New("bad sector")
	for _, kind := range []string{"write", "read", "flip"} {
		failed := 0
		for at := int64(0); ; at += 1 + at/9 {
			var calls atomic.Int64
			var closed atomic.Bool
			var hit atomic.Bool
			dir := t.TempDir()
			got, err := dp.BoundOn(t.Context(), spec, 3, today, given(list), dp.BoundOptions{Dir: dir, Workers: 2}, 60, func(f dp.File) dp.File {
				h := &hooked{File: f, closed: func() { closed.Store(true) }}
				fault := func(b []byte, _ int64) error {
					if calls.Add(1)-1 != at {
						return nil
					}
					hit.Store(true)
					switch kind {
					case "write":
						return &os.PathError{Op: "write", Path: "/secret-dir/file", Err: syscall.ENOSPC}
					case "read":
						return bad
					}
					b[int(at)%len(b)] ^= 1 << (at % 8)
					return nil
				}
				if kind == "write" {
					h.write = fault
				} else {
					h.read = fault
				}
				return h
			})
			if left, _ := os.ReadDir(dir); len(left) != 0 || !closed.Load() {
				t.Fatalf("%s %d: left behind: %v", kind, at, left)
			}
			if !hit.Load() {
				if err != nil || !bytes.Equal(dp.Plain(got), want) {
					t.Fatalf("%s, without a fault: %v", kind, err)
				}
				break
			}
			failed++
			if !errors.Is(err, dp.ErrSpill) || got != nil || strings.Contains(err.Error(), "secret") {
				t.Fatalf("%s %d: %v", kind, at, err)
			}
			if kind == "write" && !errors.Is(err, syscall.ENOSPC) || kind == "read" && !errors.Is(err, bad) {
				t.Errorf("%s %d: the cause is lost: %v", kind, at, err)
			}
		}
		if failed < 10 {
			t.Errorf("only %d calls to fail at: %s", failed, kind)
		}
	}
}

// TestSpillIsUnreadable looks for pseudonyms, salts and partitions in what is written.
func TestSpillIsUnreadable(t *testing.T) {
	spec := mustSpec(t, dp.Table{Name: "m", Purpose: "p", Partitions: dp.Discovered{}, MaxPartitions: 5, Of: dp.CountedPeople{}, Share: 1})
	var mu sync.Mutex
	var written []byte
	list := crowd(300, 4)
	_, err := dp.BoundOn(t.Context(), spec, 3, today, given(list), dp.BoundOptions{Dir: t.TempDir(), Workers: 2}, 200, func(f dp.File) dp.File {
		return &hooked{File: f, write: func(b []byte, _ int64) error {
			mu.Lock()
			defer mu.Unlock()
			written = append(written, b...)
			return nil
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(written) < 44*len(list)/2 {
		t.Fatalf("only %d bytes were written", len(written))
	}
	for _, c := range list {
		id, salt := c.Link.Subject().ID().Bytes(), c.Link.Salt()
		for _, secret := range [][]byte{id[4:], salt[8:]} {
			if bytes.Contains(written, secret) {
				t.Fatal("a person is readable in the file")
			}
		}
	}
}

// TestBoundKilled kills a process that spilled: nothing is left that has a name, or it
// is removed by the next one.
func TestBoundKilled(t *testing.T) {
	const dirVariable = "DISCREET_TEST_SPILL_DIR"
	spec := tableSpecs(t)["events 2"]
	if dir := os.Getenv(dirVariable); dir != "" {
		dp.BoundSmall(t.Context(), spec, 3, today, func(yield func(dp.Contribution, error) bool) {
			for i := range uint64(500) {
				if !yield(of(i, "a", 1), nil) {
					return
				}
			}
			fmt.Println("spilled")
			io.Copy(io.Discard, os.Stdin) // until it is killed
		}, dp.BoundOptions{Dir: dir, Workers: 1}, 50)
		return
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestBoundKilled$")
	child.Env = append(os.Environ(), dirVariable+"="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "spilled\n" {
		t.Errorf("the child says %q, %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	left, err := os.ReadDir(dir)
	if err != nil || runtime.GOOS == "linux" && len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := dp.BoundSmall(t.Context(), spec, 3, today, given(crowd(20, 20)), dp.BoundOptions{Dir: dir, Workers: 1}, 50); err != nil {
		t.Fatal(err)
	}
	if left, err = os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind by the next: %v, %v", left, err)
	}
}

// TestBoundKeepsToMemory measures what is alive while contributions of four times
// Memory are bounded: at no look more than Memory, and what the test itself holds.
func TestBoundKeepsToMemory(t *testing.T) {
	const memory = 4 << 20
	spec := mustSpec(t, dp.Table{Name: "m", Purpose: "p", Partitions: dp.Public{"a", "b", "c"}, MaxPartitions: 2, Of: dp.CountedEvents{Max: 3}, Share: 1})
	alive := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := alive()
	var most uint64
	look := func() { most = max(most, alive()) }
	reads := 0
	var last dp.Progress
	o := dp.BoundOptions{Dir: t.TempDir(), Workers: 2, Memory: memory, Progress: func(p dp.Progress) {
		look()
		last = p
	}}
	seq := func(yield func(dp.Contribution, error) bool) {
		for i := range uint64(400_000) {
			if !yield(of(i*i%150_000, "abc"[i%3:i%3+1], 1), nil) {
				return
			}
		}
	}
	var mu sync.Mutex
	got, err := dp.BoundLooked(t.Context(), spec, 3, today, seq, o, func(f dp.File) dp.File {
		return &hooked{File: f, read: func([]byte, int64) error {
			mu.Lock()
			defer mu.Unlock()
			if reads++; reads%512 == 0 {
				look()
			}
			return nil
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	if last.Spilled < 3*memory || reads < 1000 {
		t.Errorf("only %d bytes were spilled in %d runs", last.Spilled, reads)
	}
	if used := most - before; most > before && used > memory+1<<20 {
		t.Errorf("%d bytes are alive, with a Memory of %d", used, memory)
	}
	runtime.KeepAlive(got)
}

// TestBoundOfOnePerson bounds a person who has all the contributions that fit: besides
// them, bounding takes next to nothing.
func TestBoundOfOnePerson(t *testing.T) {
	for name, spec := range tableSpecs(t) {
		list := make([]dp.Contribution, 40_000)
		for i := range list {
			list[i] = of(1, "abc"[i%3:i%3+1], int64(1+i%5))
		}
		if room := dp.RoomBeside(spec, 3, today, list); room > 4096 {
			t.Errorf("%s: room for %d more", name, room)
		}
	}
}
