package ledger_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp/ledger"
)

// TestAnswers reads back what was answered, from any position on, and notices what is
// not as it was.
func TestAnswers(t *testing.T) {
	ctx := t.Context()
	a, d, _ := published(t)
	var want []string
	seqs := slices.Sorted(maps.Keys(d.blobs))
	for _, seq := range seqs {
		want = append(want, string(d.blobs[seq]))
	}
	if len(want) == 0 {
		t.Fatal("nothing was answered")
	}
	length := uint64(len(d.records))
	for from := uint64(0); from <= length; from++ {
		var got, after []string
		next, err := a.Answers(ctx, from, func(answer []byte) error { got = append(got, string(answer)); return nil })
		for i, seq := range seqs {
			if seq >= from {
				after = append(after, want[i])
			}
		}
		if err != nil || next != length || !slices.Equal(got, after) {
			t.Errorf("from %d: %q up to %d, %v", from, got, next, err)
		}
	}
	stop := errors.New("stop")
	if next, err := a.Answers(ctx, 0, func([]byte) error { return stop }); !errors.Is(err, stop) || next != 0 {
		t.Errorf("stopped at %d: %v", next, err)
	}
	d.blobs[seqs[0]][0] ^= 1
	var broken *ledger.BrokenError
	if _, err := a.Answers(ctx, 0, func([]byte) error { return nil }); !errors.As(err, &broken) || broken.Entry != seqs[0] {
		t.Errorf("another answer: %v", err)
	}
	d.blobs[seqs[0]][0] ^= 1
	d.records[1][10] ^= 1
	if next, err := a.Answers(ctx, 0, func([]byte) error { return nil }); !errors.As(err, &broken) || broken.Entry != 1 || next != 0 {
		t.Errorf("another record: %d, %v", next, err)
	}
}
