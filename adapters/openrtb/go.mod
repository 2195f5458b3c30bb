module github.com/discreet-go/discreet/adapters/openrtb

go 1.26.0

require github.com/prebid/openrtb/v20 v20.3.0
