// Package consenthttp brings consent to net/http: a middleware that hears what a
// browser says (Global Privacy Control, TCF, GPP) and puts the decision into the
// context, and handlers by which people use their rights.
//
// # Which function to use
//
// [New] takes a [Config] of functions and returns [Handlers]. Wrap the pages that
// depend on consent in [Handlers.Middleware]; in them, [DecisionFrom] tells
// whether data may be used for a purpose, and [SignalsFrom] what came along, for
// an event that is recorded. Mount [Handlers.Rights] under a path of your own,
// and [Handlers.WellKnown] at [GPCPath]:
//
//	mux.Handle("/", h.Middleware(pages))
//	mux.Handle("/me/", http.StripPrefix("/me", h.Rights()))
//	mux.Handle(consenthttp.GPCPath, h.WellKnown())
//
// The package knows no engine. Each field of Config is one line over one:
//
//	Decide:   engine.Decide,
//	Explain:  func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) { return engine.Explain(ctx, who, by) },
//	Export:   func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) { return engine.Export(ctx, who, by) },
//	Erase:    func(ctx context.Context, who discreet.Raw, by discreet.Actor) (any, error) { return engine.Erase(ctx, who, by) },
//	Withdraw: func(ctx context.Context, who discreet.Raw, p []string) (any, error) { return engine.Withdraw(ctx, who, p...) },
//	Object:   func(ctx context.Context, who discreet.Raw) (any, error) { return engine.Object(ctx, who) },
//
// # What is heard
//
// Sec-GPC counts where a header line is exactly "1", of several lines any. A TC
// string, a GPP string and the GPP sections that apply are looked for in a
// header, a cookie and the query, under the names of [Config], each of which may
// occur several times. No place wins over another. All that is there must be one
// and the same; otherwise, or where a value is longer than [MaxString] bytes or
// holds a character that such strings do not have, the string is [Unreadable],
// which denies. Nothing that was said falls away silently, whatever the parsers
// of net/http make of it, but for an empty value, which says nothing.
//
//	header  cookie  query   heard
//	-       -       -       nothing
//	A       -       -       A      (likewise from cookie or query alone)
//	A       A       A       A
//	A       B       any     Unreadable
//	A       junk    any     Unreadable
//
// Sections 0 and -1 (none applies, not known) limit nothing: the whole string
// counts. Sections that apply without a string to read make it Unreadable. The
// query parameter gdpr is not read: a string that came along counts. Age is not
// taken from a request, unless [Config.Age] tells it.
//
// # Guarantee
//
// A person is who [Config.Verify] returned and nobody else: no identifier in a
// path, body, query or header is looked at here, and a body that holds anything
// but a list of purposes is refused. Without a verified person, and where
// Decide fails, panics, is late, or names no proof ([consent.Decision.Grant]) for
// what it allows, everything is denied, and the page is served. Signals only
// deny. No answer repeats any part of a request, of an error or of a panic.
//
// Requests that change something are POST, and are refused where a browser sends
// them from another site ([http.CrossOriginProtection]). Each is one request with
// nothing to confirm: withdrawing is no harder than agreeing was.
//
// # Not protected
//
// The package does not identify people. A Verify that believes a header or an
// address in the query gives everybody's data to everybody; it has to check a
// session or a token that the service itself gave out. How often somebody may
// ask is for the server to limit, as is the time that a request may take. A
// person's own answers show to whoever sees them. Who writes a link chooses its
// query, so a visitor can be made to look like one who opted out, or who said
// something unreadable; never like one who agreed. A site whose pages get no
// strings in their query leaves it out of the [Names]. A signal in a header
// counts as the visitor's own: a proxy that adds or drops it is believed.
//
// Handlers are safe for concurrent use. Each request costs one call of Verify,
// one of Decide, and a walk over its cookies and query.
//
// # Sources
//
// Global Privacy Control: W3C, gpc (the Sec-GPC field, the GPC support resource).
// Names in URLs: IAB Tech Lab, URL-based services of TCF v2 (gdpr_consent) and of
// the GPP (gpp, gpp_sid). The cookie euconsent-v2 is that of TCF v2; __gpp and
// __gpp_sid are customary. No standard names headers: ours are the keys that apps
// keep the strings under (IABTCF_TCString, IABGPP_HDR_GppString, IABGPP_GppSID),
// with dashes.
package consenthttp
