package pseudonym

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed key file is text of one exact form:
//
//	discreet-sealed-keys/1
//	argon2id MEMORY PASSES LANES SALT
//	commitment COMMITMENT
//	nonce NONCE
//	sealed BOX
//	checksum SHA256
//
// MEMORY (KiB), PASSES and LANES are decimal numbers, the rest is lower-case
// hexadecimal. BOX is the text of a key file, sealed; what it authenticates
// beside it are all bytes before its line. The checksum covers every byte before
// its own line and takes no key: it tells damage from the rest.
const (
	sealedVersion = "discreet-sealed-keys/1\n"
	maxSealed     = 2*(maxKeyFile+chacha20poly1305.Overhead) + 1024 // bytes
)

// header is what stands before the box.
func (f *sealedFile) header() []byte {
	return fmt.Appendf(nil, "%sargon2id %d %d %d %x\ncommitment %x\nnonce %x\n",
		sealedVersion, f.memory, f.passes, f.threads, f.salt, f.commit, f.nonce)
}

func (f *sealedFile) format() []byte {
	b := hex.AppendEncode(append(f.header(), "sealed "...), f.box)
	b = append(b, '\n')
	return appendChecksum(b, b)
}

// parseSealed reads what format writes and nothing else: it formats what it read
// and compares. It costs nothing that depends on what the file asks for.
func parseSealed(b []byte) (*sealedFile, error) {
	if len(b) < checksumLine || len(b) > maxSealed {
		return nil, ErrKeyFileFormat
	}
	body := b[:len(b)-checksumLine]
	if !bytes.Equal(b[len(body):], appendChecksum(nil, body)) {
		return nil, ErrKeyFileFormat
	}
	file, f := new(sealedFile), fields{rest: body}
	f.literal(sealedVersion + "argon2id ")
	for _, n := range []*uint32{&file.memory, &file.passes, &file.threads} {
		*n = f.number()
		f.literal(" ")
	}
	f.hex(file.salt[:])
	f.literal("\ncommitment ")
	f.hex(file.commit[:])
	f.literal("\nnonce ")
	f.hex(file.nonce[:])
	f.literal("\nsealed ")
	if f.bad || !file.accepted() || len(f.rest)/2 < chacha20poly1305.Overhead {
		return nil, ErrKeyFileFormat
	}
	file.box = make([]byte, len(f.rest)/2)
	f.hex(file.box)
	if f.bad || !bytes.Equal(file.format(), b) {
		return nil, ErrKeyFileFormat
	}
	return file, nil
}

// number reads digits up to something else.
func (f *fields) number() uint32 {
	digits := f.rest[:len(f.rest)-len(bytes.TrimLeft(f.rest, "0123456789"))]
	n, err := strconv.ParseUint(string(f.skip(min(len(digits), 10))), 10, 32)
	if err != nil {
		f.bad = true
	}
	return uint32(n)
}
