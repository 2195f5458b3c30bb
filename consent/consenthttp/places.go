package consenthttp

import (
	"net/http"
	"net/url"
	"strings"
)

// each calls hear with the value of every header line, cookie and query
// parameter of these names. The parsers of net/http and net/url drop what they
// do not like, and everything after some number of cookies; here a broken value
// is heard as Unreadable.
func each(r *http.Request, names *Names, hear func(string)) {
	if names.Header != "" {
		for _, line := range r.Header.Values(names.Header) {
			hear(strings.TrimSpace(line))
		}
	}
	if names.Cookie != "" {
		for _, line := range r.Header["Cookie"] {
			eachCookie(line, names.Cookie, hear)
		}
	}
	if names.Query != "" && r.URL != nil {
		eachParameter(r.URL.RawQuery, names.Query, hear)
	}
}

func eachCookie(line, name string, hear func(string)) {
	for part := range strings.SplitSeq(line, ";") {
		key, value, _ := strings.Cut(part, "=")
		if strings.TrimSpace(key) != name {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		hear(unescape(value, url.PathUnescape)) // some scripts escape commas
	}
}

func eachParameter(query, name string, hear func(string)) {
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(part, "=")
		if key, err := url.QueryUnescape(key); err == nil && key == name {
			hear(unescape(value, url.QueryUnescape))
		}
	}
}

func unescape(value string, by func(string) (string, error)) string {
	text, err := by(value)
	if err != nil {
		return Unreadable
	}
	return text
}
