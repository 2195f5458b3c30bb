package boltstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"go.etcd.io/bbolt"
)

// The erasure journal: a header, then entries, each a length in four bytes and
// what is sealed. An entry is sealed with the hash of all before it.
const (
	journalMagic  = "discreet-erasures-v0\n"
	journalHead   = len(journalMagic) + 8 + 73 // check value of the keyring, wrapped key
	journalEntry  = 1 << 20                    // bytes at most
	positionSize  = 8 + 32
	journalSuffix = ".erasures"
)

// bucketJournal is authenticated with entries in place of a bucket's name.
var bucketJournal = []byte("erasures")

// journal is an open erasure journal. mu is held from the writing of an entry
// until the store has done what it says.
type journal struct {
	mu    sync.Mutex
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
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := removeLeft(temp); err != nil {
		return err
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return journalError(err)
	}
	_, err = f.WriteAt(head, 0)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Link(temp, path)
	}
	os.Remove(temp)
	if err != nil {
		return journalError(err)
	}
	return syncDir(filepath.Dir(path))
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
	if err != nil || len(data) < journalHead || string(data[:len(journalMagic)]) != journalMagic {
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
	j = &journal{f: file, seal: seal, size: int64(journalHead), chain: sha256.Sum256(data[:journalHead])}
	if err := f(0, j.position(), nil); err != nil {
		return nil, err
	}
	for rest := data[journalHead:]; len(rest) > 0; {
		n := 0
		if len(rest) >= 4 {
			n = int(binary.BigEndian.Uint32(rest))
		}
		if n > journalEntry {
			return nil, ErrJournal
		}
		if n == 0 {
			// Nothing, or the sector that the entry begins in never came to the disk.
			if part := min(len(rest), sectorSize-int(j.size%sectorSize)); len(rest) >= 4 && !zeros(rest[:max(part, 4)]) {
				return nil, ErrJournal
			}
			break
		}
		if len(rest) < 4+n {
			break // torn by a crash: never acknowledged
		}
		raw := rest[:4+n]
		entry, err := seal.open(bucketJournal, link(j.count, j.chain), bytes.Clone(raw[4:]))
		if err != nil && len(rest) == 4+n && torn(raw, j.size) {
			break
		}
		if err != nil {
			return nil, ErrJournal
		}
		j.advance(raw)
		if err := f(j.count, j.position(), entry); err != nil {
			return nil, err
		}
		rest = rest[4+n:]
	}
	if j.size < int64(len(data)) {
		if err := errors.Join(file.Truncate(j.size), file.Sync()); err != nil {
			return nil, journalError(err)
		}
	}
	return j, nil
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

// append writes an entry and syncs. unknown: it is not known what is on disk.
func (j *journal) append(entry []byte) (unknown bool, err error) {
	sealed := j.seal.seal(bucketJournal, link(j.count, j.chain), entry)
	if len(sealed) > journalEntry {
		return false, ErrJournalWrite
	}
	raw := append(binary.BigEndian.AppendUint32(nil, uint32(len(sealed))), sealed...)
	if _, err := j.f.WriteAt(raw, j.size); err != nil {
		return j.f.Truncate(j.size) != nil, journalError(err)
	}
	if err := j.f.Sync(); err != nil {
		return true, journalError(err)
	}
	j.advance(raw)
	return false, nil
}

func journalError(err error) error { return fmt.Errorf("%w: %w", ErrJournalWrite, reason(err)) }

// encodeErasure writes the rows of an erasure: what each becomes, nil for gone.
func encodeErasure(at []place, rows [][]byte) (out []byte) {
	for i, p := range at {
		out = append(out, byte(len(p.bucket)))
		out = append(append(out, p.bucket...), p.key[:]...)
		if rows[i] == nil {
			out = append(out, 0)
			continue
		}
		out = append(out, 1)
		out = binary.BigEndian.AppendUint32(out, uint32(len(rows[i])))
		out = append(out, rows[i]...)
	}
	return out
}

// applyErasure does in a transaction what an entry says.
func applyErasure(tx *bbolt.Tx, seal *sealer, entry []byte) error {
	for len(entry) > 0 {
		n := 1 + int(entry[0])
		if len(entry) < n+ident.IDSize+1 {
			return ErrJournal
		}
		c := change{bucket: entry[1:n], key: entry[n : n+ident.IDSize], write: true}
		kept := entry[n+ident.IDSize] == 1
		entry = entry[n+ident.IDSize+1:]
		if kept {
			if len(entry) < 4 || uint64(len(entry)-4) < uint64(binary.BigEndian.Uint32(entry)) {
				return ErrJournal
			}
			size := int(binary.BigEndian.Uint32(entry))
			c.value = seal.seal(c.bucket, c.key, entry[4:4+size])
			entry = entry[4+size:]
		}
		if err := c.apply(tx); err != nil {
			return err
		}
	}
	return nil
}

// catchUp opens the journal and does what it says beyond the store's position,
// where the store was put back to an older state or ended in the middle of an
// erasure. It returns nil where there is no journal and never was one.
func (s *Store) catchUp(tenant string, keys *pseudonym.Keyring, seal *sealer) (*journal, error) {
	var known []byte
	err := s.view(new(bool), func(tx *bbolt.Tx, _ *sealer) error {
		v := tx.Bucket(bucketMeta).Get(keyErasures)
		if v == nil {
			return nil
		}
		var err error
		known, err = seal.open(bucketMeta, keyErasures, bytes.Clone(v))
		if err == nil && len(known) != positionSize {
			err = ErrDamaged
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var missing [][]byte
	met := known == nil
	next := s.erasures + ".next"
	read := func(path string) (*journal, error) {
		missing, met = nil, known == nil
		j, err := openJournal(path, tenant, keys, func(count uint64, position, entry []byte) error {
			if met && entry != nil {
				missing = append(missing, entry)
			}
			met = met || bytes.Equal(position, known)
			return nil
		})
		if err == nil && !met {
			j.f.Close()
			err = ErrJournal
		}
		return j, err
	}
	j, err := read(s.erasures)
	if err != nil && !errors.Is(err, ErrLocked) && known != nil {
		// A Reseal that was killed after its file was in place left the journal
		// of the new key under this name.
		if other, e := read(next); e == nil {
			if e := os.Rename(next, s.erasures); e != nil {
				other.f.Close()
				return nil, journalError(e)
			}
			j, err = other, syncDir(filepath.Dir(s.erasures))
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && known == nil:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist) && s.lost:
		return nil, s.update(func(tx *bbolt.Tx, _ *sealer) error { return tx.Bucket(bucketMeta).Delete(keyErasures) })
	case errors.Is(err, ErrLocked), errors.Is(err, ErrJournalWrite):
		return nil, err
	default:
		return nil, ErrJournal
	}
	if err := removeLeft(next); err != nil {
		j.f.Close()
		return nil, err
	}
	if len(missing) > 0 {
		err = s.update(func(tx *bbolt.Tx, _ *sealer) error {
			for _, entry := range missing {
				if err := applyErasure(tx, seal, entry); err != nil {
					return err
				}
			}
			return tx.Bucket(bucketMeta).Put(keyErasures, seal.seal(bucketMeta, keyErasures, j.position()))
		})
		if err != nil {
			j.f.Close()
			return nil, err
		}
	}
	return j, nil
}

// startJournal makes the journal where there is none yet.
func (s *Store) startJournal() error {
	s.binding.Lock()
	defer s.binding.Unlock()
	h := s.now.Load()
	if h.journal != nil || s.closed.Load() || h.seal == nil {
		return nil
	}
	if err := makeJournal(s.erasures, s.tenant, s.keys); err != nil {
		return err
	}
	j, err := openJournal(s.erasures, s.tenant, s.keys, func(uint64, []byte, []byte) error { return nil })
	if err != nil {
		return ErrJournal
	}
	err = s.update(func(tx *bbolt.Tx, seal *sealer) error {
		return tx.Bucket(bucketMeta).Put(keyErasures, seal.seal(bucketMeta, keyErasures, j.position()))
	})
	if err != nil {
		j.f.Close()
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	h = s.now.Load()
	s.now.Store(&handle{h.db, h.file, h.seal, j})
	return nil
}

// logged journals an erasure and then submits r, which does it; the position is
// written with it.
func (s *Store) logged(r *request, at []place, rows [][]byte) error {
	h := s.now.Load()
	j := h.journal
	if h.seal != r.seal || j == nil {
		return errStale
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.now.Load().journal != j {
		return errStale
	}
	if s.failed.Load() {
		return ErrFailed
	}
	unknown, err := j.append(encodeErasure(at, rows))
	if unknown {
		s.failed.Store(true)
		return errors.Join(ErrFailed, err)
	}
	if err != nil {
		return err
	}
	r.changes = append(r.changes, change{bucket: bucketMeta, key: keyErasures, write: true, value: r.seal.seal(bucketMeta, keyErasures, j.position())})
	return s.submit(r)
}

// LogErasure journals that the profiles under keys lost something at a person's
// wish, after it is on disk: where an older copy of the store is put back, these
// profiles are deleted whole. It is on disk when it returns.
func (s *Store) LogErasure(ctx context.Context, keys ...segment.Key) error {
	at, err := profilePlaces(keys)
	if err != nil {
		return err
	}
	if err := s.startJournal(); err != nil {
		return err
	}
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		err := s.logged(&request{seal: s.now.Load().seal}, at, make([][]byte, len(at)))
		if !errors.Is(err, errStale) {
			return err
		}
	}
}
