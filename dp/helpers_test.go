package dp_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"iter"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
	"golang.org/x/mod/sumdb/note"
)

// signer signs with a fixed test key; vkey is its public half.
type signer struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
	vkey string
}

func newSigner(t testing.TB, name string, first byte) *signer {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	s := &signer{name: name, key: ed25519.NewKeyFromSeed(seed)}
	var err error
	if s.vkey, err = note.NewEd25519VerifierKey(name, s.key.Public().(ed25519.PublicKey)); err != nil {
		t.Fatal(err)
	}
	hash, err := strconv.ParseUint(strings.Split(s.vkey, "+")[1], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	s.hash = uint32(hash)
	return s
}

func (s *signer) Name() string                    { return s.name }
func (s *signer) KeyHash() uint32                 { return s.hash }
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// resign signs any text, so that only what is wrong with the text is left.
func (s *signer) resign(text string) []byte {
	var hash [4]byte
	binary.BigEndian.PutUint32(hash[:], s.hash)
	sig := base64.StdEncoding.EncodeToString(append(hash[:], ed25519.Sign(s.key, []byte(text))...))
	return []byte(text + "\n— " + s.name + " " + sig + "\n")
}

func mustSpec(t testing.TB, m dp.Measure, segments ...string) *dp.Spec {
	t.Helper()
	s, err := dp.NewSpec(m, segments)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func people(list []contrib.Person) iter.Seq2[*contrib.Person, error] {
	return func(yield func(*contrib.Person, error) bool) {
		for i := range list {
			if !yield(&list[i], nil) {
				return
			}
		}
	}
}

func salt(n uint64) (s ident.Salt) {
	binary.BigEndian.PutUint64(s[:], n)
	return s
}

func units(t testing.TB, num, denom int64) accounting.Units {
	t.Helper()
	u, err := accounting.UnitsDown(big.NewRat(num, denom))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const today = contrib.Day(20_000)

var budget = dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30}

// middle draws the middle of what may come out, without noise, for tests of all else.
var middle = proof.NewExternal("a library v1", func(r proof.ExternalRow) ([]float64, error) {
	if r.Variance {
		return []float64{float64(r.Span*r.Span) / 8}, nil
	}
	values := make([]float64, len(r.Ranks))
	for i := range values {
		values[i] = float64(r.Span) / 2
	}
	return values, nil
})

// params are valid for a count of window 3, as of today.
func params(mu2, delta accounting.Units) dp.Params {
	return dp.Params{
		Name: "weekly", Account: "00112233445566778899aabbccddeeff", Entry: 7, Mu2: mu2, Delta: delta, Budget: budget,
		Window: 3, WindowFrom: today - 10, WindowTo: today + 20, AsOf: today, Since: today - 100,
		External: middle,
	}
}

func count(t testing.TB, spec *dp.Spec, list []contrib.Person) *dp.Counts {
	t.Helper()
	c, err := dp.Count(t.Context(), spec, 3, today, people(list))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// charged adds the proof of a charge for just these parameters.
func charged(p dp.Params) dp.Params {
	mu2, _ := p.Mu2.MarshalText()
	delta, _ := p.Delta.MarshalText()
	p.Charge = proof.NewCharge(proof.ChargeFields{
		Account: p.Account, Entry: p.Entry, Name: p.Name, Window: p.Window, AsOf: int32(p.AsOf),
		Mu2: string(mu2), Delta: string(delta),
	})
	return p
}
