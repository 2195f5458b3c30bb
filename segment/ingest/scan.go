package ingest

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scan walks over one JSON text once, forward. It checks the grammar of all of
// it, also of what is passed over, and hands out views into the bytes: what
// nobody asks for never becomes a string. The first thing that is wrong stays in
// reason, and everything after it does nothing.
type scan struct {
	p      []byte
	i      int
	count  int    // members and elements, of a call where one is read
	arena  []byte // texts whose escapes were undone
	reason Reason
}

// value is a scalar that was asked for.
type value struct {
	text []byte
	kind valueKind
}

type valueKind uint8

const (
	absent   valueKind = iota
	isNull             // null
	isString           // text without its quotes and escapes
	isNumber           // text as written
	isTrue
	isFalse
	isOther // an object or an array, passed over
)

// missing reports whether nothing was said.
func (v *value) missing() bool { return v.kind == absent || v.kind == isNull }

// reset begins with another text.
func (s *scan) reset(p []byte) { *s = scan{p: p, arena: s.arena[:0]} }

// fail notes the first thing that is wrong.
func (s *scan) fail(r Reason) bool {
	if s.reason == ReasonNone {
		s.reason = r
	}
	s.i = len(s.p)
	return false
}

// peek passes over white space and returns the next byte, 0 at the end.
func (s *scan) peek() byte {
	for ; s.i < len(s.p); s.i++ {
		switch c := s.p[s.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// open passes the brace or bracket c, at a depth.
func (s *scan) open(c byte, depth int) bool {
	if s.peek() != c {
		return s.fail(ReasonJSON)
	}
	if depth > MaxDepth {
		return s.fail(ReasonTooLong)
	}
	s.i++
	return true
}

// more stands before the first or the next entry, or passes the end of an object
// or array and reports false.
func (s *scan) more(first bool, end byte) bool {
	switch c := s.peek(); {
	case s.reason != ReasonNone:
		return false
	case c == end:
		s.i++
		return false
	case c == ',' && !first:
		s.i++
	case !first:
		return s.fail(ReasonJSON)
	}
	if s.count++; s.count > MaxMembers {
		return s.fail(ReasonTooLong)
	}
	return true
}

// member reads the name of the first or the next member and stands before its
// value. It reports false behind the closing brace, and where something is wrong.
func (s *scan) member(first bool) (name []byte, ok bool) {
	if !s.more(first, '}') {
		return nil, false
	}
	name, escaped := s.text()
	if s.peek() != ':' {
		return nil, s.fail(ReasonJSON)
	}
	s.i++
	if escaped {
		if name, ok = s.unescaped(name); !ok {
			name = nil // no name that anybody asks for
		}
	}
	return name, s.reason == ReasonNone
}

// text reads a string and returns what is between its quotes, and whether
// escapes are in it.
func (s *scan) text() (raw []byte, escaped bool) {
	if s.peek() != '"' {
		s.fail(ReasonJSON)
		return nil, false
	}
	p := s.p
	from := s.i + 1
	for i := plain(p, from); i < len(p); i = plain(p, i+1) {
		switch c := p[i]; {
		case c == '"':
			s.i = i + 1
			return p[from:i:i], escaped
		case c == '\\':
			escaped = true
			n := escape(p[i+1:])
			if n == 0 {
				s.fail(ReasonJSON)
				return nil, false
			}
			i += n
		case c < 0x20:
			s.fail(ReasonJSON)
			return nil, false
		}
	}
	s.fail(ReasonJSON)
	return nil, false
}

// plain returns the place, from i, of the next byte that is no plain part of a
// string: a quote, a backslash or a control character. It looks at eight bytes at
// a time: in x-ones&^x the lowest high bit that is set marks the first zero byte,
// in x-spaces&^x the first byte below 0x20.
func plain(p []byte, i int) int {
	const (
		ones    = 0x0101010101010101
		highs   = 0x80 * ones
		spaces  = 0x20 * ones
		quotes  = '"' * ones
		slashes = '\\' * ones
	)
	for ; len(p)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(p[i:])
		q, b := x^quotes, x^slashes
		if found := ((x-spaces)&^x | (q-ones)&^q | (b-ones)&^b) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(p) && p[i] != '"' && p[i] != '\\' && p[i] >= 0x20; i++ {
	}
	return i
}

// escape returns the length of an escape behind its backslash, 0 if it is none.
func escape(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	switch p[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if _, ok := hex4(p[1:]); ok {
			return 5
		}
	}
	return 0
}

// skip passes over one value, at the depth that it would open.
func (s *scan) skip(depth int) {
	switch c := s.peek(); c {
	case '{':
		if !s.open('{', depth) {
			return
		}
		for first := true; s.more(first, '}'); first = false {
			s.text()
			if s.peek() != ':' {
				s.fail(ReasonJSON)
				return
			}
			s.i++
			s.skip(depth + 1)
		}
	case '[':
		if !s.open('[', depth) {
			return
		}
		for first := true; s.more(first, ']'); first = false {
			s.skip(depth + 1)
		}
	case '"':
		s.text()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

// set reads the value of a member that may be there once.
func (s *scan) set(v *value, depth int) {
	if v.kind != absent {
		s.fail(ReasonJSON)
		return
	}
	*v = s.scalar(depth)
}

// scalar reads one value; an object or array is passed over.
func (s *scan) scalar(depth int) (v value) {
	switch c := s.peek(); c {
	case '{', '[':
		s.skip(depth)
		return value{kind: isOther}
	case '"':
		text, escaped := s.text()
		if escaped {
			var ok bool
			if text, ok = s.unescaped(text); !ok {
				s.fail(ReasonJSON)
			}
		}
		return value{text, isString}
	case 't':
		s.word("true")
		return value{kind: isTrue}
	case 'f':
		s.word("false")
		return value{kind: isFalse}
	case 'n':
		s.word("null")
		return value{kind: isNull}
	}
	from := s.i
	s.number()
	return value{s.p[from:s.i], isNumber}
}

func (s *scan) word(w string) {
	if n := len(w); len(s.p)-s.i < n || string(s.p[s.i:s.i+n]) != w {
		s.fail(ReasonJSON)
		return
	}
	s.i += len(w)
}

// number passes over a number.
func (s *scan) number() {
	p, i := s.p, s.i
	digits := func() (n int) {
		for ; i < len(p) && p[i] >= '0' && p[i] <= '9'; i++ {
			n++
		}
		return n
	}
	if i < len(p) && p[i] == '-' {
		i++
	}
	zero := i < len(p) && p[i] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		s.fail(ReasonJSON)
		return
	}
	if i < len(p) && p[i] == '.' {
		if i++; digits() == 0 {
			s.fail(ReasonJSON)
			return
		}
	}
	if i < len(p) && (p[i] == 'e' || p[i] == 'E') {
		if i++; i < len(p) && (p[i] == '+' || p[i] == '-') {
			i++
		}
		if digits() == 0 {
			s.fail(ReasonJSON)
			return
		}
	}
	s.i = i
}

// unescaped undoes escapes. The arena never grows beyond the text itself.
func (s *scan) unescaped(raw []byte) (text []byte, ok bool) {
	from := len(s.arena)
	s.arena, ok = unescape(s.arena, raw)
	return s.arena[from:len(s.arena):len(s.arena)], ok
}

// unescape appends the text of what stands between the quotes of a valid string.
// Half of a surrogate pair is no text.
func unescape(dst, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, _ := hex4(raw[i+1:])
			i += 4
			if r >= 0xdc00 && r <= 0xdfff {
				return dst, false
			}
			if r >= 0xd800 && r <= 0xdbff {
				if len(raw)-i < 7 || raw[i+1] != '\\' || raw[i+2] != 'u' {
					return dst, false
				}
				low, _ := hex4(raw[i+3:])
				if low < 0xdc00 || low > 0xdfff {
					return dst, false
				}
				i += 6
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
			}
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
	return dst, true
}

// hex4 reads four hexadecimal digits.
func hex4(p []byte) (r rune, ok bool) {
	if len(p) < 4 {
		return 0, false
	}
	for _, c := range p[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
