package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

// takenByGitHub holds what a command prints against GitHub's description of the POST that it is the body of.
func takenByGitHub(t *testing.T, path string, args ...string) {
	t.Helper()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), args, nil, &out, &errOut); status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, errOut.String())
	}
	d, err := openapi.GitHub()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.Header.Set("Content-Type", "application/json")
	for _, err := range d.Check(openapi.Exchange{
		Request: r, Path: path, Body: out.Bytes(), Status: http.StatusForbidden,
		Header: http.Header{"Content-Type": {"application/json"}}, Answer: []byte(`{"message": "no"}`),
	}) {
		t.Errorf("%v: %v", args, err)
	}
}

func TestGitHubTakesThePatterns(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/orgs/acme/secret-scanning/custom-patterns", "/repos/acme/api/secret-scanning/custom-patterns"} {
		takenByGitHub(t, path, "github-pattern")
	}
}
