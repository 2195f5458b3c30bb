module github.com/discreet-go/discreet/consent/iab/peers

go 1.26.0

require (
	github.com/discreet-go/discreet v0.0.0
	github.com/prebid/go-gdpr v1.12.0
	github.com/prebid/go-gpp v0.2.0
)

require golang.org/x/mod v0.42.0 // indirect

replace github.com/discreet-go/discreet => ../../..
