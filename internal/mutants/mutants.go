// Package mutants lists realistic bugs, and writes copies of the source that
// hold them, for the audits of package cases to find. The source itself stays
// clean: a mutant is a text to find in a file and a text to put in its place,
// under a guard that one environment variable opens. All mutants stand in one
// binary, so that it is built once:
//
//	go test -c -tags mutants -overlay overlay.json ./internal/mutants/cases
//
// The suite audit of bench builds it and runs it once for each mutant: a mutant
// that no case notices is a gap in the audits.
package mutants

import "slices"

// Mutant is a planted bug.
type Mutant struct {
	Name  string   // lower-case words joined by dashes; selects it
	What  string   // why somebody might write it, in a sentence
	Edits []Edit   // what it changes
	Cases []string // audits that are expected to notice, cheapest first
}

// Edit puts Replace in the place of Find, which occurs exactly once in File.
// Edits of one file must not overlap. Replace guards what differs by
// mutant.On(the name of the mutant).
type Edit struct {
	File    string // slash-separated, from the root of the module
	Find    string
	Replace string
}

// List returns every mutant.
func List() []Mutant {
	return slices.Concat(noiseMutants(), accountingMutants(), contribMutants(), kindsMutants(), tablesMutants(), externalMutants(), ledgerMutants(), releaseMutants())
}
