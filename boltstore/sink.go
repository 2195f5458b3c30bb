package boltstore

import "github.com/discreet-go/discreet/dp/ledger"

// CheckpointSink returns the file beside the store, path + ".checkpoints", to
// which an engine writes checkpoints of the ledger unless it is given another
// place. A place on another disk is better: whoever puts back an older copy of
// the whole folder puts back the checkpoints too.
func (s *Store) CheckpointSink() ledger.Sink { return ledger.NewFileSink(s.path + ".checkpoints") }
