//go:build !race

package discreet_test

const raceEnabled = false
