//go:build race

package pseudonymtest_test

const raceEnabled = true
