package noise

import "errors"

// MaxCell bounds the cells that noise is added to: -MaxCell <= cell <= MaxCell.
const MaxCell = 1 << 62

// ErrCell is returned by AddTo for a cell beyond MaxCell, before anything is
// drawn.
var ErrCell = errors.New("noise: a cell is beyond 2^62")

// ErrOverflow is returned for noise of 2^62 and more, which has probability 0
// for all purposes: below e^(-2^20).
var ErrOverflow = errors.New("noise: a draw is too large")

// drawer is a law of noise; *Gaussian and *Laplace.
type drawer interface {
	draw(s *stream) (int64, error)
}

func fill(dst []int64, valid bool, d drawer) error {
	if !valid {
		clear(dst)
		return ErrScale
	}
	s, err := newStream(len(dst))
	if err != nil {
		clear(dst)
		return err
	}
	defer s.wipe()
	return fillFrom(dst, s, d)
}

func addTo(cells []int64, valid bool, d drawer) error {
	if !valid {
		clear(cells)
		return ErrScale
	}
	for _, c := range cells {
		if c > MaxCell || c < -MaxCell {
			return ErrCell
		}
	}
	s, err := newStream(len(cells))
	if err != nil {
		clear(cells)
		return err
	}
	defer s.wipe()
	for i := range cells {
		n, err := d.draw(s)
		if err != nil {
			clear(cells)
			return err
		}
		cells[i] += n // both are at most 2^62 in size, one of them less
	}
	return nil
}

func fillFrom(dst []int64, s *stream, d drawer) error {
	for i := range dst {
		n, err := d.draw(s)
		if err != nil {
			clear(dst)
			return err
		}
		dst[i] = n
	}
	return nil
}
