package discreettest

import (
	"testing"

	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
)

// Canaries is [pseudonymtest.Canaries].
func Canaries(t testing.TB, n int) []string {
	t.Helper()
	return pseudonymtest.Canaries(t, n)
}

// Sweep is [pseudonymtest.Sweep].
func Sweep(t testing.TB, canaries []string, sources map[string][]byte) {
	t.Helper()
	pseudonymtest.Sweep(t, canaries, sources)
}

// Leaked is [pseudonymtest.Leaked].
func Leaked(canaries []string, data []byte) (form string, ok bool) {
	return pseudonymtest.Leaked(canaries, data)
}
