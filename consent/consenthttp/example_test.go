package consenthttp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

// engine stands for a discreet.Engine.
type engine struct{}

func (engine) Decide(context.Context, pseudonym.Raw, *consent.Signals) (map[string]consent.Decision, error) {
	return map[string]consent.Decision{"personalize.content": {Reason: consent.NoRecord}}, nil
}

func (engine) Explain(context.Context, pseudonym.Raw, ledger.Actor) (map[string]int, error) {
	return map[string]int{"interests": 3}, nil
}

func (engine) Erase(context.Context, pseudonym.Raw, ledger.Actor) (ended, error) {
	return ended{}, nil
}

func (engine) Withdraw(_ context.Context, _ pseudonym.Raw, purposes ...string) (ended, error) {
	return ended{purposes}, nil
}

// ended stands for discreet.Ended.
type ended struct {
	Purposes []string `json:"purposes"`
}

func Example() {
	var e engine
	sessions := map[string]string{"f3b1": "ann@example.com"} // the service's own
	h, err := consenthttp.New(consenthttp.Config{
		Verify: func(r *http.Request) (pseudonym.Raw, error) {
			c, err := r.Cookie("session")
			if err != nil || sessions[c.Value] == "" {
				return pseudonym.Raw{}, nil // nobody is signed in
			}
			return pseudonym.Email(sessions[c.Value]), nil
		},
		Decide: e.Decide, DecideTimeout: 50 * time.Millisecond,
		Explain: func(ctx context.Context, who pseudonym.Raw, by ledger.Actor) (any, error) {
			return e.Explain(ctx, who, by)
		},
		Erase: func(ctx context.Context, who pseudonym.Raw, by ledger.Actor) (any, error) {
			return e.Erase(ctx, who, by)
		},
		Withdraw: func(ctx context.Context, who pseudonym.Raw, purposes []string) (any, error) {
			return e.Withdraw(ctx, who, purposes...)
		},
		Actor:      ledger.Actor{ID: "self-service", Reason: "asked by the person"},
		GPCUpdated: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/me/", http.StripPrefix("/me", h.Rights()))
	mux.Handle(consenthttp.GPCPath, h.WellKnown())
	mux.Handle("/", h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, consenthttp.DecisionFrom(r.Context(), "personalize.content"), "- opted out:", consenthttp.SignalsFrom(r.Context()).GPC)
	})))

	ask := func(method, path, body string, session bool) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-GPC", "1")
		if session {
			r.Header.Set("Cookie", "session=f3b1")
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Printf("%s %s: %d %.60s\n", method, path, w.Code, strings.TrimSpace(w.Body.String()))
	}
	ask("GET", "/", "", true)
	ask("GET", "/", "", false)
	ask("GET", "/me/access", "", true)
	ask("GET", "/me/access?user=bob@example.com", "", false)
	ask("POST", "/me/withdraw", "purposes=personalize.content", true)
	ask("POST", "/me/erase", "user=bob@example.com", true)
	ask("GET", consenthttp.GPCPath, "", false)
	// Output:
	// GET /: 200 denied: no-record - opted out: true
	// GET /: 200 denied: anonymous - opted out: true
	// GET /me/access: 200 {"interests":3}
	// GET /me/access?user=bob@example.com: 401 {"code":"unverified","message":"Sign in first: we answer onl
	// POST /me/withdraw: 200 {"done":"withdrawn","message":"Your consent ended now, and w
	// POST /me/erase: 400 {"code":"body","message":"The body may hold a list of purpos
	// GET /.well-known/gpc.json: 200 {"gpc":true,"lastUpdate":"2026-06-01"}
}
