package audit

// What tests in audit_test look at.
var (
	Lower  = lower
	Upper  = upper
	PhiInv = phiInv
	Looks  = looks
)
