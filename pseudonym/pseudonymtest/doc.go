// Package pseudonymtest holds what a service tests about its own pseudonyms:
// that the spellings of one person meet ([AssertNormalised]), that tenants,
// purposes and people do not ([AssertSeparated]), that a new root loses nobody
// ([AssertRotation]), and that deriving stays free of allocations
// ([AssertNoAllocs]). Failures name positions, never identifiers:
// a list taken from production stays out of the logs.
//
// That no identifier leaves a service in clear is tested with Canaries and Sweep
// of package discreettest.
package pseudonymtest
