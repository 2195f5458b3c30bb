package boltstore

import "strings"

// NoSync makes a store leave out the syncs of its commits: the bug that
// TestPowerCut must notice.
func NoSync(s *Store) { s.now.Load().db.NoSync = true }

// Journaled returns what the erasure journal of a bound store says: for each entry
// the kinds of its rows, with what remained of them.
func Journaled(s *Store) (entries []string, err error) {
	j := s.now.Load().journal
	if j == nil {
		return nil, nil // nobody was erased yet
	}
	data := make([]byte, j.size)
	if _, err := j.f.ReadAt(data, 0); err != nil {
		return nil, err
	}
	read := journal{seal: j.seal}
	err = read.replay(data, func(entry, raw []byte) error {
		at, rows, err := decodeErasure(entry)
		var out []string
		for i := range at {
			kind, _, _ := strings.Cut(string(at[i].bucket), "/")
			out = append(out, kind+":"+string(rows[i]))
		}
		if raw != nil {
			entries = append(entries, strings.Join(out, " "))
		}
		return err
	})
	return entries, err
}
