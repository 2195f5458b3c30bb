package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Errors of catalogs.
var (
	ErrCatalogRow   = errors.New("ingest: a catalog row is malformed")
	ErrCatalogTwice = errors.New("ingest: an item stands in the catalog twice")
	ErrCatalogEmpty = errors.New("ingest: the catalog is empty")
)

// ReadCatalog reads a public list of items, plain or gzip, as CSV or JSON Lines
// with the columns "item" and "category", and returns the category of each
// item ("" where it has none). A catalog decides which cells are released, so
// one bad row refuses the whole; the error tells its number and the reason.
func ReadCatalog(ctx context.Context, r io.Reader) (map[string]string, error) {
	keep := newInterner()
	var item, category string
	decode := func(v [][]byte, _ int64, _ *Row) Reason {
		var ok bool
		if item = string(v[0]); !contrib.ValidKey(item) {
			return ReasonItem
		}
		if category = ""; len(v[1]) > 0 {
			if category, ok = keep.key(v[1]); !ok {
				return ReasonCategory
			}
		}
		return ReasonNone
	}
	rd := &Reader{src: r, config: Config{Comma: ','}, decode: &decoder{columns: []string{"item", "category"}, decode: decode}}
	in, err := rd.open(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for n := int64(1); ; n++ {
		vals, reason, err := in.read()
		switch {
		case err == io.EOF && len(out) == 0:
			return nil, ErrCatalogEmpty
		case err == io.EOF:
			return out, nil
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
		if reason == ReasonNone {
			reason = decode(vals, n, nil)
		}
		if reason != ReasonNone || len(out) == contrib.MaxPublic {
			return nil, fmt.Errorf("%w: row %d, reason %q", ErrCatalogRow, n, reason)
		}
		if _, ok := out[item]; ok {
			return nil, fmt.Errorf("%w: row %d", ErrCatalogTwice, n)
		}
		out[item] = category
	}
}
