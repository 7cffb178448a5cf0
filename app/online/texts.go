package online

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// The kinds of places beside [respond.Source]'s.
const (
	placeFile    = scan.OnlineFile
	placeMessage = "commit_message"
	placeTag     = "tag_message"
	placeNote    = "git_note"
	placeWiki    = "wiki"
	placeAsset   = "release_asset"
	placeLog     = "actions_log"
)

// The fields of texts.
const (
	title = "title"
	body  = "body"
	hunk  = "diff_hunk"
)

// kindOf is a text's kind by its name in GraphQL.
func kindOf(t github.Text) respond.Source {
	return map[string]respond.Source{
		"Issue": respond.InIssue, "PullRequest": respond.InPullRequest, "IssueComment": respond.InIssueComment, "PullRequestReview": respond.InReview,
		"PullRequestReviewComment": respond.InReviewComment, "CommitComment": respond.InCommitComment, "Discussion": respond.InDiscussion,
		"DiscussionComment": respond.InDiscussionComment, "Release": respond.InRelease,
	}[t.Kind]
}

// underPull reports whether a comment is on a pull request: GitHub lists them with those on issues.
func underPull(t github.Text) bool { return strings.Contains(t.URL, "/pull/") }

// surfaceOf is the surface that a text is of.
func surfaceOf(t github.Text) Surface {
	switch kindOf(t) {
	case respond.InIssue:
		return Issues
	case respond.InIssueComment:
		if !underPull(t) {
			return Issues
		}
	case respond.InDiscussion, respond.InDiscussionComment:
		return Discussions
	case respond.InRelease:
		return Releases
	}
	return Pulls
}

// nameOf is what people call a text.
func nameOf(t github.Text) string {
	issue, pull := fmt.Sprintf("issue #%d", t.Number), fmt.Sprintf("pull request #%d", t.Number)
	switch kindOf(t) {
	case respond.InIssue:
		return issue
	case respond.InPullRequest:
		return pull
	case respond.InIssueComment:
		if underPull(t) {
			return "comment on " + pull
		}
		return "comment on " + issue
	case respond.InReview:
		return "review of " + pull
	case respond.InReviewComment:
		return "comment in a review of " + pull
	case respond.InCommitComment:
		return "comment on commit " + commitIn(t.URL)
	case respond.InDiscussion:
		return fmt.Sprintf("discussion #%d", t.Number)
	case respond.InDiscussionComment:
		return fmt.Sprintf("comment on discussion #%d", t.Number)
	}
	return "release " + tagOf(t)
}

// fieldName is what people call a field of a text.
func fieldName(t github.Text, field string) string {
	switch field {
	case title:
		return "title of " + nameOf(t)
	case hunk:
		return fmt.Sprintf("code quoted in a review of pull request #%d", t.Number)
	}
	return nameOf(t)
}

func commitIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)[:min(12, len(path.Base(u.Path)))]
}

// tagOf is the tag of a release, by its address.
func tagOf(t github.Text) string {
	_, tag, found := strings.Cut(t.URL, "/releases/tag/")
	if name, err := url.PathUnescape(tag); found && err == nil {
		return name
	}
	return t.Title
}

// texts reads a page of a list: what the texts say, and what those that were edited said before.
func (r *reading) texts(ctx context.Context, list github.TextList, cursor string) (next string, err error) {
	if list == github.Reviews && !r.Token && r.includes(Pulls) && r.to.Counts[string(respond.InPullRequest)] == 0 {
		return "", nil // there are none, which is told without a token
	}
	var listed github.TextPage
	err = r.try(ctx, func() (err error) {
		listed, err = r.client.TextPage(ctx, list, cursor)
		return err
	})
	page := listed.Texts
	if err != nil {
		return "", err
	}
	if !r.Token && len(page) > 0 && list != github.Releases {
		r.lacks(ctx, gap{Of: "earlier versions of texts", Reason: "GitHub shows them only with a token", Part: true})
	}
	page = slices.DeleteFunc(page, func(t github.Text) bool { return !r.includes(surfaceOf(t)) })
	for _, t := range page {
		for _, one := range []struct{ field, text string }{{title, t.Title}, {body, t.Body}, {hunk, t.Hunk}} {
			r.text(ctx, t, where{Field: one.field, Author: t.Author, When: t.Created}, one.text)
		}
	}
	for _, t := range page {
		if err := r.below(ctx, t); err != nil {
			return "", err
		}
	}
	for _, t := range page {
		r.to.count(countedAs(t), 1)
		r.to.count(countBytes, int64(len(t.Title)+len(t.Body)+len(t.Hunk)))
	}
	return listed.Next, nil
}

// text looks through one field of a text.
func (r *reading) text(ctx context.Context, t github.Text, at where, text string) {
	for _, f := range r.Scanner.Scan(ctx, "", []byte(text)) {
		at.Place, at.Name, at.URL = string(kindOf(t)), fieldName(t, at.Field), t.URL
		r.found(rowOf(ctx, r.Scanner, f, at))
	}
}

// below reads what hangs on a text: its earlier versions, and the files of a release. Each is read once, whatever interrupts the page.
func (r *reading) below(ctx context.Context, t github.Text) error {
	if t.Edited {
		if err := r.once(ctx, t.NodeID, "earlier versions of texts", func() error { return r.versions(ctx, t) }); err != nil {
			return err
		}
	}
	for _, a := range t.Assets {
		if err := r.once(ctx, fmt.Sprintf("asset %d", a.ID), "files of releases", func() error { return r.asset(ctx, t, a) }); err != nil {
			return err
		}
	}
	return nil
}

// once does a part of a page that was not done before. What can't be read of it is a gap; other errors end the scan.
func (r *reading) once(ctx context.Context, id, of string, read func() error) error {
	if r.to.At.saw(id) {
		return nil
	}
	if err := r.alone(ctx, r.try(ctx, read)); err != nil {
		if r.fatal(ctx, err) {
			return err
		}
		r.lacks(ctx, r.missing(of, err))
	}
	r.to.At.Seen = append(r.to.At.Seen, id)
	r.show(r.to.At.Step, nil)
	return r.save(false)
}

// versions looks through what a text said before its edits.
func (r *reading) versions(ctx context.Context, t github.Text) error {
	h, err := r.client.Edits(ctx, t.NodeID)
	if err != nil || !h.Exists { // it was deleted meanwhile, with its history
		return err
	}
	for _, e := range slices.Backward(h.Edits) { // the oldest first: since when it could be read counts
		if !e.Deleted() && e.Text != h.Body {
			r.text(ctx, t, where{Field: body, Former: true, Author: e.Editor, When: e.EditedAt}, e.Text)
			r.to.count(countVersions, 1)
			r.to.count(countBytes, int64(len(e.Text)))
		}
	}
	author, since := t.Author, t.Created
	for _, former := range h.Titles {
		r.text(ctx, t, where{Field: title, Former: true, Author: author, When: since}, former.Text)
		author, since = former.Editor, former.ChangedAt
		r.to.count(countVersions, 1)
	}
	return nil
}
