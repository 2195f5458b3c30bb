package pseudonym

// CreateSealedKeyFile makes fresh keys and writes them to a new file at path,
// sealed under a passphrase of at least 15 bytes ([ErrPassphraseShort]). For the
// rest it does what [CreateKeyFile] does.
//
// The key is what argon2id makes of the passphrase (RFC 9106, second recommended
// option: 64 MiB, 3 passes, 4 lanes), the cipher XChaCha20-Poly1305, which
// authenticates the head of the file with the keys. Sealing and opening take
// some 100 milliseconds each; GODEBUG=fips140=only forbids both. The passphrase is
// neither kept nor copied: clear it when it is no longer needed. The memory that
// argon2id worked in is left to the garbage collector.
//
// Sealing protects a file that gets into other hands, by a backup or a disk, as
// far as the passphrase cannot be guessed. It does not protect from whoever
// reads the memory of the process or where the passphrase is kept: a passphrase
// beside the file seals nothing.
func CreateSealedKeyFile(path string, passphrase []byte) (*Keyring, error) {
	k, err := NewKeyring()
	if err != nil {
		return nil, err
	}
	if err := publishSealed(path, k, passphrase); err != nil {
		return nil, err
	}
	return k, nil
}

// SealKeyFile writes the keys of the key file under path to a new file, sealed,
// as [CreateSealedKeyFile] does. The file under path stays: remove it once the
// sealed one opens. Its bytes may stay on the disk even then. Errors are those
// of [OpenKeyFile] and of CreateSealedKeyFile.
func SealKeyFile(path, sealed string, passphrase []byte) error {
	k, err := OpenKeyFile(path)
	if err != nil {
		return err
	}
	return publishSealed(sealed, k, passphrase)
}

func publishSealed(path string, k *Keyring, passphrase []byte) error {
	text, err := formatKeyFile(k.open())
	if err != nil {
		return err
	}
	defer clear(text)
	b, err := seal(text, passphrase, sealCost)
	if err != nil {
		return err
	}
	if err := publish(path, b); err != nil {
		return keyFileError(err)
	}
	return nil
}

// UnsealKeyFile writes the keys of a sealed file to a new key file at path, in
// clear. Errors are those of [OpenSealedKeyFile] and of [CreateKeyFile].
func UnsealKeyFile(sealed, path string, passphrase []byte) error {
	k, err := OpenSealedKeyFile(sealed, passphrase)
	if err != nil {
		return err
	}
	text, err := formatKeyFile(k.open())
	if err != nil {
		return err
	}
	defer clear(text)
	if err := publish(path, text); err != nil {
		return keyFileError(err)
	}
	return nil
}

// OpenSealedKeyFile reads a sealed key file. Owner and mode must be as for
// [OpenKeyFile]. What is wrong is told apart in this order:
//
//   - [ErrKeyFileFormat]: damage. A checksum without a key covers the whole file.
//     Files that ask argon2id for less than is written here, for more than 256
//     MiB, 10 passes or 16 lanes, are refused so too, before any work is done.
//   - [ErrPassphrase]: a commitment to the stretched passphrase is another one.
//     It also means that nobody can seal a file that opens under two passphrases.
//   - [ErrSealedTampered]: the commitment fits, and the seal does not. Changing
//     salt, cost or commitment looks like another passphrase: without the right
//     key there is nothing to compare them with.
//
// This is no oracle. Who has the file can test passphrases against the seal
// anyway, and the commitment costs them one argon2id a passphrase, as the seal
// does. Who may only hand in passphrases learns whether one is right, which every
// lock tells, and pays one argon2id for each. Neither learns anything of the keys,
// and no answer depends on how much of a passphrase or of the file is right.
func OpenSealedKeyFile(path string, passphrase []byte) (*Keyring, error) {
	b, err := readPrivate(path, maxSealed)
	if err != nil {
		return nil, err
	}
	f, err := parseSealed(b)
	if err != nil {
		return nil, err
	}
	text, err := f.unseal(passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	s, err := parseKeyFile(text)
	if err != nil {
		return nil, err
	}
	k, err := newKeyring(s)
	if err != nil {
		s.wipe()
	}
	return k, err
}

// UpdateSealedKeyFile is [UpdateKeyFile] for a sealed file; the passphrase stays.
// Its errors are those of UpdateKeyFile and of [OpenSealedKeyFile].
func UpdateSealedKeyFile(path string, passphrase []byte, change func(*Keyring) (*Keyring, error)) (*Keyring, error) {
	return updateSealed(path, passphrase, passphrase, change)
}

// ChangePassphrase seals a sealed key file under another passphrase, in the way
// of [UpdateKeyFile]. The keys stay as they are: whoever knows the old passphrase
// and has a copy of the old file still has them, and [Keyring.Rotate] helps with
// what is derived from then on only.
func ChangePassphrase(path string, old, next []byte) error {
	_, err := updateSealed(path, old, next, func(k *Keyring) (*Keyring, error) {
		return k.edit(func(*secrets) error { return nil })
	})
	return err
}

func updateSealed(path string, old, next []byte, change func(*Keyring) (*Keyring, error)) (*Keyring, error) {
	open := func(path string) (*Keyring, error) { return OpenSealedKeyFile(path, old) }
	write := func(text []byte) ([]byte, error) { return seal(text, next, sealCost) }
	return updateKeyFile(path, open, change, write)
}
