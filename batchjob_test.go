package discreet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

var batchMeasures = []dp.Measure{
	dp.Table{Name: "topics", Purpose: discreettest.Purpose, Partitions: dp.Public{"a", "b"}, MaxPartitions: 1, Of: dp.CountedPeople{}, Share: 0.5},
	dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 2, Share: 0.3},
}

// job is what a batch job does: it asks Admission of everybody, and bounds what those
// did who may be counted.
func job(t *testing.T, e *discreettest.Engine, o dp.BoundOptions, partition string, people ...discreet.Raw) *dp.Counts {
	t.Helper()
	b, err := e.Batch("topics")
	check(t, err)
	counts, err := dp.Bound(t.Context(), &b.Spec, b.Window, b.AsOf, admitted(t, e, partition, people, o.Shard), o)
	check(t, err)
	return counts
}

func admitted(t *testing.T, e *discreettest.Engine, partition string, people []discreet.Raw, s dp.Shard) iter.Seq2[dp.Contribution, error] {
	return func(yield func(dp.Contribution, error) bool) {
		for _, who := range people {
			a, err := e.Admission(t.Context(), who, discreettest.Purpose, nil)
			if a.Grant.IsZero() || s.Of > 1 && dp.ShardOf(a.Link, s.Of) != s.Index {
				if err == nil {
					continue
				}
			}
			if !yield(dp.Contribution{Link: a.Link, Grant: a.Grant, Partition: partition}, err) {
				return
			}
		}
	}
}

func customers(n int) (list []discreet.Raw) {
	for i := range n {
		list = append(list, discreet.Opaque(fmt.Sprintf("customer-%d", i)))
	}
	return list
}

// TestReleaseCounts goes the whole way of a batch job, with shards in two processes,
// and holds that a name stands for one exact table.
func TestReleaseCounts(t *testing.T) {
	ctx := t.Context()
	ring, err := pseudonym.NewKeyring()
	check(t, err)
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures, Keys: ring})
	people := customers(60)
	e.Agree(t, people...)
	keys, err := ring.CountsKeys(e.Config.Tenant)
	check(t, err)
	b, err := e.Batch("topics")
	check(t, err)

	sealed := make([][]byte, 3)
	for i := range sealed {
		part := job(t, e, dp.BoundOptions{Shard: dp.Shard{Index: i, Of: 3}}, "a", people...)
		sealed[i], err = part.Seal(keys)
		check(t, err)
		if _, err := e.ReleaseCounts(ctx, discreet.Query{Name: "part", Measure: "topics", Share: 0.1}, part, operator); !errors.Is(err, dp.ErrShard) {
			t.Errorf("one shard is released: %v", err)
		}
	}
	merge := func() *dp.Counts {
		t.Helper()
		parts := make([]*dp.Counts, len(sealed))
		for i := range parts {
			parts[i], err = dp.OpenCounts(&b.Spec, sealed[i], keys)
			check(t, err)
		}
		counts, err := dp.Merge(parts...)
		check(t, err)
		return counts
	}
	q := discreet.Query{Name: "topics-1", Measure: "topics", Share: 0.25}
	counts := merge()
	first, err := e.ReleaseCounts(ctx, q, counts, operator)
	check(t, err)
	h := first.Header()
	if first.Len() != 2 || h.Kind != "table" || h.AsOf != e.Clock.Now().Format(time.DateOnly) || h.L0 != 1 || h.Unit != "people" {
		t.Errorf("%+v", h)
	}
	spent := e.Account()
	for name, again := range map[string]*dp.Counts{"the same": counts, "opened again": merge(), "bound again": job(t, e, dp.BoundOptions{}, "a", people...)} {
		r, err := e.ReleaseCounts(ctx, q, again, operator)
		check(t, err)
		if !bytes.Equal(r.Note(), first.Note()) {
			t.Errorf("%s: other bytes", name)
		}
	}
	for name, other := range map[string]*dp.Counts{
		"one person less": job(t, e, dp.BoundOptions{}, "a", people[1:]...), "elsewhere": job(t, e, dp.BoundOptions{}, "b", people...),
	} {
		if _, err := e.ReleaseCounts(ctx, q, other, operator); !errors.Is(err, ledger.ErrSpecification) {
			t.Errorf("%s under one name: %v", name, err)
		}
	}
	if _, err := e.ReleaseCounts(ctx, discreet.Query{Name: "topics-2", Measure: "topics", Share: 0.25}, counts, operator); !errors.Is(err, dp.ErrDrawn) {
		t.Errorf("drawn twice: %v", err)
	}
	if now := e.Account(); now.Entries != spent.Entries || now.Records != spent.Records {
		t.Errorf("what was refused is charged: %+v after %+v", now, spent)
	}
	_, err = e.ReleaseCounts(ctx, discreet.Query{Name: "topics-2", Measure: "topics", Share: 0.25}, merge(), operator)
	check(t, err)
	check(t, e.VerifyLedger(ctx))

	// Two names for one table have nothing in common in the ledger.
	var log bytes.Buffer
	check(t, e.ExportLedger(ctx, &log))
	seen := map[string]bool{}
	for line := range strings.Lines(log.String()) {
		if _, rest, ok := strings.Cut(line, `"reserve":`); ok {
			_, rest, _ = strings.Cut(rest, `"spec":"`)
			if seen[rest[:64]] {
				t.Error("two charges are seen to be for the same table")
			}
			seen[rest[:64]] = true
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d charges", len(seen))
	}
}

// TestReleaseCountsRefuses holds what is refused, before anything is charged.
func TestReleaseCountsRefuses(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures})
	people := customers(5)
	e.Agree(t, people...)
	counts := job(t, e, dp.BoundOptions{}, "a", people...)
	records := e.Account().Records
	refused := func(name string, q discreet.Query, c *dp.Counts, want error) {
		t.Helper()
		if _, err := e.ReleaseCounts(ctx, q, c, operator); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	q := discreet.Query{Name: "x", Measure: "topics", Share: 0.1}
	refused("no counts", q, nil, dp.ErrCounts)
	refused("zero counts", q, &dp.Counts{}, dp.ErrCounts)
	refused("another measure", discreet.Query{Name: "x", Measure: "sizes", Share: 0.1}, counts, discreet.ErrTable)
	if _, err := e.Release(ctx, q, operator); !errors.Is(err, discreet.ErrTable) {
		t.Errorf("a table from profiles: %v", err)
	}
	if _, err := e.Batch("sizes"); !errors.Is(err, discreet.ErrTable) {
		t.Errorf("a batch of profiles: %v", err)
	}
	b, err := e.Batch("topics")
	check(t, err)
	declared := batchMeasures[0].(dp.Table)
	declared.MaxPartitions = 2
	looser, err := dp.NewSpec(declared, nil)
	check(t, err)
	bound := func(spec *dp.Spec, window int32, asOf dp.Day) *dp.Counts {
		t.Helper()
		c, err := dp.Bound(ctx, spec, window, asOf, admitted(t, e, "a", people, dp.Shard{}), dp.BoundOptions{})
		check(t, err)
		return c
	}
	refused("looser bounds", q, bound(&looser, b.Window, b.AsOf), dp.ErrCounts)
	refused("another window", q, bound(&b.Spec, b.Window+1, b.AsOf), discreet.ErrCountsAge)
	nobody, err := dp.Bound(ctx, &b.Spec, b.Window, b.AsOf+1, admitted(t, e, "a", nil, dp.Shard{}), dp.BoundOptions{})
	check(t, err)
	refused("tomorrow", q, nobody, discreet.ErrCountsAge)
	refused("two days ago", q, bound(&b.Spec, b.Window, b.AsOf-2), discreet.ErrCountsAge)
	other := discreettest.Open(t, discreet.Config{Measures: batchMeasures})
	other.Agree(t, people...)
	refused("another keyring", q, job(t, other, dp.BoundOptions{}, "a", people...), dp.ErrRoots)
	check(t, e.Suspend(ctx, discreettest.Purpose, operator))
	refused("suspended", q, counts, discreet.ErrSuspended)
	check(t, e.Resume(ctx, discreettest.Purpose, operator))
	if e.Account().Records != records {
		t.Error("something was charged")
	}
	e.Clock.Advance(24 * time.Hour)
	if _, err := e.ReleaseCounts(ctx, q, counts, discreet.Actor{}); !errors.Is(err, ledger.ErrActor) {
		t.Errorf("by nobody: %v", err)
	}
	_, err = e.ReleaseCounts(ctx, q, counts, operator)
	check(t, err)
	var last ledger.Access
	check(t, e.AccessLog(ctx, func(a ledger.Access) error { last = a; return nil }))
	if last.Action != "ReleaseCounts" || last.Actor != operator {
		t.Errorf("logged as %+v", last)
	}
	check(t, e.Engine.Close())
	refused("a closed engine", q, counts, discreet.ErrClosed)
	_, notBatch := e.Batch("topics")
	_, notAdmitted := e.Admission(ctx, ann, discreettest.Purpose, nil)
	if !errors.Is(notBatch, discreet.ErrClosed) || !errors.Is(notAdmitted, discreet.ErrClosed) {
		t.Errorf("a closed engine: %v, %v", notBatch, notAdmitted)
	}
}

// hooked is a store that does something after each write to the ledger.
type hooked struct {
	*memstore.Store
	after func()
}

func (h *hooked) LedgerAppend(ctx context.Context, seq uint64, rows ...ledger.Row) error {
	err := h.Store.LedgerAppend(ctx, seq, rows...)
	h.after()
	return err
}

// TestCountsGoOn uses counts up between the charge and the draw, as a process that
// ends there does: other counts of the same table are drawn under the same charge.
func TestCountsGoOn(t *testing.T) {
	store := &hooked{Store: memstore.Volatile(), after: func() {}}
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures, Store: store})
	people := customers(5)
	e.Agree(t, people...)
	q := discreet.Query{Name: "x", Measure: "topics", Share: 0.1}
	counts := job(t, e, dp.BoundOptions{}, "a", people...)
	store.after = func() { dp.Merge(counts) }
	if _, err := e.ReleaseCounts(t.Context(), q, counts, operator); !errors.Is(err, dp.ErrDrawn) {
		t.Fatal(err)
	}
	store.after = func() {}
	if got := e.Account(); got.Entries != 1 || got.Answered != 0 || got.Void != 0 {
		t.Fatalf("after the charge: %+v", got)
	}
	if _, err := e.ReleaseCounts(t.Context(), q, job(t, e, dp.BoundOptions{}, "b", people...), operator); !errors.Is(err, ledger.ErrSpecification) {
		t.Errorf("another table under the charge: %v", err)
	}
	_, err := e.ReleaseCounts(t.Context(), q, job(t, e, dp.BoundOptions{}, "a", people...), operator)
	check(t, err)
	if got := e.Account(); got.Entries != 1 || got.Answered != 1 {
		t.Errorf("after the draw: %+v", got)
	}
}

// TestKeptAdmission keeps what Admission said: on the day after, when somebody may have
// taken consent back, Bound does not take it, and what is asked anew leaves them out.
func TestKeptAdmission(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures})
	e.Agree(t, ann, bob)
	kept, err := e.Admission(ctx, ann, discreettest.Purpose, nil)
	check(t, err)
	check(t, errOf(e.Withdraw(ctx, ann, discreettest.Purpose)))
	e.Clock.Advance(24 * time.Hour)
	b, err := e.Batch("topics")
	check(t, err)
	_, err = dp.Bound(ctx, &b.Spec, b.Window, b.AsOf, func(yield func(dp.Contribution, error) bool) {
		yield(dp.Contribution{Link: kept.Link, Grant: kept.Grant, Partition: "a"}, nil)
	}, dp.BoundOptions{})
	if !errors.Is(err, dp.ErrOld) {
		t.Errorf("a Grant of yesterday: %v", err)
	}
	var last dp.Progress
	job(t, e, dp.BoundOptions{Progress: func(p dp.Progress) { last = p }}, "a", ann, bob)
	if last.People != 1 {
		t.Errorf("%d people count", last.People)
	}
}

// TestDrawnCountsAreNotCharged asks, with counts that are used up, under a name of the
// window before, which the log has not left yet: nothing is charged.
func TestDrawnCountsAreNotCharged(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures})
	people := customers(5)
	e.Agree(t, people...)
	q := discreet.Query{Name: "weekly", Measure: "topics", Share: 0.1}
	_, err := e.ReleaseCounts(t.Context(), q, job(t, e, dp.BoundOptions{}, "a", people...), operator)
	check(t, err)
	e.Clock.Advance(30 * 24 * time.Hour)
	used := job(t, e, dp.BoundOptions{}, "a", people...)
	_, err = dp.Merge(used)
	check(t, err)
	records := e.Account().Records
	if _, err := e.ReleaseCounts(t.Context(), q, used, operator); !errors.Is(err, dp.ErrDrawn) || e.Account().Records != records {
		t.Errorf("%v, with %d records after %d", err, e.Account().Records, records)
	}
	_, err = e.ReleaseCounts(t.Context(), q, job(t, e, dp.BoundOptions{}, "a", people...), operator)
	check(t, err)
}

// TestAdmission holds who gets a Grant for a batch job.
func TestAdmission(t *testing.T) {
	ctx := t.Context()
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures})
	ask := func(who discreet.Raw) discreet.Admission {
		t.Helper()
		a, err := e.Admission(ctx, who, discreettest.Purpose, nil)
		check(t, err)
		return a
	}
	if a := ask(ann); a.Decision.Allowed || !a.Grant.IsZero() || a.Link.IsZero() || a.Decision.Reason != consent.NoRecord {
		t.Errorf("nobody asked: %+v", a)
	}
	e.Agree(t, ann, bob)
	a := ask(ann)
	id, err := e.ID(ann, discreettest.Purpose)
	check(t, err)
	if !a.Decision.Allowed || a.Waits || a.Grant.Subject() != a.Link.Subject() || a.Link.ID() != id || !a.Grant.Covers(e.Clock.Now()) {
		t.Errorf("who agreed: %+v", a)
	}
	if a := ask(discreet.Raw{}); a.Decision.Reason != consent.Anonymous || !a.Link.IsZero() {
		t.Errorf("an anonymous visitor: %+v", a)
	}
	if _, err := e.Admission(ctx, ann, "elsewhere", nil); !errors.Is(err, discreet.ErrNoPurpose) {
		t.Error(err)
	}
	if _, err := e.Admission(ctx, discreet.Email("no address"), discreettest.Purpose, nil); !errors.Is(err, pseudonym.ErrEmail) {
		t.Error(err)
	}
	e.Clock.Advance(time.Hour)
	check(t, errOf(e.Withdraw(ctx, ann, discreettest.Purpose)))
	if a := ask(ann); a.Decision.Allowed || !a.Grant.IsZero() {
		t.Errorf("after a withdrawal: %+v", a)
	}
	e.Clock.Advance(time.Hour)
	e.Agree(t, ann)
	if a := ask(ann); !a.Decision.Allowed || !a.Waits || !a.Grant.IsZero() {
		t.Errorf("who came back in the window: %+v", a)
	}
	e.Clock.Advance(30 * 24 * time.Hour)
	if a := ask(ann); a.Waits || a.Grant.IsZero() {
		t.Errorf("in the next window: %+v", a)
	}
	check(t, e.Suspend(ctx, discreettest.Purpose, operator))
	if a := ask(bob); a.Decision.Reason != consent.Suspended || !a.Grant.IsZero() {
		t.Errorf("while it is suspended: %+v", a)
	}
	check(t, e.Resume(ctx, discreettest.Purpose, operator))
	check(t, e.Merge(ctx, bob, ann))
	if a := ask(bob); !a.Grant.IsZero() {
		t.Errorf("who was joined to another name counts twice: %+v", a)
	}
	if a := ask(ann); a.Grant.IsZero() {
		t.Errorf("and not at all: %+v", a)
	}
}

// TestTableAlone releases a table of a purpose that has neither segments nor any other
// measure.
func TestTableAlone(t *testing.T) {
	e := discreettest.Open(t, discreet.Config{Measures: batchMeasures[:1], Segments: []segment.Definition{}})
	people := customers(3)
	e.Agree(t, people...)
	_, err := e.ReleaseCounts(t.Context(), discreet.Query{Name: "x", Measure: "topics", Share: 0.1}, job(t, e, dp.BoundOptions{}, "a", people...), operator)
	check(t, err)
}
