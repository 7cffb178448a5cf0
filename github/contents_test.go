package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
)

func TestContents(t *testing.T) {
	const raw = "application/vnd.github.raw+json; charset=utf-8"
	for name, test := range map[string]struct {
		path, ref string
		handler   http.HandlerFunc
		asked     string
		want      string
		found     bool
		err       error
	}{
		"file":         {".github/rekey.yml", "", answer(200, "fail_on: live\n", "Content-Type", raw), "/contents/.github/rekey.yml", "fail_on: live\n", true, nil},
		"JSON file":    {"package.json", "", answer(200, "{}", "Content-Type", raw), "/contents/package.json", "{}", true, nil},
		"empty file":   {"a", "", answer(200, "", "Content-Type", raw), "/contents/a", "", true, nil},
		"odd name":     {"a b/ü?#%.yml", "x&y", answer(200, "x", "Content-Type", raw), "/contents/a%20b/%C3%BC%3F%23%25.yml?ref=x%26y", "x", true, nil},
		"none":         {"a", sha, answer(404, `{"message":"Not Found"}`), "/contents/a?ref=" + sha, "", false, nil},
		"empty repo":   {"a", "", answer(404, `{"message":"This repository is empty."}`), "/contents/a", "", false, nil},
		"directory":    {"a", "", answer(200, `[{"type":"file"}]`), "/contents/a", "", false, nil},
		"no such ref":  {"a", sha, answer(404, `{"message":"No commit found for the ref `+sha+`"}`), "/contents/a?ref=" + sha, "", false, github.ErrNoCommit},
		"no right":     {"a", "", answer(403, `{"message":"Resource not accessible by integration"}`), "/contents/a", "", false, github.ErrForbidden},
		"1 MiB":        {"a", "", answer(200, strings.Repeat("x", 1<<20), "Content-Type", raw), "/contents/a", strings.Repeat("x", 1<<20), true, nil},
		"over 1 MiB":   {"a", "", answer(200, strings.Repeat("x", 1<<20+1), "Content-Type", raw), "/contents/a", "", false, github.ErrTooLarge},
		"out of it":    {"../../../user", "", nil, "", "", false, nil},
		"dots":         {"a/./b", "", nil, "", "", false, nil},
		"from the top": {"/etc/passwd", "", nil, "", "", false, nil},
		"no path":      {"", "", nil, "", "", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub()
			var asked string
			s.HandleFunc("GET /api/v3/repos/acme/api/contents/", func(w http.ResponseWriter, r *http.Request) {
				asked = strings.TrimPrefix(r.RequestURI, apiURL+"/repos/acme/api")
				if r.Header.Get("Accept") != "application/vnd.github.raw+json" {
					t.Errorf("asked for %q", r.Header.Get("Accept"))
				}
				test.handler(w, r)
			})
			text, found, err := s.client(t).Contents(t.Context(), test.path, test.ref)
			if string(text) != test.want || found != test.found || !errors.Is(err, test.err) {
				t.Errorf("%.40q, %v, %v", text, found, err)
			}
			if asked != test.asked {
				t.Errorf("asked for %q, want %q", asked, test.asked)
			}
		})
	}
}

func TestPermission(t *testing.T) {
	for body, want := range map[string]string{
		`{"permission":"admin","role_name":"admin"}`:    "admin",
		`{"permission":"write","role_name":"maintain"}`: "maintain",
		`{"permission":"read","role_name":"triage"}`:    "triage",
		`{"permission":"none","role_name":"none"}`:      "none",
		`{"permission":"none","role_name":""}`:          "none",
		`{"permission":"write"}`:                        "write",
		`{"permission":"write","role_name":"release crew","user":{"permissions":{"push":true,"pull":true}}}`: "write",
		`{"permission":"write","role_name":"lead","user":{"permissions":{"maintain":true,"push":true}}}`:     "maintain",
		`{"permission":"read","role_name":"security","user":{"permissions":{"admin":false,"pull":true}}}`:    "read",
		`{"permission":"read","role_name":"security","user":{"permissions":{"admin":false,"pull":false}}}`:   "read",
		`{"permission":"read","role_name":"security","user":null}`:                                           "read",
		`{"permission":"owner","role_name":"owner"}`:                                                         "",
		`{}`: "",
	} {
		s := newStub()
		s.on("GET", "/collaborators/kim/permission", answer(200, body))
		got, err := s.client(t).Permission(t.Context(), "kim")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v, want %q", body, got, err, want)
		}
	}
	s := newStub()
	s.on("GET", "/collaborators/dependabot[bot]/permission", answer(404, `{"message":"dependabot[bot] is not a user"}`))
	s.on("GET", "/collaborators/kim/permission", answer(404, `{"message":"Not Found"}`))
	c := s.client(t)
	if got, err := c.Permission(t.Context(), "dependabot[bot]"); got != "none" || err != nil {
		t.Errorf("a bot: %q, %v", got, err)
	}
	if got, err := c.Permission(t.Context(), "kim"); got != "" || !errors.Is(err, github.ErrNotFound) {
		t.Errorf("not found: %q, %v", got, err)
	}
}

func TestAssignable(t *testing.T) {
	s := newStub()
	s.on("GET", "/assignees/kim", answer(204, ""))
	s.on("GET", "/assignees/lee", answer(404, `{"message":"Not Found"}`))
	s.on("GET", "/assignees/moe", answer(500, ``))
	c := s.client(t)
	for login, want := range map[string]bool{"kim": true, "lee": false, "a/b": false, "": false} {
		if got, err := c.Assignable(t.Context(), login); got != want || err != nil {
			t.Errorf("%s: %v, %v", login, got, err)
		}
	}
	if _, err := c.Assignable(t.Context(), "moe"); err == nil {
		t.Error("a failure is taken for an answer")
	}
}

func TestRepositories(t *testing.T) {
	const repository = `{"id":%d,"name":"api","owner":{"login":"acme"},"default_branch":"trunk","private":true,"archived":true,"fork":true,"pushed_at":%s}`
	s := newStub()
	s.on("GET", "", answer(200, fmt.Sprintf(repository, 77, `"2026-03-01T12:00:00Z"`)))
	s.HandleFunc("GET /api/v3/installation/repositories", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			answer(200, `{"repositories":[`+fmt.Sprintf(repository, 1, "null")+`]}`, "Link", `<`+apiURL+`/installation/repositories?per_page=100&page=2>; rel="next"`)(w, r)
			return
		}
		answer(200, `{"repositories":[`+fmt.Sprintf(repository, 2, "1772366400")+`]}`)(w, r)
	})
	s.HandleFunc("GET /api/v3/app/installations", answer(200,
		`[{"id":5,"account":{"id":9,"login":"acme"},"suspended_at":"2026-03-01T12:00:00Z"},{"id":6,"account":null}]`))
	app := s.app(t)
	want := github.RepositoryInfo{
		Repository:    github.Repository{Installation: 5, ID: 77, Owner: "acme", Name: "api"},
		DefaultBranch: "trunk", Private: true, Archived: true, Fork: true, PushedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	got, err := s.client(t).Repository(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	list, err := app.InstallationRepositories(t.Context(), 5)
	if err != nil || len(list) != 2 || list[0].ID != 1 || !list[0].PushedAt.IsZero() || !list[1].PushedAt.Equal(want.PushedAt) {
		t.Errorf("%+v, %v", list, err)
	}
	installations, err := app.Installations(t.Context())
	if diff := cmp.Diff([]github.Installation{{ID: 5, AccountID: 9, Account: "acme", Suspended: true}, {ID: 6}}, installations); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
}
