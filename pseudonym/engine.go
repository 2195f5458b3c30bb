package pseudonym

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
	"sync"
)

// prf is HMAC-SHA-256 under one 32-byte key. It is safe for concurrent use and
// does not allocate.
type prf struct {
	states *midstates // nil: use the pool
	pool   *hmacPool  // nil: use the states
}

// newPRF takes the saved-state engine where it may be used and proves itself
// equal to crypto/hmac; the pooled crypto/hmac otherwise. Under FIPS mode HMAC
// must not be composed outside the validated module.
func newPRF(key *[32]byte) *prf {
	pool := newHMACPool(key)
	if !fips140.Enabled() {
		if m := newMidstates(key); m != nil && m.agrees(pool) {
			return &prf{states: m}
		}
	}
	return &prf{pool: pool}
}

// sum writes HMAC-SHA-256(key, msg) to out. It may pad msg.
func (p *prf) sum(msg *message, out *[sha256.Size]byte) {
	if p.states != nil {
		if msg.end == 0 {
			msg.pad()
		}
		p.states.sum(msg, out)
	} else {
		p.pool.sum(msg.text(), out)
	}
}

// name says which engine it is.
func (p *prf) name() string {
	if p.states != nil {
		return "saved-state"
	}
	return "crypto/hmac"
}

// The marshalled state of a SHA-256 digest: magic, eight words, one block, length.
const (
	stateSize = 108
	stateHead = 4
)

// midstates are the SHA-256 states after the inner and the outer padded key.
// They are worth as much as the key. FIPS 198-1 section 6 allows to keep them.
type midstates struct{ inner, outer [stateSize]byte }

// newMidstates returns nil where SHA-256 does not save its state in the form
// that sum relies on.
func newMidstates(key *[32]byte) *midstates {
	var m midstates
	if !saveState(&m.inner, key, 0x36) || !saveState(&m.outer, key, 0x5c) {
		return nil
	}
	return &m
}

func saveState(dst *[stateSize]byte, key *[32]byte, pad byte) bool {
	var block [sha256.BlockSize]byte
	for i := range block {
		block[i] = pad
	}
	for i, b := range key {
		block[i] ^= b
	}
	d := sha256.New()
	d.Write(block[:])
	clear(block[:])
	m, ok := d.(encoding.BinaryMarshaler)
	if !ok {
		return false
	}
	s, err := m.MarshalBinary()
	if err != nil || len(s) != stateSize {
		return false
	}
	copy(dst[:], s)
	clear(s)
	return true
}

// message is a normalised identifier with room for the padding of SHA-256
// behind it, so that one identifier under several keys is padded once.
type message struct {
	b   [maxNormal + sha256.BlockSize]byte
	n   int // length of the identifier
	end int // length with padding, whole blocks; 0 before pad
}

// pad writes the padding for a message that follows one block of key.
func (m *message) pad() {
	m.end = (m.n + 8 + sha256.BlockSize) &^ (sha256.BlockSize - 1)
	b := m.b[:m.end]
	b[m.n] = 0x80
	clear(b[m.n+1 : len(b)-8])
	binary.BigEndian.PutUint64(b[len(b)-8:], uint64(sha256.BlockSize+m.n)*8)
}

// text is the identifier.
func (m *message) text() []byte { return m.b[:m.n] }

// sum hashes a padded message: the blocks are whole, and the digest is read from
// the saved state, which spares Sum's copy and its padding; everything stays on
// the stack. Errors cannot occur on a state that agrees has checked.
func (m *midstates) sum(msg *message, out *[sha256.Size]byte) {
	const size = sha256.BlockSize
	d := sha256.New()
	_ = d.(encoding.BinaryUnmarshaler).UnmarshalBinary(m.inner[:])
	d.Write(msg.b[:msg.end])

	// In the saved state the inner digest is followed by an empty block, all
	// zero: with the padding written over it, both are the outer block.
	var state [stateSize]byte
	_, _ = d.(encoding.BinaryAppender).AppendBinary(state[:0])
	outer := state[stateHead : stateHead+size]
	outer[sha256.Size] = 0x80
	binary.BigEndian.PutUint64(outer[size-8:], (size+sha256.Size)*8)
	_ = d.(encoding.BinaryUnmarshaler).UnmarshalBinary(m.outer[:])
	d.Write(outer)
	_, _ = d.(encoding.BinaryAppender).AppendBinary(state[:0])
	*out = [sha256.Size]byte(state[stateHead:])
}

// agrees compares both engines on lengths around every block boundary.
func (m *midstates) agrees(p *hmacPool) bool {
	for _, n := range [...]int{0, 1, 24, 55, 56, 63, 64, 65, 119, 120, 128, 254, maxNormal} {
		var a, b [sha256.Size]byte
		msg := message{n: n}
		for i := range msg.b {
			msg.b[i] = byte(i * 7)
		}
		msg.pad()
		m.sum(&msg, &a)
		p.sum(msg.text(), &b)
		if a != b {
			return false
		}
	}
	return true
}

// hmacPool is crypto/hmac, one instance per goroutine at work.
type hmacPool struct{ pool sync.Pool }

type pooledHMAC struct {
	mac hash.Hash
	in  [maxNormal]byte
	out [sha256.Size]byte
}

func newHMACPool(key *[32]byte) *hmacPool {
	own := *key
	return &hmacPool{sync.Pool{New: func() any {
		return &pooledHMAC{mac: hmac.New(sha256.New, own[:])}
	}}}
}

func (p *hmacPool) sum(msg []byte, out *[sha256.Size]byte) {
	h := p.pool.Get().(*pooledHMAC)
	h.mac.Reset()
	h.mac.Write(h.in[:copy(h.in[:], msg)])
	h.mac.Sum(h.out[:0])
	*out = h.out
	p.pool.Put(h)
}
