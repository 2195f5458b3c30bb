package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
	"go.etcd.io/bbolt"
)

// erasing says what beside the rows of a change an erasure is about.
type erasing struct {
	drop  []place // rows that are deleted
	whole bool    // for older copies of the store the rows of the change are deleted too
}

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

// decodeErasure returns the rows of an entry.
func decodeErasure(entry []byte) (at []place, rows [][]byte, err error) {
	for len(entry) > 0 {
		n := 1 + int(entry[0])
		if len(entry) < n+ident.IDSize+1 {
			return nil, nil, ErrJournal
		}
		p := place{bucket: entry[1:n], key: [ident.IDSize]byte(entry[n:])}
		kept := entry[n+ident.IDSize] == 1
		entry = entry[n+ident.IDSize+1:]
		var row []byte
		if kept {
			if len(entry) < 4 || uint64(len(entry)-4) < uint64(binary.BigEndian.Uint32(entry)) {
				return nil, nil, ErrJournal
			}
			end := 4 + int(binary.BigEndian.Uint32(entry))
			row, entry = entry[4:end:end], entry[end:]
		}
		at, rows = append(at, p), append(rows, row)
	}
	return at, rows, nil
}

// applyErasure does in a transaction what an entry says.
func applyErasure(tx *bbolt.Tx, seal *sealer, entry []byte) error {
	at, rows, err := decodeErasure(entry)
	if err != nil {
		return err
	}
	for i := range at {
		c := change{bucket: at[i].bucket, key: at[i].key[:], write: true}
		if rows[i] != nil {
			c.value = seal.seal(c.bucket, c.key, rows[i])
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
	if err := errors.Join(removeLeft(next), removeLeft(newJournalName(s.erasures))); err != nil {
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
