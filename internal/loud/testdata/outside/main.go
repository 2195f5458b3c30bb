// Command outside is a program of this module that is not a test.
package main

import "github.com/discreet-go/discreet/internal/loud"

type tb struct{}

func (tb) Helper()        {}
func (tb) Cleanup(func()) {}

func main() { loud.Widen(tb{}) }
