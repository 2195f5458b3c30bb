package consent

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A record of the consent log is, at fixed length:
//
//	byte      the version, 0
//	8 bytes   milliseconds since 1970, never less than in the record before
//	32 bytes  commitment, not all zero
//	32 bytes  chain
//
// chain = SHA-256("discreet-consent-log/0\n" | chain of the record before, zeros
// in the first | position | milliseconds | commitment), position and
// milliseconds in 8 bytes. Integers are big-endian.
const (
	logRecordSize = 1 + 8 + 32 + 32
	logDomain     = "discreet-consent-log/0\n"
)

// ErrBroken is what every [BrokenError] unwraps to.
var ErrBroken = errors.New("consent: the log is broken")

// BrokenError names the first broken record of the consent log.
type BrokenError struct {
	Seq  uint64 // position of the first record that is not as it must be
	Rule string // the rule it breaks
}

// Error names the record and the rule.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("%v: record %d: %s", ErrBroken, e.Seq, e.Rule)
}

// Unwrap returns ErrBroken.
func (e *BrokenError) Unwrap() error { return ErrBroken }

// Rules of a record.
const (
	ruleForm    = "it is not a record in canonical form"
	ruleFollow  = "it does not follow from the record before"
	ruleMissing = "it is missing"
	ruleOther   = "it is not the record that was there"
)

// LogRecord is one record of the consent log. It tells nothing of people.
type LogRecord struct {
	Seq        uint64    // position, from 0
	Time       time.Time // when it was appended, UTC, in milliseconds; never before the record before
	Commitment [32]byte  // of an entry, see [Entry.Commitment]
	Chain      [32]byte  // over this record and all before it
}

// LogHead names a state of the consent log: its length, and the chain of its
// last record, which fixes every record up to there. The zero LogHead is that of
// the empty log.
type LogHead struct {
	Length uint64
	Chain  [32]byte
}

// logEnd is what the next record must follow from.
type logEnd struct {
	head LogHead
	ms   int64 // of the last record
}

// extend appends the record of a commitment to rows, and moves the end behind it.
func (e *logEnd) extend(rows [][]byte, ms int64, commitment *[32]byte) [][]byte {
	e.ms = max(e.ms, ms)
	e.head.Chain = link(&e.head, e.ms, commitment)
	e.head.Length++
	row := append(make([]byte, 0, logRecordSize), 0)
	row = binary.BigEndian.AppendUint64(row, uint64(e.ms))
	row = append(row, commitment[:]...)
	return append(rows, append(row, e.head.Chain[:]...))
}

// accept reads the record at a position, which must be the next one, and moves
// the end behind it.
func (e *logEnd) accept(seq uint64, row []byte) (r LogRecord, err error) {
	r, ok := readRecord(seq, row)
	ms := r.Time.UnixMilli()
	switch {
	case !ok:
		return LogRecord{}, &BrokenError{e.head.Length, ruleForm}
	case seq != e.head.Length || ms < e.ms || r.Chain != link(&e.head, ms, &r.Commitment):
		return LogRecord{}, &BrokenError{e.head.Length, ruleFollow}
	}
	e.head, e.ms = LogHead{seq + 1, r.Chain}, ms
	return r, nil
}

// readRecord reads nothing but what extend writes.
func readRecord(seq uint64, row []byte) (r LogRecord, ok bool) {
	if len(row) != logRecordSize || row[0] != 0 {
		return r, false
	}
	ms := binary.BigEndian.Uint64(row[1:])
	r = LogRecord{seq, moment(int64(ms)), [32]byte(row[9:]), [32]byte(row[41:])}
	return r, ms > 0 && ms <= maxMoment && r.Commitment != [32]byte{}
}

// link returns the chain of the record behind h.
func link(h *LogHead, ms int64, commitment *[32]byte) [32]byte {
	var b [len(logDomain) + 32 + 8 + 8 + 32]byte
	w := append(b[:0], logDomain...)
	w = append(w, h.Chain[:]...)
	w = binary.BigEndian.AppendUint64(w, h.Length)
	w = binary.BigEndian.AppendUint64(w, uint64(ms))
	return sha256.Sum256(append(w, commitment[:]...))
}
