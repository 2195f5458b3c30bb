package consent_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
)

func TestControllerCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consent.Controller)
		rule   string // what the error names; "" for none
	}{
		"whole":               {func(*consent.Controller) {}, ""},
		"mail alone":          {func(c *consent.Controller) { c.Phone, c.URL = "", "" }, ""},
		"phone alone":         {func(c *consent.Controller) { c.Email, c.URL = "", "" }, ""},
		"page alone":          {func(c *consent.Controller) { c.Email, c.Phone = "", "" }, ""},
		"plain phone":         {func(c *consent.Controller) { c.Phone = "+3531234567" }, ""},
		"zero":                {func(c *consent.Controller) { *c = consent.Controller{} }, "ID is"},
		"long id":             {func(c *consent.Controller) { c.ID = strings.Repeat("a", 201) }, "ID is"},
		"no name":             {func(c *consent.Controller) { c.Name = "" }, "Name is"},
		"name on two lines":   {func(c *consent.Controller) { c.Name = "a\nb" }, "Name is"},
		"no type":             {func(c *consent.Controller) { c.Type = "" }, "Type is"},
		"no address":          {func(c *consent.Controller) { c.Address = "" }, "Address is"},
		"long address":        {func(c *consent.Controller) { c.Address = strings.Repeat("a", 1001) }, "Address is"},
		"address that draws":  {func(c *consent.Controller) { c.Address = "a\x1bb" }, "Address is"},
		"no country":          {func(c *consent.Controller) { c.Country = "" }, "Country is"},
		"country in small":    {func(c *consent.Controller) { c.Country = "ie" }, "Country is"},
		"country in full":     {func(c *consent.Controller) { c.Country = "IRL" }, "Country is"},
		"no contact":          {func(c *consent.Controller) { c.Email, c.Phone, c.URL = "", "", "" }, "Email, Phone and URL"},
		"mail without host":   {func(c *consent.Controller) { c.Email = "privacy@" }, "Email, Phone and URL"},
		"mail without box":    {func(c *consent.Controller) { c.Email = "@shop.example" }, "Email, Phone and URL"},
		"two at signs":        {func(c *consent.Controller) { c.Email = "a@b@shop.example" }, "Email, Phone and URL"},
		"mail with a name":    {func(c *consent.Controller) { c.Email = "A <a@shop.example>" }, "Email, Phone and URL"},
		"phone without plus":  {func(c *consent.Controller) { c.Phone = "0113 496 0987" }, "Email, Phone and URL"},
		"phone too short":     {func(c *consent.Controller) { c.Phone = "+353 12" }, "Email, Phone and URL"},
		"phone too long":      {func(c *consent.Controller) { c.Phone = "+1234567890123456" }, "Email, Phone and URL"},
		"phone with gaps":     {func(c *consent.Controller) { c.Phone = "+353  1 4960000" }, "Email, Phone and URL"},
		"phone with a gap":    {func(c *consent.Controller) { c.Phone = "+ 353 14960000" }, "Email, Phone and URL"},
		"phone with an end":   {func(c *consent.Controller) { c.Phone = "+353 14960000-" }, "Email, Phone and URL"},
		"page without s":      {func(c *consent.Controller) { c.URL = "http://shop.example" }, "Email, Phone and URL"},
		"page in capitals":    {func(c *consent.Controller) { c.URL = "HTTPS://shop.example" }, "Email, Phone and URL"},
		"page of no host":     {func(c *consent.Controller) { c.URL = "https:///x" }, "Email, Phone and URL"},
		"page of no host, so": {func(c *consent.Controller) { c.URL = "https://:443/x" }, "Email, Phone and URL"},
		"page with a user":    {func(c *consent.Controller) { c.URL = "https://shop.example@evil.example" }, "Email, Phone and URL"},
		"page with a space":   {func(c *consent.Controller) { c.URL = "https://shop.example/a b" }, "Email, Phone and URL"},
		"page with a quote":   {func(c *consent.Controller) { c.URL = "https://shop.example/\"onclick=" }, "Email, Phone and URL"},
		"page that is long":   {func(c *consent.Controller) { c.URL = "https://shop.example/" + strings.Repeat("a", 2000) }, "Email, Phone and URL"},
		"page that is script": {func(c *consent.Controller) { c.URL = "javascript:alert(1)" }, "Email, Phone and URL"},
	} {
		who := terms().Controller
		c.change(&who)
		err := who.Check()
		if c.rule == "" && err != nil || c.rule != "" && (!errors.Is(err, consent.ErrController) || !strings.Contains(err.Error(), c.rule)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReceiptTermsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consent.ReceiptTerms)
		want   error
		rule   string
	}{
		"whole":             {func(*consent.ReceiptTerms) {}, nil, ""},
		"no options":        {func(t *consent.ReceiptTerms) { t.Service, t.NoticeURL, t.WithdrawalURL, t.RightsURL = "", "", "", "" }, nil, ""},
		"zero":              {func(t *consent.ReceiptTerms) { *t = consent.ReceiptTerms{} }, consent.ErrController, "ID is"},
		"no place":          {func(t *consent.ReceiptTerms) { t.StorageLocations = nil }, consent.ErrTerms, "StorageLocations"},
		"place twice":       {func(t *consent.ReceiptTerms) { t.StorageLocations = []string{"IE", "IE"} }, consent.ErrTerms, "StorageLocations"},
		"many places":       {func(t *consent.ReceiptTerms) { t.StorageLocations = make([]string, 129) }, consent.ErrTerms, "StorageLocations"},
		"no jurisdiction":   {func(t *consent.ReceiptTerms) { t.Jurisdiction = "" }, consent.ErrTerms, "Jurisdiction"},
		"service":           {func(t *consent.ReceiptTerms) { t.Service = "a\nb" }, consent.ErrTerms, "Service"},
		"notices in clear":  {func(t *consent.ReceiptTerms) { t.NoticeURL = "http://shop.example" }, consent.ErrTerms, "https"},
		"withdrawal script": {func(t *consent.ReceiptTerms) { t.WithdrawalURL = "javascript:x" }, consent.ErrTerms, "https"},
		"rights nowhere":    {func(t *consent.ReceiptTerms) { t.RightsURL = "/rights" }, consent.ErrTerms, "https"},
	} {
		x := terms()
		c.change(&x)
		err := x.Check()
		if !errors.Is(err, c.want) || c.rule != "" && !strings.Contains(err.Error(), c.rule) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
