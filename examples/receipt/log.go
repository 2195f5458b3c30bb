package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/discreet-go/discreet/consent"
)

// A consent log is a row of records of this length: a zero byte, milliseconds, a
// commitment and a chain, as docs/formats.md says. It is read here without the
// library, so that nobody has to believe it.
const (
	recordSize = 1 + 8 + 32 + 32
	logDomain  = "discreet-consent-log/0\n"
)

// consentLog is what a log holds.
type consentLog struct {
	records uint64
	chain   [32]byte              // of the last record
	at      [32]byte              // of the record at the head of the receipt
	when    map[[32]byte]seenAt   // of each commitment that is looked for
	wanted  map[[32]byte]struct{} // those
}

type seenAt struct {
	position uint64
	time     time.Time
}

// What a log can be.
var (
	errCutRecord = errors.New("it ends within a record")
	errRecord    = errors.New("it does not go on from the record before")
)

// readLog reads the log from its beginning, follows its chain, and notes the
// commitments that are wanted, and the chain of the record in the place of head.
func readLog(r io.Reader, wanted [][32]byte, head uint64) (*consentLog, error) {
	l := &consentLog{when: map[[32]byte]seenAt{}, wanted: map[[32]byte]struct{}{}}
	for _, c := range wanted {
		l.wanted[c] = struct{}{}
	}
	var b [recordSize]byte
	last := uint64(0)
	for {
		if _, err := io.ReadFull(r, b[:]); err == io.EOF {
			return l, nil
		} else if err != nil {
			return l, errCutRecord
		}
		ms := binary.BigEndian.Uint64(b[1:])
		sum := append([]byte(logDomain), l.chain[:]...)
		sum = binary.BigEndian.AppendUint64(sum, l.records)
		sum = append(sum, b[1:41]...) // milliseconds and commitment
		chain := [32]byte(b[41:])
		if b[0] != 0 || ms < last || ms > 1<<48 || sha256.Sum256(sum) != chain {
			return l, errRecord
		}
		commitment := [32]byte(b[9:])
		if _, ok := l.wanted[commitment]; ok {
			if _, twice := l.when[commitment]; !twice {
				l.when[commitment] = seenAt{l.records, time.UnixMilli(int64(ms)).UTC()}
			}
		}
		l.records, l.chain, last = l.records+1, chain, ms
		if l.records == head {
			l.at = chain
		}
	}
}

// logged holds the receipt against the log in a file.
func logged(path string, r *consent.Receipt, out, errOut io.Writer) int {
	f, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(errOut, "The log could not be read:", err)
		return 2
	}
	defer f.Close()
	var wanted [][32]byte
	list := r.Entries()
	for i := range list {
		wanted = append(wanted, list[i].Commitment())
	}
	l, err := readLog(f, wanted, r.Log.Length)
	switch {
	case err != nil:
		fmt.Fprintf(errOut, "DOES NOT HOLD: record %d of the log is broken: %v\n", l.records, err)
		return 1
	case l.records < r.Log.Length:
		fmt.Fprintf(errOut, "DOES NOT HOLD: the log has %d records, and had %d when the receipt was issued\n", l.records, r.Log.Length)
		return 1
	case hex.EncodeToString(l.at[:]) != r.Log.Chain:
		fmt.Fprintf(errOut, "DOES NOT HOLD: the first %d records of the log are not those of when the receipt was issued\n", r.Log.Length)
		return 1
	}
	status := 0
	for i, c := range wanted {
		switch seen, ok := l.when[c]; {
		case !ok:
			fmt.Fprintf(errOut, "DOES NOT HOLD: the log does not hold the event of %s, %s\n", list[i].At.Format(day), list[i].Kind)
			status = 1
		case seen.position >= r.Log.Length:
			fmt.Fprintf(errOut, "DOES NOT HOLD: the event of %s, %s, came into the log after the receipt was issued\n", list[i].At.Format(day), list[i].Kind)
			status = 1
		}
	}
	if status == 0 {
		fmt.Fprintf(out, "  The log has %d records, its chain is whole, and all %d events are in it:\n", l.records, len(wanted))
		for i, c := range wanted {
			fmt.Fprintf(out, "    record %d of %s: %s of %s\n", l.when[c].position, l.when[c].time.Format(day), list[i].Kind, list[i].At.Format(day))
		}
	}
	return status
}
