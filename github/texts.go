package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"time"
)

// Text is something that people wrote on GitHub outside git.
type Text struct {
	Kind    string // GraphQL's name: Issue, PullRequest, IssueComment, PullRequestReview …; Release
	NodeID  string // for [Client.Edits]; of a release, which has no history, it is good for nothing
	ID      int64  // REST's
	Number  int    // of the issue, pull request or discussion; 0: none
	URL     string // html_url
	Title   string
	Body    string
	Hunk    string // what GitHub copied of a diff into the comment of a review
	Author  string // login; "" for a deleted account
	Created time.Time
	Edited  bool    // it has a history, which [Client.Edits] reads
	Assets  []Asset // of a release
}

// Asset is a file of a release.
type Asset struct {
	ID   int64
	Name string
	Size int64 // bytes
}

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

// restLists are where REST has them. In each but that of releases, what is written later comes last: a list can be read on from
// where somebody stopped.
func restLists() map[TextList]string {
	const oldestFirst = "?sort=created&direction=asc&per_page=100"
	return map[TextList]string{
		Issues:         "/issues" + oldestFirst + "&state=all",
		IssueComments:  "/issues/comments" + oldestFirst,
		ReviewComments: "/pulls/comments" + oldestFirst,
		CommitComments: "/comments?per_page=100",
		Releases:       "/releases?per_page=100",
	}
}

// TextPage reads one page of a list, with [TextsAccess]: up to 100 texts, or 10 discussions or 25 pull requests' reviews with all that
// is under them. The first page has no cursor; next is that of the following one, "" at the end. A cursor stays good for days: what was
// written meanwhile is at the end of the list. A page costs one request of REST and one of GraphQL. Texts without words are left out.
func (c *Client) TextPage(ctx context.Context, list TextList, cursor string) (texts []Text, next string, err error) {
	switch list {
	case Reviews:
		texts, next, err = c.reviews(ctx, cursor)
	case Discussions:
		texts, next, err = c.discussions(ctx, cursor)
	default:
		texts, next, err = c.restTexts(ctx, list, cursor)
	}
	return slices.DeleteFunc(texts, Text.empty), next, err
}

// empty reports whether there is nothing to read in the text, now or before.
func (t Text) empty() bool {
	return t.Title == "" && t.Body == "" && t.Hunk == "" && !t.Edited && len(t.Assets) == 0
}

func (c *Client) restTexts(ctx context.Context, list TextList, cursor string) ([]Text, string, error) {
	op := "list " + string(list)
	first, known := restLists()[list]
	at, err := pageAt(first, cursor)
	if !known {
		err = &InvalidError{"list of texts", fmt.Sprintf("there is no %q", string(list))}
	}
	if err != nil {
		return nil, "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	var page []textJSON
	resp, err := c.get(ctx, op, c.path("")+at, "", &page)
	if err != nil {
		return nil, "", err
	}
	next, err := c.cursor(resp.Header)
	if err != nil {
		return nil, "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	texts := make([]Text, 0, len(page))
	for _, one := range page {
		texts = append(texts, one.text(list))
	}
	if list == Releases || c.bare {
		return texts, next, nil
	}
	return texts, next, c.markEdited(ctx, texts)
}

// markEdited asks GraphQL which texts have a history: REST does not tell an edit from a label, or from one in the second of writing.
func (c *Client) markEdited(ctx context.Context, texts []Text) error {
	ids := make([]string, len(texts))
	for i, t := range texts {
		ids[i] = t.NodeID
	}
	edited, err := c.Edited(ctx, ids)
	for i, t := range texts {
		texts[i].Edited = slices.Contains(edited, t.NodeID)
	}
	return err
}

// pageAt is a page's address below the repository's: the cursor is its query.
func pageAt(first, cursor string) (string, error) {
	if cursor == "" {
		return first, nil
	}
	query, err := url.ParseQuery(cursor)
	if err != nil {
		return "", &InvalidError{"cursor", fmt.Sprintf("%.80q is none", cursor)}
	}
	at, err := url.Parse(first)
	if err != nil {
		return "", err
	}
	at.RawQuery = query.Encode()
	return at.String(), nil
}

// cursor is the next page's query, which stays good when the repository is renamed.
func (c *Client) cursor(header http.Header) (string, error) {
	next, err := c.calls.nextPage(header)
	if err != nil || next == "" {
		return "", err
	}
	u, err := url.Parse(next)
	if err != nil {
		return "", err
	}
	return u.RawQuery, nil
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
	User        actorJSON `json:"user"`
	Author      actorJSON `json:"author"` // a release's
	CreatedAt   time.Time `json:"created_at"`
	Assets      []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
		Size int64  `json:"size"`
	} `json:"assets"`
}

func (j textJSON) text(list TextList) Text {
	kinds := map[TextList]string{
		Issues: "Issue", IssueComments: "IssueComment", ReviewComments: "PullRequestReviewComment", CommitComments: "CommitComment",
		Releases: "Release",
	}
	t := Text{
		Kind: kinds[list], NodeID: j.NodeID, ID: j.ID, Number: j.Number, URL: j.HTMLURL, Title: cmp.Or(j.Title, j.Name), Body: j.Body,
		Hunk: j.Hunk, Author: cmp.Or(j.User.Login, j.Author.Login), Created: j.CreatedAt.UTC(),
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
