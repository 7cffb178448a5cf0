// Package github is GitHub as rekey uses it: an App's clients for each installation and repository, check runs, issues,
// contents, collaborators' permissions, git fetches, and one place that turns every failure into retry, snooze or give up.
//
// Start with [New], then [App.Repository]. Rate limits, redirects, token narrowing and the holes of the REST library
// are dealt with here and nowhere else.
package github

import (
	"context"
	"crypto/rsa"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/github/wire"
)

// Config tells which App on which GitHub.
type Config struct {
	AppID      int64
	PrivateKey *rsa.PrivateKey
	WebURL     string // https://github.com: web pages and git
	APIURL     string // https://api.github.com
	UserAgent  string
	HTTP       http.RoundTripper // nil: a transport of its own with timeouts
	Now        func() time.Time
	Log        *slog.Logger
}

// App is the GitHub App. It is safe for concurrent use.
type App struct{}

// New returns the App's client. It sends nothing.
func New(cfg Config) (*App, error) { panic("building") }

// Repository names a repository and the installation through which it is reached.
type Repository struct {
	Installation int64
	ID           int64
	Owner, Name  string
}

// Access is what a token may do; tokens are narrowed to one repository and one Access.
type Access string

// The accesses, each the least its job needs.
const (
	ScanAccess    Access = "scan"    // contents read, checks write
	RespondAccess Access = "respond" // contents read, checks write, issues write, (metadata read)
)

// Repository returns the client of one repository. It sends nothing; tokens are minted at the first request, kept
// until five minutes before their end, and minted anew once after a 401.
func (a *App) Repository(r Repository, access Access) *Client { panic("building") }

// Client reaches one repository.
type Client struct{}

// FetchPack fetches over git smart HTTP; see [wire.Client.Fetch].
func (c *Client) FetchPack(ctx context.Context, req wire.Request) (io.ReadCloser, error) {
	panic("building")
}

// Refs lists branches and tags over git smart HTTP.
func (c *Client) Refs(ctx context.Context, prefixes ...string) ([]wire.Ref, error) {
	panic("building")
}

// Conclusion is a check run's outcome.
type Conclusion string

// The conclusions that rekey uses.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	Neutral Conclusion = "neutral"
)

// CheckRun is a completed check run as rekey wants it to be. Texts over GitHub's limits are refused by [Client.CreateCheckRun]
// with an error: whoever writes them cuts them.
type CheckRun struct {
	Name, HeadSHA, ExternalID, DetailsURL string
	Conclusion                            Conclusion
	Title, Summary, Text                  string // title 255 characters; summary and text 65,535 each
	Annotations                           []Annotation
	Actions                               []Button // at most 3
	StartedAt, CompletedAt                time.Time
}

// Annotation marks lines of a file at the head commit.
type Annotation struct {
	Path                   string
	StartLine, EndLine     int
	StartColumn, EndColumn int    // sent only when StartLine == EndLine, as GitHub demands; 0: none
	Level                  string // failure, warning, notice
	Title, Message         string
}

// Button is a check run's requested action: label 20, description 40, identifier 20 characters.
type Button struct{ Label, Description, Identifier string }

// CreateCheckRun creates the run and sends annotations beyond 50 in further requests of 50. It returns the run's id
// also together with an error, when the run was created but not all annotations arrived.
func (c *Client) CreateCheckRun(ctx context.Context, run CheckRun) (id int64, err error) {
	panic("building")
}

// UpdateCheckRun sets the run to what run says. GitHub appends annotations: give new ones only.
func (c *Client) UpdateCheckRun(ctx context.Context, id int64, run CheckRun) error { panic("building") }

// FindCheckRun looks among the App's own runs of that name on the commit for the one with the external id.
func (c *Client) FindCheckRun(ctx context.Context, sha, name, externalID string) (id int64, found bool, err error) {
	panic("building")
}

// Issue is an issue as read from or written to GitHub.
type Issue struct {
	Number    int
	ID        int64
	URL       string // html_url
	Title     string
	Body      string // 65,536 characters
	State     string // open, closed
	Reason    string // state_reason: completed, not_planned, reopened
	Labels    []string
	Assignees []string
}

// CreateIssue files the issue. Labels that do not exist are made by GitHub; assignees that it does not take are dropped.
func (c *Client) CreateIssue(ctx context.Context, i Issue) (Issue, error) { panic("building") }

// EditIssue sets title, body, state and labels of issue i.Number; empty fields are left as they are.
func (c *Client) EditIssue(ctx context.Context, i Issue) (Issue, error) { panic("building") }

// FindIssue looks through the App's own issues, newest first, for the one whose body contains marker. It pages to the
// end, and never uses the Search API, which lags.
func (c *Client) FindIssue(ctx context.Context, marker string, since time.Time) (Issue, bool, error) {
	panic("building")
}

// Comment writes a comment under an issue and returns its id.
func (c *Client) Comment(ctx context.Context, number int, body string) (int64, error) {
	panic("building")
}

// Contents reads one file of at most 1 MiB at ref ("" is the default branch). found is false where there is none.
func (c *Client) Contents(ctx context.Context, path, ref string) (text []byte, found bool, err error) {
	panic("building")
}

// Permission returns a person's role name in the repository: admin, maintain, write, triage, read or none.
func (c *Client) Permission(ctx context.Context, login string) (string, error) { panic("building") }

// InstallationRepositories lists all repositories that the installation reaches.
func (a *App) InstallationRepositories(ctx context.Context, installation int64) ([]RepositoryInfo, error) {
	panic("building")
}

// RepositoryInfo describes a repository.
type RepositoryInfo struct {
	Repository
	DefaultBranch           string
	Private, Archived, Fork bool
	PushedAt                time.Time
}

// Verdict says what to do about a failed request.
type Verdict struct {
	Do     Reaction
	Until  time.Time // for Snooze
	Reason string    // for people: what failed and what to do about it; never holds a credential
}

// Reaction is one of the three answers to a failure.
type Reaction string

// The reactions.
const (
	Retry  Reaction = "retry"   // again with back-off; counts as an attempt
	Snooze Reaction = "snooze"  // again at Until; does not count
	GiveUp Reaction = "give up" // will not get better
)

// Classify turns any error of this package (and of wire) into a verdict. It is pure.
func Classify(err error, now time.Time) Verdict { panic("building") }
