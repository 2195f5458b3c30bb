package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Errors of signing and reading a receipt.
var (
	ErrReceipt           = errors.New("consent: not a receipt in format " + ReceiptFormat)
	ErrReceiptVersion    = errors.New("consent: the receipt has a version of the format that is not known")
	ErrReceiptUnverified = errors.New("consent: the receipt is not signed by a key that is trusted, or was changed since")
	ErrReceiptVerifier   = errors.New("consent: a verifier is not a public note key")
	ErrReceiptSigner     = errors.New("consent: the receipt could not be signed")
	ErrReceiptSize       = errors.New("consent: a receipt has at most a mebibyte")
	ErrReceiptCommitment = errors.New("consent: a commitment of the receipt is not that of its event")
)

const (
	maxReceipt    = 1 << 20 // bytes of a signed receipt
	receiptFamily = "discreet-receipt/"
)

// Sign returns the receipt as a signed note of golang.org/x/mod/sumdb/note: the
// line ReceiptFormat, one line of JSON, a blank line and the signature. It
// returns ErrReceipt for a receipt that was not made by [NewReceipt] or read,
// ErrReceiptSize, or ErrReceiptSigner.
func (r *Receipt) Sign(signer note.Signer) ([]byte, error) {
	if signer == nil {
		return nil, ErrReceiptSigner
	}
	if r == nil {
		return nil, ErrReceipt
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	line, err := r.encode()
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: ReceiptFormat + "\n" + string(line) + "\n"}, signer)
	if err != nil {
		return nil, ErrReceiptSigner
	}
	if len(signed) > maxReceipt {
		return nil, ErrReceiptSize
	}
	return signed, nil
}

// ReadReceipt reads a signed receipt, as [Receipt.Sign] gives it. verifiers are
// the public keys that are trusted, in the text form of
// golang.org/x/mod/sumdb/note, as Engine.Verifiers gives them; one of them must
// have signed.
//
// It is strict: a receipt is accepted only in the one form in which it is
// written, with one signature, and with commitments that are those of its
// events. It returns ErrReceiptSize, ErrReceiptVerifier, ErrReceiptUnverified,
// ErrReceiptVersion, ErrReceipt or ErrReceiptCommitment. The signature is checked
// first; that what is written is true is what the signer says. The cost is
// linear in the length, which is bounded.
func ReadReceipt(data []byte, verifiers []string) (Receipt, error) {
	if len(data) > maxReceipt {
		return Receipt{}, ErrReceiptSize
	}
	known := make([]note.Verifier, 0, len(verifiers))
	for i, s := range verifiers {
		if slices.Contains(verifiers[:i], s) {
			continue
		}
		v, err := note.NewVerifier(s)
		if err != nil {
			return Receipt{}, ErrReceiptVerifier
		}
		known = append(known, v)
	}
	signed, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return Receipt{}, ErrReceiptUnverified
	}
	// One signature, written in one way: the padding of base64 has loose bits.
	s := signed.Sigs[0]
	if raw, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 ||
		string(data) != signed.Text+"\n\u2014 "+s.Name+" "+s.Base64+"\n" {
		return Receipt{}, ErrReceiptUnverified
	}
	return parseReceipt(signed.Text)
}

// parseReceipt reads what Sign writes, and nothing else.
func parseReceipt(text string) (Receipt, error) {
	format, rest, _ := strings.Cut(text, "\n")
	line, rest, ok := strings.Cut(rest, "\n")
	if format != ReceiptFormat && strings.HasPrefix(format, receiptFamily) {
		return Receipt{}, ErrReceiptVersion
	}
	if format != ReceiptFormat || !ok || rest != "" {
		return Receipt{}, ErrReceipt
	}
	var r Receipt
	if json.Unmarshal([]byte(line), &r) != nil {
		return Receipt{}, ErrReceipt
	}
	if err := r.check(); err != nil {
		return Receipt{}, err
	}
	if again, err := r.encode(); err != nil || string(again) != line {
		return Receipt{}, ErrReceipt
	}
	return r, nil
}

// encode writes the one line of JSON: fields in the order of the struct, no
// white space, and of strings only what JSON requires escaped.
func (r *Receipt) encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(r) != nil {
		return nil, ErrReceipt
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// identify returns the receipt_id: a UUID of version 8 (RFC 9562) from the first
// 16 bytes of SHA-256 over a format name and the JSON with an empty receipt_id.
func (r *Receipt) identify() (string, error) {
	bare := *r
	bare.ID = ""
	line, err := bare.encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte("discreet-receipt-id/0\n"), line...))
	id := [16]byte(sum[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return uuid(id), nil
}

// check holds what every receipt says, in the form in which [NewReceipt] says it.
func (r *Receipt) check() error {
	if len(r.Parties) != 1 || r.SchemaVersion != ReceiptFormat || r.Profile != receiptProfile {
		return ErrReceipt
	}
	c := receiptChecker{r: r, controller: r.Parties[0].ID}
	if !c.head() {
		return ErrReceipt
	}
	for i := range r.Records {
		if !c.record(&r.Records[i]) {
			return ErrReceipt
		}
	}
	if id, err := r.identify(); err != nil || id != r.ID {
		return ErrReceipt
	}
	for i := range r.Records {
		for j := range r.Records[i].Events {
			v := &r.Records[i].Events[j]
			e, _ := v.entry(r.Records[i].ID)
			if sum := e.Commitment(); hex.EncodeToString(sum[:]) != v.Commitment {
				return ErrReceiptCommitment
			}
		}
	}
	return nil
}
