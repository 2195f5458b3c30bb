package consenthttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/pseudonym/pseudonymtest"
)

func newRequest(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// code returns the code of a refusal, or what was done.
func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var a struct{ Code, Message, Done, Stays string }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Errorf("no JSON: %q", w.Body)
	}
	if w.Code != http.StatusOK && (a.Code == "" || a.Message == "") {
		t.Errorf("no code: %q", w.Body)
	}
	h := w.Header()
	if h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Referrer-Policy") != "no-referrer" || h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) || h.Get("Content-Security-Policy") == "" {
		t.Errorf("headers: %v", h)
	}
	return a.Code + a.Done
}

var methodOf = map[string]string{"/access": "GET", "/export": "GET", "/erase": "POST", "/withdraw": "POST", "/object": "POST"}

var callOf = map[string]string{"/access": "Explain", "/export": "Export", "/erase": "Erase", "/withdraw": "Withdraw", "/object": "Object"}

// Every path, under every method, for everybody.
func TestRoutes(t *testing.T) {
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X"}
	paths := []string{"/access", "/export", "/erase", "/withdraw", "/object", "/", "", "/Access", "/access/", "//access", "/x/../access", "/access/ann", "/withdraw/personalize"}
	for _, path := range paths {
		for _, method := range methods {
			for session, verified := range map[string]int{"session=ann": 200, "": 401, "session=eve": 401} {
				s := &service{}
				r := newRequest("GET", "/", "")
				r.Method, r.URL.Path = method, path
				r.Header.Set("Cookie", session)
				w := serve(handlers(t, s.config(t)).Rights(), r)
				want := http.StatusNotFound
				if m := methodOf[path]; m != "" {
					want = http.StatusMethodNotAllowed
					if m == method {
						want = verified
					}
				}
				code(t, w)
				name := fmt.Sprintf("%s %q for %q", method, path, session)
				if w.Code != want {
					t.Errorf("%s: %d, want %d", name, w.Code, want)
				}
				if allow := w.Header().Get("Allow"); (want == http.StatusMethodNotAllowed) != (allow != "") || allow != "" && allow != methodOf[path] {
					t.Errorf("%s: Allow %q", name, allow)
				}
				switch {
				case want != 200 && len(s.calls) > 0:
					t.Errorf("%s: calls %v", name, s.calls)
				case want == 200 && (len(s.calls) != 1 || s.calls[0].name != callOf[path] || s.calls[0].who != "ann"):
					t.Errorf("%s: calls %v", name, s.calls)
				}
				if want == 200 && path != "/withdraw" && path != "/object" && s.calls[0].by != desk {
					t.Errorf("%s: by %v", name, s.calls[0].by)
				}
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	s := &service{}
	h := handlers(t, s.config(t)).Rights()
	w := serve(h, signedIn(newRequest("GET", "/access", "")))
	if w.Body.String() != `{"held":"interests"}` || w.Header().Get("Content-Disposition") != "" {
		t.Error(w.Body, w.Header())
	}
	w = serve(h, signedIn(newRequest("GET", "/export", "")))
	if w.Body.String() != `{"held":"everything"}` || w.Header().Get("Content-Disposition") != `attachment; filename="export.json"` {
		t.Error(w.Body, w.Header())
	}
	for path, want := range map[string]string{"/erase": "erased", "/withdraw": "withdrawn", "/object": "objected"} {
		w = serve(h, signedIn(newRequest("POST", path, "")))
		var a struct {
			Stays   string
			Details *held
		}
		if got := code(t, w); got != want {
			t.Errorf("%s: %q", path, got)
		}
		if json.Unmarshal(w.Body.Bytes(), &a) != nil || !strings.Contains(a.Stays, "released before stay") || !strings.Contains(a.Stays, "differential privacy") {
			t.Errorf("%s: %s", path, w.Body)
		}
		if (a.Details != nil) != (path == "/withdraw") || strings.Contains(w.Body.String(), "details") != (path == "/withdraw") {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}

// A right that the service does not offer here is not there.
func TestRightsAreOptional(t *testing.T) {
	for path, method := range methodOf {
		cfg := new(service).config(t)
		switch path {
		case "/access":
			cfg.Explain = nil
		case "/export":
			cfg.Export = nil
		case "/erase":
			cfg.Erase = nil
		case "/withdraw":
			cfg.Withdraw = nil
		case "/object":
			cfg.Object = nil
		}
		h := handlers(t, cfg).Rights()
		for other, m := range methodOf {
			want := http.StatusOK
			if other == path {
				want = http.StatusNotFound
			}
			if w := serve(h, signedIn(newRequest(m, other, ""))); w.Code != want {
				t.Errorf("without %s %s: %s answers %d", method, path, other, w.Code)
			}
		}
	}
}

func TestBodies(t *testing.T) {
	const form, js = "application/x-www-form-urlencoded", "application/json"
	both := []string{ads, content}
	fill := func(n int) string { return `{"purposes":["advertising"]` + strings.Repeat(" ", n-28) + `}` }
	for name, c := range map[string]struct {
		kind, body string
		purposes   []string // of a call
		want       string
		other      string // want of /erase and /object
	}{
		"none":                     {"", "", nil, "withdrawn", "done"},
		"none, as a form":          {form, "", nil, "withdrawn", "done"},
		"none, as anything":        {"image/png", "", nil, "withdrawn", "done"},
		"form":                     {form, "purposes=advertising", []string{ads}, "withdrawn", "body"},
		"form with two":            {form, "purposes=personalize.content&purposes=advertising&purposes=advertising", both, "withdrawn", "body"},
		"form, charset":            {form + "; charset=UTF-8", "purposes=advertising", []string{ads}, "withdrawn", "body"},
		"JSON":                     {js, `{"purposes":["advertising"]}`, []string{ads}, "withdrawn", "body"},
		"JSON with two":            {js, ` { "purposes" : [ "personalize.content", "advertising" ] } ` + "\n", both, "withdrawn", "body"},
		"empty object":             {js, `{}`, nil, "withdrawn", "done"},
		"empty list":               {js, `{"purposes":[]}`, nil, "body", "body"},
		"null":                     {js, `{"purposes":null}`, nil, "body", "body"},
		"all null":                 {js, `null`, nil, "body", "body"},
		"a text":                   {js, `{"purposes":"advertising"}`, nil, "body", "body"},
		"a number in it":           {js, `{"purposes":["advertising",1]}`, nil, "body", "body"},
		"a list in it":             {js, `{"purposes":[["advertising"]]}`, nil, "body", "body"},
		"only a list":              {js, `["advertising"]`, nil, "body", "body"},
		"twice":                    {js, `{"purposes":["advertising"],"purposes":["personalize.content"]}`, nil, "body", "body"},
		"another spelling":         {js, `{"Purposes":["advertising"]}`, nil, "body", "body"},
		"a person before":          {js, `{"user":"bob","purposes":["advertising"]}`, nil, "body", "body"},
		"a person after":           {js, `{"purposes":["advertising"],"user":"bob"}`, nil, "body", "body"},
		"only a person":            {js, `{"email":"bob@example.com"}`, nil, "body", "body"},
		"two objects":              {js, `{"purposes":["advertising"]}{}`, nil, "body", "body"},
		"cut off":                  {js, `{"purposes":["advertising"]`, nil, "body", "body"},
		"trailing comma":           {js, `{"purposes":["advertising",]}`, nil, "body", "body"},
		"blank":                    {js, ` `, nil, "body", "body"},
		"form with a person":       {form, "purposes=advertising&user=bob", nil, "body", "body"},
		"form, only a person":      {form, "user=bob", nil, "body", "body"},
		"form, broken":             {form, "purposes=%zz", nil, "body", "body"},
		"form, semicolon":          {form, "purposes=advertising;user=bob", nil, "body", "body"},
		"form, empty value":        {form, "purposes=", nil, "purpose", "body"},
		"no purpose":               {js, `{"purposes":["Bob@Example.com"]}`, nil, "purpose", "body"},
		"bad UTF-8":                {js, "{\"purposes\":[\"\xff\"]}", nil, "purpose", "body"},
		"unknown purpose":          {js, `{"purposes":["weather"]}`, []string{"weather"}, "purpose", "body"},
		"no type":                  {"", `{"purposes":["advertising"]}`, nil, "body-type", "body-type"},
		"bad type":                 {"/", `{"purposes":["advertising"]}`, nil, "body-type", "body-type"},
		"plain text":               {"text/plain", `{"purposes":["advertising"]}`, nil, "body-type", "body-type"},
		"multipart":                {"multipart/form-data; boundary=x", "--x--", nil, "body-type", "body-type"},
		"JSON as a form":           {form, `{"purposes":["advertising"]}`, nil, "body", "body"},
		"largest":                  {js, fill(4096), []string{ads}, "withdrawn", "body"},
		"too large":                {js, fill(4097), nil, "body-too-large", "body-too-large"},
		"far too large, any type":  {"image/png", strings.Repeat("x", 1<<20), nil, "body-too-large", "body-too-large"},
		"deep":                     {js, `{"purposes":` + strings.Repeat("[", 2000), nil, "body", "body"},
		"escaped name of the list": {js, `{"\u0070urposes":["advertising"]}`, []string{ads}, "withdrawn", "body"},
	} {
		for path, done := range map[string]string{"/withdraw": "withdrawn", "/erase": "erased", "/object": "objected"} {
			want := c.want
			if path != "/withdraw" {
				want = strings.ReplaceAll(c.other, "done", done)
			}
			s := &service{}
			r := signedIn(newRequest("POST", path, c.body))
			r.Header.Set("Content-Type", c.kind)
			w := serve(handlers(t, s.config(t)).Rights(), r)
			if got := code(t, w); got != want {
				t.Errorf("%s, %s: %d %s", path, name, w.Code, got)
			}
			if path == "/withdraw" && (want == "withdrawn" || c.purposes != nil) {
				if len(s.calls) != 1 || !slices.Equal(s.calls[0].purposes, c.purposes) {
					t.Errorf("%s: calls %v", name, s.calls)
				}
			} else if want != done && len(s.calls) > 0 {
				t.Errorf("%s, %s: calls %v", path, name, s.calls)
			}
		}
	}
	s := &service{}
	h := handlers(t, s.config(t)).Rights()
	r := signedIn(newRequest("POST", "/withdraw", "purposes=advertising"))
	r.Header.Set("Content-Encoding", "gzip")
	if w := serve(h, r); w.Code != http.StatusUnsupportedMediaType {
		t.Error(w.Code)
	}
	r = signedIn(newRequest("POST", "/withdraw", ""))
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader("purposes"), failing{}))
	if w := serve(h, r); w.Code != http.StatusBadRequest || len(s.calls) > 0 {
		t.Error("half a body is read as all of it")
	}
	r.Body = nil
	if w := serve(h, r); w.Code != http.StatusOK {
		t.Error(w.Code)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDown }

func TestCrossSite(t *testing.T) {
	for name, c := range map[string]struct {
		site, origin string
		ok           bool
	}{
		"same origin":        {"same-origin", "", true},
		"typed in":           {"none", "", true},
		"no browser":         {"", "", true},
		"cross site":         {"cross-site", "", false},
		"same site":          {"same-site", "https://other.example.com", false},
		"trusted":            {"same-site", "https://www.example.com", true},
		"old browser":        {"", "http://example.com", true},
		"old browser, other": {"", "https://evil.example", false},
		"old browser, null":  {"", "null", false},
		"junk":               {"same-origin, cross-site", "", false},
	} {
		for path, method := range methodOf {
			s := &service{}
			cfg := s.config(t)
			cfg.TrustedOrigins = []string{"https://www.example.com"}
			r := signedIn(newRequest(method, path, "")) // to example.com
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			w := serve(handlers(t, cfg).Rights(), r)
			if ok := c.ok || method == "GET"; ok != (w.Code == http.StatusOK) || ok != (len(s.calls) == 1) || !ok && code(t, w) != "cross-site" {
				t.Errorf("%s, %s: %d %v", path, name, w.Code, s.calls)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("another site may read the answer")
			}
		}
	}
}

// failures makes every right of the configuration end in the same way.
func failures(cfg *consenthttp.Config, f func(context.Context) (any, error)) {
	cfg.Explain = func(ctx context.Context, _ pseudonym.Raw, _ ledger.Actor) (any, error) { return f(ctx) }
	cfg.Export = cfg.Explain
	cfg.Erase = cfg.Explain
	cfg.Withdraw = func(ctx context.Context, _ pseudonym.Raw, _ []string) (any, error) { return f(ctx) }
	cfg.Object = func(ctx context.Context, _ pseudonym.Raw) (any, error) { return f(ctx) }
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		f      func(context.Context) (any, error)
		want   string
		failed bool
	}{
		"error":            {func(context.Context) (any, error) { return held{"canary"}, errDown }, "internal", true},
		"panic":            {func(context.Context) (any, error) { panic("canary") }, "internal", true},
		"panic with error": {func(context.Context) (any, error) { panic(errDown) }, "internal", true},
		"abort":            {func(context.Context) (any, error) { panic(http.ErrAbortHandler) }, "internal", true},
		"cancelled":        {func(context.Context) (any, error) { return held{"canary"}, fmt.Errorf("canary: %w", context.Canceled) }, "unavailable", true},
		"late":             {func(context.Context) (any, error) { return nil, context.DeadlineExceeded }, "unavailable", true},
		"no purpose":       {func(context.Context) (any, error) { return nil, fmt.Errorf("canary: %w", consent.ErrPurpose) }, "purpose", false},
	} {
		for path, method := range methodOf {
			s := &service{}
			cfg := s.config(t)
			failures(&cfg, c.f)
			w := serve(handlers(t, cfg).Rights(), signedIn(newRequest(method, path, "")))
			if got := code(t, w); got != c.want || strings.Contains(w.Body.String(), "canary") || w.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s, %s: %q", path, name, w.Body)
			}
			if (len(s.failed) == 1) != c.failed || c.failed && s.failed[0].Call != callOf[path] {
				t.Errorf("%s, %s: failures %v", path, name, s.failed)
			}
		}
	}
}

// What cannot be written down is answered as a failure, not in part.
func TestUnwritable(t *testing.T) {
	for name, value := range map[string]any{"function": func() {}, "error": badJSON{}, "panic": badJSON{panics: true}} {
		for path, method := range methodOf {
			if path == "/erase" {
				continue
			}
			s := &service{}
			cfg := s.config(t)
			failures(&cfg, func(context.Context) (any, error) { return value, nil })
			w := serve(handlers(t, cfg).Rights(), signedIn(newRequest(method, path, "")))
			if got := code(t, w); got != "internal" || len(s.failed) != 1 || strings.Contains(w.Body.String(), "canary") || w.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s, %s: %q %v", path, name, w.Body, s.failed)
			}
		}
	}
}

type badJSON struct{ panics bool }

func (b badJSON) MarshalJSON() ([]byte, error) {
	if b.panics {
		panic("canary")
	}
	return []byte(`{"held":"canary`), errors.New("canary")
}

// Nothing is answered in part when a request ends; a change that was made is told.
func TestRequestEnds(t *testing.T) {
	for path, method := range methodOf {
		s := &service{}
		cfg := s.config(t)
		ctx, cancel := context.WithCancel(t.Context())
		failures(&cfg, func(context.Context) (any, error) { cancel(); return held{"canary"}, nil })
		w := serve(handlers(t, cfg).Rights(), signedIn(newRequest(method, path, "")).WithContext(ctx))
		if method == "GET" && (code(t, w) != "unavailable" || strings.Contains(w.Body.String(), "canary")) || method == "POST" && w.Code != http.StatusOK {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
}

// An unverified request is refused before anything else of it is read.
func TestUnverified(t *testing.T) {
	for name, f := range map[string]func(*http.Request) (pseudonym.Raw, error){
		"nobody":            func(*http.Request) (pseudonym.Raw, error) { return pseudonym.Raw{}, nil },
		"error":             func(*http.Request) (pseudonym.Raw, error) { return pseudonym.Raw{}, errDown },
		"error with person": func(*http.Request) (pseudonym.Raw, error) { return ann, errDown },
		"panic":             func(*http.Request) (pseudonym.Raw, error) { panic("canary") },
	} {
		for path, method := range methodOf {
			s := &service{}
			cfg := s.config(t)
			cfg.Verify = f
			r := newRequest(method, path, "{")
			w := serve(handlers(t, cfg).Rights(), r)
			if code(t, w) != "unverified" || w.Code != http.StatusUnauthorized || len(s.calls) > 0 || strings.Contains(w.Body.String(), "canary") {
				t.Errorf("%s, %s: %q %v", path, name, w.Body, s.calls)
			}
			if rest, _ := io.ReadAll(r.Body); string(rest) != "{" {
				t.Errorf("%s, %s: the body was read", path, name)
			}
		}
	}
}

// Another person's identifier, put into every place of a request that there is,
// reaches no function and no answer.
func TestNobodyElse(t *testing.T) {
	bob := pseudonymtest.Canaries(t, 3)
	s := &service{}
	cfg := s.config(t)
	cfg.DecideTimeout = 10 * time.Second
	h := handlers(t, cfg)
	mux := http.NewServeMux()
	mux.Handle("/me/", http.StripPrefix("/me", h.Rights()))
	mux.Handle(consenthttp.GPCPath, h.WellKnown())
	mux.Handle("/", h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, consenthttp.DecisionFrom(r.Context(), content))
	})))
	answers := map[string][]byte{}
	for _, b := range bob {
		escaped := url.QueryEscape(b)
		quoted, _ := json.Marshal(b)
		bodies := []string{
			"", b, "user=" + escaped, "purposes=" + escaped, "purposes=advertising&id=" + escaped, "who=" + escaped,
			fmt.Sprintf(`{"user":%s}`, quoted), fmt.Sprintf(`{"purposes":[%s]}`, quoted), fmt.Sprintf(`{%s:[]}`, quoted),
			fmt.Sprintf(`{"purposes":["advertising"],"email":%s}`, quoted), fmt.Sprintf(`[%s]`, quoted), string(quoted),
		}
		for _, body := range bodies {
			for _, path := range []string{"/me/access", "/me/export", "/me/erase", "/me/withdraw", "/me/object", "/me/" + escaped, "/page", "/" + escaped, consenthttp.GPCPath} {
				for _, method := range []string{"GET", "POST", "PUT", escaped[:10]} {
					for _, session := range []string{"session=ann", "session=" + b, "user=" + b} {
						r := newRequest("GET", path+"?user="+escaped+"&email="+b+"&gdpr_consent="+escaped+"&gpp="+escaped+"&gpp_sid="+escaped+"&"+escaped, body)
						r.Method = method
						for _, name := range []string{"X-User", "X-User-Id", "X-Forwarded-User", "From", "Authorization", "Referer", "Origin", "User-Agent",
							"Sec-GPC", "IABTCF-TCString", "IABGPP-HDR-GppString", "IABGPP-GppSID", "X-Forwarded-For", "Host", "Idempotency-Key"} {
							r.Header.Set(name, b)
						}
						r.Header.Set("Sec-Fetch-Site", "same-origin")
						r.Header.Add("Cookie", session+"; email="+b+"; euconsent-v2="+b+"; __gpp="+b)
						r.SetBasicAuth(b, b)
						w := serve(mux, r)
						key := fmt.Sprint(len(answers))
						answers[key+" body"] = w.Body.Bytes()
						if w.Code/100 == 3 {
							continue // of the mux, which cleans paths
						}
						answers[key+" header"] = fmt.Append(nil, w.Header())
					}
				}
			}
		}
	}
	pseudonymtest.Sweep(t, bob, answers)
	if len(s.calls) < 100 {
		t.Fatalf("only %d calls", len(s.calls))
	}
	seen := map[string]bool{}
	for _, c := range s.calls {
		seen[c.name] = true
		if _, leaked := pseudonymtest.Leaked(bob, fmt.Append(nil, c)); c.who != "ann" || leaked {
			t.Fatalf("a call about somebody else: %v", c)
		}
	}
	if len(seen) != 6 {
		t.Errorf("calls of %v only", seen)
	}
	if sig := fmt.Sprintf("%+v", s.signals); strings.Contains(sig, "canary") {
		t.Errorf("an identifier is passed on as a signal: %s", sig)
	}
}
