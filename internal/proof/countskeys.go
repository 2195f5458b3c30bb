package proof

import (
	"fmt"
	"io"
	"log/slog"
)

// CountsKeys seal exact counts under the keyring of a tenant, and bind them to what
// is charged for them. Package pseudonym makes them. The zero CountsKeys is invalid.
type CountsKeys struct{ open func() CountsKeyFuncs }

// CountsKeyFuncs are what CountsKeys do.
type CountsKeyFuncs struct {
	Wrap   func(key *[32]byte) ([]byte, error)
	Unwrap func(wrapped []byte) (*[32]byte, error)
	Bind   func(message []byte) ([32]byte, error) // a keyed pseudorandom function
}

// NewCountsKeys makes CountsKeys. Package pseudonym alone calls it.
func NewCountsKeys(f CountsKeyFuncs) CountsKeys {
	return CountsKeys{func() CountsKeyFuncs { return f }}
}

// Funcs returns what the keys do, and false for the zero CountsKeys.
func (k CountsKeys) Funcs() (CountsKeyFuncs, bool) {
	if k.open == nil {
		return CountsKeyFuncs{}, false
	}
	return k.open(), true
}

// IsZero reports whether k is the invalid zero CountsKeys.
func (k CountsKeys) IsZero() bool { return k.open == nil }

const redactedKeys = "[keys of counts]"

// String returns a fixed text.
func (CountsKeys) String() string { return redactedKeys }

// Format writes a fixed text for every verb.
func (CountsKeys) Format(s fmt.State, _ rune) { io.WriteString(s, redactedKeys) }

// LogValue returns a fixed text.
func (CountsKeys) LogValue() slog.Value { return slog.StringValue(redactedKeys) }
