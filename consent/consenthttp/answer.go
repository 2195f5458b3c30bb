package consenthttp

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// refusal is an answer that refuses. Nothing of a request enters it.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

var (
	badBody     = refusal{http.StatusBadRequest, "body", "The body may hold a list of purposes, and nothing else."}
	noPurpose   = refusal{http.StatusBadRequest, "purpose", "There is no such purpose."}
	unverified  = refusal{http.StatusUnauthorized, "unverified", "Sign in first: we answer only to the person whom it is about."}
	crossSite   = refusal{http.StatusForbidden, "cross-site", "This request came from another site."}
	notFound    = refusal{http.StatusNotFound, "not-found", "There is nothing here."}
	wrongMethod = refusal{http.StatusMethodNotAllowed, "method", "This method is not allowed here."}
	largeBody   = refusal{http.StatusRequestEntityTooLarge, "body-too-large", "The body is too large."}
	bodyType    = refusal{http.StatusUnsupportedMediaType, "body-type", "The body must be a form or JSON."}
	internal    = refusal{http.StatusInternalServerError, "internal", "Something went wrong on our side. Please try again."}
	unavailable = refusal{http.StatusServiceUnavailable, "unavailable", "The request ended early. Please try again."}
)

// change is the answer to what changes something.
type change struct {
	Done    string `json:"done"`
	Message string `json:"message"`
	Stays   string `json:"stays"`
	Details any    `json:"details,omitempty"`
}

const stays = "Statistics that were released before stay as they are: random noise in them bounds what they reveal about any one person (differential privacy). "

var (
	erased = change{Done: "erased", Message: "What we held about you is deleted.",
		Stays: stays + "Those that are released from now on are made without what was deleted."}
	withdrawn = change{Done: "withdrawn", Message: "Your consent ended now, and what we held because of it is deleted.",
		Stays: "What was done before, while you agreed, stays lawful. " + stays + "Those that are released from now on are made without what was deleted."}
	objected = change{Done: "objected", Message: "We do not profile you for advertising any more.",
		Stays: stays + "Those that are released for advertising from now on are made without you."}
)

// secure sets the headers that all answers to a person have.
func secure(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func refuse(w http.ResponseWriter, f refusal) {
	body, _ := json.Marshal(f) // two strings
	write(w, f.status, body)
}

// answer writes value as JSON, as a download where file is a name. After an
// error nothing was written.
func answer(w http.ResponseWriter, file string, value any) error {
	var body []byte
	err := guard(func() (err error) { body, err = json.Marshal(value); return err })
	if err != nil {
		return err
	}
	if file != "" {
		w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	}
	write(w, http.StatusOK, body)
	return nil
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who left does not hear the answer
}
