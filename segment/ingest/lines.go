package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// Limits of one record of CSV or JSON Lines by a mapping.
const (
	MaxRecord = 1 << 20 // bytes
	MaxFields = 1 << 10
	MaxLines  = 1 << 8 // lines one CSV record may span
)

// lines reads lines of bounded length and can go back to a line that it read
// while it was marked.
type lines struct {
	r    *bufio.Reader
	long []byte // a line longer than the buffer of r
	back []byte // lines read since the mark, or to be read again
	off  int    // next byte of back to serve
	mark bool
	max  int // bytes of a line
}

var errLong = errors.New("ingest: line too long")

func newLines(r io.Reader, longest int) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), max: longest}
}

// next returns the next line with its line break, valid until the call after
// it. It returns io.EOF at the end and errLong, having passed over the line,
// for one that is too long.
func (l *lines) next() ([]byte, error) {
	if l.off < len(l.back) {
		line := l.back[l.off:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		l.off += len(line)
		return line, nil
	}
	line, err := l.read()
	if err != nil || !l.mark {
		return line, err
	}
	l.back = append(l.back, line...)
	l.off = len(l.back)
	return l.back[l.off-len(line):], nil
}

func (l *lines) read() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = append(l.long[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = l.r.ReadSlice('\n')
			if len(l.long) <= l.max {
				l.long = append(l.long, line...)
			}
		}
		line = l.long
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(line) == 0 {
		return nil, io.EOF
	}
	if len(line) > l.max {
		return nil, errLong
	}
	return line, nil
}

// hold makes next keep the lines it returns, until rewind or drop.
func (l *lines) hold() {
	l.mark = true
	l.compact()
}

// rewind makes next return again what it returned since hold.
func (l *lines) rewind() {
	l.off, l.mark = 0, false
}

// drop forgets what next returned since hold.
func (l *lines) drop() {
	l.mark = false
	l.compact()
}

func (l *lines) compact() {
	n := copy(l.back, l.back[l.off:])
	l.back, l.off = l.back[:n], 0
}

// trimBreak cuts the line break off.
func trimBreak(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// ctxReader stops reading when its context ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
