package consenthttp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/pseudonym"
)

type decide = func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error)

func TestDecisions(t *testing.T) {
	yes := decided(t)
	forged := consent.Decision{Allowed: true, Reason: consent.Granted}
	is := func(m map[string]consent.Decision, err error) decide {
		return func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
			return m, err
		}
	}
	for name, c := range map[string]struct {
		decide decide
		want   consent.Decision // about content
		failed error
	}{
		"allowed":            {is(yes, nil), yes[content], nil},
		"denied":             {is(map[string]consent.Decision{content: yes[ads]}, nil), yes[ads], nil},
		"another purpose":    {is(map[string]consent.Decision{ads: yes[ads]}, nil), consent.Decision{}, nil},
		"nothing":            {is(nil, nil), consent.Decision{}, nil},
		"error":              {is(nil, errDown), consent.Decision{Reason: consent.SourceFailed}, errDown},
		"error with a yes":   {is(yes, errDown), consent.Decision{Reason: consent.SourceFailed}, errDown},
		"without a grant":    {is(map[string]consent.Decision{content: forged}, nil), consent.Decision{Reason: consent.SourceFailed}, consenthttp.ErrProof},
		"grant of another":   {is(map[string]consent.Decision{content + ".more": yes[content]}, nil), consent.Decision{}, consenthttp.ErrProof},
		"another's, renamed": {is(map[string]consent.Decision{content: rename(yes)}, nil), consent.Decision{Reason: consent.SourceFailed}, consenthttp.ErrProof},
		"late": {func(ctx context.Context, _ pseudonym.Raw, _ *consent.Signals) (map[string]consent.Decision, error) {
			<-ctx.Done()
			return yes, nil
		}, consent.Decision{Reason: consent.SourceFailed}, consenthttp.ErrLate},
		"exit": {func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
			runtime.Goexit()
			return yes, nil
		}, consent.Decision{Reason: consent.SourceFailed}, consenthttp.ErrLate},
	} {
		s := &service{}
		cfg := s.config(t)
		cfg.Decide, cfg.DecideTimeout = c.decide, time.Second
		synctest.Test(t, func(t *testing.T) {
			ctx, _ := page(t, handlers(t, cfg), signedIn(newRequest("GET", "/", "")))
			if d := consenthttp.DecisionFrom(ctx, content); d != c.want {
				t.Errorf("%s: %v", name, d)
			}
			if name != "allowed" && consenthttp.DecisionFrom(ctx, content+".more").Allowed {
				t.Errorf("%s: allows what lies below", name)
			}
			if c.failed == nil != (len(s.failed) == 0) || c.failed != nil && (s.failed[0].Call != "Decide" || !errors.Is(s.failed[0].Err, c.failed)) {
				t.Errorf("%s: failures %v", name, s.failed)
			}
		})
	}
}

// rename takes what was decided about content for advertising.
func rename(m map[string]consent.Decision) consent.Decision {
	d := m[ads]
	d.Allowed, d.Reason = true, consent.Granted
	return d
}

func TestWhoIsAnonymous(t *testing.T) {
	for name, c := range map[string]struct {
		verify func(*http.Request) (pseudonym.Raw, error)
		reason consent.Reason
		failed bool
	}{
		"signed in":         {func(*http.Request) (pseudonym.Raw, error) { return ann, nil }, consent.Granted, false},
		"nobody":            {func(*http.Request) (pseudonym.Raw, error) { return pseudonym.Raw{}, nil }, consent.Anonymous, false},
		"error":             {func(*http.Request) (pseudonym.Raw, error) { return pseudonym.Raw{}, errDown }, consent.Anonymous, true},
		"error with person": {func(*http.Request) (pseudonym.Raw, error) { return ann, errDown }, consent.Anonymous, true},
		"panic":             {func(*http.Request) (pseudonym.Raw, error) { panic(errDown) }, consent.Anonymous, true},
	} {
		s := &service{}
		cfg := s.config(t)
		cfg.Verify = c.verify
		ctx, w := page(t, handlers(t, cfg), newRequest("GET", "/", ""))
		d := consenthttp.DecisionFrom(ctx, content)
		if d.Reason != c.reason || d.Allowed != (c.reason == consent.Granted) {
			t.Errorf("%s: %v", name, d)
		}
		if asked := len(s.calls) > 0; asked != d.Allowed {
			t.Errorf("%s: Decide is asked about nobody, or not about ann", name)
		}
		if len(s.failed) > 0 != c.failed {
			t.Errorf("%s: failures %v", name, s.failed)
		}
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
}

// A panic of Decide denies, and its value is in no text.
func TestDecidePanics(t *testing.T) {
	s := &service{}
	cfg := s.config(t)
	cfg.Decide = func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
		panic("canary")
	}
	ctx, _ := page(t, handlers(t, cfg), signedIn(newRequest("GET", "/", "")))
	if d := consenthttp.DecisionFrom(ctx, content); d.Allowed || d.Reason != consent.SourceFailed {
		t.Error(d)
	}
	p, ok := errors.AsType[*consenthttp.PanicError](s.failed[0].Err)
	if !ok || p.Value != "canary" || !strings.Contains(string(p.Stack), "TestDecidePanics") || strings.Contains(p.Error(), "canary") {
		t.Error(s.failed)
	}
}

// Calls that ignore their contexts hold no page up, and do not pile up.
func TestDecideHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		cfg := s.config(t)
		yes := decided(t)
		release := make(chan struct{})
		asked, hang := 0, true
		cfg.DecideTimeout = time.Second
		cfg.Decide = func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
			s.mu.Lock()
			asked++
			wait := hang
			s.mu.Unlock()
			if wait {
				<-release
			}
			return yes, nil
		}
		h := handlers(t, cfg)
		ask := func() (consent.Decision, time.Duration) {
			start := time.Now()
			ctx, _ := page(t, h, signedIn(newRequest("GET", "/", "")))
			return consenthttp.DecisionFrom(ctx, content), time.Since(start)
		}
		for range 64 {
			if d, took := ask(); d.Allowed || took != time.Second {
				t.Fatalf("%v after %v", d, took)
			}
		}
		if d, took := ask(); d.Allowed || took != 0 || asked != 64 || !errors.Is(s.failed[len(s.failed)-1].Err, consenthttp.ErrBusy) {
			t.Fatalf("%v after %v, %d asked", d, took, asked)
		}
		s.mu.Lock()
		hang = false
		s.mu.Unlock()
		release <- struct{}{} // one comes back
		synctest.Wait()
		for range 3 { // and makes room for any number that answer
			if d, _ := ask(); !d.Allowed {
				t.Fatal(d)
			}
		}
		close(release)
		synctest.Wait()
		if d, _ := ask(); !d.Allowed {
			t.Fatal(d)
		}
	})
}

// A request that ended is denied, even if Decide does not look.
func TestRequestEnded(t *testing.T) {
	s := &service{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, _ := page(t, handlers(t, s.config(t)), signedIn(newRequest("GET", "/", "")).WithContext(ctx))
	if d := consenthttp.DecisionFrom(got, content); d.Allowed {
		t.Error(d)
	}
}

func TestCaching(t *testing.T) {
	s := &service{}
	cfg := s.config(t)
	cfg.GPP = consenthttp.Names{Header: "X-G"}
	h := handlers(t, cfg)
	_, w := page(t, h, newRequest("GET", "/", ""))
	vary := strings.Split(w.Header().Get("Vary"), ", ")
	if got := w.Header().Get("Cache-Control"); got != "private, no-cache" {
		t.Error(got)
	}
	if want := []string{"Cookie", "Sec-GPC", "IABTCF-TCString", "X-G", "IABGPP-GppSID"}; !slices.Equal(vary, want) {
		t.Error(vary)
	}
	w = httptest.NewRecorder()
	w.Header().Set("Vary", "Accept-Encoding") // of a handler before
	h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
	})).ServeHTTP(w, newRequest("GET", "/", ""))
	if w.Header().Get("Cache-Control") != "public, max-age=60" || len(w.Header().Values("Vary")) != 2 {
		t.Error(w.Header())
	}
	h.Middleware(nil).ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/", ""))
}

// The middleware leaves the request as it was, its body too.
func TestRequestIsUntouched(t *testing.T) {
	h := handlers(t, new(service).config(t))
	r := signedIn(newRequest("POST", "/page?gdpr_consent=C&x=1", "gdpr_consent=D"))
	h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("x") != "1" || r.PostFormValue("gdpr_consent") != "D" || r.Method != "POST" {
			t.Error("the page gets another request")
		}
		if s := consenthttp.SignalsFrom(r.Context()); s.TCF != "C" {
			t.Errorf("a body is heard: %q", s.TCF)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

func BenchmarkMiddleware(b *testing.B) {
	s := &service{}
	cfg := s.config(b)
	yes := decided(b)
	cfg.Decide = func(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
		return yes, nil
	}
	pages := handlers(b, cfg).Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if !consenthttp.DecisionFrom(r.Context(), content).Allowed {
			b.Fatal("denied")
		}
	}))
	r := signedIn(newRequest("GET", "/?gpp=DBACNYA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN&gpp_sid=2", ""))
	r.Header.Add("Cookie", "a=b; euconsent-v2=CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA; c=d")
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		pages.ServeHTTP(w, r)
	}
}

// A panic of the page is the page's own.
func TestPagePanics(t *testing.T) {
	h := handlers(t, new(service).config(t))
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the panic of a page is swallowed")
		}
	}()
	h.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
		ServeHTTP(httptest.NewRecorder(), newRequest("GET", "/", ""))
}

// Many people at once each get their own decision and signals.
func TestTogether(t *testing.T) {
	s := &service{}
	h := handlers(t, s.config(t))
	pages := h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("session")
		if got := consenthttp.DecisionFrom(r.Context(), content); got.Allowed != (err == nil) {
			t.Errorf("session %v: %v", err == nil, got)
		}
		if got := consenthttp.SignalsFrom(r.Context()).TCF; got != r.URL.Query().Get("gdpr_consent") {
			t.Errorf("heard %q", got)
		}
	}))
	rights := h.Rights()
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			r := newRequest("GET", "/?gdpr_consent="+strings.Repeat("C", i+1), "")
			if i%2 == 0 {
				signedIn(r)
			}
			pages.ServeHTTP(httptest.NewRecorder(), r)
			if w := serve(rights, signedIn(newRequest("POST", "/withdraw", ""))); w.Code != http.StatusOK {
				t.Error(w.Code)
			}
			if w := serve(h.WellKnown(), newRequest("GET", consenthttp.GPCPath, "")); w.Code != http.StatusOK {
				t.Error(w.Code)
			}
		})
	}
	wg.Wait()
}
