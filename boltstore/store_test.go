package boltstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/discreettest/storetest"
)

func TestConformance(t *testing.T) {
	for _, d := range []boltstore.Durability{boltstore.Sync, boltstore.Interval(10 * time.Millisecond), boltstore.Interval(time.Minute)} {
		t.Run(d.String(), func(t *testing.T) {
			storetest.Test(t, func(t *testing.T) storetest.Store {
				s, err := boltstore.Open(filepath.Join(t.TempDir(), "store"), boltstore.Options{Durability: d})
				if err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}
