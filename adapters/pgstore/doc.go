// Package pgstore keeps ledger, consent records and profiles on PostgreSQL, for
// several processes at once.
//
// # Which function to use
//
// [Migrate] makes the tables, run by their owner when a version is put to use.
// [Open] connects as the service, with a role that may change neither tables
// nor what the ledger holds; an engine binds the [Store] to its tenant and
// keyring. One schema is one store. docs/operate/postgres.md has the set-up.
//
// # Several processes
//
// Ledger appends move a head row from the expected length, so of two at the same
// length one gets ledger.ErrConflict. Updates of consent records and profiles
// compare each row with what was read, and begin again when another process
// changed it. Claims are advisory locks on a connection of their own: a
// transaction pooler between service and server takes them away.
//
// # Failures
//
// A connection that breaks during a commit leaves the outcome unknown: the call
// returns [ErrDatabase], an account fails, and opening it again reads what is
// there. No error holds a host, a name of a role, a key or a value.
//
// # Durability
//
// Every commit waits for the server's own disk (synchronous_commit on), if the
// server has fsync and full_page_writes on. A failover to an asynchronous standby
// can lose what was acknowledged, charges included: docs/operate/postgres.md.
//
// # Sealed values
//
// Every value is sealed as in package boltstore, under a random key of the store
// that is kept wrapped by the keyring, for its table and key. Whoever reads the
// database sees purposes, pseudonyms, sizes and times, without any key; whoever
// can write it can put back older rows of people, or take them away, unnoticed.
// Deleted rows stay in pages until vacuum, in the write-ahead log and in
// backups, sealed.
package pgstore
