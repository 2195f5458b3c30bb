package consenthttp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
)

// FuzzMiddleware: whatever a request holds, the page is served; a string is
// passed on only if it could be one; nothing that net/http's own parsers see is
// lost; what is unreadable denies.
func FuzzMiddleware(f *testing.F) {
	f.Add("1", "CPaaa", "session=ann; euconsent-v2=CPaaa", "gdpr_consent=CPaaa&gpp=DB~1&gpp_sid=7,8")
	f.Add("0", "", "session=ann; __gpp=\"D~\"; __gpp_sid=7%2C8", "gpp_sid=-1;gpp=%zz")
	f.Add("1, 1", "?", "euconsent-v2=\x80; =; ;;", "&&=;%=&gdpr%5fconsent=+")
	f.Add("", "A\x00", "session=ann", "gdpr_consent=A&gdpr_consent=B&gpp=${GPP_STRING_1}&gpp_sid=${GPP_SID}")
	f.Add("\n", strings.Repeat("A", 8193), "session=ann", "gpp_sid=99999999999999999999,,__")
	h := handlers(f, new(service).config(f))
	f.Fuzz(func(t *testing.T, gpc, header, cookie, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Sec-Gpc"] = []string{gpc}
		r.Header["Iabtcf-Tcstring"] = []string{header}
		r.Header["Cookie"] = []string{cookie}
		r.URL.RawQuery = query
		ctx, w := page(t, h, r)
		s := consenthttp.SignalsFrom(ctx)
		if w.Code != http.StatusOK || s == nil {
			t.Fatal("the page is not served")
		}
		for _, text := range []string{s.TCF, s.GPP} {
			if text != consenthttp.Unreadable && (len(text) > consenthttp.MaxString || strings.Trim(text, alphabet) != "") {
				t.Fatalf("passed on: %q", text)
			}
		}
		if s.GPC != (gpc == "1") {
			t.Fatal("Sec-GPC is not the exact rule")
		}
		if !slices.IsSorted(s.GPPSections) || len(s.GPPSections) > 64 || len(s.GPPSections) > 0 && (s.GPPSections[0] < 1 || s.GPP == "" || s.GPP == consenthttp.Unreadable) {
			t.Fatal(s.GPPSections)
		}
		lost := func(name, value, got string) {
			if value = strings.TrimSpace(value); value != "" && got != value && got != consenthttp.Unreadable {
				t.Fatalf("%s %q is heard as %q", name, value, got)
			}
		}
		lost("header", header, s.TCF)
		for _, v := range r.URL.Query()["gdpr_consent"] {
			lost("query", v, s.TCF)
		}
		for _, v := range r.URL.Query()["gpp"] {
			lost("query", v, s.GPP)
		}
		for _, c := range r.Cookies() {
			if c.Name == "euconsent-v2" && !strings.Contains(c.Value, "%") {
				lost("cookie", c.Value, s.TCF)
			}
		}
		unclear := s.TCF == consenthttp.Unreadable || s.GPP == consenthttp.Unreadable
		if d := consenthttp.DecisionFrom(ctx, content); d.Allowed && unclear || !d.Allowed && d.Reason != consent.Anonymous && !unclear {
			t.Fatalf("%v with %+v", d, s)
		}
	})
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

// FuzzBody: a body either names purposes and nothing else, or reaches nothing.
func FuzzBody(f *testing.F) {
	const form, js = "application/x-www-form-urlencoded", "application/json"
	f.Add(js, []byte(`{"purposes":["advertising","personalize.content"]}`))
	f.Add(js, []byte(`{}`))
	f.Add(js, []byte(`{"purposes":["advertising"],"user":"bob"}`))
	f.Add(js, []byte(`{"purposes":[[]]}`))
	f.Add(form, []byte("purposes=advertising&purposes=%61"))
	f.Add(form, []byte("user=bob;purposes"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\n"))
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		s := &service{}
		cfg := s.config(t)
		for _, path := range []string{"/withdraw", "/erase"} {
			s.calls = nil
			r := signedIn(newRequest("POST", path, string(body)))
			r.Header["Content-Type"] = []string{kind}
			w := serve(handlers(t, cfg).Rights(), r)
			code(t, w)
			switch w.Code {
			case http.StatusOK:
			case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
				if len(s.calls) > 0 && s.calls[0].name != "Withdraw" {
					t.Fatal("refused, and done")
				}
				continue
			default:
				t.Fatal(w.Code)
			}
			if len(s.calls) != 1 || s.calls[0].who != "ann" {
				t.Fatal(s.calls)
			}
			purposes := s.calls[0].purposes
			for _, p := range purposes {
				if !consent.ValidPurpose(p) {
					t.Fatalf("%q is passed on", p)
				}
			}
			if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(kind)), "application/json") || len(body) == 0 {
				continue
			}
			var all map[string][]string // what encoding/json makes of it
			if json.Unmarshal(body, &all) != nil || len(all) > 1 {
				t.Fatalf("%q is read", body)
			}
			list := slices.Clone(all["purposes"])
			slices.Sort(list)
			if list = slices.Compact(list); !slices.Equal(list, purposes) || len(all) == 1 && list == nil {
				t.Fatalf("%q is read as %q", body, purposes)
			}
		}
	})
}
