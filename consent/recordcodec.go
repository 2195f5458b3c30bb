package consent

import (
	"encoding/binary"
	"slices"
	"strings"
)

// The row of a record without entries is that of its history. With entries:
//
//	byte     the version: 2
//	uvarint  length of the row of the history, and that row, if there is one
//	uvarint  moment up to which expiries have their entry, 0 for none
//	uvarint  number of record ids, each 16 bytes: that of new entries, then
//	         others in the order of their first entry
//	uvarint  number of purposes, each its key; sorted, distinct and used
//	uvarint  number of texts that the history does not hold, as there
//	uvarint  number of entries, from 1, each:
//	         byte kind, uvarint moment, uvarint index of the record id,
//	         uvarint number of purposes, each its index, ascending,
//	         uvarint text: 0 none, else 1 + index in those of the history and the others,
//	         opted out: byte 1 gpc, 2 gpp, 3 tcf, 4 age, 5 source,
//	         imported, refused, withdrawn: the proof, empty but for what was taken over,
//	         16 bytes salt
//
// Where there is a disclosure, or an entry of one, the version is 3, and what
// disclosures add stands as disclosurecodec.go says: names before the number of
// entries, in an entry of kind disclosed what was told, and the disclosures at the
// end. Entries are then from 0; without any, there are no record ids, and no moment.
const (
	rowWithJournal     = 2
	rowWithDisclosures = 3
	minEntry           = 1 + 1 + 1 + 1 + 1 + 16
)

// signals are the methods of entries that opt out, by their byte less one.
var signals = [...]string{"gpc", "gpp", "tcf", "age", "source"}

// Row returns the canonical encoding, or nil for an empty record.
func (r *Record) Row() []byte {
	history := r.history.Row()
	told := r.tellings()
	if len(r.journal) == 0 && told == nil {
		return history
	}
	known := r.history.texts()
	var ids [][16]byte
	if len(r.journal) > 0 {
		ids = append(ids, r.id)
	}
	var purposes []string
	var more []evidence
	for i := range r.journal {
		e := &r.journal[i]
		if !slices.Contains(ids, e.Record) {
			ids = append(ids, e.Record)
		}
		purposes = append(purposes, e.Purposes...)
		if shown := e.shown(); shown.notice != "" {
			if _, ok := slices.BinarySearchFunc(known, shown, compareEvidence); !ok {
				more = append(more, shown)
			}
		}
	}
	purposes = append(purposes, told.purposes()...)
	slices.Sort(purposes)
	purposes = slices.Compact(purposes)
	slices.SortFunc(more, compareEvidence)
	more = slices.Compact(more)

	w := rowWriter{make([]byte, 0, 64+len(history)+64*len(more)+32*len(r.journal))}
	if told == nil {
		w.b = append(w.b, rowWithJournal)
	} else {
		w.b = append(w.b, rowWithDisclosures)
	}
	w.uint(uint64(len(history)))
	w.b = append(w.b, history...)
	w.uint(uint64(r.lapsed))
	w.uint(uint64(len(ids)))
	for i := range ids {
		w.b = append(w.b, ids[i][:]...)
	}
	w.uint(uint64(len(purposes)))
	for _, p := range purposes {
		w.text(p)
	}
	w.uint(uint64(len(more)))
	w.evidence(more)
	told.writeNames(&w)
	w.uint(uint64(len(r.journal)))
	for i := range r.journal {
		e := &r.journal[i]
		w.b = append(w.b, byte(e.Kind))
		w.uint(uint64(millis(e.At)))
		w.uint(uint64(slices.Index(ids, e.Record)))
		w.uint(uint64(len(e.Purposes)))
		for _, p := range e.Purposes {
			n, _ := slices.BinarySearch(purposes, p)
			w.uint(uint64(n))
		}
		if shown := e.shown(); shown.notice == "" {
			w.uint(0)
		} else if n, ok := slices.BinarySearchFunc(known, shown, compareEvidence); ok {
			w.uint(1 + uint64(n))
		} else {
			n, _ := slices.BinarySearchFunc(more, shown, compareEvidence)
			w.uint(1 + uint64(len(known)+n))
		}
		switch e.Kind {
		case KindOptedOut:
			w.b = append(w.b, byte(1+slices.Index(signals[:], e.Method)))
		case KindImported, KindRefused, KindWithdrawn:
			w.text(e.Proof)
		case KindDisclosed:
			told.writeEntry(&w, e, purposes)
		}
		w.b = append(w.b, e.Salt[:]...)
	}
	told.write(&w, purposes)
	return w.b
}

// journaled reports whether a row is more than that of a history.
func journaled(row []byte) bool {
	return len(row) > 0 && (row[0] == rowWithJournal || row[0] == rowWithDisclosures)
}

// Deciding reads the history of a row of a store, for [Book.Decide], and passes
// over the journal. It must not be written back. It fails with ErrRow.
func Deciding(row []byte) (*History, error) {
	row, ok := historyOf(row)
	if !ok {
		return nil, ErrRow
	}
	return ReadHistory(row)
}

// historyOf returns the row of the history that a row of a store holds.
func historyOf(row []byte) ([]byte, bool) {
	if !journaled(row) {
		return row, true
	}
	n, size := binary.Uvarint(row[1:])
	if size <= 0 || n > uint64(len(row)-1-size) {
		return nil, false
	}
	return row[1+size : 1+size+int(n)], true
}

// ReadRecord reads a row of a store; a nil or empty one is the empty record. It
// accepts exactly what [Record.Row] writes, and rows of a history alone, and fails
// with ErrRow on all else.
func ReadRecord(row []byte) (*Record, error) {
	h, err := Deciding(row)
	if err != nil {
		return nil, err
	}
	rec := &Record{history: *h}
	if !journaled(row) {
		return rec, nil
	}
	more := row[0] == rowWithDisclosures
	r := rowReader{b: row[1:], all: string(row[1:])}
	r.take(int(r.int(int64(len(row)))))
	rec.lapsed = r.int(maxMoment)
	ids := make([][16]byte, r.count(maxEntries+1, 16))
	r.require(len(ids) > 0 || more && rec.lapsed == 0)
	for i := range ids {
		copy(ids[i][:], r.take(16))
		r.require(ids[i] != [16]byte{} && !slices.Contains(ids[:i], ids[i]))
	}
	purposes := make([]string, r.count(maxEntries*maxPurposes+2*maxMerged, 2))
	for i := range purposes {
		purposes[i] = r.text()
		r.require(ValidPurpose(purposes[i]) && (i == 0 || purposes[i-1] < purposes[i]))
	}
	known := h.texts()
	texts := make([]evidence, len(known), len(known)+1)
	copy(texts, known)
	for i := range r.count(maxEntries, 39) {
		e := r.evidence()
		_, twice := slices.BinarySearchFunc(known, e, compareEvidence)
		r.require(!twice && (i == 0 || compareEvidence(texts[len(texts)-1], e) < 0))
		texts = append(texts, e)
	}
	in := journalReader{
		rowReader: &r, ids: ids, purposes: purposes, texts: texts,
		usedPurposes: make([]bool, len(purposes)), usedTexts: make([]bool, len(texts)), seen: min(1, len(ids)),
	}
	if more {
		in.told = readNames(&r)
	}
	if n := r.count(maxEntries, minEntry); n > 0 || !more {
		rec.journal = make([]Entry, n)
	}
	r.require((len(rec.journal) > 0) == (len(ids) > 0))
	for i := range rec.journal {
		in.entry(&rec.journal[i])
	}
	if more {
		rec.disclosed = in.disclosures()
	}
	r.require(len(r.b) == 0 && in.seen == len(ids) &&
		!slices.Contains(in.usedPurposes, false) && !slices.Contains(in.usedTexts[len(known):], false))
	if r.bad {
		return nil, ErrRow
	}
	if len(ids) > 0 {
		rec.id = ids[0]
	}
	return rec, nil
}

// journalReader reads entries and checks that every table is used, in order.
type journalReader struct {
	*rowReader
	ids                     [][16]byte
	purposes                []string
	texts                   []evidence
	usedPurposes, usedTexts []bool
	seen                    int       // record ids so far
	told                    *nameList // of version 3
}

func (r *journalReader) entry(e *Entry) {
	e.Kind = Kind(r.byte())
	r.require(e.Kind >= 1 && e.Kind <= lastKind)
	at := r.int(maxMoment)
	r.require(at >= 1)
	e.At = moment(at)
	id := int(r.int(maxEntries))
	r.require(id <= r.seen && id < len(r.ids))
	n := r.count(maxPurposes, 1)
	if r.bad {
		return
	}
	if id == r.seen {
		r.seen++
	}
	e.Record = r.ids[id]
	if n > 0 {
		e.Purposes = make([]string, n)
	}
	last := -1
	for i := range e.Purposes {
		p := int(r.int(int64(len(r.purposes))))
		r.require(p > last && p < len(r.purposes))
		if r.bad {
			return
		}
		r.usedPurposes[p], last, e.Purposes[i] = true, p, r.purposes[p]
	}
	if text := int(r.int(int64(len(r.texts)))); text > 0 && !r.bad {
		shown := r.texts[text-1]
		r.usedTexts[text-1] = true
		e.Notice, e.Version, e.Locale, e.Hash, e.Method = shown.notice, shown.version, shown.locale, shown.hash, shown.method
	}
	switch e.Kind {
	case KindServed, KindGiven, KindImported, KindExpired:
		r.require(e.Notice != "" && n > 0)
	case KindErased, KindMoved:
		r.require(e.Notice == "" && n == 0)
	case KindOptedOut:
		by := int(r.byte())
		r.require(e.Notice == "" && n > 0 && by >= 1 && by <= len(signals))
		if !r.bad {
			e.Method = signals[by-1]
		}
	case KindDisclosed:
		r.require(e.Notice != "" && n == 1)
		r.disclosed(e)
	default:
		r.require(n > 0)
	}
	if e.Kind == KindImported || e.Kind == KindRefused || e.Kind == KindWithdrawn {
		e.Proof = r.string(int(r.int(maxProof)))
		r.require(validProof(e.Proof) || e.Proof == "" && e.Kind != KindImported)
	}
	copy(e.Salt[:], r.take(16))
}

// validProof reports whether s can say where a proof is kept.
func validProof(s string) bool {
	return s != "" && len(s) <= maxProof && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/#") == ""
}
