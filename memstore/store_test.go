package memstore_test

import (
	"testing"

	"github.com/discreet-go/discreet/discreettest/storetest"
	"github.com/discreet-go/discreet/memstore"
)

func TestConformance(t *testing.T) {
	storetest.Test(t, func(t *testing.T) storetest.Store { return memstore.Volatile() })
}
