package pseudonym

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Keyring and Deriver show these texts whatever prints, logs or encodes them;
// binary encodings are refused.
const (
	keyringText = "[keyring]"
	deriverText = "[deriver]"
)

var errSecret = errors.New("pseudonym: keys are not encoded")

// String returns a fixed text.
func (Keyring) String() string { return keyringText }

// GoString returns a fixed text.
func (Keyring) GoString() string { return keyringText }

// Format writes a fixed text for every verb.
func (Keyring) Format(s fmt.State, _ rune) { io.WriteString(s, keyringText) }

// LogValue returns a fixed text.
func (Keyring) LogValue() slog.Value { return slog.StringValue(keyringText) }

// MarshalJSON writes a fixed text.
func (Keyring) MarshalJSON() ([]byte, error) { return json.Marshal(keyringText) }

// MarshalText writes a fixed text.
func (Keyring) MarshalText() ([]byte, error) { return []byte(keyringText), nil }

// MarshalBinary refuses.
func (Keyring) MarshalBinary() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (Keyring) GobEncode() ([]byte, error) { return nil, errSecret }

// String returns a fixed text.
func (Deriver) String() string { return deriverText }

// GoString returns a fixed text.
func (Deriver) GoString() string { return deriverText }

// Format writes a fixed text for every verb.
func (Deriver) Format(s fmt.State, _ rune) { io.WriteString(s, deriverText) }

// LogValue returns a fixed text.
func (Deriver) LogValue() slog.Value { return slog.StringValue(deriverText) }

// MarshalJSON writes a fixed text.
func (Deriver) MarshalJSON() ([]byte, error) { return json.Marshal(deriverText) }

// MarshalText writes a fixed text.
func (Deriver) MarshalText() ([]byte, error) { return []byte(deriverText), nil }

// MarshalBinary refuses.
func (Deriver) MarshalBinary() ([]byte, error) { return nil, errSecret }

// GobEncode refuses.
func (Deriver) GobEncode() ([]byte, error) { return nil, errSecret }
