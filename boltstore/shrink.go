package boltstore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"
)

// shrink takes out of the journal what no copy of the store needs any more: a row
// that a later entry is about too, and the consent row that an erasure left, where
// the store has none any more. It writes the journal anew, under the same key and
// with the same positions, so that older copies of the store go on with it. Where
// the journal may only be appended to, it stays as it is.
func (s *Store) shrink() error {
	s.binding.Lock() // no Reseal, Bind or Close
	defer s.binding.Unlock()
	s.write.Lock()
	defer s.write.Unlock()
	j := s.now.Load().journal
	switch {
	case s.closed.Load():
		return ErrClosed
	case s.failed.Load():
		return ErrFailed
	case j == nil:
		return nil
	}
	path, err := filepath.EvalSymlinks(s.erasures)
	if err != nil || !named(j.f, path) {
		return ErrJournal // somebody moved it, or put another in its place
	}
	data := make([]byte, j.size)
	if _, err := j.f.ReadAt(data, 0); err != nil {
		return journalError(err)
	}
	var next []byte
	err = s.view(new(bool), func(tx *bbolt.Tx, _ *sealer) (err error) {
		next, err = j.shorter(data, tx)
		return err
	})
	if err != nil || next == nil {
		return err
	}
	temp := newJournalName(path)
	f, err := writeJournal(temp, next)
	if err == nil {
		if err = lock(f); err == nil {
			err = os.Rename(temp, path)
		}
		if err != nil {
			f.Close()
			os.Remove(temp)
		}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil
	case err != nil:
		return journalError(err)
	}
	j.f.Close()
	j.f, j.size = f, int64(len(next))
	if err := syncDir(filepath.Dir(path)); err != nil {
		s.failed.Store(true) // nobody knows which of the two a power cut leaves
		return failure(err)
	}
	return nil
}

// shorter returns the journal without needless rows, or nil where it has none.
func (j *journal) shorter(data []byte, tx *bbolt.Tx) ([]byte, error) {
	type logged struct {
		raw           []byte
		before, after [32]byte
		at            []place
		rows          [][]byte
	}
	var all []logged
	at := journal{seal: j.seal}
	before := at.chain
	err := at.replay(data, func(entry, raw []byte) (err error) {
		if raw != nil {
			e := logged{raw: raw, before: before, after: at.chain}
			if e.at, e.rows, err = decodeErasure(entry); err != nil {
				return err
			}
			all = append(all, e)
		}
		before = at.chain
		return nil
	})
	if err != nil {
		return nil, err
	}
	consents := tx.Bucket(bucketConsent)
	later := map[string]bool{}
	changed := false
	for i, e := range slices.Backward(all) {
		rows := encodeErasure(e.at, e.rows)
		var places []place
		var kept [][]byte
		for k, p := range e.at {
			name := string(p.bucket) + "/" + string(p.key[:])
			if later[name] {
				continue
			}
			later[name] = true
			row := e.rows[k]
			if bytes.Equal(p.bucket, bucketConsent) && (consents == nil || consents.Get(p.key[:]) == nil) {
				row = nil
			}
			places, kept = append(places, p), append(kept, row)
		}
		short := encodeErasure(places, kept)
		if bytes.Equal(rows, short) {
			continue
		}
		changed = true
		at.count, at.chain = uint64(i), e.before
		if all[i].raw, err = at.sealed(slices.Concat([]byte{shortened}, e.after[:], short), journalEntry); err != nil {
			return nil, err
		}
	}
	if !changed {
		return nil, nil
	}
	out := append([]byte(journalMagic), data[len(journalMagic):journalHead]...)
	for _, e := range all {
		out = append(out, e.raw...)
	}
	return out, nil
}
