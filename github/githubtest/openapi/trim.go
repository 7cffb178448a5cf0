package openapi

import (
	"encoding/json"
	"slices"
	"strings"
)

const repository = "/repos/{owner}/{repo}"

// Kept reports whether this repository keeps the description of a path of GitHub's API: those of Apps, installations,
// checks, issues, contents, pull requests, releases, logs of Actions, and alerts of secret scanning and code scanning, which an App like
// rekey may use; what its command line reads of rulesets, or writes for others to send; and secrets, which it sets for a person.
func Kept(path string) bool {
	if slices.Contains([]string{
		"/app", "/app-manifests/{code}/conversions", "/applications/{client_id}/token", "/user", "/user/repos", "/users/{username}", "/users/{username}/repos", "/user/installations",
		"/user/installations/{installation_id}/repositories", repository, repository + "/pulls",
		repository + "/commits/{commit_sha}/pulls", repository + "/installation",
		"/orgs/{org}/teams/{team_slug}/memberships/{username}",
		"/orgs/{org}/repos", "/orgs/{org}/rulesets", repository + "/rulesets", repository + "/rulesets/{ruleset_id}",
		repository + "/rules/branches/{branch}", "/orgs/{org}/secret-scanning/custom-patterns", "/orgs/{org}/secret-scanning/pattern-configurations",
		repository + "/secret-scanning/custom-patterns", repository + "/comments", repository + "/releases",
		repository + "/releases/{release_id}", repository + "/releases/assets/{asset_id}", repository + "/actions/runs",
		repository + "/actions/runs/{run_id}/logs", repository + "/actions/runs/{run_id}/jobs",
		repository + "/environments", repository + "/pulls/comments", repository + "/pulls/comments/{comment_id}",
	}, path) {
		return true
	}
	for _, kind := range []string{"actions", "dependabot", "codespaces", "agents"} {
		if strings.HasPrefix(path, repository+"/"+kind+"/secrets") || strings.HasPrefix(path, "/orgs/{org}/"+kind+"/secrets") || path == repository+"/"+kind+"/organization-secrets" {
			return !strings.HasSuffix(path, "{repository_id}")
		}
	}
	return slices.ContainsFunc([]string{
		"/app/", "/installation/", repository + "/assignees", repository + "/branches/{branch}", repository + "/check-runs",
		repository + "/check-suites", repository + "/collaborators", repository + "/commits/{ref}/check-",
		repository + "/code-scanning/sarifs", repository + "/compare", repository + "/contents", repository + "/issues", repository + "/pulls/{pull_number}",
		repository + "/secret-scanning/alerts", repository + "/environments/{environment_name}/secrets",
	}, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// Trim returns the description of those paths that keep accepts, with the components that they refer to, as JSON.
func (d *Description) Trim(keep func(path string) bool) ([]byte, error) {
	paths, needed := map[string]json.RawMessage{}, map[string]map[string]json.RawMessage{}
	for path, item := range d.paths {
		if !keep(path) {
			continue
		}
		paths[path] = item
		if err := d.gather(item, needed); err != nil {
			return nil, err
		}
	}
	return d.document(paths, needed)
}
