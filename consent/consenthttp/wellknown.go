package consenthttp

import (
	"net/http"
	"time"
)

// GPCPath is where [Handlers.WellKnown] is mounted.
const GPCPath = "/.well-known/gpc.json"

// WellKnown returns the handler of the GPC support resource, by which a service
// states that it honours Global Privacy Control since Config.GPCUpdated:
// {"gpc":true,"lastUpdate":"2026-06-01"}. Without that date it states nothing and
// is not found. It answers GET and HEAD at whatever path it is mounted.
func (h *Handlers) WellKnown() http.Handler {
	body := []byte(`{"gpc":true,"lastUpdate":"` + h.cfg.GPCUpdated.Format(time.DateOnly) + `"}`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		switch {
		case h.cfg.GPCUpdated.IsZero():
			refuse(w, notFound)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, wrongMethod)
		default:
			w.Header().Set("Cache-Control", "max-age=3600")
			write(w, http.StatusOK, body)
		}
	})
}
