// Package openapi holds requests and answers of Clerk's APIs against what Clerk's descriptions say of them, in tests.
//
// Start with [Watch]: what it returns goes around a clerktest.Server, and from then on each breach fails the test.
package openapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

//go:embed clerk.yaml
var described []byte

// TB is what of testing.TB is used here.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Watch returns a wrapper for a stand-in that fails the test for each breach of the descriptions.
func Watch(t TB) func(http.Handler) http.Handler {
	t.Helper()
	d, err := openapi3.NewLoader().LoadFromData(described)
	if err != nil {
		t.Fatalf("Clerk's description: %v", err)
	}
	router, err := legacy.NewRouter(d)
	if err != nil {
		t.Fatalf("Clerk's description: %v", err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			kept := &tee{ResponseWriter: w, status: http.StatusOK}
			defer func() { // also when the connection is to be cut: the request is to be right all the same
				failed := recover()
				for _, breach := range check(router, r, body, kept, failed == nil) {
					t.Errorf("%s %s: %v", r.Method, r.URL.Path, breach)
				}
				if failed != nil {
					panic(failed)
				}
			}()
			next.ServeHTTP(kept, r)
		})
	}
}

// check returns what in a request, and in its answer if that was whole, breaks the description. A request that was refused as such is not
// checked itself: refusing it was right.
func check(router routers.Router, r *http.Request, body []byte, answer *tee, whole bool) []error {
	request := r.Clone(r.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	route, values, err := router.FindRoute(request)
	if err != nil {
		if whole && answer.status == http.StatusNotFound {
			return nil
		}
		return []error{fmt.Errorf("no such endpoint is described: %w", err)}
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: values, Route: route, Options: &openapi3filter.Options{MultiError: true, SkipSettingDefaults: true},
	}
	var breaches []error
	if !slices.Contains([]int{http.StatusBadRequest, http.StatusUnprocessableEntity}, answer.status) {
		breaches = append(breaches, checkRequest(input, body)...)
	}
	if !whole {
		return breaches
	}
	if err := checkAnswer(input, answer); err != nil {
		breaches = append(breaches, err)
	}
	return breaches
}

func checkRequest(input *openapi3filter.RequestValidationInput, body []byte) []error {
	var breaches []error
	if err := openapi3filter.ValidateRequest(input.Request.Context(), input); err != nil {
		breaches = append(breaches, fmt.Errorf("request: %w", err))
	}
	for name := range input.Request.URL.Query() {
		if input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			breaches = append(breaches, fmt.Errorf("request: there is no query parameter %q", name))
		}
	}
	if input.Route.Operation.RequestBody == nil && len(body) > 0 {
		breaches = append(breaches, fmt.Errorf("request: it has no body, got %d bytes", len(body)))
	}
	return breaches
}

// checkAnswer holds the answer against its status. Refusals that the description leaves out, such as 429, are in Clerk's form too.
func checkAnswer(input *openapi3filter.RequestValidationInput, answer *tee) error {
	if !strings.HasPrefix(answer.Header().Get("Content-Type"), "application/json") {
		return nil // of a proxy, or broken on purpose
	}
	if input.Route.Operation.Responses.Status(answer.status) == nil {
		if answer.status < http.StatusBadRequest {
			return fmt.Errorf("answer: status %d is not described", answer.status)
		}
		var value any
		if err := json.Unmarshal(answer.body.Bytes(), &value); err != nil {
			return fmt.Errorf("answer %d: %w", answer.status, err)
		}
		if err := input.Route.Spec.Components.Schemas["errors"].Value.VisitJSON(value); err != nil {
			return fmt.Errorf("answer %d: %w", answer.status, err)
		}
		return nil
	}
	err := openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.status, Header: answer.Header(),
		Body: io.NopCloser(bytes.NewReader(answer.body.Bytes())), Options: input.Options,
	})
	if err != nil {
		return fmt.Errorf("answer %d: %w", answer.status, err)
	}
	return nil
}

// tee keeps what it passes on.
type tee struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }
