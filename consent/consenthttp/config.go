package consenthttp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/pseudonym"
)

// Errors of [New], for a Config that breaks a rule.
var (
	ErrVerify  = errors.New("consenthttp: Config.Verify is missing: nobody can be told apart without it")
	ErrTimeout = errors.New("consenthttp: Config.DecideTimeout must be above zero and at most a minute when Decide is set")
	ErrNames   = errors.New("consenthttp: a name of a header, cookie or query parameter is 1 to 64 letters, digits, dashes and underscores")
	ErrOrigin  = errors.New("consenthttp: a trusted origin is scheme://host or scheme://host:port, without a path")
	ErrDate    = errors.New("consenthttp: Config.GPCUpdated lies outside of the years 1970 to 9999")
)

// Config is what handlers are made of. Every function gets the context of the
// request, MUST be safe for concurrent use, and MUST return soon after its
// context ends; one that panics has failed.
type Config struct {
	// Verify returns who sent the request: an identifier from a session or token
	// that it checked, never one that the request merely names. The zero Raw says
	// that nobody is signed in, an error that it cannot be told; both are an
	// anonymous visitor to the middleware and the status 401 to the rights.
	// Required.
	Verify func(*http.Request) (pseudonym.Raw, error)

	// Decide decides, for [Handlers.Middleware], every purpose that pages ask
	// about. It is not called for an anonymous visitor. signals is never nil and
	// may be kept. A purpose that the map lacks is denied, and so is one that is
	// allowed without a Grant for it. Optional: nil denies everything.
	Decide func(ctx context.Context, who pseudonym.Raw, signals *consent.Signals) (map[string]consent.Decision, error)

	// DecideTimeout is how long a page waits for Decide; then everything is denied.
	// Above zero and at most a minute. Required where Decide is set.
	DecideTimeout time.Duration

	// Age tells how old the visitor is, from what the service knows. Optional: the
	// age is unknown.
	Age func(*http.Request) consent.Age

	// Where strings are looked for. The zero Names stand for those of the standards:
	// euconsent-v2 and gdpr_consent; __gpp and gpp; __gpp_sid and gpp_sid; and the
	// headers IABTCF-TCString, IABGPP-HDR-GppString, IABGPP-GppSID.
	TCF, GPP, Sections Names

	// Explain, Export, Erase, Withdraw and Object are the rights, see
	// [Handlers.Rights]. The route of one that is nil is not found. What they return
	// is answered as JSON, to that person; a nil value of the last three is left out.
	//
	// Withdraw without purposes ends them all. An error that is
	// [consent.ErrPurpose] tells the person that there is no such purpose. Object
	// ends profiling for direct marketing, all of it (GDPR 21(2) and (3)): no
	// purpose is weighed against it.
	Explain  func(ctx context.Context, who pseudonym.Raw, by ledger.Actor) (any, error)
	Export   func(ctx context.Context, who pseudonym.Raw, by ledger.Actor) (any, error)
	Erase    func(ctx context.Context, who pseudonym.Raw, by ledger.Actor) (any, error)
	Withdraw func(ctx context.Context, who pseudonym.Raw, purposes []string) (any, error)
	Object   func(ctx context.Context, who pseudonym.Raw) (any, error)

	// Actor is handed to Explain, Export and Erase, for the access log: the service
	// that asks for people, never the person. Required where one of them is set.
	Actor ledger.Actor

	// TrustedOrigins may send the requests that change something, beside the
	// handlers' own origin: "https://www.example.com".
	TrustedOrigins []string

	// GPCUpdated is the day from which the service states that it honours Global
	// Privacy Control, in the form it has now; the day is that of the Time's own
	// location. The zero Time states nothing.
	GPCUpdated time.Time

	// Failed is told, before the answer leaves, what the answer does not tell. It
	// must be safe for concurrent use. Optional.
	Failed func(Failure)
}

// Failure tells that a function of [Config] failed, and so what was denied or
// refused.
type Failure struct {
	Call string // name of the field: "Verify", "Decide", "Erase"
	Err  error  // as it was returned, a [PanicError], or [ErrLate], [ErrBusy], [ErrProof]; it may hold what your functions put there
}

// Names says where a string is looked for: a header, a cookie and a query
// parameter. An empty name is not looked for. Names of cookies and parameters
// are case-sensitive.
type Names struct{ Header, Cookie, Query string }

// The names that the zero Names stand for.
var (
	namesTCF      = Names{"IABTCF-TCString", "euconsent-v2", "gdpr_consent"}
	namesGPP      = Names{"IABGPP-HDR-GppString", "__gpp", "gpp"}
	namesSections = Names{"IABGPP-GppSID", "__gpp_sid", "gpp_sid"}
)

// Handlers are made by [New]. The zero Handlers know nobody, deny everything and
// have no rights to serve.
type Handlers struct {
	cfg    Config
	routes map[string]route
	vary   string
	csrf   *http.CrossOriginProtection
	stuck  atomic.Int64 // calls of Decide that nobody waits for any more
}

// New checks the configuration. It returns one of the errors above, or
// [ledger.ErrActor].
func New(c Config) (*Handlers, error) {
	if c.Verify == nil {
		return nil, ErrVerify
	}
	if c.Decide != nil && (c.DecideTimeout <= 0 || c.DecideTimeout > time.Minute) {
		return nil, ErrTimeout
	}
	if c.Explain != nil || c.Export != nil || c.Erase != nil {
		if err := c.Actor.Check(); err != nil {
			return nil, err
		}
	}
	if y := c.GPCUpdated.Year(); !c.GPCUpdated.IsZero() && (y < 1970 || y > 9999) {
		return nil, ErrDate
	}
	vary := []string{"Cookie", "Sec-GPC"}
	for _, n := range []struct {
		names    *Names
		standard Names
	}{{&c.TCF, namesTCF}, {&c.GPP, namesGPP}, {&c.Sections, namesSections}} {
		if *n.names == (Names{}) {
			*n.names = n.standard
		}
		if !n.names.valid() {
			return nil, ErrNames
		}
		if n.names.Header != "" {
			vary = append(vary, n.names.Header)
		}
	}
	h := &Handlers{cfg: c, vary: strings.Join(vary, ", "), csrf: http.NewCrossOriginProtection()}
	h.cfg.TrustedOrigins = slices.Clone(c.TrustedOrigins)
	for _, origin := range c.TrustedOrigins {
		if h.csrf.AddTrustedOrigin(origin) != nil {
			return nil, ErrOrigin
		}
	}
	h.routes = h.newRoutes()
	return h, nil
}

func (n *Names) valid() bool {
	for _, name := range []string{n.Header, n.Cookie, n.Query} {
		if len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !letter(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

func letter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
