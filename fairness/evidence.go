package fairness

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/discreet-go/discreet/dp"
	"golang.org/x/mod/sumdb/note"
)

// EvidenceFormat names the text that evidence is signed as: this line, and one line of
// JSON for the [Evidence]. docs/formats.md describes it.
const EvidenceFormat = "discreet-fairness/0"

// mostEvidence is the most bytes that evidence may have.
const mostEvidence = 16 << 20

// Errors of evidence.
var (
	ErrEvidence   = errors.New("fairness: not evidence in format " + EvidenceFormat)
	ErrSigner     = errors.New("fairness: evidence needs a signer that works")
	ErrUnverified = errors.New("fairness: the evidence is not signed by a key that is trusted")
	ErrVerifier   = errors.New("fairness: a verifier is not a public note key")
	ErrDiffers    = errors.New("fairness: what the evidence says does not follow from the releases")
	ErrAbsent     = errors.New("fairness: a release that the evidence names was not given")
)

// Evidence is what a service shows to somebody who asks how it treats groups: audits, tests
// for proxies, decisions of gates, plans of correction. All of it follows from releases, which
// it names by position in the ledger and hash, so that whoever has those can compute it
// again: [Evidence.Check].
type Evidence struct {
	Audits    []Report      `json:"audits,omitempty"`
	Proxies   []ProxyReport `json:"proxies,omitempty"`
	Decisions []Decision    `json:"decisions,omitempty"`
	Plans     []Plan        `json:"plans,omitempty"`
}

// NewEvidence signs evidence, as a signed note in the sense of golang.org/x/mod/sumdb/note,
// with the key that signs the releases. It returns ErrEvidence for evidence of nothing, and
// ErrSigner. It does not compute anything again: Check does.
func NewEvidence(e Evidence, signer note.Signer) ([]byte, error) {
	text, err := e.text()
	if err != nil {
		return nil, err
	}
	if signer == nil {
		return nil, ErrSigner
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return nil, ErrSigner
	}
	return signed, nil
}

// text is the one form of evidence.
func (e *Evidence) text() (string, error) {
	if len(e.Audits)+len(e.Proxies)+len(e.Decisions)+len(e.Plans) == 0 {
		return "", ErrEvidence
	}
	line, err := json.Marshal(e)
	if err != nil || len(line) > mostEvidence {
		return "", ErrEvidence
	}
	return EvidenceFormat + "\n" + string(line) + "\n", nil
}

// ReadEvidence reads signed evidence. verifiers are the public keys that are trusted, in the
// text form of golang.org/x/mod/sumdb/note, as Engine.Verifiers gives them; one of them must
// have signed. It is strict: the text is accepted only in the one form in which evidence is
// written. It returns ErrUnverified, ErrVerifier or ErrEvidence; the signature is checked
// first. That somebody signed it does not make it true: see Check.
func ReadEvidence(data []byte, verifiers ...string) (Evidence, error) {
	known := make([]note.Verifier, 0, len(verifiers))
	for i, text := range verifiers {
		if slices.Contains(verifiers[:i], text) {
			continue
		}
		v, err := note.NewVerifier(text)
		if err != nil {
			return Evidence{}, ErrVerifier
		}
		known = append(known, v)
	}
	if len(data) > mostEvidence+1<<16 {
		return Evidence{}, ErrEvidence
	}
	signed, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return Evidence{}, ErrUnverified
	}
	// One signature, written in one way: the padding of base64 has loose bits.
	s := signed.Sigs[0]
	if raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 ||
		string(data) != signed.Text+"\n\u2014 "+s.Name+" "+s.Base64+"\n" {
		return Evidence{}, ErrUnverified
	}
	return parseEvidence(signed.Text)
}

// parseEvidence reads what text writes, and nothing else.
func parseEvidence(text string) (Evidence, error) {
	first, rest, ok := strings.Cut(text, "\n")
	line, end, whole := strings.Cut(rest, "\n")
	var e Evidence
	if !ok || !whole || end != "" || first != EvidenceFormat || json.Unmarshal([]byte(line), &e) != nil {
		return Evidence{}, ErrEvidence
	}
	if again, err := e.text(); err != nil || again != text {
		return Evidence{}, ErrEvidence
	}
	return e, nil
}

// Check computes audits, tests for proxies and plans again, from the releases that they are
// of, and compares: what they say has to be the same, numbers to the sixth digit behind the
// point. Decisions of gates rest on a configuration, on requests and on tables that evidence does
// not hold; of them it is checked that the releases are those that were given, and that none is
// open for a cause. It returns nil, ErrAbsent, ErrDiffers, or the error of [Read].
func (e *Evidence) Check(releases ...dp.Release) error {
	var tables []*Table
	for _, r := range releases {
		t, err := Read(r)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	of := func(s Source) *Table {
		if i := slices.IndexFunc(tables, func(t *Table) bool { return s.names(t.source) }); i >= 0 {
			return tables[i]
		}
		return nil
	}
	for i := range e.Audits {
		t := of(e.Audits[i].Source)
		if t == nil {
			return ErrAbsent
		}
		again, err := Audit(t, e.Audits[i].Rule)
		again.Source = e.Audits[i].Source
		if err != nil || !alike(again, e.Audits[i]) {
			return ErrDiffers
		}
	}
	for i := range e.Proxies {
		t := of(e.Proxies[i].Source)
		if t == nil {
			return ErrAbsent
		}
		again, err := Proxy(t, e.Proxies[i].Rule)
		again.Source = e.Proxies[i].Source
		if err != nil || !alike(again, e.Proxies[i]) {
			return ErrDiffers
		}
	}
	for i := range e.Plans {
		t := of(e.Plans[i].Source)
		if t == nil {
			return ErrAbsent
		}
		again, err := Correct(t, e.Plans[i].Rule)
		again.Source = e.Plans[i].Source
		if err != nil || !alike(again, e.Plans[i]) {
			return ErrDiffers
		}
	}
	for i := range e.Decisions {
		d := &e.Decisions[i]
		for _, s := range d.Sources {
			if of(s) == nil {
				return ErrAbsent
			}
		}
		if d.Open != (len(d.Causes) == 0) || d.Open && d.Category != Unrestricted && len(d.Sources) == 0 {
			return ErrDiffers
		}
	}
	return nil
}

// alike reports whether two values say the same, but for the last digit of numbers: floats
// are not the same on every machine.
func alike(a, b any) bool {
	plain := func(v any) (out any, ok bool) {
		line, err := json.Marshal(v)
		ok = err == nil && json.Unmarshal(line, &out) == nil
		return out, ok
	}
	x, ok := plain(a)
	y, too := plain(b)
	return ok && too && same(x, y)
}

func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 2e-6+1e-9*math.Abs(a)
	}
	return a == b
}
