package mustfail

import "github.com/discreet-go/discreet"

// A release is paid from the one account; a query brings no budget of its own.
var query = discreet.Query{Name: "today", Measure: "sizes", Epsilon: 1} // want: unknown field Epsilon
