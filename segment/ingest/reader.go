package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"time"
)

// Format is the form of a file.
type Format uint8

// The formats.
const (
	FormatAuto      Format = iota // JSON Lines when the first character is '{' or with Track, CSV otherwise
	FormatCSV                     // one header line, then records
	FormatJSONLines               // one object a line
)

// Config says how to read a file.
type Config struct {
	Format  Format
	Comma   byte     // between CSV fields; 0 is ','
	Mapping Mapping  // what the columns hold; must be zero with a Profile or Track
	Profile *Profile // a known data set

	Track *TrackMapping // each line is a track call or a batch of them

	// Now and TTLDays, where they are given, refuse events that lie further ahead
	// of Now than segment.MaxAhead, or before the last TTLDays days: what an engine
	// of that clock and TTL would refuse.
	Now     func() time.Time
	TTLDays int
}

// Reader reads the events of one file once. It is not safe for concurrent use.
type Reader struct {
	src    io.Reader
	closer io.Closer
	config Config
	decode *decoder
	tracks *Tracks
	ages   ages
	tally  tally
	used   bool
}

// New returns a reader of r, which may be gzip-compressed (told by its first
// bytes). It reads nothing yet.
func New(r io.Reader, c Config) (*Reader, error) {
	ages, err := c.ages()
	if err != nil {
		return nil, err
	}
	if c.Track != nil {
		if c.Format == FormatJSONLines {
			c.Format = FormatAuto
		}
		t, err := NewTracks(c)
		if err != nil {
			return nil, err
		}
		return &Reader{src: r, config: c, tracks: t}, nil
	}
	d, err := c.decoder()
	if err != nil {
		return nil, err
	}
	if c.Comma == 0 {
		c.Comma = ','
	}
	if c.Format > FormatJSONLines || c.Comma == '"' || c.Comma == '\r' || c.Comma == '\n' || c.Comma >= 0x80 {
		return nil, ErrMapping
	}
	return &Reader{src: r, config: c, decode: d, ages: ages}, nil
}

func (c Config) decoder() (*decoder, error) {
	if c.Profile == nil {
		return c.Mapping.decoder()
	}
	if c.Mapping != (Mapping{}) {
		return nil, ErrMapping
	}
	return c.Profile.decoder(), nil
}

// Open returns a reader of the named file. Close it.
func Open(path string, c Config) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	r, err := New(f, c)
	if err != nil {
		f.Close()
		return nil, err
	}
	r.closer = f
	return r, nil
}

// Close closes a file that Open opened.
func (r *Reader) Close() error {
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// Stats returns the counts so far.
func (r *Reader) Stats() Stats { return r.tally.snapshot() }

// Rows yields the events in file order. It ends with the first error: of the
// context, of the file ([ErrFile], [ErrHeader], [ErrColumn], [ErrEncoding]), or
// a [*MalformedError]. Rows passed over are in [Reader.Stats] only. To go on
// after row n of an earlier run, read from the start and pass over rows whose
// Number is at most n: the counts then cover the whole file.
func (r *Reader) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if r.used {
			yield(Row{}, ErrUsed)
			return
		}
		r.used = true
		if err := r.rows(ctx, yield); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			yield(Row{}, err)
		}
	}
}

type rowReader interface {
	read() (vals [][]byte, reason Reason, err error)
}

// ctxEvery is how many rows pass between two looks at the context.
const ctxEvery = 256

func (r *Reader) rows(ctx context.Context, yield func(Row, error) bool) error {
	in, err := r.source(ctx)
	if err != nil {
		return err
	}
	t := &r.tally
	var row Row
	for n := int64(1); ; n++ {
		if n%ctxEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		reason, err := in.next(&row)
		if err == io.EOF {
			return t.broken(true)
		} else if err != nil {
			return fmt.Errorf("%w: %w", ErrFile, err)
		}
		if reason != ReasonNone {
			t.skip(reason)
		} else if row.Back = t.take(row.Time); !yield(row, nil) {
			return nil
		}
		if err := t.broken(false); err != nil {
			return err
		}
	}
}

// source gives one row after the other, or why it is none.
type source interface {
	next(row *Row) (Reason, error)
}

func (r *Reader) source(ctx context.Context) (source, error) {
	if r.tracks != nil {
		b, err := unpack(&ctxReader{ctx, r.src})
		if err != nil {
			return nil, err
		}
		return &trackLines{newLines(b, MaxBody), r.tracks}, nil
	}
	in, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	return &mappedRows{in: in, decode: r.decode, ages: r.ages}, nil
}

// mappedRows gives the rows of a mapping or profile.
type mappedRows struct {
	in     rowReader
	decode *decoder
	ages   ages
	n      int64
}

func (m *mappedRows) next(row *Row) (Reason, error) {
	vals, reason, err := m.in.read()
	if err != nil {
		return ReasonNone, err
	}
	m.n++
	if reason == ReasonNone {
		reason = m.decode.decode(vals, m.n, row)
	}
	if reason == ReasonNone && m.ages.now != nil {
		reason = m.ages.check(row.Time, m.ages.now())
	}
	return reason, nil
}

// trackLines gives the rows of track calls, one body a line. Empty lines are
// passed over.
type trackLines struct {
	in *lines
	*Tracks
}

func (l *trackLines) next(row *Row) (Reason, error) {
	for !l.left() {
		line, err := l.in.next()
		if err == errLong {
			l.number++
			return ReasonTooLong, nil
		} else if err != nil {
			return ReasonNone, err
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 {
			if reason := l.load(line); reason != ReasonNone {
				return reason, nil
			}
		}
	}
	return l.Tracks.next(row), nil
}

// open unpacks the file, looks at its first bytes and reads a CSV header.
func (r *Reader) open(ctx context.Context) (rowReader, error) {
	b, err := unpack(&ctxReader{ctx, r.src})
	if err != nil {
		return nil, err
	}
	format := r.config.Format
	if format == FormatAuto {
		format = FormatCSV
		if c, err := firstByte(b); err == nil && c == '{' {
			format = FormatJSONLines
		}
	}
	in := newLines(b, MaxRecord)
	if format == FormatJSONLines {
		return newJSONRows(in, r.decode.columns), nil
	}
	rows, err := newCSVRows(in, r.config.Comma, r.decode.columns)
	if err != nil && err != ErrHeader && err != ErrColumn {
		err = fmt.Errorf("%w: %w", ErrFile, err)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// unpack undoes gzip and cuts a byte order mark off.
func unpack(src io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(src, 64<<10)
	head, err := b.Peek(2)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
		b = bufio.NewReaderSize(z, 64<<10)
	}
	head, err = b.Peek(3)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	switch {
	case bytes.Equal(head, []byte("\xef\xbb\xbf")):
		b.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, ErrEncoding
	}
	return b, nil
}

// firstByte looks for the first byte that is not white space, within the
// buffer.
func firstByte(b *bufio.Reader) (byte, error) {
	for n := 1; n <= b.Size(); n++ {
		head, err := b.Peek(n)
		if err != nil {
			return 0, err
		}
		switch c := head[n-1]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, nil
		}
	}
	return 0, io.ErrNoProgress
}
