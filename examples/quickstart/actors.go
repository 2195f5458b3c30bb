package main

import "github.com/discreet-go/discreet"

// Who makes the privileged calls of this example, and why: the access log keeps
// it.
var (
	operator    = discreet.Actor{ID: "quickstart", Reason: "publishing the tables of the shop"}
	selfService = discreet.Actor{ID: "self-service", Reason: "a person asks for their own data"}
)
