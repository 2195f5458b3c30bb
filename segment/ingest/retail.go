package ingest

import (
	"bytes"
	_ "embed"
	"strconv"
	"strings"

	"github.com/discreet-go/discreet/internal/ident"
)

// Profile reads one known data set: its columns, its cleaning rules, its
// categories.
type Profile struct {
	name    string
	decoder func() *decoder
}

// Name returns the name of the profile.
func (p *Profile) Name() string { return p.name }

//go:embed retail.tsv
var retailTaxonomyTSV string

// RetailTaxonomyTSV returns the taxonomy of a gift shop that the categories of
// [OnlineRetail] belong to, as lines of id, parent_id, name, path, depth and
// flag between tabs, with a header. No category of it is sensitive.
func RetailTaxonomyTSV() string { return retailTaxonomyTSV }

// OnlineRetail is the profile of the UCI Online Retail data set (CC BY 4.0; Chen,
// Sain, Guo 2012, doi:10.1057/dbm.2012.17) as CSV with the header
// InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country.
//
// A row counts when it names a customer, is no cancellation (InvoiceNo begins
// with C), has a positive quantity and price, and its StockCode begins with
// five digits. It becomes a purchase of the item StockCode with a count of 1,
// whatever the quantity: many customers are wholesalers, and a crate of cups is
// one decision. Its message id is made of invoice, stock code and row number, so
// it is the same in every run. The category follows from words of the
// description, see [RetailCategory]. The customer 17850.0 is "17850".
func OnlineRetail() *Profile { return &Profile{"online-retail", onlineRetail} }

const maxPrice = 1e9

func onlineRetail() *decoder {
	keep := newInterner()
	categories := make(map[string]string)
	var id []byte
	decode := func(v [][]byte, number int64, row *Row) Reason {
		invoice, code, description, quantity, date, price, customer := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
		if len(customer) == 0 {
			return ReasonNoPerson
		}
		customer = bytes.TrimSuffix(customer, []byte(".0"))
		if len(customer) > 10 || !digits(customer) {
			return ReasonPerson
		}
		if len(invoice) == 0 || len(invoice) > 16 {
			return ReasonMessageID
		}
		if invoice[0] == 'C' {
			return ReasonCancelled
		}
		q, err := strconv.Atoi(string(quantity))
		if err != nil {
			return ReasonAmount
		}
		p, err := strconv.ParseFloat(string(price), 64)
		if err != nil || !(p >= -maxPrice && p <= maxPrice) {
			return ReasonAmount
		}
		switch {
		case q <= 0:
			return ReasonQuantity
		case p <= 0:
			return ReasonPrice
		case len(code) < 5 || !digits(code[:5]):
			return ReasonStockCode
		}
		*row = Row{Number: number, Kind: "purchase", Count: 1}
		var ok bool
		if row.Item, ok = keep.key(code); !ok {
			return ReasonItem
		}
		if row.Time, ok = parseDateTime(date); !ok {
			return ReasonTime
		}
		id = append(append(append(append(id[:0], invoice...), '/'), code...), '/')
		id = strconv.AppendInt(id, number, 10)
		row.MessageID = string(id)
		if row.Category, ok = categories[string(description)]; !ok {
			row.Category = RetailCategory(string(description))
			if len(categories) < maxInterned {
				categories[string(description)] = row.Category
			}
		}
		row.Person = ident.NewRaw(ident.KindOpaque, string(customer))
		return ReasonNone
	}
	return &decoder{
		columns: []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"},
		decode:  decode,
	}
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// RetailRoot is the category of an article that no rule knows, and the parent
// of all others.
const RetailRoot = "retail"

// RetailCategory returns the category of an article of a gift shop by words of
// its description. The rules are tried in the order of retailRules, and the
// first with a word or phrase that stands in the description wins.
func RetailCategory(description string) string {
	text := " " + strings.Join(strings.FieldsFunc(strings.ToUpper(description), func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}), " ") + " "
	for _, rule := range retailRules {
		for words := range strings.SplitSeq(rule.words, "|") {
			if hasWords(text, words) {
				return rule.category
			}
		}
	}
	return RetailRoot
}

// hasWords reports whether words stand in text, which begins and ends with a
// space, as whole words.
func hasWords(text, words string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], words)
		if i < 0 {
			return false
		}
		i += from
		if text[i-1] == ' ' && text[i+len(words)] == ' ' {
			return true
		}
		from = i + 1
	}
}
