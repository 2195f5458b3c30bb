package pseudonym

import (
	"errors"
	"fmt"
)

// Errors name the rule that was broken, never the value that broke it.
var (
	// ErrAnonymous is returned for the zero Raw: a visitor nobody identified.
	ErrAnonymous = errors.New("pseudonym: anonymous visitor has no pseudonym")

	// ErrTenant is returned for a tenant name that is not 1 to 64 characters of
	// a-z, 0-9, dot, dash and underscore.
	ErrTenant = errors.New("pseudonym: tenant is not 1 to 64 of a-z, 0-9, dot, dash, underscore")

	// ErrPurpose is returned for a purpose that is unknown to the Deriver,
	// reserved, or not 1 to 64 characters of a-z, 0-9, dot, dash and underscore.
	ErrPurpose = errors.New("pseudonym: purpose is unknown, reserved or not a name")

	// ErrKeyring is returned for a nil or zero Keyring or Deriver, and where a
	// sealed value does not open under the keyring.
	ErrKeyring = errors.New("pseudonym: not the right keyring")

	// ErrWeakKey is returned for key material that is no output of a random
	// generator: equal, counting, repeating or printable bytes, or one key twice.
	ErrWeakKey = errors.New("pseudonym: key is not random")

	// ErrKeyID: no root of the keyring has this id.
	ErrKeyID = errors.New("pseudonym: no root has this key id")

	// ErrWriteKey: the root that writes is not retired; Rotate puts another one in
	// its place.
	ErrWriteKey = errors.New("pseudonym: the root that writes is replaced by Rotate, not retired")

	// ErrKeyState: a root goes from read to erase-only to destroyed, one step at a
	// time and never back.
	ErrKeyState = errors.New("pseudonym: a root goes from read to erase-only to destroyed, one step at a time and never back")

	// ErrKeyTime: a step of a key is dated before the one it follows, its time or
	// deadline lies outside of the years 1970 to 9999, or the state has to have a
	// deadline, or none.
	ErrKeyTime = errors.New("pseudonym: date of a key is before the one it follows, impossible, or not for this state")

	// ErrTooManyKeys: 16384 roots, or as many signing keys, are the most.
	ErrTooManyKeys = errors.New("pseudonym: keyring is full")

	// ErrEpoch: an epoch has at least one day, and the first one is number 0.
	ErrEpoch = errors.New("pseudonym: epoch without windows or days, with too many, or a day before the first one")

	// ErrHashed is returned for an e-mail address, phone number or device
	// identifier that looks like a hash of one (32, 40 or 64 hexadecimal or 44
	// base64 characters). A pseudonym of a hash would join with no pseudonym of
	// the address; [Digest] takes hashes, as a type of their own.
	ErrHashed = errors.New("pseudonym: identifier looks already hashed; Digest takes hashes")

	// ErrDigest is returned for a Digest under no known rule, or whose value is
	// not a hash of the rule's length in hexadecimal or padded base64.
	ErrDigest = errors.New("pseudonym: not a digest of this rule")

	// ErrDevice is returned for a device identifier that is not a UUID with hyphens.
	ErrDevice = errors.New("pseudonym: device identifier is not a UUID with hyphens")

	// ErrDeviceZero is returned for the all-zero device identifier, which stands
	// for everybody who refused tracking.
	ErrDeviceZero = errors.New("pseudonym: device identifier is all zero: tracking is refused")

	// ErrPhone is wrapped by every refusal of the phone normaliser but ErrHashed.
	ErrPhone = errors.New("pseudonym: not an international phone number")

	// ErrPhoneForm: not a plus and digits with single separators between them, or
	// an impossible number of the North American plan.
	ErrPhoneForm = fmt.Errorf("%w: not a plus, digits and single separators", ErrPhone)

	// ErrPhoneLength: not 7 to 15 digits, or not ten behind +1 or +7.
	ErrPhoneLength = fmt.Errorf("%w: wrong number of digits", ErrPhone)

	// ErrPhoneCountry: no country or network has this code.
	ErrPhoneCountry = fmt.Errorf("%w: unknown country code", ErrPhone)

	// ErrPhoneTrunk: a zero behind a country code whose numbers do not begin so.
	ErrPhoneTrunk = fmt.Errorf("%w: trunk zero behind the country code", ErrPhone)

	// ErrOpaque is returned for an opaque identifier that is not 1 to 256 bytes.
	ErrOpaque = errors.New("pseudonym: opaque identifier is not 1 to 256 bytes")

	// ErrEmail is wrapped by every refusal of the e-mail normaliser but ErrHashed.
	ErrEmail = errors.New("pseudonym: not an e-mail address")

	// ErrEmailForm: not exactly one @ with text on both sides.
	ErrEmailForm = fmt.Errorf("%w: not of the form local@domain", ErrEmail)

	// ErrEmailEncoding: not valid UTF-8.
	ErrEmailEncoding = fmt.Errorf("%w: not valid UTF-8", ErrEmail)

	// ErrEmailLength: over 64 bytes before the @, or over 254 in all.
	ErrEmailLength = fmt.Errorf("%w: too long", ErrEmail)

	// ErrEmailLocal: a character before the @ that is not accepted there, such
	// as a quote, inner white space or an invisible character.
	ErrEmailLocal = fmt.Errorf("%w: refused character before the @", ErrEmail)

	// ErrEmailDomain: what follows the @ is not a domain name that IDNA accepts
	// for look-up.
	ErrEmailDomain = fmt.Errorf("%w: not a domain name after the @", ErrEmail)

	// ErrKeyFile is wrapped by every error of CreateKeyFile, OpenKeyFile, Inspect
	// and UpdateKeyFile but ErrWeakKey and what the function that changes the ring
	// returned. An error of the operating system is wrapped beside it, so
	// errors.Is(err, fs.ErrNotExist) holds for a missing file.
	ErrKeyFile = errors.New("pseudonym: key file")

	// ErrKeyFileExists: CreateKeyFile never overwrites.
	ErrKeyFileExists = fmt.Errorf("%w already exists", ErrKeyFile)

	// ErrKeyFileAccess: not a regular file, a symbolic link, owned by somebody
	// else, or open to group or others.
	ErrKeyFileAccess = fmt.Errorf("%w is not a regular file that only its owner, this user, may touch", ErrKeyFile)

	// ErrKeyFileFormat: not byte for byte what is written here, or damaged.
	ErrKeyFileFormat = fmt.Errorf("%w is damaged or not in the expected format", ErrKeyFile)

	// ErrKeyFileCheck: a key is not the one that its check value, or its public
	// half, was made of.
	ErrKeyFileCheck = fmt.Errorf("%w holds a key that does not fit its check value", ErrKeyFile)

	// ErrKeyFileLocked: another process has been changing the file for ten seconds.
	ErrKeyFileLocked = fmt.Errorf("%w is being changed by somebody else", ErrKeyFile)

	// ErrKeyFileLoss: the new ring does not follow from the one in the file. It
	// lacks a root, a verifier or the bounding key, or takes a state back.
	ErrKeyFileLoss = fmt.Errorf("%w would lose keys", ErrKeyFile)

	// ErrKeyFileSealed: the file is sealed under a passphrase, and was opened as
	// if it were not.
	ErrKeyFileSealed = fmt.Errorf("%w is sealed under a passphrase", ErrKeyFile)

	// ErrPassphrase: the file was sealed under another passphrase.
	ErrPassphrase = fmt.Errorf("%w was sealed under another passphrase", ErrKeyFile)

	// ErrPassphraseShort: a passphrase that seals has at least 15 bytes.
	ErrPassphraseShort = fmt.Errorf("%w is sealed under 15 bytes or more", ErrKeyFile)

	// ErrSealedTampered: the passphrase is the right one, and the file is whole
	// and not what was sealed. Somebody changed it.
	ErrSealedTampered = fmt.Errorf("%w was changed after it was sealed", ErrKeyFile)
)
