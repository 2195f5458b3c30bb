package discreet_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/google/go-cmp/cmp"
)

// TestExportGolden holds the JSON form of an export and of an explanation. A
// change of a golden file is a change of format: give it a new name.
func TestExportGolden(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	ctx := t.Context()
	e.Agree(t, ann)
	for i, category := range worldCategories[:2] { // two items fit every bound: nothing is left to the key
		ev := event(e, ann, category, "abc"[i:i+1], category)
		_, err := e.Record(ctx, ev)
		check(t, err)
		e.Clock.Advance(25 * time.Hour)
	}
	export, err := e.Export(ctx, ann, operator)
	check(t, err)
	explanation, err := e.Explain(ctx, ann, operator)
	check(t, err)
	for name, v := range map[string]any{"export-v1.json": export, "explanation-v1.json": explanation} {
		got, err := json.MarshalIndent(v, "", "\t")
		check(t, err)
		got = append(got, '\n')
		path := filepath.Join("testdata", name)
		if os.Getenv("DISCREET_UPDATE_GOLDEN") == "1" {
			check(t, os.WriteFile(path, got, 0o644))
		}
		want, err := os.ReadFile(path)
		check(t, err)
		if diff := cmp.Diff(string(want), string(got), discreettest.Options()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
