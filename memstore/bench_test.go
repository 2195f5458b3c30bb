package memstore_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// BenchmarkProfileUpdate changes rows of 200 bytes in batches of 1,000 among
// 100,000 people, on all processors; it reports rows per second.
func BenchmarkProfileUpdate(b *testing.B) {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		b.Fatal(err)
	}
	s := memstore.Volatile()
	if err := s.Bind(b.Context(), "bench", keys); err != nil {
		b.Fatal(err)
	}
	const people, batch = 100_000, 1000
	all := make([]segment.Key, people)
	for i := range all {
		raw := [ident.IDSize]byte{1, 0, 0, 1}
		binary.BigEndian.PutUint64(raw[4:], uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(raw[12:], uint64(i)*0x94d049bb133111eb)
		id, err := ident.IDFromBytes(raw[:])
		if err != nil {
			b.Fatal(err)
		}
		all[i] = segment.Key{Purpose: "bench", ID: id}
	}
	var turn atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		row := make([]byte, 200)
		n := 0
		for pb.Next() {
			n++
			binary.BigEndian.PutUint64(row, uint64(n))
			from := int(turn.Add(batch)) % people
			err := s.ProfileUpdate(b.Context(), all[from:from+batch], func(int, []byte) ([]byte, error) { return row, nil })
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*batch/b.Elapsed().Seconds(), "rows/s")
}
