package ledger

import (
	"context"
	"crypto/sha256"
)

// Answers calls f with the answers that were stored from position from of the log
// on, in their order, and returns the position to go on from: what was released, for
// whoever goes on from it after a restart or follows other processes. Each is held
// against its hash in the log; a [*BrokenError] names one that is another. The chain
// of the log is not checked; [Account.Verify] does that. f must not keep answer. An
// error of f ends it, and is returned. Cost: one pass over the records from there.
func (a *Account) Answers(ctx context.Context, from uint64, f func(answer []byte) error) (next uint64, err error) {
	type stored struct {
		seq uint64
		*answerRecord
	}
	var list []stored
	next = from
	err = a.store.LedgerRead(ctx, from, func(seq uint64, line []byte) error {
		r, err := decode(line)
		if err != nil || r.Seq != seq {
			return &BrokenError{seq, "it is not a record in canonical form"}
		}
		if r.Answer != nil {
			list = append(list, stored{seq, r.Answer})
		}
		next = seq + 1
		return nil
	})
	if err != nil {
		return from, err
	}
	for _, s := range list {
		answer, err := a.store.LedgerBlob(ctx, s.seq)
		if err != nil {
			return from, err
		}
		if int64(len(answer)) != s.Bytes || digest(sha256.Sum256(answer)) != s.SHA256 {
			return from, &BrokenError{s.seq, "the stored answer is not the one that was answered"}
		}
		if err := f(answer); err != nil {
			return from, err
		}
	}
	return next, nil
}
