package consenthttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// route is one right.
type route struct {
	call     string // name of the field of Config
	method   string
	purposes bool    // a body may name purposes
	file     string  // the answer is a download of this name
	done     *change // what a change answers; nil for what only reads
	run      func(ctx context.Context, who pseudonym.Raw, purposes []string) (any, error)
}

// Rights returns the handler of people's rights, for the person whom
// Config.Verify names:
//
//	GET  /access    what is held, why, and what follows from it (Config.Explain)
//	GET  /export    the person's own data, as a JSON file (Config.Export)
//	POST /erase     deletes everything (Config.Erase)
//	POST /withdraw  ends consent for some purposes, or for all (Config.Withdraw)
//	POST /object    ends profiling for direct marketing (Config.Object)
//
// Paths are exact and relative: mount it with [http.StripPrefix]. Other methods,
// HEAD and OPTIONS among them, are refused. The query is not read.
//
// The body of /withdraw is the form purposes=a&purposes=b or the JSON
// {"purposes":["a","b"]}, of at most 4 KiB. No body, an empty form and {} mean
// all purposes; an empty list is refused. The other routes take no body, or an
// empty one. Any other field is refused: there is no way to name a person.
//
// Answers are JSON, not to be stored by any cache. An error is an object with a
// fixed "code" and "message":
//
//	400 body, purpose      401 unverified     403 cross-site      404 not-found
//	405 method             413 body-too-large 415 body-type
//	500 internal           503 unavailable: the request ended early; asking again does no harm
//
// A change answers what was done, and in plain words what stays: what was
// released before, which is differentially private. Its "details" are what the
// function of Config returned.
func (h *Handlers) Rights() http.Handler { return http.HandlerFunc(h.serveRights) }

func (h *Handlers) newRoutes() map[string]route {
	c := &h.cfg
	routes := map[string]route{}
	if c.Explain != nil {
		routes["/access"] = route{call: "Explain", method: http.MethodGet,
			run: func(ctx context.Context, who pseudonym.Raw, _ []string) (any, error) {
				return c.Explain(ctx, who, c.Actor)
			}}
	}
	if c.Export != nil {
		routes["/export"] = route{call: "Export", method: http.MethodGet, file: "export.json",
			run: func(ctx context.Context, who pseudonym.Raw, _ []string) (any, error) {
				return c.Export(ctx, who, c.Actor)
			}}
	}
	if c.Erase != nil {
		routes["/erase"] = route{call: "Erase", method: http.MethodPost, done: &erased,
			run: func(ctx context.Context, who pseudonym.Raw, _ []string) (any, error) {
				return c.Erase(ctx, who, c.Actor)
			}}
	}
	if c.Withdraw != nil {
		routes["/withdraw"] = route{call: "Withdraw", method: http.MethodPost, purposes: true, done: &withdrawn, run: c.Withdraw}
	}
	if c.Object != nil {
		routes["/object"] = route{call: "Object", method: http.MethodPost, done: &objected,
			run: func(ctx context.Context, who pseudonym.Raw, _ []string) (any, error) { return c.Object(ctx, who) }}
	}
	return routes
}

func (h *Handlers) serveRights(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	to, ok := h.routes[r.URL.Path]
	if !ok {
		refuse(w, notFound)
		return
	}
	if r.Method != to.method {
		w.Header().Set("Allow", to.method)
		refuse(w, wrongMethod)
		return
	}
	if h.csrf.Check(r) != nil {
		refuse(w, crossSite)
		return
	}
	who, err := h.verify(r)
	if err != nil || who.IsZero() {
		refuse(w, unverified)
		return
	}
	purposes, refusal := readBody(w, r, to.purposes)
	if refusal != nil {
		refuse(w, *refusal)
		return
	}
	var value any
	err = guard(func() (err error) { value, err = to.run(r.Context(), who, purposes); return err })
	if err != nil {
		h.refuseFor(w, to.call, err)
		return
	}
	// What was read for a request that ended is not answered in part; a change
	// that was made is told as made.
	if err := r.Context().Err(); err != nil && to.done == nil {
		h.refuseFor(w, to.call, err)
		return
	}
	if to.done != nil {
		d := *to.done
		d.Details = value
		value = d
	}
	if err := answer(w, to.file, value); err != nil {
		h.refuseFor(w, to.call, err)
	}
}

// refuseFor answers an error of a function of Config.
func (h *Handlers) refuseFor(w http.ResponseWriter, call string, err error) {
	switch {
	case errors.Is(err, consent.ErrPurpose):
		refuse(w, noPurpose)
		return
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		h.failed(call, err)
		refuse(w, unavailable)
		return
	}
	h.failed(call, err)
	refuse(w, internal)
}
