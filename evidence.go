package discreet

import (
	"context"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
)

// SignEvidence signs evidence of how groups are treated, with the key that signs
// releases; [fairness.ReadEvidence] reads it with the keys of Verifiers. The engine signs
// what it can answer for: evidence that follows from the releases, see
// [fairness.Evidence.Check], each of which this account's ledger answered. It reads no
// data about people, and spends nothing.
//
// Beside the errors of [fairness.NewEvidence] and of Check it returns
// [ledger.ErrNotFound] for a release of another account. Cost: each figure is computed
// again, and one pass over the ledger for each release.
func (e *Engine) SignEvidence(ctx context.Context, x fairness.Evidence, by Actor, releases ...dp.Release) (signed []byte, err error) {
	defer e.observe("SignEvidence", e.cfg.Now(), &err)
	if err := e.note(ctx, by, "SignEvidence"); err != nil {
		return nil, err
	}
	for _, r := range releases {
		if _, err := e.account.Find(ctx, r.Note()); err != nil {
			return nil, err
		}
	}
	if err := x.Check(releases...); err != nil {
		return nil, err
	}
	return fairness.NewEvidence(x, e.signer)
}
