package pseudonym_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
)

// Hex is a byte string in hexadecimal.
type Hex []byte

func (h *Hex) UnmarshalText(b []byte) error {
	v, err := hex.DecodeString(string(b))
	*h = v
	return err
}

// shared reads a file of reference vectors that is kept beside the repository,
// or where DISCREET_SHARED says; the test is skipped without it.
func shared(t *testing.T, name string, v any) {
	t.Helper()
	dir := os.Getenv("DISCREET_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vectors", name))
	if err != nil {
		t.Skipf("reference vectors are not here; set DISCREET_SHARED: %v", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// blockKey turns a key of HMAC into the 32-byte key with the same padded block.
func blockKey(t *testing.T, key []byte) *[32]byte {
	t.Helper()
	var k [32]byte
	switch {
	case len(key) <= 32:
		copy(k[:], key)
	case len(key) > sha256.BlockSize:
		k = sha256.Sum256(key)
	default:
		t.Fatalf("a key of %d bytes has no 32-byte equivalent", len(key))
	}
	return &k
}

func TestHMACVectors(t *testing.T) {
	var v struct {
		RFC struct {
			Tests []struct {
				Key  Hex `json:"key_hex"`
				Data Hex `json:"data_hex"`
				Tag  Hex `json:"tag_hex"`
			}
		} `json:"rfc4231_hmac_sha256"`
		Wycheproof struct {
			Tests []struct {
				TcID          int
				Key, Msg, Tag Hex
				Result        string
			}
		} `json:"wycheproof_hmac_sha256"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	if len(v.RFC.Tests) != 7 || len(v.Wycheproof.Tests) != 174 {
		t.Fatalf("%d and %d cases, want 7 and 174", len(v.RFC.Tests), len(v.Wycheproof.Tests))
	}
	for i, c := range v.RFC.Tests {
		for name, sum := range pseudonym.Engines(blockKey(t, c.Key)) {
			if got := sum(c.Data); !bytes.Equal(got[:len(c.Tag)], c.Tag) {
				t.Errorf("RFC 4231 case %d: %s gives %x", i+1, name, got)
			}
		}
	}
	for _, c := range v.Wycheproof.Tests {
		for name, sum := range pseudonym.Engines(blockKey(t, c.Key)) {
			got := sum(c.Msg)
			if same := bytes.Equal(got[:len(c.Tag)], c.Tag); same != (c.Result == "valid") {
				t.Errorf("Wycheproof %d: %s equal %v, want %s", c.TcID, name, same, c.Result)
			}
		}
	}
}

// The derivation relies on HKDF-Expand to 32 bytes being one HMAC: that is
// checked through both engines, and the library's HKDF against every case.
func TestHKDFVectors(t *testing.T) {
	type hkdfCase struct {
		TcID            int
		IKM, Salt, Info Hex
		Size            int
		OKM             Hex
		Sum             Hex `json:"okm_sha256"`
		Result          string
	}
	var v struct {
		RFC struct {
			Tests []struct {
				IKM  Hex `json:"ikm_hex"`
				Salt Hex `json:"salt_hex"`
				Info Hex `json:"info_hex"`
				Size int `json:"length"`
				PRK  Hex `json:"prk_hex"`
				OKM  Hex `json:"okm_hex"`
			}
		} `json:"rfc5869_hkdf_sha256"`
		Wycheproof struct{ Tests []hkdfCase } `json:"wycheproof_hkdf_sha256"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	cases := v.Wycheproof.Tests
	if len(v.RFC.Tests) != 3 || len(cases) != 86 {
		t.Fatalf("%d and %d cases, want 3 and 86", len(v.RFC.Tests), len(cases))
	}
	for i, c := range v.RFC.Tests {
		if prk, err := hkdf.Extract(sha256.New, c.IKM, c.Salt); err != nil || !bytes.Equal(prk, c.PRK) {
			t.Errorf("RFC 5869 case %d: PRK %x, %v", i+1, prk, err)
		}
		cases = append(cases, hkdfCase{TcID: -i - 1, IKM: c.IKM, Salt: c.Salt, Info: c.Info, Size: c.Size, OKM: c.OKM, Result: "valid"})
	}
	for _, c := range cases {
		prk, err := hkdf.Extract(sha256.New, c.IKM, c.Salt)
		if err != nil {
			t.Fatal(err)
		}
		okm, err := hkdf.Expand(sha256.New, prk, string(c.Info), c.Size)
		if (err == nil) != (c.Result == "valid") {
			t.Errorf("case %d: error %v, want %s", c.TcID, err, c.Result)
			continue
		}
		if err != nil {
			continue
		}
		sum := sha256.Sum256(okm)
		if c.OKM != nil && !bytes.Equal(okm, c.OKM) || c.Sum != nil && !bytes.Equal(sum[:], c.Sum) {
			t.Errorf("case %d: other key material", c.TcID)
		}
		for name, sum := range pseudonym.Engines((*[32]byte)(prk)) {
			first := sum(append(bytes.Clone(c.Info), 1))
			if n := min(32, c.Size); !bytes.Equal(first[:n], okm[:n]) {
				t.Errorf("case %d: one HMAC by %s is not HKDF-Expand", c.TcID, name)
			}
		}
	}
}

func TestConstructionVectors(t *testing.T) {
	var v struct {
		V struct {
			Root  Hex `json:"root_hex"`
			Check Hex `json:"key_check_value_hex"`
			Tests []struct {
				Tenant, Context, IDType string
				EpochHex, InfoHex       Hex
				ContextKeyHex           Hex
				IdentifierHex, HMACHex  Hex
				Pseudonym16Hex          Hex
				KeyID                   uint32
				BinaryHex               Hex
				Text                    string
			}
		} `json:"proposed_construction_v1"`
	}
	shared(t, "pseudonym-vectors.json", &v)
	if len(v.V.Tests) != 23 {
		t.Fatalf("%d cases, want 23", len(v.V.Tests))
	}
	root := (*[32]byte)(v.V.Root)
	other := sha256.Sum256([]byte("other"))
	public := 0
	for i, c := range v.V.Tests {
		info, err := pseudonym.Enc("pseudonym-kdf-v1", c.Tenant, c.Context, c.IDType, string(c.EpochHex))
		if err != nil || !bytes.Equal(info, c.InfoHex) {
			t.Errorf("case %d: info %x, %v", i, info, err)
		}
		key, err := pseudonym.ContextKey(root, c.Tenant, c.Context, c.IDType, string(c.EpochHex))
		if err != nil || !bytes.Equal(key[:], c.ContextKeyHex) {
			t.Fatalf("case %d: context key %v", i, err)
		}
		for name, sum := range pseudonym.Engines(key) {
			got := sum(c.IdentifierHex)
			if !bytes.Equal(got[:], c.HMACHex) || !bytes.Equal(got[:16], c.Pseudonym16Hex) {
				t.Errorf("case %d: %s gives %x", i, name, got)
			}
			id := ident.NewID(c.KeyID, (*[16]byte)(got[:16]))
			text, _ := id.MarshalText()
			if b := id.Bytes(); !bytes.Equal(b[:], c.BinaryHex) || string(text) != c.Text || id.KeyID() != c.KeyID {
				t.Errorf("case %d: ID %x, %s", i, b, text)
			}
		}

		k := pseudonym.NewTestKeyring(pseudonym.NewSecrets(root, &other, &other, c.KeyID, time.Time{}))
		if check := k.Check(); !bytes.Equal(check[:], v.V.Check) {
			t.Errorf("case %d: check value %x", i, check)
		}
		if c.Context == "" || len(c.EpochHex) > 0 || c.IDType != "email/1" && c.IDType != "opaque/1" {
			continue // not reached through the public functions yet
		}
		public++
		d, err := pseudonym.NewDeriver(k, c.Tenant, []string{c.Context})
		if err != nil {
			t.Fatal(err)
		}
		raw := pseudonym.Opaque(string(c.IdentifierHex))
		if c.IDType == "email/1" {
			raw = pseudonym.Email(string(c.IdentifierHex))
		}
		id, err := d.ID(raw, c.Context)
		if b := id.Bytes(); err != nil || !bytes.Equal(b[:], c.BinaryHex) {
			t.Errorf("case %d: Deriver gives %x, %v", i, b, err)
		}
	}
	if public < 15 {
		t.Errorf("only %d cases went through the Deriver", public)
	}
}

func TestEnginesAgreeOnEveryLength(t *testing.T) {
	key := sha256.Sum256([]byte("key"))
	e := pseudonym.Engines(&key)
	msg := make([]byte, 256)
	for i := range msg {
		msg[i] = byte(3*i + 1)
	}
	for n := range len(msg) + 1 {
		if a, b := e["saved-state"](msg[:n]), e["crypto/hmac"](msg[:n]); a != b {
			t.Fatalf("engines differ on %d bytes", n)
		}
	}
}

func TestEncRefusesWhatItCannotEncode(t *testing.T) {
	if _, err := pseudonym.Enc("label", string(make([]byte, math.MaxUint16+1))); err == nil {
		t.Error("a field of 65536 bytes was encoded")
	}
	if b, err := pseudonym.Enc("label", string(make([]byte, math.MaxUint16))); err != nil || len(b) != 2+5+2+math.MaxUint16 {
		t.Errorf("a field of 65535 bytes: %d bytes, %v", len(b), err)
	}
}
