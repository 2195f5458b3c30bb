package fairness_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
	"golang.org/x/mod/sumdb/note"
)

// signer signs with a key that is the same in every run.
type signer struct {
	note.Signer
	key  ed25519.PrivateKey
	vkey string
}

func newSigner(t testing.TB, first byte) *signer {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	s := &signer{key: ed25519.NewKeyFromSeed(seed)}
	var err error
	if s.vkey, err = note.NewEd25519VerifierKey("shop", s.key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	hash := strings.Split(s.vkey, "+")[1]
	if s.Signer, err = note.NewSigner("PRIVATE+KEY+shop+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))); err != nil {
		t.Fatal(err)
	}
	return s
}

// sign signs any text, so that only what is wrong with the text is left.
func (s *signer) sign(text string) []byte {
	raw := append(binary.BigEndian.AppendUint32(nil, s.KeyHash()), ed25519.Sign(s.key, []byte(text))...)
	return []byte(text + "\n\u2014 shop " + base64.StdEncoding.EncodeToString(raw) + "\n")
}

// shown is evidence of everything, and the releases that it follows from.
func shown(t testing.TB) (fairness.Evidence, []dp.Release) {
	t.Helper()
	campaign := places()
	for key, v := range jobs(60) {
		campaign[key] = v
	}
	releases := []dp.Release{released(10, campaign), released(10, memberships(), members)}
	var tables []*fairness.Table
	for _, r := range releases {
		tab, err := fairness.Read(r)
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, tab)
	}
	rule := fairness.Default()
	rule.Reference, rule.Campaigns, rule.Looks = "men", []string{"jobs"}, fairness.Looks{Days: []string{"2026-06-08", "2026-06-15"}, Spending: fairness.Pocock}
	proxies, err := fairness.Proxy(tables[1], fairness.DefaultProxy())
	if err != nil {
		t.Fatal(err)
	}
	plan, err := fairness.Correct(tables[0], correction())
	if err != nil {
		t.Fatal(err)
	}
	var l logged
	g, err := fairness.NewGate(gateConfig(&l))
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Check(t.Context(), fairness.Request{Campaign: "jobs", Category: fairness.Employment, Uses: []string{"music", "razors"}, Today: today, Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return fairness.Evidence{
		Audits: []fairness.Report{audit(t, tables[0], rule)}, Proxies: []fairness.ProxyReport{proxies}, Decisions: []fairness.Decision{d}, Plans: []fairness.Plan{plan},
	}, releases
}

// TestEvidence signs evidence and reads it, checks it against the releases, and finds what
// was changed before it was signed.
func TestEvidence(t *testing.T) {
	s := newSigner(t, 1)
	e, releases := shown(t)
	data, err := fairness.NewEvidence(e, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fairness.ReadEvidence(data, newSigner(t, 9).vkey, s.vkey, s.vkey)
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := got.Check(releases...); err != nil {
		t.Fatal(err)
	}
	for _, some := range [][]dp.Release{nil, releases[:1], releases[1:]} {
		if err := got.Check(some...); !errors.Is(err, fairness.ErrAbsent) {
			t.Error(err)
		}
	}
	if err := got.Check(append(releases, dp.Release{})...); !errors.Is(err, fairness.ErrRelease) {
		t.Error(err)
	}
	for name, change := range map[string]func(e *fairness.Evidence){
		"verdict":         func(e *fairness.Evidence) { e.Audits[0].Verdict = fairness.Pass },
		"one verdict":     func(e *fairness.Evidence) { e.Audits[0].Comparisons[0].Verdict = fairness.Pass },
		"a rate":          func(e *fairness.Evidence) { e.Audits[0].Comparisons[0].Rate.Value += 1e-5 },
		"a p-value":       func(e *fairness.Evidence) { e.Audits[0].Comparisons[0].PFail += 1e-5 },
		"left out":        func(e *fairness.Evidence) { e.Audits[0].Comparisons = nil },
		"a rule":          func(e *fairness.Evidence) { e.Audits[0].Rule.MinRatio = 0.5 },
		"a bad rule":      func(e *fairness.Evidence) { e.Audits[0].Rule.Alpha = 0 },
		"a look":          func(e *fairness.Evidence) { e.Audits[0].Rule.Looks.Days = nil },
		"a proxy":         func(e *fairness.Evidence) { e.Proxies[0].Findings[5].Verdict = fairness.Clear },
		"a proxy rule":    func(e *fairness.Evidence) { e.Proxies[0].Rule.MaxRatio = 20 },
		"a weight":        func(e *fairness.Evidence) { e.Plans[0].Placements[1].Weight += 0.1 },
		"a plan's rule":   func(e *fairness.Evidence) { e.Plans[0].Rule.Budget = 1 },
		"open for causes": func(e *fairness.Evidence) { e.Decisions[0].Open = true },
		"open on nothing": func(e *fairness.Evidence) {
			e.Decisions[0].Open, e.Decisions[0].Causes, e.Decisions[0].Sources = true, nil, nil
		},
	} {
		e, releases := shown(t)
		change(&e)
		data, err := fairness.NewEvidence(e, s)
		if err != nil {
			t.Fatal(err)
		}
		read, err := fairness.ReadEvidence(data, s.vkey)
		if err != nil {
			t.Fatal(name, err)
		}
		if err := read.Check(releases...); !errors.Is(err, fairness.ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Audits[0].Source.SHA256 = strings.Repeat("0", 64)
	if err := e.Check(releases...); !errors.Is(err, fairness.ErrAbsent) {
		t.Errorf("another release of the same name: %v", err)
	}
}

// TestReadEvidence refuses every other spelling, signed or not.
func TestReadEvidence(t *testing.T) {
	s := newSigner(t, 1)
	e, _ := shown(t)
	data, err := fairness.NewEvidence(e, s)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "\n\n")
	text += "\n"
	if got := s.sign(text); !bytes.Equal(got, data) {
		t.Fatal("the helper signs otherwise")
	}
	for name, bad := range map[string]string{
		"another version": strings.Replace(text, "fairness/0", "fairness/1", 1), "no line": fairness.EvidenceFormat + "\n",
		"nothing in it": fairness.EvidenceFormat + "\n{}\n", "a line more": text + "{}\n", "space": strings.Replace(text, ":", ": ", 1),
		"a field more": strings.Replace(text, `{"audits"`, `{"x":1,"audits"`, 1), "a field twice": strings.Replace(text, `"look":1`, `"look":1,"look":1`, 1),
		"another number": strings.Replace(text, `"look":1`, `"look":1.0`, 1), "other case": strings.Replace(text, `"look":1`, `"Look":1`, 1),
		"a field less": strings.Replace(text, `"look":1,`, ``, 1), "escaped": strings.Replace(text, `"jobs"`, `"\u006aobs"`, 1), "no json": fairness.EvidenceFormat + "\n[\n",
	} {
		if _, err := fairness.ReadEvidence(s.sign(bad), s.vkey); !errors.Is(err, fairness.ErrEvidence) || bad == text {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fairness.ReadEvidence(data, newSigner(t, 2).vkey); !errors.Is(err, fairness.ErrUnverified) {
		t.Error(err)
	}
	if _, err := fairness.ReadEvidence(data); !errors.Is(err, fairness.ErrUnverified) {
		t.Error(err)
	}
	if _, err := fairness.ReadEvidence(data, "key"); !errors.Is(err, fairness.ErrVerifier) {
		t.Error(err)
	}
	two, err := note.Sign(&note.Note{Text: text}, s, newSigner(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fairness.ReadEvidence(two, s.vkey); !errors.Is(err, fairness.ErrUnverified) {
		t.Error("a second signature:", err)
	}
	if _, err := fairness.ReadEvidence(make([]byte, 17<<20), s.vkey); !errors.Is(err, fairness.ErrEvidence) {
		t.Error(err)
	}
	if _, err := fairness.NewEvidence(fairness.Evidence{}, s); !errors.Is(err, fairness.ErrEvidence) {
		t.Error(err)
	}
	if _, err := fairness.NewEvidence(e, nil); !errors.Is(err, fairness.ErrSigner) {
		t.Error(err)
	}
}

// TestEvidenceEveryByte changes, drops and doubles every byte of signed evidence, also those
// of the signature.
func TestEvidenceEveryByte(t *testing.T) {
	s := newSigner(t, 1)
	tab := table(t, 10, jobs(60))
	data, err := fairness.NewEvidence(fairness.Evidence{Audits: []fairness.Report{audit(t, tab, fairness.Default())}}, s)
	if err != nil {
		t.Fatal(err)
	}
	signature := bytes.Index(data, []byte("\n\n"))
	for i := range data {
		for bit := range 8 {
			if i < signature && bit != i%8 { // the text goes through one hash
				continue
			}
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			if _, err := fairness.ReadEvidence(bad, s.vkey); err == nil {
				t.Errorf("bit %d of byte %d counts for nothing", bit, i)
			}
		}
		for _, bad := range [][]byte{append(bytes.Clone(data[:i]), data[i+1:]...), append(bytes.Clone(data[:i+1]), data[i:]...)} {
			if _, err := fairness.ReadEvidence(bad, s.vkey); err == nil && !bytes.Equal(bad, data) {
				t.Errorf("byte %d missing or doubled counts for nothing", i)
			}
		}
	}
}

// TestEvidenceGolden reads evidence that was signed before, writes it again byte by byte, and
// finds that it still follows from the same releases.
func TestEvidenceGolden(t *testing.T) {
	s := newSigner(t, 1)
	golden, err := os.ReadFile("testdata/evidence-0.note")
	if err != nil {
		t.Fatal(err)
	}
	e, err := fairness.ReadEvidence(golden, s.vkey)
	if err != nil {
		t.Fatal(err)
	}
	again, err := fairness.NewEvidence(e, s)
	if err != nil || !bytes.Equal(again, golden) {
		t.Errorf("it is written otherwise now: %v", err)
	}
	_, releases := shown(t)
	if err := e.Check(releases...); err != nil {
		t.Error(err)
	}
}

// TestEvidenceOfAnAttribute tells what the groups are values of. Evidence of before leaves
// it out, and still follows from its release; with another attribute it does not.
func TestEvidenceOfAnAttribute(t *testing.T) {
	r := released(10, jobs(60), func(h *proof.Header) { h.Of = "sex" })
	tab, err := fairness.Read(r)
	if err != nil || tab.Source().Attribute != "sex" {
		t.Fatalf("%+v, %v", tab.Source(), err)
	}
	e := fairness.Evidence{Audits: []fairness.Report{audit(t, tab, fairness.Default())}}
	for attribute, want := range map[string]error{"sex": nil, "": nil, "age": fairness.ErrAbsent} {
		e.Audits[0].Source.Attribute = attribute
		if err := e.Check(r); !errors.Is(err, want) {
			t.Errorf("%q: %v", attribute, err)
		}
	}
	if _, err := fairness.Read(released(10, jobs(60), func(h *proof.Header) { h.Of = "no name" })); !errors.Is(err, fairness.ErrRelease) {
		t.Error(err)
	}
}

// FuzzReadEvidence reads any text that was signed: what is accepted is written back the same.
func FuzzReadEvidence(f *testing.F) {
	s := newSigner(f, 1)
	golden, err := os.ReadFile("testdata/evidence-0.note")
	if err != nil {
		f.Fatal(err)
	}
	text, _, _ := strings.Cut(string(golden), "\n\n")
	f.Add(text + "\n")
	f.Add(fairness.EvidenceFormat + "\n{}\n")
	f.Add(fairness.EvidenceFormat + "\n{\"decisions\":[{\"open\":false,\"campaign\":\"\",\"category\":\"\",\"day\":\"\"}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		data := s.sign(text)
		e, err := fairness.ReadEvidence(data, s.vkey)
		if err != nil {
			return
		}
		if again, err := fairness.NewEvidence(e, s); err != nil || !bytes.Equal(again, data) {
			t.Errorf("read, and written otherwise: %v", err)
		}
		_ = e.Check() // does not panic
	})
}
