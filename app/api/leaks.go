package api

import (
	"context"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// Repository names a repository.
type Repository struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
	URL      string `json:"url"`
	Private  bool   `json:"private"`
	Archived bool   `json:"archived"`
}

// Leak is a leaked credential, as its issue shows it.
type Leak struct {
	ID          int64      `json:"id"`
	Repository  Repository `json:"repository"`
	State       string     `json:"state"`
	Kind        string     `json:"kind"`
	Description string     `json:"description"`
	Environment string     `json:"environment,omitempty"`
	Severity    string     `json:"severity"`
	Confidence  string     `json:"confidence"`
	Reasons     []string   `json:"reasons"`
	Redacted    string     `json:"redacted"`
	Fingerprint string     `json:"fingerprint"`
	Instance    string     `json:"instance,omitempty"`
	InstanceID  string     `json:"instance_id,omitempty"`
	Dashboard   string     `json:"clerk_dashboard_url,omitempty"`
	Variable    string     `json:"variable,omitempty"`
	Browser     bool       `json:"browser"`
	Outside     bool       `json:"outside"`
	Pusher      string     `json:"pusher,omitempty"`

	Introduced time.Time `json:"introduced_at,omitzero"`
	Opened     time.Time `json:"opened_at"`
	Seen       time.Time `json:"seen_at,omitzero"`
	Responded  time.Time `json:"responded_at,omitzero"`
	Closed     time.Time `json:"closed_at,omitzero"`
	ClosedBy   string    `json:"closed_by,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	Until      time.Time `json:"until,omitzero"`
	Waiting    *Waiting  `json:"waiting,omitempty"`
	Snoozed    time.Time `json:"snoozed_until,omitzero"`
	Reminded   time.Time `json:"reminded_at,omitzero"`

	Clerk           *Clerk `json:"clerk,omitempty"`
	Issue           *Issue `json:"issue,omitempty"`
	Places          int    `json:"places"`
	Path            string `json:"path,omitempty"`
	InDefaultBranch bool   `json:"in_default_branch"`
}

// Waiting is a closing that waits for a second person.
type Waiting struct {
	As      string    `json:"as"` // the state that the leak would have
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
	Until   time.Time `json:"until,omitzero"`
	Expires time.Time `json:"expires_at"`
}

// Clerk is what Clerk last answered about a key.
type Clerk struct {
	Verdict string    `json:"verdict"`
	Asked   time.Time `json:"asked_at"`
}

// Issue is where a leak is dealt with.
type Issue struct {
	Repository int64  `json:"repository"`
	Number     int    `json:"number"`
	URL        string `json:"url"`
}

func (a *api) repository(r respond.Repository) Repository {
	return Repository{ID: r.ID, FullName: r.FullName(), URL: withURL(r, a.WebURL).URL, Private: r.Private, Archived: r.Archived}
}

func (a *api) leakOf(row ledger.LeakRow) Leak {
	l := row.Leak
	out := Leak{
		ID: l.ID, Repository: a.repository(row.Repository), State: string(l.State), Kind: string(l.Kind),
		Description: respond.Describe(l.Kind, l.Environment), Environment: string(l.Environment), Severity: string(l.Severity),
		Confidence: string(l.Confidence), Reasons: notNil(l.Reasons), Redacted: l.Redacted, Fingerprint: l.Fingerprint, Instance: l.Instance,
		InstanceID: l.InstanceID, Dashboard: l.Dashboard, Variable: l.Variable, Browser: l.Browser, Outside: l.Outside, Pusher: l.Pusher,
		Introduced: l.Introduced, Opened: l.Detected, Seen: row.Seen, Responded: l.Responded, Closed: l.Closed, ClosedBy: l.ClosedBy,
		Reason: l.Reason, ApprovedBy: l.ApprovedBy, Until: l.Until, Snoozed: l.Snoozed, Reminded: l.Reminded, Places: row.Places, Path: row.Path, InDefaultBranch: row.InDefaultBranch,
	}
	if w := l.Request; w.Waits() {
		out.Waiting = &Waiting{string(w.To), w.By, w.At, w.Reason, w.Until, w.Expires()}
	}
	if l.Verdict != "" {
		out.Clerk = &Clerk{string(l.Verdict), l.VerifiedAt}
	}
	if l.IssueNumber != 0 {
		out.Issue = &Issue{l.IssueRepository, l.IssueNumber, l.IssueURL}
	}
	return out
}

// notNil is a list that JSON writes as one.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Leaks is a page of leaks.
type Leaks struct {
	Leaks  []Leak `json:"leaks"`
	Next   string `json:"next,omitempty"` // for after; absent on the last page
	Total  int    `json:"total"`
	Counts Counts `json:"counts"`
}

// Counts are how many leaks there would be, were another value of each filter chosen.
type Counts struct {
	State       map[respond.State]int      `json:"state"`
	Kind        map[detect.Kind]int        `json:"kind"`
	Environment map[detect.Environment]int `json:"environment"`
	Severity    map[detect.Severity]int    `json:"severity"`
}

func (a *api) leaks(q *ask) (any, error) {
	query := leakQuery(&q.params)
	var page ledger.LeakPage
	var counts ledger.LeakCounts
	err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
		if page, err = tx.Leaks(ctx, q.sees, query); err == nil {
			counts, err = tx.LeakCounts(ctx, q.sees, query.LeakFilter)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Leaks{Leaks: []Leak{}, Next: page.Next, Total: counts.Total, Counts: Counts{counts.States, counts.Kinds, counts.Environments, counts.Severities}}
	for _, row := range page.Leaks {
		out.Leaks = append(out.Leaks, a.leakOf(row))
	}
	return out, nil
}

// Detail is all that is recorded of a leak.
type Detail struct {
	Leak
	Sightings    []Sighting   `json:"sightings"`
	Timeline     []Happening  `json:"timeline"`
	Instructions Instructions `json:"instructions"`
}

// Sighting is a place of a leak.
type Sighting struct {
	Source   string    `json:"source"`
	Path     string    `json:"path,omitempty"`
	Member   string    `json:"member,omitempty"` // of an archive
	Encoding string    `json:"encoding,omitempty"`
	Line     int       `json:"line"`
	Column   int       `json:"column"`
	Commit   string    `json:"commit"`
	URL      string    `json:"url,omitempty"`
	Author   string    `json:"author,omitempty"`
	Authored time.Time `json:"authored_at,omitzero"`
	Ref      string    `json:"ref,omitempty"`
	Allowed  bool      `json:"allowed"`
	Field    string    `json:"field,omitempty"`     // of a text on GitHub
	Former   bool      `json:"former,omitempty"`    // in an earlier version of the text alone
	Gone     time.Time `json:"deleted_at,omitzero"` // when the text, or that version, was seen to be deleted
}

// Happening is an entry of a leak's timeline.
type Happening struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	By         string    `json:"by,omitempty"`
	From       string    `json:"from,omitempty"`
	To         string    `json:"to,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	Until      time.Time `json:"until,omitzero"`
	Trigger    string    `json:"trigger,omitempty"`
	Ref        string    `json:"ref,omitempty"`
	Pull       int       `json:"pull_request,omitempty"`
	Places     int       `json:"places,omitempty"`
	Head       string    `json:"head,omitempty"`
	CheckRun   int64     `json:"check_run,omitempty"`
	Conclusion string    `json:"conclusion,omitempty"`
	What       string    `json:"what,omitempty"`
	Detail     string    `json:"detail,omitempty"`
}

func (a *api) leak(q *ask) (any, error) {
	id, err := strconv.ParseInt(mux.Vars(q.Request)["id"], 10, 64)
	if err != nil {
		return nil, ledger.ErrNotFound
	}
	var d ledger.LeakDetail
	err = a.view(q, func(ctx context.Context, tx Tx) (err error) {
		d, err = tx.LeakDetail(ctx, q.sees, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Detail{Leak: a.leakOf(d.LeakRow), Sightings: []Sighting{}, Timeline: []Happening{}, Instructions: InstructionsOf(q.Context(), d, a.WebURL)}
	for _, s := range d.Sightings {
		out.Sightings = append(out.Sightings, Sighting{
			Source: string(s.Source), Path: s.Path, Member: s.Member, Encoding: s.Encoding, Line: s.Line, Column: s.Column, Commit: s.Commit,
			URL: text.Permalink(withURL(d.Repository, a.WebURL), s), Author: s.AuthorName, Authored: s.Authored, Ref: s.Ref, Allowed: s.Allowed,
			Field: s.Text.Field, Former: s.Text.Former, Gone: s.Text.Gone,
		})
	}
	for _, h := range d.Timeline {
		out.Timeline = append(out.Timeline, happeningOf(h))
	}
	return out, nil
}

func happeningOf(h ledger.Happening) Happening {
	kind := string(h.Kind)
	if h.Kind == ledger.HappenedDone {
		kind = string(h.Activity.Kind)
	}
	return Happening{
		At: h.At, Kind: kind, By: h.By, From: string(h.From), To: string(h.To), Reason: h.Reason, ApprovedBy: h.Approved, Until: h.Until, Trigger: string(h.Trigger), Ref: h.Ref,
		Pull: h.Pull, Places: h.Places, Head: h.Head, CheckRun: h.CheckRun, Conclusion: h.Conclusion, What: h.Activity.What, Detail: h.Activity.Detail,
	}
}
