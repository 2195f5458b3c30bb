package pseudonym

import (
	"cmp"
	"iter"
	"slices"
)

// KeyUse says what stands under one root.
type KeyUse struct {
	KeyInfo      // only ID is set, and State is 0, for a root that the ring never held
	Rows    int  // pseudonyms that were counted
	MayGo   bool // nothing stands under it, and it does not write
}

// Report counts rows by the root that they stand under, from a scan of what is
// stored, and says which roots may go: those that write no more and that nothing
// stands under. Rows leave an old root when their person is next seen, or by
// moving all in bulk; people who never come are erased with the root, so wait as
// long as they are meant to be found. It returns the roots of the ring, newest
// first, then others that rows stand under, by id. An error of rows ends it and
// is returned.
func (k *Keyring) Report(rows iter.Seq2[ID, error]) ([]KeyUse, error) {
	if _, err := k.secrets(); err != nil {
		return nil, err
	}
	count := map[uint32]int{}
	for id, err := range rows {
		if err != nil {
			return nil, err
		}
		count[id.KeyID()]++
	}
	var list []KeyUse
	for _, info := range k.Roots() {
		n := count[info.ID]
		delete(count, info.ID)
		list = append(list, KeyUse{KeyInfo: info, Rows: n, MayGo: n == 0 && info.State != Write && info.State != Destroyed})
	}
	known := len(list)
	for id, n := range count {
		list = append(list, KeyUse{KeyInfo: KeyInfo{ID: id}, Rows: n})
	}
	slices.SortFunc(list[known:], func(a, b KeyUse) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}
