package consenthttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/pseudonym"
)

const ads, content = "advertising", "personalize.content"

var (
	t0      = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	desk    = ledger.Actor{ID: "self-service", Reason: "asked by the person"}
	ann     = pseudonym.Opaque("ann")
	errDown = errors.New("down: canary-in-an-error")
)

// decided returns real decisions about one person who agreed to content and
// refused advertising, and about whoever it is under another subject.
func decided(t testing.TB) map[string]consent.Decision {
	t.Helper()
	b, err := consent.NewBook([]consent.Notice{{
		ID: "shop", Version: 1, Locale: "en", Title: "May we?",
		Purposes:   []consent.Purpose{{Key: content, Title: "Content"}, {Key: ads, Title: "Advertising", Advertising: true}},
		Categories: []string{"What you view"}, Withdrawal: "In the settings.", RetentionDays: 180, ConsentDays: 365,
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := &consent.History{}
	if err := b.Choose(h, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{content}, Refuse: []string{ads}}, t0); err != nil {
		t.Fatal(err)
	}
	out := map[string]consent.Decision{}
	for _, p := range []string{content, ads} {
		out[p] = b.Decide(consent.Question{Subject: ident.NewSubject(ident.NewID(1, &[16]byte{1})), Purpose: p, History: h, EventTime: t0, Now: t0})
	}
	if !out[content].Allowed || out[ads].Allowed {
		t.Fatal("the fixture does not hold")
	}
	return out
}

// service is a service made of fakes: one cookie is the session of ann.
type service struct {
	mu      sync.Mutex
	calls   []call
	failed  []consenthttp.Failure
	signals *consent.Signals // of the last Decide
}

type call struct {
	name     string
	who      string
	purposes []string
	by       ledger.Actor
}

func (s *service) called(name string, who pseudonym.Raw, purposes []string, by ledger.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call{name, who.Expose(), purposes, by})
}

func verify(r *http.Request) (pseudonym.Raw, error) {
	switch c, err := r.Cookie("session"); {
	case err != nil:
		return pseudonym.Raw{}, nil
	case c.Value == "ann":
		return ann, nil
	}
	return pseudonym.Raw{}, errDown
}

type held struct {
	Held string `json:"held"`
}

func (s *service) config(t testing.TB) consenthttp.Config {
	yes := decided(t)
	return consenthttp.Config{
		Verify: verify,
		Decide: func(_ context.Context, who pseudonym.Raw, signals *consent.Signals) (map[string]consent.Decision, error) {
			s.called("Decide", who, nil, ledger.Actor{})
			s.mu.Lock()
			s.signals = signals
			s.mu.Unlock()
			if signals.TCF == consenthttp.Unreadable || signals.GPP == consenthttp.Unreadable {
				return map[string]consent.Decision{content: {Reason: consent.UnclearSignal}}, nil
			}
			return yes, nil
		},
		DecideTimeout: 10 * time.Second,
		Explain: func(_ context.Context, who pseudonym.Raw, by ledger.Actor) (any, error) {
			s.called("Explain", who, nil, by)
			return held{"interests"}, nil
		},
		Export: func(_ context.Context, who pseudonym.Raw, by ledger.Actor) (any, error) {
			s.called("Export", who, nil, by)
			return held{"everything"}, nil
		},
		Erase: func(_ context.Context, who pseudonym.Raw, by ledger.Actor) (any, error) {
			s.called("Erase", who, nil, by)
			return nil, nil
		},
		Withdraw: func(_ context.Context, who pseudonym.Raw, purposes []string) (any, error) {
			s.called("Withdraw", who, purposes, ledger.Actor{})
			for _, p := range purposes {
				if p != content && p != ads {
					return nil, consent.ErrPurpose
				}
			}
			return held{"nothing"}, nil
		},
		Object: func(_ context.Context, who pseudonym.Raw) (any, error) {
			s.called("Object", who, nil, ledger.Actor{})
			return nil, nil
		},
		Actor:      desk,
		GPCUpdated: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Failed: func(f consenthttp.Failure) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failed = append(s.failed, f)
		},
	}
}

func handlers(t testing.TB, c consenthttp.Config) *consenthttp.Handlers {
	t.Helper()
	h, err := consenthttp.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// signedIn marks the request as ann's.
func signedIn(r *http.Request) *http.Request {
	r.Header.Add("Cookie", "session=ann")
	return r
}

// page serves one request through the middleware and returns the context of the
// page, and the answer.
func page(t testing.TB, h *consenthttp.Handlers, r *http.Request) (context.Context, *httptest.ResponseRecorder) {
	t.Helper()
	var ctx context.Context
	w := httptest.NewRecorder()
	h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx != nil {
			t.Error("the page is served twice")
		}
		ctx = r.Context()
	})).ServeHTTP(w, r)
	if ctx == nil {
		t.Fatal("the page is not served")
	}
	return ctx, w
}

// vectors reads reference vectors that are kept beside the repository, or where
// DISCREET_SHARED says; the test is skipped without them.
func vectors(t *testing.T, v any) {
	t.Helper()
	dir := os.Getenv("DISCREET_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(dir, "vectors", "consent-vectors.json"))
	if err != nil {
		t.Skipf("reference vectors are not here; set DISCREET_SHARED: %v", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}
