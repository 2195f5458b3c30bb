// Package mutant says which planted bug runs. Only the mutated copies of
// source files that package mutants writes import it; no source file does.
// It holds nothing unless the build tag mutants is set.
package mutant
