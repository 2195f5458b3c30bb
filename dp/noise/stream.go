package noise

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
)

// stream is a source of independent uniform words for one call. It is never
// shared between goroutines and never outlives its call. The field fill is there
// for tests of this package, which replay and record words; production code makes
// streams with newStream only.
type stream struct {
	buf  []byte
	pos  int
	fill func(buf []byte)
}

// maxBuffer is the size of the buffer of long calls; a multiple of 8.
const maxBuffer = 4096

// newStream returns a stream keyed from crypto/rand, for about n draws.
func newStream(n int) (*stream, error) {
	var key [32]byte
	defer clear(key[:])
	rand.Read(key[:]) // never fails: the program would have ended
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	var counter [aes.BlockSize]byte // the key is fresh
	ctr := cipher.NewCTR(block, counter[:])
	size := min(maxBuffer, 16*min(n, maxBuffer)+64)
	return &stream{
		buf: make([]byte, size),
		pos: size,
		fill: func(buf []byte) {
			clear(buf)
			ctr.XORKeyStream(buf, buf)
		},
	}, nil
}

// next returns a uniform word.
func (s *stream) next() uint64 {
	if s.pos == len(s.buf) {
		s.refill()
	}
	w := binary.LittleEndian.Uint64(s.buf[s.pos:])
	s.pos += 8
	return w
}

func (s *stream) refill() {
	s.fill(s.buf)
	s.pos = 0
}

// wipe forgets the words.
func (s *stream) wipe() {
	clear(s.buf)
	s.fill = nil
}
