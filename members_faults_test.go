package discreet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
)

// TestExportFails fails in the midst of it: whatever was handed out is recorded, and
// the next export goes on.
func TestExportFails(t *testing.T) {
	ctx := t.Context()
	store := &faulty{Store: memstore.Volatile()}
	cfg := shared()
	cfg.Store = store
	e := opened(t, cfg)
	for _, after := range []bool{false, true} {
		store.at, store.after = 2, after // the first one reads
		n := 0
		_, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(discreet.Membership) error { n++; return nil }, operator)
		if !errors.Is(err, errFault) || n != 0 {
			t.Errorf("a write failed: %v, %d handed out", err, n)
		}
		if left := len(told1(t, e, somebody(0))); (left == 1) != after {
			t.Errorf("failed after it happened %v: %d told", after, left)
		}
	}
	stop := errors.New("stop")
	n := 0
	x, err := e.ExportMemberships(ctx, toPartner, everybody(crowd), func(discreet.Membership) error {
		if n++; n == 5 {
			return stop
		}
		return nil
	}, operator)
	if !errors.Is(err, stop) || n != 5 || x.Memberships != 4 {
		t.Errorf("%v, %d, %+v", err, n, x)
	}
	done, cancel := context.WithCancel(ctx)
	n = 0
	x, err = e.ExportMemberships(done, toPartner, everybody(crowd), func(discreet.Membership) error {
		if n++; n == 5 {
			cancel()
		}
		return nil
	}, operator)
	if !errors.Is(err, context.Canceled) || n != 5 || x.Memberships != 5 {
		t.Errorf("%v, %d, %+v", err, n, x)
	}
	if got, _ := exported(t, e, toPartner, everybody(crowd)); len(got) != crowd {
		t.Errorf("%d in the end", len(got))
	}
	// Every entry of a disclosure is in the consent log.
	check(t, store.ConsentSweep(ctx, func(_ consent.Subject, row []byte) ([]byte, error) {
		r, err := consent.ReadRecord(row)
		if err != nil {
			return nil, err
		}
		found := false
		for _, entry := range r.Entries() {
			if entry.Kind == consent.KindDisclosed {
				_, logged, err := consent.NewLog(store).Find(ctx, entry.Commitment())
				if found = true; err != nil || !logged {
					t.Error("a disclosure is not in the log")
				}
			}
		}
		if !found {
			t.Error("a member's record has no entry of the disclosure")
		}
		return row, nil
	}))
}

// TestExportAcrossKeys exchanges the root in between: the recipient knows members
// under another pseudonym then, and both are told of.
func TestExportAcrossKeys(t *testing.T) {
	ctx := t.Context()
	e := opened(t, shared())
	before, _ := exported(t, e, toPartner, everybody(3))
	check(t, e.SetKeys(ctx, rotated(t, e.Config.Keys), operator))
	after, _ := exported(t, e, toPartner, everybody(3))
	for id := range after {
		if _, ok := before[id]; ok {
			t.Error("one pseudonym under two roots")
		}
	}
	if len(before) != 3 || len(after) != 3 || len(told1(t, e, somebody(1))) != 2 {
		t.Errorf("%d, %d, %+v", len(before), len(after), told1(t, e, somebody(1)))
	}
	x, err := e.Erase(ctx, somebody(1), operator)
	if check(t, err); len(x.Disclosures) != 2 || !slices.Equal(x.Recipients, []string{"Host Ltd", "Panel Ltd", "Partner Ltd"}) {
		t.Errorf("%+v", x)
	}
}

// TestSourceOfMembers lets a consent system decide: what it allows names nobody, and
// what it denies is denied.
func TestSourceOfMembers(t *testing.T) {
	src := &source{answer: map[string]consent.Answer{}}
	cfg := shared()
	cfg.Source, cfg.SourceTimeout = src, time.Second
	e := opened(t, cfg)
	src.answer["source"] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now().Add(-time.Hour)}
	_, err := e.Record(t.Context(), with(e, discreet.Opaque("source"), "1", discreet.Signals{Age: consent.Adult}))
	check(t, err)
	src.answer["somebody 1"] = consent.Answer{State: consent.Denied}
	got, x := exported(t, e, toPartner, only(somebody(0), somebody(1), discreet.Opaque("source")))
	if len(got) != 1 || x.Unnamed != 1 || x.Denied[consent.SourceDenied]+x.Denied[consent.Withdrawn] != 1 {
		t.Errorf("%+v", x)
	}
	if p := profiles(t, e, somebody(1)); slices.Contains(p, discreettest.Purpose) {
		t.Error("what the source ended is still held")
	}
}

// TestFullRecord holds that a person whose record has no room is left out.
func TestFullRecord(t *testing.T) {
	cfg := shared()
	for i := range 64 {
		cfg.Segments = append(cfg.Segments, atLeast(fmt.Sprintf("run-%02d", i), "sports.running", 1))
	}
	cfg.Measures[0] = dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 66, Share: 0.9}
	cfg.Measures[1] = dp.SegmentSizes{Name: "ad-sizes", Purpose: ads, MaxSegments: 1, Share: 0.1}
	cfg.Audience.Chance = 0
	cfg.Audience.MinPeople = 60
	cfg.Budget.Epsilon = 8
	e := discreettest.Open(t, cfg)
	fill(t, e, 2*crowd)
	_, err := e.Release(t.Context(), discreet.Query{Name: "much", Measure: "sizes", Share: 0.9}, operator)
	check(t, err)
	var names []string
	for _, s := range cfg.Segments {
		if strings.HasPrefix(s.Name, "run-") {
			names = append(names, s.Name)
		}
	}
	full := 0
	for _, q := range []discreet.MembershipExport{
		{Recipient: "Partner Ltd", Sharing: partners}, {Recipient: "Panel Ltd", Sharing: partners},
		{Recipient: "Partner Ltd", Sharing: "research"}, {Recipient: "Panel Ltd", Sharing: "research"},
	} {
		q.Purpose, q.Segments = discreettest.Purpose, names
		got, x := exported(t, e, q, only(somebody(0)))
		full += x.Full
		for _, list := range got {
			if len(list) != 64 {
				t.Fatalf("%d of 64 segments open", len(list))
			}
		}
	}
	if full != 0 || len(told1(t, e, somebody(0))) != consent.MaxDisclosures {
		t.Fatalf("%d full, %d told", full, len(told1(t, e, somebody(0))))
	}
	q := toPartner
	q.Segments = []string{"runners"}
	if got, x := exported(t, e, q, only(somebody(0), somebody(1))); x.Full != 1 || len(got) != 1 {
		t.Errorf("%+v", x)
	}
	q.Segments = nil // more than fit into one export
	if _, err := e.ExportMemberships(t.Context(), q, everybody(1), func(discreet.Membership) error { return nil }, operator); !errors.Is(err, discreet.ErrSegments) {
		t.Errorf("%v", err)
	}
}
