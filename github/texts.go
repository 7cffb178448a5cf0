package github

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Text is something that people wrote on GitHub outside git.
type Text struct {
	Kind   string // GraphQL's name: Issue, PullRequest, IssueComment, PullRequestReview …; Release
	NodeID string // for [Client.Edits]; of a release, which has no history, it is good for nothing
	ID     int64  // REST's
	Number int    // of the issue, pull request or discussion; 0: none
	URL    string // html_url
	Title  string
	Body   string
	Hunk   string // what GitHub copied of a diff into the comment of a review
	Author string // login; "" for a deleted account
	// Association is what the author is to the repository, in GitHub's words: OWNER, MEMBER, NONE …; "" for a release.
	Association string
	Created     time.Time
	Changed     time.Time // when the body was last edited; zero: never, or it is a release
	Edited      bool      // it has a history, which [Client.Edits] reads
	Fork        bool      // a pull request from another repository
	Assets      []Asset   // of a release
}

// TextPage is a page of a list of texts.
type TextPage struct {
	Texts []Text
	Next  string // cursor of the following page; "" at the end
	// Left is about how many texts are left after this page; pull requests of [Reviews], and discussions without their comments. -1:
	// GitHub doesn't tell.
	Left int
}

// Asset is a file of a release.
type Asset struct {
	ID      int64
	Name    string
	Size    int64     // bytes
	State   string    // uploaded; another while it is not whole
	Digest  string    // sha256:…; "" for those that were uploaded before GitHub kept it
	Updated time.Time // zero where it is not known
}

// Whole reports whether the asset's upload has ended.
func (a Asset) Whole() bool { return a.State == "uploaded" }

// Version tells what the asset holds now from what it held before.
func (a Asset) Version() string { return cmp.Or(a.Digest, a.Updated.UTC().Format(time.RFC3339)) }

// TextList is a list of texts that GitHub gives for a repository.
type TextList string

// The lists.
const (
	Issues         TextList = "issues" // and pull requests
	IssueComments  TextList = "issue comments"
	Reviews        TextList = "reviews"
	ReviewComments TextList = "review comments"
	CommitComments TextList = "commit comments"
	Discussions    TextList = "discussions" // with their comments; they need [DiscussionsAccess]
	Releases       TextList = "releases"
)

// restLists are where REST has them. The first three can be sorted by when a text was changed last, and read from a time on.
func restLists() map[TextList]string {
	const oldestFirst = "?sort=updated&direction=asc&per_page=100"
	return map[TextList]string{
		Issues:         "/issues" + oldestFirst + "&state=all",
		IssueComments:  "/issues/comments" + oldestFirst,
		ReviewComments: "/pulls/comments" + oldestFirst,
		CommitComments: "/comments?per_page=100",
		Releases:       "/releases?per_page=100",
	}
}

// TextPage reads one page of a list, with [TextsAccess]: up to 100 texts, or 10 discussions or 25 pull requests' reviews with all that
// is under them. The first page has no cursor. A cursor stays good for days, and no text is left out of which nothing changes meanwhile,
// whatever is written, edited and deleted between two pages; one that is edited may come again. A page costs one request of REST and one
// of GraphQL, which [Counted] counts. Texts without words are left out.
func (c *Client) TextPage(ctx context.Context, list TextList, cursor string) (page TextPage, err error) {
	switch list {
	case Reviews:
		page, err = c.reviews(ctx, cursor)
	case Discussions:
		page, err = c.discussions(ctx, cursor)
	default:
		page, err = c.restTexts(ctx, list, cursor)
	}
	page.Texts = slices.DeleteFunc(page.Texts, Text.empty)
	return page, err
}

// empty reports whether there is nothing to read in the text, now or before.
func (t Text) empty() bool {
	return t.Title == "" && t.Body == "" && t.Hunk == "" && !t.Edited && len(t.Assets) == 0
}

func (c *Client) restTexts(ctx context.Context, list TextList, cursor string) (TextPage, error) {
	op := "list " + string(list)
	first, known := restLists()[list]
	of, start, _ := strings.Cut(first, "?")
	var at restCursor
	err := error(&InvalidError{"list of texts", fmt.Sprintf("there is no %q", string(list))})
	if known {
		at, err = parseRESTCursor(cmp.Or(cursor, start))
	}
	if err != nil {
		return TextPage{}, &Error{Op: op, About: c.calls.about, Err: err}
	}
	listed, next, left, err := c.restPage(ctx, op, of, at)
	if err != nil {
		return TextPage{}, err
	}
	page := TextPage{Texts: make([]Text, 0, len(listed)), Next: next, Left: left}
	for _, one := range listed {
		page.Texts = append(page.Texts, one.text(list))
	}
	if list == Releases || c.bare {
		return page, nil
	}
	return page, c.markEdited(ctx, page.Texts)
}

// markEdited asks GraphQL which texts have a history: REST does not tell an edit from a label, or from one in the second of writing.
func (c *Client) markEdited(ctx context.Context, texts []Text) error {
	ids := make([]string, len(texts))
	for i, t := range texts {
		ids[i] = t.NodeID
	}
	known, err := c.describe(ctx, ids)
	for i, t := range texts {
		of := known[t.NodeID]
		texts[i].Edited, texts[i].Changed, texts[i].Fork = of.edited(), of.LastEdited.UTC(), of.Fork
	}
	return err
}

// textJSON is how REST writes any of the texts.
type textJSON struct {
	ID          int64     `json:"id"`
	NodeID      string    `json:"node_id"`
	Number      int       `json:"number"`
	HTMLURL     string    `json:"html_url"`
	IssueURL    string    `json:"issue_url"`
	PullURL     string    `json:"pull_request_url"`
	PullRequest *struct{} `json:"pull_request"`
	Title       string    `json:"title"`
	Name        string    `json:"name"` // a release's
	Body        string    `json:"body"`
	Hunk        string    `json:"diff_hunk"`
	Association string    `json:"author_association"`
	User        actorJSON `json:"user"`
	Author      actorJSON `json:"author"` // a release's
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Assets      []struct {
		ID      int64     `json:"id"`
		Name    string    `json:"name"`
		Size    int64     `json:"size"`
		State   string    `json:"state"`
		Digest  string    `json:"digest"`
		Updated time.Time `json:"updated_at"`
	} `json:"assets"`
}

func (j textJSON) text(list TextList) Text {
	kinds := map[TextList]string{
		Issues: "Issue", IssueComments: "IssueComment", ReviewComments: "PullRequestReviewComment", CommitComments: "CommitComment",
		Releases: "Release",
	}
	t := Text{
		Kind: kinds[list], NodeID: j.NodeID, ID: j.ID, Number: j.Number, URL: j.HTMLURL, Title: cmp.Or(j.Title, j.Name), Body: j.Body,
		Hunk: j.Hunk, Author: cmp.Or(j.User.Login, j.Author.Login), Association: j.Association, Created: j.CreatedAt.UTC(),
	}
	if j.PullRequest != nil {
		t.Kind = "PullRequest"
	}
	if of := cmp.Or(j.IssueURL, j.PullURL); t.Number == 0 && of != "" {
		t.Number, _ = strconv.Atoi(path.Base(of)) // 0 where GitHub writes it otherwise
	}
	for _, a := range j.Assets {
		t.Assets = append(t.Assets, Asset(a))
	}
	return t
}
