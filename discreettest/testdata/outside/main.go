// Command outside uses discreettest outside a test, which panics.
package main

import (
	"testing"

	"github.com/discreet-go/discreet/discreettest"
)

func main() { discreettest.NewClock(struct{ testing.TB }{}) }
