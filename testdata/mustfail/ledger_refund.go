package mustfail

import "github.com/discreet-go/discreet/dp/ledger"

// What was charged stays charged.
func refund(a *ledger.Account) {
	a.Reset() // want: a.Reset undefined
}
