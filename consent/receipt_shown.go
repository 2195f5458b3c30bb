package consent

import (
	"encoding/hex"
	"slices"
)

// text returns the exact text that the entry names, or nil where the book does
// not have it, or has another one in its place.
func (m *receiptMaker) text(e *Entry) *Notice {
	if m.in.Book == nil || e.Notice == "" {
		return nil
	}
	edition := m.in.Book.edition(e.Notice, e.Version)
	if edition == nil {
		return nil
	}
	if t := edition.locale(e.Locale); t != nil && t.hash == e.Hash {
		return &t.notice
	}
	return nil
}

// shown adds the text to the record, if it is not there. text is nil where the
// book does not have it: then the purposes are those that entries name.
func (m *receiptMaker) shown(r *ReceiptRecord, e *Entry, text *Notice) {
	n := ReceiptNotice{ID: e.Notice, Version: e.Version, SHA256: hex.EncodeToString(e.Hash[:]), Known: text != nil, URL: m.in.Terms.NoticeURL}
	if text != nil {
		n.Title = text.Title
	}
	i := slices.IndexFunc(r.Processing, func(p ReceiptProcessing) bool { return p.Notice == n && p.Language == e.Locale })
	if i < 0 {
		i = len(r.Processing)
		r.Processing = append(r.Processing, ReceiptProcessing{Notice: n, Language: e.Locale, Purposes: []ReceiptPurpose{}})
	} else if text != nil {
		return
	}
	p := &r.Processing[i]
	if text != nil {
		for j := range text.Purposes {
			p.Purposes = append(p.Purposes, m.purpose(&text.Purposes[j], text))
		}
		return
	}
	for _, key := range e.Purposes {
		if !slices.ContainsFunc(p.Purposes, func(q ReceiptPurpose) bool { return q.Purpose == key }) {
			p.Purposes = append(p.Purposes, m.unknown(key))
		}
	}
}

// purpose is what the text says of the purpose.
func (m *receiptMaker) purpose(p *Purpose, text *Notice) ReceiptPurpose {
	out := m.unknown(p.Key)
	out.Title, out.Text = p.Title, p.Text
	if p.Advertising {
		out.Types = append(out.Types, purposeAdvertising)
	}
	if p.Sharing {
		out.Types = append(out.Types, purposeSharing)
		out.ThirdParties = append(out.ThirdParties, text.ThirdParties...)
	}
	for _, c := range text.Categories {
		out.PII = append(out.PII, ReceiptPII{Type: c})
	}
	out.Collection = append(out.Collection, text.Sources...)
	out.Retention = period(days(text.RetentionDays))
	out.Recipients = append(out.Recipients, text.Recipients...)
	out.Transfers = append(out.Transfers, text.Transfers...)
	out.Withdrawal = text.Withdrawal
	for i, right := range text.Rights {
		r := ReceiptRight{Right: right}
		if i < len(text.HowTo) {
			r.HowTo = text.HowTo[i]
		}
		out.Rights = append(out.Rights, r)
	}
	out.Authority = text.Complaint
	return out
}

const (
	purposeAdvertising = "advertising"
	purposeSharing     = "sharing"
)

// unknown is what holds for a purpose whatever the text said.
func (m *receiptMaker) unknown(key string) ReceiptPurpose {
	t := &m.in.Terms
	return ReceiptPurpose{
		Purpose: key, LawfulBasis: receiptBasis, PII: []ReceiptPII{}, Controllers: []string{t.Controller.ID},
		Locations: slices.Clone(t.StorageLocations), Retention: unknownPeriod, Service: t.Service,
		Jurisdiction: t.Jurisdiction, ThirdParties: []string{}, Withdrawal: howToWithdraw,
		WithdrawalURL: t.WithdrawalURL, RightsURL: t.RightsURL,
	}
}

// party returns the controller as a party of a receipt.
func (c *Controller) party() ReceiptParty {
	return ReceiptParty{
		ID: c.ID, Name: c.Name, Role: receiptController, Type: c.Type, Address: c.Address, Country: c.Country,
		Contact: c.contact(), Email: c.Email, Phone: c.Phone, URL: c.URL,
	}
}
