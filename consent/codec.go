package consent

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/discreet-go/discreet/internal/contrib"
)

// ErrRow is returned for bytes that are not the one encoding of a history.
var ErrRow = errors.New("consent: not a consent row in canonical form")

// The row of a history is:
//
//	byte     the version: 1 where there is a moment of moving, else 0
//	uvarint  moment of erasure, 0 for none
//	uvarint  in version 1: moment of moving to another identifier
//	uvarint  number of shown texts, each: notice id, version, locale, SHA-256, method
//	uvarint  number of purposes, each:
//	         key
//	         byte kind of the latest no: 0 none, 1 refused, 2 withdrawn;
//	         unless 0: moment, duration of not asking, text (0 none, else index+1)
//	         uvarint number of intervals, each: given, confirmed-given,
//	         expires-confirmed, withdrawn-given (0 not withdrawn), text index
//
// Strings carry a uvarint length; moments are uvarint milliseconds since 1970;
// every uvarint has its shortest form. Texts and purposes are sorted and
// distinct, every text is used, intervals are in order. An empty history has no row.
const (
	rowVersion  = 0
	rowWithMove = 1
	maxShown    = maxPurposes * (maxIntervals + 1)
)

// Row returns the canonical encoding, or nil for an empty history.
func (h *History) Row() []byte {
	if h == nil || h.floor() == 0 && len(h.records) == 0 {
		return nil
	}
	texts := h.texts()
	index := func(e evidence) uint64 {
		i, _ := slices.BinarySearchFunc(texts, e, compareEvidence)
		return uint64(i)
	}

	w := rowWriter{make([]byte, 0, 64+64*len(texts)+64*len(h.records))}
	if h.merged == 0 {
		w.b = append(w.b, rowVersion)
		w.uint(uint64(h.erased))
	} else {
		w.b = append(w.b, rowWithMove)
		w.uint(uint64(h.erased))
		w.uint(uint64(h.merged))
	}
	w.uint(uint64(len(texts)))
	w.evidence(texts)
	w.uint(uint64(len(h.records)))
	for i := range h.records {
		r := &h.records[i]
		w.text(r.purpose)
		switch r.denial.kind {
		case Refused:
			w.b = append(w.b, 1)
		case Withdrawn:
			w.b = append(w.b, 2)
		default:
			w.b = append(w.b, 0)
		}
		if r.denial.kind != 0 {
			w.uint(uint64(r.denial.at))
			w.uint(uint64(r.denial.quiet - r.denial.at))
			if r.denial.shown == (evidence{}) {
				w.uint(0)
			} else {
				w.uint(index(r.denial.shown) + 1)
			}
		}
		w.uint(uint64(len(r.intervals)))
		for j := range r.intervals {
			v := &r.intervals[j]
			w.uint(uint64(v.given))
			w.uint(uint64(v.affirmed - v.given))
			w.uint(uint64(v.expires - v.affirmed))
			if v.ended == 0 {
				w.uint(0)
			} else {
				w.uint(uint64(v.ended - v.given))
			}
			w.uint(index(v.shown))
		}
	}
	return w.b
}

// texts returns what was shown, sorted.
func (h *History) texts() (texts []evidence) {
	for i := range h.records {
		r := &h.records[i]
		if r.denial.shown != (evidence{}) {
			texts = append(texts, r.denial.shown)
		}
		for j := range r.intervals {
			texts = append(texts, r.intervals[j].shown)
		}
	}
	slices.SortFunc(texts, compareEvidence)
	return slices.Compact(texts)
}

func compareEvidence(x, y evidence) int {
	return cmp.Or(
		cmp.Compare(x.notice, y.notice), cmp.Compare(x.version, y.version), cmp.Compare(x.locale, y.locale),
		bytes.Compare(x.hash[:], y.hash[:]), cmp.Compare(x.method, y.method))
}

type rowWriter struct{ b []byte }

func (w *rowWriter) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *rowWriter) text(s string) {
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *rowWriter) evidence(texts []evidence) {
	for _, e := range texts {
		w.text(e.notice)
		w.uint(uint64(e.version))
		w.text(e.locale)
		w.b = append(w.b, e.hash[:]...)
		w.text(e.method)
	}
}

// ReadHistory reads a row; a nil or empty one is the empty history. It accepts
// exactly what [History.Row] writes, and fails with ErrRow on all else. Stores hold
// rows of a [Record]: [ReadRecord] and [Deciding] read those.
func ReadHistory(row []byte) (*History, error) {
	h := &History{}
	r := rowReader{b: row, all: string(row)} // one copy; the strings of the history share it
	if err := r.history(h, &space{}); err != nil {
		return nil, err
	}
	return h, nil
}

// space is room to read histories in.
type space struct {
	texts []evidence
	used  []bool
}

// sized returns a list of n elements, in the room of list where that is enough.
func sized[T any](list []T, n int) []T {
	if n <= cap(list) {
		return list[:n]
	}
	return make([]T, n)
}

// history reads a whole row into h, whatever is there.
func (r *rowReader) history(h *History, s *space) error {
	h.erased, h.merged, h.newest, h.records = 0, 0, 0, h.records[:0]
	if len(r.b) == 0 {
		return nil
	}
	version := r.byte()
	r.require(version <= rowWithMove)
	h.erased = r.int(maxMoment)
	if version == rowWithMove {
		h.merged = r.int(maxMoment)
		r.require(h.merged > 0)
	}
	s.texts = sized(s.texts, r.count(maxShown, 39))
	s.used = sized(s.used, len(s.texts))
	clear(s.used)
	for i := range s.texts {
		s.texts[i] = r.evidence()
		r.require(i == 0 || compareEvidence(s.texts[i-1], s.texts[i]) < 0)
	}
	h.records = sized(h.records, r.count(maxPurposes, 7))
	for i := range h.records {
		rec := &h.records[i]
		r.record(rec, s.texts, s.used, h.floor())
		r.require(i == 0 || h.records[i-1].purpose < rec.purpose)
	}
	r.require(len(r.b) == 0 && (h.floor() != 0 || len(h.records) > 0) && !slices.Contains(s.used, false))
	if r.bad {
		return ErrRow
	}
	h.newest = h.latest()
	return nil
}

// rowReader reads strictly. After the first violation it returns zero values,
// and counts of 0, so loops end.
type rowReader struct {
	b     []byte
	all   string            // ends with what b does; texts are parts of it
	words map[string]string // or, where there is no such string, are kept here
	bad   bool
}

func (r *rowReader) require(ok bool) {
	if !ok {
		r.bad, r.b = true, nil
	}
}

func (r *rowReader) byte() byte {
	if len(r.b) == 0 {
		r.require(false)
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

// int reads a shortest-form uvarint of at most limit.
func (r *rowReader) int(limit int64) int64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			r.require(c != 0 || shift == 0)
			break
		}
		if shift == 49 { // 56 bits hold every limit
			r.require(false)
			break
		}
	}
	r.require(v <= uint64(limit))
	if r.bad {
		return 0
	}
	return int64(v)
}

// count reads how many elements follow, each of at least size bytes.
func (r *rowReader) count(limit int64, size int) int {
	n := int(r.int(limit))
	r.require(n <= len(r.b)/size)
	if r.bad {
		return 0
	}
	return n
}

func (r *rowReader) take(n int) []byte {
	r.require(n <= len(r.b))
	if r.bad {
		return nil
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

// string reads n bytes of text.
func (r *rowReader) string(n int) string {
	at := len(r.all) - len(r.b)
	b := r.take(n)
	if r.words == nil {
		return r.all[at : at+len(b)]
	}
	word, ok := r.words[string(b)]
	if !ok {
		if len(r.words) == maxWords {
			clear(r.words)
		}
		word = string(b)
		r.words[word] = word
	}
	return word
}

func (r *rowReader) text() string { return r.string(int(r.int(contrib.MaxNameLen))) }

func (r *rowReader) evidence() evidence {
	var e evidence
	e.notice = r.text()
	e.version = int(r.int(maxVersion))
	e.locale = r.text()
	copy(e.hash[:], r.take(len(e.hash)))
	e.method = r.text()
	r.require(contrib.ValidName(e.notice) && e.version > 0 && validLocale(e.locale) &&
		(e.method == "" || contrib.ValidName(e.method)))
	return e
}

func (r *rowReader) record(rec *record, texts []evidence, used []bool, floor int64) {
	rec.purpose, rec.denial, rec.intervals = r.text(), denial{}, rec.intervals[:0]
	r.require(ValidPurpose(rec.purpose))
	shown := func(i int64) (e evidence) {
		if r.require(i < int64(len(texts))); r.bad {
			return e
		}
		used[i] = true
		return texts[i]
	}
	d := &rec.denial
	switch r.byte() {
	case 0:
	case 1:
		d.kind = Refused
	case 2:
		d.kind = Withdrawn
	default:
		r.require(false)
	}
	if d.kind != 0 {
		d.at = r.int(maxMoment)
		d.quiet = d.at + r.int(days(MaxRefusalDays))
		r.require(d.at >= max(floor, 1))
		if i := r.int(maxShown); i > 0 {
			d.shown = shown(i - 1)
		}
	}
	n := r.count(maxIntervals, 5)
	r.require(n > 0 || d.kind != 0)
	if r.bad {
		return
	}
	rec.intervals = sized(rec.intervals, n)
	free := max(floor, 1) // the next interval begins here or later
	for i := range rec.intervals {
		v := &rec.intervals[i]
		*v = interval{given: r.int(maxMoment)}
		v.affirmed = v.given + r.int(maxMoment)
		v.expires = v.affirmed + r.int(days(MaxConsentDays))
		if ended := r.int(maxMoment); ended > 0 {
			v.ended = v.given + ended
		}
		v.shown = shown(r.int(maxShown))
		r.require(v.given >= free && v.affirmed <= maxMoment && v.ended <= maxMoment &&
			v.given < v.end() && v.affirmed <= v.end() && v.affirmed < v.expires && (v.ended == 0 || v.ended < v.expires))
		r.require(d.kind == 0 || d.at <= v.given || d.at >= v.end()) // a no ends what is open
		if r.bad {
			return
		}
		free = v.end()
	}
}
