package github

import (
	"context"
	"net/http"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// Alert is an alert of GitHub's secret scanning, without its secret.
type Alert struct {
	Number   int
	URL      string // html_url
	Type     string // of the secret: stripe_api_key; for a custom pattern, made from its name
	Name     string // the same for people
	Provider string // who issues such secrets, by GitHub's list; "" for custom and generic patterns

	State      string // open, resolved
	Resolution string // of a resolved one: revoked, false_positive, wont_fix, used_in_tests, pattern_edited, pattern_deleted
	ResolvedBy Actor
	ResolvedAt time.Time
	Comment    string // of whoever resolved it

	Public        bool // GitHub found the secret in a public repository too
	BypassedBy    string
	BypassedAt    time.Time // when BypassedBy bypassed push protection; zero: nobody did
	BypassComment string    // that went with the request to bypass it
}

// Actor is who did something: a person or a bot.
type Actor struct{ Login, Type string }

// Resolved reports whether the alert is closed.
func (a Alert) Resolved() bool { return a.State == "resolved" }

// AlertLocation is where GitHub found an alert's secret.
type AlertLocation struct {
	Kind               string // commit, issue_comment, pull_request_body …
	URL                string // GitHub's page of it; "" where it does not say
	Path, Blob, Commit string // of a commit, and of a wiki's, which is in another repository
	StartLine, EndLine int
}

// InCommit reports whether the place is in a file of the repository itself.
func (l AlertLocation) InCommit() bool { return l.Kind == "commit" }

// maxComment is how long GitHub lets the comment to a resolution be, in characters.
const maxComment = 280

type alertJSON struct {
	Number     int            `json:"number"`
	HTMLURL    string         `json:"html_url"`
	Type       string         `json:"secret_type"`
	Name       string         `json:"secret_type_display_name"`
	Provider   string         `json:"provider"`
	State      string         `json:"state"`
	Resolution string         `json:"resolution"`
	ResolvedBy *gogithub.User `json:"resolved_by"`
	ResolvedAt time.Time      `json:"resolved_at"`
	Comment    string         `json:"resolution_comment"`
	Public     bool           `json:"publicly_leaked"`
	Bypassed   bool           `json:"push_protection_bypassed"`
	BypassedBy *gogithub.User `json:"push_protection_bypassed_by"`
	BypassedAt time.Time      `json:"push_protection_bypassed_at"`
	BypassSaid string         `json:"push_protection_bypass_request_comment"`
}

func (a alertJSON) alert() Alert {
	out := Alert{
		Number: a.Number, URL: a.HTMLURL, Type: a.Type, Name: a.Name, Provider: a.Provider, State: a.State, Resolution: a.Resolution,
		ResolvedBy: Actor{a.ResolvedBy.GetLogin(), a.ResolvedBy.GetType()}, ResolvedAt: a.ResolvedAt.UTC(), Comment: a.Comment, Public: a.Public,
	}
	if a.Bypassed {
		out.BypassedBy, out.BypassedAt, out.BypassComment = a.BypassedBy.GetLogin(), a.BypassedAt.UTC(), a.BypassSaid
	}
	return out
}

// Alert reads an alert; GitHub is asked not to send the secret. ErrNotFound: there is none, or secret scanning is disabled.
// It needs [AlertsAccess], as what follows does.
func (c *Client) Alert(ctx context.Context, number int) (Alert, error) {
	var a alertJSON
	_, err := c.get(ctx, "read secret scanning alert", c.alertPath(number)+"?hide_secret=true", "", &a)
	return a.alert(), err
}

func (c *Client) alertPath(number int) string { return c.path("/secret-scanning/alerts/%d", number) }

// AlertSecret reads the secret of an alert; "" where GitHub does not show it. Whoever calls it keeps it nowhere.
func (c *Client) AlertSecret(ctx context.Context, number int) (string, error) {
	var a struct {
		Secret string `json:"secret"`
	}
	_, err := c.get(ctx, "read the secret of a secret scanning alert", c.alertPath(number), "", &a)
	return a.Secret, err
}

// AlertLocations lists up to limit places where GitHub found an alert's secret.
func (c *Client) AlertLocations(ctx context.Context, number, limit int) ([]AlertLocation, error) {
	if c.wrong != nil {
		return nil, &Error{Op: "list places of a secret scanning alert", About: "GitHub", Err: c.wrong}
	}
	var list []AlertLocation
	err := eachPage(ctx, c.calls, "list places of a secret scanning alert", c.alertPath(number)+"/locations?per_page=100", func(page []locationJSON) bool {
		for _, l := range page {
			if len(list) < limit {
				list = append(list, l.location())
			}
		}
		return len(list) < limit
	})
	return list, err
}

type locationJSON struct {
	Kind    string `json:"type"`
	Details struct {
		Path      string  `json:"path"`
		Blob      string  `json:"blob_sha"`
		Commit    string  `json:"commit_sha"`
		StartLine float64 `json:"start_line"` // GitHub's description has a number, not an integer
		EndLine   float64 `json:"end_line"`
		HTMLURL   string  `json:"html_url"`
		PageURL   string  `json:"page_url"` // of a wiki
	} `json:"details"`
}

func (l locationJSON) location() AlertLocation {
	d := l.Details
	out := AlertLocation{Kind: l.Kind, URL: d.HTMLURL, Path: strings.TrimPrefix(d.Path, "/"), Blob: d.Blob, Commit: d.Commit, StartLine: int(d.StartLine), EndLine: int(d.EndLine)}
	if out.URL == "" {
		out.URL = d.PageURL
	}
	if !isSHA(out.Blob) || !isSHA(out.Commit) {
		out.Blob, out.Commit = "", ""
	}
	return out
}

// ResolveAlert closes an alert, with a resolution of GitHub's and a comment, which is cut to 280 characters. It needs
// [AlertsWriteAccess], as ReopenAlert does. [Refused] where the organisation delegates closing to reviewers.
func (c *Client) ResolveAlert(ctx context.Context, number int, resolution, comment string) (Alert, error) {
	if text := []rune(comment); len(text) > maxComment {
		comment = string(text[:maxComment-1]) + "…"
	}
	return c.changeAlert(ctx, "resolve secret scanning alert", number, map[string]string{"state": "resolved", "resolution": resolution, "resolution_comment": comment})
}

// ReopenAlert opens a resolved alert.
func (c *Client) ReopenAlert(ctx context.Context, number int) (Alert, error) {
	return c.changeAlert(ctx, "reopen secret scanning alert", number, map[string]string{"state": "open"})
}

func (c *Client) changeAlert(ctx context.Context, op string, number int, body map[string]string) (Alert, error) {
	var a alertJSON
	err := c.do(ctx, op, writeCheck, func(ctx context.Context, rest *gogithub.Client) error { // it notifies nobody, as check runs do
		request, err := rest.NewRequest(http.MethodPatch, c.alertPath(number), body)
		if err != nil {
			return err
		}
		_, err = rest.Do(ctx, request, &a)
		return err
	})
	return a.alert(), err
}
