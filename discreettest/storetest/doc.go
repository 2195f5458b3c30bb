// Package storetest is the conformance suite of the stores of an engine: what it
// relies on, run against any of them in one line.
//
//	func TestConformance(t *testing.T) {
//		storetest.Test(t, func(t *testing.T) storetest.Store { return open(t) })
//	}
//
// [Test] takes a function that opens fresh stores. It runs package ledgertest and
// checks the contracts of consent.Store, consent.LogStore and segment.Store, and of
// Bind, Update, Forget and Close: steps that happen whole or not at all, functions that are called
// again, scans over one snapshot, sweeps, erasure in one step. What a store keeps
// over a power cut is for its own tests.
package storetest
