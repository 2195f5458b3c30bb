package ingest

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// jsonRows reads the values of wanted top-level members, one object a line.
// Empty lines are passed over. A string gives its text, a number its digits as
// written, true and false their names, null the empty text.
type jsonRows struct {
	in      *lines
	columns []string
	vals    [][]byte
	seen    []bool
	arena   []byte // texts whose escapes were undone
}

func newJSONRows(in *lines, columns []string) *jsonRows {
	return &jsonRows{in: in, columns: columns, vals: make([][]byte, len(columns)), seen: make([]bool, len(columns))}
}

func (j *jsonRows) read() ([][]byte, Reason, error) {
	for {
		line, err := j.in.next()
		if err == errLong {
			return nil, ReasonTooLong, nil
		} else if err != nil {
			return nil, ReasonNone, err
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 {
			reason := j.object(line)
			return j.vals, reason, nil
		}
	}
}

// object fills vals from one object.
func (j *jsonRows) object(line []byte) Reason {
	clear(j.vals)
	clear(j.seen)
	j.arena = j.arena[:0]
	if line[0] != '{' || !utf8.Valid(line) || !json.Valid(line) {
		return ReasonJSON
	}
	// The line is valid JSON: from here on every token is where it should be.
	p := space(line[1:])
	for p[0] != '}' {
		name, rest := token(p)
		p = space(space(rest)[1:]) // the colon
		value, rest := token(p)
		if i := j.column(name); i >= 0 {
			if j.seen[i] {
				return ReasonJSON
			}
			j.seen[i] = true
			text, ok := j.scalar(value)
			if !ok {
				return ReasonType
			}
			j.vals[i] = text
		}
		if p = space(rest); p[0] == ',' {
			p = space(p[1:])
		}
	}
	return ReasonNone
}

// column returns the wanted column a member is, or -1.
func (j *jsonRows) column(name []byte) int {
	text, ok := j.scalar(name)
	if !ok {
		return -1
	}
	for i, c := range j.columns {
		if string(text) == c {
			return i
		}
	}
	return -1
}

func space(p []byte) []byte {
	for p[0] == ' ' || p[0] == '\t' || p[0] == '\r' || p[0] == '\n' {
		p = p[1:]
	}
	return p
}

// token cuts the first value off valid JSON.
func token(p []byte) (value, rest []byte) {
	depth, i := 0, 0
	for {
		switch p[i] {
		case '"':
			for i++; p[i] != '"'; i++ {
				if p[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\r', '\n':
			i++
		default: // a number or a name
			for i++; !ends(p[i]); i++ {
			}
		}
		if depth == 0 {
			return p[:i], p[i:]
		}
	}
}

// ends reports whether c comes after a number or a name.
func ends(c byte) bool {
	switch c {
	case ',', ':', ']', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// scalar returns the text of a value that is neither object nor array.
func (j *jsonRows) scalar(v []byte) (text []byte, ok bool) {
	switch v[0] {
	case '{', '[':
		return nil, false
	case 'n':
		return nil, true
	case '"':
		if v = v[1 : len(v)-1]; bytes.IndexByte(v, '\\') < 0 {
			return v, true
		}
		from := len(j.arena)
		j.arena, ok = unescape(j.arena, v)
		return j.arena[from:], ok
	}
	return v, true
}
