package openapi_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

// small is a description of GitHub's kind: paths that overlap, and parameters with slashes.
const small = `{
 "openapi": "3.0.3", "info": {"title": "small", "version": "1"},
 "paths": {
  "/repos/{owner}/{repo}/issues": {
   "post": {
    "parameters": [{"$ref": "#/components/parameters/owner"}, {"$ref": "#/components/parameters/repo"},
                   {"name": "draft", "in": "query", "schema": {"type": "boolean"}}],
    "requestBody": {"content": {"application/json": {"schema": {"type": "object", "required": ["title"], "properties": {
      "title": {"type": "string"}, "labels": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"name": {"type": "string"}}}]}},
      "rules": {"type": "array", "items": {"anyOf": [{"type": "object", "properties": {"of": {"type": "object", "properties": {"a": {"type": "string"}}}}},
        {"type": "object", "properties": {"of": {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "string"}}}}}}}}]}}}}}}},
    "responses": {"201": {"description": "made", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/issue"}}}},
                  "422": {"description": "refused", "content": {"application/json": {"schema": {"type": "object", "required": ["message"]}}}}}}},
  "/repos/{owner}/{repo}/issues/comments": {"get": {"responses": {"200": {"description": "ok"}}}},
  "/repos/{owner}/{repo}/issues/{number}": {"get": {"responses": {"200": {"description": "ok"}}}},
  "/repos/{owner}/{repo}/contents/{path}": {"get": {"responses": {"200": {"description": "ok"}}}},
  "/repos/{owner}/{repo}/commits/{ref}/check-runs": {"get": {"responses": {"200": {"description": "ok"}}}}
 },
 "components": {
  "parameters": {
   "owner": {"name": "owner", "in": "path", "required": true, "schema": {"type": "string"}},
   "repo": {"name": "repo", "in": "path", "required": true, "schema": {"type": "string"}}},
  "schemas": {
   "issue": {"type": "object", "required": ["number", "user"], "properties": {"number": {"type": "integer"}, "user": {"$ref": "#/components/schemas/user"}}},
   "user": {"type": "object", "nullable": true, "required": ["login"], "properties": {"login": {"type": "string"}, "boss": {"$ref": "#/components/schemas/user"}}}}
 }
}`

func load(t *testing.T, text string) *openapi.Description {
	t.Helper()
	d, err := openapi.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := load(t, small)
	for _, test := range []struct {
		name, request, body string
		status              int
		answer              string
		want                string // "": nothing
	}{
		{"good", "POST /repos/a/b/issues?draft=true", `{"title": "t", "labels": ["x", {"name": "y"}]}`, 201, `{"number": 1, "user": {"login": "a"}}`, ""},
		{"null user", "POST /repos/a/b/issues", `{"title": "t"}`, 201, `{"number": 1, "user": null}`, ""},
		{"no such path", "GET /repos/a/b/branches", ``, 200, ``, "no such endpoint"},
		{"no such method", "GET /repos/a/b/issues", ``, 200, ``, "no such endpoint"},
		{"no title", "POST /repos/a/b/issues", `{}`, 201, `{"number": 1, "user": null}`, `"title" is missing`},
		{"refused rightly", "POST /repos/a/b/issues", `{}`, 422, `{"message": "m"}`, ""},
		{"unknown field", "POST /repos/a/b/issues", `{"title": "t", "assigness": []}`, 201, `{"number": 1, "user": null}`, "no field .assigness"},
		{"unknown field below", "POST /repos/a/b/issues", `{"title": "t", "labels": [{"title": "x"}]}`, 201, `{"number": 1, "user": null}`, "no field .labels[0].title"},
		{"field of the second alternative", "POST /repos/a/b/issues", `{"title": "t", "rules": [{"of": {"b": [{"c": "x"}]}}]}`, 201, `{"number": 1, "user": null}`, ""},
		{"field of no alternative", "POST /repos/a/b/issues", `{"title": "t", "rules": [{"of": {"b": [{"d": "x"}]}}]}`, 201, `{"number": 1, "user": null}`, "no field .rules[0].of.b[0].d"},
		{"unknown query", "POST /repos/a/b/issues?page=1", `{"title": "t"}`, 201, `{"number": 1, "user": null}`, `no query parameter "page"`},
		{"wrong query", "POST /repos/a/b/issues?draft=perhaps", `{"title": "t"}`, 201, `{"number": 1, "user": null}`, "draft"},
		{"wrong answer", "POST /repos/a/b/issues", `{"title": "t"}`, 201, `{"number": "1", "user": null}`, "/number"},
		{"wrong answer below", "POST /repos/a/b/issues", `{"title": "t"}`, 201, `{"number": 1, "user": {"login": "a", "boss": {}}}`, "login"},
		{"status", "POST /repos/a/b/issues", `{"title": "t"}`, 200, `{}`, "status 200 is not described"},
		{"error that is not described", "POST /repos/a/b/issues", `{"title": "t"}`, 403, `{"message": "no"}`, ""},
		{"error without words", "POST /repos/a/b/issues", `{"title": "t"}`, 403, `{}`, "without a message"},
		{"literal before parameter", "GET /repos/a/b/issues/comments", ``, 200, ``, ""},
		{"path with slashes", "GET /repos/a/b/contents/x/y%20z.txt", ``, 200, ``, ""},
		{"root directory", "GET /repos/a/b/contents/", ``, 200, ``, ""},
		{"ref with slashes", "GET /repos/a/b/commits/heads/x/y/check-runs", ``, 200, ``, ""},
		{"number without slashes", "GET /repos/a/b/issues/1/2", ``, 200, ``, "no such endpoint"},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Content-Type", "application/json")
		errs := d.Check(openapi.Exchange{
			Request: r, Path: r.URL.EscapedPath(), Body: []byte(test.body), Status: test.status,
			Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Answer: []byte(test.answer),
		})
		got := errors.Join(errs...)
		if (test.want == "") != (got == nil) || got != nil && !strings.Contains(got.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, got, test.want)
		}
	}
}

func TestWrapPassesEverythingOn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var breaches []error
	wrap := load(t, small).Wrap(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		breaches = append(breaches, err)
	})
	s := httptest.NewServer(wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
	})))
	defer s.Close()
	const body = `{"title": "t", "number": 1, "user": null}`
	resp, err := http.Post(s.URL+"/api/v3/repos/a/b/issues", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != body || resp.StatusCode != http.StatusCreated {
		t.Errorf("%d with %q, %v", resp.StatusCode, got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(breaches) != 2 || !strings.Contains(errors.Join(breaches...).Error(), "no field .user") {
		t.Errorf("breaches %v, want the request's two unknown fields", breaches)
	}
}

func TestBrokenDescriptions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", `{"paths": {"/a": 1}}`} {
		if _, err := openapi.Read([]byte(text)); err == nil {
			t.Errorf("%q was taken for a description", text)
		}
	}
	dangling := load(t, strings.ReplaceAll(small, `"user": {"type"`, `"person": {"type"`))
	r := httptest.NewRequest(http.MethodPost, "/repos/a/b/issues", nil)
	if errs := dangling.Check(openapi.Exchange{Request: r, Path: r.URL.Path, Status: 422}); len(errs) != 1 || !strings.Contains(errs[0].Error(), "no component schemas/user") {
		t.Errorf("a reference to nothing: %v", errs)
	}
}

// TestGitHubsOwn resolves every path of GitHub's description that the stand-in serves.
func TestGitHubsOwn(t *testing.T) {
	t.Parallel()
	d, err := openapi.GitHub()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{
		"GET /app", "POST /app/installations/1/access_tokens", "GET /installation/repositories", "GET /repos/a/b",
		"GET /repos/a/b/commits/heads/x/check-runs", "GET /repos/a/b/contents/.github/rekey.yml",
	} {
		method, path, _ := strings.Cut(request, " ")
		errs := d.Check(openapi.Exchange{
			Request: httptest.NewRequest(method, path, nil), Path: path, Status: 403,
			Header: http.Header{"Content-Type": {"application/json"}}, Answer: []byte(`{"message": "no"}`),
		})
		for _, err := range errs {
			if !strings.Contains(err.Error(), "request") {
				t.Error(err)
			}
		}
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	text, err := load(t, small).Trim(func(path string) bool { return strings.HasSuffix(path, "/issues") })
	if err != nil {
		t.Fatal(err)
	}
	trimmed := load(t, string(text))
	for path, found := range map[string]bool{"/repos/a/b/issues": true, "/repos/a/b/issues/comments": false} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))
		errs := trimmed.Check(openapi.Exchange{
			Request: r, Path: path, Body: []byte(`{}`), Status: 422, Answer: []byte(`{"message": "no"}`),
			Header: http.Header{"Content-Type": {"application/json"}},
		})
		if (len(errs) == 0) != found {
			t.Errorf("%s: %v", path, errs)
		}
	}
}
