package sealed_test

import (
	"bytes"
	"testing"

	"github.com/discreet-go/discreet/internal/sealed"
)

func box(t *testing.T, domain string, key byte) *sealed.Box {
	t.Helper()
	b, err := sealed.New(domain, &[32]byte{key})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPlace moves and changes a sealed value: it opens nowhere else.
func TestPlace(t *testing.T) {
	b := box(t, "a", 1)
	table, key := []byte("table"), []byte("key")
	value := b.Seal(table, key, []byte("value"))
	if got, ok := b.Open(table, key, bytes.Clone(value)); !ok || string(got) != "value" {
		t.Fatalf("%q, %v", got, ok)
	}
	if got, ok := b.Open(table, key, b.Seal(table, key, nil)); !ok || got == nil && len(got) != 0 {
		t.Fatal("an empty value does not open")
	}
	open := func(b *sealed.Box, table, key string, value []byte) bool {
		_, ok := b.Open([]byte(table), []byte(key), bytes.Clone(value))
		return ok
	}
	if open(b, "tabl", "ekey", value) || open(b, "table", "kez", value) || open(b, "table", "", value) ||
		open(box(t, "b", 1), "table", "key", value) || open(box(t, "a", 2), "table", "key", value) {
		t.Error("a value opens in another place")
	}
	for i := range value {
		changed := bytes.Clone(value)
		changed[i] ^= 1
		if open(b, "table", "key", changed) || open(b, "table", "key", value[:i]) {
			t.Errorf("changed or cut at byte %d, it opens", i)
		}
	}
}
