package boltstore

// NoSync makes a store leave out the syncs of its commits: the bug that
// TestPowerCut must notice.
func NoSync(s *Store) { s.now.Load().db.NoSync = true }
