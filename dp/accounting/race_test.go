//go:build race

package accounting_test

// slow divides the number of random cases: the race detector makes arithmetic
// several times slower, and finds nothing more in the hundredth case.
const slow = 5
