package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/discreet-go/discreet/pseudonym"
)

// pseudonyms measures what a service pays for each e-mail address that comes in.
//
// The yardsticks do the same work on the same addresses: two SHA-256 of 32
// bytes are the least that HMAC-SHA-256 with a prepared key can cost; hmac.New
// for every call, after trimming and lower-casing, is what one writes by hand.
func pseudonyms(ctx context.Context, b *bench) error {
	const purpose = "personalize"
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		return err
	}
	d, err := pseudonym.NewDeriver(keys, "bench", []string{purpose})
	if err != nil {
		return err
	}
	var emails [1024]string // of 24 bytes
	var raws [len(emails)]pseudonym.Raw
	for i := range emails {
		emails[i] = fmt.Sprintf("person-%05d@example.com", i)
		raws[i] = pseudonym.Email(emails[i])
	}
	key := make([]byte, 32)
	rand.Read(key)
	var sink byte

	derive := func(n int) error {
		for i := range n {
			id, err := d.ID(raws[i%len(raws)], purpose)
			if err != nil {
				return err
			}
			sink ^= byte(id.KeyID())
		}
		return ctx.Err()
	}
	twoHashes := func(n int) error {
		var block [32]byte
		for i := range n {
			block[0] = byte(i)
			once := sha256.Sum256(block[:])
			twice := sha256.Sum256(once[:])
			sink ^= twice[0]
		}
		return ctx.Err()
	}
	byHand := func(n int) error {
		for i := range n {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(strings.ToLower(strings.TrimSpace(emails[i%len(emails)]))))
			sink ^= mac.Sum(nil)[0]
		}
		return ctx.Err()
	}
	n := 500_000
	if b.short {
		n = 50_000
	}
	costs, err := sideBySide(b.rounds(), n, derive, twoHashes, byHand)
	if err != nil {
		return err
	}
	for _, r := range []result{
		{Metric: "cpu_ns_op", Value: median(costs[0], func(c cost) float64 { return c.ns })},
		{Metric: "allocs_op", Value: float64(int64(median(costs[0], func(c cost) float64 { return c.allocs })*1000)) / 1000},
		{Metric: "ratio_two_sha256", Value: ratio(costs[0], costs[1])},
		{Metric: "speedup_hmacnew", Value: ratio(costs[2], costs[0])},
	} {
		r.Case = "email-derive"
		if err := b.report(r); err != nil {
			return err
		}
	}
	_ = sink
	return nil
}
