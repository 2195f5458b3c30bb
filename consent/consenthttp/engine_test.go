package consenthttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/segment"
)

// site is a service on a real engine, as doc.go shows it.
type site struct {
	t      *testing.T
	engine *discreettest.Engine
	server *httptest.Server
	failed []consenthttp.Failure
}

const engineAds = "advertise"

func newSite(t *testing.T) *site {
	n := discreettest.Notice()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: engineAds, Title: "Advertisements", Advertising: true})
	n.Recipients = []string{"Host Ltd"}
	runners := func(name, purpose string) segment.Definition {
		return segment.Definition{Name: name, Title: name, Purpose: purpose, Version: 1,
			All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 1, WithinDays: 30}}}}
	}
	s := &site{t: t, engine: discreettest.Open(t, discreet.Config{
		Notices: []consent.Notice{n}, UnknownAge: consent.Adult,
		Segments: []segment.Definition{runners("runners", discreettest.Purpose), runners("ad-runners", engineAds)},
	})}
	engine := s.engine.Engine
	h, err := consenthttp.New(consenthttp.Config{
		Verify: func(r *http.Request) (discreet.Raw, error) {
			if c, err := r.Cookie("session"); err == nil && c.Value != "" {
				return discreet.Opaque(c.Value), nil // stands for a session that was looked up
			}
			return discreet.Raw{}, nil
		},
		Decide: engine.Decide, DecideTimeout: 10 * time.Second,
		Explain: func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) {
			return engine.Explain(ctx, who, by)
		},
		Export: func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) {
			return engine.Export(ctx, who, by)
		},
		Erase: func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) {
			return engine.Erase(ctx, who, by)
		},
		Withdraw: func(ctx context.Context, who discreet.Raw, p []string) (any, error) {
			return engine.Withdraw(ctx, who, p...)
		},
		Object: func(ctx context.Context, who discreet.Raw) (any, error) { return engine.Object(ctx, who) },
		Actor:  desk,
		Failed: func(f consenthttp.Failure) { s.failed = append(s.failed, f) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/me/", http.StripPrefix("/me", h.Rights()))
	mux.Handle("/", h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, consenthttp.DecisionFrom(r.Context(), engineAds).String())
	})))
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	return s
}

// ask sends a request and returns the status and the body.
func (s *site) ask(method, path, body, who string, gpc bool) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: who})
	}
	if gpc {
		r.Header.Set("Sec-GPC", "1")
	}
	answer, err := s.server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// agree has people agree to everything, and look at something.
func (s *site) agree(people ...string) {
	s.t.Helper()
	s.engine.Clock.Advance(time.Hour)
	for _, who := range people {
		err := s.engine.Choose(s.t.Context(), discreet.Opaque(who), discreet.Choice{
			Notice: "personal-pages", Version: 1, Locale: "en", Grant: []string{discreettest.Purpose, engineAds},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		_, err = s.engine.Record(s.t.Context(), discreet.Event{
			Who: discreet.Opaque(who), MessageID: "1", Kind: "view", Category: "sports.running", Time: s.engine.Clock.Now(),
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// held returns for which purposes the export of a person has a profile.
func (s *site) held(who string) (purposes []string) {
	s.t.Helper()
	status, body := s.ask("GET", "/me/export", "", who, false)
	var x discreet.Portable
	if err := json.Unmarshal([]byte(body), &x); err != nil || status != 200 {
		s.t.Fatalf("%d %s %v", status, body, err)
	}
	for _, p := range x.Profiles {
		purposes = append(purposes, p.Purpose)
	}
	return purposes
}

// TestEngine serves people's rights from a real engine: each does what it says for who
// is signed in, says what ended, and nothing to anybody else.
func TestEngine(t *testing.T) {
	s := newSite(t)
	both := []string{engineAds, discreettest.Purpose}
	for _, c := range []struct {
		path, body string
		ended      []string
		left       []string
		done, why  string
	}{
		{"/me/withdraw", `{"purposes":["` + discreettest.Purpose + `"]}`, []string{discreettest.Purpose}, []string{engineAds}, "withdrawn", "withdrawn"},
		{"/me/withdraw", "", both, nil, "withdrawn", "withdrawn"},
		{"/me/object", "", []string{engineAds}, []string{discreettest.Purpose}, "objected", "withdrawn"},
		{"/me/erase", "", both, nil, "erased", "erased"},
	} {
		s.agree("ann", "bob")
		if got := s.held("ann"); !slices.Equal(got, both) {
			t.Fatalf("held at first: %v", got)
		}
		if status, body := s.ask("POST", c.path, c.body, "", false); status != 401 {
			t.Errorf("%s, nobody: %d %s", c.path, status, body)
		}
		status, body := s.ask("POST", c.path, c.body, "ann", false)
		var answer struct {
			Done    string
			Stays   string
			Details struct {
				Why                  string
				Purposes, Recipients []string
			}
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
			t.Fatalf("%s: %d %s %v", c.path, status, body, err)
		}
		d := answer.Details
		if answer.Done != c.done || d.Why != c.why || !slices.Equal(d.Purposes, c.ended) || !slices.Equal(d.Recipients, []string{"Host Ltd"}) ||
			!strings.Contains(answer.Stays, "stay as they are") || !strings.Contains(body, `"details":{"why":`) {
			t.Errorf("%s: %s", c.path, body)
		}
		if got := s.held("ann"); !slices.Equal(got, c.left) {
			t.Errorf("%s: held %v", c.path, got)
		}
		if got := s.held("bob"); !slices.Equal(got, both) {
			t.Errorf("%s: bob's %v", c.path, got)
		}
		if status, body := s.ask("GET", "/me/access", "", "ann", false); status != 200 || strings.Contains(body, "ann") {
			t.Errorf("%s: %d %s", c.path, status, body)
		}
	}
	if status, body := s.ask("POST", "/me/withdraw", `{"purposes":["unheard-of"]}`, "ann", false); status != 400 || !strings.Contains(body, `"purpose"`) {
		t.Errorf("an unknown purpose: %d %s", status, body)
	}
	if len(s.failed) != 0 {
		t.Errorf("%+v", s.failed)
	}
}

// TestEngineHearsGPC holds that a page that only decides reaches what is stored when a
// browser says Sec-GPC, for who is signed in, and that a page after it is denied.
func TestEngineHearsGPC(t *testing.T) {
	s := newSite(t)
	s.agree("ann", "bob")
	for _, c := range []struct {
		who  string
		gpc  bool
		want string
	}{
		{"ann", false, "allowed: granted"},
		{"", true, "denied: anonymous"},
		{"ann", true, "denied: gpc"},
		{"ann", false, "denied: withdrawn"},
		{"bob", false, "allowed: granted"},
	} {
		if status, body := s.ask("GET", "/", "", c.who, c.gpc); status != 200 || body != c.want {
			t.Errorf("%q, %v: %d %s, want %s", c.who, c.gpc, status, body, c.want)
		}
	}
	if got := s.held("ann"); !slices.Equal(got, []string{discreettest.Purpose}) {
		t.Errorf("held %v", got)
	}
	if got := s.held("bob"); len(got) != 2 {
		t.Errorf("bob's %v", got)
	}
}
