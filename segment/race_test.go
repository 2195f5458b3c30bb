//go:build race

package segment_test

// raceEnabled says that the race detector, which empties pools, is on.
const raceEnabled = true
