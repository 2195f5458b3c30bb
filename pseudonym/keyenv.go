package pseudonym

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
)

// ErrKeyEnv: the environment variable is missing, or no key file in base64url.
var ErrKeyEnv = errors.New("pseudonym: the environment variable is missing or no key file in base64url without padding")

// KeyringFromEnv reads a whole key file, of the form that [CreateKeyFile]
// writes, from an environment variable that holds it in base64url without
// padding (RFC 4648, section 5), and removes the variable, also where it is
// refused. The bytes are judged as [OpenKeyFile] judges a file, with its errors;
// [ErrKeyEnv] for what comes before. A key file in clear only: a sealed one is
// [ErrKeyFileSealed].
//
// This is weaker than a file. The variable stays readable in the environment
// block of the process, such as /proc/PID/environ, was seen by whoever started
// it, is inherited by children started before the call, ends up in reports of
// crashes, and its copy in memory cannot be wiped. States and deadlines change in
// the place that the variable is filled from: [UpdateKeyFile] cannot reach it.
// Call it before other goroutines read the environment.
func KeyringFromEnv(name string) (*Keyring, error) {
	text, ok := os.LookupEnv(name)
	if !ok || text == "" {
		return nil, ErrKeyEnv
	}
	if err := os.Unsetenv(name); err != nil {
		return nil, ErrKeyEnv
	}
	if len(text) > base64.RawURLEncoding.EncodedLen(maxKeyFile) {
		return nil, ErrKeyEnv
	}
	b := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	defer clear(b)
	n, err := base64.RawURLEncoding.Strict().Decode(b, []byte(text))
	if err != nil || base64.RawURLEncoding.EncodedLen(n) != len(text) { // the decoder skips line ends
		return nil, ErrKeyEnv
	}
	if bytes.HasPrefix(b, []byte(sealedVersion)) {
		return nil, ErrKeyFileSealed
	}
	s, err := parseKeyFile(b[:n])
	if err != nil {
		return nil, err
	}
	k, err := newKeyring(s)
	if err != nil {
		s.wipe()
	}
	return k, err
}
