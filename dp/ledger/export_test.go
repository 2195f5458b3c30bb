package ledger

import "bytes"

// Canonical reports whether a line is a record, which then encodes to the line.
func Canonical(line []byte) (ok, same bool) {
	r, err := decode(line)
	if err != nil {
		return false, true
	}
	again, err := r.encode()
	return true, err == nil && bytes.Equal(again, line)
}

// Forge applies f to the bytes of a record without its hash and hashes the
// result anew.
func Forge(line []byte, f func(body []byte) []byte) []byte {
	r, err := decode(line)
	if err != nil {
		return nil
	}
	body, err := r.body()
	if err != nil {
		return nil
	}
	body = f(body)
	return append(append(bytes.Clone(body[:len(body)-1]), `,"hash":"`+chain(int(body[len(`{"v":`)]-'0'), r.Prev, body).String()...), `"}`...)
}

// Waiting returns how many calls wait for the next append.
func Waiting(a *Account) int {
	a.queue.mu.Lock()
	defer a.queue.mu.Unlock()
	return len(a.queue.waiting)
}

// TextOf returns what is signed of a checkpoint.
func TextOf(c Checkpoint) string { return c.text() }
