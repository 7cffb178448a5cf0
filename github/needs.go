package github

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// Need is a permission or an event that rekey relies on. The App's manifest, set-up, rekey doctor and the documents all come from
// [Needs].
type Need struct {
	Name    string // GitHub's name: issues, issue_comment
	Access  string // read or write for a permission; "" for an event
	Title   string // as GitHub's settings pages call it: Pull requests
	Why     string // what rekey does with it, as a sentence
	Without string // what does not work without it, as a sentence without a full stop
}

// String is the need in GitHub's own names: "issues: write", "issue_comment event".
func (n Need) String() string {
	if n.Access == "" {
		return n.Name + " event"
	}
	return n.Name + ": " + n.Access
}

// Needs returns the permissions and events that the App's registration must have, permissions first. GitHub sends installation,
// installation_repositories and installation_target unasked.
func Needs() []Need {
	return []Need{
		{"checks", "write", "Checks", "To mark leaked keys in a check run on each head commit, with a button that checks again.", "no check run appears on commits"},
		{"contents", "read", "Contents", "To read what was pushed, over git. rekey can't change code.", "nothing can be read: no push is scanned"},
		{"issues", "write", "Issues", "To file one issue for each leak with the steps to rotate it, and to answer commands in its comments.", "no issue is filed, and no comment is answered"},
		{"merge_queues", "read", "Merge queues", "To report on merge groups: GitHub doesn't announce them otherwise.", "merge queues wait for a check run that never comes"},
		{"metadata", "read", "Metadata", "To list repositories. GitHub requires it of every App.", "repositories cannot be listed"},
		{"pull_requests", "read", "Pull requests", "To scan pull requests, including those from forks.", "pull requests are not scanned"},
		{"check_run", "", "Check run", "Somebody presses a button on a check run.", "the buttons on check runs do nothing"},
		{"check_suite", "", "Check suite", "Somebody re-runs all checks.", "\"Re-run all checks\" does nothing"},
		{"commit_comment", "", "Commit comment", "Somebody comments on a commit.", "keys in comments on commits go unnoticed"},
		{"gollum", "", "Wiki", "Somebody edits the wiki.", "keys in wikis go unnoticed"},
		{"issue_comment", "", "Issue comment", "Somebody writes a /rekey command, or a key, in a comment.", "/rekey commands in comments do nothing, and keys there go unnoticed"},
		{"issues", "", "Issues", "Somebody closes, reopens, moves or deletes a leak's issue, or writes a key in any issue.", "closing or reopening an issue by hand goes unnoticed, and so do keys in issues"},
		{"merge_group", "", "Merge group", "A merge queue wants to know whether it may merge.", "merge queues wait for a check run that never comes"},
		{"pull_request", "", "Pull request", "A pull request is opened or gets new commits.", "pull requests, those from forks above all, are not scanned"},
		{"pull_request_review", "", "Pull request review", "Somebody reviews a pull request.", "keys in reviews go unnoticed"},
		{"pull_request_review_comment", "", "Pull request review comment", "Somebody comments on lines of a pull request.", "keys in review comments go unnoticed"},
		{"push", "", "Push", "Commits or tags are pushed.", "pushes are not scanned until the hourly comparison of branches finds them"},
		{"release", "", "Release", "Somebody publishes or edits a release.", "keys in releases and their files go unnoticed"},
		{"repository", "", "Repository", "A repository is made, renamed, moved, archived, or becomes public.", "new, renamed and published repositories are noticed a day late"},
	}
}

// Optional returns permissions and events that rekey uses where it has them. Nothing else depends on them: the manifest does not ask for
// them, and an installation without them lacks nothing. An App gets them in its settings.
func Optional() []Need {
	return []Need{
		{"secret_scanning_alerts", "write", "Secret scanning alerts", "To join what GitHub's secret scanning finds with rekey's leaks. Write is for resolve_alerts; without it read is enough.", "alerts of GitHub's secret scanning aren't joined with rekey's leaks"},
		{"security_events", "write", "Code scanning alerts", "To show open leaks in the Security tab, where the policy says code_scanning: true.", "code_scanning: true shows nothing in the Security tab"},
		{"members", "read", "Members", "To see who is in the team that confirms closings, where the policy says ignore.approval: team:….", "nobody can confirm a closing where the policy names a team"},
		{"discussions", "write", "Discussions", "To look for keys in discussions, and to see whether they are gone from there. Write is for /rekey delete-comment; without it read is enough.", "keys in discussions go unnoticed"},
		{"actions", "write", "Actions", "To look for keys in the logs of GitHub Actions, where the policy says texts.logs: true. Write is for /rekey delete-logs; without it read is enough.", "keys in logs of GitHub Actions go unnoticed"},
		{"pull_requests", "write", "Pull requests", "To mask keys in descriptions and comments of pull requests, where the policy says texts.redact: mask, and to delete comments there on /rekey delete-comment.", "keys on the pages of pull requests are masked and deleted by hand"},
		{"secrets", "read", "Secrets", "To see whether a secret of GitHub Actions was updated since the leak. Nobody can read its value.", "whether a secret of GitHub Actions was updated isn't shown"},
		{"environments", "read", "Environments", "The same for secrets of environments.", "whether a secret of an environment was updated isn't shown"},
		{"discussion", "", "Discussion", "Somebody starts or edits a discussion.", "keys in discussions go unnoticed"},
		{"discussion_comment", "", "Discussion comment", "Somebody writes in a discussion.", "keys in discussions go unnoticed"},
		{"workflow_run", "", "Workflow run", "A run of GitHub Actions ends.", "keys in logs of GitHub Actions go unnoticed"},
		{"secret_scanning_alert", "", "Secret scanning alert", "GitHub finds a secret, or somebody resolves or reopens its alert.", "alerts of GitHub's secret scanning go unnoticed"},
		{"secret_scanning_alert_location", "", "Secret scanning alert location", "GitHub finds a secret at another place.", "further places that GitHub finds go unnoticed"},
	}
}

// Wanted returns [Needs] as an App or an installation that lacks nothing has them.
func Wanted() Grant {
	g := Grant{Permissions: map[string]string{}}
	for _, need := range Needs() {
		if need.Access == "" {
			g.Events = append(g.Events, need.Name)
		} else {
			g.Permissions[need.Name] = need.Access
		}
	}
	return g
}

// Grant is what an App or one of its installations has been given.
type Grant struct {
	Permissions map[string]string // name to read, write or admin
	Events      []string
}

// Missing returns which of [Needs] the grant lacks.
func (g Grant) Missing() []Need { return g.without(Needs()) }

// MissingOptional returns which of [Optional] the grant lacks.
func (g Grant) MissingOptional() []Need { return g.without(Optional()) }

func (g Grant) without(needs []Need) []Need {
	var missing []Need
	for _, need := range needs {
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
	OwnerType     string // Organization or User
	Installations int
	ClientID      string
	// PageURL is the App's public page, with its Install button.
	PageURL string
	// SettingsURL is the page where an owner changes permissions and events.
	SettingsURL string
	Now         time.Time // GitHub's clock at its answer, in whole seconds; zero where it was not told
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
	var app appJSON
	resp, err := a.calls.get(ctx, "read registration", "app", "", &app)
	if err != nil {
		return Registration{}, err
	}
	r := app.registration(a.web)
	r.Now, _ = http.ParseTime(resp.Header.Get("Date"))
	a.mu.Lock()
	defer a.mu.Unlock()
	if app.Slug != "" {
		a.slug = app.Slug
	}
	return r, nil
}

// appJSON is how GitHub writes an App.
type appJSON struct {
	grantJSON
	Slug               string         `json:"slug"`
	Name               string         `json:"name"`
	ClientID           string         `json:"client_id"`
	HTMLURL            string         `json:"html_url"`
	InstallationsCount int            `json:"installations_count"`
	Owner              *gogithub.User `json:"owner"`
}

func (app appJSON) registration(web *url.URL) Registration {
	r := Registration{
		Grant: app.grant(), Slug: app.Slug, Name: app.Name, Owner: app.Owner.GetLogin(), OwnerType: app.Owner.GetType(),
		Installations: app.InstallationsCount, ClientID: app.ClientID,
		PageURL: web.JoinPath("apps", app.Slug).String(), SettingsURL: web.JoinPath("settings", "apps", app.Slug, "permissions").String(),
	}
	if page, err := url.Parse(app.HTMLURL); err == nil && page.Scheme == web.Scheme && page.Host == web.Host {
		r.PageURL = page.String() // an Enterprise Server has it elsewhere
	}
	if r.OwnerType == "Organization" {
		r.SettingsURL = web.JoinPath("organizations", r.Owner, "settings", "apps", app.Slug, "permissions").String()
	}
	return r
}

// ServerTime is GitHub's clock as its answer told it that became this error; zero where it did not.
func ServerTime(err error) time.Time {
	f, ok := failureOf(err)
	if !ok {
		return time.Time{}
	}
	at, _ := http.ParseTime(f.header.Get("Date")) // zero for what makes no sense
	return at
}

// Answered reports whether the error is an answer of GitHub, of whatever status, and not that there was none.
func Answered(err error) bool {
	_, ok := failureOf(err)
	return ok
}
