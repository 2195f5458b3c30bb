package consenthttp_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent/consenthttp"
)

func TestWellKnown(t *testing.T) {
	cfg := consenthttp.Config{Verify: verify, GPCUpdated: time.Date(2026, 6, 1, 0, 30, 0, 0, time.FixedZone("", 7200))}
	h := handlers(t, cfg).WellKnown()
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "OPTIONS": 405} {
		w := serve(h, newRequest(method, consenthttp.GPCPath, ""))
		if w.Code != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
		if method == "GET" && w.Body.String() != `{"gpc":true,"lastUpdate":"2026-06-01"}` {
			t.Error(w.Body)
		}
	}
	h = handlers(t, consenthttp.Config{Verify: verify}).WellKnown()
	if w := serve(h, newRequest("GET", consenthttp.GPCPath, "")); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "true") {
		t.Errorf("states what nobody stated: %s", w.Body)
	}
}

func TestWellKnownVectors(t *testing.T) {
	var v struct {
		W struct {
			Path    string
			Example map[string]any
		} `json:"gpc_wellknown"`
	}
	vectors(t, &v)
	day, err := time.Parse(time.DateOnly, v.W.Example["lastUpdate"].(string))
	if err != nil || v.W.Path != consenthttp.GPCPath {
		t.Fatal(v.W)
	}
	w := serve(handlers(t, consenthttp.Config{Verify: verify, GPCUpdated: day}).WellKnown(), newRequest("GET", v.W.Path, ""))
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 2 || got["gpc"] != v.W.Example["gpc"] || got["lastUpdate"] != v.W.Example["lastUpdate"] {
		t.Error(w.Body)
	}
}
