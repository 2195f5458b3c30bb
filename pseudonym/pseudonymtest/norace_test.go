//go:build !race

package pseudonymtest_test

const raceEnabled = false
