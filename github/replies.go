package github

import "context"

const repliesQuery = `query($id: ID!) {
  node(id: $id) {
    ... on DiscussionComment { replies(first: 1) { nodes { id } } }
  }
}`

// HasReplies reports whether a comment on a discussion was replied to: the replies go with it when it is deleted. It needs [DiscussionsAccess].
// A text that is none, or is gone, has none.
func (c *Client) HasReplies(ctx context.Context, nodeID string) (bool, error) {
	var answer struct {
		Node *struct {
			Replies struct {
				Nodes []struct{ ID string } `json:"nodes"`
			} `json:"replies"`
		} `json:"node"`
	}
	err := c.graphql(ctx, "look for replies", query, repliesQuery, map[string]any{"id": nodeID}, &answer)
	if onlyMissing(err) || err == nil && answer.Node == nil {
		return false, nil
	}
	return err == nil && len(answer.Node.Replies.Nodes) > 0, err
}
