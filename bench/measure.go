package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// rounds is how often a measurement is repeated; the median is taken.
func (b *bench) rounds() int {
	if b.short {
		return 5
	}
	return 9
}

// cpuTime returns the processor time, user and system, that the process has used.
func cpuTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// peakMemory returns the most bytes of memory that the process has held, as of Linux,
// which counts in kilobytes.
func peakMemory() (float64, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Maxrss) * 1024, err
}

// cost is what one operation takes.
type cost struct {
	ns     float64 // processor time
	allocs float64
}

// costOf runs f(n) once and returns the cost of one of its n operations.
func costOf(n int, f func(n int) error) (cost, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, err := cpuTime()
	if err != nil {
		return cost{}, err
	}
	if err := f(n); err != nil {
		return cost{}, err
	}
	end, err := cpuTime()
	if err != nil {
		return cost{}, err
	}
	runtime.ReadMemStats(&after)
	return cost{
		ns:     float64(end-start) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
	}, nil
}

// sideBySide runs the functions in turn, round after round, so that whatever
// the machine does meanwhile meets all of them, and returns the costs by
// function and round.
func sideBySide(rounds, n int, fs ...func(n int) error) ([][]cost, error) {
	out := make([][]cost, len(fs))
	for _, f := range fs { // warm up
		if err := f(n/10 + 1); err != nil {
			return nil, err
		}
	}
	for range rounds {
		for i, f := range fs {
			c, err := costOf(n, f)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], c)
		}
	}
	return out, nil
}

// median returns the median of value over the list.
func median[T any](list []T, value func(T) float64) float64 {
	v := make([]float64, len(list))
	for i := range list {
		v[i] = value(list[i])
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// ratio returns the median over the rounds of a's processor time by b's.
func ratio(a, b []cost) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i].ns / b[i].ns
	}
	return median(r, func(v float64) float64 { return v })
}
