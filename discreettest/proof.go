package discreettest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/proof"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Grant returns a grant for the link's person and purpose, from the given
// moment on for a year, as decided at its end, so that it is young enough for a batch job.
func Grant(t testing.TB, l pseudonym.Link, from time.Time) segment.Grant {
	t.Helper()
	mustTest(t)
	if l.IsZero() {
		t.Fatal("discreettest: a grant needs a link")
	}
	return proof.NewGrant(proof.GrantFields{
		Subject: l.Subject(), Purpose: l.Purpose(), From: from, To: from.AddDate(1, 0, 0), Decided: from.AddDate(1, 0, 0),
		Notice: "test", Version: 1,
	})
}

// Release returns a table with the given cells, as if it had been released
// with noise of the given standard deviation. It carries no signature.
func Release(t testing.TB, measure string, stdDev float64, cells ...proof.Cell) dp.Release {
	t.Helper()
	mustTest(t)
	if stdDev <= 0 {
		t.Fatal("discreettest: a release has noise")
	}
	kind := "segment-sizes"
	if slices.ContainsFunc(cells, func(c proof.Cell) bool { return c.Item != "" }) {
		kind = "segment-items"
	}
	cells = slices.Clone(cells)
	slices.SortFunc(cells, func(a, b proof.Cell) int {
		if c := strings.Compare(a.Segment, b.Segment); c != 0 {
			return c
		}
		return strings.Compare(a.Item, b.Item)
	})
	day := Start.Format(time.DateOnly)
	return proof.NewRelease(proof.Header{
		Format: "discreet-release/0", Library: "test", Account: "test", Name: "test", Measure: measure,
		Kind: kind, Partitions: "public", AsOf: day, Since: day, WindowFrom: day, WindowTo: day,
		Mechanism: "rounded-gaussian", Sigma: stdDev, StdDev: stdDev, L0: 1, LInf: 1,
		Level: 0.95, Margin: int64(2*stdDev) + 1, Cells: len(cells),
	}, cells, nil)
}

// Options returns what go-cmp needs to compare values of this module: IDs by
// value, releases by header and cells, times as instants.
func Options() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b pseudonym.ID) bool { return a == b }),
		cmp.Transformer("Release", func(r dp.Release) struct {
			Header proof.Header
			Cells  []proof.Cell
		} {
			return struct {
				Header proof.Header
				Cells  []proof.Cell
			}{r.Header(), r.Cells()}
		}),
		cmpopts.EquateApproxTime(0),
		cmp.Comparer(func(a, b consent.Reason) bool { return a == b }),
	}
}
