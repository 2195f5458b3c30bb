package dp_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/pseudonym"
)

func countsKeys(t testing.TB, ring *pseudonym.Keyring, tenant string) dp.CountsKeys {
	t.Helper()
	keys, err := ring.CountsKeys(tenant)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func newRing(t testing.TB) *pseudonym.Keyring {
	t.Helper()
	ring, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestSealedCounts seals counts of every sort of table, also of one shard, and opens
// them: the same bytes, under the same keyring, tenant and declaration alone.
func TestSealedCounts(t *testing.T) {
	ring := newRing(t)
	keys := countsKeys(t, ring, "shop")
	specs := tableSpecs(t)
	for name, spec := range specs {
		list := crowd(20, 3)
		for i := range list {
			list[i].Partition = "abc"[i%3 : i%3+1]
		}
		counts := bound(t, spec, list, dp.BoundOptions{})
		data, err := counts.Seal(keys)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := dp.OpenCounts(spec, data, keys)
		if err != nil {
			t.Fatal(name, err)
		}
		if !bytes.Equal(dp.Plain(opened), dp.Plain(counts)) || opened.About() != counts.About() || !opened.Of(spec) {
			t.Errorf("%s: other counts were opened", name)
		}
		again, err := counts.Seal(keys)
		if err != nil || bytes.Equal(again, data) {
			t.Errorf("%s: sealed twice alike, or %v", name, err)
		}
		for other, spec := range specs {
			if other == name {
				continue
			}
			if _, err := dp.OpenCounts(spec, data, keys); !errors.Is(err, dp.ErrCounts) || counts.Of(spec) {
				t.Errorf("%s opened as %s: %v", name, other, err)
			}
		}
		turned, err := ring.Rotate(ring.Roots()[0].Created)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dp.OpenCounts(spec, data, countsKeys(t, turned, "shop")); err != nil {
			t.Errorf("%s: not opened after a rotation: %v", name, err)
		}
		for _, wrong := range []dp.CountsKeys{countsKeys(t, ring, "other"), countsKeys(t, newRing(t), "shop")} {
			if _, err := dp.OpenCounts(spec, data, wrong); !errors.Is(err, dp.ErrSealed) {
				t.Errorf("%s under other keys: %v", name, err)
			}
		}
	}
	spec := specs["people 1"]
	counts := bound(t, spec, nil, dp.BoundOptions{})
	data, err := counts.Seal(keys)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		b := bytes.Clone(data)
		b[i] ^= 1 << (i % 8)
		if _, err := dp.OpenCounts(spec, b, keys); !errors.Is(err, dp.ErrSealed) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := dp.OpenCounts(spec, data[:i], keys); !errors.Is(err, dp.ErrSealed) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if !bytes.Equal(data, bytes.Clone(data)) || len(data) > 400 {
		t.Errorf("%d bytes", len(data))
	}
	profiles := count(t, mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, "a"), nil)
	if _, err := profiles.Seal(keys); !errors.Is(err, dp.ErrCounts) {
		t.Errorf("counts of profiles are sealed: %v", err)
	}
	if _, err := counts.Seal(dp.CountsKeys{}); !errors.Is(err, dp.ErrCountsKeys) {
		t.Errorf("sealed without keys: %v", err)
	}
	if _, err := dp.OpenCounts(spec, data, dp.CountsKeys{}); !errors.Is(err, dp.ErrCountsKeys) {
		t.Errorf("opened without keys: %v", err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys); strings.Count(s, "[keys of counts]") != 4 {
		t.Errorf("keys print as %s", s)
	}
}

// TestBinding holds that what a charge is bound to depends on the exact table, the
// window, the name and the key, on nothing else, and is no unkeyed hash of it.
func TestBinding(t *testing.T) {
	ring := newRing(t)
	keys := countsKeys(t, ring, "shop")
	spec := tableSpecs(t)["people 1"]
	binding := func(c *dp.Counts, k dp.CountsKeys, name string) [32]byte {
		t.Helper()
		b, err := c.Binding(k, name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	counts := bound(t, spec, []dp.Contribution{of(1, "a", 1), of(2, "b", 1)}, dp.BoundOptions{})
	same := bound(t, spec, []dp.Contribution{of(2, "b", 1), of(1, "a", 1)}, dp.BoundOptions{})
	want := binding(counts, keys, "weekly")
	turned, err := ring.Rotate(ring.Roots()[0].Created)
	if err != nil {
		t.Fatal(err)
	}
	if binding(same, countsKeys(t, turned, "shop"), "weekly") != want {
		t.Error("the same table is bound to something else, or a rotation changes it")
	}
	other := bound(t, spec, []dp.Contribution{of(1, "a", 1), of(2, "a", 1)}, dp.BoundOptions{})
	later, err := dp.Bound(t.Context(), spec, 4, today, given([]dp.Contribution{of(1, "a", 1), of(2, "b", 1)}), dp.BoundOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[32]byte]bool{want: true}
	for i, b := range [][32]byte{
		binding(other, keys, "weekly"), binding(later, keys, "weekly"), binding(counts, keys, "monthly"),
		binding(counts, countsKeys(t, ring, "other"), "weekly"), binding(counts, countsKeys(t, newRing(t), "shop"), "weekly"),
	} {
		if seen[b] {
			t.Errorf("binding %d is that of another", i)
		}
		seen[b] = true
	}
}

// TestMergeRefuses holds which counts are not added up, and that they are as good as
// before then.
func TestMergeRefuses(t *testing.T) {
	spec := tableSpecs(t)["people 1"]
	shard := func(spec *dp.Spec, window int32, i, of int, list ...dp.Contribution) *dp.Counts {
		c, err := dp.Bound(t.Context(), spec, window, today, given(list), dp.BoundOptions{Shard: dp.Shard{Index: i, Of: of}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b := shard(spec, 3, 0, 2), shard(spec, 3, 1, 2)
	profiles := count(t, mustSpec(t, dp.SegmentSizes{Name: "m", Purpose: "p", MaxSegments: 1, Share: 1}, "a"), nil)
	roots := make([]*dp.Counts, 0, 2)
	for n, root := uint64(0), uint32(7); len(roots) < 2; n++ {
		if l := linkUnder(root, "p", n); dp.ShardOf(l, 2) == len(roots) {
			roots = append(roots, shard(spec, 3, len(roots), 2, dp.Contribution{Link: l, Grant: grantOf(l, midnight(0), midnight(today+9)), Partition: "a"}))
			root++
		}
	}
	for name, c := range map[string]struct {
		parts []*dp.Counts
		want  error
	}{
		"none":          {nil, dp.ErrCounts},
		"nil":           {[]*dp.Counts{a, nil}, dp.ErrCounts},
		"zero":          {[]*dp.Counts{a, {}}, dp.ErrCounts},
		"missing":       {[]*dp.Counts{a}, dp.ErrShard},
		"repeated":      {[]*dp.Counts{a, a}, dp.ErrShard},
		"too many":      {[]*dp.Counts{a, b, a}, dp.ErrShard},
		"another split": {[]*dp.Counts{a, shard(spec, 3, 1, 3)}, dp.ErrShard},
		"another day":   {[]*dp.Counts{a, shard(spec, 4, 1, 2)}, dp.ErrCounts},
		"another table": {[]*dp.Counts{a, shard(tableSpecs(t)["people 2"], 3, 1, 2)}, dp.ErrCounts},
		"profiles":      {[]*dp.Counts{profiles}, dp.ErrCounts},
		"two roots":     {roots, dp.ErrRoots},
	} {
		if got, err := dp.Merge(c.parts...); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := dp.Draw(a, charged(params(units(t, 1, 20), accounting.Units{})), newSigner(t, "shop", 1)); !errors.Is(err, dp.ErrShard) {
		t.Errorf("one shard is drawn: %v", err)
	}
	all, err := dp.Merge(b, a)
	if err != nil || all.About() != (dp.About{Measure: "m", Window: 3, AsOf: today, Shard: dp.Shard{Of: 1}}) {
		t.Fatalf("after all that: %+v, %v", all.About(), err)
	}
	if _, err := dp.Merge(a, b); !errors.Is(err, dp.ErrDrawn) {
		t.Errorf("merged twice: %v", err)
	}
}

// TestTableRelease draws tables of every sort and reads the notes.
func TestTableRelease(t *testing.T) {
	s := newSigner(t, "shop", 1)
	for name, spec := range tableSpecs(t) {
		var list []dp.Contribution
		for n := range uint64(400) {
			list = append(list, of(n, "a", 3))
		}
		mu2, delta := units(t, 1, 20), accounting.Units{}
		if spec.Discovered {
			delta = units(t, 1, 1<<23)
		}
		c := bound(t, spec, list, dp.BoundOptions{})
		exact := table(c)
		r, err := dp.Draw(c, charged(params(mu2, delta)), s)
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := dp.ReadRelease(r.Note(), s.vkey)
		if err != nil || again.Header() != r.Header() || !slices.Equal(again.Cells(), r.Cells()) {
			t.Fatalf("%s: not read as written: %v", name, err)
		}
		h := r.Header()
		unit := strings.Fields(name)[0]
		switch unit {
		case "discovered":
			unit = "people"
		case "amounts", "amounts,":
			unit = "EUR"
		}
		if h.Kind != "table" || h.Unit != unit || h.L0 != spec.L0() || h.LInf != spec.LInf() || h.Lookback != 0 {
			t.Errorf("%s: %+v", name, h)
		}
		// Ten standard deviations: false alarms are below 1e-20.
		for _, cell := range r.Cells() {
			for k, v := range exact {
				if k.Item == cell.Item && (float64(cell.Value-v) > 10*h.StdDev || float64(v-cell.Value) > 10*h.StdDev) {
					t.Errorf("%s: %d was released as %d ± %g", name, v, cell.Value, h.StdDev)
				}
			}
		}
		if _, err := dp.Draw(c, charged(params(mu2, delta)), s); !errors.Is(err, dp.ErrDrawn) {
			t.Errorf("%s: drawn twice: %v", name, err)
		}
		if _, err := c.Seal(countsKeys(t, newRing(t), "shop")); !errors.Is(err, dp.ErrDrawn) {
			t.Errorf("%s: sealed after the draw: %v", name, err)
		}
	}
}

// goldenCounts are two tables, as they are kept.
func goldenCounts(t testing.TB) map[string]struct {
	spec  *dp.Spec
	plain string
} {
	specs := tableSpecs(t)
	type kept = struct {
		spec  *dp.Spec
		plain string
	}
	return map[string]kept{
		"testdata/counts-0-public.sealed":     {specs["amounts 1"], goldenPublic},
		"testdata/counts-0-discovered.sealed": {specs["discovered 2"], goldenDiscovered},
	}
}

const (
	goldenPublic     = `001387d8da04398f7fde31f460d11e9cf3ae45b1e735413906ae8a15237f572aa50000000300004e200000000000000001000000070000000312030828db68a7dfcfb79fdb330e0a28844aa27ff7be129cea1f0204fd6d5e6b6e8a85`
	goldenDiscovered = `004a0a62466c92f9f32090e85ab5329b9ba33628a6ec2f07f524a95d632427adb80000000300004e200000000000000001000000070000000301610401620201630486e9beb420b054ec3621d98625c9ea198c365dc6923909ef735b852cdb476b8f`
)

// TestGoldenCounts opens the counts that are kept, under the key file that package
// pseudonym keeps.
func TestGoldenCounts(t *testing.T) {
	ring := goldenRing(t)
	keys := countsKeys(t, ring, "shop")
	list := []dp.Contribution{of(1, "a", 4), of(2, "b", -2), of(3, "a", 9), of(4, "c", 100), of(5, "c", -1)}
	for _, file := range slices.Sorted(maps.Keys(goldenCounts(t))) {
		g := goldenCounts(t)[file]
		counts := bound(t, g.spec, list, dp.BoundOptions{})
		if _, err := os.Stat(file); *update && err != nil { // what is there is never written again
			data, err := counts.Seal(keys)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := hex.EncodeToString(dp.Plain(counts)); got != g.plain {
			t.Errorf("%s: counts are not written as they were: a format that changes gets a new number\n%s", file, got)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := dp.OpenCounts(g.spec, data, keys)
		if err != nil {
			t.Fatal(file, err)
		}
		if hex.EncodeToString(dp.Plain(opened)) != g.plain {
			t.Errorf("%s is not read as it was", file)
		}
	}
}

func goldenRing(t testing.TB) *pseudonym.Keyring {
	t.Helper()
	data, err := os.ReadFile("../pseudonym/testdata/golden.keys")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := pseudonym.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// FuzzCounts reads bytes as counts: what is accepted is written again as it was.
func FuzzCounts(f *testing.F) {
	specs := []*dp.Spec{tableSpecs(f)["amounts 1"], tableSpecs(f)["discovered 2"]}
	for _, spec := range specs {
		plain := dp.Plain(bound(f, spec, crowd(4, 3), dp.BoundOptions{}))
		f.Add(plain[:len(plain)-32])
		plain = dp.Plain(bound(f, spec, []dp.Contribution{of(1, "a", 4), of(2, "b", -2), of(3, "a", 9)}, dp.BoundOptions{}))
		f.Add(plain[:len(plain)-32])
		f.Add(binary.AppendUvarint(plain[:len(plain)-33:len(plain)-33], 300))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, spec := range specs {
			c, err := dp.ReadPlain(spec, b)
			if err != nil {
				continue
			}
			if again := dp.Plain(c); !bytes.Equal(again[:len(again)-32], b) {
				t.Errorf("read %x, wrote %x", b, again)
			}
		}
	})
}
