package consent_test

import (
	"testing"

	"github.com/discreet-go/discreet/consent"
)

func BenchmarkReceipt(b *testing.B) {
	s := newReceiptSigner(b, "shop", 1)
	in := goldenInput(b)
	r := receipt(b, in)
	data := signed(b, r, s)
	b.Run("make", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := consent.NewReceipt(in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Sign(s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := consent.ReadReceipt(data, []string{s.vkey}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
