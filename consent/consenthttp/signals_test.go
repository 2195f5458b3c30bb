package consenthttp_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/consenthttp"
)

const unreadable = consenthttp.Unreadable

// request is what a browser sends, field by field.
type request struct {
	header  [][2]string
	cookies []string // Cookie lines
	query   string
}

func (q request) make() *http.Request {
	r := newRequest("GET", "/page", "")
	for _, h := range q.header {
		r.Header.Add(h[0], h[1])
	}
	for _, c := range q.cookies {
		r.Header.Add("Cookie", c)
	}
	r.URL.RawQuery = q.query
	return r
}

func hear(t testing.TB, h *consenthttp.Handlers, r *http.Request) *consent.Signals {
	t.Helper()
	ctx, _ := page(t, h, r)
	return consenthttp.SignalsFrom(ctx)
}

func TestGPC(t *testing.T) {
	h := handlers(t, consenthttp.Config{Verify: verify})
	for _, c := range []struct {
		lines []string
		want  bool
	}{
		{nil, false}, {[]string{"1"}, true}, {[]string{"0", "1"}, true}, {[]string{"1", "1"}, true}, {[]string{"0"}, false},
		{[]string{""}, false}, {[]string{"11"}, false}, {[]string{"1, 1"}, false}, {[]string{"?1"}, false}, {[]string{"\"1\""}, false}, {[]string{"１"}, false},
	} {
		checkGPC(t, h, c.lines, c.want)
	}
	if s := hear(t, h, request{query: "Sec-GPC=1", cookies: []string{"Sec-GPC=1"}}.make()); s.GPC {
		t.Error("a cookie or a query is taken for the header")
	}
}

func TestGPCVectors(t *testing.T) {
	var v struct {
		GPC []struct {
			Headers []string `json:"headers"`
			OptOut  bool     `json:"opt_out"`
		} `json:"gpc"`
	}
	vectors(t, &v)
	if len(v.GPC) < 7 {
		t.Fatalf("%d vectors", len(v.GPC))
	}
	h := handlers(t, consenthttp.Config{Verify: verify})
	for _, c := range v.GPC {
		checkGPC(t, h, c.Headers, c.OptOut)
	}
}

func checkGPC(t *testing.T, h *consenthttp.Handlers, lines []string, want bool) {
	t.Helper()
	var q request
	for _, l := range lines {
		q.header = append(q.header, [2]string{"Sec-GPC", l})
	}
	if s := hear(t, h, q.make()); s.GPC != want {
		t.Errorf("%q: %v", lines, s.GPC)
	}
}

// What the published strings are is passed on as it is, from every place; what
// is broken is never lost.
func TestStringsOfVectors(t *testing.T) {
	var v struct {
		Vectors  []struct{ Kind, String string } `json:"vectors"`
		Negative []struct{ Kind, String string } `json:"negative"`
	}
	vectors(t, &v)
	h := handlers(t, consenthttp.Config{Verify: verify})
	seen := map[string]int{}
	for i, c := range slices.Concat(v.Vectors, v.Negative) {
		var names consenthttp.Names
		var field func(*consent.Signals) string
		switch {
		case strings.HasPrefix(c.Kind, "tcf"):
			names, field = consenthttp.Names{Header: "IABTCF-TCString", Cookie: "euconsent-v2", Query: "gdpr_consent"}, func(s *consent.Signals) string { return s.TCF }
		case strings.HasPrefix(c.Kind, "gpp"):
			names, field = consenthttp.Names{Header: "IABGPP-HDR-GppString", Cookie: "__gpp", Query: "gpp"}, func(s *consent.Signals) string { return s.GPP }
		default:
			continue
		}
		seen[c.Kind]++
		for place, q := range map[string]request{
			"header": {header: [][2]string{{names.Header, c.String}}},
			"cookie": {cookies: []string{names.Cookie + "=" + c.String}},
			"query":  {query: names.Query + "=" + url.QueryEscape(c.String)},
		} {
			got := field(hear(t, h, q.make()))
			if got == c.String || i >= len(v.Vectors) && (got == unreadable || c.String == "") {
				continue
			}
			t.Errorf("%s, %s: got %q", c.Kind, place, got)
		}
	}
	if len(seen) < 2 {
		t.Fatalf("the vectors have other kinds: %v", seen)
	}
}

func TestPlaces(t *testing.T) {
	const a, b = "CPaaa.bbb", "CPccc"
	inHeader := func(s string) [][2]string { return [][2]string{{"iabtcf-tcstring", s}} }
	long := strings.Repeat("A", consenthttp.MaxString)
	h := handlers(t, consenthttp.Config{Verify: verify})
	for name, c := range map[string]struct {
		q    request
		want string
	}{
		"nothing":                     {request{}, ""},
		"header":                      {request{header: inHeader(a)}, a},
		"cookie":                      {request{cookies: []string{"euconsent-v2=" + a}}, a},
		"query":                       {request{query: "gdpr_consent=" + a}, a},
		"all agree":                   {request{inHeader(a), []string{"euconsent-v2=" + a}, "gdpr_consent=" + a}, a},
		"header and cookie differ":    {request{inHeader(a), []string{"euconsent-v2=" + b}, ""}, unreadable},
		"header and query differ":     {request{inHeader(a), nil, "gdpr_consent=" + b}, unreadable},
		"cookie and query differ":     {request{nil, []string{"euconsent-v2=" + a}, "gdpr_consent=" + b}, unreadable},
		"all differ":                  {request{inHeader(a), []string{"euconsent-v2=" + b}, "gdpr_consent=x"}, unreadable},
		"two agree, one differs":      {request{inHeader(a), []string{"euconsent-v2=" + a}, "gdpr_consent=" + b}, unreadable},
		"two headers differ":          {request{header: append(inHeader(a), inHeader(b)...)}, unreadable},
		"two headers agree":           {request{header: append(inHeader(a), inHeader(a)...)}, a},
		"joined headers":              {request{header: inHeader(a + ", " + b)}, unreadable},
		"two cookies differ":          {request{cookies: []string{"euconsent-v2=" + a + "; euconsent-v2=" + b}}, unreadable},
		"two cookie lines differ":     {request{cookies: []string{"euconsent-v2=" + a, "x=y; euconsent-v2=" + b}}, unreadable},
		"two parameters differ":       {request{query: "gdpr_consent=" + a + "&gdpr_consent=" + b}, unreadable},
		"after a junk one":            {request{query: "gdpr_consent=%zz&gdpr_consent=" + a}, unreadable},
		"empty says nothing":          {request{inHeader(""), []string{"euconsent-v2="}, "gdpr_consent=&gdpr_consent"}, ""},
		"empty beside one":            {request{inHeader(""), []string{"euconsent-v2=" + a}, "gdpr_consent="}, a},
		"a macro that nobody filled":  {request{query: "gdpr_consent=${GDPR_CONSENT_12}"}, unreadable},
		"broken escape":               {request{query: "gdpr_consent=%4"}, unreadable},
		"broken escape in a cookie":   {request{cookies: []string{"euconsent-v2=%4"}}, unreadable},
		"escaped":                     {request{query: "gdpr%5Fconsent=CP%61aa.bbb"}, a},
		"quoted cookie":               {request{cookies: []string{`euconsent-v2="` + a + `"`}}, a},
		"half a quote":                {request{cookies: []string{`euconsent-v2="` + a}}, unreadable},
		"cookie with a bad byte":      {request{cookies: []string{"euconsent-v2=" + a + "\x80"}}, unreadable},
		"cookie with inner space":     {request{cookies: []string{"euconsent-v2= CP aaa "}}, unreadable},
		"cookie with outer space":     {request{cookies: []string{" euconsent-v2 = " + a + " ;"}}, a},
		"after 4000 cookies":          {request{cookies: []string{strings.Repeat("a=b;", 4000) + "euconsent-v2=" + a}}, a},
		"after 12000 parameters":      {request{query: strings.Repeat("a=b&", 12000) + "gdpr_consent=" + a}, a},
		"after a semicolon":           {request{query: "x=y;gdpr_consent=" + a}, a},
		"after a broken parameter":    {request{query: "%zz=%zz&gdpr_consent=" + a}, a},
		"another case of the cookie":  {request{cookies: []string{"EUConsent-v2=" + a}}, ""},
		"a longer name":               {request{nil, []string{"euconsent-v22=" + a}, "gdpr_consent_12=" + a}, ""},
		"the largest":                 {request{query: "gdpr_consent=" + long}, long},
		"too large":                   {request{query: "gdpr_consent=" + long + "A"}, unreadable},
		"too large in a cookie":       {request{cookies: []string{"euconsent-v2=" + long + "A"}}, unreadable},
		"too large in a header":       {request{header: inHeader(long + "A")}, unreadable},
		"too large beside a good one": {request{header: inHeader(long + "A"), query: "gdpr_consent=" + a}, unreadable},
		"not of its alphabet":         {request{header: inHeader("ann@example.com")}, unreadable},
		"beyond ASCII":                {request{query: "gdpr_consent=%C3%A9"}, unreadable},
		"a null":                      {request{query: "gdpr_consent=%00"}, unreadable},
		"the unreadable itself":       {request{query: "gdpr_consent=?"}, unreadable},
		"gdpr=0 changes nothing":      {request{query: "gdpr=0&gdpr_consent=" + a}, a},
	} {
		s := hear(t, h, c.q.make())
		if s.TCF != c.want || s.GPP != "" || s.GPC || len(s.GPPSections) != 0 {
			t.Errorf("%s: %.40q", name, s.TCF)
		}
	}
}

func TestSections(t *testing.T) {
	h := handlers(t, consenthttp.Config{Verify: verify})
	many := strings.TrimSuffix(strings.Repeat("7,", 64), ",")
	for name, c := range map[string]struct {
		q    request
		gpp  string
		want []int
	}{
		"none":                       {request{query: "gpp=D~1"}, "D~1", nil},
		"one":                        {request{query: "gpp=D~1&gpp_sid=7"}, "D~1", []int{7}},
		"two, sorted, once":          {request{query: "gpp=D~1&gpp_sid=8,7,8"}, "D~1", []int{7, 8}},
		"escaped comma":              {request{query: "gpp=D~1&gpp_sid=7%2C8"}, "D~1", []int{7, 8}},
		"of an app":                  {request{header: [][2]string{{"IABGPP-HDR-GppString", "D~1"}, {"IABGPP-GppSID", "2_6"}}}, "D~1", []int{2, 6}},
		"with spaces":                {request{header: [][2]string{{"IABGPP-HDR-GppString", "D~1"}, {"IABGPP-GppSID", " 2, 6 "}}}, "D~1", []int{2, 6}},
		"of cookies":                 {request{cookies: []string{"__gpp=D~1; __gpp_sid=7%2C8"}}, "D~1", []int{7, 8}},
		"the same, spelled twice":    {request{query: "gpp=D~1&gpp_sid=7,8", cookies: []string{"__gpp_sid=8_7"}}, "D~1", []int{7, 8}},
		"differ":                     {request{query: "gpp=D~1&gpp_sid=7", cookies: []string{"__gpp_sid=8"}}, unreadable, nil},
		"differ in one":              {request{query: "gpp=D~1&gpp_sid=7&gpp_sid=7,8"}, unreadable, nil},
		"none applies":               {request{query: "gpp=D~1&gpp_sid=0"}, "D~1", nil},
		"not known":                  {request{query: "gpp=D~1&gpp_sid=-1"}, "D~1", nil},
		"none and one":               {request{query: "gpp=D~1&gpp_sid=0,7"}, "D~1", nil},
		"none here, one there":       {request{query: "gpp=D~1&gpp_sid=0", cookies: []string{"__gpp_sid=7"}}, unreadable, nil},
		"one here, none there":       {request{query: "gpp=D~1&gpp_sid=7", cookies: []string{"__gpp_sid=0"}}, unreadable, nil},
		"empty":                      {request{query: "gpp=D~1&gpp_sid="}, "D~1", nil},
		"junk":                       {request{query: "gpp=D~1&gpp_sid=x"}, unreadable, nil},
		"junk after none":            {request{query: "gpp=D~1&gpp_sid=0,x"}, unreadable, nil},
		"junk, then good":            {request{query: "gpp=D~1&gpp_sid=x&gpp_sid=7"}, unreadable, nil},
		"only commas":                {request{query: "gpp=D~1&gpp_sid=,,"}, unreadable, nil},
		"negative":                   {request{query: "gpp=D~1&gpp_sid=-7"}, unreadable, nil},
		"sign":                       {request{query: "gpp=D~1&gpp_sid=%2B7"}, unreadable, nil},
		"too large an id":            {request{query: "gpp=D~1&gpp_sid=65536"}, unreadable, nil},
		"largest id":                 {request{query: "gpp=D~1&gpp_sid=65535"}, "D~1", []int{65535}},
		"overflow":                   {request{query: "gpp=D~1&gpp_sid=18446744073709551623"}, unreadable, nil},
		"64":                         {request{query: "gpp=D~1&gpp_sid=" + many}, "D~1", []int{7}},
		"65":                         {request{query: "gpp=D~1&gpp_sid=" + many + ",7"}, unreadable, nil},
		"too long":                   {request{query: "gpp=D~1&gpp_sid=" + strings.Repeat(",", 9000) + "7"}, unreadable, nil},
		"sections without a string":  {request{query: "gpp_sid=7"}, unreadable, nil},
		"none applies, and none is":  {request{query: "gpp_sid=0"}, "", nil},
		"beside an unreadable":       {request{query: "gpp=@&gpp_sid=7"}, unreadable, nil},
		"strings differ":             {request{query: "gpp=D~1&gpp_sid=7", cookies: []string{"__gpp=D~2"}}, unreadable, nil},
		"a TC string is another one": {request{query: "gdpr_consent=D~1"}, "", nil},
	} {
		s := hear(t, h, c.q.make())
		if s.GPP != c.gpp || !slices.Equal(s.GPPSections, c.want) {
			t.Errorf("%s: %q %v", name, s.GPP, s.GPPSections)
		}
	}
}

func TestOwnNames(t *testing.T) {
	h := handlers(t, consenthttp.Config{Verify: verify, TCF: consenthttp.Names{Cookie: "c"}, GPP: consenthttp.Names{Header: "X-G"}, Sections: consenthttp.Names{Query: "s"}})
	s := hear(t, h, request{
		header:  [][2]string{{"X-G", "D"}, {"IABTCF-TCString", "x"}},
		cookies: []string{"c=C; euconsent-v2=x; __gpp=x"}, query: "s=7&gdpr_consent=x&gpp=x&gpp_sid=9",
	}.make())
	if s.TCF != "C" || s.GPP != "D" || !slices.Equal(s.GPPSections, []int{7}) {
		t.Errorf("%+v", s)
	}
}

func TestAge(t *testing.T) {
	s := &service{}
	for name, c := range map[string]struct {
		age  func(*http.Request) consent.Age
		want consent.Age
	}{
		"none":         {nil, consent.AgeUnknown},
		"adult":        {func(*http.Request) consent.Age { return consent.Adult }, consent.Adult},
		"child":        {func(*http.Request) consent.Age { return consent.Child }, consent.Child},
		"out of range": {func(*http.Request) consent.Age { return consent.Child + 1 }, consent.AgeUnknown},
		"panic":        {func(*http.Request) consent.Age { panic("canary") }, consent.AgeUnknown},
	} {
		cfg := s.config(t)
		cfg.Age = c.age
		r := request{query: "age=adult", cookies: []string{"age=1", "session=ann"}}.make()
		if got := hear(t, handlers(t, cfg), r); got.Age != c.want || s.signals.Age != c.want {
			t.Errorf("%s: %v, Decide got %v", name, got.Age, s.signals.Age)
		}
	}
	if len(s.failed) != 1 || s.failed[0].Call != "Age" {
		t.Errorf("failures: %v", s.failed)
	}
}
