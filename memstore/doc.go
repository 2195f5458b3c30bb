// Package memstore keeps ledger, consent records and profiles in memory: for
// tests, and for those who accept losing all of it.
//
// # Which function to use
//
// [Volatile] makes a [Store]; an engine takes it as it takes one of package
// boltstore.
//
// # What it forgets
//
// Everything, when the process ends or Close is called: who agreed and who
// refused, every profile, and the privacy ledger. A service that starts again
// over an empty ledger gets its budget back and can publish what it published
// before, with fresh noise; the guarantee holds from one start to the next and
// not across. Anything that publishes more than once needs boltstore.
//
// # Concurrency and cost
//
// All methods are safe for concurrent use. Rows stand in sharded maps; an
// update reads, calls its function without holding a lock, and then writes all
// of its rows in one step if none of them changed meanwhile, else it begins
// again. Updates of different people do not wait for each other's functions. A
// row is written over where the new one fits, which costs no allocation.
// ProfileUpdateParallel is for very many rows: it reads them where they stand, calls its
// function in several goroutines, and asks again only for rows that changed meanwhile.
// ConsentRows is for many consents at once, under the lock of one shard after the other. A
// scan copies the references of one purpose's rows under lock, 36 bytes a row,
// and then calls its function on that snapshot: a row appears once, whole, as
// it was at that moment, whatever is written meanwhile.
//
// # Not protected
//
// Rows lie in memory in clear, and deleted ones until the garbage collector
// reuses their place. Bind checks that one tenant and one keyring are used, and
// encrypts nothing.
package memstore
