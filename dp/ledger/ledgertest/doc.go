// Package ledgertest is the conformance suite of ledger stores: what an account
// relies on, run against any of them in one line.
//
//	func TestConformance(t *testing.T) {
//		ledgertest.Run(t, func(t testing.TB) ledger.Store { return open(t) })
//	}
//
// [Run] checks the contract of ledger.Store: compare-and-swap appends that happen
// whole or not at all, reads over one snapshot, blobs, claims; an account under
// many callers; an account beside others that append to the same log; and, with
// [Faults], an account on a store that fails or dies at each of its calls.
// [RunAccess] checks the contract of ledger.AccessStore. What a store keeps over
// a power cut is for its own tests.
package ledgertest
