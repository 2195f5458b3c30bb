// Package exact computes with real numbers that are known to lie in an
// interval with integer ends, so that a comparison is either proven or asked
// again at a higher precision. Packages dp/noise and dp/accounting decide by
// it whatever a float could decide wrongly. Nothing in it rounds to nearest.
//
// It is slow (microseconds to milliseconds a call) and meant for set-up,
// calibration, and the rare tie of a sampler.
package exact
