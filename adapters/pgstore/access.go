package pgstore

import "context"

var tableAccess = []byte("access")

// AccessAppend adds the records from position seq on, all or none, as
// LedgerAppend does.
func (s *Store) AccessAppend(ctx context.Context, seq uint64, records ...[]byte) error {
	return s.append(ctx, tableAccess, seq, records)
}

// AccessRead calls f with every record of the access log from position from on,
// over one snapshot.
func (s *Store) AccessRead(ctx context.Context, from uint64, f func(seq uint64, record []byte) error) error {
	return s.readLog(ctx, tableAccess, from, f)
}

// AccessTail returns the number of records in the access log and a copy of the
// last one.
func (s *Store) AccessTail(ctx context.Context) (length uint64, last []byte, err error) {
	return s.tail(ctx, tableAccess)
}
