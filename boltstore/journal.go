package boltstore

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/discreet-go/discreet/pseudonym"
)

// The erasure journal: a header, then entries, each a length in four bytes and
// what is sealed. An entry is sealed with the hash of all before it. In version 0
// no entry was ever shortened.
const (
	journalMagic  = "discreet-erasures-v1\n"
	journalMagic0 = "discreet-erasures-v0\n"
	journalHead   = len(journalMagic) + 8 + 73 // check value of the keyring, wrapped key
	journalEntry  = 1 << 20                    // bytes at most
	positionSize  = 8 + 32
	shortened     = 0xff // first byte of an entry that lost rows; the hash follows that it had before
	shortHead     = 1 + 32
	journalSuffix = ".erasures"
)

// bucketJournal is authenticated with entries in place of a bucket's name.
var bucketJournal = []byte("erasures")

// journal is an open erasure journal. It belongs to who holds Store.write.
type journal struct {
	f     *os.File
	seal  *sealer
	size  int64
	count uint64
	chain [32]byte
}

// position returns where the journal ends, as the store keeps it.
func (j *journal) position() []byte {
	return append(binary.BigEndian.AppendUint64(nil, j.count), j.chain[:]...)
}

// link is what entry number count is bound to, beside its place.
func link(count uint64, chain [32]byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, count), chain[:]...)
}

// makeJournal puts a complete, empty journal under path, which must not exist.
func makeJournal(path, tenant string, keys *pseudonym.Keyring) error {
	key, check := new([32]byte), keys.Check()
	defer clear(key[:])
	rand.Read(key[:])
	wrapped, err := keys.WrapStoreKey(tenant, key)
	if err != nil {
		return err
	}
	head := append(append([]byte(journalMagic), check[:]...), wrapped...)
	temp := newJournalName(path)
	f, err := writeJournal(temp, head)
	if err == nil {
		f.Close()
		err = os.Link(temp, path)
		os.Remove(temp)
	}
	if err != nil {
		return journalError(err)
	}
	return syncDir(filepath.Dir(path))
}

// newJournalName is where a journal is made that is to stand under path.
func newJournalName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// writeJournal makes a file and returns it when it is on disk.
func writeJournal(temp string, data []byte) (*os.File, error) {
	if err := removeLeft(temp); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteAt(data, 0)
	if err = errors.Join(err, f.Sync()); err != nil {
		f.Close()
		os.Remove(temp)
		return nil, err
	}
	return f, nil
}

// openJournal opens and locks the journal, and calls f with every entry and the
// position behind it. It cuts a last entry that was not written to its end.
func openJournal(path, tenant string, keys *pseudonym.Keyring, f func(count uint64, position, entry []byte) error) (j *journal, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, ErrJournal
	}
	if err := lock(file); err != nil {
		return nil, ErrLocked
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) < journalHead {
		return nil, ErrJournal
	}
	if magic := string(data[:len(journalMagic)]); magic != journalMagic && magic != journalMagic0 {
		return nil, ErrJournal
	}
	key, err := keys.UnwrapStoreKey(tenant, data[len(journalMagic)+8:journalHead])
	if err != nil {
		return nil, ErrJournal
	}
	defer clear(key[:])
	seal, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	j = &journal{f: file, seal: seal}
	if err := j.replay(data, func(entry, _ []byte) error { return f(j.count, j.position(), entry) }); err != nil {
		return nil, err
	}
	if j.size < int64(len(data)) {
		if err := errors.Join(file.Truncate(j.size), file.Sync()); err != nil {
			return nil, journalError(err)
		}
	}
	return j, nil
}

// replay reads a journal from its beginning and calls f behind the header (with a
// nil entry) and behind each entry, with the rows and as it stands in the file.
// It ends before a last entry that was not written to its end.
func (j *journal) replay(data []byte, f func(entry, raw []byte) error) error {
	begin := append([]byte(journalMagic0), data[len(journalMagic):journalHead]...)
	j.size, j.count, j.chain = int64(journalHead), 0, sha256.Sum256(begin)
	if err := f(nil, nil); err != nil {
		return err
	}
	for rest := data[journalHead:]; len(rest) > 0; {
		n := 0
		if len(rest) >= 4 {
			n = int(binary.BigEndian.Uint32(rest))
		}
		if n > journalEntry {
			return ErrJournal
		}
		if n == 0 {
			// Nothing, or the sector that the entry begins in never came to the disk.
			if part := min(len(rest), sectorSize-int(j.size%sectorSize)); len(rest) >= 4 && !zeros(rest[:max(part, 4)]) {
				return ErrJournal
			}
			break
		}
		if len(rest) < 4+n {
			break // torn by a crash: never acknowledged
		}
		raw := rest[:4+n]
		entry, err := j.seal.open(bucketJournal, link(j.count, j.chain), bytes.Clone(raw[4:]))
		if err != nil && len(rest) == 4+n && torn(raw, j.size) {
			break
		}
		if err != nil {
			return ErrJournal
		}
		j.advance(raw)
		if len(entry) > 0 && entry[0] == shortened {
			if len(entry) < shortHead {
				return ErrJournal
			}
			j.chain, entry = [32]byte(entry[1:]), entry[shortHead:]
		}
		if err := f(entry, raw); err != nil {
			return err
		}
		rest = rest[4+n:]
	}
	return nil
}

const sectorSize = 512 // what a disk writes whole or not at all

// torn reports whether an entry at the given place of the file lacks a sector,
// which a power cut leaves as zeros.
func torn(raw []byte, at int64) bool {
	for len(raw) > 0 {
		n := min(len(raw), sectorSize-int(at%sectorSize))
		if zeros(raw[:n]) {
			return true
		}
		raw, at = raw[n:], at+int64(n)
	}
	return false
}

func zeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func (j *journal) advance(raw []byte) {
	j.chain = sha256.Sum256(append(j.chain[:], raw...))
	j.count++
	j.size += int64(len(raw))
}

// write adds an entry, which is on disk after the next sync. unknown: it is not
// known what is in the file.
func (j *journal) write(entry []byte) (unknown bool, err error) {
	raw, err := j.sealed(entry, journalEntry-shortHead) // with room to shorten it
	if err != nil {
		return false, err
	}
	if _, err := j.f.WriteAt(raw, j.size); err != nil {
		return j.f.Truncate(j.size) != nil, journalError(err)
	}
	j.advance(raw)
	return false, nil
}

func (j *journal) sync() error {
	if err := j.f.Sync(); err != nil {
		return journalError(err)
	}
	return nil
}

// sealed returns an entry as it stands in the file, next after what is there. It
// has at most limit bytes.
func (j *journal) sealed(entry []byte, limit int) ([]byte, error) {
	sealed := j.seal.seal(bucketJournal, link(j.count, j.chain), entry)
	if len(sealed) > limit {
		return nil, ErrJournalWrite
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(sealed))), sealed...), nil
}

func journalError(err error) error { return fmt.Errorf("%w: %w", ErrJournalWrite, reason(err)) }
