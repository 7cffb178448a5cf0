package github

import (
	"context"
	"slices"

	gogithub "github.com/google/go-github/v62/github"
)

// Need is a permission or an event that rekey relies on.
type Need struct {
	Name    string // GitHub's name: issues, issue_comment
	Access  string // read or write for a permission; "" for an event
	Without string // what does not work without it, as a sentence without a full stop
}

// String is the need as GitHub's settings pages name it: "issues: write", "issue_comment event".
func (n Need) String() string {
	if n.Access == "" {
		return n.Name + " event"
	}
	return n.Name + ": " + n.Access
}

// Needs returns the permissions and events that the App's registration must have. deploy/app-manifest.json asks for the
// same, which a test holds. GitHub sends installation, installation_repositories and installation_target unasked.
func Needs() []Need {
	return []Need{
		{"checks", "write", "no check run appears on commits"},
		{"contents", "read", "nothing can be read: no push is scanned"},
		{"issues", "write", "no issue is filed, and no comment is answered"},
		{"merge_queues", "read", "merge queues wait for a check run that never comes"},
		{"metadata", "read", "repositories cannot be listed"},
		{"pull_requests", "read", "pull requests are not scanned"},
		{"check_run", "", "the buttons on check runs do nothing"},
		{"check_suite", "", "\"Re-run all checks\" does nothing"},
		{"issue_comment", "", "/rekey commands in comments do nothing"},
		{"issues", "", "closing or reopening an issue by hand goes unnoticed"},
		{"merge_group", "", "merge queues wait for a check run that never comes"},
		{"pull_request", "", "pull requests, those from forks above all, are not scanned"},
		{"push", "", "pushes are not scanned until the hourly comparison of branches finds them"},
		{"repository", "", "new, renamed and published repositories are noticed a day late"},
	}
}

// Grant is what an App or one of its installations has been given.
type Grant struct {
	Permissions map[string]string // name to read, write or admin
	Events      []string
}

// Missing returns which of [Needs] the grant lacks.
func (g Grant) Missing() []Need {
	var missing []Need
	for _, need := range Needs() {
		if !g.has(need) {
			missing = append(missing, need)
		}
	}
	return missing
}

func (g Grant) has(n Need) bool {
	if n.Access == "" {
		return slices.Contains(g.Events, n.Name)
	}
	levels := []string{"", "read", "write", "admin"}
	return slices.Index(levels, g.Permissions[n.Name]) >= slices.Index(levels, n.Access)
}

// Registration is the App as it is registered on GitHub.
type Registration struct {
	Grant
	Slug          string
	Name          string
	Owner         string // login of the organisation or person that registered it
	Installations int
	// SettingsURL is the page where an owner changes permissions and events.
	SettingsURL string
}

// grantJSON is how GitHub writes a [Grant]. go-github's own struct lacks merge_queues.
type grantJSON struct {
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
}

func (g grantJSON) grant() Grant { return Grant(g) }

// Registration asks GitHub who the App is. It is the cheapest request that proves id and private key right:
// [ErrUnauthorized] and [ErrNotFound] mean that one of them is wrong.
func (a *App) Registration(ctx context.Context) (Registration, error) {
	var app struct {
		grantJSON
		Slug               string         `json:"slug"`
		Name               string         `json:"name"`
		InstallationsCount int            `json:"installations_count"`
		Owner              *gogithub.User `json:"owner"`
	}
	if _, err := a.calls.get(ctx, "read registration", "app", "", &app); err != nil {
		return Registration{}, err
	}
	r := Registration{
		Grant: app.grant(), Slug: app.Slug, Name: app.Name, Owner: app.Owner.GetLogin(), Installations: app.InstallationsCount,
		SettingsURL: a.web.JoinPath("settings", "apps", app.Slug, "permissions").String(),
	}
	if app.Owner.GetType() == "Organization" {
		r.SettingsURL = a.web.JoinPath("organizations", app.Owner.GetLogin(), "settings", "apps", app.Slug, "permissions").String()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if app.Slug != "" {
		a.slug = app.Slug
	}
	return r, nil
}
