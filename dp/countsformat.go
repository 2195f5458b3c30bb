package dp

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/discreet-go/discreet/internal/contrib"
)

// countsVersion is the first byte of counts; docs/formats.md describes the rest.
const countsVersion = 0

// specDigest is a hash of all that decides what a table is.
func specDigest(s *Spec) [32]byte {
	b := []byte("discreet-table/0\x00")
	text := func(v string) {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	text(s.Name)
	text(s.Purpose)
	text(s.Kind.String())
	text(s.Amount.Unit)
	discovered := int64(0)
	if s.Discovered {
		discovered = 1
	}
	for _, n := range [...]int64{
		discovered, int64(s.MinPeople), int64(s.MaxItems), int64(s.MaxPerCell), int64(s.MaxNorm),
		int64(s.Quantity), s.Amount.Low, s.Amount.High, int64(s.Noise), int64(len(s.Items)),
	} {
		b = binary.AppendVarint(b, n)
	}
	for _, item := range s.Items {
		text(item)
	}
	return sha256.Sum256(b)
}

// digested fills in the digest of a table that is added up.
func (t *tally) digested() *tally {
	t.digest = sha256.Sum256(t.append(nil))
	return t
}

// append writes the one form of a table of exact counts.
func (t *tally) append(b []byte) []byte {
	f := t.frame
	b = append(b, countsVersion)
	spec := specDigest(&f.spec)
	b = append(b, spec[:]...)
	for _, n := range [...]uint32{uint32(f.window), uint32(f.asOf), uint32(f.from.shard.Index), uint32(f.from.shard.Of), f.from.root, uint32(len(t.values))} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for i, v := range t.values {
		if f.spec.Discovered {
			b = binary.AppendUvarint(b, uint64(len(t.keys[i].item)))
			b = append(b, t.keys[i].item...)
		}
		b = binary.AppendVarint(b, v)
	}
	return b
}

// readTally reads what append writes, of the measure of spec, and nothing else.
func readTally(spec *Spec, b []byte) (*tally, error) {
	const head = 1 + 32 + 6*4
	digest := specDigest(spec)
	switch {
	case len(b) < head || b[0] != countsVersion:
		return nil, ErrSealed
	case [32]byte(b[1:33]) != digest:
		return nil, ErrCounts
	}
	var n [6]uint32
	for i := range n {
		n[i] = binary.BigEndian.Uint32(b[33+4*i:])
	}
	shard, err := Shard{int(n[2]), int(n[3])}.whole()
	if err != nil || n[3] == 0 || n[0] > math.MaxInt32 || n[1] > lastDay || n[4] > 0xffffff || n[5] > contrib.MaxPublic {
		return nil, ErrSealed
	}
	t := &tally{frame: &frame{spec: *spec, window: int32(n[0]), asOf: Day(n[1]), from: &origin{shard: shard, root: n[4]}}}
	t.digest = sha256.Sum256(b)
	cells := int(n[5])
	if !spec.Discovered && cells != spec.Columns() || cells > len(b)-head {
		return nil, ErrSealed
	}
	t.values = make([]int64, cells)
	if spec.Discovered {
		t.keys = make([]key, cells)
	}
	rest := b[head:]
	for i := range t.values {
		if spec.Discovered {
			size, k := uvarint(rest)
			if k == 0 || size > uint64(len(rest)-k) {
				return nil, ErrSealed
			}
			t.keys[i].item = string(rest[k : k+int(size)])
			rest = rest[k+int(size):]
			if !contrib.ValidKey(t.keys[i].item) || i > 0 && t.keys[i-1].item >= t.keys[i].item {
				return nil, ErrSealed
			}
		}
		u, k := uvarint(rest)
		if k == 0 {
			return nil, ErrSealed
		}
		v := int64(u>>1) ^ -int64(u&1)
		if rest = rest[k:]; v > math.MaxInt64/4 || v < -math.MaxInt64/4 || spec.Discovered && v < 1 {
			return nil, ErrSealed
		}
		t.values[i] = v
	}
	if len(rest) != 0 {
		return nil, ErrSealed
	}
	return t, nil
}

// uvarint reads a number in its shortest form; its length is 0 where there is none.
func uvarint(b []byte) (uint64, int) {
	v, n := binary.Uvarint(b)
	if n <= 0 || n != max(1, (bits.Len64(v)+6)/7) {
		return 0, 0
	}
	return v, n
}
