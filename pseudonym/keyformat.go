package pseudonym

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// The key file is text of one exact form:
//
//	discreet-keys/1
//	key KKKKKK write CREATED ROOT CHECK
//	bounding CREATED KEY
//	signing CREATED SEED
//	checksum SHA256
//
// KKKKKK is the key id in 6 hexadecimal digits, CREATED a UTC time with
// seconds, keys and checksum are 64 lower-case hexadecimal digits, CHECK is the
// key check value in 16. The checksum covers every byte before its line. It
// detects damage, not malice: whoever can write the file holds the keys.
const (
	keyFileVersion = "discreet-keys/1"
	keyFileTime    = "2006-01-02T15:04:05Z"
	keyFileSize    = len(keyFileVersion+"\n") +
		len("key KKKKKK write "+keyFileTime+"  \n") + 64 + 16 +
		len("bounding "+keyFileTime+" \n") + 64 +
		len("signing "+keyFileTime+" \n") + 64 +
		len("checksum \n") + 64
)

// formatKeyFile writes the key file of s.
func formatKeyFile(s *secrets) ([]byte, error) {
	check, err := s.check()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, keyFileSize)
	b = fmt.Appendf(b, "%s\nkey %06x write %s ", keyFileVersion, s.keyID, s.created.Format(keyFileTime))
	b = hex.AppendEncode(b, s.root[:])
	b = append(b, ' ')
	b = hex.AppendEncode(b, check[:])
	b = fmt.Appendf(b, "\nbounding %s ", s.boundingCreated.Format(keyFileTime))
	b = hex.AppendEncode(b, s.bounding[:])
	b = fmt.Appendf(b, "\nsigning %s ", s.signingCreated.Format(keyFileTime))
	b = hex.AppendEncode(b, s.signing[:])
	b = append(b, "\nchecksum "...)
	sum := sha256.Sum256(b[:len(b)-len("checksum ")])
	b = hex.AppendEncode(b, sum[:])
	return append(b, '\n'), nil
}

// parseKeyFile reads what formatKeyFile writes and nothing else: it formats
// what it read and compares. It does not judge the keys.
func parseKeyFile(b []byte) (*secrets, error) {
	if len(b) != keyFileSize {
		return nil, ErrKeyFileFormat
	}
	s, f := new(secrets), fields{rest: b}
	var id [3]byte
	f.literal(keyFileVersion + "\nkey ")
	f.hex(id[:])
	f.literal(" write ")
	s.created = f.time()
	f.literal(" ")
	f.hex(s.root[:])
	f.skip(len(" ") + 16) // the check value is compared below
	f.literal("\nbounding ")
	s.boundingCreated = f.time()
	f.literal(" ")
	f.hex(s.bounding[:])
	f.literal("\nsigning ")
	s.signingCreated = f.time()
	f.literal(" ")
	f.hex(s.signing[:])
	s.keyID = uint32(id[0])<<16 | uint32(id[1])<<8 | uint32(id[2])

	again, err := formatKeyFile(s)
	defer clear(again)
	if err != nil || f.bad || s.keyID == 0 || !bytes.Equal(again, b) {
		s.wipe()
		return nil, ErrKeyFileFormat
	}
	return s, nil
}

// fields reads fixed-width fields; bad sticks. Key material stays in byte
// slices, which can be wiped.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) skip(n int) []byte {
	if f.bad || len(f.rest) < n {
		f.bad = true
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) literal(want string) {
	if string(f.skip(len(want))) != want {
		f.bad = true
	}
}

func (f *fields) hex(dst []byte) {
	if _, err := hex.Decode(dst, f.skip(2*len(dst))); err != nil {
		f.bad = true
	}
}

func (f *fields) time() time.Time {
	t, err := time.Parse(keyFileTime, string(f.skip(len(keyFileTime))))
	if err != nil {
		f.bad = true
	}
	return t
}
