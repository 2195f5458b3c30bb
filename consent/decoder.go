package consent

// maxWords is how many distinct texts a Decoder keeps.
const maxWords = 1024

// Decoder is [Deciding] for many rows, one after the other, in space that it uses
// again: names and texts that it met before, and a History that it filled before,
// cost no allocation. It keeps up to 1024 distinct names of purposes, notices,
// locales and methods. The zero Decoder is ready; it is not safe for concurrent
// use.
type Decoder struct {
	space space
	words map[string]string
}

// Deciding reads the history of a row of a store into h, in place of what is
// there, for [Book.Decide]. It must not be written back. It keeps no reference to
// row. It fails with ErrRow, and h is empty then.
func (d *Decoder) Deciding(h *History, row []byte) error {
	row, ok := historyOf(row)
	if !ok {
		*h = History{}
		return ErrRow
	}
	if d.words == nil {
		d.words = map[string]string{}
	}
	r := rowReader{b: row, words: d.words}
	if err := r.history(h, &d.space); err != nil {
		*h = History{}
		return err
	}
	return nil
}
