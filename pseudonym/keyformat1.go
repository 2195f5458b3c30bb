package pseudonym

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// Version 1 of the key file held one root. It is read, and no longer written:
//
//	discreet-keys/1
//	key KKKKKK write CREATED ROOT CHECK
//	bounding CREATED KEY
//	signing CREATED SEED
//	checksum SHA256

// parseKeyFile1 reads a key file of version 1. Its root came into its state when
// it was created, with the deadline that a new one gets.
func parseKeyFile1(s *secrets, b []byte) error {
	r, f := &root{key: new([32]byte)}, fields{rest: b}
	s.roots = []*root{r}
	f.literal(keyFileVersion1 + "key ")
	r.ID, r.State = f.keyID(), Write
	f.literal(" write ")
	r.Created = f.time()
	f.literal(" ")
	f.hex(r.key[:])
	f.literal(" ")
	f.hex(r.Check[:])
	f.literal("\nbounding ")
	s.boundingCreated = f.time()
	f.literal(" ")
	f.hex(s.bounding[:])
	f.literal("\nsigning ")
	s.signingCreated = f.time()
	f.literal(" ")
	f.hex(s.signing[:])
	f.literal("\n")
	r.Since, r.Deadline = r.Created, r.Created.AddDate(writeYears, 0, 0)

	again := formatKeyFile1(s)
	defer clear(again)
	if f.bad || !bytes.Equal(again, b) {
		return ErrKeyFileFormat
	}
	check, err := checkValue(r.key)
	if err != nil {
		return err
	}
	if check != r.Check {
		return ErrKeyFileCheck
	}
	return nil
}

// formatKeyFile1 writes what parseKeyFile1 compares with.
func formatKeyFile1(s *secrets) []byte {
	r := s.roots[0]
	b := make([]byte, 0, 512)
	b = fmt.Appendf(b, keyFileVersion1+"key %06x write %s ", r.ID, stamp(r.Created))
	b = hex.AppendEncode(b, r.key[:])
	b = fmt.Appendf(b, " %x\nbounding %s ", r.Check, stamp(s.boundingCreated))
	b = hex.AppendEncode(b, s.bounding[:])
	b = fmt.Appendf(b, "\nsigning %s ", stamp(s.signingCreated))
	b = hex.AppendEncode(b, s.signing[:])
	b = append(b, '\n')
	return appendChecksum(b, b)
}
