package github

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// textFields are those that reviews, discussions and their comments have in common.
const textFields = `id databaseId url body author { login } authorAssociation createdAt lastEditedAt`

const reviewsQuery = `query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 25, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount
      nodes {
        id
        number
        reviews(first: 100) { nodes { ` + textFields + ` } pageInfo { endCursor hasNextPage } }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}`

const discussionsQuery = `query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    discussions(first: 10, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount
      nodes {
        ` + textFields + `
        number
        title
        comments(first: 50) {
          nodes {
            ` + textFields + `
            replies(first: 50) { nodes { ` + textFields + ` } pageInfo { endCursor hasNextPage } }
          }
          pageInfo { endCursor hasNextPage }
        }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}`

// belowQuery reads on in a list that one of the others cut.
const belowQuery = `query($id: ID!, $after: String) {
  node(id: $id) {
    ... on PullRequest {
      reviews(first: 100, after: $after) { nodes { ` + textFields + ` } pageInfo { endCursor hasNextPage } }
    }
    ... on Discussion {
      comments(first: 50, after: $after) {
        nodes {
          ` + textFields + `
          replies(first: 50) { nodes { ` + textFields + ` } pageInfo { endCursor hasNextPage } }
        }
        pageInfo { endCursor hasNextPage }
      }
    }
    ... on DiscussionComment {
      replies(first: 100, after: $after) { nodes { ` + textFields + ` } pageInfo { endCursor hasNextPage } }
    }
  }
}`

// nodeJSON is how GraphQL writes any of the texts, with the lists under it.
type nodeJSON struct {
	ID           string       `json:"id"`
	DatabaseID   int64        `json:"databaseId"`
	Number       int          `json:"number"`
	URL          string       `json:"url"`
	Title        string       `json:"title"`
	Body         string       `json:"body"`
	Author       actorJSON    `json:"author"`
	Association  string       `json:"authorAssociation"`
	CreatedAt    time.Time    `json:"createdAt"`
	LastEditedAt time.Time    `json:"lastEditedAt"`
	Reviews      nodeListJSON `json:"reviews"`
	Comments     nodeListJSON `json:"comments"`
	Replies      nodeListJSON `json:"replies"`
}

type nodeListJSON struct {
	Total int          `json:"totalCount"`
	Nodes []nodeJSON   `json:"nodes"`
	Page  pageInfoJSON `json:"pageInfo"`
}

func (n nodeJSON) text(kind string, number int) Text {
	return Text{
		Kind: kind, NodeID: n.ID, ID: n.DatabaseID, Number: number, URL: n.URL, Title: n.Title, Body: n.Body, Author: n.Author.Login,
		Association: n.Association, Created: n.CreatedAt.UTC(), Changed: n.LastEditedAt.UTC(), Edited: !n.LastEditedAt.IsZero(),
	}
}

// repositoryQuery asks for a page of a list of the repository.
func (c *Client) repositoryQuery(ctx context.Context, op, text, cursor string) (pulls, discussions nodeListJSON, err error) {
	variables := map[string]any{"owner": c.repo.Owner, "name": c.repo.Name}
	if _, after, _ := strings.Cut(cursor, " "); after != "" {
		variables["after"] = after
	}
	var answer struct {
		Repository struct {
			PullRequests nodeListJSON `json:"pullRequests"`
			Discussions  nodeListJSON `json:"discussions"`
		} `json:"repository"`
	}
	err = c.graphql(ctx, op, query, text, variables, &answer)
	return answer.Repository.PullRequests, answer.Repository.Discussions, err
}

// pageOf makes a page of a list of the repository. Its cursor is GitHub's behind the number of those that were read.
func pageOf(texts []Text, cursor string, list nodeListJSON) TextPage {
	before, _, _ := strings.Cut(cursor, " ")
	read, _ := strconv.Atoi(before)
	read += len(list.Nodes)
	page := TextPage{Texts: texts, Left: max(list.Total-read, 0)}
	if list.Page.HasNext {
		page.Next = fmt.Sprintf("%d %s", read, list.Page.End)
	} else {
		page.Left = 0
	}
	return page
}

func (c *Client) reviews(ctx context.Context, cursor string) (TextPage, error) {
	const op = "list reviews"
	pulls, _, err := c.repositoryQuery(ctx, op, reviewsQuery, cursor)
	if err != nil {
		return TextPage{}, err
	}
	var texts []Text
	for _, pull := range pulls.Nodes {
		reviews, err := c.rest(ctx, op, pull.ID, pull.Reviews, func(n nodeJSON) nodeListJSON { return n.Reviews })
		if err != nil {
			return TextPage{}, err
		}
		for _, review := range reviews {
			texts = append(texts, review.text("PullRequestReview", pull.Number))
		}
	}
	return pageOf(texts, cursor, pulls), nil
}

func (c *Client) discussions(ctx context.Context, cursor string) (TextPage, error) {
	const op, kind = "list discussions", "DiscussionComment"
	_, discussions, err := c.repositoryQuery(ctx, op, discussionsQuery, cursor)
	if err != nil {
		return TextPage{}, err
	}
	var texts []Text
	for _, discussion := range discussions.Nodes {
		texts = append(texts, discussion.text("Discussion", discussion.Number))
		comments, err := c.rest(ctx, op, discussion.ID, discussion.Comments, func(n nodeJSON) nodeListJSON { return n.Comments })
		if err != nil {
			return TextPage{}, err
		}
		for _, comment := range comments {
			texts = append(texts, comment.text(kind, discussion.Number))
			replies, err := c.rest(ctx, op, comment.ID, comment.Replies, func(n nodeJSON) nodeListJSON { return n.Replies })
			if err != nil {
				return TextPage{}, err
			}
			for _, reply := range replies {
				texts = append(texts, reply.text(kind, discussion.Number))
			}
		}
	}
	return pageOf(texts, cursor, discussions), nil
}

// rest reads a list under a text to its end. What is deleted meanwhile has none any more.
func (c *Client) rest(ctx context.Context, op, id string, list nodeListJSON, of func(nodeJSON) nodeListJSON) ([]nodeJSON, error) {
	all := list.Nodes
	for n := 0; list.Page.HasNext && n < maxPages; n++ {
		var answer struct {
			Node nodeJSON `json:"node"`
		}
		err := c.graphql(ctx, op, query, belowQuery, map[string]any{"id": id, "after": list.Page.End}, &answer)
		if onlyMissing(err) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		list = of(answer.Node)
		all = append(all, list.Nodes...)
	}
	return all, nil
}
