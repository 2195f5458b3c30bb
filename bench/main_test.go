package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestCommand holds the form of the command line and of the lines it prints.
// The suite starts its own executable again under FIPS mode; that is this one.
func TestMain(m *testing.M) {
	if os.Getenv(fipsChild) != "" {
		main()
		return
	}
	m.Run()
}

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
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Suite != "pseudonym" {
			t.Fatalf("%q: %v", line, err)
		}
		metrics[r.Case+" "+r.Metric] = r.Value
	}
	for _, name := range []string{
		"email-derive cpu_ns_op", "email-derive ratio_two_sha256", "email-derive ratio_two_sha256_fips",
		"email-derive speedup_hmacnew", "email-derive speedup_tink", "phone-derive cpu_ns_op",
	} {
		if metrics[name] <= 0 {
			t.Errorf("no %s: %v", name, metrics)
		}
	}
	for _, name := range []string{"email-derive allocs_op", "phone-derive allocs_op"} {
		if v, ok := metrics[name]; !ok || !raceEnabled && v != 0 {
			t.Errorf("%s: %v, %v", name, v, ok)
		}
	}
	for _, args := range [][]string{nil, {"nothing"}, {"pseudonym", "pipeline"}, {"-nothing", "list"}} {
		if run(context.Background(), args, &out, &errOut) == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
