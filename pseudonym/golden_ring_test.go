package pseudonym_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet/pseudonym"
)

// openGolden opens a copy of a golden key file with the mode it must have.
func openGolden(t *testing.T, name string) *pseudonym.Keyring {
	t.Helper()
	k, err := pseudonym.OpenKeyFile(copyGolden(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func copyGolden(t *testing.T, name string) (path string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func date(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type goldenLink struct {
	ID      string `json:"id_text"`
	Subject string `json:"subject_text"`
	Salt    Hex    `json:"salt_hex"`
}

// The known answers of a ring of several roots were computed in another language
// from the description of the formats. They may be added to, never changed.
func TestGoldenRing(t *testing.T) {
	var g struct {
		Read      int // the first so many links are not erase-only
		Verifiers struct {
			Name  string
			VKeys []string
		}
		Cases []struct {
			Tenant, Purpose, Type, Identifier string
			Epoch                             *uint64
			Links                             []goldenLink
		}
	}
	b, err := os.ReadFile(filepath.Join("testdata", "golden-2.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	k := openGolden(t, "golden-2.keys")
	if list, err := k.Verifiers(g.Verifiers.Name); err != nil || !slices.Equal(list, g.Verifiers.VKeys) {
		t.Errorf("verifiers %v, %v", list, err)
	}
	for i, c := range g.Cases {
		purposes := []string{c.Purpose}
		d, err := pseudonym.NewDeriver(k, c.Tenant, purposes)
		if c.Epoch != nil {
			d, err = pseudonym.NewEpochDeriver(k, c.Tenant, purposes, *c.Epoch)
		}
		if err != nil {
			t.Fatal(err)
		}
		raw := byType[c.Type](c.Identifier)
		for _, engine := range []string{"default", "crypto/hmac"} {
			if engine == "crypto/hmac" {
				if err := pseudonym.ForceHMAC(d, k); err != nil {
					t.Fatal(err)
				}
			}
			link, err := d.Link(raw, c.Purpose)
			if err != nil {
				t.Fatal(err)
			}
			every, err := d.Every(nil, raw, c.Purpose)
			if err != nil || every[0] != link {
				t.Fatalf("case %d, %s: Every does not begin with Link: %v", i, engine, err)
			}
			got := make([]goldenLink, len(every))
			for j, l := range every {
				id, _ := l.ID().MarshalText()
				subject, _ := l.Subject().ID().MarshalText()
				salt := l.Salt()
				got[j] = goldenLink{string(id), string(subject), salt[:]}
			}
			if !slices.EqualFunc(got, c.Links, func(a, b goldenLink) bool {
				return a.ID == b.ID && a.Subject == b.Subject && bytes.Equal(a.Salt, b.Salt)
			}) {
				t.Errorf("case %d, %s: links %v", i, engine, got)
			}
			checkForms(t, d, raw, c.Purpose, every, g.Read)
		}
	}
	if len(g.Cases) < 12 || g.Read != 3 {
		t.Errorf("%d cases", len(g.Cases))
	}
}

// checkForms holds what a Deriver appends against all links of r, of which the
// first read ones are not erase-only.
func checkForms(t *testing.T, d *pseudonym.Deriver, r pseudonym.Raw, purpose string, every []pseudonym.Link, read int) {
	t.Helper()
	var ids []pseudonym.ID
	var subjects []pseudonym.Subject
	for _, l := range every {
		ids, subjects = append(ids, l.ID()), append(subjects, l.Subject())
	}
	kept := ids[:1:1] // what stands in dst stays
	if got, err := d.AppendCandidates(kept, r, purpose); err != nil || !slices.Equal(got[1:], ids[:read]) || got[0] != ids[0] {
		t.Errorf("candidates: %v, %v", got, err)
	}
	if got, err := d.AppendAll(nil, r, purpose); err != nil || !slices.Equal(got, ids) {
		t.Errorf("all: %v, %v", got, err)
	}
	if got, err := d.AppendSubjects(nil, r); err != nil || !slices.Equal(got, subjects[:read]) {
		t.Errorf("subjects: %v, %v", got, err)
	}
	if got, err := d.AppendAllSubjects(nil, r); err != nil || !slices.Equal(got, subjects) {
		t.Errorf("all subjects: %v, %v", got, err)
	}
	if got, err := d.Earlier(nil, r, purpose); err != nil || !slices.Equal(got, every[1:read]) {
		t.Errorf("earlier links: %v, %v", got, err)
	}
}

// The golden file is what is written, and both versions say what they held.
func TestGoldenKeyFiles(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "golden-2.keys"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := pseudonym.ParseKeyFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := pseudonym.FormatKeyFile(s); err != nil || !bytes.Equal(again, b) {
		t.Errorf("written differently: %v", err)
	}
	d := func(s string) time.Time { return date(t, s) }
	check := func(b ...byte) [8]byte { return [8]byte(b) }
	v1 := check(0x2a, 0x36, 0x63, 0x14, 0xed, 0x8b, 0xf5, 0x20)
	for name, want := range map[string][]pseudonym.KeyInfo{
		"golden.keys": {
			{0xabcdef, pseudonym.Write, d("2026-01-02T03:04:05Z"), d("2026-01-02T03:04:05Z"), d("2027-01-02T03:04:05Z"), v1},
		},
		"golden-2.keys": {
			{0x00d00d, pseudonym.Write, d("2028-01-05T00:00:00Z"), d("2028-01-05T00:00:00Z"), d("2029-01-05T00:00:00Z"), check(0xd7, 0xc2, 0xc5, 0x55, 0x8e, 0xbb, 0x39, 0x71)},
			{0x123456, pseudonym.Read, d("2027-01-04T12:00:00Z"), d("2028-01-05T00:00:00Z"), d("2030-01-05T00:00:00Z"), check(0x79, 0x57, 0x2e, 0x62, 0xec, 0x30, 0xe1, 0xb2)},
			{0xabcdef, pseudonym.Read, d("2026-01-02T03:04:05Z"), d("2027-01-04T12:00:00Z"), d("2029-01-04T12:00:00Z"), v1},
			{0x0000ff, pseudonym.EraseOnly, d("2025-06-01T00:00:00Z"), d("2027-06-01T00:00:00Z"), time.Time{}, check(0xd7, 0x70, 0x43, 0x47, 0xf9, 0x42, 0xcd, 0x2d)},
			{0xffffff, pseudonym.Destroyed, d("2024-06-01T00:00:00Z"), d("2027-06-01T00:00:00Z"), time.Time{}, check(0x7e, 0xdf, 0x4d, 0xf8, 0xc5, 0xfe, 0xab, 0x23)},
		},
	} {
		path := copyGolden(t, name)
		got, err := pseudonym.Inspect(path)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		k, err := pseudonym.OpenKeyFile(path)
		if err != nil || !slices.Equal(k.Roots(), want) {
			t.Errorf("%s, opened: %v", name, err)
		}
		for _, info := range want {
			if k.Has(info.Check) != (info.State != pseudonym.Destroyed) {
				t.Errorf("%s: has the wrong roots", name)
			}
		}
	}
}
