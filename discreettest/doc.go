// Package discreettest helps to test services that use discreet: an engine on
// memory with a clock you set, grants and releases to hand to your own code,
// options for go-cmp, and a sweep that looks for leaked identifiers.
//
// Everything in it takes a testing.TB and refuses to run outside a test. It has
// no mode without noise and no way to seed noise: test against bounds and
// facts, or make a table of your own with [Release].
package discreettest
