package github

import "testing"

func TestTokensForgetTheLeastRecentlyUsed(t *testing.T) {
	var all tokens
	app := new(App)
	key := func(id int) tokenKey { return tokenKey{installation: 1, repository: int64(id), access: ScanAccess} }
	first, second := all.of(app, key(0)), all.of(app, key(1))
	for id := 2; id < maxTokens; id++ {
		all.of(app, key(id))
	}
	if all.of(app, key(0)) != first {
		t.Error("a source was forgotten although there was room")
	}
	all.of(app, key(maxTokens))
	if len(all.sources) != maxTokens {
		t.Errorf("%d sources, want %d", len(all.sources), maxTokens)
	}
	if all.of(app, key(0)) != first {
		t.Error("a source that was just used was forgotten")
	}
	if all.of(app, key(1)) == second {
		t.Error("the least recently used source was kept")
	}
}

func TestRoutes(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v3/app": "/app",
		"/api/v3/app/installations/7/access_tokens":                 tokenRoute,
		"/api/v3/repos/acme/api":                                    "/repos/{owner}/{repo}",
		"/api/v3/repos/acme/api/issues":                             "/repos/{owner}/{repo}/issues",
		"/api/v3/repos/acme/issues/issues/4":                        "/repos/{owner}/{repo}/issues/{issue_number}",
		"/api/v3/repos/acme/api/contents/a/b/c.yml":                 "/repos/{owner}/{repo}/contents/{path}",
		"/api/v3/repos/acme/api/commits/" + "abc" + "/check-runs":   "/repos/{owner}/{repo}/commits/{ref}/check-runs",
		"/api/v3/repos/acme/api/collaborators/kim/permission":       "/repos/{owner}/{repo}/collaborators/{username}/permission",
		"/api/v3/repos/acme/api/issues/4/comments/5/reactions/6/78": "other",
		"/api/v3/repos/acme/api/contents":                           "other",
		"/api/v3/repos//api":                                        "other",
		"/api/v3/user":                                              "other",
		"":                                                          "other",
	} {
		if got := routeOf("rest", "/api/v3", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
