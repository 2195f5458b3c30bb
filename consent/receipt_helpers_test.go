package consent_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/ident"
	"golang.org/x/mod/sumdb/note"
)

// receiptSigner signs with a fixed test key; vkey is its public half.
type receiptSigner struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
	vkey string
}

func newReceiptSigner(t failer, name string, first byte) *receiptSigner {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = first + byte(i)
	}
	s := &receiptSigner{name: name, key: ed25519.NewKeyFromSeed(seed)}
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

func (s *receiptSigner) Name() string                    { return s.name }
func (s *receiptSigner) KeyHash() uint32                 { return s.hash }
func (s *receiptSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

// resign signs any text, so that only what is wrong with the text is left.
func (s *receiptSigner) resign(text string) []byte {
	sig := base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, s.hash), ed25519.Sign(s.key, []byte(text))...))
	return []byte(text + "\n— " + s.name + " " + sig + "\n")
}

var idField = regexp.MustCompile(`"receipt_id":"[^"]*"`)

// reidentify puts the receipt_id that fits into a text, as docs/formats.md says.
func reidentify(text string) string {
	first, line, ok := strings.Cut(text, "\n")
	if !ok {
		return text
	}
	line, rest, _ := strings.Cut(line, "\n")
	bare := idField.ReplaceAllString(line, `"receipt_id":""`)
	h := sha256.Sum256([]byte("discreet-receipt-id/0\n" + bare))
	h[6], h[8] = h[6]&15|0x80, h[8]&63|0x80
	x := hex.EncodeToString(h[:16])
	id := x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
	return first + "\n" + strings.Replace(bare, `"receipt_id":""`, `"receipt_id":"`+id+`"`, 1) + "\n" + rest
}

// textOf writes any receipt, whole or not, in the form that is signed.
func textOf(t failer, r consent.Receipt) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		t.Fatal(err)
	}
	return consent.ReceiptFormat + "\n" + b.String()
}

func principal(n byte) string {
	prf := filled16(n)
	text, _ := ident.NewID(1, &prf).MarshalText()
	return string(text)
}

func terms() consent.ReceiptTerms {
	return consent.ReceiptTerms{
		Controller: consent.Controller{
			ID: "shop.example", Name: "Example <Shop> & \"Sons\" Ltd", Type: "company", Address: "1 Example Street\nDublin", Country: "IE",
			Email: "privacy@shop.example", Phone: "+353 1 496-0000", URL: "https://shop.example/contact?a=1&b=2",
		},
		StorageLocations: []string{"IE", "FR"}, Jurisdiction: "EU", Service: "The shop",
		NoticeURL: "https://shop.example/notices", WithdrawalURL: "https://shop.example/settings", RightsURL: "https://shop.example/rights",
	}
}

// sold is a notice with purposes of every type.
func sold() consent.Notice {
	n := everything()
	n.ID, n.Bundles = "sold", nil
	n.ThirdParties, n.Transfers = []string{"Adder Ltd", "Blinker Inc"}, []string{"US: standard contractual clauses"}
	n.Rights, n.HowTo = []string{"See and erase what we hold", "Take it with you"}, []string{"Settings, Your data", "Write to us"}
	n.Complaint = "Data Protection Commission, Dublin"
	n.Purposes = []consent.Purpose{
		{Key: content, Title: "Show what fits you", Text: "Line one,\nline \"two\" <3 & more\u200d."},
		{Key: stats, Title: "Count what is read"},
		{Key: "ads", Title: "Ads", Advertising: true},
		{Key: "ads.partners", Title: "Ads of partners", Advertising: true, Sharing: true},
		{Key: "share", Title: "Żurek for partners", Sharing: true},
	}
	return n
}

func filled16(b byte) (out [16]byte) {
	for i := range out {
		out[i] = b + byte(i)
	}
	return out
}

// entryOf makes an entry about a text, or about none where n is nil.
func entryOf(k consent.Kind, at time.Time, n *consent.Notice, record, salt byte, purposes ...string) consent.Entry {
	e := consent.Entry{Kind: k, At: at, Purposes: purposes, Record: filled16(record), Salt: filled16(salt)}
	if n != nil {
		e.Notice, e.Version, e.Locale, e.Hash = n.ID, n.Version, n.Locale, n.Hash()
	}
	return e
}

// goldenInput is fixed, so that format 0 stays readable. It has every kind of
// entry, a text that is not at hand, and every field.
func goldenInput(t failer) consent.ReceiptInput {
	s, lost := sold(), shop()
	lost.ID, lost.Version, lost.Locale = "lost", 7, "pt-BR"
	list := []consent.Entry{
		entryOf(consent.KindServed, t0, &s, 0x10, 1, content, stats),
		entryOf(consent.KindGiven, t0.Add(1500*time.Millisecond), &s, 0x10, 2, content, "share"),
		entryOf(consent.KindRefused, t0.Add(1500*time.Millisecond), &s, 0x10, 3, stats),
		entryOf(consent.KindRefused, after(-400), &lost, 0x20, 4, "newsletter"),
		entryOf(consent.KindImported, after(1), &lost, 0x20, 5, "old.purpose"),
		entryOf(consent.KindGiven, after(2), &s, 0x10, 6, content),
		entryOf(consent.KindOptedOut, after(3), nil, 0x10, 7, "ads", "share"),
		entryOf(consent.KindWithdrawn, after(4), &lost, 0x20, 8, "old.purpose"),
		entryOf(consent.KindExpired, after(367), &s, 0x10, 9, content),
		entryOf(consent.KindMoved, after(368), nil, 0x30, 10),
		entryOf(consent.KindErased, after(369), nil, 0x30, 11),
	}
	list[1].Method, list[2].Method, list[6].Method = "banner", "banner", "gpc"
	list[3].Proof, list[4].Proof = "crm/2025:4711", "crm/2026:Row#4712"
	year := 24 * 365 * time.Hour
	return consent.ReceiptInput{
		Terms: terms(), Book: newBook(t, s), Principal: principal(0xa1), Entries: list, Suspended: []string{"ads"},
		Summary: consent.Summary{Purposes: []consent.PurposeSummary{
			{Purpose: "ads.partners", Title: "Ads of partners", State: consent.Granted, Since: after(369), Until: after(369).Add(year)},
			{Purpose: "old.purpose", State: consent.Withdrawn, Since: after(4), AskAgain: after(369),
				Earlier: []consent.Period{{From: after(1), To: after(4)}}},
			{Purpose: content, Title: "Show what fits you", State: consent.Expired, Since: after(367)},
			{Purpose: stats, Title: "Count what is read", State: consent.Granted, Since: after(370), Until: after(735), Confirmed: after(370)},
		}},
		Log: consent.LogHead{Length: 4711, Chain: lost.Hash()}, Now: after(370),
	}
}

func receipt(t failer, in consent.ReceiptInput) consent.Receipt {
	t.Helper()
	r, err := consent.NewReceipt(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signed(t failer, r consent.Receipt, s *receiptSigner) []byte {
	t.Helper()
	data, err := r.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
