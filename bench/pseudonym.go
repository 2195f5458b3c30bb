package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/tink-crypto/tink-go/v2/prf/subtle"
)

// pseudonyms measures what a service pays for each e-mail address that comes in.
//
// The yardsticks do the same work on the same addresses: two SHA-256 of 32
// bytes are the least that HMAC-SHA-256 with a prepared key can cost; hmac.New
// for every call, after trimming and lower-casing, is what one writes by hand;
// Tink's HMAC PRF is the library one would take instead.
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
	var phones [len(emails)]pseudonym.Raw
	for i := range phones {
		phones[i] = pseudonym.Phone(fmt.Sprintf("+44 113 496 %04d", i))
	}
	key := make([]byte, 32)
	rand.Read(key)
	tink, err := subtle.NewHMACPRF("SHA256", key)
	if err != nil {
		return err
	}

	// over derives from every identifier of a list in turn.
	over := func(list []pseudonym.Raw) func(int) error {
		return func(n int) error {
			var sink byte
			for i := range n {
				id, err := d.ID(list[i%len(emails)], purpose)
				if err != nil {
					return err
				}
				sink ^= byte(id.KeyID())
			}
			sunk.Store(uint32(sink))
			return ctx.Err()
		}
	}
	twoHashes := func(n int) error {
		var block [32]byte
		var sink byte
		for i := range n {
			block[0] = byte(i)
			once := sha256.Sum256(block[:])
			twice := sha256.Sum256(once[:])
			sink ^= twice[0]
		}
		sunk.Store(uint32(sink))
		return ctx.Err()
	}
	byHand := func(n int) error {
		var sink byte
		for i := range n {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(strings.ToLower(strings.TrimSpace(emails[i%len(emails)]))))
			sink ^= mac.Sum(nil)[0]
		}
		sunk.Store(uint32(sink))
		return ctx.Err()
	}
	byTink := func(n int) error {
		var sink byte
		for i := range n {
			out, err := tink.ComputePRF([]byte(strings.ToLower(strings.TrimSpace(emails[i%len(emails)]))), 16)
			if err != nil {
				return err
			}
			sink ^= out[0]
		}
		sunk.Store(uint32(sink))
		return ctx.Err()
	}

	n, rounds := 100_000, 5*b.rounds() // short rounds, many of them: the machine is shared
	if b.short {
		n, rounds = 10_000, b.rounds()
	}
	costs, err := sideBySide(rounds, n, over(raws[:]), twoHashes, byHand, byTink, over(phones[:]))
	if err != nil {
		return err
	}
	if err := b.reports("email-derive", "",
		result{Metric: "cpu_ns_op", Value: median(costs[0], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs[0])},
		result{Metric: "ratio_two_sha256", Value: ratio(costs[0], costs[1])},
		result{Metric: "speedup_hmacnew", Value: ratio(costs[2], costs[0])},
		result{Metric: "speedup_tink", Value: ratio(costs[3], costs[0])},
	); err != nil {
		return err
	}
	if os.Getenv(fipsChild) != "" {
		return nil // the rest was asked of the parent
	}
	if err := fips(ctx, b); err != nil {
		return err
	}
	speedup, free, err := twoCores(rounds/4+1, 4*n, over(raws[:]))
	if err != nil {
		return err
	}
	if free {
		err = b.reports("email-derive", "", result{Metric: "speedup_2core", Value: speedup})
	} else {
		b.skip("email-derive speedup_2core", "a second core was not free")
	}
	if err != nil {
		return err
	}
	return b.reports("phone-derive", "",
		result{Metric: "cpu_ns_op", Value: median(costs[4], func(c cost) float64 { return c.ns })},
		result{Metric: "allocs_op", Value: allocsOf(costs[4])},
	)
}

// sunk keeps results alive.
var sunk atomic.Uint32

// allocsOf returns the median of allocations to three places: what the runtime
// does beside is not the operation's.
func allocsOf(list []cost) float64 {
	return float64(int64(median(list, func(c cost) float64 { return c.allocs })*1000)) / 1000
}

// fipsChild marks the process that fips starts.
const fipsChild = "DISCREET_BENCH_FIPS"

// fips runs the suite again in a process under FIPS mode, where the engine is
// crypto/hmac, and reports its ratio to two SHA-256 in the same process.
func fips(ctx context.Context, b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{"pseudonym", "-json"}
	if b.short {
		args = append(args, "-short")
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=on", fipsChild+"=1")
	out, err := cmd.Output()
	if err != nil {
		b.skip("email-derive ratio_two_sha256_fips", "no process under FIPS mode")
		return ctx.Err()
	}
	for line := range bytes.Lines(out) {
		var r result
		if err := json.Unmarshal(line, &r); err != nil {
			return err
		}
		if r.Metric == "ratio_two_sha256" {
			return b.reports("email-derive", "", result{Metric: "ratio_two_sha256_fips", Value: r.Value})
		}
	}
	return errors.New("bench: the process under FIPS mode reported nothing")
}

// twoCores returns how much more two goroutines derive in the same wall time
// than one, the median of the rounds that had both cores. free is false where the machine did not
// give the process two cores at once: then the figure says nothing.
func twoCores(rounds, n int, f func(int) error) (speedup float64, free bool, err error) {
	if runtime.GOMAXPROCS(0) < 2 {
		return 0, false, nil
	}
	var speedups []float64
	for range rounds {
		start := time.Now()
		if err := f(n); err != nil {
			return 0, false, err
		}
		one := time.Since(start)
		start = time.Now()
		before, err := cpuTime()
		if err != nil {
			return 0, false, err
		}
		other := make(chan error, 1)
		go func() { other <- f(n) }()
		if err := errors.Join(f(n), <-other); err != nil {
			return 0, false, err
		}
		two := time.Since(start)
		after, err := cpuTime()
		if err != nil {
			return 0, false, err
		}
		if float64(after-before) < 1.9*float64(two) {
			continue // something else ran on one of the cores
		}
		speedups = append(speedups, 2*float64(one)/float64(two))
	}
	if len(speedups) == 0 {
		return 0, false, nil
	}
	return median(speedups, func(v float64) float64 { return v }), true, nil
}
