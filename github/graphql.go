package github

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gogithub "github.com/google/go-github/v62/github"
)

const queryRoute = "/graphql"

// graphqlURL is where GraphQL is beside REST: a GitHub Enterprise Server has it outside /api/v3.
func graphqlURL(api *url.URL) *url.URL {
	at := *api
	at.Path = strings.TrimSuffix(at.Path, "/v3") + queryRoute
	return &at
}

// graphql makes a request of GraphQL and reads its data into v, also what came beside an error. Errors are as those of REST: what
// GraphQL calls NOT_FOUND is [ErrNotFound], FORBIDDEN [ErrForbidden], and RATE_LIMITED is waited for.
func (c *Client) graphql(ctx context.Context, op string, class class, query string, variables map[string]any, v any) error {
	if c.bare {
		return &Error{Op: op, About: c.calls.about, Err: ErrNoToken}
	}
	at := graphqlURL(c.app.api).String()
	return c.do(ctx, op, class, func(ctx context.Context, rest *gogithub.Client) error {
		count(ctx, Spent{Points: pointsOf(query) - 1})
		request, err := rest.NewRequest(http.MethodPost, at, map[string]any{"query": query, "variables": variables})
		if err != nil {
			return err
		}
		answer := queryAnswer{Data: v}
		resp, err := rest.Do(ctx, request, &answer)
		if err != nil || len(answer.Errors) == 0 {
			return err
		}
		return &queryError{header: resp.Header, errors: answer.Errors}
	})
}

// queryAnswer is how GraphQL answers, always with status 200.
type queryAnswer struct {
	Data   any          `json:"data"`
	Errors []queryFault `json:"errors"`
}

type queryFault struct {
	Type    string `json:"type"` // of an error in executing it: NOT_FOUND, FORBIDDEN, RATE_LIMITED …
	Message string `json:"message"`
	// Extensions tell what is wrong with a query that was not executed.
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

// queryError is an answer of GraphQL with errors.
type queryError struct {
	header http.Header
	errors []queryFault
}

func (e *queryError) Error() string { return e.failure().describe() }

// onlyMissing reports whether all that is wrong is that something does not exist.
func (e *queryError) onlyMissing() bool {
	for _, fault := range e.errors {
		if fault.Type != "NOT_FOUND" {
			return false
		}
	}
	return true
}

// failure is the error in the terms of REST. Of several errors, the one that says most about what to do counts: what GitHub has no type
// for, such as a timeout, is its own problem.
func (e *queryError) failure() failure {
	worst, status := queryFault{}, 0
	for _, fault := range e.errors {
		if s := fault.status(); status == 0 || rankOf(s) < rankOf(status) {
			worst, status = fault, s
		}
	}
	return failure{
		method: http.MethodPost, path: queryRoute, status: status, header: e.header, message: worst.Message,
		query: cmp.Or(worst.Type, worst.Extensions.Code, "an error"), limited: status == http.StatusTooManyRequests,
	}
}

func (f queryFault) status() int {
	switch f.Type {
	case "RATE_LIMITED", "RATE_LIMIT":
		return http.StatusTooManyRequests
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		return http.StatusForbidden
	case "NOT_FOUND":
		return http.StatusNotFound
	case "", "SERVICE_UNAVAILABLE", "INTERNAL", "TIMEOUT", "LOADER_TIMEOUT":
		if f.Extensions.Code == "" {
			return http.StatusBadGateway
		}
	}
	return http.StatusUnprocessableEntity
}

// rankOf orders the statuses of a query's errors, the one that decides first.
func rankOf(status int) int {
	return slices.Index([]int{
		http.StatusTooManyRequests, http.StatusBadGateway, http.StatusUnprocessableEntity, http.StatusForbidden, http.StatusNotFound,
	}, status)
}
