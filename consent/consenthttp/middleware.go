package consenthttp

import (
	"context"
	"net/http"
	"slices"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/pseudonym"
)

// heard is what the middleware puts into the context.
type heard struct {
	signals   *consent.Signals
	decisions map[string]consent.Decision
	otherwise consent.Decision // denies, for what decisions lacks
}

type key struct{}

// Middleware hears the signals of a request, asks Config.Verify and Config.Decide, and
// calls next with the answer in the context, for [DecisionFrom] and
// [SignalsFrom]. Whatever fails, next is called, once.
//
// It marks the response as private, to be asked for again each time
// (Cache-Control: private, no-cache), and as one that varies with Cookie, Sec-GPC
// and the headers of Config: a page made with one person's consent reaches
// nobody else out of a shared cache, and not that person after a withdrawal. next
// may set Cache-Control anew for a response that depends on no decision, and adds
// to Vary without replacing it. Files that are the same for everybody are better
// served outside of the middleware.
func (h *Handlers) Middleware(next http.Handler) http.Handler {
	if next == nil {
		next = http.NotFoundHandler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := heard{signals: h.signals(r)}
		c.signals.Age = h.age(r)
		if who, err := h.verify(r); err != nil || who.IsZero() {
			c.otherwise.Reason = consent.Anonymous
		} else if h.cfg.Decide != nil {
			c.decisions, err = h.decide(r.Context(), who, c.signals)
			if err != nil {
				c.otherwise.Reason = consent.SourceFailed
			}
		}
		header := w.Header()
		header.Set("Cache-Control", "private, no-cache")
		header.Add("Vary", h.vary)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, &c)))
	})
}

// DecisionFrom returns what was decided about the purpose for this request. It
// denies where no middleware ran, with the zero Decision; for an anonymous
// visitor (reason [consent.Anonymous]); where Decide failed
// ([consent.SourceFailed]); and for a purpose that Decide did not name, with the zero Decision.
func DecisionFrom(ctx context.Context, purpose string) consent.Decision {
	c, _ := ctx.Value(key{}).(*heard)
	if c == nil {
		return consent.Decision{}
	}
	if d, ok := c.decisions[purpose]; ok {
		return d
	}
	return c.otherwise
}

// SignalsFrom returns a copy of what came along with this request, for an event
// that is made of it. It is nil where no middleware ran, which says nothing.
func SignalsFrom(ctx context.Context) *consent.Signals {
	c, _ := ctx.Value(key{}).(*heard)
	if c == nil {
		return nil
	}
	return clone(c.signals)
}

func clone(s *consent.Signals) *consent.Signals {
	c := *s
	c.GPPSections = slices.Clone(s.GPPSections)
	return &c
}

// verify asks Config.Verify. An error is told to Config.Failed, and to nobody
// else.
func (h *Handlers) verify(r *http.Request) (who pseudonym.Raw, err error) {
	if h.cfg.Verify == nil {
		return pseudonym.Raw{}, ErrVerify
	}
	err = guard(func() (err error) { who, err = h.cfg.Verify(r); return err })
	if err != nil {
		h.failed("Verify", err)
		return pseudonym.Raw{}, err
	}
	return who, nil
}

// age asks Config.Age. What fails is unknown.
func (h *Handlers) age(r *http.Request) (age consent.Age) {
	if h.cfg.Age == nil {
		return consent.AgeUnknown
	}
	if err := guard(func() error { age = h.cfg.Age(r); return nil }); err != nil {
		h.failed("Age", err)
	}
	if age > consent.Child {
		return consent.AgeUnknown
	}
	return age
}
