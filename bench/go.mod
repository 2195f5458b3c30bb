module github.com/discreet-go/discreet/bench

go 1.26.0

require (
	github.com/discreet-go/discreet v0.0.0
	github.com/google/differential-privacy/go/v3 v3.0.0
	github.com/jackc/pgx/v5 v5.12.0
	github.com/prebid/go-gdpr v1.12.0
	github.com/tink-crypto/tink-go/v2 v2.9.0
)

require (
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

require (
	github.com/discreet-go/discreet/adapters/pgstore v0.0.0
	github.com/golang/glog v1.2.5 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/exp v0.0.0-20240222234643-814bf88cf225 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	gonum.org/v1/gonum v0.14.0 // indirect
)

replace github.com/discreet-go/discreet => ../

replace github.com/discreet-go/discreet/adapters/pgstore => ../adapters/pgstore
