package texts

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
)

// finding is a text with what stands in it, or stood there.
type finding struct {
	text  github.Text
	found []read.FoundText
}

// pageOf reads a page of a list, and what the texts on it say and said. Of the texts it keeps only what was found in them.
func (w *History) pageOf(ctx context.Context, client *github.Client, list github.TextList, cursor string) (page github.TextPage, edited int, found []finding, err error) {
	page, err = client.TextPage(ctx, list, cursor)
	if err != nil {
		return page, 0, nil, err
	}
	finder := Finder{w.Scanner}
	note := func(t github.Text, versions []webhook.Text) {
		if here := finder.In(ctx, versions); len(here) > 0 {
			found = append(found, finding{t, here})
		}
	}
	former := map[string]github.Text{} // texts with a history, by their ids
	var ids []string
	for _, t := range page.Texts {
		if t.Edited && t.NodeID != "" {
			former[t.NodeID] = t
			ids = append(ids, t.NodeID)
			continue
		}
		note(t, versionsOf(t, github.History{}))
	}
	if len(ids) == 0 {
		return page, 0, found, nil
	}
	err = client.Histories(ctx, ids, func(id string, h github.History) {
		note(former[id], versionsOf(former[id], h))
		delete(former, id)
	})
	for _, t := range former { // deleted since it was listed
		note(t, versionsOf(t, github.History{}))
	}
	return page, len(ids), found, err
}

// kindOf is a text's kind by GraphQL's name of it.
func kindOf(kind string) webhook.TextKind {
	return map[string]webhook.TextKind{
		"Issue": webhook.TextIssue, "IssueComment": webhook.TextIssueComment, "PullRequest": webhook.TextPullRequest,
		"PullRequestReview": webhook.TextReview, "PullRequestReviewComment": webhook.TextReviewComment, "CommitComment": webhook.TextCommitComment,
		"Discussion": webhook.TextDiscussion, "DiscussionComment": webhook.TextDiscussionComment, "Release": webhook.TextRelease,
	}[kind]
}

// versionsOf is a text as events tell of it: what it says now, then what it said before, the latest first. A former version's time is when it was
// edited away. What the history says of the text now is younger than the list.
func versionsOf(t github.Text, h github.History) []webhook.Text {
	base := webhook.Text{
		Kind: kindOf(t.Kind), NodeID: t.NodeID, ID: t.ID, Number: t.Number, URL: t.URL, Author: webhook.Account{Login: t.Author},
		Updated: t.Created, Written: t.Created,
	}
	switch base.Kind {
	case webhook.TextIssue, webhook.TextPullRequest, webhook.TextDiscussion:
		base.ID = 0 // events have the number alone
	}
	title, body, changed := t.Title, t.Body, t.Changed
	if h.Exists {
		title, body = h.Title, h.Body
	}
	if len(h.Edits) > 0 {
		changed = h.Edits[0].EditedAt
	}
	var list []webhook.Text
	add := func(field, content string, written, updated time.Time, former bool) {
		if content == "" {
			return
		}
		one := base
		one.Field, one.Content, one.Former = field, content, former
		one.Written, one.Updated = written, updated
		list = append(list, one)
	}
	add("title", title, t.Created, t.Created, false)
	for i, former := range slices.Backward(h.Titles) {
		written := t.Created
		if i > 0 {
			written = h.Titles[i-1].ChangedAt
		}
		add("title", former.Text, written, former.ChangedAt, true)
	}
	add("body", body, latest(changed, t.Created), latest(changed, t.Created), false)
	for i, e := range h.Edits {
		if i > 0 && !e.Deleted() {
			add("body", e.Text, e.EditedAt, h.Edits[i-1].EditedAt, true)
		}
	}
	add("diff_hunk", t.Hunk, t.Created, t.Created, false)
	return list
}
