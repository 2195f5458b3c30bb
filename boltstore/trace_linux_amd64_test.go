package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// opKind is what a traced process did to a directory and the files in it.
type opKind string

const (
	opWrite   opKind = "write"
	opSize    opKind = "size"     // ftruncate
	opSync    opKind = "sync"     // fsync or fdatasync of a file
	opSyncDir opKind = "sync dir" // fsync of the directory
	opName    opKind = "name"     // a file gets a name
	opUnname  opKind = "unname"   // a name goes
	opAck     opKind = "ack"      // the process acknowledged a step
)

// op is one of them. Writes count from when they ended; acknowledgements from
// when they began.
type op struct {
	kind  opKind
	file  int // which file
	off   int64
	data  []byte
	size  int64
	began int // syncs: how many ops had ended when the sync began; only these are synced
	name  string
	step  int // acks
}

// errNoTrace: the system does not let processes trace each other.
var errNoTrace = errors.New("tracing is not permitted")

// trace runs a command to its end and returns what it did to the files of a
// directory, in order. Each line that it writes to its standard output
// acknowledges the step of that number. What could change files in a way that
// trace does not know is an error.
func trace(cmd *exec.Cmd, dir string) ([]op, error) {
	type result struct {
		ops []op
		err error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // a tracer is a thread; this one ends with the goroutine
		t := &tracer{dir: dir, fds: map[int]int{}, names: map[string]int{}, calls: map[int]*call{}}
		err := t.run(cmd)
		done <- result{t.ops, err}
	}()
	r := <-done
	return r.ops, r.err
}

const (
	dirFD  = -1                     // in fds: the directory itself
	noCall = -int64(syscall.ENOSYS) // result register while a call begins

	ptraceExitKill = 0x100000
	waitThread     = 0x20000000 // __WNOTHREAD: children of this thread only
	waitAll        = 0x40000000 // __WALL
)

type tracer struct {
	dir   string
	mem   *os.File
	ops   []op
	files int
	fds   map[int]int    // descriptor -> file, or dirFD
	names map[string]int // name in the directory -> file
	calls map[int]*call  // thread -> the call it is in
}

// call is a system call under way; end is run with its result.
type call struct{ end func(result int64) }

func (t *tracer) run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSYS) {
			return errNoTrace
		}
		return err
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Release()
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &ws, waitAll, nil); err != nil || !ws.Stopped() {
		return fmt.Errorf("the process did not stop: %v", err)
	}
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|ptraceExitKill); err != nil {
		cmd.Process.Kill()
		return fmt.Errorf("%w: %w", errNoTrace, err)
	}
	var err error
	if t.mem, err = os.Open("/proc/" + strconv.Itoa(pid) + "/mem"); err != nil {
		cmd.Process.Kill()
		return fmt.Errorf("%w: %w", errNoTrace, err)
	}
	defer t.mem.Close()
	syscall.PtraceSyscall(pid, 0)
	status := -1
	fail := func(e error) {
		if err == nil && e != nil {
			err = e
			cmd.Process.Kill()
		}
	}
	for {
		tid, e := syscall.Wait4(-1, &ws, waitAll|waitThread, nil)
		switch {
		case e == syscall.EINTR:
			continue
		case e == syscall.ECHILD && err == nil && status != 0:
			return fmt.Errorf("the process ended with status %d", status)
		case e == syscall.ECHILD:
			return err
		case e != nil:
			return e
		case !ws.Stopped():
			if tid == pid {
				status = ws.ExitStatus()
			}
			continue
		}
		sig := ws.StopSignal()
		switch {
		case sig == syscall.SIGTRAP|0x80:
			fail(t.stop(tid))
			sig = 0
		case sig == syscall.SIGTRAP || sig == syscall.SIGSTOP: // a new thread
			sig = 0
		}
		syscall.PtraceSyscall(tid, int(sig)) // fails where the thread was killed meanwhile
	}
}

// stop looks at a thread that begins or ends a system call.
func (t *tracer) stop(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return nil // killed meanwhile
	}
	if c := t.calls[tid]; c != nil {
		delete(t.calls, tid)
		if c.end != nil {
			c.end(int64(regs.Rax))
		}
		return nil
	}
	if int64(regs.Rax) != noCall {
		return nil
	}
	end, err := t.begin(&regs)
	t.calls[tid] = &call{end}
	return err
}

func (t *tracer) add(o op) { t.ops = append(t.ops, o) }

func (t *tracer) begin(r *syscall.PtraceRegs) (end func(int64), err error) {
	fd := int(int32(r.Rdi))
	file, tracked := t.fds[fd]
	switch r.Orig_rax {
	case syscall.SYS_OPENAT:
		return t.open(int(int32(r.Rdi)), r.Rsi, int(r.Rdx))
	case syscall.SYS_CLOSE:
		delete(t.fds, fd)
	case syscall.SYS_WRITE:
		if fd == 1 {
			return nil, t.ack(r.Rsi, r.Rdx)
		}
		if tracked {
			return nil, errors.New("a write without an offset")
		}
	case syscall.SYS_PWRITE64:
		if !tracked {
			return nil, nil
		}
		data, err := t.read(r.Rsi, int(r.Rdx))
		return func(n int64) {
			if n > 0 {
				t.add(op{kind: opWrite, file: file, off: int64(r.R10), data: data[:n]})
			}
		}, err
	case syscall.SYS_FTRUNCATE:
		if tracked {
			return func(n int64) {
				if n == 0 {
					t.add(op{kind: opSize, file: file, size: int64(r.Rsi)})
				}
			}, nil
		}
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		if tracked {
			began, kind := len(t.ops), opSync
			if file == dirFD {
				kind = opSyncDir
			}
			return func(n int64) {
				if n == 0 {
					t.add(op{kind: kind, file: file, began: began})
				}
			}, nil
		}
	case syscall.SYS_LINKAT, syscall.SYS_RENAMEAT, sysRenameat2:
		return t.rename(r, r.Orig_rax != syscall.SYS_LINKAT)
	case syscall.SYS_UNLINKAT:
		name, err := t.name(fd, r.Rsi)
		if err != nil || name == "" {
			return nil, err
		}
		return func(n int64) {
			if n == 0 {
				t.add(op{kind: opUnname, name: name})
				delete(t.names, name)
			}
		}, nil
	case syscall.SYS_WRITEV, syscall.SYS_PWRITEV, sysPwritev2, syscall.SYS_SENDFILE, syscall.SYS_FALLOCATE,
		syscall.SYS_DUP, syscall.SYS_DUP2, syscall.SYS_DUP3:
		if tracked {
			return nil, fmt.Errorf("system call %d on a file of the store", r.Orig_rax)
		}
	case syscall.SYS_TRUNCATE, syscall.SYS_RENAME, syscall.SYS_LINK, syscall.SYS_UNLINK, syscall.SYS_OPEN, syscall.SYS_CREAT,
		sysCopyRange, syscall.SYS_SPLICE, syscall.SYS_FORK, syscall.SYS_VFORK, sysIOUring:
		return nil, fmt.Errorf("system call %d, which the trace does not follow", r.Orig_rax)
	case syscall.SYS_MMAP:
		const write, shared = syscall.PROT_WRITE, syscall.MAP_SHARED
		if _, ok := t.fds[int(int32(r.R8))]; ok && r.Rdx&write != 0 && r.R10&shared != 0 {
			return nil, errors.New("a file of the store is mapped for writing")
		}
	}
	return nil, nil
}

// Calls that package syscall does not name on this system.
const (
	sysRenameat2 = 316
	sysCopyRange = 326
	sysPwritev2  = 328
	sysIOUring   = 425
)

func (t *tracer) open(at int, path uint64, flags int) (func(int64), error) {
	full, err := t.text(path)
	if err != nil {
		return nil, err
	}
	if full == t.dir {
		return func(n int64) {
			if n >= 0 {
				t.fds[int(n)] = dirFD
			}
		}, nil
	}
	name, err := t.name(at, path)
	if err != nil || name == "" {
		return nil, err
	}
	if flags&syscall.O_TRUNC != 0 && t.names[name] != 0 {
		return nil, errors.New("a file of the store is emptied")
	}
	return func(n int64) {
		if n < 0 {
			return
		}
		if t.names[name] == 0 {
			t.files++
			t.names[name] = t.files
			t.add(op{kind: opName, name: name, file: t.files})
		}
		t.fds[int(n)] = t.names[name]
	}, nil
}

func (t *tracer) rename(r *syscall.PtraceRegs, moves bool) (func(int64), error) {
	from, err1 := t.name(int(int32(r.Rdi)), r.Rsi)
	to, err2 := t.name(int(int32(r.Rdx)), r.R10)
	if err := errors.Join(err1, err2); err != nil || from == "" && to == "" {
		return nil, err
	}
	if moves || from == "" || to == "" {
		return nil, errors.New("a file of the store is renamed")
	}
	return func(n int64) {
		if n == 0 {
			t.names[to] = t.names[from]
			t.add(op{kind: opName, name: to, file: t.names[to]})
		}
	}, nil
}

// name returns the name of a path in the directory, or "".
func (t *tracer) name(at int, addr uint64) (string, error) {
	path, err := t.text(addr)
	if err != nil {
		return "", err
	}
	if !filepath.IsAbs(path) {
		if t.fds[at] != 0 {
			return "", errors.New("a path that is not absolute")
		}
		return "", nil
	}
	if filepath.Dir(path) != t.dir {
		return "", nil
	}
	return filepath.Base(path), nil
}

func (t *tracer) ack(addr, n uint64) error {
	line, err := t.read(addr, int(n))
	if err != nil {
		return err
	}
	step, err := strconv.Atoi(strings.TrimSpace(string(line)))
	if err != nil {
		return err
	}
	t.add(op{kind: opAck, step: step})
	return nil
}

func (t *tracer) read(addr uint64, n int) ([]byte, error) {
	data := make([]byte, n)
	_, err := t.mem.ReadAt(data, int64(addr))
	return data, err
}

func (t *tracer) text(addr uint64) (string, error) {
	var text []byte
	for {
		data, err := t.read(addr, 64-int(addr%64)) // never beyond a page
		if err != nil {
			return "", err
		}
		if i := bytes.IndexByte(data, 0); i >= 0 {
			return string(append(text, data[:i]...)), nil
		}
		text = append(text, data...)
		addr += uint64(len(data))
	}
}
