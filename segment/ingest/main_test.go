package ingest_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment/ingest"
)

// all reads every row.
func all(t testing.TB, r io.Reader, c ingest.Config) ([]ingest.Row, ingest.Stats, error) {
	t.Helper()
	rd, err := ingest.New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	var rows []ingest.Row
	var last error
	for row, err := range rd.Rows(context.Background()) {
		if err != nil {
			last = err
			continue
		}
		rows = append(rows, row)
	}
	return rows, rd.Stats(), last
}

func gz(s string) io.Reader {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return strings.NewReader(b.String())
}

func mapping(t testing.TB, s string) ingest.Config {
	t.Helper()
	m, err := ingest.ParseMapping(s)
	if err != nil {
		t.Fatal(err)
	}
	return ingest.Config{Mapping: m}
}

// data returns the path of a file of the public data, or skips.
func data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("DISCREET_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("skipped: the public data is not here (set DISCREET_DATA to its folder): %s", name)
	}
	return path
}
