// Package pseudonym turns identifiers that people are known by, such as e-mail
// addresses, into keyed pseudonyms that can be stored and joined without
// keeping the identifier.
//
// # Which function to use
//
//	keys, err := pseudonym.OpenKeyFile(path)            // CreateKeyFile once, NewKeyring in tests
//	d, err := pseudonym.NewDeriver(keys, tenant, purposes)
//	link, err := d.Link(pseudonym.Email(address), purpose)
//
// [Email], [EmailGmail], [Phone], [Device], [Opaque] and, for hashes that were
// made elsewhere, [Digest] wrap an identifier as a [Raw], which no printer, logger
// or encoder shows. A [Deriver] normalises it and derives an [ID] for one
// purpose, a [Subject] for the consent records, or both as a [Link]. IDs can be
// stored and parsed back; Links cannot.
//
// # Derivation
//
//	enc(f1..fn)  = for each field: its length as 2 bytes big-endian, then the field
//	context key  = HKDF-Expand-SHA-256(root, enc("pseudonym-kdf-v1", tenant, purpose, type, epoch), 32)
//	ID           = 0x01 | key id (3 bytes) | HMAC-SHA-256(context key, normalised identifier)[0:16]
//
// type is the identifier type with the version of its normaliser, "email/1" or
// "phone/1"; epoch is empty, or the number that [NewEpochDeriver] got. HMAC-SHA-256 is a pseudorandom function: to whoever
// does not hold the root, IDs of different identifiers, purposes, types and
// tenants look like independent random values. Among n identifiers two share an
// ID with probability at most n*n/2^129: 1.5e-21 for a billion.
//
// # Rotation
//
// A [Keyring] holds one root that writes, and earlier ones that are read,
// erase-only or destroyed. [UpdateKeyFile] with [Keyring.Rotate] brings a new one
// to disk, [Live] to a service at work, and [Keyring.Overdue] says when it is
// time. A pseudonym cannot be carried over to another root without the
// identifier: whoever keeps rows looks for [Deriver.AppendCandidates] and moves
// what is found under a later one to the first, the next time the person is
// seen; access and erasure go through [Deriver.AppendAll]. [Keyring.Retire] ends
// a root whose rows are gone.
//
// # Not protected
//
// Pseudonyms are personal data, not anonymous data. Whoever holds the key can
// try identifiers, ten million a second and core, and short ones (phone numbers,
// customer numbers) fall at once; so can whoever may call a Deriver with inputs
// of their choice. Losing the root loses every ID: it cannot be recomputed.
// An ID hides who, not how much: a row that stands out, stands out under its
// pseudonym as well. Keys live in ordinary memory; turn off core dumps and swap
// where that matters.
package pseudonym
