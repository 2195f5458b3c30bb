package consenthttp_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consenthttp.Config)
		want   error
	}{
		"as it is":      {func(c *consenthttp.Config) {}, nil},
		"only verify":   {func(c *consenthttp.Config) { *c = consenthttp.Config{Verify: verify} }, nil},
		"nothing":       {func(c *consenthttp.Config) { *c = consenthttp.Config{} }, consenthttp.ErrVerify},
		"no verify":     {func(c *consenthttp.Config) { c.Verify = nil }, consenthttp.ErrVerify},
		"no time":       {func(c *consenthttp.Config) { c.DecideTimeout = 0 }, consenthttp.ErrTimeout},
		"negative time": {func(c *consenthttp.Config) { c.DecideTimeout = -1 }, consenthttp.ErrTimeout},
		"a minute":      {func(c *consenthttp.Config) { c.DecideTimeout = time.Minute }, nil},
		"over a minute": {func(c *consenthttp.Config) { c.DecideTimeout = time.Minute + 1 }, consenthttp.ErrTimeout},
		"nobody asks":   {func(c *consenthttp.Config) { c.Actor = ledger.Actor{} }, ledger.ErrActor},
		"no reason, only erase": {func(c *consenthttp.Config) {
			c.Explain, c.Export, c.Actor.Reason = nil, nil, ""
		}, ledger.ErrActor},
		"no actor, none needed": {func(c *consenthttp.Config) {
			c.Explain, c.Export, c.Erase, c.Actor = nil, nil, nil, ledger.Actor{}
		}, nil},
		"names of one's own":   {func(c *consenthttp.Config) { c.TCF = consenthttp.Names{Header: "X-TCF", Cookie: "tcf_1"} }, nil},
		"header with colon":    {func(c *consenthttp.Config) { c.TCF = consenthttp.Names{Header: "X:"} }, consenthttp.ErrNames},
		"cookie with space":    {func(c *consenthttp.Config) { c.GPP = consenthttp.Names{Cookie: "a b"} }, consenthttp.ErrNames},
		"parameter with equal": {func(c *consenthttp.Config) { c.Sections = consenthttp.Names{Query: "a="} }, consenthttp.ErrNames},
		"long name":            {func(c *consenthttp.Config) { c.GPP = consenthttp.Names{Query: strings.Repeat("a", 65)} }, consenthttp.ErrNames},
		"origin":               {func(c *consenthttp.Config) { c.TrustedOrigins = []string{"https://www.example.com"} }, nil},
		"origin with path":     {func(c *consenthttp.Config) { c.TrustedOrigins = []string{"https://www.example.com/"} }, consenthttp.ErrOrigin},
		"origin without host":  {func(c *consenthttp.Config) { c.TrustedOrigins = []string{"www.example.com"} }, consenthttp.ErrOrigin},
		"date before":          {func(c *consenthttp.Config) { c.GPCUpdated = time.Unix(-1, 0).UTC() }, consenthttp.ErrDate},
		"date after":           {func(c *consenthttp.Config) { c.GPCUpdated = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, consenthttp.ErrDate},
	} {
		cfg := new(service).config(t)
		c.change(&cfg)
		h, err := consenthttp.New(cfg)
		if !errors.Is(err, c.want) || (h == nil) != (err != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "example.com") {
			t.Errorf("%s: the error tells the value", name)
		}
	}
}

// The zero Handlers do no harm.
func TestZero(t *testing.T) {
	var h consenthttp.Handlers
	r := signedIn(newRequest("GET", "/access", ""))
	ctx, _ := page(t, &h, r)
	if d := consenthttp.DecisionFrom(ctx, content); d.Allowed || d.Reason != consent.Anonymous {
		t.Error(d)
	}
	if w := serve(h.Rights(), r); w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
	if w := serve(h.WellKnown(), r); w.Code != http.StatusNotFound {
		t.Error(w.Code)
	}
	if d := consenthttp.DecisionFrom(t.Context(), content); d != (consent.Decision{}) || consenthttp.SignalsFrom(t.Context()) != nil {
		t.Error("a context without a middleware says something")
	}
}

// Without Decide nothing is allowed, and signals are there all the same.
func TestNoDecide(t *testing.T) {
	h := handlers(t, consenthttp.Config{Verify: func(*http.Request) (pseudonym.Raw, error) { return ann, nil }})
	r := newRequest("GET", "/?gdpr_consent=C", "")
	ctx, _ := page(t, h, r)
	if d := consenthttp.DecisionFrom(ctx, content); d != (consent.Decision{}) {
		t.Error(d)
	}
	if s := consenthttp.SignalsFrom(ctx); s == nil || s.TCF != "C" {
		t.Error(s)
	}
}

// A slice that the caller changes later, or a map, changes nothing here.
func TestNothingIsShared(t *testing.T) {
	s := &service{}
	c := s.config(t)
	yes := decided(t)
	c.Decide = func(_ context.Context, _ pseudonym.Raw, signals *consent.Signals) (map[string]consent.Decision, error) {
		signals.GPPSections[0], signals.TCF = 99, "changed"
		return yes, nil
	}
	h := handlers(t, c)
	ctx, _ := page(t, h, signedIn(newRequest("GET", "/?gpp=D&gpp_sid=7", "")))
	delete(yes, content)
	consenthttp.SignalsFrom(ctx).GPPSections[0] = 98
	if d := consenthttp.DecisionFrom(ctx, content); !d.Allowed {
		t.Error(d)
	}
	if got := consenthttp.SignalsFrom(ctx); got.TCF != "" || got.GPPSections[0] != 7 {
		t.Errorf("%+v", got)
	}
}
