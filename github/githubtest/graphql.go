package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rekey-app/rekey/github/githubtest/graphql"
)

// answerGraphQL is POST /api/graphql, where GitHub Enterprise Server has it. Queries and answers are held against GitHub's schema.
func (s *Server) answerGraphQL(w http.ResponseWriter, r *http.Request) {
	s.serve(w, func() answer {
		g, a, fits := s.checkToken(r)
		switch {
		case !fits:
			return a
		case g == nil:
			return fail(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
		}
		if !s.spendPoint(w.Header(), g.payer()) {
			return ok(object{"errors": []object{{
				"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation ID " + itoa(g.payer()) + ".",
			}}})
		}
		var request graphql.Request
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			return fail(http.StatusBadRequest, "Problems parsing JSON")
		}
		schema, err := graphql.GitHub()
		if err != nil {
			return fail(http.StatusInternalServerError, err.Error())
		}
		q := &query{s: s, grant: g}
		answered, err := schema.Answer(request, map[ast.Operation]graphql.Object{ast.Query: q.root(), ast.Mutation: q.mutations()})
		if err != nil {
			return fail(http.StatusInternalServerError, "githubtest: the answer does not follow GitHub's schema: "+err.Error())
		}
		return ok(answered)
	})
}

// spendPoint counts a query against the installation's quota of GraphQL, which is apart from that of REST.
func (s *Server) spendPoint(h http.Header, installation int64) bool {
	q := s.points(installation)
	left := q.used < s.opt.HourlyLimit
	if left {
		q.used++
	}
	q.show(h, s.opt.HourlyLimit, "graphql")
	return left
}

// query is a request of GraphQL, with the eyes of its token.
type query struct {
	s     *Server
	grant *grant
	index map[string]indexed // texts by id; nil: not made yet
}

type indexed struct {
	place
	in *Repository
}

// node is a value with an id of GraphQL's.
type node = graphql.Object

func (q *query) root() node {
	return node{Type: "Query", Fields: map[string]any{
		"node":       graphql.Resolver(func(args graphql.Args) (any, error) { return q.node(args.Text("id")) }),
		"nodes":      graphql.Resolver(q.nodes),
		"repository": graphql.Resolver(q.repository),
	}}
}

func (q *query) mutations() node {
	return node{Type: "Mutation", Fields: map[string]any{
		"deleteDiscussionComment": graphql.Resolver(q.deleteDiscussionComment),
	}}
}

func unresolved(id string) error {
	return graphql.FieldError{Type: "NOT_FOUND", Message: "Could not resolve to a node with the global id of '" + id + "'"}
}

func inaccessible() error {
	return graphql.FieldError{Type: "FORBIDDEN", Message: "Resource not accessible by integration"}
}

// node finds a text that the token may read. As in REST, what is public needs no permission.
func (q *query) node(id string) (any, error) {
	p, err := q.place(id, "read")
	if err != nil {
		return nil, err
	}
	return q.text(p), nil
}

func (q *query) place(id, level string) (place, error) {
	if q.index == nil {
		q.index = map[string]indexed{}
		for _, r := range q.s.repositories {
			for p := range r.places() {
				q.index[p.node()] = indexed{p, r}
			}
		}
	}
	p, found := q.index[id]
	switch {
	case !found:
	case q.grant.reaches(p.in) && q.grant.may(p.permission, level), !p.in.private && level == "read":
		return p.place, nil
	case q.grant.reaches(p.in), !p.in.private:
		return place{}, inaccessible()
	}
	return place{}, unresolved(id)
}

func (q *query) nodes(args graphql.Args) (any, error) {
	ids := args.Texts("ids")
	if len(ids) > maxNodes {
		return nil, graphql.FieldError{Type: "ARGUMENT_LIMIT", Message: fmt.Sprintf("You may not provide more than %d node ids; you provided %d.", maxNodes, len(ids))}
	}
	list := []any{}
	for _, id := range ids {
		found, err := q.node(id)
		if err != nil {
			found = err
		}
		list = append(list, found)
	}
	return list, nil
}

// maxNodes is how many ids, or members of a list, one question may name.
const maxNodes = 100

// text shows what somebody wrote. The schema says which of the fields its type has.
func (q *query) text(p place) node {
	var edited any
	if n := len(p.versions); n > 0 {
		edited = stamp(p.versions[n-1].at)
	}
	title := ""
	if p.title != nil {
		title = *p.title
	}
	return node{Type: p.kind, Fields: map[string]any{
		"id": p.node(), "databaseId": int(p.id), "number": p.number, "url": p.page, "title": title, "body": p.body,
		"author": q.actor(p.author), "authorAssociation": p.repo.association(p.author), "isCrossRepository": p.fork, "createdAt": stamp(p.created), "lastEditedAt": edited,
		"userContentEdits": graphql.Resolver(func(args graphql.Args) (any, error) { return q.edits(p, args) }),
		"timelineItems":    graphql.Resolver(func(args graphql.Args) (any, error) { return q.renames(p, args) }),
		"comments":         q.connection("DiscussionCommentConnection", p.comments),
		"replies":          q.connection("DiscussionCommentConnection", p.inner),
		"reviews":          q.connection("PullRequestReviewConnection", p.inner),
	}}
}

func (q *query) actor(who *Account) any {
	if who == nil {
		return nil
	}
	return node{Type: who.Type, Fields: map[string]any{"id": nodeID(who.Type, who.ID), "login": who.Login}}
}

// edits is a text's edit history, newest first.
func (q *query) edits(p place, args graphql.Args) (any, error) {
	var list []any
	for _, v := range slices.Backward(p.versions) {
		shown := map[string]any{
			"id": nodeID("UserContentEdit", v.id), "editedAt": stamp(v.at), "editor": q.actor(v.editor), "diff": v.body,
			"deletedAt": nil, "deletedBy": nil,
		}
		if !v.deleted.IsZero() {
			shown["diff"], shown["deletedAt"], shown["deletedBy"] = nil, stamp(v.deleted), q.actor(v.deletedBy)
		}
		list = append(list, node{Type: "UserContentEdit", Fields: shown})
	}
	return cut("UserContentEditConnection", list, args)
}

// renames are those events of a timeline of which there are any here.
func (q *query) renames(p place, args graphql.Args) (any, error) {
	var list []any
	for _, r := range p.renames {
		list = append(list, node{Type: "RenamedTitleEvent", Fields: map[string]any{
			"id": nodeID("RenamedTitleEvent", r.id), "previousTitle": r.from, "actor": q.actor(r.by), "createdAt": stamp(r.at),
		}})
	}
	return cut(p.kind+"TimelineItemsConnection", list, args)
}

// connection is a list of texts, cut as its arguments say.
func (q *query) connection(of string, places []place) graphql.Resolver {
	return func(args graphql.Args) (any, error) {
		var list []any
		for _, p := range places {
			list = append(list, q.text(p))
		}
		return cut(of, list, args)
	}
}

// cut takes the members that the arguments ask for, from the start; rekey never asks from the end.
func cut(of string, all []any, args graphql.Args) (any, error) {
	first := args.Int("first")
	switch {
	case args["first"] == nil:
		return nil, graphql.FieldError{Type: "MISSING_PAGINATION_BOUNDARIES", Message: "You must provide a `first` or `last` value to properly paginate the connection."}
	case first < 1 || first > maxNodes:
		return nil, graphql.FieldError{Type: "EXCESSIVE_PAGINATION", Message: fmt.Sprintf("Requesting %d records on the connection exceeds the `first` limit of %d records.", first, maxNodes)}
	}
	from := 0
	if after := args.Text("after"); after != "" {
		var err error
		if from, err = strconv.Atoi(after); err != nil || from > len(all) {
			return nil, graphql.FieldError{Type: "INVALID_CURSOR_ARGUMENTS", Message: fmt.Sprintf("`%s` does not appear to be a valid cursor.", after)}
		}
	}
	to := min(from+first, len(all))
	var end any
	if to > from {
		end = strconv.Itoa(to)
	}
	return node{Type: of, Fields: map[string]any{
		"totalCount": len(all),
		"nodes":      append([]any{}, all[from:to]...),
		"pageInfo":   node{Type: "PageInfo", Fields: map[string]any{"endCursor": end, "hasNextPage": to < len(all)}},
	}}, nil
}

func (q *query) repository(args graphql.Args) (any, error) {
	owner, name := args.Text("owner"), args.Text("name")
	r := q.s.repositories[repositoryKey(owner, name)]
	if r == nil {
		r = q.s.moved[repositoryKey(owner, name)] // GraphQL follows renames by itself
	}
	if r == nil || r.private && !q.grant.reaches(r) {
		return nil, graphql.FieldError{Type: "NOT_FOUND", Message: fmt.Sprintf("Could not resolve to a Repository with the name '%s/%s'.", owner, name)}
	}
	within := func(permission string, of string, list func() []place) graphql.Resolver {
		return func(args graphql.Args) (any, error) {
			if r.private && !q.grant.may(permission, "read") {
				return nil, inaccessible()
			}
			return q.connection(of, list())(args)
		}
	}
	return node{Type: "Repository", Fields: map[string]any{
		"id":           nodeID("Repository", r.id),
		"discussions":  within("discussions", "DiscussionConnection", r.discussionPlaces),
		"pullRequests": within("pull_requests", "PullRequestConnection", r.pullPlaces),
	}}, nil
}

func (r *Repository) discussionPlaces() []place {
	var list []place
	for _, d := range r.discussions {
		list = append(list, r.discussionPlace(d))
	}
	return list
}

func (r *Repository) pullPlaces() []place {
	var list []place
	for _, pr := range r.pulls {
		list = append(list, r.issuePlace(pr.issue))
	}
	return list
}

// deleteDiscussionComment deletes a comment with what was answered to it.
func (q *query) deleteDiscussionComment(args graphql.Args) (any, error) {
	id := args.Input("input").Text("id")
	p, err := q.place(id, "write")
	switch {
	case err != nil:
		return nil, err
	case p.kind != "DiscussionComment":
		return nil, unresolved(id)
	}
	shown := q.text(p)
	q.s.echo(p.event("deleted", q.s.bot, nil))
	p.remove()
	return node{Type: "DeleteDiscussionCommentPayload", Fields: map[string]any{"comment": shown}}, nil
}

// points returns the installation's quota of GraphQL, renewed when its hour is over.
func (s *Server) points(installation int64) *quota {
	return renewed(s.spent, installation, s.opt.Now())
}
