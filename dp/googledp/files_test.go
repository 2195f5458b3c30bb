package googledp_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/differential-privacy/go/v3/dpagg"
	"github.com/google/differential-privacy/go/v3/noise"
)

const child = "DISCREET_GOOGLEDP_CHILD"

// TestChild is what TestNothingIsWritten runs in a process of its own.
func TestChild(t *testing.T) {
	switch os.Getenv(child) {
	case "draws":
		for _, span := range []int64{1, 10, 65_536} {
			for _, numbers := range [][]number{nil, people(1, 5)} {
				draw(t, row{Epsilon: 0.1, Rows: 3, Span: span, Ranks: []int64{0, 500_000, 1_000_000}, Numbers: numbers})
				draw(t, row{Variance: true, Epsilon: 0.1, Rows: 3, Span: span, Numbers: numbers})
			}
		}
	case "warns": // as Google's library does of equal bounds
		if _, err := dpagg.NewBoundedSumInt64(&dpagg.BoundedSumInt64Options{Epsilon: 1, MaxPartitionsContributed: 1, Lower: 5, Upper: 5, Noise: noise.Laplace()}); err != nil {
			t.Fatal(err)
		}
	default:
		t.Skip("runs in a process of its own")
	}
}

// TestNothingIsWritten: drawing writes no file and prints nothing, and does not mind a
// directory for logs that is not there. A warning of Google's library does write one.
func TestNothingIsWritten(t *testing.T) {
	run := func(what, dir string) (printed []byte, files []string, err error) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.count=1")
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), child+"="+what, "TMPDIR="+dir)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		err = cmd.Run()
		for _, d := range []string{dir, cmd.Dir} {
			found, globErr := filepath.Glob(filepath.Join(d, "*"))
			if globErr != nil {
				t.Fatal(globErr)
			}
			files = append(files, found...)
		}
		return errs.Bytes(), files, err
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if printed, files, err := run("draws", dir); err != nil || len(printed) > 0 || len(files) > 0 {
			t.Errorf("%v, printed %q, wrote %v", err, printed, files)
		}
	}
	if _, files, err := run("warns", t.TempDir()); err != nil || len(files) == 0 {
		t.Errorf("a warning is not seen by this test: %v, %v", err, files)
	}
}
