package consenthttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"github.com/discreet-go/discreet/consent"
)

// maxBody is the size of the largest body, in bytes.
const maxBody = 4096

// field is the only one that a body may have.
const field = "purposes"

// readBody returns the purposes that the body names, none for an empty body.
func readBody(w http.ResponseWriter, r *http.Request, takes bool) ([]string, *refusal) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &largeBody
	}
	if err != nil {
		return nil, &badBody
	}
	if len(body) == 0 {
		return nil, nil
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, &bodyType
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, &bodyType
	}
	var purposes []string
	ok := false
	switch kind {
	case "application/x-www-form-urlencoded":
		purposes, ok = parseForm(body)
	case "application/json":
		purposes, ok = parseJSON(body)
	default:
		return nil, &bodyType
	}
	if !ok || len(purposes) > 0 && !takes {
		return nil, &badBody
	}
	for _, p := range purposes {
		if !consent.ValidPurpose(p) {
			return nil, &noPurpose
		}
	}
	slices.Sort(purposes)
	return slices.Compact(purposes), nil
}

// parseForm reads a form. ok is false for any field but purposes.
func parseForm(body []byte) (purposes []string, ok bool) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, false
	}
	for name := range form {
		if name != field {
			return nil, false
		}
	}
	return form[field], true
}

// parseJSON reads an object that is empty or holds purposes, once, in exactly
// that spelling: a list of at least one string.
func parseJSON(body []byte) (purposes []string, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	is := func(want json.Token) bool { got, err := d.Token(); return err == nil && got == want }
	if !is(json.Delim('{')) {
		return nil, false
	}
	if d.More() {
		if !is(field) || !is(json.Delim('[')) {
			return nil, false
		}
		for d.More() {
			t, err := d.Token()
			p, isText := t.(string)
			if err != nil || !isText {
				return nil, false
			}
			purposes = append(purposes, p)
		}
		if len(purposes) == 0 || !is(json.Delim(']')) {
			return nil, false
		}
	}
	if !is(json.Delim('}')) {
		return nil, false
	}
	_, err := d.Token()
	return purposes, err == io.EOF
}
