// Package cases holds audits of the way that releases take in production:
// bounding, charging, drawing, scanning. Each is a named test, and package
// mutants says which of them notices which planted bug. Without planted bugs
// all pass: the statistical ones fail wrongly less than once in a million runs
// together, but for the certified bounds, at 1e-9 each.
package cases
