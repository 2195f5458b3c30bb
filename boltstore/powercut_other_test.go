//go:build !(linux && amd64)

package boltstore_test

import "testing"

func TestPowerCut(t *testing.T) {
	t.Skip("no power cuts are tried: the trace of system calls is written for Linux on amd64 only")
}
