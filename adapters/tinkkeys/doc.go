// Package tinkkeys uses the keys of a Tink PRF keyset as remote roots of a
// keyring: the keys stay inside Tink, encrypted by whatever key management
// service the keyset was read with, and only Tink computes with them.
//
//	roots, err := tinkkeys.Roots(handle, []tinkkeys.Key{{TinkID: 1234, Info: info}})
//	ring, err := local.WithRemote(ctx, pseudonym.RemoteConfig{Tenant: "shop", Purposes: purposes, Roots: roots})
//
// Keys must be of the type HMAC PRF with SHA-256: that is the function which
// pseudonyms are defined by, so the same 32 bytes in a key file give the same
// pseudonyms. AES-CMAC and HKDF PRFs and other hashes are refused.
//
// Tink numbers keys with 32 bits and this library with 24, at random both. The
// table of Keys ties one to the other: keep it with the configuration. A key is
// taken into use with [PRF] and pseudonym.RemoteCheck, whose check value belongs
// to the table and keeps another keyset out.
//
// Rotation: add a key to the keyset, make it primary, add a line to the table
// that writes, set the line of before to read, and make the ring anew. A key that
// is disabled in Tink cannot be read any more: set its line to destroyed.
package tinkkeys
