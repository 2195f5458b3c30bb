package proof

// Version is the version of this module, as a Release states it.
const Version = "0.1.0-dev"
