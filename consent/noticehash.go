package consent

import (
	"crypto/sha256"
	"encoding/binary"
)

// Hash identifies the exact content: SHA-256 over a format name and every field
// that is not empty, each with its name, its count and length-prefixed values.
func (n Notice) Hash() [32]byte {
	w := hashWriter{[]byte("discreet-notice/0\n")}
	w.texts("id", n.ID)
	w.number("version", n.Version)
	w.texts("locale", n.Locale)
	w.texts("title", n.Title)
	w.texts("text", n.Text)
	for _, p := range n.Purposes {
		w.list("purpose", []string{p.Key, p.Title, p.Text})
		w.flag("advertising", p.Advertising)
		w.flag("sharing", p.Sharing)
	}
	w.list("categories", n.Categories)
	w.list("recipients", n.Recipients)
	w.number("retention_days", n.RetentionDays)
	w.number("consent_days", n.ConsentDays)
	w.number("refusal_days", n.RefusalDays)
	w.texts("withdrawal", n.Withdrawal)
	w.texts("controller", n.Controller)
	w.list("sources", n.Sources)
	w.list("rights", n.Rights)
	for _, b := range n.Bundles {
		w.list("bundle", []string{b.Key, b.Title, b.Text})
		w.list("bundle_purposes", b.Purposes)
	}
	w.list("third_parties", n.ThirdParties)
	w.list("transfers", n.Transfers)
	w.list("how_to", n.HowTo)
	w.texts("complaint", n.Complaint)
	return sha256.Sum256(w.b)
}

type hashWriter struct{ b []byte }

func (w *hashWriter) bytes(s string) {
	w.b = append(binary.BigEndian.AppendUint32(w.b, uint32(len(s))), s...)
}

func (w *hashWriter) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.bytes(name)
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(len(values)))
	for _, v := range values {
		w.bytes(v)
	}
}

func (w *hashWriter) texts(name, value string) {
	if value != "" {
		w.list(name, []string{value})
	}
}

func (w *hashWriter) flag(name string, set bool) {
	if set {
		w.bytes(name)
	}
}

func (w *hashWriter) number(name string, v int) {
	if v != 0 {
		w.list(name, []string{string(binary.BigEndian.AppendUint64(nil, uint64(v)))})
	}
}
