package githubtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxResolutionComment is GitHub's limit, in characters.
const maxResolutionComment = 280

// AlertOptions say what GitHub's secret scanning found.
type AlertOptions struct {
	Secret   string // "": GitHub doesn't show it
	Type     string // "": made from Name
	Name     string // "": Clerk secret key
	Provider string // "" for custom patterns
	At       []AlertLocation
	// BypassedBy pushed it past push protection, with that reason to whoever lets them.
	BypassedBy    *Account
	BypassComment string
	Resolution    string // the alert is closed from the beginning, as one is that was bypassed for tests
}

// AlertLocation is where GitHub found a secret.
type AlertLocation struct {
	Kind               string // commit, issue_comment …
	URL                string // of the page; "" where GitHub gives none
	Path, Blob, Commit string // of a commit
	Line               int
}

// Alert is an alert as it stands.
type Alert struct {
	Number                     int
	State, Resolution, Comment string
	ResolvedBy                 string
}

type alert struct {
	AlertOptions
	number     int
	created    time.Time
	state      string
	resolution string
	resolvedBy *Account
	resolvedAt time.Time
	comment    string
	public     bool
	bypassedAt time.Time
}

// InCommit is a secret's place in a file of a commit.
func (r *Repository) InCommit(commit, path, secret string) (AlertLocation, error) {
	blob, err := r.about(commit, "rev-parse", commit+":"+path)
	if err != nil {
		return AlertLocation{}, err
	}
	text, err := r.File(commit, path)
	if err != nil {
		return AlertLocation{}, err
	}
	before, _, found := strings.Cut(string(text), secret)
	if !found {
		return AlertLocation{}, fmt.Errorf("the secret is not in %s", path)
	}
	return AlertLocation{Kind: "commit", Path: path, Blob: strings.TrimSpace(blob), Commit: commit, Line: 1 + strings.Count(before, "\n")}, nil
}

// RaiseAlert raises an alert of secret scanning, and sends secret_scanning_alert.created and secret_scanning_alert_location.created for
// each place.
func (r *Repository) RaiseAlert(ctx context.Context, opt AlertOptions) (number int, sent []Delivery) {
	r.s.mu.Lock()
	if opt.Name == "" {
		opt.Name = "Clerk secret key"
	}
	if opt.Type == "" {
		opt.Type = strings.ReplaceAll(strings.ToLower(opt.Name), " ", "_")
	}
	a := &alert{AlertOptions: opt, number: len(r.alerts) + 1, created: r.s.opt.Now(), state: "open"}
	if opt.BypassedBy != nil {
		a.bypassedAt = a.created
	}
	if opt.Resolution != "" {
		a.resolve(opt.Resolution, "", opt.BypassedBy)
	}
	r.alerts = append(r.alerts, a)
	list := []*Delivery{r.s.alertDelivery(r, a, "created", nil)}
	for _, at := range opt.At {
		list = append(list, r.s.locationDelivery(r, a, at))
	}
	r.s.mu.Unlock()
	return a.number, r.s.sendAll(ctx, list)
}

// AddAlertLocation says that GitHub found an alert's secret at another place, and sends secret_scanning_alert_location.created.
func (r *Repository) AddAlertLocation(ctx context.Context, number int, at AlertLocation) (Delivery, error) {
	return r.onAlert(ctx, number, func(a *alert) *Delivery {
		a.At = append(a.At, at)
		return r.s.locationDelivery(r, a, at)
	})
}

// ResolveAlert closes an alert as a person does, and sends secret_scanning_alert.resolved.
func (r *Repository) ResolveAlert(ctx context.Context, number int, resolution, comment string, by *Account) (Delivery, error) {
	return r.onAlert(ctx, number, func(a *alert) *Delivery {
		a.resolve(resolution, comment, by)
		a.resolvedAt = r.s.opt.Now()
		return r.s.alertDelivery(r, a, "resolved", by)
	})
}

// ReopenAlert opens an alert as a person does, and sends secret_scanning_alert.reopened.
func (r *Repository) ReopenAlert(ctx context.Context, number int, by *Account) (Delivery, error) {
	return r.onAlert(ctx, number, func(a *alert) *Delivery {
		a.reopen()
		return r.s.alertDelivery(r, a, "reopened", by)
	})
}

// PublishAlert says that GitHub found an alert's secret in a public repository, and sends secret_scanning_alert.publicly_leaked.
func (r *Repository) PublishAlert(ctx context.Context, number int) (Delivery, error) {
	return r.onAlert(ctx, number, func(a *alert) *Delivery {
		a.public = true
		return r.s.alertDelivery(r, a, "publicly_leaked", nil)
	})
}

// Alerts lists the repository's alerts of secret scanning.
func (r *Repository) Alerts() []Alert {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Alert
	for _, a := range r.alerts {
		one := Alert{Number: a.number, State: a.state, Resolution: a.resolution, Comment: a.comment}
		if a.resolvedBy != nil {
			one.ResolvedBy = a.resolvedBy.Login
		}
		list = append(list, one)
	}
	return list
}

// DisableSecretScanning makes the repository's alerts unreadable.
func (r *Repository) DisableSecretScanning() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.alerts = nil
}

func (r *Repository) onAlert(ctx context.Context, number int, change func(*alert) *Delivery) (Delivery, error) {
	r.s.mu.Lock()
	a := r.alert(int64(number))
	var d *Delivery
	if a != nil {
		d = change(a)
	}
	r.s.mu.Unlock()
	if a == nil {
		return Delivery{}, fmt.Errorf("there is no alert %d", number)
	}
	return r.s.send(ctx, d), nil
}

func (r *Repository) alert(number int64) *alert {
	for _, a := range r.alerts {
		if int64(a.number) == number {
			return a
		}
	}
	return nil
}

func (a *alert) resolve(resolution, comment string, by *Account) {
	a.state, a.resolution, a.comment, a.resolvedBy, a.resolvedAt = "resolved", resolution, comment, by, a.created
}

func (a *alert) reopen() {
	a.state, a.resolution, a.comment, a.resolvedBy, a.resolvedAt = "open", "", "", nil, time.Time{}
}

// alertJSON is an alert as events show it.
func (s *Server) alertJSON(r *Repository, a *alert) object {
	api := fmt.Sprintf("%s/repos/%s/secret-scanning/alerts/%d", s.APIURL(), r.fullName(), a.number)
	account := func(who *Account) any {
		if who == nil {
			return nil
		}
		return s.accountJSON(who)
	}
	return object{
		"number": a.number, "created_at": stamp(a.created), "updated_at": stamp(a.created), "url": api,
		"html_url": fmt.Sprintf("%s/%s/security/secret-scanning/%d", s.baseURL, r.fullName(), a.number), "locations_url": api + "/locations",
		"resolution": orNull(a.resolution), "resolved_at": stampOrNull(a.resolvedAt), "resolved_by": account(a.resolvedBy),
		"resolution_comment": orNull(a.comment), "secret_type": a.Type, "secret_type_display_name": a.Name, "validity": "unknown",
		"push_protection_bypassed": a.BypassedBy != nil, "push_protection_bypassed_by": account(a.BypassedBy),
		"push_protection_bypassed_at": stampOrNull(a.bypassedAt), "push_protection_bypass_request_reviewer": nil,
		"push_protection_bypass_request_reviewer_comment": nil, "push_protection_bypass_request_comment": orNull(a.BypassComment),
		"push_protection_bypass_request_html_url": nil, "publicly_leaked": a.public, "multi_repo": false, "assigned_to": nil,
	}
}

func (s *Server) alertDelivery(r *Repository, a *alert, action string, by *Account) *Delivery {
	in := s.installationOf(r)
	if in == nil {
		return nil
	}
	return s.delivery("secret_scanning_alert", in.id, r, by, object{
		"action": action, "alert": s.alertJSON(r, a), "repository": s.repositoryJSON(r),
	})
}

// locationDelivery has a sender, which GitHub's description demands of this event: its own bot.
func (s *Server) locationDelivery(r *Repository, a *alert, at AlertLocation) *Delivery {
	in := s.installationOf(r)
	if in == nil {
		return nil
	}
	return s.delivery("secret_scanning_alert_location", in.id, r, &Account{ID: 9919, Login: "github", Type: "Organization"}, object{
		"action": "created", "alert": s.alertJSON(r, a), "location": s.locationJSON(r, at), "repository": s.repositoryJSON(r),
	})
}

// locationJSON is a place of an alert.
func (s *Server) locationJSON(r *Repository, at AlertLocation) object {
	api := s.APIURL() + "/repos/" + r.fullName()
	details := object{at.Kind + "_url": api + "/issues/1"}
	if at.URL != "" {
		details["html_url"] = at.URL
	}
	switch at.Kind {
	case "wiki_commit":
		blob := strings.Repeat("b", 40)
		details = object{
			"path": "/Home.md", "start_line": 1, "end_line": 1, "start_column": 1, "end_column": 60, "blob_sha": blob, "page_url": at.URL,
			"commit_sha": blob, "commit_url": s.baseURL + "/" + r.fullName() + "/wiki/_compare/" + blob,
		}
	case "commit":
		details = object{
			"path": at.Path, "start_line": at.Line, "end_line": at.Line, "start_column": 1, "end_column": 60,
			"blob_sha": at.Blob, "blob_url": api + "/git/blobs/" + at.Blob, "commit_sha": at.Commit, "commit_url": api + "/git/commits/" + at.Commit,
			"html_url": fmt.Sprintf("%s/%s/blob/%s/%s#L%d-L%d", s.baseURL, r.fullName(), at.Commit, at.Path, at.Line, at.Line),
		}
	}
	return object{"type": at.Kind, "details": details}
}

// findAlert finds the alert that the path names. Unlike most, alerts of public repositories are for those alone who may see them.
func (c *call) findAlert() (*alert, answer) {
	a := c.repo.alert(c.number("number"))
	switch {
	case c.grant == nil || !c.grant.reaches(c.repo) || !c.grant.may("secret_scanning_alerts", "read"):
		return nil, forbidden(c.r)
	case a == nil:
		return nil, notFound()
	}
	return a, answer{}
}

// getAlert is GET /repos/{owner}/{repo}/secret-scanning/alerts/{alert_number}.
func getAlert(c *call) answer {
	a, failed := c.findAlert()
	if a == nil {
		return failed
	}
	return ok(c.fullAlertJSON(a, c.r.URL.Query().Get("hide_secret") != "true"))
}

func (c *call) fullAlertJSON(a *alert, show bool) object {
	j := c.s.alertJSON(c.repo, a)
	j["state"], j["provider"], j["provider_slug"] = a.state, orNull(a.Provider), orNull(strings.ToLower(a.Provider))
	if show && a.Secret != "" {
		j["secret"] = a.Secret
	}
	return j
}

// listAlertLocations is GET /repos/{owner}/{repo}/secret-scanning/alerts/{alert_number}/locations.
func listAlertLocations(c *call) answer {
	a, failed := c.findAlert()
	if a == nil {
		return failed
	}
	cut, link := page(c, a.At)
	list := []object{}
	for _, at := range cut {
		list = append(list, c.s.locationJSON(c.repo, at))
	}
	return answer{status: http.StatusOK, body: list, link: link}
}

// editAlert is PATCH /repos/{owner}/{repo}/secret-scanning/alerts/{alert_number}.
func editAlert(c *call) answer {
	a, failed := c.findAlert()
	if a == nil {
		return failed
	}
	var req struct {
		State      string `json:"state"`
		Resolution string `json:"resolution"`
		Comment    string `json:"resolution_comment"`
	}
	if a, fits := c.decode(&req); !fits {
		return a
	}
	known := []string{"false_positive", "wont_fix", "revoked", "used_in_tests"}
	switch {
	case req.State == "resolved" && !slices.Contains(known, req.Resolution), req.State == "open" && req.Resolution != "",
		req.State != "open" && req.State != "resolved", utf8.RuneCountInString(req.Comment) > maxResolutionComment:
		return unfit("State does not match the resolution or resolution comment.")
	case req.State == a.state && req.Resolution == a.resolution:
		return fail(http.StatusBadRequest, "the resolution was not changed")
	case req.State == "open":
		a.reopen()
		c.s.echo(c.s.alertDelivery(c.repo, a, "reopened", c.s.bot))
	default:
		a.resolve(req.Resolution, req.Comment, c.s.bot)
		a.resolvedAt = c.s.opt.Now()
		c.s.echo(c.s.alertDelivery(c.repo, a, "resolved", c.s.bot))
	}
	return ok(c.fullAlertJSON(a, true))
}
