package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// History is a text on GitHub with what it said before its edits.
type History struct {
	// Exists is false for a text that was deleted: its history went with it. It is also false where the token may not read the text.
	Exists      bool
	Kind        string // GraphQL's name: Issue, IssueComment …
	Title, Body string // as they are now
	Edits       []Edit // of the body, newest first; none before the first edit
	// Titles are former titles of an issue or a pull request, oldest first, up to 100. GitHub shows them between the comments, and nobody
	// can delete them; they go with the issue. Those of discussions it does not show.
	Titles []FormerTitle
}

// FormerTitle is what a title was until somebody changed it.
type FormerTitle struct {
	Text      string
	Editor    string // who changed it: a login; "" for a deleted account
	ChangedAt time.Time
}

// Edit is one version of a text. The first edit makes two: the original and what it became.
type Edit struct {
	NodeID    string
	Text      string // all that the text said then; "" after the version was deleted
	Editor    string // login; "" for a deleted account
	EditedAt  time.Time
	DeletedAt time.Time // from the history; zero: everybody who can read the text can read this version
	DeletedBy string
}

// Deleted reports whether GitHub shows nothing of the version any more but that it was there.
func (e Edit) Deleted() bool { return !e.DeletedAt.IsZero() || e.Text == "" }

// historyFields are those of a text with its history; %d is how many versions.
const historyFields = `
    id
    __typename
    ... on Issue {
      title
      timelineItems(first: 100, itemTypes: [RENAMED_TITLE_EVENT]) {
        nodes { ... on RenamedTitleEvent { previousTitle createdAt actor { login } } }
      }
    }
    ... on PullRequest {
      title
      timelineItems(first: 100, itemTypes: [RENAMED_TITLE_EVENT]) {
        nodes { ... on RenamedTitleEvent { previousTitle createdAt actor { login } } }
      }
    }
    ... on Discussion { title }
    ... on Comment {
      body
      userContentEdits(first: %d, after: $after) {
        nodes { id diff editedAt editor { login } deletedAt deletedBy { login } }
        pageInfo { endCursor hasNextPage }
      }
    }`

func editsQuery() string {
	return fmt.Sprintf("query($id: ID!, $after: String) {\n  node(id: $id) {"+historyFields+"\n  }\n}", 100)
}

// A query for the histories of many texts asks for as many versions of each as few texts have, so that an answer stays small whose texts are
// long: of GitHub's 500,000 nodes it takes 2,200.
const historiesAtOnce, versionsAtOnce = 20, 10

func historiesQuery() string {
	return fmt.Sprintf("query($ids: [ID!]!, $after: String) {\n  nodes(ids: $ids) {"+historyFields+"\n  }\n}", versionsAtOnce)
}

type actorJSON struct {
	Login string `json:"login"`
}

type pageInfoJSON struct {
	End     string `json:"endCursor"`
	HasNext bool   `json:"hasNextPage"`
}

type editJSON struct {
	ID        string    `json:"id"`
	Diff      string    `json:"diff"`
	EditedAt  time.Time `json:"editedAt"`
	Editor    actorJSON `json:"editor"`
	DeletedAt time.Time `json:"deletedAt"`
	DeletedBy actorJSON `json:"deletedBy"`
}

type renameJSON struct {
	Previous  string    `json:"previousTitle"`
	CreatedAt time.Time `json:"createdAt"`
	Actor     actorJSON `json:"actor"`
}

func (e editJSON) edit() Edit {
	return Edit{
		NodeID: e.ID, Text: e.Diff, Editor: e.Editor.Login, EditedAt: e.EditedAt.UTC(), DeletedAt: e.DeletedAt.UTC(),
		DeletedBy: e.DeletedBy.Login,
	}
}

// historyJSON is how GraphQL writes a text with its history.
type historyJSON struct {
	ID    string `json:"id"`
	Kind  string `json:"__typename"`
	Title string `json:"title"`
	Body  string `json:"body"`
	Edits struct {
		Nodes []editJSON   `json:"nodes"`
		Page  pageInfoJSON `json:"pageInfo"`
	} `json:"userContentEdits"`
	Timeline struct {
		Nodes []renameJSON `json:"nodes"`
	} `json:"timelineItems"`
}

func (n historyJSON) history() History {
	h := History{Exists: true, Kind: n.Kind, Title: n.Title, Body: n.Body}
	for _, r := range n.Timeline.Nodes {
		h.Titles = append(h.Titles, FormerTitle{r.Previous, r.Actor.Login, r.CreatedAt.UTC()})
	}
	for _, e := range n.Edits.Nodes {
		h.Edits = append(h.Edits, e.edit())
	}
	slices.SortStableFunc(h.Edits, func(a, b Edit) int { return b.EditedAt.Compare(a.EditedAt) })
	return h
}

// Edits reads the edit history of an issue, a pull request, a review, a discussion or any comment, by its GraphQL id. It needs
// [TextsAccess], and for discussions [DiscussionsAccess]. Texts of the history are for scanning: whoever reads them keeps them nowhere.
func (c *Client) Edits(ctx context.Context, nodeID string) (History, error) {
	const op = "read edit history"
	if err := required("text's id", nodeID); err != nil {
		return History{}, &Error{Op: op, About: c.calls.about, Err: err}
	}
	var text historyJSON
	variables := map[string]any{"id": nodeID}
	for range maxPages {
		var answer struct {
			Node *historyJSON `json:"node"`
		}
		err := c.graphql(ctx, op, query, editsQuery(), variables, &answer)
		switch {
		case onlyMissing(err) || err == nil && answer.Node == nil:
			return History{}, nil
		case err != nil:
			return History{}, err
		}
		before := text.Edits.Nodes
		text = *answer.Node
		text.Edits.Nodes = append(before, text.Edits.Nodes...)
		if !text.Edits.Page.HasNext {
			break
		}
		variables["after"] = text.Edits.Page.End
	}
	return text.history(), nil
}

// Histories reads the edit histories of texts as [Client.Edits] does, those of 20 texts with one query, and calls visit for each in turn.
// A text with more than ten versions costs a query of its own. Deleted ones are left out.
func (c *Client) Histories(ctx context.Context, nodeIDs []string, visit func(nodeID string, h History)) error {
	for ids := range slices.Chunk(nodeIDs, historiesAtOnce) {
		var answer struct {
			Nodes []*historyJSON `json:"nodes"`
		}
		err := c.graphql(ctx, "read edit histories", query, historiesQuery(), map[string]any{"ids": ids}, &answer)
		if err != nil && !onlyMissing(err) {
			return err
		}
		for _, n := range answer.Nodes {
			if n == nil {
				continue
			}
			h := n.history()
			if n.Edits.Page.HasNext {
				if h, err = c.Edits(ctx, n.ID); err != nil {
					return err
				}
			}
			if h.Exists {
				visit(n.ID, h)
			}
		}
	}
	return nil
}

// onlyMissing reports whether the error is GraphQL's that something asked for does not exist, and no other.
func onlyMissing(err error) bool {
	said, ok := errors.AsType[*queryError](err)
	return ok && said.onlyMissing()
}

const editedQuery = `query($ids: [ID!]!) {
  nodes(ids: $ids) {
    id
    ... on Comment { lastEditedAt }
    ... on Issue { timelineItems(first: 1, itemTypes: [RENAMED_TITLE_EVENT]) { nodes { ... on RenamedTitleEvent { createdAt } } } }
    ... on PullRequest {
      isCrossRepository
      timelineItems(first: 1, itemTypes: [RENAMED_TITLE_EVENT]) { nodes { ... on RenamedTitleEvent { createdAt } } }
    }
  }
}`

// maxNodeIDs is how many ids one query may name.
const maxNodeIDs = 100

// describedJSON is what GraphQL knows of a text, and REST does not.
type describedJSON struct {
	ID         string    `json:"id"`
	LastEdited time.Time `json:"lastEditedAt"`
	Fork       bool      `json:"isCrossRepository"`
	Timeline   struct {
		Nodes []renameJSON `json:"nodes"`
	} `json:"timelineItems"`
}

func (d describedJSON) edited() bool { return !d.LastEdited.IsZero() || len(d.Timeline.Nodes) > 0 }

// Edited returns which of the texts were ever edited or renamed, and so have a history that [Client.Edits] reads. At most 100 texts cost one
// query. Deleted ones are left out. Access is as for Edits.
func (c *Client) Edited(ctx context.Context, nodeIDs []string) ([]string, error) {
	known, err := c.describe(ctx, nodeIDs)
	return slices.DeleteFunc(slices.Clone(nodeIDs), func(id string) bool { return !known[id].edited() }), err
}

// describe returns what GraphQL knows of texts, by their ids. Deleted ones are left out.
func (c *Client) describe(ctx context.Context, nodeIDs []string) (map[string]describedJSON, error) {
	known := make(map[string]describedJSON, len(nodeIDs))
	for ids := range slices.Chunk(nodeIDs, maxNodeIDs) {
		var answer struct {
			Nodes []*describedJSON `json:"nodes"`
		}
		err := c.graphql(ctx, "look for edited texts", query, editedQuery, map[string]any{"ids": ids}, &answer)
		if err != nil && !onlyMissing(err) {
			return nil, err
		}
		for _, n := range answer.Nodes {
			if n != nil {
				known[n.ID] = *n
			}
		}
	}
	return known, nil
}

const deleteDiscussionComment = `mutation($id: ID!) {
  deleteDiscussionComment(input: {id: $id}) { comment { id } }
}`

// DeleteDiscussionComment deletes a comment under a discussion with its edit history, and what was replied to it. It needs
// [DiscussionsWriteAccess]. [ErrNotFound]: there is none.
func (c *Client) DeleteDiscussionComment(ctx context.Context, nodeID string) error {
	const op = "delete discussion comment"
	if err := required("comment's id", nodeID); err != nil {
		return &Error{Op: op, About: c.calls.about, Err: err}
	}
	var answer struct{}
	return c.graphql(ctx, op, mutate, deleteDiscussionComment, map[string]any{"id": nodeID}, &answer)
}
