package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// TestCommand holds the form of the command line and of the lines it prints.
func TestCommand(t *testing.T) {
	var out, errOut bytes.Buffer
	if err := run(context.Background(), []string{"list"}, &out, &errOut); err != nil {
		t.Fatal(err)
	}
	for _, s := range suites() {
		if !strings.Contains(out.String(), s.name) {
			t.Errorf("list does not show %s", s.name)
		}
	}
	out.Reset()
	if err := run(context.Background(), []string{"-short", "pseudonym", "-json"}, &out, &errOut); err != nil {
		t.Fatal(err)
	}
	metrics := map[string]float64{}
	for line := range strings.Lines(out.String()) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Suite != "pseudonym" || r.Case != "email-derive" {
			t.Fatalf("%q: %v", line, err)
		}
		metrics[r.Metric] = r.Value
	}
	if len(metrics) != 4 || metrics["cpu_ns_op"] <= 0 || !raceEnabled && metrics["allocs_op"] != 0 {
		t.Errorf("got %v", metrics)
	}
	for _, args := range [][]string{nil, {"nothing"}, {"pseudonym", "pipeline"}, {"-nothing", "list"}} {
		if run(context.Background(), args, &out, &errOut) == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
