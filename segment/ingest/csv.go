package ingest

import (
	"bytes"
	"io"
)

// csvReader reads records as RFC 4180 has them: fields in quotes may hold the
// comma, line breaks and doubled quotes; a quote anywhere else is an error.
// Empty lines are passed over.
type csvReader struct {
	in     *lines
	comma  byte
	fields [][]byte
	text   []byte // unquoted text of the fields of a record with quotes
	ends   []int  // where each field ends in text
	quoted bool   // inside quotes
}

// read returns the fields of the next record, valid until the call after it, or
// a Reason, or an error of the file.
func (c *csvReader) read() ([][]byte, Reason, error) {
	var line []byte
	for {
		var err error
		if line, err = c.in.next(); err == errLong {
			return nil, ReasonTooLong, nil
		} else if err != nil {
			return nil, ReasonNone, err
		}
		if len(trimBreak(line)) > 0 {
			break
		}
	}
	if bytes.IndexByte(line, '"') < 0 {
		return c.plain(trimBreak(line))
	}
	c.text, c.ends, c.quoted = c.text[:0], c.ends[:0], false
	done, reason := c.feed(line)
	if done {
		return c.split(reason)
	}
	c.in.hold()
	for n := 2; ; n++ {
		line, err := c.in.next()
		switch {
		case err == io.EOF:
			reason = ReasonQuote
		case err == errLong, err == nil && (n > MaxLines || len(c.text)+len(line) > MaxRecord):
			reason = ReasonTooLong
		case err != nil:
			return nil, ReasonNone, err
		default:
			done, reason = c.feed(line)
		}
		if reason != ReasonNone {
			c.in.rewind()
			return nil, reason, nil
		}
		if done {
			c.in.drop()
			return c.split(reason)
		}
	}
}

// plain splits a line without quotes.
func (c *csvReader) plain(line []byte) ([][]byte, Reason, error) {
	c.fields = c.fields[:0]
	for {
		i := bytes.IndexByte(line, c.comma)
		if i < 0 {
			c.fields = append(c.fields, line)
			break
		}
		c.fields = append(c.fields, line[:i])
		line = line[i+1:]
		if len(c.fields) == MaxFields {
			return nil, ReasonTooLong, nil
		}
	}
	return c.fields, ReasonNone, nil
}

// feed parses one more line of a record. It is done at the end of the record or
// of patience; otherwise the record goes on with the next line.
func (c *csvReader) feed(raw []byte) (done bool, reason Reason) {
	line := trimBreak(raw)
	for {
		if !c.quoted && len(line) > 0 && line[0] == '"' {
			c.quoted, line = true, line[1:]
		}
		if !c.quoted {
			i := bytes.IndexByte(line, c.comma)
			field := line
			if i >= 0 {
				field = line[:i]
			}
			if bytes.IndexByte(field, '"') >= 0 {
				return true, ReasonQuote
			}
			c.text = append(c.text, field...)
			c.ends = append(c.ends, len(c.text))
			if i < 0 {
				return true, ReasonNone
			}
			line = line[i+1:]
		} else {
			i := bytes.IndexByte(line, '"')
			if i < 0 {
				c.text = append(append(c.text, line...), '\n')
				return false, ReasonNone
			}
			c.text = append(c.text, line[:i]...)
			line = line[i+1:]
			if len(line) > 0 && line[0] == '"' {
				c.text = append(c.text, '"')
				line = line[1:]
				continue
			}
			c.ends = append(c.ends, len(c.text))
			c.quoted = false
			if len(line) == 0 {
				return true, ReasonNone
			}
			if line[0] != c.comma {
				return true, ReasonQuote
			}
			line = line[1:]
		}
		if len(c.ends) == MaxFields {
			return true, ReasonTooLong
		}
	}
}

// split cuts the unquoted text into fields.
func (c *csvReader) split(reason Reason) ([][]byte, Reason, error) {
	if reason != ReasonNone {
		return nil, reason, nil
	}
	c.fields = c.fields[:0]
	from := 0
	for _, to := range c.ends {
		c.fields = append(c.fields, c.text[from:to:to])
		from = to
	}
	return c.fields, ReasonNone, nil
}

// csvRows reads the values of wanted columns.
type csvRows struct {
	csv   csvReader
	width int
	pick  []int // wanted column -> field
	vals  [][]byte
}

// newCSVRows reads the header.
func newCSVRows(in *lines, comma byte, columns []string) (*csvRows, error) {
	c := &csvRows{csv: csvReader{in: in, comma: comma}, vals: make([][]byte, len(columns))}
	header, reason, err := c.csv.read()
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err == io.EOF || reason != ReasonNone {
		return nil, ErrHeader
	}
	c.width = len(header)
	for _, want := range columns {
		at := -1
		for i, name := range header {
			if string(bytes.TrimSpace(name)) != want {
				continue
			}
			if at >= 0 {
				return nil, ErrColumn
			}
			at = i
		}
		if at < 0 {
			return nil, ErrColumn
		}
		c.pick = append(c.pick, at)
	}
	return c, nil
}

func (c *csvRows) read() ([][]byte, Reason, error) {
	fields, reason, err := c.csv.read()
	if err != nil || reason != ReasonNone {
		return nil, reason, err
	}
	if len(fields) != c.width {
		return nil, ReasonFields, nil
	}
	for i, at := range c.pick {
		c.vals[i] = fields[at]
	}
	return c.vals, ReasonNone, nil
}
