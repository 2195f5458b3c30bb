package pseudonym

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// The key file is text of one exact form. Nothing before the line "secrets" is
// secret:
//
//	discreet-keys/2
//	root KKKKKK STATE CREATED SINCE DEADLINE CHECK   newest first; the first one writes
//	bounding CREATED
//	signing CREATED PUBLIC
//	verifier CREATED UNTIL PUBLIC                    of earlier signing keys, newest first
//	secrets
//	root KKKKKK ROOT                                 in the same order, but for destroyed ones
//	bounding KEY
//	signing SEED
//	checksum SHA256
//
// KKKKKK is the key id in 6 hexadecimal digits; CREATED, SINCE and UNTIL are UTC
// times with seconds, and so is DEADLINE, or "-" for none; keys and checksum are
// 64 lower-case hexadecimal digits, CHECK is the check value in 16. The checksum
// covers every byte before its line. It detects damage, not malice: whoever can
// write the file holds the keys.
const (
	keyFileVersion  = "discreet-keys/2\n"
	keyFileVersion1 = "discreet-keys/1\n"
	keyFileTime     = "2006-01-02T15:04:05Z"
	checksumLine    = len("checksum \n") + 2*sha256.Size
	maxKeyFile      = 8 << 20 // bytes: more than maxRoots roots and as many verifiers take
)

// formatKeyFile writes the key file of s, in version 2.
func formatKeyFile(s *secrets) ([]byte, error) {
	if s.remote() {
		return nil, ErrRemoteRing
	}
	b := make([]byte, 0, 1024+256*(len(s.roots)+len(s.signed))) // never moved: it holds secrets
	b = append(b, keyFileVersion...)
	for _, r := range s.roots {
		b = fmt.Appendf(b, "root %06x %s %s %s %s %x\n", r.ID, r.State, stamp(r.Created), stamp(r.Since), stamp(r.Deadline), r.Check)
	}
	public := publicKey(s.signing)
	b = fmt.Appendf(b, "bounding %s\nsigning %s %x\n", stamp(s.boundingCreated), stamp(s.signingCreated), public)
	for _, v := range s.signed {
		b = fmt.Appendf(b, "verifier %s %s %x\n", stamp(v.created), stamp(v.until), v.public)
	}
	b = append(b, "secrets\n"...)
	for _, r := range s.roots {
		if r.key != nil {
			b = hex.AppendEncode(fmt.Appendf(b, "root %06x ", r.ID), r.key[:])
			b = append(b, '\n')
		}
	}
	b = hex.AppendEncode(append(b, "bounding "...), s.bounding[:])
	b = hex.AppendEncode(append(b, "\nsigning "...), s.signing[:])
	b = append(b, '\n')
	return appendChecksum(b, b), nil
}

// stamp writes a time, "-" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(keyFileTime)
}

// appendChecksum appends the last line of a file to b.
func appendChecksum(b, file []byte) []byte {
	sum := sha256.Sum256(file)
	b = hex.AppendEncode(append(b, "checksum "...), sum[:])
	return append(b, '\n')
}

// parseKeyFile reads a key file of version 1 or 2. It judges form, dates and
// check values, and leaves the strength of the keys to newKeyring.
func parseKeyFile(b []byte) (*secrets, error) {
	if len(b) < checksumLine || len(b) > maxKeyFile {
		return nil, ErrKeyFileFormat
	}
	read := parseKeyFile2
	if bytes.HasPrefix(b, []byte(keyFileVersion1)) {
		read = parseKeyFile1
	}
	s := &secrets{bounding: new([32]byte), signing: new([32]byte)}
	err := read(s, b)
	if err == nil && !s.valid() {
		err = ErrKeyFileFormat
	}
	if err != nil {
		s.wipe()
		return nil, err
	}
	return s, nil
}

// parseKeyFile2 reads what formatKeyFile writes and nothing else: it formats
// what it read and compares.
func parseKeyFile2(s *secrets, b []byte) error {
	f := fields{rest: b}
	f.literal(keyFileVersion)
	for len(s.roots) < maxRoots && f.next("root ") {
		r := &root{}
		r.ID = f.keyID()
		f.literal(" ")
		r.State = f.state()
		f.literal(" ")
		r.Created = f.time()
		f.literal(" ")
		r.Since = f.time()
		f.literal(" ")
		if !f.next("-") {
			r.Deadline = f.time()
		}
		f.literal(" ")
		f.hex(r.Check[:])
		f.literal("\n")
		s.roots = append(s.roots, r)
	}
	f.literal("bounding ")
	s.boundingCreated = f.time()
	f.literal("\nsigning ")
	s.signingCreated = f.time()
	f.literal(" ")
	var public [32]byte
	f.hex(public[:])
	f.literal("\n")
	for len(s.signed) < maxRoots && f.next("verifier ") {
		var v verifier
		v.created = f.time()
		f.literal(" ")
		v.until = f.time()
		f.literal(" ")
		f.hex(v.public[:])
		f.literal("\n")
		s.signed = append(s.signed, v)
	}
	f.literal("secrets\n")
	for _, r := range s.roots {
		if r.State == Destroyed {
			continue
		}
		f.literal("root ")
		f.keyID() // compared below
		f.literal(" ")
		r.key = new([32]byte)
		f.hex(r.key[:])
		f.literal("\n")
	}
	f.literal("bounding ")
	f.hex(s.bounding[:])
	f.literal("\nsigning ")
	f.hex(s.signing[:])
	f.literal("\n")
	if f.bad || !bytes.Equal(f.rest, appendChecksum(nil, b[:len(b)-len(f.rest)])) {
		return ErrKeyFileFormat
	}

	fit := public == publicKey(s.signing)
	for _, r := range s.roots {
		if r.key != nil {
			check, err := checkValue(r.key)
			if err != nil {
				return err
			}
			fit = fit && check == r.Check
		}
	}
	if !fit {
		return ErrKeyFileCheck
	}
	again, err := formatKeyFile(s)
	defer clear(again)
	if err != nil || !bytes.Equal(again, b) {
		return ErrKeyFileFormat
	}
	return nil
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

// next reads want if it stands there.
func (f *fields) next(want string) bool {
	if f.bad || !bytes.HasPrefix(f.rest, []byte(want)) {
		return false
	}
	f.skip(len(want))
	return true
}

func (f *fields) literal(want string) { f.bad = !f.next(want) }

func (f *fields) hex(dst []byte) {
	if _, err := hex.Decode(dst, f.skip(2*len(dst))); err != nil {
		f.bad = true
	}
}

func (f *fields) keyID() uint32 {
	var id [3]byte
	f.hex(id[:])
	return uint32(id[0])<<16 | uint32(id[1])<<8 | uint32(id[2])
}

func (f *fields) state() State {
	for state := Write; state <= Destroyed; state++ {
		if f.next(state.String()) {
			return state
		}
	}
	f.bad = true
	return 0
}

func (f *fields) time() time.Time {
	t, err := time.Parse(keyFileTime, string(f.skip(len(keyFileTime))))
	if err != nil {
		f.bad = true
	}
	return t
}
