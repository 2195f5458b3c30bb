package pseudonymtest

// Rotated is what AssertRotation compares.
var Rotated = rotated
