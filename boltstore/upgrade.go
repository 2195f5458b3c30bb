package boltstore

import (
	"strconv"

	"go.etcd.io/bbolt"
)

// upgrades returns what makes each format out of the one before, from 0 on.
func upgrades() []func(tx *bbolt.Tx) error {
	return []func(tx *bbolt.Tx) error{
		func(*bbolt.Tx) error { return nil }, // 1 may have an erasure journal
		func(*bbolt.Tx) error { return nil }, // 2 may have a consent log
	}
}

// upgrade brings a file to the current format in one transaction: where it ends
// early, the file is what it was.
func upgrade(db *bbolt.DB) error {
	return guard(new(bool), func() error {
		var from int
		read := func(tx *bbolt.Tx) (err error) {
			from, err = strconv.Atoi(string(tx.Bucket(bucketMeta).Get(keyFormat)))
			return err
		}
		if err := db.View(read); err != nil || from >= formatVersion {
			return err
		}
		err := db.Update(func(tx *bbolt.Tx) error {
			for _, step := range upgrades()[from:] {
				if err := step(tx); err != nil {
					return err
				}
			}
			return tx.Bucket(bucketMeta).Put(keyFormat, strconv.AppendInt(nil, formatVersion, 10))
		})
		if err != nil {
			return openError(err)
		}
		return nil
	})
}
