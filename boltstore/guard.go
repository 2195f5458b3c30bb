package boltstore

import (
	"runtime/debug"
)

// guard runs fn over the mapped file. Changed or missing bytes make the
// database panic or the processor fault; both become ErrDamaged. While *user
// is true, fn is inside a caller's function, whose panic goes on its way.
func guard(user *bool, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if *user {
			return
		}
		if p := recover(); p != nil {
			err = ErrDamaged
		}
	}()
	return fn()
}
