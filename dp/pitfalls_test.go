package dp_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// pitfalls are faults found in libraries of differential privacy, the one in Go most of
// all, and the tests that show that they cannot happen here.
var pitfalls = []struct {
	what  string
	tests []string // folder.Test
}{
	{"thresholds end, and let every key out, at a small delta", []string{"dp/accounting.TestThresholdIsSafeAndSmallest", "dp.TestPitfallSmallDelta"}},
	{"thresholds for continuous noise overspend delta on integers", []string{"dp/accounting.TestThresholdHoldsForRoundedNoise", "dp.TestThresholdProtectsLoners"}},
	{"the product of bounds wraps, and noise is next to nothing", []string{"internal/envelope.TestBounds", "internal/contrib.TestKindsRefuse", "dp.TestPitfallProducts"}},
	{"an extreme epsilon or a NaN never returns", []string{"dp.TestBudgetCheck", "internal/envelope.TestEdges", "dp.TestDrawRefuses"}},
	{"state that is good for one result is copied, encoded or read around", []string{"dp.TestDrawnOnce", "dp.TestCountsShowNothing", "dp.TestDrawAsksForCharge"}},
	{"an interval gives away what a threshold suppressed", []string{"dp.TestWhatIsSuppressedLeavesNoTrace", "dp.TestThresholdIsInclusive", "dp.TestPassedHolds"}},
	{"a missing noise takes a lax path", []string{"dp.TestPitfallZeroLaw", "internal/floors.TestBans"}},
	{"logging to files, global flags, background goroutines", []string{"internal/floors.TestDependencies", "internal/floors.TestBans"}},
	{"public and discovered partitions are not told apart", []string{"dp.TestDrawRefuses", "dp.TestNoiseIsAsStated", "dp.TestDiscoveredCellsArePeople"}},
	{"somebody who contributes often counts often", []string{"dp.TestSensitivity", "internal/contrib.TestKindsExhaustive", "internal/contrib.TestHostileRecordsStayInBounds"}},
	{"sums wrap", []string{"dp.TestPitfallSumsDoNotWrap", "dp/noise.TestAddToNeverWraps"}},
	{"sums of floats depend on order, and move by more than is declared", []string{"dp.TestOrderDoesNotMatter", "dp.TestShardsAdd", "internal/contrib.TestKindsAreFreeOfOrderAndSplits"}},
	{"NaN and infinity come through without noise", []string{"dp.TestBudgetCheck", "internal/contrib.TestNewSpecRefuses", "dp.TestPitfallNoFloatCounts"}},
	{"noise lies on a grid that shows the exact number", []string{"dp/noise.TestNoCoarseNoise", "dp.TestPitfallLowBits"}},
	{"delta is spent more often than it is counted", []string{"dp.TestDrawRefuses", "dp.TestPredictIsWhatDrawDoes", "dp/ledger.TestNeverOverdraws"}},
	{"options are shared and written to, encoding twice breaks", []string{"internal/contrib.TestSpecsKeepNoArgument", "internal/contrib.TestNewSpecDoesNotKeepItsArguments", "dp.TestDrawnOnce"}},
	{"a dependency with a known hole", []string{"dp.TestPitfallGlog"}},
	{"zero values panic", []string{"dp.TestPitfallZeroValues", "dp/noise.TestZeroValuesRefuse", "internal/proof.TestZeroRelease"}},
	{"how long a draw takes tells how large the noise is, cell by cell", []string{"dp.TestPitfallWholeTables", "dp/noise.TestNoAllocationsPerDraw"}},
	{"clamped counts are too large, means of nobody look like data", []string{"dp.TestClampedIntervalsHoldNearZero", "dp.TestMeansHold", "dp.TestNamesOfKinds"}},
}

// TestPitfalls holds that each has tests, and that they are there.
func TestPitfalls(t *testing.T) {
	if len(pitfalls) != 20 {
		t.Fatalf("%d pitfalls", len(pitfalls))
	}
	known := map[string]map[string]bool{}
	for _, p := range pitfalls {
		if len(p.tests) == 0 {
			t.Errorf("%s: nothing shows that it cannot happen", p.what)
		}
		for _, test := range p.tests {
			folder, name, _ := strings.Cut(test, ".")
			if known[folder] == nil {
				known[folder] = testsIn(t, filepath.Join("..", filepath.FromSlash(folder)))
			}
			if !known[folder][name] {
				t.Errorf("%s: there is no %s", p.what, test)
			}
		}
	}
}

// testsIn returns the names of the tests of a folder.
func testsIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s has no tests", folder)
	}
	names := map[string]bool{}
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

// TestPitfallSmallDelta: at the least deltas that an account holds, for the most keys a
// person may have, thresholds are there, above the noise, and nobody's own keys come out.
func TestPitfallSmallDelta(t *testing.T) {
	spec := mustSpec(t, dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Discovered{}, MaxItems: 1024, MaxPerItem: 1, LookbackDays: 7, Share: 1})
	var list []contrib.Person
	for i := range 8 {
		p := contrib.Person{Salt: salt(uint64(i / 2))} // pairs, who have the same keys
		for k := range 1024 {
			p.Items = append(p.Items, contrib.Entry{Item: fmt.Sprintf("%d/%d", i/2, k), Day: today, Count: 1})
		}
		list = append(list, p)
	}
	last := int64(0)
	for _, bits := range []uint{20, 40, 60, 62} {
		p := params(units(t, 1, 5), units(t, 1, 1<<bits))
		n, err := dp.Predict(spec, p.Mu2, p.Delta)
		if err != nil {
			t.Fatal(err)
		}
		if n.Threshold <= last || n.Threshold < int64(3*n.Sigma) || n.Threshold > int64(40*n.Sigma) {
			t.Errorf("delta 2^-%d: threshold %d after %d, sigma %v", bits, n.Threshold, last, n.Sigma)
		}
		last = n.Threshold
		r, err := dp.Draw(count(t, spec, list), charged(p), newSigner(t, "shop", 1))
		if err != nil {
			t.Fatal(err)
		}
		if r.Len() > 0 && bits > 20 { // 4096 keys of probability below 2^-40/1024 each
			t.Errorf("delta 2^-%d: %d keys of two people come out", bits, r.Len())
		}
	}
	if _, err := dp.Predict(spec, units(t, 1, 5), accounting.Units{}); !errors.Is(err, dp.ErrLoss) {
		t.Error("no delta:", err)
	}
}

// TestPitfallProducts: the largest bounds that are accepted have the noise they need.
func TestPitfallProducts(t *testing.T) {
	spec := mustSpec(t, dp.ItemTotals{Name: "m", Purpose: "p", Items: dp.Public{"x"}, MaxItems: 1024, MaxPerItem: contrib.MaxPerCell, LookbackDays: 7, Share: 1})
	n, err := dp.Predict(spec, units(t, 1, 1), accounting.Units{})
	if err != nil {
		t.Fatal(err)
	}
	if want := 32 * float64(contrib.MaxPerCell); math.Abs(n.Sigma/want-1) > 1e-9 {
		t.Errorf("sigma is %v, not %v", n.Sigma, want)
	}
	if want := uint64(1024 * contrib.MaxPerCell); spec.L1() != want {
		t.Errorf("L1 is %d, not %d", spec.L1(), want)
	}
}

// TestPitfallZeroLaw: a measure that names no law of noise has noise, and the least.
func TestPitfallZeroLaw(t *testing.T) {
	for name, spec := range tinySpecs(t) {
		delta := accounting.Units{}
		if spec.Discovered {
			delta = units(t, 1, 1e8)
		}
		n, err := dp.Predict(spec, units(t, 1, 5), delta)
		if err != nil {
			t.Fatal(name, err)
		}
		if n.Mechanism == "" || !(n.StdDev > 0) && !(n.Even > 2) && !(spec.External() && n.Epsilon > 0) {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// TestPitfallSumsDoNotWrap at either end.
func TestPitfallSumsDoNotWrap(t *testing.T) {
	for _, sign := range []int64{1, -1} {
		sum := int64(0)
		for range 3 {
			before := sum
			if err := dp.AddTo(&sum, sign*(math.MaxInt64/10)); err == nil && (sum > 0) != (sign > 0) {
				t.Fatal("the sum wrapped")
			} else if err != nil && (!errors.Is(err, dp.ErrOverflow) || sum != before) {
				t.Fatal("a refused number was added")
			}
		}
		if err := dp.AddTo(&sum, sign*(math.MaxInt64/10)); !errors.Is(err, dp.ErrOverflow) {
			t.Error("a sum leaves no room for noise:", err)
		}
		for _, v := range []int64{0, math.MinInt64, math.MaxInt64} {
			if err := dp.AddTo(&sum, v); !errors.Is(err, dp.ErrOverflow) {
				t.Errorf("%d is added", v)
			}
		}
	}
}

// TestPitfallNoFloatCounts: what people contribute, and what is added up, are integers.
func TestPitfallNoFloatCounts(t *testing.T) {
	for _, path := range []string{"counts.go", "../internal/contrib/vector.go", "../internal/contrib/select.go", "../internal/contrib/norm.go", "../internal/contrib/decay.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "float") {
				t.Errorf("%s has a %s", path, id.Name)
			}
			return true
		})
	}
}

// TestPitfallLowBits: the last digits of a released value say nothing of the exact one,
// whatever the scale of the noise. Eight counts, each a false alarm below 1e-6.
func TestPitfallLowBits(t *testing.T) {
	const n = 40_000
	for _, law := range []dp.Law{dp.Gaussian, dp.Laplace} {
		spec := mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Noise: law, Share: 1}, names(n)...)
		for _, mu2 := range []int64{50, 1 << 30} {
			r, err := dp.Draw(count(t, spec, nil), charged(params(units(t, 1, mu2), accounting.Units{})), newSigner(t, "shop", 1))
			if err != nil {
				t.Fatal(err)
			}
			for _, of := range []int64{2, 3} {
				whole := 0
				for i := range r.Len() {
					if r.At(i).Value%of == 0 {
						whole++
					}
				}
				if p := 1 / float64(of); off(whole, n, p, p) {
					t.Errorf("law %d, mu^2 1/%d: %d of %d values are multiples of %d", law, mu2, whole, n, of)
				}
			}
		}
	}
}

// TestPitfallGlog: the oracle of our tests brings a logger along; one without the known
// hole (GO-2025-3372).
func TestPitfallGlog(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if _, version, ok := strings.Cut(strings.TrimSpace(line), "github.com/golang/glog v"); ok {
			var major, minor, patch int
			if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
				t.Fatal(err)
			}
			if major*1_000_000+minor*1000+patch < 1_002_004 {
				t.Errorf("glog %s", version)
			}
		}
	}
}

// TestPitfallZeroValues: nothing panics of what was never made, and nothing comes of it.
func TestPitfallZeroValues(t *testing.T) {
	var r dp.Release
	errs := map[string]error{}
	_, errs["Intervals"] = dp.Intervals(r)
	_, errs["Average"] = dp.Average(r, r)
	_, errs["Consistent"] = dp.Consistent([]dp.Release{r}, nil)
	_, errs["ConsistentRows"] = dp.ConsistentRows(r, r)
	_, errs["Shrink"] = dp.Shrink(r)
	_, errs["ShrinkRows"] = dp.ShrinkRows(r)
	_, errs["ShrinkToTotals"] = dp.ShrinkToTotals(r, r)
	_, errs["Smooth"] = dp.Smooth([]dp.Release{r, r})
	_, errs["MeansOf"] = dp.MeansOf(r)
	_, errs["MeansFrom"] = dp.MeansFrom(r, r)
	_, errs["Suggest"] = dp.Suggest(r, dp.Bounding{})
	for name, err := range errs {
		if !errors.Is(err, dp.ErrReleases) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, m := range []dp.Measure{
		nil, dp.SegmentSizes{}, dp.SegmentItems{}, dp.People{}, dp.Events{}, dp.Sums{}, dp.Means{}, dp.ItemTotals{}, dp.CategoryItems{}, dp.ItemPairs{},
		dp.Keys{}, dp.Histogram{}, dp.Groups{},
	} {
		if _, err := dp.NewSpec(m, nil); err == nil {
			t.Errorf("%T is a measure", m)
		}
	}
	if _, err := dp.Predict(&dp.Spec{}, units(t, 1, 5), accounting.Units{}); !errors.Is(err, dp.ErrSpec) {
		t.Error(err)
	}
	if dp.KeysOf(r) != nil || dp.Amounts(dp.Header{}, 7) != 7 || (dp.Estimates{}).Statement() == "" {
		t.Error("something comes of nothing")
	}
}

// TestPitfallWholeTables: nothing of a table leaves before all of its noise was drawn and
// the whole was signed: a draw whose signature fails shows no cell.
func TestPitfallWholeTables(t *testing.T) {
	spec := mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, "a", "b")
	s := newSigner(t, "shop", 1).named("a b") // which no note may be signed by
	c := count(t, spec, nil)
	r, err := dp.Draw(c, charged(params(units(t, 1, 5), accounting.Units{})), s)
	if !errors.Is(err, dp.ErrSigner) || !r.IsZero() || r.Len() != 0 || r.Note() != nil {
		t.Errorf("%v, %d cells", err, r.Len())
	}
	if _, err := dp.Draw(c, charged(params(units(t, 1, 5), accounting.Units{})), newSigner(t, "shop", 1)); !errors.Is(err, dp.ErrDrawn) {
		t.Error("noise that was drawn is drawn again:", err)
	}
}
