package github

import "strings"

const tokenRoute = "/app/installations/{installation_id}/access_tokens"

// routes are the places of the REST API that rekey uses, as GitHub's reference writes them.
func routes() []string {
	return []string{
		"/app",
		"/app/hook/config",
		"/app/hook/deliveries",
		"/app/hook/deliveries/{delivery_id}",
		"/app/hook/deliveries/{delivery_id}/attempts",
		"/app/installations",
		tokenRoute,
		"/installation/repositories",
		"/orgs/{org}/repos",
		"/repos/{owner}/{repo}",
		"/repos/{owner}/{repo}/actions/runs",
		"/repos/{owner}/{repo}/actions/runs/{run_id}/logs",
		"/repos/{owner}/{repo}/actions/secrets",
		"/repos/{owner}/{repo}/assignees/{assignee}",
		"/repos/{owner}/{repo}/branches/{branch}",
		"/repos/{owner}/{repo}/check-runs",
		"/repos/{owner}/{repo}/check-runs/{check_run_id}",
		"/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations",
		"/repos/{owner}/{repo}/collaborators/{username}/permission",
		"/repos/{owner}/{repo}/comments",
		"/repos/{owner}/{repo}/commits/{ref}/check-runs",
		"/repos/{owner}/{repo}/contents/{path}",
		"/repos/{owner}/{repo}/issues",
		"/repos/{owner}/{repo}/issues/comments",
		"/repos/{owner}/{repo}/issues/comments/{comment_id}",
		"/repos/{owner}/{repo}/issues/{issue_number}",
		"/repos/{owner}/{repo}/issues/{issue_number}/comments",
		"/repos/{owner}/{repo}/pulls/comments",
		"/repos/{owner}/{repo}/pulls/comments/{comment_id}",
		"/repos/{owner}/{repo}/releases",
		"/repos/{owner}/{repo}/releases/assets/{asset_id}",
		"/repos/{owner}/{repo}/rules/branches/{branch}",
		"/repos/{owner}/{repo}/rulesets",
		"/repos/{owner}/{repo}/rulesets/{ruleset_id}",
	}
}

// routeOf returns the route's name for metrics, or "other".
func routeOf(kind, prefix, path string) string {
	path = strings.TrimPrefix(path, prefix)
	switch kind {
	case "git":
		return "/{owner}/{repo}.git/git-upload-pack"
	case downloadRoute:
		return downloadRoute
	}
	if strings.HasSuffix(path, queryRoute) && !strings.HasPrefix(path, "/repos/") {
		return queryRoute
	}
	for _, route := range routes() {
		if matches(route, path) {
			return route
		}
	}
	return "other"
}

// matches reports whether a path is of the route; {path} at its end takes the rest.
func matches(route, path string) bool {
	for route != "" {
		var want, got string
		want, route = nextSegment(route)
		if want == "{path}" {
			return len(path) > 1
		}
		got, path = nextSegment(path)
		if got == "" || want != got && want[0] != '{' {
			return false
		}
	}
	return path == ""
}

func nextSegment(path string) (segment, rest string) {
	path = strings.TrimPrefix(path, "/")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}
