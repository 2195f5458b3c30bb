package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/segment"
)

func (t *tally) add(r discreet.Tally) {
	t.events += r.Events
	for result, n := range r.Results {
		if result == segment.Admitted {
			t.admitted += n
		} else {
			t.other += n
		}
	}
	for _, n := range r.Denied {
		t.denied += n
	}
	t.other += r.Malformed
}

// progress shows how far a run is, on a terminal only, a few times a second.
type progress struct {
	w    io.Writer
	last time.Time
}

func newProgress() *progress {
	if info, err := os.Stderr.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: os.Stderr}
}

func (p *progress) show(format string, args ...any) {
	if p.w == nil || time.Since(p.last) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

func (p *progress) done() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
