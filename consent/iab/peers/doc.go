// Package peers holds the readers of consent/iab to those of
// github.com/prebid/go-gdpr and github.com/prebid/go-gpp, which ad servers in Go
// use: both read the reference vectors and strings made up here, and agree on
// every field that both read. Where they do not, the test says which of the two
// differs, and why. It is a module of its own, with nothing but tests, so that
// consent/iab needs no other module.
package peers
