// Package boltstore keeps ledger, consent records and profiles in one file.
//
// # Which function to use
//
// [Open] opens or makes the file and returns a [Store]; an engine binds it to
// its tenant and keyring, after which every method works. [Store.Close] ends
// it. One process at a time holds the file; a second one gets [ErrLocked].
//
// # Durability
//
// With [Sync], the zero value, everything acknowledged is on disk: each call
// that changes something returns after the file was synced. Calls that come
// while a sync is under way share the next one.
//
// With [Interval], profile updates are acknowledged from memory and written
// together every so often: a crash loses at most the last interval and the
// commit that was under way, and nothing else. Ledger and consent writes, and
// Forget, are Sync always. A scan writes first what is waiting, so that what is
// counted is on disk. Writing late, and not without a sync, is on purpose: an
// unsynced commit may reuse pages that the last synced state still needs, and a
// power cut then takes the whole file, charges included.
//
// After a failed write or sync nobody knows what is on disk: every later write
// returns [ErrFailed] until the file is opened again.
//
// # Sealed values
//
// Every value is sealed with XChaCha20-Poly1305 under a random key of the file,
// which is stored wrapped by the keyring. The nonce is random, 24 bytes; the
// bucket and the row's key are authenticated with the value, so a value moved
// to another row does not open. A value that does not open is [ErrDamaged],
// never an empty row. [Store.Reseal] turns the file to a fresh key under another
// keyring. docs/formats-ledger.md gives the layout.
//
// # Erasure journal, backup and restore
//
// Every erasure is on disk in a journal beside the file before the file changes.
// Where an older copy of the file is bound, what was erased since is erased again
// first. [Store.Backup] copies the rows of one moment while the
// store is in use; [Restore] makes a store of it, does again what the journal
// says, and closes the accounting window. [Store.Check] reads every page and
// value. docs/operate/store.md says how to run it.
//
// # Not protected
//
// Whoever reads the file sees, without any key, the purposes, the pseudonyms
// (row keys), the number and size of rows, and when pages changed. Whoever can
// write it can put back an older copy of the whole file, or of one row under
// its own key, and can delete rows of profiles and consent records unnoticed;
// a ledger record that is missing or changed is noticed.
//
// Deleting a row frees its pages; their bytes, sealed, stay in the file until
// [Store.Compact] rewrites it, which the engine's Sweep does at its end. What
// the file system keeps of a removed file is beyond this package. Files are made with mode 0600; a crash while a file
// is first made may leave a ".discreet-new-*" beside it: empty of data, or a second
// name of the file itself. It can be deleted.
//
// # Damage
//
// A file that is empty, cut short, not ours, or not readable any more is
// refused with [ErrNotStore] or [ErrDamaged]; it is never taken for a new one.
// The format keeps two headers and takes the older one when the newer does not
// check, as after a power cut; a header damaged later therefore looks like a
// commit that never happened.
package boltstore
